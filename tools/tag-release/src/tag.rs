//! The tag of a release, and the push that makes branch and tag public.

use std::fmt;

use anyhow::{Context, Result};
use document::{CommitId, Failure, Release, Tag};
use filter::{Outcome, Stage, Step};
use project::{Lock, Project};

/// What is done to the repository and its remote.
enum Action<'a> {
    Tag { name: &'a str },
    Push { name: &'a str, branch: Option<&'a str>, remote: &'a str },
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag { name } => write!(f, "tag the release commit as {name}"),
            Self::Push { name, branch: Some(branch), remote } => {
                write!(f, "push {branch} and {name} to {remote}, both or neither")
            }
            Self::Push { name, branch: None, remote } => write!(f, "push {name} to {remote}"),
        }
    }
}

/// Tags and pushes the release; `None` in a dry run.
pub fn tag(project: &Project, release: &Release, stage: &Stage) -> Result<Option<Tag>> {
    let notes = release.notes()?;
    let remote = remote(project, release)?;
    let (name, branch) = (release.version.tag.as_str(), release.project.branch.as_deref());
    if stage.is_dry_run() {
        let plan = [Step::Do(Action::Tag { name }), Step::Do(Action::Push { name, branch, remote })];
        stage.perform(&plan, |_| Ok(Outcome::Done))?;
        return Ok(None);
    }
    let commit = &release.commit()?.id;
    let lock = project.git.state().lock(|text| stage.note(text))?;
    refuse_used(project, release, remote)?;
    let here = tagged_here(project, name, commit)?;
    let steps = [
        match &here {
            Some(_) => Step::skip(format!("tag {name}"), format!("it is at {} already", commit.short())),
            None => Step::Do(Action::Tag { name }),
        },
        if here.is_some() && is_pushed(project, release, commit, remote, here.as_ref())? {
            Step::skip(format!("push {name}"), format!("{remote} has it already"))
        } else {
            let branch = branch.map(|branch| still_to_push(project, branch, commit, remote)).transpose()?;
            Step::Do(Action::Push { name, branch: branch.flatten(), remote })
        },
    ];
    let message = format!("{} {}\n\n{}", project.name, release.version.current, notes.body);
    stage.perform(&steps, |action| {
        match action {
            Action::Tag { .. } => make(project, name, &message, commit, &lock)?,
            Action::Push { branch, .. } => {
                push(project, release, *branch, commit, remote, here.is_none(), &lock)?;
            }
        }
        Ok(Outcome::Done)
    })?;
    let Some(object) = project.git.resolve(&format!("refs/tags/{name}"))? else {
        anyhow::bail!("cannot find the tag {name} that git has made");
    };
    let branch = branch.map(str::to_owned);
    Ok(Some(Tag { name: name.to_owned(), object, commit: commit.clone(), remote: remote.to_owned(), branch }))
}

fn remote<'a>(project: &Project, release: &'a Release) -> Result<&'a str, Failure> {
    release.project.remote.as_deref().ok_or_else(|| {
        let name = &project.settings.project.remote;
        Failure::new(format!("cannot push {}: the repository has no remote `{name}`", release.version.tag))
            .hint(format!("run `git remote add {name} URL`, and start again with `bump-version`"))
    })
}

/// A version that was taken back is never given out again, whatever this clone knows.
fn refuse_used(project: &Project, release: &Release, remote: &str) -> Result<()> {
    let withdrawn = project.tags.withdrawn_tag(&release.version.current);
    let full = format!("refs/tags/{withdrawn}");
    let here = project.git.resolve(&full)?.is_some();
    if here || !project.git.remote_refs(remote, &[&full])?.is_empty() {
        let what =
            format!("cannot tag {}: it was released and taken back (tag {withdrawn})", release.version.tag);
        return Err(Failure::new(what)
            .hint("release a higher version; a version is never used twice")
            .into());
    }
    Ok(())
}

