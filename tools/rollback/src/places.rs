//! The published files: removed from their indexes where they are ours, byte for byte.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use document::{Fate, PackageName, ProjectPath, Release, Sha256, Withdrawal};
use filter::{Outcome, Stage, Step};
use index::{Index, Listing};
use project::{Project, TargetKind};

use crate::memory::{Memory, withdrawn};

/// One index with what is done to it.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
    packages: BTreeSet<PackageName>,
    /// The steps, the pages last.
    pub steps: Vec<Step<Action>>,
    /// What becomes of each file.
    pub withdrawals: Vec<Withdrawal>,
}

/// What is done to an index.
#[derive(Debug)]
pub enum Action {
    /// Remove a file with its metadata and its signature.
    Remove { path: ProjectPath, package: PackageName, target: String },
    /// Write the pages from what remains.
    WritePages { target: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove { path, target, .. } => write!(f, "remove {path} from {target}"),
            Self::WritePages { target } => write!(f, "write the pages of {target} from what remains"),
        }
    }
}

/// A file that a target holds, or may hold.
struct Candidate {
    path: ProjectPath,
    package: PackageName,
    sha256: Sha256,
    /// The document says that it was published; else a `distribute` that was cut short may have put it there.
    is_stated: bool,
}

/// A target as the document, or release.toml, knows it.
struct Target {
    name: String,
    kind: String,
    location: String,
    files: Vec<Candidate>,
}

/// Plans what is removed from each target, the last published one first.
pub fn plan(project: &Project, release: &Release, memory: &Memory) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for target in targets(project, release)?.iter().rev() {
        if target.kind == "directory" {
            places.push(directory(project, target, memory)?);
            continue;
        }
        let mut place = Place::new(PathBuf::new());
        let reason =
            format!("this build cannot take anything back from a target of the kind `{}`", target.kind);
        for file in &target.files {
            place.keep(file, target, &reason);
        }
        places.push(place);
    }
    Ok(places)
}

/// The targets of the document, and those of release.toml with the files that a cut-short run may have left.
fn targets(project: &Project, release: &Release) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for publication in release.publications.iter().flatten() {
        let stated = publication.files.iter().map(|file| Candidate {
            path: file.path.clone(),
            package: file.package.clone(),
            sha256: file.sha256.clone(),
            is_stated: true,
        });
        targets.push(Target {
            name: publication.target.clone(),
            kind: publication.kind.clone(),
            location: publication.location.clone(),
            files: stated.collect(),
        });
    }
    for settings in project.targets().iter().filter(|target| target.kind == TargetKind::Directory) {
        let known = targets.iter().position(|target| target.location == settings.path);
        let at = known.unwrap_or_else(|| {
            targets.push(Target {
                name: settings.name.clone(),
                kind: "directory".to_owned(),
                location: settings.path.clone(),
                files: Vec::new(),
            });
            targets.len() - 1
        });
        for artifact in release.artifacts.iter().flatten() {
            let path = format!("simple/{}/{}", artifact.package, artifact.path.file_name()).parse()?;
            if targets[at].files.iter().all(|file| file.path != path) {
                let (package, sha256) = (artifact.package.clone(), artifact.sha256.clone());
                targets[at].files.push(Candidate { path, package, sha256, is_stated: false });
            }
        }
    }
    Ok(targets)
}

fn directory(project: &Project, target: &Target, memory: &Memory) -> Result<Place> {
    let mut place = Place::new(project.root.join(&target.location));
    let listing = Index::read(&place.root);
    for file in &target.files {
        place.plan_file(&listing, target, file, memory)?;
    }
    if place.packages.is_empty() {
        return Ok(place);
    }
    let pages = Action::WritePages { target: target.name.clone() };
    let packages: Vec<PackageName> = place.packages.iter().cloned().collect();
    let removes = place.steps.iter().any(|step| matches!(step, Step::Do(_)));
    let is_index = place.root.join("simple").is_dir();
    place.steps.push(if removes || (is_index && !listing.has_current_pages(&packages)?) {
        Step::Do(pages)
    } else {
        Step::skip(pages, "they list what is there already")
    });
    Ok(place)
}

impl Place {
    fn new(root: PathBuf) -> Self {
        Self { root, packages: BTreeSet::new(), steps: Vec::new(), withdrawals: Vec::new() }
    }

    /// Says whether a file of the release is or was there.
    pub fn was_given_out(&self) -> bool {
        !self.withdrawals.is_empty()
    }

    fn plan_file(
        &mut self,
        listing: &Listing,
        target: &Target,
        file: &Candidate,
        memory: &Memory,
    ) -> Result<()> {
        let Candidate { path, package, .. } = file;
        let action =
            Action::Remove { path: path.clone(), package: package.clone(), target: target.name.clone() };
        let what = what(file, target);
        let is_known = file.is_stated || memory.of(&what).is_some();
        match listing.holds(package, path.file_name())? {
            Some(found) if found == file.sha256 => {
                self.steps.push(Step::Do(action));
                self.withdrawals.push(withdrawn(what, "removed from the index"));
            }
            Some(found) if file.is_stated => {
                let reason = format!("it has other bytes than the release, with the SHA-256 {found}");
                self.keep(file, target, &reason);
            }
            None if is_known => {
                self.steps.push(Step::skip(action, "it is not there any more"));
                self.withdrawals.push(memory.gone(what, "it was not there any more"));
            }
            _ => return Ok(()),
        }
        self.packages.insert(package.clone());
        Ok(())
    }

    fn keep(&mut self, file: &Candidate, target: &Target, reason: &str) {
        let what = what(file, target);
        self.steps.push(Step::skip(format!("remove {} from {}", file.path, target.name), reason));
        self.withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail: reason.to_owned() });
    }

    /// Carries the steps out. The index is opened only where something is done, for that makes a lock file.
    pub fn carry_out(&self, stage: &Stage) -> Result<()> {
        let is_idle = self.steps.iter().all(|step| matches!(step, Step::Skip { .. }));
        if is_idle || stage.is_dry_run() {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        }
        let mut index = Index::open(&self.root)?;
        stage.perform(&self.steps, |action| match action {
            Action::Remove { path, package, .. } => {
                index.remove(package, path.file_name()).map(|_| Outcome::Done)
            }
            Action::WritePages { .. } => {
                self.packages.iter().for_each(|package| index.touch(package));
                index.write_pages().map(|_| Outcome::Done)
            }
        })
    }
}

fn what(file: &Candidate, target: &Target) -> String {
    format!("{} on {}", file.path, target.name)
}
