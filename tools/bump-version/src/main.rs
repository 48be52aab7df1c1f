//! Bumps the version in every place of a Python project that carries it.

fn main() {}
