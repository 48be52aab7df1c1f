//! Tags the release commit, and pushes branch and tag in one transaction.

fn main() {}
