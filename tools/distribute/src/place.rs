//! The places that files are published to, one kind each.

mod bucket;
mod directory;
mod github;
mod own;
mod pypi;

use std::fmt;

use anyhow::Result;
use document::{PackageName, Publication, PublishedFile, Version};
use filter::Stage;
use project::{Project, TargetKind, TargetSettings};

use crate::rehearsals;
use crate::shipment::Shipment;

/// One target of release.toml.
#[derive(Debug, Clone)]
pub struct Site {
    /// The target's name.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// Where it is, in the words of the release document.
    pub location: String,
}

/// A part of a publication. Every place has done the first before one begins with the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The files are brought there.
    Files,
    /// People are shown what was brought: what must not happen before all files are everywhere.
    Reveal,
}

/// A place that files are published to.
///
/// All of it is planned, everywhere, before the first write anywhere: a place that cannot take the files refuses
/// them in [`Place::plan`] or [`Place::check_access`].
pub trait Place: fmt::Debug {
    /// The target.
    fn site(&self) -> &Site;

    /// The versions of a package that are there; `None` for a place that no installer takes packages from.
    fn versions(&self, package: &PackageName) -> Result<Option<Vec<Version>>>;

    /// Where people find it: for an index the URL of its `simple/`; `None` for a folder without a server.
    fn url(&self) -> Option<String>;

    /// The files that will be there, sorted. Known before anything is written.
    fn files(&self, shipment: &Shipment) -> Result<Vec<PublishedFile>>;

    /// Looks what is missing there, and keeps the steps. Reads only; other bytes under a name of ours are an error.
    fn plan(&mut self, shipment: &Shipment) -> Result<()>;

    /// Says whether the plan changes anything.
    fn has_work(&self) -> bool;

    /// Refuses a place that nothing can be written to, before anything is written to any.
    fn check_access(&self) -> Result<()>;

    /// Carries a part of the plan out, or says it in a dry run.
    fn carry_out(&self, part: Part, shipment: &Shipment, stage: &Stage) -> Result<()>;

    /// The lines that tell people how to install the packages from there.
    fn advice(&self, shipment: &Shipment) -> Result<Vec<String>>;

    /// Writes every page again from the files that are there.
    fn rebuild(&mut self, stage: &Stage) -> Result<()>;

    /// What the release document says about the run.
    fn publication(&self, shipment: &Shipment) -> Result<Publication> {
        let Site { name, kind, location } = self.site().clone();
        let (kind, url) = (kind.to_string(), self.url());
        Ok(Publication { target: name, kind, location, url, files: self.files(shipment)? })
    }
}

/// The places of targets, in the order in which they get files: what cannot be taken back comes last.
pub fn open(project: &Project, targets: &[TargetSettings]) -> Result<Vec<Box<dyn Place>>> {
    let mut sorted: Vec<&TargetSettings> = targets.iter().collect();
    sorted.sort_by_key(|target| (rank(target.kind), rehearsals::real(target, targets).is_none()));
    sorted.into_iter().map(|target| place(project, target, targets)).collect()
}

fn rank(kind: TargetKind) -> u8 {
    match kind {
        TargetKind::Directory | TargetKind::S3 | TargetKind::Gcs | TargetKind::Azure => 0,
        // A draft is taken back without a trace.
        TargetKind::Github => 1,
        TargetKind::Pypi => 2,
    }
}

/// A bucket is listed, so the error of one that cannot be reached comes here.
fn place(project: &Project, target: &TargetSettings, targets: &[TargetSettings]) -> Result<Box<dyn Place>> {
    let site = || -> Result<Site> {
        Ok(Site { name: target.name.clone(), kind: target.kind, location: target.location()? })
    };
    Ok(match target.kind {
        TargetKind::Directory => Box::new(directory::Directory::of(project, target, site()?)),
        TargetKind::S3 | TargetKind::Gcs | TargetKind::Azure => Box::new(bucket::InBucket::open(site()?)?),
        TargetKind::Github => Box::new(github::OnGitHub::of(project, target)?),
        TargetKind::Pypi => Box::new(pypi::Pypi::of(project, target, targets, site()?)?),
    })
}
