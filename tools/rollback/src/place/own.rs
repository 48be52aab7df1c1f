//! An index of one's own, in a folder or in a bucket: files are yanked, given free again, or deleted, where they are
//! ours, byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use document::{Fate, PackageName, ProjectPath, Sha256, Withdrawal};
use filter::{Outcome, Stage, Step};
use index::{Bucket, Index, Intent, Listed, Location};

use super::{Circumstances, Manner, Place};
use crate::memory::withdrawn;
use crate::target::{Candidate, Target};

/// The index, with what is done there.
#[derive(Debug)]
pub struct Own {
    home: Home,
    intent: Intent,
    packages: BTreeSet<PackageName>,
    /// What the index lists of each package that was looked at.
    listed: BTreeMap<PackageName, Vec<Listed>>,
    /// The steps, the pages last.
    steps: Vec<Step<Action>>,
    withdrawals: Vec<Withdrawal>,
}

/// What the index lies in.
#[derive(Debug)]
enum Home {
    Folder(PathBuf),
    Bucket(Box<Bucket>),
}

/// What is done to it.
#[derive(Debug)]
enum Action {
    /// Mark a file as yanked for that reason, or with `None` as yanked no more.
    Yank { path: ProjectPath, package: PackageName, target: String, reason: Option<String> },
    /// Remove a file with its metadata and its signature.
    Remove { path: ProjectPath, package: PackageName, target: String },
    /// Write the pages from what is there.
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
            Self::WritePages { target } => write!(f, "write the pages of {target} from what is there"),
        }
    }
}

impl Home {
    fn holds(&self, package: &PackageName, file_name: &str) -> Result<Option<Sha256>> {
        match self {
            Self::Folder(root) => Index::read(root).holds(package, file_name),
            Self::Bucket(bucket) => bucket.holds(package, file_name),
        }
    }

    fn files(&self, package: &PackageName) -> Result<Vec<Listed>> {
        match self {
            Self::Folder(root) => Index::read(root).files(package),
            Self::Bucket(bucket) => bucket.files(package),
        }
    }

    fn has_current_pages(&self, packages: &[PackageName]) -> Result<bool> {
        match self {
            // Where no index ever was, none is made.
            Self::Folder(root) if !root.join("simple").is_dir() => Ok(true),
            Self::Folder(root) => Index::read(root).has_current_pages(packages),
            Self::Bucket(bucket) => bucket.has_current_pages(packages),
        }
    }

    /// Why a file that should be there is not.
    fn absence(&self) -> String {
        match self {
            Self::Folder(root) if !root.join("simple").is_dir() => {
                format!("there is no index in `{}`", root.display())
            }
            _ => "it is not there any more".to_owned(),
        }
    }
}

impl Own {
    /// Plans for an index in a folder; `None` where that is one below a project that is not here.
    pub fn in_folder(target: &Target, circumstances: &Circumstances) -> Result<Option<Self>> {
        let root = match circumstances.project {
            Some(project) => project.root.join(&target.location),
            None if PathBuf::from(&target.location).is_absolute() => PathBuf::from(&target.location),
            None => return Ok(None),
        };
        Self::plan(Home::Folder(root), target, circumstances).map(Some)
    }

    /// Plans for an index in a bucket.
    pub fn in_bucket(target: &Target, circumstances: &Circumstances) -> Result<Self> {
        let bucket = Bucket::open(Location::parse(&target.location)?)?;
        Self::plan(Home::Bucket(Box::new(bucket)), target, circumstances)
    }

    fn plan(home: Home, target: &Target, circumstances: &Circumstances) -> Result<Self> {
        let intent = if let Manner::Yank(_) = circumstances.manner { Intent::Write } else { Intent::Remove };
        let (packages, listed, steps, withdrawals) = Default::default();
        let mut place = Self { home, intent, packages, listed, steps, withdrawals };
        for file in &target.files {
            place.plan_file(target, file, circumstances)?;
        }
        if place.packages.is_empty() {
            return Ok(place);
        }
        let pages = Action::WritePages { target: target.name.clone() };
        let packages: Vec<PackageName> = place.packages.iter().cloned().collect();
        let step = if place.has_work() || !place.home.has_current_pages(&packages)? {
            Step::Do(pages)
        } else {
            Step::skip(pages, "they list what is there already")
        };
        place.steps.push(step);
        Ok(place)
    }

