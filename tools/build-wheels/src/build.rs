//! The build: all files of the plan, as many at once as the machine bears, and every failure reported.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use document::{Artifact, ArtifactKind, CommitId, Expected, Failure, Release};
use filter::{Outcome, Stage};
use project::{Lock, Project};
use rayon::ScopeFifo;

use crate::checkout::{self, Checkouts};
use crate::environments::Environments;
use crate::make::{Job, Maker, Source};
use crate::plan::{self, Action, Plan, Request, Work};
use crate::python::Pythons;
use crate::record::{Entry, Record};
use crate::screen::Screen;
use crate::{dist, reproducible, settle, workers};

/// How long after the first a second build begins at the soonest: the times in a wheel are in steps of two seconds.
const SECOND_START: Duration = Duration::from_secs(2);

/// What a build has made.
pub struct Built {
    /// What the release promises.
    pub expected: Vec<Expected>,
    /// Every file that the release is made of; `None` in a dry run.
    pub artifacts: Option<Vec<Artifact>>,
}

/// Builds what is not built yet.
pub fn build(project: &Project, release: &Release, request: &Request, stage: &Stage) -> Result<Built> {
    let lock =
        if stage.is_dry_run() { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let pythons = Pythons::new(request.offline);
    let plan = plan::plan(project, release, request, &pythons)?;
    plan::note_changes(project, stage)?;
    stage.perform(&plan.removals, |action| match action {
        Action::Remove(path) => remove(&path.under(&project.root)),
        Action::Build(..) | Action::Repeat(_) => Ok(Outcome::Done),
    })?;
    // The builds run at once, so what is said about each comes before all of them, and its end after.
    stage.perform(&plan.builds, |_| Ok(Outcome::Done))?;
    let Some(lock) = lock else { return Ok(Built { expected: plan.expected, artifacts: None }) };
    checkout::remove_stale(&project.git, &lock)?;
    let mut made: BTreeMap<String, Artifact> = plan.works.iter().flat_map(|work| work.done.clone()).collect();
    if let Some(commit) = plan.commit.as_ref().filter(|_| plan.works.iter().any(Work::is_open)) {
        made.extend(apply(project, release, (&plan, commit), request, (&lock, &pythons), stage)?);
    }
    let mut artifacts = settle::settle(&plan, made, &project.root, stage)?;
    artifacts.extend(
        plan.kept
            .into_iter()
            .filter(|kept| artifacts.iter().all(|made| made.path != kept.path))
            .collect::<Vec<_>>(),
    );
    artifacts.sort();
    Ok(Built { expected: plan.expected, artifacts: Some(artifacts) })
}

fn remove(path: &Path) -> Result<Outcome> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            Ok(Outcome::Skipped("it is gone already".to_owned()))
        }
        removed => {
            removed.map(|()| Outcome::Done).with_context(|| format!("cannot remove `{}`", path.display()))
        }
    }
}

/// Builds the files of a plan; one that fails does not keep the others from being finished.
fn apply(
    project: &Project,
    release: &Release,
    (plan, commit): (&Plan, &CommitId),
    request: &Request,
    (lock, pythons): (&Lock, &Pythons),
    stage: &Stage,
) -> Result<BTreeMap<String, Artifact>> {
    let count: usize = plan.works.iter().map(|work| work.entries.len() + work.repeated.len()).sum();
    let jobs = workers::most(request.jobs.or(project.settings.build.jobs), &plan.works);
    let maker = Maker {
        project,
        lock,
        checkouts: Checkouts::new(&project.git, lock, commit, &release.version.tag)?,
        pythons,
        environments: Environments::default(),
        epoch: project.git.read(&["show", "--no-patch", "--format=%ct", commit.as_str()])?,
        offline: request.offline,
    };
    let state =
        State { record: Record::read(&project.git, commit)?, made: BTreeMap::new(), failures: Vec::new() };
    let builder = Builder {
        maker,
        commit,
        count,
        is_twice: request.reproducible,
        screen: Screen::new(stage, count, jobs),
        state: Mutex::new(state),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().context("cannot start threads")?;
    // In their order, as people look for them.
    pool.scope_fifo(|scope| {
        for work in plan.works.iter().filter(|work| work.is_open()) {
            let builder = &builder;
            scope.spawn_fifo(move |scope| builder.build(work, scope));
        }
    });
    builder.end()
}

struct Builder<'a> {
    maker: Maker<'a>,
    commit: &'a CommitId,
    count: usize,
    is_twice: bool,
    screen: Screen<'a>,
    state: Mutex<State>,
}

