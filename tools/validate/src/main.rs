//! Checks everything about a release that can be checked before it is published.

fn main() {}
