//! Sdists (PEP 517, PEP 625): reading their metadata, and listing what is wrong with one.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, Sha256};
use flate2::bufread::MultiGzDecoder;
use sha2::Digest;
use tar::{Archive, Entry, EntryType};

use crate::check::Code::{M035, S033, S044, S045, S046, S047, S048, S051, S054};
use crate::check::{Weight, file_size_problem};
use crate::secrets::{self, Search};
use crate::source::{self, BLOCK};
use crate::{Examined, FileName, Form, Metadata, Problem, paths, unreadable};

/// Far above any PKG-INFO; it keeps a hostile member from filling the memory.
const TEXT_LIMIT: u64 = 64 << 20;

/// From this size on an sdist may unpack to so many times its own size at most: source texts come nowhere near.
const BOMB_SIZE: u64 = 64 << 20;
const BOMB_RATIO: u64 = 200;

/// Lists every problem of an sdist; empty when it is sound.
///
/// Fails only when the file cannot be read or its name is not that of an sdist.
pub fn problems(path: &Path) -> Result<Vec<Problem>> {
    let name = expect_sdist(path)?;
    let (file, length) = open(path)?;
    Ok(survey(&name, file, length).0)
}

/// Lists every problem of an sdist, and returns the SHA-256 and the size of the file, which is read once for both.
///
/// Fails only when the file cannot be read or its name is not that of an sdist.
pub fn examine(path: &Path) -> Result<Examined> {
    let name = expect_sdist(path)?;
    let (file, length) = open(path)?;
    let hashed = Hashed { file, sha256: sha2::Sha256::new(), size: 0 };
    let (problems, mut hashed) = survey(&name, hashed, length);
    io::copy(&mut hashed, &mut io::sink()).map_err(|cause| unreadable(path, &cause))?;
    let sha256 = Sha256::from_bytes(&hashed.sha256.finalize().into());
    Ok(Examined { sha256, size: hashed.size, problems })
}

/// Reads an sdist as far as it can be read. Returns its problems and the file.
fn survey<R: Read>(name: &FileName, file: R, length: u64) -> (Vec<Problem>, R) {
    let mut survey = Survey::new(name);
    survey.found.extend(file_size_problem(S051, length));
    let mut archive = Archive::new(Unpacked::new(file, length));
    let walked = survey.walk(&mut archive);
    let mut unpacked = archive.into_inner();
    let read = walked.and_then(|()| rest(&mut unpacked));
    let file = unpacked.gzip.into_inner().into_inner();
    match read {
        Ok(false) => {}
        Ok(true) => survey.found.push(S044.found("bytes follow the end of the tar archive")),
        Err(cause) => {
            survey.found.push(S044.found(damage(&cause)));
            return (survey.found, file);
        }
    }
    (survey.finish(), file)
}

/// Returns the core metadata of an sdist: the `PKG-INFO` in its top folder (PEP 643).
///
/// The archive is read only as far as that file. Its own name plays no part, so that a temporary file will do.
pub fn metadata(path: &Path) -> Result<Metadata> {
    let (file, length) = open(path)?;
    let bytes = pkg_info(&mut Archive::new(Unpacked::new(file, length)))
        .map_err(|cause| refuse(path, &damage(&cause)))?;
    let bytes = bytes.ok_or_else(|| refuse(path, "it has no `PKG-INFO`"))?;
    Metadata::parse(&bytes).with_context(|| format!("cannot use `PKG-INFO` of `{}`", path.display()))
}

/// What was seen on the way through the archive.
struct Survey<'a> {
    name: &'a FileName,
    found: Vec<Problem>,
    names: Vec<String>,
    tops: BTreeSet<String>,
    pkg_info: Option<Vec<u8>>,
    is_buildable: bool,
}

impl<'a> Survey<'a> {
    fn new(name: &'a FileName) -> Self {
        let mut found = Vec::new();
        if !name.is_normalised() {
            let (stem, normal) = (name.stem(), name.normalised_stem());
            let mut problem = S044.found(format!(
                "the file's name starts with `{stem}`, and the normalised form is `{normal}`"
            ));
            // Installers read every spelling, and older backends left the one of pyproject.toml.
            problem.weight = Weight::RefusedByPypi;
            found.push(problem);
        }
        let (names, tops) = (Vec::new(), BTreeSet::new());
        Self { name, found, names, tops, pkg_info: None, is_buildable: false }
    }