struct State {
    record: Record,
    made: BTreeMap<String, Artifact>,
    failures: Vec<(String, anyhow::Error)>,
}

impl Builder<'_> {
    /// Builds one distribution: the sdist, then a first wheel, then those that it does not serve, all at once.
    fn build<'s>(&'s self, work: &'s Work<'s>, scope: &ScopeFifo<'s>) {
        let (sdists, wheels): (Vec<&Expected>, Vec<&Expected>) =
            work.entries.iter().partition(|entry| entry.kind == ArtifactKind::Sdist);
        let mut source = Ok(None);
        for entry in sdists {
            source = self.file(work, entry, &Source::Tree);
        }
        for entry in work.repeated.iter().filter(|entry| entry.kind == ArtifactKind::Sdist) {
            scope.spawn_fifo(move |_| self.compare(work, entry, &Source::Tree));
        }
        let Some(source) = self.source(work, source) else { return };
        for entry in work.repeated.iter().filter(|entry| entry.kind == ArtifactKind::Wheel) {
            let source = source.clone();
            scope.spawn_fifo(move |_| self.compare(work, entry, &source));
        }
        let mut wheels = wheels.into_iter();
        let Some(first) = wheels.next() else { return };
        let made = self.file(work, first, &source).ok().flatten();
        let is_served = |entry: &&Expected| made.as_ref().is_some_and(|made| settle::serves(made, entry));
        let (served, others): (Vec<&Expected>, Vec<&Expected>) = wheels.partition(is_served);
        if let Some(artifact) = made.as_ref().filter(|_| !served.is_empty()) {
            let ids: Vec<&str> = served.iter().map(|entry| entry.id.as_str()).collect();
            self.screen.note(format!("{}: serves {} too", artifact.path, ids.join(", ")));
            served.into_iter().for_each(|entry| self.share(entry, artifact));
        }
        for entry in others {
            let source = source.clone();
            scope.spawn_fifo(move |_| drop(self.file(work, entry, &source)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the wheels are built from; `None` where the sdist has failed, and they can only fail too.
    fn source(&self, work: &Work, sdist: Result<Option<Artifact>, ()>) -> Option<Source> {
        if work.recipe.run.is_some() || !work.recipe.sdist {
            return Some(Source::Tree);
        }
        if work.entries.iter().chain(&work.repeated).all(|entry| entry.kind == ArtifactKind::Sdist) {
            return Some(Source::Tree);
        }
        let (found, entry) = (sdist.ok()?.or_else(|| work.sdist.clone()), sdist_entry(work));
        let make = || -> Result<Source> {
            let file = match found {
                Some(artifact) => artifact.path.under(&self.maker.project.root),
                // The sdist is another machine's to release; what the wheel is built from is the same.
                None => self.maker.make(Job { work, entry: &entry, source: &Source::Tree, again: false })?,
            };
            Ok(Source::Sdist(file, self.maker.settings(work)?))
        };
        make().map_err(|failure| self.fail(&entry.id, failure)).ok()
    }

    /// Builds one file, puts it into place, and records it; a failure is kept for the end.
    fn file(&self, work: &Work, entry: &Expected, source: &Source) -> Result<Option<Artifact>, ()> {
        let running = self.screen.begin(&entry.id);
        let make = || -> Result<Artifact> {
            let file = self.maker.make(Job { work, entry, source, again: false })?;
            let artifact =
                self.finish(work, entry, &file).with_context(|| format!("cannot build `{}`", entry.id))?;
            if self.is_twice {
                running.wait(SECOND_START);
                // What is built from it can be built all the same.
                let compared = self.again(work, entry, source, &artifact);
                compared.unwrap_or_else(|failure| self.fail(&entry.id, failure));
            }
            Ok(artifact)
        };
        make().map(Some).map_err(|failure| {
            if self.count > 1 {
                self.screen.warn(format!(
                    "{} has failed after {}; the others go on",
                    entry.id,
                    running.age()
                ));
            }
            self.fail(&entry.id, failure);
        })
    }

    fn finish(&self, work: &Work, entry: &Expected, file: &Path) -> Result<Artifact> {
        dist::check(file, work.package, entry)?;
        let inputs = work.inputs(entry, self.commit, self.maker.pythons)?;
        // One at a time, for the record is one file.
        let mut state = self.state();
        let settled: Vec<Artifact> = state.made.values().chain(work.done.values()).cloned().collect();
        let placed = dist::place(work.package, file, &self.maker.project.root, &settled)?;
        if let Some(inputs) = inputs {
            let artifact = placed.artifact.clone();
            state.record.add(&entry.id, Entry { inputs, artifact, is_reproducible: false })?;
        }
        state.made.insert(entry.id.clone(), placed.artifact.clone());
        self.screen.note(placed.note);
        Ok(placed.artifact)
    }

    /// Builds a file again that an earlier run has built.
    fn compare(&self, work: &Work, entry: &Expected, source: &Source) {
        let _running = self.screen.begin(&entry.id);
        let Some(artifact) = work.done.get(&entry.id) else { return };
        if let Err(failure) = self.again(work, entry, source, artifact) {
            self.fail(&entry.id, failure);
        }
    }

    /// Builds a file a second time, compares the bytes, and throws the second one away.
    fn again(&self, work: &Work, entry: &Expected, source: &Source, artifact: &Artifact) -> Result<()> {
        let job = Job { work, entry, source, again: true };
        let second = self.maker.make(job)?;
        let first = artifact.path.under(&self.maker.project.root);
        reproducible::check(&entry.id, &first, &second)?;
        self.maker.clear(job);
        if let Some(inputs) = work.inputs(entry, self.commit, self.maker.pythons)? {
            let artifact = artifact.clone();
            self.state().record.add(&entry.id, Entry { inputs, artifact, is_reproducible: true })?;
        }
        self.screen.note(format!("{}: a second build gives the same bytes", artifact.path));
        Ok(())
    }

    /// One wheel keeps several promises.
    fn share(&self, entry: &Expected, artifact: &Artifact) {
        self.state().made.insert(entry.id.clone(), artifact.clone());
    }

    fn fail(&self, id: &str, failure: anyhow::Error) {
        self.state().failures.push((id.to_owned(), failure));
    }

    /// What was made, or every failure.
    fn end(self) -> Result<BTreeMap<String, Artifact>> {
        let State { made, mut failures, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        failures.sort_by(|(a, _), (b, _)| a.cmp(b));
        let failed = failures.len();
        // An edit that does not fit fails for each Python in the same words.
        failures.dedup_by(|(_, a), (_, b)| format!("{a:#}") == format!("{b:#}"));
        if failures.len() > 1 {
            let list: String = failures.iter().map(|(_, failure)| format!("\n  {failure:#}")).collect();
            let what = format!("cannot build {failed} of {} files{list}", self.count);
            let hint = failures.iter().find_map(|(_, failure)| Failure::of(failure).0).unwrap_or("mend them");
            return Err(Failure::new(what).hint(format!("{hint}; what is built is not built again")).into());
        }
        failures.pop().map_or(Ok(made), |(_, failure)| Err(failure))
    }
}

/// The entry of an sdist that only a wheel is built from.
fn sdist_entry(work: &Work) -> Expected {
    let package = work.package.name.clone();
    Expected {
        id: format!("{package}.sdist"),
        package,
        kind: ArtifactKind::Sdist,
        python: None,
        platform: None,
    }
}
