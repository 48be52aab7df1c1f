//! Which of the built wheels a release is made of, where one serves several entries of the matrix.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use distribution::FileName;
use distribution::expected::is_for;
use document::{Artifact, Expected};
use filter::Stage;

use crate::plan::{self, Plan};

/// Says whether a file keeps the promise of an entry.
pub fn serves(artifact: &Artifact, entry: &Expected) -> bool {
    FileName::parse(artifact.path.file_name()).is_ok_and(|name| is_for(&name, entry))
}

/// Chooses a file for each entry, and removes wheels of later Pythons that an earlier one serves.
///
/// Only the builds tell: 3.9 may give a wheel of its own, and 3.10 and 3.11 one of the stable ABI each.
pub fn settle(
    plan: &Plan,
    made: BTreeMap<String, Artifact>,
    root: &Path,
    stage: &Stage,
) -> Result<Vec<Artifact>> {
    let mut entries: Vec<&Expected> =
        plan.expected.iter().filter(|entry| made.contains_key(&entry.id)).collect();
    entries.sort_by_key(|entry| plan::order(entry));
    let mut chosen: Vec<Artifact> = Vec::new();
    for entry in entries {
        if !chosen.iter().any(|artifact| serves(artifact, entry)) {
            chosen.extend(made.get(&entry.id).cloned());
        }
    }
    let mut needless: Vec<&Artifact> = made.values().collect();
    needless.retain(|artifact| chosen.iter().all(|kept| kept.path != artifact.path));
    needless.sort();
    needless.dedup();
    for artifact in needless {
        let path = artifact.path.under(root);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        stage.note(format!("{}: removed, for a wheel of an earlier Python serves as well", artifact.path));
    }
    Ok(chosen)
}
