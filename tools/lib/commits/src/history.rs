//! The commits since the last release.

use anyhow::Result;
use document::{CommitId, ProjectPath, Release};
use project::Project;

/// A commit of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit's id.
    pub id: String,
    /// Its whole message.
    pub message: String,
}

impl Commit {
    /// The first seven digits of the id.
    pub fn short(&self) -> &str {
        &self.id[..self.id.len().min(7)]
    }

    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.trim().lines().next().unwrap_or_default().trim()
    }
}

/// Reads the commits between the previous release and the base of this one, the newest first.
pub fn since_previous(project: &Project, release: &Release) -> Result<Vec<Commit>> {
    since(project, release.version.previous_tag.as_deref(), &release.project.base)
}

/// Reads the commits that `base` has and a tag has not, the newest first, with one git process. Of a project whose
/// packages version apart they are those that touch the package's folder.
pub fn since(project: &Project, tag: Option<&str>, base: &CommitId) -> Result<Vec<Commit>> {
    let range = match tag {
        Some(tag) => format!("refs/tags/{tag}..{base}"),
        None => base.to_string(),
    };
    let mut arguments = vec!["log", "-z", "--format=%H%n%B", &range, "--"];
    arguments.extend(project.folders().into_iter().map(ProjectPath::as_str));
    let text = project.git.read(&arguments)?;
    let commits = text.split('\0').filter_map(|commit| commit.split_once('\n'));
    Ok(commits.map(|(id, message)| Commit { id: id.to_owned(), message: message.to_owned() }).collect())
}
