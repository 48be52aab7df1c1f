//! A rollback: the whole plan from what is there now, then the places of the files, then git, then what people do.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use document::{Fate, Release, Withdrawal};
use filter::{Outcome, Stage, Step};
use project::{Lock, Project};

use crate::facts::Facts;
use crate::memory::Memory;
use crate::place::{self, Circumstances, Manner, Place};
use crate::refs::Published;
use crate::{announcement, commit, elsewhere, refs, target};

/// How a release is taken back.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// What becomes of the files.
    pub manner: Manner,
    /// Why, where somebody has said it.
    pub reason: Option<&'a str>,
    /// The bucket of the target in S3, where it is not the one of release.toml.
    pub bucket: Option<&'a str>,
    /// How long people are waited for.
    pub patience: Duration,
    /// Where the announcement is written to.
    pub announcement: Option<&'a Path>,
}

/// The git part of a rollback, in a clone or without one.
#[derive(Debug)]
enum GitPart {
    Here(Box<(Facts, refs::Plan)>),
    Elsewhere(Vec<Step<String>>, Vec<Withdrawal>),
}

/// Has the files of a release that were yanked chosen again; git is left alone. `None` in a dry run.
pub fn unyank(
    project: Option<&Project>,
    release: &Release,
    order: &Order,
    stage: &Stage,
) -> Result<Option<Vec<Withdrawal>>> {
    let lock = lock(project, stage)?;
    let memory = Memory::read(project, release)?;
    let places = places(project, release, &memory, order)?;
    if !stage.is_dry_run() {
        places.iter().try_for_each(|place| place.check_access())?;
    }
    places.iter().try_for_each(|place| place.carry_out(stage))?;
    drop(lock);
    let is_free = |entry: &Withdrawal| entry.fate == Fate::Withdrawn && entry.detail.starts_with("yanked");
    let left = release.withdrawals.iter().flatten().filter(|entry| !is_free(entry)).cloned().collect();
    Ok((!stage.is_dry_run()).then_some(left))
}

/// Takes a release back; `None` in a dry run.
pub fn rollback(
    project: Option<&Project>,
    release: &Release,
    order: &Order,
    stage: &Stage,
) -> Result<Option<Vec<Withdrawal>>> {
    let lock = lock(project, stage)?;
    let is_dry = stage.is_dry_run();
    order.announcement.map_or(Ok(()), |path| announcement::check(path, is_dry))?;
    let mut memory = Memory::read(project, release)?;
    let facts = project.map(|project| Facts::gather(project, release, &memory)).transpose()?;
    let mut places = places(project, release, &memory, order)?;
    let published = Published {
        anything: places.iter().any(|place| !place.withdrawals().is_empty()),
        hold: places.iter().find_map(|place| place.holds_tag().map(str::to_owned)),
    };
    let git = match (project, facts) {
        (Some(project), Some(facts)) => {
            let plan = refs::plan(project, release, &facts, &memory, &published)?;
            GitPart::Here(Box::new((facts, plan)))
        }
        _ => {
            let (steps, withdrawals) = elsewhere::plan(release);
            GitPart::Elsewhere(steps, withdrawals)
        }
    };
    if !is_dry {
        places.iter().try_for_each(|place| place.check_access())?;
    }
    let sent = announcements(release, stage)?;
    let withdrawals = |places: &[Box<dyn Place>]| -> Vec<Withdrawal> {
        let given_out = places.iter().flat_map(|place| place.withdrawals());
        sent.iter().chain(given_out).chain(git.withdrawals()).cloned().collect()
    };
    if let (false, Some(project)) = (is_dry, project) {
        memory.found = git.found().filter(|_| release.commit.is_none());
        memory.keep(project, release, &withdrawals(&places))?;
    }
    // First what people install from; a commit is in nobody's way.
    places.iter().try_for_each(|place| place.carry_out(stage))?;
    git.carry_out(project, release, &mut memory, order, (stage, lock.as_ref()))?;
    let built = release.artifacts.as_ref().map_or(0, Vec::len);
    if built > 0 && project.is_some() {
        stage.skip(
            format!("delete {built} built files"),
            "they are in no commit, and a new build replaces them",
        );
    }
    announce(project, release, git.was_given_out().then(|| withdrawals(&places)), order, stage)?;
    if is_dry {
        return Ok(None);
    }
    // Last, for a person may take long, and all else is done then; no other tool waits with it.
    drop(lock);
    places.iter_mut().try_for_each(|place| place.settle(order.patience, stage))?;
    let done = withdrawals(&places);
    if let Some(project) = project {
        memory.keep(project, release, &done)?;
    }
    Ok(Some(done))
}

