//! The file that is the changelog: the one that release.toml names, else the first of the usual names that is there.

use std::path::Path;

use anyhow::Result;
use document::{CommitId, ProjectPath};
use project::{ChangelogSettings, ChangelogStyle, Git};

/// The stems of the names, and the folders and endings that each may have.
const STEMS: [&str; 8] =
    ["CHANGELOG", "changelog", "Changelog", "CHANGES", "changes", "HISTORY", "history", "NEWS"];
const NOTES: [&str; 4] = ["RELEASE_NOTES", "RELEASE-NOTES", "release_notes", "release-notes"];
const FOLDERS: [&str; 2] = ["", "docs/"];
const ENDINGS: [&str; 5] = [".md", ".rst", ".markdown", ".txt", ""];

/// The changelog in the tree.
pub fn in_tree(settings: &ChangelogSettings, root: &Path) -> Option<ProjectPath> {
    candidates(settings).into_iter().find(|path| path.under(root).is_file())
}

/// The changelog in a commit, where release.toml names none.
pub fn in_commit(settings: &ChangelogSettings, git: &Git, commit: &CommitId) -> Result<Option<ProjectPath>> {
    if settings.path.is_some() {
        return Ok(None);
    }
    let candidates = candidates(settings);
    let mut arguments = vec!["ls-tree", "-z", commit.as_str(), "--"];
    arguments.extend(candidates.iter().map(ProjectPath::as_str));
    let there = git.read(&arguments)?;
    // A folder may have such a name too, for the news of each change in a file of its own.
    let files = there.split('\0').filter_map(|entry| entry.split_once('\t'));
    let files: Vec<&str> = files.filter(|(kind, _)| kind.contains(" blob ")).map(|(_, path)| path).collect();
    Ok(candidates.into_iter().find(|path| files.contains(&path.as_str())))
}

fn candidates(settings: &ChangelogSettings) -> Vec<ProjectPath> {
    if let Some(path) = &settings.path {
        return vec![path.clone()];
    }
    let mut names = vec![settings.path()];
    let stems = if settings.style == ChangelogStyle::ReleaseNotes { &NOTES[..] } else { &STEMS };
    for folder in FOLDERS {
        for ending in ENDINGS {
            names.extend(stems.iter().filter_map(|stem| settings.inside(&format!("{folder}{stem}{ending}"))));
        }
    }
    names
}
