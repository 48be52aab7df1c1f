//! The build: each package on its own, all at once, and every failure reported.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use document::{Artifact, Expected, Failure, Package, Release};
use filter::{Outcome, Stage};
use project::{Lock, Project};
use rayon::prelude::*;
use uv::Uv;

use crate::checkout::{self, Checkouts};
use crate::dist::{self, Placed};
use crate::plan::{self, Action, Plan, Request};
use crate::record::Record;
use project::log;

/// What a build has made.
pub struct Built {
    /// What the release promises.
    pub expected: Vec<Expected>,
    /// Every file that the release is made of; `None` in a dry run.
    pub artifacts: Option<Vec<Artifact>>,
}

/// Builds what is not built yet.
pub fn build(project: &Project, release: &Release, request: &Request, stage: &Stage) -> Result<Built> {
    let lock = if stage.is_dry_run() { None } else { Some(project.git.state().lock()?) };
    let plan = plan::plan(project, release, request)?;
    plan::note_changes(project, stage)?;
    stage.perform(&plan.removals, |action| match action {
        Action::Remove(path) => remove(&path.under(&project.root)),
        Action::Build(_) => Ok(Outcome::Done),
    })?;
    // The builds run at once, so what is said about each comes before all of them, and its end after.
    stage.perform(&plan.builds, |_| Ok(Outcome::Done))?;
    let Some(lock) = lock else { return Ok(Built { expected: plan.expected, artifacts: None }) };
    checkout::remove_stale(&project.git, &lock)?;
    let mut artifacts = apply(project, release, &plan, &lock, stage)?;
    artifacts.extend(plan.kept);
    artifacts.sort();
    Ok(Built { expected: plan.expected, artifacts: Some(artifacts) })
}

fn remove(path: &std::path::Path) -> Result<Outcome> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            Ok(Outcome::Skipped("it is gone already".to_owned()))
        }
        removed => {
            removed.map(|()| Outcome::Done).with_context(|| format!("cannot remove `{}`", path.display()))
        }
    }
}

/// Builds the packages of a plan; one that fails does not keep the others from being finished.
fn apply(
    project: &Project,
    release: &Release,
    plan: &Plan,
    lock: &Lock,
    stage: &Stage,
) -> Result<Vec<Artifact>> {
    let Some(commit) = plan.commit.as_ref().filter(|_| !plan.packages.is_empty()) else {
        return Ok(Vec::new());
    };
    let builder = Builder {
        project,
        lock,
        uv: Uv::find()?,
        checkouts: Checkouts::new(&project.git, lock, commit, &release.version.tag),
        epoch: project.git.read(&["show", "--no-patch", "--format=%ct", commit.as_str()])?,
        record: Mutex::new(Record::read(&project.git, commit)?),
    };
    if project.git.ask(&["cat-file", "-e", &format!("{commit}:.gitmodules")])?.is_some() {
        stage.warn("the repository has submodules, and they are not in the checkout that is built");
    }
    let done: Vec<Result<Vec<Placed>>> =
        plan.packages.par_iter().with_max_len(1).map(|package| builder.build(package)).collect();
    let (mut artifacts, mut failures) = (Vec::new(), Vec::new());
    for done in done {
        match done {
            Err(failure) => failures.push(failure),
            Ok(placed) => artifacts.extend(placed.into_iter().map(|Placed { artifact, note }| {
                stage.note(note);
                artifact
            })),
        }
    }
    if failures.len() > 1 {
        let list: String = failures.iter().map(|failure| format!("\n  {failure:#}")).collect();
        let (failed, all) = (failures.len(), plan.packages.len());
        let what = format!("cannot build {failed} of {all} packages{list}");
        return Err(Failure::new(what).hint("mend them; what is built is not built again").into());
    }
    failures.pop().map_or(Ok(artifacts), Err)
}

struct Builder<'a> {
    project: &'a Project,
    lock: &'a Lock,
    uv: Uv,
    checkouts: Checkouts<'a>,
    epoch: String,
    record: Mutex<Record>,
}

impl Builder<'_> {
    /// Builds one package, puts its files into place, and records it.
    fn build(&self, package: &Package) -> Result<Vec<Placed>> {
        let built = self.run_uv(package)?;
        let finish = || -> Result<Vec<Placed>> {
            // One at a time, for the record is one file.
            let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            let placed = dist::place(package, &built, &self.project.root, record.files(&package.name))?;
            record.add(&package.name, placed.iter().map(|placed| placed.artifact.clone()).collect())?;
            Ok(placed)
        };
        finish().with_context(|| format!("cannot build `{}`", package.name))
    }

    /// Builds the sdist, and the wheel from it, and returns the folder that holds both.
    fn run_uv(&self, package: &Package) -> Result<PathBuf> {
        let name = package.name.as_str();
        let root = self.checkouts.make(name).with_context(|| format!("cannot build `{name}`"))?;
        let built = self.checkouts.folder(name).join("built");
        let folder = package.path.as_ref().map_or(".", |path| path.as_str());
        let log = self.project.git.state().folder().join("logs").join(format!("build-{name}.log"));
        let mut command = self.uv.command();
        command.args(["build", folder, "--out-dir"]).arg(&built).current_dir(&root);
        // The same commit is to give the same bytes (reproducible-builds.org/specs/source-date-epoch).
        command.env("SOURCE_DATE_EPOCH", &self.epoch).env("PYTHONHASHSEED", "0").stdin(self.lock.stdin()?);
        let status = log::run(&mut command, &log)?;
        if status.success() {
            return Ok(built);
        }
        let (ending, tail) = (log::ending(status), log::tail(&log)?);
        let what = format!("cannot build `{name}`: `uv build {folder}` ended with {ending}{tail}");
        Err(Failure::new(what)
            .hint(format!("run `uv build {folder}` in a clean clone to see it fail"))
            .into())
    }
}
