//! Takes a release back, as far as that can be done.

fn main() {}
