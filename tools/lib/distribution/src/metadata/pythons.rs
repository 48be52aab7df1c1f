//! The Pythons that a distribution says it is for: in Requires-Python, in classifiers, and in the tags of a wheel.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use super::Metadata;
use crate::check::Code::M043;
use crate::{FileName, Problem, requirement};

/// The start of a classifier that names a version of Python.
const CLASSIFIER: &str = "Programming Language :: Python :: ";
/// Above the last patch release of any Python; a range can begin in the midst of them.
const PATCHES: u64 = 40;

/// Lists classifiers and tags for a Python that `Requires-Python` leaves out.
pub(super) fn problems(metadata: &Metadata, member: &str, file: &FileName) -> Vec<Problem> {
    let range = metadata.requires_python.as_deref().map(requirement::specifiers);
    let (Some(range), Some(Ok(allowed))) = (&metadata.requires_python, range) else { return Vec::new() };
    let mut found = Vec::new();
    for classifier in metadata.get_all("Classifier") {
        let version = classifier.strip_prefix(CLASSIFIER).and_then(numbers);
        if version.is_some_and(|(major, minor)| !admits(&allowed, major, minor)) {
            found.push(
                M043.found(format!(
                    "`{member}` has the `Classifier` `{classifier}`, and needs Python {range}"
                )),
            );
        }
    }
    let mut tagged: Vec<&str> = file.tags().iter().map(|tag| tag.python.as_str()).collect();
    tagged.dedup();
    // A wheel for a Python and all later ones is there for the later ones too.
    let is_open = file.tags().iter().any(|tag| tag.abi == "abi3" || tag.abi == "none");
    let left_out = |python: &&&str| {
        let digits = python.strip_prefix("cp").filter(|digits| digits.len() > 1);
        let parts = digits
            .map(|digits| digits.split_at(1))
            .and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        parts.is_some_and(|(major, minor)| !admits(&allowed, major, minor))
    };
    if !is_open && !tagged.is_empty() && tagged.iter().filter(left_out).count() == tagged.len() {
        let tags = tagged.join("`, `");
        found.push(
            M043.found(format!("the file's name has the tag `{tags}`, and `{member}` needs Python {range}")),
        );
    }
    found
}

fn numbers(text: &str) -> Option<(u64, u64)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Says whether any release of that Python will do.
fn admits(allowed: &VersionSpecifiers, major: u64, minor: u64) -> bool {
    let version = |patch| Version::from_str(&format!("{major}.{minor}.{patch}"));
    (0..PATCHES).any(|patch| version(patch).is_ok_and(|version| allowed.contains(&version)))
}
