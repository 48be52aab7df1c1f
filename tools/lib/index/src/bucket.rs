//! An index in a bucket: many may publish at once, files are written once, and pages by comparing first.
//!
//! The files are the truth, as in a folder, and the pages follow from them. There is no lock: a page is replaced
//! only where it still is what it was when it was read, else it is read and made again.

mod access;
mod clock;
mod connect;
mod credentials;
mod explain;
mod google;
mod inspect;
mod location;
mod microsoft;
mod pages;
mod profile;
mod store;
mod stretch;
mod traffic;
mod upload;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use distribution::{FileName, sdist};
use document::{ArtifactKind, Failure, PackageName, Sha256, Version};
use rayon::prelude::*;

pub use access::Intent;
pub use location::{Kind, Location, simple_url};

pub(crate) use self::pages::busy;
use self::store::Head;
pub(crate) use self::store::{Object, Store, pause};
use self::upload::{Body, Created};
use crate::listing::{Listed, check_name, digest_of};
use crate::publish::{Added, taken_at, wheel_metadata};

/// How many requests are under way at once.
const WIDTH: usize = 32;

/// An index in a bucket, as it was when it was opened, with what was done to it since.
#[derive(Debug)]
pub struct Bucket {
    store: Store,
    url: String,
    /// What the one list of a run found, by path below the index.
    objects: BTreeMap<String, Object>,
    /// The files that were looked at or published, by path below the index.
    known: Mutex<BTreeMap<String, Listed>>,
    /// The metadata of wheels that were published, by path below the index.
    metadata: Mutex<HashMap<String, Vec<u8>>>,
    /// Those of them that are not in the bucket, as somebody else has put the wheel there, by path below the index.
    unwritten: Mutex<BTreeMap<String, Vec<u8>>>,
    /// What the pages must say about files in place of what they said.
    changes: Mutex<BTreeMap<String, Change>>,
    /// What the pages say that were written last.
    written: Mutex<HashMap<PackageName, Vec<Listed>>>,
    /// Nothing that a page says about a file is taken over, but that it was yanked.
    is_rebuilt: bool,
    pool: rayon::ThreadPool,
}

/// A change that only pages show.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// The file is not there any more.
    Removed,
    /// The file was yanked for this reason, or is not yanked any more.
    Yanked(Option<String>),
}

