//! The places that files are published to, one kind each.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{PackageName, Version};
use filter::{Outcome, Stage, Step};
use index::{Bucket, Index, Intent, Listing, Location};
use project::{Project, TargetSettings};

use crate::parcel::{File, Parcel};

/// One target of release.toml.
#[derive(Debug)]
pub struct Place {
    /// The target's name.
    pub name: String,
    /// Where it is, as release.toml has it.
    pub location: String,
    sort: String,
    kind: Kind,
}

/// What a place is, with what is needed to reach it.
#[derive(Debug)]
enum Kind {
    /// An index in a folder, with the URL that people install from where release.toml has one.
    Directory { root: PathBuf, url: Option<String> },
    /// An index in a bucket.
    Bucket(Box<Bucket>),
}

/// What is done to a place.
#[derive(Debug)]
pub enum Action<'a> {
    /// Publish the files of a parcel, with their metadata and signatures.
    Publish { parcel: &'a Parcel, place: &'a str },
    /// Write the pages that list the files, which is what makes them visible.
    WritePages { place: &'a str },
}

impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { parcel, place } => write!(f, "publish {} to {place}", parcel.pattern),
            Self::WritePages { place } => write!(f, "write the pages of {place}"),
        }
    }
}

impl Place {
    /// The place of a target. A bucket is listed, so the error of one that cannot be reached comes here.
    pub fn of(project: &Project, target: &TargetSettings) -> Result<Self> {
        let location = target.location()?;
        let kind = match target.folder() {
            Some(folder) => Kind::Directory { root: project.root.join(folder), url: target.url.clone() },
            None => Kind::Bucket(Box::new(Bucket::open(Location::parse(&location)?)?)),
        };
        Ok(Self { name: target.name.clone(), location, sort: target.kind.to_string(), kind })
    }

    /// The kind in the words of the release document.
    pub fn kind(&self) -> &str {
        &self.sort
    }

    /// The versions of a package that are there.
    pub fn versions(&self, package: &PackageName) -> Result<Vec<Version>> {
        match &self.kind {
            Kind::Directory { root, .. } => Index::read(root).versions(package),
            Kind::Bucket(bucket) => bucket.versions(package),
        }
    }

    /// Refuses a place that nothing can be written to, before anything is written to any.
    pub fn check_access(&self) -> Result<()> {
        match &self.kind {
            Kind::Directory { .. } => Ok(()),
            Kind::Bucket(bucket) => bucket.check_access(Intent::Write),
        }
    }

    /// Plans what is missing there. Reads only; other bytes under a name of ours are an error.
    pub fn plan<'a>(&'a self, parcels: &'a [Parcel]) -> Result<Vec<Step<Action<'a>>>> {
        let held = match &self.kind {
            Kind::Directory { root, .. } => {
                let listing = Index::read(root);
                parcels.iter().map(|parcel| holds(&listing, parcel)).collect::<Result<Vec<_>>>()?
            }
            Kind::Bucket(bucket) => crate::bucket::held(bucket, parcels)?,
        };
        let mut steps = Vec::new();
        for (parcel, is_held) in parcels.iter().zip(held) {
            let action = Action::Publish { parcel, place: &self.name };
            steps.push(if is_held {
                Step::skip(action, "it is there already, with the same bytes")
            } else {
                Step::Do(action)
            });
        }
        let pages = Action::WritePages { place: &self.name };
        let is_complete = steps.iter().all(|step| matches!(step, Step::Skip { .. }));
        let has_pages = || match &self.kind {
            Kind::Directory { root, .. } => Index::read(root).has_current_pages(&names(parcels)),
            Kind::Bucket(bucket) => bucket.has_current_pages(&names(parcels)),
        };
        steps.push(if is_complete && has_pages()? {
            Step::skip(pages, "they list these files already")
        } else {
            Step::Do(pages)
        });
        Ok(steps)
    }

