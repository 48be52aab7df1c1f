//! Commits the edited files of a release, and nothing else.

fn main() {}
