//! Writes the section of the changelog and the notes of a release.

fn main() {}
