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
mod size;
mod source;
pub mod wheel;

use std::path::Path;

use anyhow::Result;
use document::{Failure, Sha256};

pub use check::{CHECKS, Check, Code, Level, Problem, Weight};
pub use digest::{digest, digests};
pub use levels::Levels;
pub use machine::{Fit, Machine, System};
pub use metadata::Metadata;
pub use name::{FileName, Form, Tag};
pub use size::readable_size;

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

/// Lists the problems that show without unpacking a wheel's members: all but damaged data and wrong hashes. An sdist
/// is read as [`problems`] reads it.
///
/// Fails only when the file cannot be read or its name is neither that of a wheel nor that of an sdist.
pub fn glance(path: &Path) -> Result<Vec<Problem>> {
    match FileName::of(path)?.form {
        Form::Wheel { .. } => wheel::glance(path),
        Form::Sdist => sdist::problems(path),
    }
}

/// What one read of a whole wheel or sdist has to tell.
#[derive(Debug)]
pub struct Examined {
    /// The SHA-256 digest (FIPS 180-4) of the file.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

/// Lists every problem of a wheel or an sdist, and returns its SHA-256 and size; the file is read once for all of it.
///
/// Fails only when the file cannot be read or its name is neither that of a wheel nor that of an sdist.
pub fn examine(path: &Path) -> Result<Examined> {
    match FileName::of(path)?.form {
        Form::Wheel { .. } => wheel::examine(path),
        Form::Sdist => sdist::examine(path),
    }
}

/// The error of a file that the system does not let us read.
fn unreadable(path: &Path, cause: &std::io::Error) -> anyhow::Error {
    let message = format!("cannot read `{}`: {cause}", path.display());
    Failure::new(message).hint("build the file again with `build-wheels`, or mend its permissions").into()
}
