//! What an index holds, read without changing anything.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use distribution::wheel::Wheel;
use distribution::{FileName, Metadata, sdist};
use document::{ArtifactKind, Failure, PackageName, Sha256, Version};
use rayon::prelude::*;

use crate::ServedFile;
use crate::foreign::unlistable;
use crate::page::{self, FileEntry, ProjectPage};
use crate::place::failure;
use crate::publish::printed;

/// A view of an index. An absent root is an empty index.
#[derive(Debug, Clone)]
pub struct Listing {
    root: PathBuf,
    /// The files that are yanked no more, whatever a page says.
    freed: HashSet<PathBuf>,
}

/// One file of an index, with what the pages say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name of the wheel or sdist.
    pub file_name: String,
    /// The version in the name (PEP 440).
    pub version: Version,
    /// The size in bytes.
    pub size: u64,
    /// The digest of the file.
    pub sha256: Sha256,
    /// `Requires-Python` of its metadata.
    pub requires_python: Option<String>,
    /// The digest of `<wheel>.metadata` (PEP 658); `None` for an sdist, and for a wheel without that file.
    pub metadata: Option<Sha256>,
    /// The reason why the file was yanked (PEP 592), empty when none was given; `None` when it was not.
    pub yanked: Option<String>,
    /// When it was published, as the store has it (RFC 3339, UTC); `None` in a folder, which has no memory of it.
    pub uploaded: Option<String>,
}

impl From<Listed> for ServedFile {
    /// The file as somebody sees it who installs it; where it is, the index alone does not know.
    fn from(file: Listed) -> Self {
        Self {
            file_name: file.file_name,
            url: String::new(),
            version: Some(file.version),
            sha256: Some(file.sha256),
            size: Some(file.size),
            uploaded: file.uploaded,
            yanked: file.yanked,
            requires_python: file.requires_python,
        }
    }
}