/// Returns the tag object when the tag is on that commit; on another one it is an error.
fn tagged_here(project: &Project, name: &str, commit: &CommitId) -> Result<Option<CommitId>> {
    let Some(object) = project.git.resolve(&format!("refs/tags/{name}"))? else { return Ok(None) };
    let target = project.git.resolve(&format!("refs/tags/{name}^{{commit}}"))?;
    if target.as_ref() == Some(commit) {
        return Ok(Some(object));
    }
    let at =
        target.map_or_else(|| "something that is no commit".to_owned(), |target| target.short().to_owned());
    let what = format!("cannot tag {} as {name}: the tag exists at {at}", commit.short());
    Err(Failure::new(what).hint("release another version; a published tag is never moved").into())
}

/// Says whether the remote has the tag, and the branch at the commit or after it.
fn is_pushed(
    project: &Project,
    release: &Release,
    commit: &CommitId,
    remote: &str,
    object: Option<&CommitId>,
) -> Result<bool> {
    let tag = format!("refs/tags/{}", release.version.tag);
    let branch = release.project.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
    let mut patterns = vec![tag.as_str()];
    patterns.extend(branch.as_deref());
    let refs = project.git.remote_refs(remote, &patterns)?;
    let find = |name: &str| refs.iter().find(|(known, _)| known == name).map(|(_, id)| id);
    match find(&tag) {
        None => return Ok(false),
        Some(there) if Some(there) != object => {
            let what = format!(
                "cannot push {}: {remote} has the tag with another content ({})",
                release.version.tag,
                there.short()
            );
            return Err(Failure::new(what)
                .hint("release another version; a published tag is never moved")
                .into());
        }
        Some(_) => {}
    }
    let Some(there) = branch.as_deref().map(find) else { return Ok(true) };
    let Some(there) = there else { return Ok(false) };
    let known = project.git.resolve(&format!("{there}^{{commit}}"))?.is_some();
    // A branch that went on since the push holds commits that are not here; the tag came with its commit.
    Ok(!known
        || project.git.ask(&["merge-base", "--is-ancestor", commit.as_str(), there.as_str()])?.is_some())
}

/// The branch that goes with the tag; none where the remote's has the commit and went on, as while a workflow builds.
fn still_to_push<'a>(
    project: &Project,
    branch: &'a str,
    commit: &CommitId,
    remote: &str,
) -> Result<Option<&'a str>> {
    let refs = project.git.remote_refs(remote, &[&format!("refs/heads/{branch}")])?;
    let Some((_, there)) = refs.first().filter(|(_, there)| there != commit) else { return Ok(Some(branch)) };
    // A commit that is not here cannot be judged; then the remote does.
    let went_on = project.git.resolve(&format!("{there}^{{commit}}"))?.is_some()
        && project.git.ask(&["merge-base", "--is-ancestor", commit.as_str(), there.as_str()])?.is_some();
    Ok((!went_on).then_some(branch))
}

fn make(project: &Project, name: &str, message: &str, commit: &CommitId, lock: &Lock) -> Result<()> {
    // Without `verbatim` git takes the headings of the notes for comments.
    let arguments = ["tag", "--annotate", "--cleanup=verbatim", "--message", message, name, commit.as_str()];
    project.git.write(lock, &arguments).map(drop)
}

fn push(
    project: &Project,
    release: &Release,
    branch: Option<&str>,
    commit: &CommitId,
    remote: &str,
    new: bool,
    lock: &Lock,
) -> Result<()> {
    let name = &release.version.tag;
    let tag = format!("refs/tags/{name}");
    let moved = branch.map(|branch| format!("{commit}:refs/heads/{branch}"));
    let mut arguments = vec!["push", "--quiet", "--atomic", remote];
    arguments.extend(moved.as_deref());
    arguments.push(&tag);
    let Err(error) = project.git.write(lock, &arguments) else { return Ok(()) };
    if new {
        // The remote took nothing, so nothing stays here that would look like a release.
        project.git.write(lock, &["tag", "--delete", name]).context("and the tag stays here")?;
    }
    let what = match branch {
        Some(branch) => format!("cannot push {branch} and {name} to {remote}: neither was taken: {error:#}"),
        None => format!("cannot push {name} to {remote}: {error:#}"),
    };
    let hint = format!(
        "let {remote} accept the push (a protected branch, a moved branch, no right?), and run it again"
    );
    Err(Failure::new(what).hint(hint).into())
}