    fn plan_file(
        &mut self,
        target: &Target,
        file: &Candidate,
        Circumstances { manner, memory, .. }: &Circumstances,
    ) -> Result<()> {
        let Some(package) = &file.package else { return Ok(()) };
        let (what, name) = (target.what(file), file.path.file_name());
        match self.home.holds(package, name)? {
            Some(found) if found == file.sha256 => self.plan_own(target, file, package, manner)?,
            Some(found) if file.is_stated => {
                let reason = format!("it has other bytes than the release, with the SHA-256 {found}");
                self.steps.push(Step::skip(action(target, file, package, manner), &reason));
                self.withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail: reason });
            }
            None if file.is_stated || memory.of(&what).is_some() => {
                let reason = self.home.absence();
                self.steps.push(Step::skip(action(target, file, package, manner), &reason));
                self.withdrawals.push(memory.gone(what, reason));
            }
            _ => return Ok(()),
        }
        self.packages.insert(package.clone());
        Ok(())
    }

    /// Plans for a file that is there with the bytes of the release.
    fn plan_own(
        &mut self,
        target: &Target,
        file: &Candidate,
        package: &PackageName,
        manner: &Manner,
    ) -> Result<()> {
        let action = action(target, file, package, manner);
        let yanked = self.yanked(package, file.path.file_name())?;
        let (step, detail) = match (manner, yanked) {
            (Manner::Delete, _) => (Step::Do(action), "removed from the index".to_owned()),
            (Manner::Yank(_), Some(reason)) => {
                (Step::skip(action, "it is yanked already"), format!("yanked: {reason}"))
            }
            (Manner::Yank(reason), None) => (Step::Do(action), format!("yanked: {reason}")),
            (Manner::Unyank, Some(_)) => (Step::Do(action), String::new()),
            (Manner::Unyank, None) => (Step::skip(action, "it is not yanked"), String::new()),
        };
        self.steps.push(step);
        if *manner != Manner::Unyank {
            self.withdrawals.push(withdrawn(target.what(file), detail));
        }
        Ok(())
    }

    /// The reason why a file was yanked; `None` when it was not.
    fn yanked(&mut self, package: &PackageName, file_name: &str) -> Result<Option<String>> {
        if !self.listed.contains_key(package) {
            self.listed.insert(package.clone(), self.home.files(package)?);
        }
        let mut files = self.listed.get(package).into_iter().flatten();
        Ok(files.find(|file| file.file_name == file_name).and_then(|file| file.yanked.clone()))
    }

    fn has_work(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Do(_)))
    }
}

fn action(target: &Target, file: &Candidate, package: &PackageName, manner: &Manner) -> Action {
    let (path, package, target) = (file.path.clone(), package.clone(), target.name.clone());
    match manner {
        Manner::Yank(reason) => Action::Yank { path, package, target, reason: Some(reason.clone()) },
        Manner::Unyank => Action::Yank { path, package, target, reason: None },
        Manner::Delete => Action::Remove { path, package, target },
    }
}

impl Place for Own {
    fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    fn check_access(&self) -> Result<()> {
        match &self.home {
            Home::Bucket(bucket) if self.has_work() => bucket.check_access(self.intent),
            _ => Ok(()),
        }
    }

    /// The index is opened only where something is done, for in a folder that makes a lock file.
    fn carry_out(&self, stage: &Stage) -> Result<()> {
        if !self.has_work() || stage.is_dry_run() {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        }
        match &self.home {
            Home::Folder(root) => {
                let mut index = Index::open(root)?;
                stage.perform(&self.steps, |action| {
                    match action {
                        Action::Yank { path, package, reason, .. } => {
                            index.yank(package, path.file_name(), reason.as_deref())?;
                        }
                        Action::Remove { path, package, .. } => {
                            index.remove(package, path.file_name())?;
                        }
                        Action::WritePages { .. } => {
                            self.packages.iter().for_each(|package| index.touch(package));
                            index.write_pages()?;
                        }
                    }
                    Ok(Outcome::Done)
                })
            }
            Home::Bucket(bucket) => stage.perform(&self.steps, |action| {
                match action {
                    Action::Yank { path, package, reason, .. } => {
                        bucket.yank(package, path.file_name(), reason.as_deref())?;
                    }
                    Action::Remove { path, package, .. } => {
                        bucket.remove(package, path.file_name())?;
                    }
                    Action::WritePages { .. } => {
                        bucket.write_pages(&[self.packages.iter().cloned().collect()])?;
                    }
                }
                Ok(Outcome::Done)
            }),
        }
    }
}