impl Listing {
    pub(crate) fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), freed: HashSet::new() }
    }

    /// Refuses an index that nothing can be written to: each folder that is there, else the one that it will be made
    /// in. Nothing stays of the attempt.
    pub fn check_access(&self, packages: &[PackageName]) -> Result<()> {
        let folders = [self.root.join("releases"), self.simple()];
        let folders = folders.into_iter().chain(packages.iter().map(|package| self.folder(package)));
        let there = |folder: PathBuf| folder.ancestors().find(|folder| folder.exists()).map(Path::to_owned);
        for folder in folders.filter_map(there).collect::<BTreeSet<_>>() {
            tempfile::tempfile_in(&folder)
                .map_err(|cause| failure("write in the folder", &folder, &cause))?;
        }
        Ok(())
    }

    /// Returns the digest of a published file, from its bytes; `None` when the index has no file of that name.
    pub fn holds(&self, package: &PackageName, file_name: &str) -> Result<Option<Sha256>> {
        let path = self.path(package, file_name)?;
        match path.try_exists() {
            Ok(true) => distribution::digest(&path).map(|(sha256, _)| Some(sha256)),
            Ok(false) => Ok(None),
            Err(cause) => Err(failure("read", &path, &cause)),
        }
    }

    /// Says whether a file was published with these bytes; other bytes of its name are an error with both digests.
    pub fn has(&self, package: &PackageName, file_name: &str, sha256: &Sha256) -> Result<bool> {
        match self.holds(package, file_name)? {
            Some(published) if published != *sha256 => {
                Err(crate::publish::taken(&self.path(package, file_name)?, &published, sha256))
            }
            published => Ok(published.is_some()),
        }
    }

    /// Says whether the pages that list the packages, and those of these packages, are what the files make them.
    pub fn has_current_pages(&self, packages: &[PackageName]) -> Result<bool> {
        let all = self.packages()?;
        let simple = self.simple();
        let mut expected = vec![
            (simple.join("index.json"), Some(printed(page::root_json(&all))?)),
            (simple.join("index.html"), Some(page::root_html(&all))),
        ];
        for package in packages {
            let files = self.files(package)?;
            let is_wheel = |file: &Listed| file.file_name.ends_with(".whl");
            if files.iter().any(|file| is_wheel(file) && file.metadata.is_none()) {
                return Ok(false);
            }
            let page = |text: String| Some(text).filter(|_| !files.is_empty());
            let json = page(printed(page::project_json(package, &files))?);
            expected.push((self.folder(package).join("index.json"), json));
            expected.push((
                self.folder(package).join("index.html"),
                page(page::project_html(package, &files, None)),
            ));
        }
        for (path, text) in expected {
            if read(&path)? != text.map(String::into_bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns where a file of a package lies, whether it is there or not; refuses a name that leaves the folder.
    pub fn path(&self, package: &PackageName, file_name: &str) -> Result<PathBuf> {
        check_name(file_name)?;
        Ok(self.folder(package).join(file_name))
    }

    /// Returns the bytes of a file beside the published ones, such as a signature; `None` when it is not there.
    pub fn side_file(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>> {
        read(&self.path(package, file_name)?)
    }

    /// Lists the packages that have at least one file, sorted by name.
    pub fn packages(&self) -> Result<Vec<PackageName>> {
        let mut packages = Vec::new();
        for name in names(&self.simple())? {
            packages.extend(name.parse::<PackageName>());
        }
        let kept = packages.into_par_iter().map(|package| Ok(self.has_package(&package)?.then_some(package)));
        let mut packages: Vec<PackageName> =
            kept.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        packages.par_sort();
        Ok(packages)
    }

    /// Says whether a package has a file.
    pub fn has_package(&self, package: &PackageName) -> Result<bool> {
        for name in entries(&self.folder(package))? {
            if distribution(package, &name?).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lists the versions of a package that have a file, in ascending order (PEP 440).
    pub fn versions(&self, package: &PackageName) -> Result<Vec<Version>> {
        let mut versions: Vec<Version> =
            self.distributions(package)?.into_iter().map(|file| file.1.version).collect();
        versions.dedup();
        Ok(versions)
    }

    /// Lists the files of a package, sorted by version and then by name.
    ///
    /// A digest comes from `index.json` when that is newer than the file and has its size, else from the bytes.
    pub fn files(&self, package: &PackageName) -> Result<Vec<Listed>> {
        self.files_by_age(package).map(|(files, _)| files)
    }

    /// The same, and whether all of the files are older than `index.json`.
    pub(crate) fn files_by_age(&self, package: &PackageName) -> Result<(Vec<Listed>, bool)> {
        let (page, written) = self.known(package)?;
        let mut known: HashMap<String, FileEntry> =
            page.into_iter().map(|entry| (entry.filename.clone(), entry)).collect();
        let names = names(&self.folder(package))?;
        let mut found = Vec::new();
        for (name, parsed) in among(package, &names) {
            let entry = known.remove(&name);
            found.push((name, parsed, entry));
        }
        let listed = |(name, parsed, entry)| {
            let reason = format!("{name}.yanked");
            let (mut file, is_older) = self.listed(package, name, parsed, entry, written)?;
            if names.binary_search(&reason).is_ok() {
                let reason = self.side_file(package, &reason)?.unwrap_or_default();
                file.yanked = Some(String::from_utf8_lossy(&reason).into_owned());
            }
            Ok((file, is_older))
        };
        let listed = found.into_par_iter().map(listed).collect::<Result<Vec<(Listed, bool)>>>()?;
        let are_older = listed.iter().all(|(_, is_older)| *is_older);
        Ok((listed.into_iter().map(|(file, _)| file).collect(), are_older))
    }

    /// Forgets that a page calls a file yanked.
    pub(crate) fn free(&mut self, path: PathBuf) {
        self.freed.insert(path);
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the pages that list the packages.
    pub fn simple(&self) -> PathBuf {
        self.root.join("simple")
    }

    pub(crate) fn folder(&self, package: &PackageName) -> PathBuf {
        self.simple().join(package.as_str())
    }

    /// The names of a package's wheels and sdists, sorted by version and then by name; other files play no part.
    pub(crate) fn distributions(&self, package: &PackageName) -> Result<Vec<(String, FileName)>> {
        Ok(among(package, &names(&self.folder(package))?))
    }

    /// The entries of `index.json` and when it was written; none when it is absent or damaged.
    fn known(&self, package: &PackageName) -> Result<(Vec<FileEntry>, Option<SystemTime>)> {
        let path = self.folder(package).join("index.json");
        let written = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
        let page = read(&path)?.and_then(|bytes| serde_json::from_slice::<ProjectPage>(&bytes).ok());
        Ok((page.map(|page| page.files).unwrap_or_default(), written))
    }

    /// What is known about a file, and whether it is older than the page that has the entry.
    fn listed(
        &self,
        package: &PackageName,
        file_name: String,
        parsed: FileName,
        entry: Option<FileEntry>,
        written: Option<SystemTime>,
    ) -> Result<(Listed, bool)> {
        let path = self.folder(package).join(&file_name);
        let state = fs::metadata(&path).and_then(|metadata| Ok((metadata.len(), metadata.modified()?)));
        let (size, modified) = state.map_err(|cause| failure("read", &path, &cause))?;
        // A file as old as the page may have changed right after it, within one tick of the clock.
        let is_older = written.is_some_and(|written| modified < written);
        let fresh = entry.as_ref().filter(|entry| is_older && entry.size == size);
        let sha256 = match fresh {
            Some(entry) => entry.hashes.sha256.clone(),
            None => distribution::digest(&path)?.0,
        };
        let (requires_python, metadata) = self
            .told(package, &file_name, parsed.kind(), fresh, written)
            .map_err(|error| unlistable(&error, &path, &path.display().to_string()))?;
        let entry = entry.filter(|_| !self.freed.contains(&path));
        let yanked = entry.and_then(|entry| entry.yanked.into_reason());
        let listed = Listed {
            file_name,
            version: parsed.version,
            size,
            sha256,
            requires_python,
            metadata,
            yanked,
            uploaded: None,
        };
        Ok((listed, is_older))
    }

    /// What the metadata of a file say: the Pythons that it is for, and the digest of those beside a wheel.
    fn told(
        &self,
        package: &PackageName,
        file_name: &str,
        kind: ArtifactKind,
        fresh: Option<&FileEntry>,
        written: Option<SystemTime>,
    ) -> Result<(Option<String>, Option<Sha256>)> {
        let path = self.folder(package).join(file_name);
        if kind == ArtifactKind::Sdist {
            return Ok(match fresh {
                Some(entry) => (entry.requires_python.clone(), None),
                None => (sdist::metadata(&path)?.requires_python, None),
            });
        }
        let beside = self.folder(package).join(format!("{file_name}.metadata"));
        let modified = || fs::metadata(&beside).and_then(|state| state.modified()).ok();
        if let Some(entry) = fresh
            && let Some(metadata) = &entry.core_metadata
            && modified().is_some_and(|modified| Some(modified) < written)
        {
            return Ok((entry.requires_python.clone(), Some(metadata.sha256.clone())));
        }
        match (read(&beside)?, fresh) {
            (Some(bytes), _) => Ok((Metadata::parse(&bytes)?.requires_python, Some(digest_of(&bytes)))),
            (None, Some(entry)) => Ok((entry.requires_python.clone(), None)),
            (None, None) => Ok((Wheel::open(&path)?.metadata()?.requires_python, None)),
        }
    }
}

/// Refuses what is no plain name of a file, and the names of pages.
pub(crate) fn check_name(file_name: &str) -> Result<()> {
    let plain = !file_name.is_empty()
        && !file_name.starts_with('.')
        && !file_name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control());
    if !plain || matches!(file_name, "index.html" | "index.json") {
        let message = format!("cannot use `{}` as the name of a file in an index", file_name.escape_debug());
        return Err(Failure::new(message)
            .hint("name a wheel, an sdist or a file beside one, without its folder")
            .into());
    }
    Ok(())
}

/// The digest of bytes in memory.
pub(crate) fn digest_of(bytes: &[u8]) -> Sha256 {
    use sha2::Digest;
    Sha256::from_bytes(&sha2::Sha256::digest(bytes).into())
}

/// The bytes of a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failure("read", path, &cause)),
    }
}

/// The names in a folder, sorted; none when there is no such folder. Names that are not UTF-8 are nobody's here.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = entries(folder)?.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// The wheels and sdists of a package among names, sorted by version and then by name.
fn among(package: &PackageName, names: &[String]) -> Vec<(String, FileName)> {
    let mut found: Vec<(String, FileName)> =
        names.iter().filter_map(|name| Some((name.clone(), distribution(package, name)?))).collect();
    found.sort_by(|a, b| (&a.1.version, &a.0).cmp(&(&b.1.version, &b.0)));
    found
}

/// The names in a folder in any order.
fn entries(folder: &Path) -> Result<impl Iterator<Item = Result<String>>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(cause) => return Err(failure("read", folder, &cause)),
    };
    let name = |entry: io::Result<fs::DirEntry>| match entry {
        Ok(entry) => entry.file_name().into_string().ok().map(Ok),
        Err(cause) => Some(Err(failure("read", folder, &cause))),
    };
    Ok(entries.into_iter().flatten().filter_map(name))
}

/// The parsed name of a wheel or sdist of a package; `None` for any other file.
pub(crate) fn distribution(package: &PackageName, name: &str) -> Option<FileName> {
    // Most files are none, and to say what is wrong with a name takes longer than to see that something is.
    let is_one = name.ends_with(".whl") || name.ends_with(".tar.gz");
    FileName::parse(Some(name).filter(|_| is_one)?).ok().filter(|parsed| parsed.name == *package)
}
