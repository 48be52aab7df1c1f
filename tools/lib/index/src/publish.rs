//! Changing an index: adding and removing files, and writing the pages that follow from them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use distribution::wheel::Wheel;
use distribution::{FileName, sdist};
use document::{ArtifactKind, Failure, PackageName, Sha256};
use rayon::prelude::*;

use crate::batch::Batch;
use crate::foreign::unlistable;
use crate::listing::{Listing, digest_of, distribution, names, read};
use crate::{page, place};

/// An index that nobody else can change while this value lives. It reads as a [`Listing`] does.
#[derive(Debug)]
pub struct Index {
    listing: Listing,
    touched: BTreeSet<PackageName>,
    _lock: File,
}

/// What came of adding a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New,
    /// It was there already, with the same bytes.
    Same,
    /// A side file of that name was there already with other bytes, and was left as it is.
    Kept,
    /// A document was there already, and both together are there now.
    Joined,
}

impl Deref for Index {
    type Target = Listing;

    fn deref(&self) -> &Listing {
        &self.listing
    }
}

impl Index {
    /// Opens the index in a folder and makes the folder when it is absent.
    ///
    /// Waits until no other process has it open: the lock is on `.lock` in the folder.
    pub fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|cause| place::failure("make the folder", root, &cause))?;
        let path = root.join(".lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(|cause| place::failure("write", &path, &cause))?;
        lock.lock().map_err(|cause| place::failure("lock", &path, &cause))?;
        Ok(Self { listing: Listing::of(root), touched: BTreeSet::new(), _lock: lock })
    }

    /// Returns a view of the index in a folder, which need not exist; makes nothing and takes no lock.
    pub fn read(root: &Path) -> Listing {
        Listing::of(root)
    }

    /// Publishes a wheel or sdist whose bytes have the given digest, and the metadata of a wheel beside it.
    ///
    /// The bytes are copied, hashed on the way, brought to the disk, and only then given their name. Other bytes
    /// of that name are an error that names both digests: no published file is ever replaced.
    pub fn add(
        &mut self,
        package: &PackageName,
        source: &Path,
        file_name: &str,
        sha256: &Sha256,
    ) -> Result<Added> {
        let target = self.path(package, file_name)?;
        let parsed = FileName::parse(file_name)?;
        if parsed.name != *package {
            let message =
                format!("cannot publish `{file_name}` for `{package}`: its name says `{}`", parsed.name);
            return Err(Failure::new(message).hint("build it again with `build-wheels`").into());
        }
        let published = self.has(package, file_name, sha256)?;
        let folder = self.make_folder(package)?;
        let (copy, digest) = place::copy(source, &folder)?;
        if digest != *sha256 {
            let source = source.display();
            let cause = format!("its digest is {digest}, and it was built with {sha256}");
            return Err(Failure::new(format!("cannot publish `{source}`: {cause}"))
                .hint("run the release again from `build-wheels`")
                .into());
        }
        let metadata = match parsed.kind() {
            ArtifactKind::Wheel => Some(wheel_metadata(copy.path(), parsed)?),
            ArtifactKind::Sdist => sdist::metadata(copy.path()).map(|_| None)?,
        };
        let metadata_target = folder.join(format!("{file_name}.metadata"));
        if let Some(bytes) = &metadata {
            // Before the file itself: afterwards it could not be taken back.
            expect_same(&metadata_target, bytes)?;
        }
        self.touched.insert(package.clone());
        let is_new = !published && place::publish(copy, &target)?;
        if !published && !is_new && self.holds(package, file_name)?.as_ref() != Some(sha256) {
            return Err(Failure::new(format!(
                "cannot publish `{}`: another process put it there",
                target.display()
            ))
            .hint("run the same command again")
            .into());
        }
        if let Some(bytes) = &metadata
            && !place::publish(place::write(bytes, &folder)?, &metadata_target)?
        {
            expect_same(&metadata_target, bytes)?;
        }
        Ok(if is_new { Added::New } else { Added::Same })
    }

    /// Puts a file beside the published ones: a signature, a list of checksums. It appears on no page.
    ///
    /// One that is there already stays, whatever its bytes: [`Listing::side_file`] returns them, and the caller
    /// decides.
    pub fn add_side_file(&mut self, package: &PackageName, source: &Path, file_name: &str) -> Result<Added> {
        let target = self.path(package, file_name)?;
        if FileName::parse(file_name).is_ok() {
            return Err(Failure::new(format!(
                "cannot put `{file_name}` beside the files of `{package}`: it is one of them"
            ))
            .hint("name it after the file that it is about, with an ending of its own")
            .into());
        }
        let folder = self.make_folder(package)?;
        let (copy, digest) = place::copy(source, &folder)?;
        if place::publish(copy, &target)? {
            return Ok(Added::New);
        }
        let same = self.holds(package, file_name)?.as_ref() == Some(&digest);
        Ok(if same { Added::Same } else { Added::Kept })
    }

    /// Removes a file with its metadata and the side files `<file>.*`; false when the file was not there.
    pub fn remove(&mut self, package: &PackageName, file_name: &str) -> Result<bool> {
        let target = self.path(package, file_name)?;
        self.touched.insert(package.clone());
        let folder = self.folder(package);
        let prefix = format!("{file_name}.");
        // The file goes last, so that a run that was cut short is seen and finished by the next one.
        for name in names(&folder)?.iter().filter(|name| name.starts_with(&prefix)) {
            place::remove(&folder.join(name))?;
        }
        place::remove(&target)
    }

    /// Marks a file as yanked for a reason (PEP 592), or with `None` as yanked no more; its bytes stay.
    ///
    /// The reason lies in `<file>.yanked`, which brings it back when a page is lost.
    pub fn yank(&mut self, package: &PackageName, file_name: &str, reason: Option<&str>) -> Result<()> {
        let (file, beside) =
            (self.path(package, file_name)?, self.path(package, &format!("{file_name}.yanked"))?);
        self.touched.insert(package.clone());
        match reason {
            Some(reason) => {
                let folder = self.make_folder(package)?;
                place::replace(&beside, &folder, reason.as_bytes())?;
            }
            None => {
                place::remove(&beside)?;
                self.listing.free(file);
            }
        }
        Ok(())
    }

    /// Has [`Index::write_pages`] write the pages of a package whose files are as they should be already.
    pub fn touch(&mut self, package: &PackageName) {
        self.touched.insert(package.clone());
    }

    /// Writes the pages of every package that was touched, and those that list the packages, from the files.
    ///
    /// Equal files give equal bytes. A page is replaced in one step, and only when its bytes differ. A package
    /// without files loses its pages, and its folder when nothing else is in it. Returns the paths below the root
    /// that changed, with `/` between their parts.
    pub fn write_pages(&mut self) -> Result<Vec<String>> {
        place::sweep(&self.simple(), &names(&self.simple())?)?;
        let touched: Vec<&PackageName> = self.touched.iter().collect();
        let metadata = touched.par_iter().map(|package| self.missing_metadata(package));
        let mut changed = Batch::finish(self.root(), metadata.collect::<Result<_>>()?)?;
        let pages = touched.par_iter().map(|package| self.project_pages(package));
        changed.extend(Batch::finish(self.root(), pages.collect::<Result<_>>()?)?);
        let packages = self.packages()?;
        let simple = self.simple();
        place::make_folder(self.root(), &simple)?;
        let mut root = Batch::default();
        root.replace(simple.join("index.json"), printed(page::root_json(&packages))?.as_bytes(), None)?;
        root.replace(simple.join("index.html"), page::root_html(&packages).as_bytes(), None)?;
        changed.extend(Batch::finish(self.root(), vec![root])?);
        for package in touched.iter().filter(|package| packages.binary_search(package).is_err()) {
            self.clear(package, &mut changed)?;
        }
        let mut changed: Vec<String> = changed.iter().map(|path| self.below_root(path)).collect();
        changed.sort();
        self.touched.clear();
        Ok(changed)
    }

    /// The metadata of wheels that lie there without.
    fn missing_metadata(&self, package: &PackageName) -> Result<Batch> {
        let folder = self.folder(package);
        let names = names(&folder)?;
        place::sweep(&folder, &names)?;
        let mut missing = Batch::default();
        for name in &names {
            let metadata = format!("{name}.metadata");
            if let Some(parsed) = distribution(package, name)
                && parsed.kind() == ArtifactKind::Wheel
                && names.binary_search(&metadata).is_err()
            {
                let wheel = folder.join(name);
                let bytes = wheel_metadata(&wheel, parsed);
                let bytes =
                    bytes.map_err(|error| unlistable(&error, &wheel, &wheel.display().to_string()))?;
                missing.add(folder.join(metadata), &bytes, None)?;
            }
        }
        Ok(missing)
    }

    /// The pages of a package that are not as its files make them; none for a package without files.
    ///
    /// A page in JSON is as old as what it says, for only files that are older are known by it and need not be hashed
    /// again.
    fn project_pages(&self, package: &PackageName) -> Result<Batch> {
        let mut pages = Batch::default();
        let before = SystemTime::now();
        let (files, are_older) = self.files_by_age(package)?;
        if files.is_empty() {
            return Ok(pages);
        }
        let folder = self.folder(package);
        let json = folder.join("index.json");
        let text = printed(page::project_json(package, &files))?;
        if !pages.replace(json.clone(), text.as_bytes(), Some(before))? && !are_older {
            let dated = File::options().append(true).open(&json).and_then(|page| page.set_modified(before));
            dated.map_err(|cause| place::failure("write", &json, &cause))?;
        }
        let html = page::project_html(package, &files, None);
        pages.replace(folder.join("index.html"), html.as_bytes(), None)?;
        Ok(pages)
    }

    /// Removes the pages of a package without files, and its folder unless something else is in it.
    fn clear(&self, package: &PackageName, changed: &mut Vec<PathBuf>) -> Result<()> {
        let folder = self.folder(package);
        for name in ["index.html", "index.json"] {
            let path = folder.join(name);
            if place::remove(&path)? {
                changed.push(path);
            }
        }
        match fs::remove_dir(&folder) {
            Err(cause)
                if !matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) =>
            {
                Err(place::failure("remove", &folder, &cause))
            }
            _ => Ok(()),
        }
    }

    fn below_root(&self, path: &Path) -> String {
        let below = path.strip_prefix(self.root()).unwrap_or(path);
        below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    fn make_folder(&self, package: &PackageName) -> Result<PathBuf> {
        let folder = self.folder(package);
        place::make_folder(self.root(), &folder)?;
        Ok(folder)
    }
}

