//! The commits since the last release.

use anyhow::Result;
use document::{CommitId, ProjectPath, Release, Version};
use project::{Git, Project, Repository, Tags};

/// A commit of the history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The commit's id.
    pub id: String,
    /// The name of its author, as the mailmap of the repository has it.
    pub author: String,
    /// Its whole message.
    pub message: String,
}

/// A released version, and its tag.
pub type Tagged = (Version, String);

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

/// Git's log for a range, each commit as [`fields`] reads it. A signature in the log would be taken for a commit.
pub(crate) const LOG: [&str; 5] =
    ["-c", "log.showSignature=false", "log", "-z", "--format=%m%H%n%P%n%aN%n%B"];

/// Mark, parents and commit of a record of [`LOG`].
pub(crate) fn fields(record: &str) -> Option<(char, &str, Commit)> {
    let mut lines = record.splitn(4, '\n');
    let marked = lines.next()?;
    let mark = marked.chars().next()?;
    let (id, parents) = (&marked[mark.len_utf8()..], lines.next()?);
    let (author, message) = (lines.next()?.to_owned(), lines.next()?.to_owned());
    Some((mark, parents, Commit { id: id.to_owned(), author, message }))
}

/// Reads the commits between the previous release and the base of this one, the newest first.
pub fn since_previous(project: &Project, release: &Release) -> Result<Vec<Commit>> {
    since(project, release.version.previous_tag.as_deref(), &release.project.base)
}

/// Reads the commits that `base` has and a tag has not, the newest first, with one git process. Of a project whose
/// packages version apart they are those that touch the package's folder.
pub fn since(project: &Project, tag: Option<&str>, base: &CommitId) -> Result<Vec<Commit>> {
    let folders = project.folders().into_iter().cloned().collect::<Vec<_>>();
    log(&project.git, tag, base.as_str(), &folders)
}

/// Reads the commits since the highest release on the history of the current commit, the newest first, and returns
/// that release too.
pub fn since_last_release(repository: &Repository) -> Result<(Option<Tagged>, Vec<Commit>)> {
    let Repository { git, tags: pattern, folders, .. } = repository;
    let highest = |names: Vec<String>| {
        let tags = Tags::read(pattern, names.iter().map(String::as_str));
        tags.highest_below(None).map(|(version, tag)| (version.clone(), tag.to_owned()))
    };
    let Some((version, tag)) = highest(git.tags(false)?) else {
        return Ok((None, log(git, None, "HEAD", folders)?));
    };
    // To ask git which tags are reachable costs as much as ten of these logs. The highest one nearly always is, and
    // then nothing stands on its side of the difference.
    let (mut commits, mut is_reachable) = (Vec::new(), folders.is_empty());
    if is_reachable {
        let range = format!("refs/tags/{tag}...HEAD");
        git.records(&[&LOG[..], &["--left-right", &range, "--"]].concat(), |record| match fields(record) {
            Some(('<', ..)) => is_reachable = false,
            Some((.., commit)) if is_reachable => commits.push(commit),
            _ => {}
        })?;
    }
    if is_reachable {
        return Ok((Some((version, tag)), commits));
    }
    let highest = highest(git.tags(true)?);
    let commits = log(git, highest.as_ref().map(|(_, tag)| tag.as_str()), "HEAD", folders)?;
    Ok((highest, commits))
}

fn log(git: &Git, tag: Option<&str>, end: &str, folders: &[ProjectPath]) -> Result<Vec<Commit>> {
    let range = tag.map_or_else(|| end.to_owned(), |tag| format!("refs/tags/{tag}..{end}"));
    let mut arguments = [&LOG[..], &[&range, "--"]].concat();
    arguments.extend(folders.iter().map(ProjectPath::as_str));
    let mut commits = Vec::new();
    git.records(&arguments, |record| commits.extend(fields(record).map(|(_, _, commit)| commit)))?;
    Ok(commits)
}
