//! The files that were built from one commit, so that a build that was cut short goes on where it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use document::{Artifact, CommitId, Failure, ProjectPath, Sha256};
use project::{Git, files};
use serde::{Deserialize, Serialize};

/// The files of one commit that are built, by the entries of the matrix.
pub struct Record {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// What is known of one built file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The digest of all that it was built from.
    pub inputs: Sha256,
    /// The file.
    pub artifact: Artifact,
    /// Whether a second build gave the same bytes.
    pub is_reproducible: bool,
}

impl Record {
    /// Reads the record of a commit; one that is not there is empty.
    pub fn read(git: &Git, commit: &CommitId) -> Result<Self> {
        let path = git.state().folder().join("built").join(format!("{commit}.json"));
        let Some(bytes) = files::read_if_present(&path)? else {
            return Ok(Self { path, entries: BTreeMap::new() });
        };
        let entries = serde_json::from_slice(&bytes).map_err(|cause| {
            Failure::new(format!("cannot read the record of builds `{}`: {cause}", path.display()))
                .hint(format!("run `rm '{}'`, and build again", path.display()))
        })?;
        Ok(Self { path, entries })
    }

    /// What was built for an entry, when the file still lies in that folder with the same bytes.
    pub fn intact(&self, id: &str, folder: &ProjectPath, root: &Path) -> Result<Option<&Entry>> {
        let Some(entry) = self.entries.get(id) else { return Ok(None) };
        let is_there =
            entry.artifact.path.parent().as_ref() == Some(folder) && lies_there(&entry.artifact, root)?;
        Ok(is_there.then_some(entry))
    }

    /// Adds a built file.
    pub fn add(&mut self, id: &str, entry: Entry) -> Result<()> {
        self.entries.insert(id.to_owned(), entry);
        let mut text = serde_json::to_string_pretty(&self.entries)?;
        text.push('\n');
        files::replace(&self.path, text.as_bytes())
    }
}

/// Says whether a file lies in its place with the bytes that it was built with.
fn lies_there(file: &Artifact, root: &Path) -> Result<bool> {
    let path = file.path.under(root);
    if !path.metadata().is_ok_and(|found| found.is_file() && found.len() == file.size) {
        return Ok(false);
    }
    Ok(distribution::digest(&path)?.0 == file.sha256)
}
