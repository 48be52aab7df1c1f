//! Whether a tree still carries the version of the release, and whether a later release stands in its place.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{CommitId, Release};
use project::{Project, Tags};

use crate::facts::{Made, blob};

/// Returns a file that still has lines in which the release wrote its version; `None` when there is none.
pub fn file_with_version(
    project: &Project,
    release: &Release,
    made: &Made,
    at: &CommitId,
) -> Result<Option<String>> {
    let lines = |tree: &CommitId, path: &str| -> Result<BTreeMap<String, usize>> {
        let bytes = blob(project, tree, path)?.unwrap_or_default();
        let mut counts = BTreeMap::new();
        for line in String::from_utf8_lossy(&bytes).lines().map(str::trim).filter(|line| !line.is_empty()) {
            *counts.entry(line.to_owned()).or_insert(0) += 1;
        }
        Ok(counts)
    };
    for edit in &release.edits {
        let path = edit.path.as_str();
        let (before, after) = (lines(&made.parent, path)?, lines(&made.id, path)?);
        let now = lines(at, path)?;
        let is_left = |(line, count): (&String, &usize)| {
            let known = before.get(line).copied().unwrap_or(0);
            *count > known && now.get(line).copied().unwrap_or(0) > known
        };
        if after.iter().any(is_left) {
            return Ok(Some(path.to_owned()));
        }
    }
    Ok(None)
}

/// Says whether a higher version was released on top of the commit, in the history of the tip.
pub fn has_later_release(project: &Project, release: &Release, made: &Made, tip: &CommitId) -> Result<bool> {
    let (contains, merged) = (format!("--contains={}", made.id), format!("--merged={tip}"));
    let names = ["for-each-ref", "--format=%(refname:strip=2)", &contains, &merged, "refs/tags"];
    let names = project.git.read(&names)?;
    let highest = Tags::read(&project.tags, names.lines());
    Ok(highest.highest_below(None).is_some_and(|(version, _)| *version > release.version.current))
}