impl Bucket {
    /// Opens the index and lists what is in it, which takes the right to list. Nothing is written.
    pub fn open(location: Location) -> Result<Self> {
        let store = Store::open(location)?;
        let url = store.location.public_url();
        let objects = store.list("simple/")?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(WIDTH).build()?;
        Ok(Self {
            store,
            url,
            objects,
            known: Mutex::default(),
            metadata: Mutex::default(),
            unwritten: Mutex::default(),
            changes: Mutex::default(),
            written: Mutex::default(),
            is_rebuilt: false,
            pool,
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The URL of `simple/` that people install from, with `/` at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has somebody hear of the bytes of large files as they go up and, where they are read back, come down; of a
    /// negative number where a request with them has failed.
    pub fn hear(&self, hearer: impl Fn(i64) + Send + Sync + 'static) {
        self.store.traffic.hear(hearer);
    }

    /// Does a job for each item, many at once; the results stand in the order of the items.
    pub fn each<T: Sync, R: Send>(
        &self,
        items: &[T],
        job: impl Fn(&T) -> Result<R> + Send + Sync,
    ) -> Result<Vec<R>> {
        self.pool.install(|| items.par_iter().map(job).collect())
    }

    /// Returns the digest of a published file; `None` when the index has no file of that name.
    pub fn holds(&self, package: &PackageName, file_name: &str) -> Result<Option<Sha256>> {
        let below = below(package, file_name)?;
        if let Some(known) = locked(&self.known).get(&below) {
            return Ok(Some(known.sha256.clone()));
        }
        if !self.objects.contains_key(&below) {
            return Ok(None);
        }
        match self.store.head(&below)? {
            Some(Head { sha256: Some(sha256), .. }) => Ok(Some(sha256)),
            Some(_) => self.store.stream(&below, |_| Ok(())),
            None => Ok(None),
        }
    }

    /// Says whether a file was published with these bytes; other bytes of its name are an error with both digests.
    pub fn has(&self, package: &PackageName, file_name: &str, sha256: &Sha256) -> Result<bool> {
        match self.holds(package, file_name)? {
            Some(published) if published != *sha256 => {
                let place = self.store.location.name(&below(package, file_name)?);
                Err(taken_at(&place, published.as_str(), sha256))
            }
            published => Ok(published.is_some()),
        }
    }

    /// Returns the bytes of a file beside the published ones, such as a signature; `None` when it is not there.
    pub fn side_file(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>> {
        let below = below(package, file_name)?;
        let read = if self.is_listed(&below) { self.store.read(&below)? } else { None };
        Ok(read.map(|(bytes, _)| bytes))
    }

    pub(crate) fn is_listed(&self, below: &str) -> bool {
        self.objects.contains_key(below)
    }

    /// Lists the packages that have at least one file, sorted by name.
    pub fn packages(&self) -> Result<Vec<PackageName>> {
        let mut packages = BTreeSet::new();
        for path in self.paths("simple/") {
            if let Some((package, _)) = distribution_at(&path) {
                packages.insert(package);
            }
        }
        Ok(packages.into_iter().collect())
    }

    /// Says whether a package has a file.
    pub fn has_package(&self, package: &PackageName) -> Result<bool> {
        Ok(self.paths(&format!("simple/{package}/")).iter().any(|path| distribution_at(path).is_some()))
    }

    /// Lists the versions of a package that have a file, in ascending order (PEP 440).
    pub fn versions(&self, package: &PackageName) -> Result<Vec<Version>> {
        let paths = self.paths(&format!("simple/{package}/"));
        let mut versions: Vec<Version> =
            paths.iter().filter_map(|path| Some(distribution_at(path)?.1.version)).collect();
        versions.sort();
        versions.dedup();
        Ok(versions)
    }

    /// Lists the files of a package, sorted by version and then by name.
    pub fn files(&self, package: &PackageName) -> Result<Vec<Listed>> {
        if let Some(written) = locked(&self.written).get(package) {
            return Ok(written.clone());
        }
        self.merged(package, &self.page(package)?)
    }

    /// The metadata beside a wheel; `None` when there is none.
    pub fn metadata(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>> {
        let below = below(package, &format!("{file_name}.metadata"))?;
        if let Some(known) = locked(&self.metadata).get(&below) {
            return Ok(Some(known.clone()));
        }
        Ok(self.store.read(&below)?.map(|(bytes, _)| bytes))
    }

    /// Publishes a wheel or sdist whose bytes have the given digest, and the metadata of a wheel beside it.
    ///
    /// Other bytes of that name are an error that names both digests: no published file is ever replaced.
    pub fn add(
        &self,
        package: &PackageName,
        source: &Path,
        file_name: &str,
        sha256: &Sha256,
        is_paranoid: bool,
    ) -> Result<Added> {
        let path = below(package, file_name)?;
        let parsed = FileName::parse(file_name)?;
        if parsed.name != *package {
            let what =
                format!("cannot publish `{file_name}` for `{package}`: its name says `{}`", parsed.name);
            return Err(Failure::new(what).hint("build it again with `build-wheels`").into());
        }
        let version = parsed.version.clone();
        let (metadata, requires_python) = told_by(source, parsed)?;
        let beside = format!("{path}.metadata");
        if let (Some(bytes), true) = (&metadata, self.objects.contains_key(&beside)) {
            // Before the file itself: afterwards it could not be taken back.
            self.expect_same(&beside, bytes)?;
        }
        let size =
            std::fs::metadata(source).map_err(|cause| crate::place::failure("read", source, &cause))?.len();
        let created = self.store.create(&path, Body::File(source, size), sha256)?;
        let (head, added) = match created {
            Created::New(head) => (head, Added::New),
            Created::There(head) => {
                let found = match &head.sha256 {
                    Some(found) => Some(found.clone()),
                    None => self.store.stream(&path, |_| Ok(()))?,
                };
                if let Some(found) = found.filter(|found| found != sha256) {
                    return Err(taken_at(&self.store.location.name(&path), found.as_str(), sha256));
                }
                (head, Added::Same)
            }
        };
        if is_paranoid {
            self.read_whole(&path, sha256)?;
        }
        if let Some(bytes) = &metadata {
            if let Created::There(_) = self.store.create(&beside, Body::Bytes(bytes), &digest_of(bytes))? {
                self.expect_same(&beside, bytes)?;
            }
            locked(&self.metadata).insert(beside, bytes.clone());
        }
        let listed = Listed {
            file_name: file_name.to_owned(),
            version,
            size,
            sha256: sha256.clone(),
            requires_python,
            metadata: metadata.as_deref().map(digest_of),
            yanked: None,
            uploaded: Some(head.object.modified),
        };
        locked(&self.known).insert(path, listed);
        Ok(added)
    }

    /// Puts a file beside the published ones: a signature, a list of checksums. One that is there stays.
    pub fn add_side_file(&self, package: &PackageName, source: &Path, file_name: &str) -> Result<Added> {
        let path = below(package, file_name)?;
        let bytes = std::fs::read(source).map_err(|cause| crate::place::failure("read", source, &cause))?;
        let sha256 = digest_of(&bytes);
        Ok(match self.store.create(&path, Body::Bytes(&bytes), &sha256)? {
            Created::New(_) => Added::New,
            Created::There(head) if head.sha256 == Some(sha256) => Added::Same,
            Created::There(_) => Added::Kept,
        })
    }

    /// Removes a file with its metadata and the side files `<file>.*`; false when the file was not there.
    pub fn remove(&self, package: &PackageName, file_name: &str) -> Result<bool> {
        let path = below(package, file_name)?;
        let prefix = format!("{path}.");
        // The file goes last, so that a run that was cut short is seen and finished by the next one.
        let beside: Vec<&String> = self.objects.keys().filter(|key| key.starts_with(&prefix)).collect();
        self.each(&beside, |key| self.store.delete(key))?;
        self.store.delete(&path)?;
        locked(&self.known).remove(&path);
        locked(&self.changes).insert(path.clone(), Change::Removed);
        Ok(self.objects.contains_key(&path))
    }

    /// Marks a file as yanked for a reason (PEP 592), or with `None` as yanked no more; its bytes stay.
    ///
    /// The reason lies in `<file>.yanked` too, which brings it back when a page is lost.
    pub fn yank(&self, package: &PackageName, file_name: &str, reason: Option<&str>) -> Result<()> {
        let path = below(package, file_name)?;
        let beside = format!("{path}.yanked");
        match reason {
            Some(reason) => {
                let bytes = reason.as_bytes().to_vec();
                let mode = object_store::PutMode::Overwrite;
                let put = self.store.put(&beside, bytes.into(), mode, Some(&digest_of(reason.as_bytes())))?;
                put.map_err(|error| self.store.explain(explain::Request::Write, &beside, &error))?;
            }
            None => self.store.delete(&beside)?,
        }
        locked(&self.changes).insert(path, Change::Yanked(reason.map(str::to_owned)));
        Ok(())
    }

    /// Has the pages made from the objects alone, whatever the pages say now.
    pub fn rebuild(&mut self) {
        self.is_rebuilt = true;
    }

    /// What was listed below a folder or published there since, without what was removed.
    fn paths(&self, folder: &str) -> BTreeSet<String> {
        let known = locked(&self.known);
        let changes = locked(&self.changes);
        let all = below_folder(&self.objects, folder).chain(below_folder(&known, folder));
        all.filter(|path| changes.get(*path) != Some(&Change::Removed)).cloned().collect()
    }

    fn expect_same(&self, below: &str, bytes: &[u8]) -> Result<()> {
        match self.store.read(below)? {
            Some((present, _)) if present != bytes => {
                let found = digest_of(&present);
                Err(taken_at(&self.store.location.name(below), found.as_str(), &digest_of(bytes)))
            }
            _ => Ok(()),
        }
    }

    fn read_whole(&self, below: &str, sha256: &Sha256) -> Result<()> {
        match self.store.stream(below, |_| Ok(()))? {
            Some(found) if found == *sha256 => Ok(()),
            found => {
                let found = found.map_or_else(|| "nothing".to_owned(), |found| found.to_string());
                Err(taken_at(&self.store.location.name(below), &found, sha256))
            }
        }
    }
}

/// The path of a file of a package below the index; refuses a name that leaves its folder.
fn below(package: &PackageName, file_name: &str) -> Result<String> {
    check_name(file_name)?;
    Ok(format!("simple/{package}/{file_name}"))
}

/// The package and the parsed name of a wheel or sdist at a path below the index; `None` for all else.
fn distribution_at(path: &str) -> Option<(PackageName, FileName)> {
    let (folder, file_name) = path.strip_prefix("simple/")?.split_once('/')?;
    let package: PackageName = folder.parse().ok()?;
    let parsed = FileName::parse(file_name).ok()?;
    (parsed.name == package && !file_name.contains('/')).then_some((package, parsed))
}

/// The keys below a folder, in their order.
fn below_folder<'a, T>(all: &'a BTreeMap<String, T>, folder: &'a str) -> impl Iterator<Item = &'a String> {
    all.range(folder.to_owned()..).map(|(path, _)| path).take_while(move |path| path.starts_with(folder))
}

/// A panic of another thread ends the run anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The metadata of a wheel, and the Pythons that a wheel or sdist says it is for.
fn told_by(source: &Path, name: FileName) -> Result<(Option<Vec<u8>>, Option<String>)> {
    match name.kind() {
        ArtifactKind::Wheel => {
            let bytes = wheel_metadata(source, name)?;
            let requires = distribution::Metadata::parse(&bytes)?.requires_python;
            Ok((Some(bytes), requires))
        }
        ArtifactKind::Sdist => Ok((None, sdist::metadata(source)?.requires_python)),
    }
}
