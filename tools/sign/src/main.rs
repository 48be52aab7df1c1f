//! Makes and verifies minisign signatures of the files of a release.

fn main() {}
