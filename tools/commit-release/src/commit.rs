//! The release commit: made once, of exactly the files that the document names.

use std::fmt;

use anyhow::Result;
use document::{Commit, CommitId, Failure, ProjectPath, Release, Sha256};
use filter::{Outcome, Stage, Step};
use project::{Lock, Project};

/// The one action: a commit on a branch.
struct MakeCommit {
    branch: String,
    message: String,
    files: Vec<(ProjectPath, Sha256)>,
    /// The one of them that the release has made.
    new: Option<ProjectPath>,
}

impl fmt::Display for MakeCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.files.len();
        let files = if count == 1 { "file" } else { "files" };
        write!(
            f,
            "commit {count} {files} on {}: {}",
            self.branch,
            self.message.lines().next().unwrap_or_default()
        )
    }
}

/// Makes the release commit; `None` in a dry run.
pub fn commit(project: &Project, release: &Release, stage: &Stage) -> Result<Option<Commit>> {
    let files = files(release)?;
    let base = &release.project.base;
    // Nor is a branch needed: a tag that is there is released once more from wherever it is checked out.
    if files.is_empty() {
        stage.skip(
            "commit",
            format!("no file was changed, {} carries {} already", base.short(), release.version.current),
        );
        let message = project.git.read(&["show", "--no-patch", "--format=%B", base.as_str()])?;
        let commit = Commit { id: base.clone(), parent: base.clone(), message, files: Vec::new() };
        return Ok((!stage.is_dry_run()).then_some(commit));
    }
    let plan = plan(project, release, files)?;
    if stage.is_dry_run() {
        stage.perform(&[Step::Do(plan)], |_| Ok(Outcome::Done))?;
        return Ok(None);
    }
    let lock = project.git.state().lock(|text| stage.note(text))?;
    let head = project.git.resolve("HEAD")?;
    if let Some(head) = head.as_ref().filter(|head| *head != base) {
        let made = describe(project, release, &plan, head)?;
        stage.skip(&plan, format!("{} is that commit already", head.short()));
        return Ok(Some(made));
    }
    check_files(project, &plan)?;
    let mut made = None;
    stage.perform(&[Step::Do(&plan)], |plan| {
        let id = make(project, plan, base, &lock)?;
        made = Some(describe(project, release, plan, &id)?);
        Ok(Outcome::Noted(format!("committed {}", id.short())))
    })?;
    Ok(made)
}

/// The files to commit with what they hold, sorted.
fn files(release: &Release) -> Result<Vec<(ProjectPath, Sha256)>, Failure> {
    let edits = release.edits.iter().map(|edit| (&edit.path, &edit.after));
    let notes = release.notes()?.edit.iter().map(|edit| (&edit.path, &edit.after));
    let mut files: Vec<_> = edits.chain(notes).map(|(path, after)| (path.clone(), after.clone())).collect();
    files.sort();
    Ok(files)
}

fn plan(
    project: &Project,
    release: &Release,
    files: Vec<(ProjectPath, Sha256)>,
) -> Result<MakeCommit, Failure> {
    let Some(branch) = release.project.branch.clone() else {
        let what = format!("cannot commit {}: the head is detached", release.version.current);
        return Err(Failure::new(what).hint("run `git switch BRANCH`, and start again with `bump-version`"));
    };
    let new = release.notes()?.edit.as_ref().filter(|edit| edit.before.is_none());
    let new = new.map(|edit| edit.path.clone());
    let message = message(&project.settings.project.commit_message, release, &branch);
    Ok(MakeCommit { branch, message, files, new })
}

/// The message with what stands for its words; the version before is the one that the files carried.
fn message(form: &str, release: &Release, branch: &str) -> String {
    let carried = release.edits.iter().flat_map(|edit| &edit.changes).find(|change| change.what == "version");
    let released = || release.version.previous.as_ref().unwrap_or(&release.version.current).to_string();
    let previous = carried.map_or_else(released, |change| change.from.clone());
    let text = form.replace("{previous}", &previous).replace("{branch}", branch);
    format!("{}\n", text.replace("{version}", &release.version.current.to_string()).trim_end())
}

