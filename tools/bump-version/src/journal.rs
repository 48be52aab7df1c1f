//! The journal that makes many files change together: their texts before, synced before the first one changes.
//!
//! The files themselves are then written in place: replacing hundreds of files by rename costs eighteen times
//! as much, and the journal already lets the next run start again from the texts before. It stays until the
//! bump is committed, so that a bump can be repeated, or replaced by another one.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context, Result};
use document::{CommitId, Failure, ProjectPath};
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

/// A file's text before, and what bumps made of it: the file holds one of these, or a part of one over another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    before: String,
    bumped: Vec<Splice>,
}

/// The one stretch of a text that a bump replaces.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Splice {
    /// The bytes that are replaced.
    replaced: Range<usize>,
    /// What stands in their place.
    by: String,
}

impl Splice {
    fn between(before: &str, after: &str) -> Self {
        let start = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
        let start = before.floor_char_boundary(start);
        let rest = before[start..].bytes().rev().zip(after[start..].bytes().rev());
        let mut end = before.len() - rest.take_while(|(a, b)| a == b).count();
        while !before.is_char_boundary(end) {
            end += 1;
        }
        let by = after[start..after.len() - (before.len() - end)].to_owned();
        Self { replaced: start..end, by }
    }

    fn of(&self, before: &str) -> String {
        [&before[..self.replaced.start], &self.by, &before[self.replaced.end..]].concat()
    }
}

impl Entry {
    fn new(before: &str) -> Self {
        Self { before: before.to_owned(), bumped: Vec::new() }
    }

    /// Adds what a bump makes of the file.
    fn add(&mut self, after: &str) {
        let splice = Splice::between(&self.before, after);
        if !self.bumped.contains(&splice) {
            self.bumped.push(splice);
        }
    }

    /// Says whether a text is of our making: before or after a bump, or what a write of one over another leaves when a
    /// kill cuts it off.
    fn made(&self, now: &[u8]) -> bool {
        let after = self.bumped.iter().map(|splice| splice.of(&self.before));
        let texts: Vec<String> = std::iter::once(self.before.clone()).chain(after).collect();
        texts.iter().any(|text| {
            let written = now.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
            // Behind what was written stands what was there, if that was longer.
            texts.iter().any(|there| {
                let rest = there.as_bytes().get(written..).unwrap_or_default();
                rest == &now[written..]
            })
        })
    }
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

    /// Says whether a bump may be waiting for its commit.
    pub fn is_there(project: &Project) -> bool {
        path(project).exists()
    }

    /// Says whether a changed file is a change of ours.
    pub fn covers(&self, path: &str) -> bool {
        self.files.keys().any(|known| known.as_str() == path)
    }

    /// The text of a file before any uncommitted bump. A file that was edited since is an error.
    pub fn text_before(&self, project: &Project, path: &ProjectPath) -> Result<String> {
        let file = path.under(&project.root);
        let Some(entry) = self.files.get(path) else { return files::read_text(&file) };
        // A file that was being written when its tool was killed may be cut anywhere, and be no text there.
        let now = std::fs::read(&file).unwrap_or_default();
        if now != entry.before.as_bytes() && !entry.made(&now) {
            let what = format!("cannot bump `{path}`: it was changed after a bump that is not committed");
            return Err(Failure::new(what)
                .hint("take the new version out of it again, commit your change, then run it again")
                .into());
        }
        Ok(entry.before.clone())
    }

    /// Refuses where a file was edited since its bump: one that the next bump leaves alone gets its text before back.
    pub fn refuse_edits(&self, project: &Project) -> Result<()> {
        self.files.keys().try_for_each(|path| self.text_before(project, path).map(drop))
    }

    /// Writes the files: the journal first, synced, then each file in place. A failed write restores them all.
    pub fn write(mut self, project: &Project, head: &CommitId, rewrites: &[Rewrite]) -> Result<()> {
        self.head = Some(head.clone());
        for Rewrite { path, before, after, .. } in rewrites {
            self.files.entry(path.clone()).or_insert_with(|| Entry::new(before)).add(after);
        }
        files::replace(&path(project), &serde_json::to_vec(&self)?).context("nothing is changed")?;
        // A file of an earlier bump that this one leaves alone gets its text back.
        let written: BTreeMap<_, _> = rewrites.iter().map(|file| (&file.path, file.after.as_str())).collect();
        let holds = |path: &ProjectPath, text: &str| {
            std::fs::read(path.under(&project.root)).is_ok_and(|now| now == text.as_bytes())
        };
        let others = self.files.iter().filter(|(path, _)| !written.contains_key(path));
        let undone = others
            .map(|(path, entry)| (path, entry.before.as_str()))
            .filter(|(path, before)| !holds(path, before));
        for (path, text) in undone.chain(written.iter().map(|(path, text)| (*path, *text))) {
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
    project.git.folder_of_worktree().join("bump-journal.json")
}

fn write_in_place(project: &Project, path: &ProjectPath, text: &str) -> Result<()> {
    let target = path.under(&project.root);
    // Written over and cut to length: to truncate a file first makes some file systems put it on the disk at once.
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::options().write(true).open(&target)?;
        file.write_all(text.as_bytes())?;
        if file.metadata()?.len() == text.len() as u64 { Ok(()) } else { file.set_len(text.len() as u64) }
    };
    write().with_context(|| format!("cannot write `{path}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [(&str, &str, &str); 7] = [
        ("version = \"1.2.3\"\n", "version = \"1.10.0\"\n", "version = \"2.0\"\n"),
        ("version = \"1.10.0\"\n", "version = \"1.2\"\n", "version = \"1.10.0rc1\"\n"),
        ("1.9\n", "1.10\n", "2.0\n"),
        ("1.11 x 1.11", "1.12 x 1.12", "1.1 x 1.1"),
        ("ä1ö", "ä2ö", "ä10ö"),
        ("é", "è", "ê"),
        ("same", "same", "same"),
    ];

    fn cut(text: &str, over: &str, at: usize) -> Vec<u8> {
        let mut torn = text.as_bytes()[..at].to_vec();
        torn.extend(over.as_bytes().get(at..).unwrap_or_default());
        torn
    }

    #[test]
    fn a_splice_tells_the_text_after_from_the_text_before() {
        for (before, after, _) in TEXTS {
            let splice = Splice::between(before, after);
            assert_eq!(splice.of(before), after);
            assert!(before.len() < 9 || splice.by.len() < after.len(), "{splice:?}");
        }
    }

    #[test]
    fn every_cut_of_a_write_is_known_and_an_edit_by_hand_is_not() {
        for (before, first, second) in TEXTS {
            let mut entry = Entry::new(before);
            [first, second].into_iter().for_each(|after| entry.add(after));
            let texts = [before, first, second];
            for (text, over) in texts.iter().flat_map(|text| texts.map(|over| (*text, over))) {
                for at in 0..=text.len() {
                    assert!(entry.made(&cut(text, over, at)), "{text:?} over {over:?} at {at}");
                }
            }
            for edited in [format!("{first}more"), format!("x{before}")] {
                assert!(!entry.made(edited.as_bytes()), "{edited:?}");
            }
        }
    }
}
