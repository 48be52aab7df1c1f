//! The published files in a bucket: yanked, given free again, or deleted, where they are ours, byte for byte.

use std::collections::BTreeSet;

use anyhow::Result;
use document::PackageName;
use filter::{Outcome, Stage, Step};
use index::{Bucket, Location};

use crate::memory::{Memory, withdrawn};
use crate::places::{Action, Candidate, Manner, Place, Target, what};

/// Plans what is done to a bucket.
pub fn plan(target: &Target, memory: &Memory, manner: &Manner) -> Result<Place> {
    let mut place = Place::in_bucket(Bucket::open(Location::parse(&target.location)?)?);
    for file in &target.files {
        plan_file(&mut place, target, file, memory, manner)?;
    }
    let packages = place.touched();
    if packages.is_empty() {
        return Ok(place);
    }
    let pages = Action::WritePages { target: target.name.clone() };
    let changes = place.steps.iter().any(|step| matches!(step, Step::Do(_)));
    let has_pages = || place.bucket().map_or(Ok(true), |bucket| bucket.has_current_pages(&packages));
    let step = if changes || !has_pages()? {
        Step::Do(pages)
    } else {
        Step::skip(pages, "they list what is there already")
    };
    place.steps.push(step);
    Ok(place)
}

fn plan_file(
    place: &mut Place,
    target: &Target,
    file: &Candidate,
    memory: &Memory,
    manner: &Manner,
) -> Result<()> {
    let Candidate { path, package, .. } = file;
    let Some(bucket) = place.bucket() else { return Ok(()) };
    let what = what(file, target);
    let (here, to) = (path.clone(), target.name.clone());
    let yank = |reason: Option<&String>| Action::Yank {
        path: here.clone(),
        package: package.clone(),
        target: to.clone(),
        reason: reason.cloned(),
    };
    let action = match manner {
        Manner::Yank(reason) => yank(Some(reason)),
        Manner::Unyank => yank(None),
        Manner::Delete => Action::Remove { path: here.clone(), package: package.clone(), target: to.clone() },
    };
    match bucket.holds(package, path.file_name())? {
        Some(found) if found == file.sha256 => {
            let files = bucket.files(package)?;
            let listed = files.iter().find(|listed| listed.file_name == path.file_name());
            let yanked = listed.and_then(|listed| listed.yanked.clone());
            let (step, detail) = match (manner, yanked) {
                (Manner::Delete, _) => (Step::Do(action), "removed from the index".to_owned()),
                (Manner::Yank(_), Some(reason)) => {
                    (Step::skip(action, "it is yanked already"), format!("yanked: {reason}"))
                }
                (Manner::Yank(reason), None) => (Step::Do(action), format!("yanked: {reason}")),
                (Manner::Unyank, Some(_)) => (Step::Do(action), String::new()),
                (Manner::Unyank, None) => (Step::skip(action, "it is not yanked"), String::new()),
            };
            place.steps.push(step);
            if *manner != Manner::Unyank {
                place.withdrawals.push(withdrawn(what, detail));
            }
        }
        Some(found) if file.is_stated => {
            place.keep(
                file,
                target,
                &format!("it has other bytes than the release, with the SHA-256 {found}"),
            );
        }
        None if file.is_stated || memory.of(&what).is_some() => {
            place.steps.push(Step::skip(action, "it is not there any more"));
            place.withdrawals.push(memory.gone(what, "it was not there any more"));
        }
        _ => return Ok(()),
    }
    place.touch(package);
    Ok(())
}

/// Carries the steps out, the pages last.
pub fn carry_out(
    bucket: &Bucket,
    packages: &BTreeSet<PackageName>,
    steps: &[Step<Action>],
    stage: &Stage,
) -> Result<()> {
    stage.perform(steps, |action| {
        match action {
            Action::Yank { path, package, reason, .. } => {
                bucket.yank(package, path.file_name(), reason.as_deref())?;
            }
            Action::Remove { path, package, .. } => {
                bucket.remove(package, path.file_name())?;
            }
            Action::WritePages { .. } => {
                bucket.write_pages(&[packages.iter().cloned().collect()])?;
            }
        }
        Ok(Outcome::Done)
    })
}
