//! A rollback: the whole plan from what is there now, then the indexes, then git.

use anyhow::Result;
use document::{Fate, Release, Withdrawal};
use filter::{Stage, Step};
use project::Project;

use crate::facts::Facts;
use crate::memory::Memory;
use crate::places::Manner;
use crate::{commit, places, refs};

/// Has the files of a release that were yanked chosen again; git is left alone. `None` in a dry run.
pub fn unyank(
    project: &Project,
    release: &Release,
    bucket: Option<&str>,
    stage: &Stage,
) -> Result<Option<Vec<Withdrawal>>> {
    let lock =
        if stage.is_dry_run() { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let memory = Memory::read(project, release)?;
    let places = places::plan(project, release, &memory, &Manner::Unyank, bucket)?;
    if places.is_empty() {
        stage.skip("unyank", "no target is in a bucket, and in a folder nothing is yanked");
    }
    if lock.is_some() {
        places.iter().try_for_each(|place| place.check_access(&Manner::Unyank))?;
    }
    places.iter().try_for_each(|place| place.carry_out(stage))?;
    let is_free = |entry: &Withdrawal| entry.fate == Fate::Withdrawn && entry.detail.starts_with("yanked");
    let left = release.withdrawals.iter().flatten().filter(|entry| !is_free(entry)).cloned().collect();
    Ok(lock.is_some().then_some(left))
}

/// Takes a release back; `None` in a dry run.
pub fn rollback(
    project: &Project,
    release: &Release,
    reason: Option<&str>,
    (manner, bucket): (&Manner, Option<&str>),
    stage: &Stage,
) -> Result<Option<Vec<Withdrawal>>> {
    let lock =
        if stage.is_dry_run() { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let mut memory = Memory::read(project, release)?;
    let facts = Facts::gather(project, release, &memory)?;
    let places = places::plan(project, release, &memory, manner, bucket)?;
    let was_published = places.iter().any(places::Place::was_given_out);
    let git = refs::plan(project, release, &facts, &memory, was_published)?;
    if lock.is_some() {
        places.iter().try_for_each(|place| place.check_access(manner))?;
    }
    let mut withdrawals = announcements(release, stage)?;
    withdrawals.extend(places.iter().flat_map(|place| place.withdrawals.clone()));
    withdrawals.extend(git.withdrawals.clone());
    if lock.is_some() {
        memory.found = facts.commit.clone().filter(|_| release.commit.is_none());
        memory.keep(project, release, &withdrawals)?;
    }
    // First what people install from; a commit is in nobody's way.
    for place in &places {
        place.carry_out(stage)?;
    }
    if let (Some(files), Some(made)) = (&git.conflict, &facts.commit) {
        return Err(commit::conflict(release, made, files).into());
    }
    git.carry_out(project, release, &facts, &mut memory, reason, (stage, lock.as_ref()))?;
    let built = release.artifacts.as_ref().map_or(0, Vec::len);
    if built > 0 {
        stage.skip(format!("delete {built} built files"), "nobody else has them, a new build replaces them");
    }
    Ok(lock.is_some().then_some(withdrawals))
}

/// A message that was sent is read already.
fn announcements(release: &Release, stage: &Stage) -> Result<Vec<Withdrawal>> {
    const REASON: &str = "it cannot be taken back, the message was sent";
    let sent: Vec<_> = release.announcements.iter().flatten().collect();
    let steps: Vec<Step<String>> =
        sent.iter().map(|sent| Step::skip(format!("announcement {}", sent.name), REASON)).collect();
    stage.perform(&steps, |_| Ok(filter::Outcome::Done))?;
    let entry = |name: &str| Withdrawal {
        what: format!("announcement {name}"),
        fate: Fate::Kept,
        detail: REASON.to_owned(),
    };
    Ok(sent.iter().map(|sent| entry(&sent.name)).collect())
}