impl GitPart {
    fn withdrawals(&self) -> &[Withdrawal] {
        match self {
            Self::Here(part) => &part.1.withdrawals,
            Self::Elsewhere(_, withdrawals) => withdrawals,
        }
    }

    fn found(&self) -> Option<crate::facts::Made> {
        if let Self::Here(part) = self { part.0.commit.clone() } else { None }
    }

    fn was_given_out(&self) -> bool {
        if let Self::Here(part) = self { part.1.was_given_out } else { true }
    }

    fn carry_out(
        &self,
        project: Option<&Project>,
        release: &Release,
        memory: &mut Memory,
        order: &Order,
        (stage, lock): (&Stage, Option<&Lock>),
    ) -> Result<()> {
        match (self, project) {
            (Self::Here(part), Some(project)) => {
                let (facts, plan) = part.as_ref();
                if let (Some(files), Some(made)) = (&plan.conflict, &facts.commit) {
                    return Err(commit::conflict(release, made, files).into());
                }
                plan.carry_out(project, release, facts, memory, order.reason, (stage, lock))
            }
            (Self::Elsewhere(steps, _), _) => {
                stage.perform(steps, |_| Ok(Outcome::Done))?;
                elsewhere::advice(release, order.reason).iter().for_each(|line| stage.note(line));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn lock(project: Option<&Project>, stage: &Stage) -> Result<Option<Lock>> {
    let project = project.filter(|_| !stage.is_dry_run());
    project.map(|project| project.git.state().lock(|text| stage.note(text))).transpose()
}

fn places(
    project: Option<&Project>,
    release: &Release,
    memory: &Memory,
    order: &Order,
) -> Result<Vec<Box<dyn Place>>> {
    let circumstances = Circumstances { project, release, memory, manner: &order.manner };
    let targets = target::all(project, release, order.bucket)?;
    targets.into_iter().map(|target| place::plan(target, &circumstances)).collect()
}

/// Gives people the words to tell other people, of what was given out.
fn announce(
    project: Option<&Project>,
    release: &Release,
    withdrawals: Option<Vec<Withdrawal>>,
    order: &Order,
    stage: &Stage,
) -> Result<()> {
    let Some(path) = order.announcement else {
        if withdrawals.is_some() && !stage.is_dry_run() {
            stage.note("tell those who use it; `--announcement FILE` writes the words for it");
        }
        return Ok(());
    };
    let action = format!("write the announcement to `{}`", path.display());
    let Some(withdrawals) = withdrawals else {
        stage.skip(action, "nobody has got anything of it");
        return Ok(());
    };
    stage.action(action);
    if stage.is_dry_run() {
        return Ok(());
    }
    let is_previous_gone = announcement::is_previous_gone(project, release)?;
    announcement::write(path, &announcement::text(release, &withdrawals, order.reason, is_previous_gone))
}

/// A message that was sent is read already.
fn announcements(release: &Release, stage: &Stage) -> Result<Vec<Withdrawal>> {
    const REASON: &str = "it cannot be taken back, the message was sent";
    let sent: Vec<_> = release.announcements.iter().flatten().collect();
    let steps: Vec<Step<String>> =
        sent.iter().map(|sent| Step::skip(format!("announcement {}", sent.name), REASON)).collect();
    stage.perform(&steps, |_| Ok(Outcome::Done))?;
    let entry = |name: &str| Withdrawal {
        what: format!("announcement {name}"),
        fate: Fate::Kept,
        detail: REASON.to_owned(),
    };
    Ok(sent.iter().map(|sent| entry(&sent.name)).collect())
}
