//! The working tree: what a revert would make of it, and moving it there so that a kill can be mended.

use anyhow::{Context, Result};
use document::{CommitId, Failure, Release};
use project::{Lock, Project, files};

use crate::facts::{Facts, Made, blob};
use crate::memory::{Memory, Moving};

/// What a revert would make.
#[derive(Debug, PartialEq, Eq)]
pub enum Preview {
    /// The tree of the revert commit.
    Tree(CommitId),
    /// The files in which it meets later changes.
    Conflict(Vec<String>),
}

/// Merges the inverse of a commit into the tip, without touching tree or index (git-merge-tree(1), git 2.40).
///
/// `git revert` is no choice here: killed half way it leaves a state of its own in the working tree.
pub fn preview(project: &Project, commit: &Made, tip: &CommitId) -> Result<Preview> {
    // Objects of a preview go elsewhere: a dry run writes nothing.
    let objects = tempfile::tempdir().context("cannot make a temporary folder")?;
    let base = format!("--merge-base={}", commit.id);
    let arguments = merge_arguments(&base, tip, &commit.parent);
    let mut command = project.git.command(&arguments)?;
    let known = project.git.common_dir().join("objects");
    command.env("GIT_OBJECT_DIRECTORY", objects.path()).env("GIT_ALTERNATE_OBJECT_DIRECTORIES", known);
    let output = project::run_quietly(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut parts = text.split('\0').filter(|part| !part.is_empty());
    match (output.status.code(), parts.next()) {
        (Some(0), Some(tree)) => Ok(Preview::Tree(tree.parse()?)),
        (Some(1), Some(_)) => Ok(Preview::Conflict(parts.map(str::to_owned).collect())),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let what = format!("cannot plan the revert of {}: {said}", commit.id.short());
            Err(Failure::new(what).hint("install git 2.40 or newer").into())
        }
    }
}

fn merge_arguments<'a>(base: &'a str, tip: &'a CommitId, parent: &'a CommitId) -> [&'a str; 8] {
    let [tip, parent] = [tip.as_str(), parent.as_str()];
    ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", base, tip, parent]
}

/// Makes the revert commit on the tip; the branch does not move yet.
pub fn make_revert(
    project: &Project,
    commit: &Made,
    tip: &CommitId,
    message: &str,
    lock: &Lock,
) -> Result<CommitId> {
    let base = format!("--merge-base={}", commit.id);
    let tree = project.git.write(lock, &merge_arguments(&base, tip, &commit.parent))?;
    let tree = tree.trim_end_matches('\0');
    let mut arguments = vec!["commit-tree", "-p", tip.as_str(), "-m", message];
    let signs = project.git.ask(&["config", "--type=bool", "--get", "commit.gpgSign"])?;
    if signs.as_deref() == Some("true") {
        arguments.push("-S");
    }
    arguments.push(tree);
    Ok(project.git.write(lock, &arguments)?.parse()?)
}

/// Moves branch, index and files to a commit. Files that no commit of the two changes are left as they are.
pub fn move_to(
    project: &Project,
    release: &Release,
    memory: &mut Memory,
    facts: &Facts,
    to: &CommitId,
    lock: &Lock,
) -> Result<()> {
    let (Some(head), Some(tree)) = (&facts.head, project.git.resolve(&format!("{to}^{{tree}}"))?) else {
        anyhow::bail!("cannot find the commit {to}");
    };
    if !facts.changes.is_empty() {
        // They are what a killed run has left, see `refuse_changes`.
        let mut arguments = vec!["restore", "--source=HEAD", "--staged", "--worktree", "--"];
        arguments.extend(facts.changes.iter().map(String::as_str));
        project.git.write(lock, &arguments)?;
    }
    memory.move_tree(project, release, Some(Moving { from: head.clone(), to: tree }))?;
    project.git.write(lock, &["reset", "--quiet", "--keep", to.as_str()])?;
    memory.move_tree(project, release, None)
}

/// Refuses to move a branch that is not checked out, or a tree with changes other than those of a killed run.
pub fn refuse_changes(project: &Project, release: &Release, facts: &Facts, memory: &Memory) -> Result<()> {
    let tag = &release.version.tag;
    if facts.head_branch != facts.branch || facts.branch.is_none() {
        let now = facts.head_branch.as_deref().unwrap_or("a detached head");
        let what = format!(
            "cannot take {tag} back: its commit is on {}, and {now} is checked out; nothing is changed",
            facts.branch_name()
        );
        return Err(Failure::new(what).hint(format!("run `git switch {}`", facts.branch_name())).into());
    }
    for path in &facts.changes {
        if is_left_behind(project, facts, memory, path)? {
            continue;
        }
        let list: String = facts.changes.iter().take(10).map(|path| format!("\n    {path}")).collect();
        let what = format!(
            "cannot take {tag} back: the working tree has changes that are not committed; nothing is changed{list}"
        );
        return Err(Failure::new(what).hint("commit them, or put them away with `git stash -u`").into());
    }
    Ok(())
}

/// Says whether a changed file is one that a killed run was about to write: as before, as after, or torn.
fn is_left_behind(project: &Project, facts: &Facts, memory: &Memory, path: &str) -> Result<bool> {
    let Some(moving) = memory.moving.as_ref().filter(|moving| facts.head.as_ref() == Some(&moving.from))
    else {
        return Ok(false);
    };
    let (from, to) = (blob(project, &moving.from, path)?, blob(project, &moving.to, path)?);
    let now = files::read_if_present(&project.root.join(path))?;
    // git removes a file before it writes it again, from its start to its end.
    let is_torn = |now: &Vec<u8>| to.as_ref().is_some_and(|to| to.starts_with(now));
    Ok(from.is_some() && from != to && (now == from || now == to || now.as_ref().is_none_or(is_torn)))
}
