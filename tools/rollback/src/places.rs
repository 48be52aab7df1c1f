//! The published files: removed from folders and yanked in buckets, where they are ours, byte for byte.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use document::{Fate, PackageName, ProjectPath, PublishedFile, Release, Sha256, Withdrawal};
use filter::{Outcome, Stage, Step};
use index::{Bucket, Index, Intent, Kind, Listing};
use project::Project;

use crate::memory::{Memory, withdrawn};

/// One index with what is done to it.
#[derive(Debug)]
pub struct Place {
    home: Home,
    packages: BTreeSet<PackageName>,
    /// The steps, the pages last.
    pub steps: Vec<Step<Action>>,
    /// What becomes of each file.
    pub withdrawals: Vec<Withdrawal>,
}

/// What an index lies in.
#[derive(Debug)]
enum Home {
    /// What nothing can be taken back from.
    Nowhere,
    Folder(PathBuf),
    Bucket(Box<Bucket>),
}

/// How files in a bucket are taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// They stay for those who name them exactly, and are chosen by nobody else (PEP 592).
    Yank(String),
    /// They may be chosen again.
    Unyank,
    /// They are removed.
    Delete,
}

/// What is done to an index.
#[derive(Debug)]
pub enum Action {
    /// Mark a file as yanked for that reason, or with `None` as yanked no more.
    Yank { path: ProjectPath, package: PackageName, target: String, reason: Option<String> },
    /// Remove a file with its metadata and its signature.
    Remove { path: ProjectPath, package: PackageName, target: String },
    /// Write the pages from what remains.
    WritePages { target: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yank { path, target, reason: Some(reason), .. } => {
                write!(f, "yank {path} on {target}: {reason}")
            }
            Self::Yank { path, target, .. } => write!(f, "unyank {path} on {target}"),
            Self::Remove { path, target, .. } => write!(f, "remove {path} from {target}"),
            Self::WritePages { target } => write!(f, "write the pages of {target} from what remains"),
        }
    }
}

/// A file that a target holds, or may hold.
pub struct Candidate {
    pub path: ProjectPath,
    pub package: PackageName,
    pub sha256: Sha256,
    /// The document says that it was published; else a `distribute` that was cut short may have put it there.
    pub is_stated: bool,
}

/// A target as the document, or release.toml, knows it.
pub struct Target {
    pub name: String,
    pub kind: String,
    pub location: String,
    pub files: Vec<Candidate>,
}

/// Plans what is taken back from each target, the last published one first; `bucket` is that of the target in S3
/// where it is not the one of release.toml.
pub fn plan(
    project: &Project,
    release: &Release,
    memory: &Memory,
    manner: &Manner,
    bucket: Option<&str>,
) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for target in targets(project, release, bucket)?.iter().rev() {
        if target.kind == "directory" {
            if *manner != Manner::Unyank {
                places.push(directory(project, target, memory)?);
            }
        } else if Kind::parse(&target.kind).is_some() {
            places.push(crate::yanked::plan(target, memory, manner)?);
        } else {
            let mut place = Place::new(Home::Nowhere);
            let reason =
                format!("this build cannot take anything back from a target of the kind `{}`", target.kind);
            for file in &target.files {
                place.keep(file, target, &reason);
            }
            places.push(place);
        }
    }
    Ok(places)
}

