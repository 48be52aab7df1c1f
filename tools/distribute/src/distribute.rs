//! A publication: the whole of it is planned and refused before its first file is written.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{Failure, PackageName, Publication, PublishedFile, Release};
use filter::{Stage, Step};
use project::{Project, TargetSettings};

use crate::order;
use crate::parcel::{self, Parcel};
use crate::place::Place;

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
    let _lock = if is_dry { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    refuse_withdrawn(project, release)?;
    if !is_dry {
        refuse_incomplete(release, packages)?;
    }
    let parcels = order::sorted(parcel::pack(project, release, packages)?);
    if parcels.is_empty() {
        stage.skip("publish", "the release has no files of these packages");
    }
    let places = targets.iter().map(|target| Place::of(project, target)).collect::<Result<Vec<_>>>()?;
    let mut plans = Vec::new();
    for place in places.iter().filter(|_| !parcels.is_empty()) {
        order::refuse_absent_pins(project, &parcels, place)?;
        plans.push((place, place.plan(&parcels)?));
    }
    for (place, _) in
        plans.iter().filter(|(_, plan)| !is_dry && plan.iter().any(|step| matches!(step, Step::Do(_))))
    {
        place.check_access()?;
    }
    for (place, plan) in &plans {
        place.carry_out(&parcels, plan, is_paranoid, stage)?;
    }
    if is_dry {
        return Ok(release.publications.clone());
    }
    for (place, _) in &plans {
        place.advice(packages)?.iter().for_each(|line| stage.note(line));
    }
    let made = plans.iter().map(|(place, _)| publication(place, &parcels)).collect::<Result<Vec<_>>>()?;
    Ok(Some(merged(release.publications.clone().unwrap_or_default(), made)))
}

/// Writes every page of the targets again, from the files that are there.
pub fn rebuild(project: &Project, targets: &[TargetSettings], stage: &Stage) -> Result<()> {
    let mut places = targets.iter().map(|target| Place::of(project, target)).collect::<Result<Vec<_>>>()?;
    places.iter_mut().try_for_each(|place| place.rebuild(stage))
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
    let what =
        format!("cannot publish {}: it was released and taken back (tag {tag})", release.version.current);
    Err(Failure::new(what).hint("release a higher version; a version is never used twice").into())
}

fn publication(place: &Place, parcels: &[Parcel]) -> Result<Publication> {
    let mut files = Vec::new();
    for (package, file) in
        parcels.iter().flat_map(|parcel| parcel.files.iter().map(|file| (&parcel.package, file)))
    {
        let path = format!("simple/{package}/{}", file.name()).parse()?;
        files.push(PublishedFile { path, package: package.clone(), sha256: file.sha256.clone() });
    }
    files.sort();
    Ok(Publication {
        target: place.name.clone(),
        kind: place.kind().to_owned(),
        location: place.location.clone(),
        files,
    })
}

/// Adds publications to those of earlier runs: one for each target and location, sorted, each file once.
fn merged(before: Vec<Publication>, made: Vec<Publication>) -> Vec<Publication> {
    // A target that moved has left files behind, which `rollback` must find.
    let mut all: BTreeMap<(String, String), Publication> = BTreeMap::new();
    for publication in before.into_iter().chain(made) {
        let key = (publication.target.clone(), publication.location.clone());
        let Some(known) = all.get_mut(&key) else {
            all.insert(key, publication);
            continue;
        };
        known.files.retain(|file| publication.files.iter().all(|new| new.path != file.path));
        known.files.extend(publication.files);
        known.files.sort();
    }
    all.into_values().collect()
}
