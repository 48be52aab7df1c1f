//! Drives a whole release: the orchestrator, the demo and the housekeeping of this repository.

fn main() {}