/// The METADATA of a wheel, which must be readable: an index that lists others fails at every install.
pub(crate) fn wheel_metadata(path: &Path, name: FileName) -> Result<Vec<u8>> {
    let mut wheel = Wheel::open_as(path, name)?;
    wheel.metadata()?;
    wheel.metadata_bytes()
}

/// Refuses other bytes where a wheel's metadata belong; their absence is no fault.
fn expect_same(target: &Path, bytes: &[u8]) -> Result<()> {
    match read(target)? {
        Some(present) if present != bytes => Err(taken(target, &digest_of(&present), &digest_of(bytes))),
        _ => Ok(()),
    }
}

pub(crate) fn taken(target: &Path, published: &Sha256, offered: &Sha256) -> anyhow::Error {
    taken_at(&target.display().to_string(), published.as_str(), offered)
}

/// The error of other bytes at a place; what is there is a digest, or all that is known of it.
pub(crate) fn taken_at(place: &str, published: &str, offered: &Sha256) -> anyhow::Error {
    let cause = format!("it is there with digest {published}, and this one has {offered}");
    Failure::new(format!("cannot publish `{place}`: {cause}; no published file is ever replaced"))
        .hint("release a new version, or take the old file back with `rollback`")
        .into()
}

pub(crate) fn printed(page: serde_json::Result<String>) -> Result<String> {
    page.map_err(|cause| {
        Failure::new(format!("cannot print a page of the index: {cause}"))
            .hint("report this as a fault of Wainwright")
            .into()
    })
}
