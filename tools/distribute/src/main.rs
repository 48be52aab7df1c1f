//! Publishes the files of a release to an index.

fn main() {}