    fn walk(&mut self, archive: &mut Archive<impl Read>) -> io::Result<()> {
        for entry in archive.entries()? {
            let mut entry = entry?;
            // `git archive` notes the commit in a header that belongs to no member.
            if entry.header().entry_type() != EntryType::XGlobalHeader {
                self.member(&mut entry)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, entry: &mut Entry<impl Read>) -> io::Result<()> {
        let raw = entry.path_bytes().into_owned();
        let Ok(name) = String::from_utf8(raw) else {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            self.found.push(S047.found(format!("the name `{name}` is not UTF-8")));
            return Ok(());
        };
        if let Some(fault) = paths::fault(&name) {
            self.found.push(S047.found(format!("`{}` {fault}", name.escape_debug())));
            return Ok(());
        }
        let name = name.trim_end_matches('/').to_owned();
        let kind = entry.header().entry_type();
        let (top, inner) = name.split_once('/').unwrap_or((&name, ""));
        self.tops.insert(top.to_owned());
        if is_sparse(entry)? {
            self.found
                .push(S046.found(format!("`{name}` is a sparse file, which not every program unpacks")));
        } else if kind.is_symlink() || kind.is_hard_link() {
            self.found.extend(link_fault(&name, entry).map(|fault| S047.found(fault)));
        } else if !kind.is_file() && !kind.is_dir() {
            self.found.push(S047.found(format!(
                "`{name}` is a device, a pipe or the like, and an sdist holds files and folders"
            )));
        }
        if entry.header().mode()? & 0o6000 != 0 {
            self.found.push(S047.found(format!("`{name}` is setuid or setgid")));
        }
        if self.is_meant(top) && kind.is_file() {
            // A project from before PEP 517 is built by its setup.py, and every installer still does that.
            self.is_buildable |= matches!(inner, "pyproject.toml" | "setup.py");
            if inner == "PKG-INFO" {
                self.pkg_info = Some(read_text(entry)?);
            }
        }
        if kind.is_file() {
            self.search(&name, entry)?;
        }
        self.names.push(if kind.is_dir() { name + "/" } else { name });
        Ok(())
    }

    /// Says whether a folder has the name and the version of the file, in whichever spelling.
    fn is_meant(&self, top: &str) -> bool {
        let spelled = |name: &FileName| (&name.name, &name.version) == (&self.name.name, &self.name.version);
        top == self.name.stem() || FileName::parse(&format!("{top}.tar.gz")).is_ok_and(|name| spelled(&name))
    }

    /// Looks for secrets in the name and the text of a file.
    fn search(&mut self, name: &str, entry: &mut Entry<impl Read>) -> io::Result<()> {
        if secrets::is_named_like_one(name.rsplit('/').next().unwrap_or(name)) {
            self.found.push(S033.found(format!("`{name}` has a name under which secrets are kept")));
        }
        let Some(mut search) = Search::of(name, entry.size()) else { return Ok(()) };
        let mut block = vec![0; 64 * 1024];
        loop {
            match entry.read(&mut block)? {
                0 => break,
                length => search.take(&block[..length]),
            }
        }
        self.found.extend(search.finish(name, S033, S054));
        Ok(())
    }

    /// Lists licence files that are missing (PEP 639).
    fn licences(&self, top: &str, metadata: &Metadata) -> Vec<Problem> {
        let paths = metadata.licence_files().into_iter().map(|path| format!("{top}/{path}"));
        let missing = paths.filter(|path| !self.names.contains(path));
        missing
            .map(|path| S048.found(format!("`{path}`, a `License-File` of the metadata, is missing")))
            .collect()
    }

    fn finish(mut self) -> Vec<Problem> {
        let stem = self.name.stem();
        let mut found = Vec::new();
        let meant = match self.tops.first() {
            // Installers and PyPI take the one folder that is there, and older backends left the project's spelling.
            Some(top) if self.tops.len() == 1 && top != stem && self.is_meant(top) => {
                let what = format!("the top folder is `{top}`, and the file's name asks for `{stem}`");
                found.push(Problem { weight: Weight::Warning, ..S045.found(what) });
                top
            }
            _ => stem,
        };
        for top in self.tops.iter().filter(|top| *top != meant) {
            found.push(S045.found(format!(
                "`{top}` stands beside the one top folder `{stem}` that the file's name asks for"
            )));
        }
        found.extend(paths::collisions(S047, S047, self.names.iter().map(String::as_str)));
        let member = format!("{meant}/PKG-INFO");
        match self.pkg_info.as_deref().map(Metadata::parse) {
            None => found.push(S045.found(format!("`{member}` is missing"))),
            Some(Ok(metadata)) => {
                found.extend(metadata.problems(S045, &member, self.name));
                found.extend(self.licences(meant, &metadata));
            }
            Some(Err(cause)) => found.push(M035.found(format!("`{member}`: {cause}"))),
        }
        if !self.is_buildable {
            found.push(S045.found(format!("`{meant}/pyproject.toml` is missing, and so is a setup.py")));
        }
        self.found.extend(found);
        self.found
    }
}

/// A gzip stream that ends with an error where it grows beyond all measure.
struct Unpacked<R: Read> {
    gzip: MultiGzDecoder<BufReader<R>>,
    size: u64,
    limit: u64,
}

impl<R: Read> Unpacked<R> {
    fn new(file: R, length: u64) -> Self {
        let gzip = MultiGzDecoder::new(BufReader::with_capacity(BLOCK, file));
        Self { gzip, size: 0, limit: BOMB_SIZE.max(length.saturating_mul(BOMB_RATIO)) }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.gzip.read(buffer)?;
        self.size += length as u64;
        match self.size > self.limit {
            true => Err(io::Error::other(format!("it unpacks to more than {} bytes", self.limit))),
            false => Ok(length),
        }
    }
}

/// A file that is hashed as it is read.
struct Hashed {
    file: File,
    sha256: sha2::Sha256,
    size: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.sha256.update(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}

fn expect_sdist(path: &Path) -> Result<FileName> {
    let name = FileName::of(path)?;
    match name.form {
        Form::Sdist => Ok(name),
        Form::Wheel { .. } => Err(refuse(path, "its name is that of a wheel")),
    }
}

fn open(path: &Path) -> Result<(File, u64)> {
    source::open(path).map_err(|cause| unreadable(path, &cause))
}

fn pkg_info(archive: &mut Archive<impl Read>) -> io::Result<Option<Vec<u8>>> {
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path_bytes().into_owned();
        let mut parts = name.split(|byte| *byte == b'/');
        let is_wanted = parts.nth(1) == Some(b"PKG-INFO") && parts.next().is_none();
        if is_wanted && entry.header().entry_type().is_file() {
            return read_text(&mut entry).map(Some);
        }
    }
    Ok(None)
}

fn read_text(entry: &mut Entry<impl Read>) -> io::Result<Vec<u8>> {
    let size = entry.size();
    if size > TEXT_LIMIT {
        return Err(io::Error::other(format!(
            "PKG-INFO has {size} bytes, more than the {TEXT_LIMIT} that it may have"
        )));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// GNU tar has two ways to leave out runs of zeros: a type of its own, and keys in a pax header.
fn is_sparse(entry: &mut Entry<impl Read>) -> io::Result<bool> {
    if entry.header().entry_type() == EntryType::GNUSparse {
        return Ok(true);
    }
    let Some(extensions) = entry.pax_extensions()? else { return Ok(false) };
    for extension in extensions {
        if extension?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says why a link must not be unpacked: it points out of the top folder (PEP 721).
fn link_fault(name: &str, entry: &Entry<impl Read>) -> Option<String> {
    let bytes = entry.link_name_bytes().unwrap_or_default();
    let target = String::from_utf8_lossy(&bytes);
    let outside = Some(format!("`{name}` is a link to `{target}`, outside of the top folder"));
    if target.starts_with('/') || target.contains(['\\', ':', '\0']) {
        return outside;
    }
    // A symbolic link starts in its own folder, a hard link at the root of the archive.
    let mut place: Vec<&str> = match entry.header().entry_type().is_symlink() {
        true => name.split('/').collect(),
        false => vec![""],
    };
    place.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if place.len() > 1 => drop(place.pop()),
            ".." => return outside,
            part => place.push(part),
        }
    }
    let top = name.split('/').next();
    if place.first().copied() == top { None } else { outside }
}

/// Reads what stands behind the two empty blocks that end a tar archive, and says whether it is more than zeros.
///
/// It makes the decoder see the checksum at the end of the gzip stream, too.
fn rest(unpacked: &mut impl Read) -> io::Result<bool> {
    let mut block = vec![0; 64 * 1024];
    let mut extra = false;
    loop {
        match unpacked.read(&mut block)? {
            0 => return Ok(extra),
            length => extra |= block[..length].iter().any(|byte| *byte != 0),
        }
    }
}

fn damage(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => "the archive is truncated".to_owned(),
        _ => format!("the archive cannot be read as gzip and tar: {cause}"),
    }
}

fn refuse(path: &Path, cause: &str) -> anyhow::Error {
    Failure::new(format!("cannot open the sdist `{}`: {cause}", path.display()))
        .hint("build it again with `build-wheels`")
        .into()
}