/// Door: what is committed is what the document says, and the branch is the one it was made on.
fn check_files(project: &Project, plan: &MakeCommit) -> Result<()> {
    let branch = project.git.tree_state()?.branch;
    if branch.as_deref() != Some(plan.branch.as_str()) {
        let now = branch.unwrap_or_else(|| "a detached head".to_owned());
        let what = format!("cannot commit on {}: {now} is checked out", plan.branch);
        return Err(Failure::new(what).hint(format!("run `git switch {}`", plan.branch)).into());
    }
    for (path, expected) in &plan.files {
        let bytes = project::files::read_if_present(&path.under(&project.root))?.unwrap_or_default();
        let found = project::files::sha256(&bytes);
        if found != *expected {
            let what = format!(
                "cannot commit `{path}`: its SHA-256 is {found}, the document says {expected}: it changed after the bump"
            );
            return Err(Failure::new(what)
                .hint("undo the change, or start again with `bump-version`")
                .into());
        }
    }
    Ok(())
}

fn make(project: &Project, plan: &MakeCommit, base: &CommitId, lock: &Lock) -> Result<CommitId> {
    if let Some(new) = &plan.new {
        // `--only` takes a file that git knows. A kill here leaves a name without content in the index, which the
        // next run takes.
        project.git.write(lock, &["add", "--intent-to-add", "--", new.as_str()])?;
    }
    let mut arguments =
        vec!["commit", "--quiet", "--cleanup=verbatim", "--message", &plan.message, "--only", "--"];
    arguments.extend(plan.files.iter().map(|(path, _)| path.as_str()));
    if let Err(error) = project.git.write(lock, &arguments) {
        if let Some(new) = &plan.new {
            project.git.write(lock, &["reset", "--quiet", "--", new.as_str()])?;
        }
        return Err(error);
    }
    let Some(id) = project.git.resolve("HEAD")? else {
        anyhow::bail!("cannot find the commit that git has made")
    };
    // A hook may rewrite files or the message on the way; then the commit is not what was reviewed.
    if let Err(error) = committed_as_planned(project, plan, &id) {
        project.git.write(lock, &["reset", "--quiet", base.as_str()])?;
        return Err(error);
    }
    Ok(id)
}

/// Describes a commit that stands on the base; anything else than the planned one is an error.
fn describe(project: &Project, release: &Release, plan: &MakeCommit, id: &CommitId) -> Result<Commit> {
    let base = &release.project.base;
    let parents = project.git.read(&["show", "--no-patch", "--format=%P", id.as_str()])?;
    if parents != base.as_str() || committed_as_planned(project, plan, id).is_err() {
        let what = format!(
            "cannot commit {}: {} has moved from {} to {} since the bump",
            release.version.current,
            plan.branch,
            base.short(),
            id.short()
        );
        return Err(Failure::new(what).hint("start again with `bump-version`, on the new commit").into());
    }
    let files = plan.files.iter().map(|(path, _)| path.clone()).collect();
    Ok(Commit { id: id.clone(), parent: base.clone(), message: plan.message.clone(), files })
}

fn committed_as_planned(project: &Project, plan: &MakeCommit, id: &CommitId) -> Result<()> {
    let changed = project.git.read(&[
        "diff-tree",
        "-r",
        "--no-commit-id",
        "--name-only",
        "--relative",
        "-z",
        id.as_str(),
    ])?;
    let mut changed: Vec<&str> = changed.split('\0').filter(|path| !path.is_empty()).collect();
    changed.sort_unstable();
    let planned: Vec<&str> = plan.files.iter().map(|(path, _)| path.as_str()).collect();
    let hint = "let the hook leave release files alone, or bring the files into its form before the release";
    if changed != planned {
        let what = format!("cannot commit as planned: a hook changed the files to {}", changed.join(", "));
        return Err(Failure::new(what).hint(hint).into());
    }
    for (path, expected) in &plan.files {
        // With filters: the digest is that of the file as it stands in the tree.
        let object = format!("{id}:./{path}");
        let output = project::run_quietly(&mut project.git.command(&["cat-file", "--filters", &object])?)?;
        if project::files::sha256(&output.stdout) != *expected {
            return Err(Failure::new(format!("cannot commit `{path}` as planned: a hook rewrote it"))
                .hint(hint)
                .into());
        }
    }
    Ok(())
}
