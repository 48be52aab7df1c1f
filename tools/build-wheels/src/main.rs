//! Builds the wheels and sdists of a release from a clean checkout.

fn main() {}
