//! The release commit: undone where nobody else has it, reverted where they do.

use anyhow::Result;
use document::{CommitId, Failure, Release};
use project::Project;

use crate::carried::{file_with_version, has_later_release};
use crate::facts::{Facts, Made};
use crate::memory::Memory;
use crate::tree::{self, Preview};

/// What is done about the commit.
#[derive(Debug)]
pub enum Inverse {
    /// Nothing, for this reason.
    Nothing(String),
    /// It is reverted already; the remote may not have that commit yet.
    Reverted(CommitId),
    /// The branch goes back to the parent: nobody else has the commit, and nothing is on top of it.
    Undo,
    /// A new commit takes its changes back.
    Revert,
    /// A revert meets the changes of later releases, and nothing of its version is left.
    Replaced,
    /// A revert meets later changes in these files.
    Conflict(Vec<String>),
}

/// Says whether the branch at the remote holds the commit.
pub fn is_public(project: &Project, facts: &Facts, commit: &Made) -> Result<bool> {
    let Some(there) = facts.branch_there.as_ref().filter(|_| commit.has_files) else { return Ok(false) };
    if project.git.resolve(&format!("{there}^{{commit}}"))?.is_none() {
        return Err(behind(facts, "fetch").into());
    }
    is_ancestor(project, &commit.id, there)
}

/// Decides what is done about the commit, and refuses what would touch more than the release.
pub fn inverse(project: &Project, release: &Release, facts: &Facts, memory: &Memory) -> Result<Inverse> {
    let Some(commit) = &facts.commit else { return Ok(Inverse::Nothing("there is none".to_owned())) };
    if !commit.has_files {
        let why = format!("the release made none, {} carried the version already", commit.id.short());
        return Ok(Inverse::Nothing(why));
    }
    let is_public = is_public(project, facts, commit)?;
    if let Some(revert) = find_revert(project, release, facts, commit)? {
        if is_public && needs_push(project, facts, &revert)? {
            refuse_unpushed(project, facts, commit, &revert, Some(&revert))?;
        }
        return Ok(Inverse::Reverted(revert));
    }
    let tip = facts.tip.as_ref();
    let is_here = match tip {
        Some(tip) => is_ancestor(project, &commit.id, tip)?,
        None => false,
    };
    let Some(tip) = tip.filter(|_| is_here) else {
        if is_public {
            return Err(behind(facts, "pull").into());
        }
        return Ok(Inverse::Nothing(format!("it is not on {}", facts.branch_name())));
    };
    let found = if !is_public && *tip == commit.id {
        Inverse::Undo
    } else {
        match tree::preview(project, commit, tip)? {
            Preview::Conflict(_)
                if has_later_release(project, release, commit, tip)?
                    && file_with_version(project, release, commit, tip)?.is_none() =>
            {
                return Ok(Inverse::Replaced);
            }
            Preview::Conflict(files) => Inverse::Conflict(files),
            Preview::Tree(tree)
                if project.git.resolve(&format!("{tip}^{{tree}}"))?.as_ref() == Some(&tree) =>
            {
                return Ok(Inverse::Nothing(format!(
                    "its changes are not on {} any more",
                    facts.branch_name()
                )));
            }
            Preview::Tree(_) => Inverse::Revert,
        }
    };
    if is_public {
        refuse_unpushed(project, facts, commit, tip, None)?;
    }
    tree::refuse_changes(project, release, facts, memory)?;
    Ok(found)
}

/// Says whether the branch at the remote lacks a revert of a commit that it has.
pub fn needs_push(project: &Project, facts: &Facts, revert: &CommitId) -> Result<bool> {
    let there = facts.branch_there.as_ref();
    there.map_or(Ok(false), |there| is_ancestor(project, revert, there).map(|is_there| !is_there))
}

