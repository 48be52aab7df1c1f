//! Wheels and sdists as files: names, metadata, RECORD.
//!
//! Nothing here unpacks an archive or runs a build: files are opened, read once in small pieces, and judged.
//! A judgement lists every problem at once, each with the code of a check, so that one run is enough to mend a build.

mod check;
mod digest;
pub mod door;
pub mod expected;
mod headers;
mod levels;
mod machine;
mod metadata;
mod name;
mod paths;
mod platform;
pub mod requirement;
pub mod sdist;
mod secrets;
pub mod siblings;
pub mod wheel;

use std::path::Path;

use anyhow::Result;
use document::Failure;

pub use check::{CHECKS, Check, Code, Level, Problem, Weight};
pub use digest::{digest, digests};
pub use levels::Levels;
pub use machine::{Fit, Machine, System};
pub use metadata::Metadata;
pub use name::{FileName, Form, Tag};

/// Lists every problem of a wheel or an sdist, whichever the file's name says; empty when it is sound.
///
/// Fails only when the file cannot be read or its name is neither that of a wheel nor that of an sdist.
pub fn problems(path: &Path) -> Result<Vec<Problem>> {
    match FileName::of(path)?.form {
        Form::Wheel { .. } => wheel::problems(path),
        Form::Sdist => sdist::problems(path),
    }
}

/// Returns the core metadata of a wheel or an sdist.
///
/// Fails when the file cannot be opened as what its name says, or its metadata cannot be read.
pub fn metadata(path: &Path) -> Result<Metadata> {
    match FileName::of(path)?.form {
        Form::Wheel { .. } => wheel::Wheel::open(path)?.metadata(),
        Form::Sdist => sdist::metadata(path),
    }
}

/// The error of a file that the system does not let us read.
fn unreadable(path: &Path, cause: &std::io::Error) -> anyhow::Error {
    let message = format!("cannot read `{}`: {cause}", path.display());
    Failure::new(message).hint("build the file again with `build-wheels`, or mend its permissions").into()
}