    /// Carries a plan out; the pages come last, so that they never list what is not there.
    pub fn carry_out(
        &self,
        parcels: &[Parcel],
        plan: &[Step<Action>],
        is_paranoid: bool,
        stage: &Stage,
    ) -> Result<()> {
        let is_idle = plan.iter().all(|step| matches!(step, Step::Skip { .. }));
        if is_idle || stage.is_dry_run() {
            return stage.perform(plan, |_| Ok(Outcome::Done));
        }
        let root = match &self.kind {
            Kind::Directory { root, .. } => root,
            Kind::Bucket(bucket) => {
                return crate::bucket::carry_out(bucket, parcels, plan, is_paranoid, stage);
            }
        };
        let mut index = Index::open(root)?;
        stage.perform(plan, |action| match action {
            Action::Publish { parcel, .. } => publish(&mut index, parcel).map(Outcome::Noted),
            Action::WritePages { .. } => {
                // Also those of packages whose files are all there: a killed run may have left them unwritten.
                names(parcels).iter().for_each(|package| index.touch(package));
                index.write_pages().map(|_| Outcome::Done)
            }
        })
    }

    /// The lines that tell people how to install the packages from there.
    pub fn advice(&self, packages: &[PackageName]) -> Result<Vec<String>> {
        let (root, url) = match &self.kind {
            Kind::Directory { root, url } => (root, url),
            Kind::Bucket(bucket) => {
                return crate::advice::lines(bucket.as_ref(), bucket.url(), &self.name, packages);
            }
        };
        let root = root.canonicalize().with_context(|| format!("cannot open `{}`", root.display()))?;
        let url = url.as_deref().map_or_else(|| file_url(&root.join("simple")), index::simple_url);
        crate::advice::lines(&Index::read(&root), &url, &self.name, packages)
    }

    /// Writes every page again from the files that are there.
    pub fn rebuild(&mut self, stage: &Stage) -> Result<()> {
        stage.action(format!("write every page of {} from the files that are there", self.name));
        if stage.is_dry_run() {
            return Ok(());
        }
        let changed = match &mut self.kind {
            Kind::Directory { root, .. } => {
                let mut index = Index::open(root)?;
                index.packages()?.iter().for_each(|package| index.touch(package));
                index.write_pages()?
            }
            Kind::Bucket(bucket) => {
                bucket.check_access(Intent::Write)?;
                bucket.rebuild();
                bucket.write_pages(&[bucket.everything()?])?
            }
        };
        stage.note(format!("{} of its pages and metadata files were not as they should be", changed.len()));
        Ok(())
    }
}

/// Says whether every file of a parcel is there with its signature.
fn holds(listing: &Listing, parcel: &Parcel) -> Result<bool> {
    let mut holds_all = !parcel.files.is_empty();
    for file in &parcel.files {
        holds_all &= listing.has(&parcel.package, file.name(), &file.sha256)?;
        if let Some(signature) = file.signature_name() {
            holds_all &= listing.side_file(&parcel.package, &signature)?.is_some();
        }
    }
    Ok(holds_all)
}

fn publish(index: &mut Index, parcel: &Parcel) -> Result<String> {
    let package = &parcel.package;
    let mut done = Vec::new();
    for file in &parcel.files {
        let File { source, sha256, .. } = file;
        let publish = |index: &mut Index| -> Result<()> {
            index.add(package, source, file.name(), sha256)?;
            if let (Some(from), Some(name)) = (&file.signature, file.signature_name()) {
                // Signatures differ each time they are made; one that is there verifies the same bytes.
                index.add_side_file(package, from, &name)?;
            }
            Ok(())
        };
        publish(index).with_context(|| format!("cannot publish `{}`", file.path))?;
        let signed = if file.signature.is_some() { "with its signature" } else { "without a signature" };
        done.push(format!("{} {signed}", file.name()));
    }
    Ok(done.join(", "))
}

/// The packages of parcels, sorted.
pub fn names(parcels: &[Parcel]) -> Vec<PackageName> {
    let mut names: Vec<_> = parcels.iter().map(|parcel| parcel.package.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// The URL of a folder (RFC 8089), with `/` at its end.
fn file_url(folder: &Path) -> String {
    let mut url = "file://".to_owned();
    for part in folder.iter().map(|part| part.to_string_lossy()).filter(|part| part != "/") {
        url.push('/');
        for byte in part.bytes() {
            match byte {
                b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => url.push(char::from(b)),
                b => url.push_str(&format!("%{b:02X}")),
            }
        }
    }
    url + "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_spaces_has_a_url() {
        assert_eq!(file_url(Path::new("/a b/ä/simple")), "file:///a%20b/%C3%A4/simple/");
    }
}
