//! Changelogs as files: which one a project keeps, its sections, and what stands in them.
//!
//! Nothing here writes a file, and nothing is printed: texts come in and go out.

mod file;
pub mod names;

pub use file::{Changelog, Syntax, heading, starts_a_section};
