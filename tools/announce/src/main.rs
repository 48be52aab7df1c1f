//! Tells people about a release.

fn main() {}
