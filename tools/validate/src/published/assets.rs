//! The assets of a release at GitHub, compared with the document.

use anyhow::Result;
use document::Failure;

use super::Target;
use crate::validate::{Context, Verdict};

/// Checks that the release at GitHub has the assets that the document names, with their bytes, and that people see it.
pub fn are_there(_context: &Context, target: &Target) -> Result<Verdict> {
    let what = format!("cannot check the assets at `{}`: that is not done yet", target.name);
    Err(Failure::new(what).hint("name other targets with `--to`").into())
}
