//! A publication: the whole of it is planned and refused before its first file is written.

use std::collections::BTreeSet;

use anyhow::Result;
use document::{Failure, PackageName, Publication, Release};
use filter::Stage;
use project::{Project, TargetSettings};

use crate::place::{self, Part, Place};
use crate::shipment::Shipment;
use crate::{order, parcel};

/// The targets of those names, or all of them, in the order of release.toml; the one in S3 with that bucket.
pub fn targets(
    project: &Project,
    names: &[String],
    bucket: Option<&str>,
) -> Result<Vec<TargetSettings>, Failure> {
    let all = project.targets();
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|target| target.name != **name)) {
        let known: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
        let what = format!("cannot publish to `{unknown}`: release.toml has no such target");
        return Err(Failure::usage(what).hint(format!("the targets are: {}", known.join(", "))));
    }
    let chosen = all.into_iter().filter(|target| names.is_empty() || names.contains(&target.name)).collect();
    project::in_bucket(chosen, bucket)
}

/// The packages of those names, or all of them, sorted by name.
pub fn packages(project: &Project, names: &[String]) -> Result<Vec<PackageName>> {
    if names.is_empty() {
        return Ok(project.distributions().map(|package| package.name.clone()).collect());
    }
    Ok(project.named(names)?.into_iter().map(|package| package.name.clone()).collect())
}

/// Publishes the packages of a release to the targets; in a dry run the section stays as it is.
pub fn distribute(
    project: &Project,
    release: &Release,
    targets: &[TargetSettings],
    packages: &[PackageName],
    is_paranoid: bool,
    stage: &Stage,
) -> Result<Option<Vec<Publication>>> {
    let is_dry = stage.is_dry_run();
    if !is_dry {
        require_sections(release)?;
    }
    let lock = if is_dry { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    refuse_withdrawn(project, release)?;
    if !is_dry {
        refuse_withdrawn_elsewhere(project, release, stage)?;
        refuse_incomplete(release, packages)?;
    }
    let (mut shipment, places) = planned(project, release, targets, packages, stage)?;
    shipment.is_paranoid = is_paranoid;
    shipment.lock = lock;
    if !is_dry {
        check_access(&places)?;
    }
    for part in [Part::Files, Part::Reveal] {
        places.iter().try_for_each(|place| place.carry_out(part, &shipment, stage))?;
    }
    if is_dry {
        return Ok(release.publications.clone());
    }
    advise(&places, &shipment, stage)?;
    Ok(shipment.document.publications)
}

/// Refuses a release that a target would refuse, as far as that can be known before anything is public: also before
/// its files are built. Nothing is published.
pub fn check(
    project: &Project,
    release: &Release,
    targets: &[TargetSettings],
    packages: &[PackageName],
    stage: &Stage,
) -> Result<()> {
    refuse_withdrawn(project, release)?;
    refuse_withdrawn_elsewhere(project, release, stage)?;
    let (_, places) = planned(project, release, targets, packages, stage)?;
    check_access(&places)
}

/// What goes out, and the places with their plans.
fn planned<'a>(
    project: &'a Project,
    release: &Release,
    targets: &[TargetSettings],
    packages: &[PackageName],
    stage: &Stage,
) -> Result<(Shipment<'a>, Vec<Box<dyn Place>>)> {
    let parcels = order::sorted(parcel::pack(project, release, packages)?);
    let mut places = place::open(project, targets)?;
    if parcels.is_empty() {
        stage.skip("publish", "the release has no files of these packages");
        places.clear();
    }
    let mut shipment =
        Shipment { project, parcels, is_paranoid: false, lock: None, document: release.clone() };
    shipment.enter(places.iter().map(|place| place.publication(&shipment)).collect::<Result<_>>()?);
    for place in &mut places {
        order::refuse_absent_pins(&shipment, place.as_ref())?;
        place.plan(&shipment)?;
    }
    Ok((shipment, places))
}

/// Refuses places that nothing can be written to, where something is to be.
fn check_access(places: &[Box<dyn Place>]) -> Result<()> {
    places.iter().filter(|place| place.has_work()).try_for_each(|place| place.check_access())
}

/// Says how to install from each place; what holds for several is said once.
fn advise(places: &[Box<dyn Place>], shipment: &Shipment, stage: &Stage) -> Result<()> {
    let mut said = BTreeSet::new();
    for place in places {
        for line in place.advice(shipment)? {
            if said.insert(line.clone()) {
                stage.note(line);
            }
        }
    }
    Ok(())
}

/// Writes every page of the targets again, from the files that are there.
pub fn rebuild(project: &Project, targets: &[TargetSettings], stage: &Stage) -> Result<()> {
    place::open(project, targets)?.iter_mut().try_for_each(|place| place.rebuild(stage))
}

/// What the pipeline promises about files that are published; a null section stops here.
fn require_sections(release: &Release) -> Result<()> {
    release.expected()?;
    release.artifacts()?;
    release.checks()?;
    release.checksums()?;
    release.signatures()?;
    release.tag()?;
    Ok(())
}

/// A release of which a part is missing would be taken for whole by everybody who installs it.
fn refuse_incomplete(release: &Release, packages: &[PackageName]) -> Result<()> {
    let expected: Vec<_> =
        release.expected()?.iter().filter(|one| packages.contains(&one.package)).cloned().collect();
    let artifacts: Vec<_> =
        release.artifacts()?.iter().filter(|one| packages.contains(&one.package)).cloned().collect();
    let faults = distribution::expected::faults(&expected, &artifacts, &release.version.current)?;
    if faults.is_empty() {
        return Ok(());
    }
    let what = format!("cannot publish {}: {}", release.version.current, faults.join("; "));
    Err(Failure::new(what).hint("run `build-wheels` again, or join what all jobs have built with `build-wheels --collect`, and the tools after it").into())
}

/// An old document must not bring back what was taken back.
fn refuse_withdrawn(project: &Project, release: &Release) -> Result<()> {
    let tag = project.tags.withdrawn_tag(&release.version.current);
    if project.git.resolve(&format!("refs/tags/{tag}"))?.is_none() {
        return Ok(());
    }
    Err(withdrawn(release, &tag))
}

/// The same as the remote has it: it may have been taken back on another machine, and a job of a CI that is run again
/// has fetched no tags.
fn refuse_withdrawn_elsewhere(project: &Project, release: &Release, stage: &Stage) -> Result<()> {
    let Some(made) = &release.tag else { return Ok(()) };
    let tag = project.tags.withdrawn_tag(&release.version.current);
    match project.git.remote_refs(&made.remote, &[&format!("refs/tags/{tag}")]) {
        Ok(refs) if refs.is_empty() => Ok(()),
        Ok(_) => Err(withdrawn(release, &format!("{tag} at {}", made.remote))),
        Err(error) => {
            stage.warn(format_args!("nobody knows here whether it was taken back elsewhere: {error:#}"));
            Ok(())
        }
    }
}

fn withdrawn(release: &Release, tag: &str) -> anyhow::Error {
    let what =
        format!("cannot publish {}: it was released and taken back (tag {tag})", release.version.current);
    Failure::new(what).hint("release a higher version; a version is never used twice").into()
}
