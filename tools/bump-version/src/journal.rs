//! The journal that makes many files change together: their texts before, synced before the first one changes.
//!
//! The files themselves are then written in place: replacing hundreds of files by rename costs eighteen times
//! as much, and the journal already lets the next run start again from the texts before. It stays until the
//! bump is committed, so that a bump can be repeated, or replaced by another one.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use document::{CommitId, Failure, ProjectPath, Sha256};
use project::{Project, files};
use serde::{Deserialize, Serialize};

use crate::edit::Rewrite;

/// The bumps of the working tree that are not committed yet.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The commit that the texts before belong to.
    head: Option<CommitId>,
    files: BTreeMap<ProjectPath, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    before: String,
    after: Sha256,
}

impl Journal {
    /// Reads the journal; one that belongs to another commit than `head` is history, and empty.
    pub fn read(project: &Project, head: Option<&CommitId>) -> Result<Self> {
        let path = path(project);
        let Some(bytes) = files::read_if_present(&path)? else { return Ok(Self::default()) };
        let journal: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("cannot read the journal of the last bump, `{}`", path.display()))?;
        Ok(if journal.head.as_ref() == head { journal } else { Self::default() })
    }

    /// Says whether a changed file is a change of ours.
    pub fn covers(&self, path: &str) -> bool {
        self.files.keys().any(|known| known.as_str() == path)
    }

    /// The text of a file before any uncommitted bump. A file that was edited since is an error.
    pub fn text_before(&self, project: &Project, path: &ProjectPath) -> Result<String> {
        let now = files::read_text(&path.under(&project.root));
        let Some(entry) = self.files.get(path) else { return now };
        // A file that was being written when its tool was killed may be cut anywhere, or be no text at all.
        let now = now.unwrap_or_default();
        if now != entry.before && files::sha256(now.as_bytes()) != entry.after && !self.is_torn(&now, entry) {
            let what = format!("cannot bump `{path}`: it was changed after a bump that is not committed");
            return Err(Failure::new(what)
                .hint("commit, or undo the bump with `git checkout`, then run it again")
                .into());
        }
        Ok(entry.before.clone())
    }

    /// Says whether a text is the start of a write that a kill cut off.
    fn is_torn(&self, now: &str, entry: &Entry) -> bool {
        now.len() < entry.before.len()
            && (now.is_empty() || entry.before.starts_with(&now[..now.floor_char_boundary(64)]))
    }

    /// Writes the files: the journal first, synced, then each file in place. A failed write restores them all.
    pub fn write(mut self, project: &Project, head: &CommitId, rewrites: &[Rewrite]) -> Result<()> {
        self.head = Some(head.clone());
        let mut all: BTreeMap<ProjectPath, String> =
            self.files.iter().map(|(path, entry)| (path.clone(), entry.before.clone())).collect();
        for rewrite in rewrites {
            all.insert(rewrite.path.clone(), rewrite.after.clone());
            let entry = Entry { before: rewrite.before.clone(), after: rewrite.edit.after.clone() };
            self.files.insert(rewrite.path.clone(), entry);
        }
        files::replace(&path(project), &serde_json::to_vec(&self)?).context("nothing is changed")?;
        for (path, text) in &all {
            let Err(error) = write_in_place(project, path, text) else { continue };
            for (path, entry) in &self.files {
                write_in_place(project, path, &entry.before)
                    .context("and the files before the bump are in the journal")?;
            }
            return Err(error.context("every file is as it was before the bump"));
        }
        Ok(())
    }
}

fn path(project: &Project) -> PathBuf {
    project.git.state().folder().join("bump-journal.json")
}

fn write_in_place(project: &Project, path: &ProjectPath, text: &str) -> Result<()> {
    let target = path.under(&project.root);
    if std::fs::read(&target).is_ok_and(|now| now == text.as_bytes()) {
        return Ok(());
    }
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::options().write(true).truncate(true).open(&target)?;
        file.write_all(text.as_bytes())
    };
    write().with_context(|| format!("cannot write `{path}`"))
}