/// The targets of the document, and those of release.toml with the files that a cut-short run may have left.
fn targets(project: &Project, release: &Release, bucket: Option<&str>) -> Result<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for publication in release.publications.iter().flatten() {
        let candidate = |file: &PublishedFile| {
            let (path, sha256) = (file.path.clone(), file.sha256.clone());
            Some(Candidate { path, package: file.package.clone()?, sha256, is_stated: true })
        };
        let stated = publication.files.iter().filter_map(candidate);
        targets.push(Target {
            name: publication.target.clone(),
            kind: publication.kind.clone(),
            location: publication.location.clone(),
            files: stated.collect(),
        });
    }
    for settings in project::in_bucket(project.targets(), bucket)? {
        // Nothing is published to a bucket before the tag; one that nobody names was published to by nobody.
        let may_hold = settings.folder().is_some() || release.tag.is_some();
        let Some(location) = settings.location().ok().filter(|_| may_hold) else { continue };
        let known = targets.iter().position(|target| target.location == location);
        let at = known.unwrap_or_else(|| {
            targets.push(Target {
                name: settings.name.clone(),
                kind: settings.kind.to_string(),
                location,
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
    let root = project.root.join(&target.location);
    let listing = Index::read(&root);
    let mut place = Place::new(Home::Folder(root.clone()));
    for file in &target.files {
        place.plan_file(&listing, target, file, memory)?;
    }
    if place.packages.is_empty() {
        return Ok(place);
    }
    let pages = Action::WritePages { target: target.name.clone() };
    let packages: Vec<PackageName> = place.packages.iter().cloned().collect();
    let removes = place.steps.iter().any(|step| matches!(step, Step::Do(_)));
    let is_index = root.join("simple").is_dir();
    place.steps.push(if removes || (is_index && !listing.has_current_pages(&packages)?) {
        Step::Do(pages)
    } else {
        Step::skip(pages, "they list what is there already")
    });
    Ok(place)
}

impl Place {
    fn new(home: Home) -> Self {
        Self { home, packages: BTreeSet::new(), steps: Vec::new(), withdrawals: Vec::new() }
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

    /// An index in a bucket, with what is done there.
    pub fn in_bucket(bucket: Bucket) -> Self {
        Self::new(Home::Bucket(Box::new(bucket)))
    }

    /// The bucket of an index in one.
    pub fn bucket(&self) -> Option<&Bucket> {
        if let Home::Bucket(bucket) = &self.home { Some(bucket) } else { None }
    }

    /// Has the pages of a package written again.
    pub fn touch(&mut self, package: &PackageName) {
        self.packages.insert(package.clone());
    }

    /// The packages whose pages are written again.
    pub fn touched(&self) -> Vec<PackageName> {
        self.packages.iter().cloned().collect()
    }

    /// Leaves a file as it is, for this reason.
    pub fn keep(&mut self, file: &Candidate, target: &Target, reason: &str) {
        let what = what(file, target);
        self.steps.push(Step::skip(format!("remove {} from {}", file.path, target.name), reason));
        self.withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail: reason.to_owned() });
    }

    /// Refuses an index that nothing can be changed in, before anything is changed anywhere.
    pub fn check_access(&self, manner: &Manner) -> Result<()> {
        let is_idle = self.steps.iter().all(|step| matches!(step, Step::Skip { .. }));
        match (&self.home, manner) {
            (Home::Bucket(bucket), Manner::Yank(_)) if !is_idle => bucket.check_access(Intent::Write),
            (Home::Bucket(bucket), _) if !is_idle => bucket.check_access(Intent::Remove),
            _ => Ok(()),
        }
    }

    /// Carries the steps out. The index is opened only where something is done, for that makes a lock file.
    pub fn carry_out(&self, stage: &Stage) -> Result<()> {
        let is_idle = self.steps.iter().all(|step| matches!(step, Step::Skip { .. }));
        if is_idle || stage.is_dry_run() {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        }
        let root = match &self.home {
            Home::Nowhere => return Ok(()),
            Home::Bucket(bucket) => {
                return crate::yanked::carry_out(bucket, &self.packages, &self.steps, stage);
            }
            Home::Folder(root) => root,
        };
        let mut index = Index::open(root)?;
        stage.perform(&self.steps, |action| match action {
            Action::Remove { path, package, .. } => {
                index.remove(package, path.file_name()).map(|_| Outcome::Done)
            }
            Action::Yank { .. } => Ok(Outcome::Skipped("a folder has no yanked files".to_owned())),
            Action::WritePages { .. } => {
                self.packages.iter().for_each(|package| index.touch(package));
                index.write_pages().map(|_| Outcome::Done)
            }
        })
    }
}

/// A file in the words of the document.
pub fn what(file: &Candidate, target: &Target) -> String {
    format!("{} on {}", file.path, target.name)
}
