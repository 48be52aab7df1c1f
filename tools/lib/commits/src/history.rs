//! The commits since the last release.

use anyhow::Result;
use document::Release;
use project::Project;

/// A commit of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit's id.
    pub id: String,
    /// Its whole message.
    pub message: String,
}

/// Reads the commits between the previous release and the base of this one, newest first, with one git process.
pub fn since_previous(project: &Project, release: &Release) -> Result<Vec<Commit>> {
    let base = release.project.base.as_str();
    let range = match &release.version.previous_tag {
        Some(tag) => format!("refs/tags/{tag}..{base}"),
        None => base.to_owned(),
    };
    let text = project.git.read(&["log", "-z", "--format=%H%n%B", &range, "--"])?;
    let commits = text.split('\0').filter_map(|commit| commit.split_once('\n'));
    Ok(commits.map(|(id, message)| Commit { id: id.to_owned(), message: message.to_owned() }).collect())
}
