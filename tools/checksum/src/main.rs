//! Writes and checks the checksum files of a release.

fn main() {}