/// The error of a conflict, which comes when the index is clean already.
pub fn conflict(release: &Release, commit: &Made, files: &[String]) -> Failure {
    let what = format!(
        "cannot revert {}: later commits change the same lines of {}; no commit and no tag is changed",
        commit.id.short(),
        files.join(", ")
    );
    let id = commit.id.short();
    Failure::new(what).hint(format!(
        "run `git revert {id}`, resolve the files and `git add` them, run `git commit --allow-empty` \
         (what is left of the revert may be nothing), and take {} back again",
        release.version.tag
    ))
}

/// The message of the revert commit.
pub fn message(release: &Release, commit: &Made, reason: Option<&str>) -> String {
    let mut text =
        format!("revert: release {}\n\nThis reverts commit {}.", release.version.current, commit.id);
    if let Some(reason) = reason {
        text.push_str(&format!("\n\n{}", reason.trim()));
    }
    text
}

/// Says whether one commit is in the history of another.
pub fn is_ancestor(project: &Project, old: &CommitId, new: &CommitId) -> Result<bool> {
    Ok(project.git.ask(&["merge-base", "--is-ancestor", old.as_str(), new.as_str()])?.is_some())
}

/// The commit that says that it reverts this one and does, here or on the branch of the remote.
///
/// One that says so while the files still carry the version is an error: it hides that nothing was reverted.
fn find_revert(
    project: &Project,
    release: &Release,
    facts: &Facts,
    commit: &Made,
) -> Result<Option<CommitId>> {
    let says = format!("--grep=This reverts commit {}.", commit.id);
    for tip in [&facts.tip, &facts.branch_there].into_iter().flatten() {
        let range = format!("{}..{tip}", commit.id);
        let found = project.git.ask(&["log", "--format=%H", "--fixed-strings", &says, &range])?;
        let claims = found.iter().flat_map(|found| found.lines().rev()).map(str::parse::<CommitId>);
        let claims = claims.collect::<Result<Vec<_>, _>>()?;
        let Some(first) = claims.first() else { continue };
        let is_replaced = has_later_release(project, release, commit, tip)?;
        let left = file_with_version(project, release, commit, tip)?;
        if let (Some(path), false) = (&left, is_replaced) {
            return Err(no_revert(release, commit, first, path).into());
        }
        for claim in &claims {
            if file_with_version(project, release, commit, claim)?.is_none() {
                return Ok(Some(claim.clone()));
            }
        }
    }
    Ok(None)
}

fn no_revert(release: &Release, commit: &Made, claim: &CommitId, path: &str) -> Failure {
    let (tag, id) = (&release.version.tag, commit.id.short());
    let what = format!(
        "cannot take {tag} back: {} says that it reverts {id} and does not, `{path}` still carries {}; \
         nothing is changed",
        claim.short(),
        release.version.current
    );
    Failure::new(what).hint(format!("run `git revert {id}`, and take {tag} back again"))
}

/// Refuses to build on a tip to which the remote has more commits, or which holds commits of somebody's own.
fn refuse_unpushed(
    project: &Project,
    facts: &Facts,
    commit: &Made,
    tip: &CommitId,
    revert: Option<&CommitId>,
) -> Result<()> {
    let Some(there) = &facts.branch_there else { return Ok(()) };
    if !is_ancestor(project, there, tip)? {
        return Err(behind(facts, "pull --rebase").into());
    }
    let new = project.git.read(&["rev-list", &format!("{there}..{tip}")])?;
    let is_ours = |id: &str| id == commit.id.as_str() || revert.is_some_and(|revert| id == revert.as_str());
    if new.lines().all(is_ours) {
        return Ok(());
    }
    let (branch, remote) = (facts.branch_name(), facts.remote_name());
    let what = format!(
        "cannot push the revert of {}: {branch} holds other commits that {remote} does not have; nothing is changed",
        commit.id.short()
    );
    Err(Failure::new(what).hint(format!("run `git push {remote} {branch}`")).into())
}

fn behind(facts: &Facts, command: &str) -> Failure {
    let (branch, remote) = (facts.branch_name(), facts.remote_name());
    let what = format!(
        "cannot take the commit back: {branch} of {remote} has commits that are not here; nothing is changed"
    );
    Failure::new(what).hint(format!("run `git {command} {remote} {branch}`"))
}
