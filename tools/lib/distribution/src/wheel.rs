//! Wheels (PEP 427): opening one, reading its members, and listing what is wrong with it.

mod contents;
mod dist_info;
mod layout;
mod library;
mod members;
mod record;
mod scripts;
mod unpack;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::Failure;
use zip::ZipArchive;

use crate::check::Code::{W001, W006, W011, W012, W016};
use crate::headers::Headers;
use crate::{FileName, Form, Metadata, Problem, Tag, unreadable};
use layout::Layout;

/// Far above any METADATA or RECORD; it keeps a hostile member from filling the memory.
const TEXT_LIMIT: u64 = 64 << 20;

/// An open wheel.
pub struct Wheel {
    path: PathBuf,
    file_name: FileName,
    layout: Layout,
    archive: ZipArchive<BufReader<File>>,
}

/// One member of a wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path inside the archive, with `/` between its parts, and at the end of a folder.
    pub name: String,
    /// The size in bytes, unpacked.
    pub size: u64,
}

/// The file `WHEEL` in a wheel's `.dist-info` folder (PEP 427).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelFile {
    /// `Wheel-Version`, as it stands there: `1.0`.
    pub wheel_version: String,
    /// `Root-Is-Purelib`: whether the root of the archive goes to purelib or to platlib.
    pub root_is_purelib: bool,
    /// Every `Tag`, expanded, sorted and without repetition (PEP 425).
    pub tags: Vec<Tag>,
    /// `Build`, the build number.
    pub build: Option<String>,
}

/// Lists every problem of a wheel; empty when it is sound.
///
/// Fails only when the file cannot be read or its name is not that of a wheel.
pub fn problems(path: &Path) -> Result<Vec<Problem>> {
    let file_name = FileName::of(path)?;
    expect_wheel(path, &file_name)?;
    let (file, layout) = survey(path)?;
    match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => Ok(Wheel { path: path.to_owned(), file_name, layout, archive }.problems()),
        Err(_) if !layout.problems.is_empty() => Ok(layout.problems),
        Err(cause) => Ok(vec![W001.found(format!("the file cannot be opened as a ZIP archive: {cause}"))]),
    }
}

impl Wheel {
    /// Opens a wheel whose archive is sound: a ZIP archive that every program reads in the same way.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, FileName::of(path)?)
    }

    /// Opens a wheel that lies under another name than its own, as a temporary file does.
    pub fn open_as(path: &Path, file_name: FileName) -> Result<Self> {
        expect_wheel(path, &file_name)?;
        let (file, layout) = survey(path)?;
        if !layout.problems.is_empty() {
            let all: Vec<&str> = layout.problems.iter().map(|problem| problem.message.as_str()).collect();
            return Err(refuse(path, &all.join("; ")));
        }
        let archive =
            ZipArchive::new(BufReader::new(file)).map_err(|cause| refuse(path, &cause.to_string()))?;
        Ok(Self { path: path.to_owned(), file_name, layout, archive })
    }

    /// The wheel's name, taken apart.
    pub fn file_name(&self) -> &FileName {
        &self.file_name
    }

    /// Every member, in the order of the archive.
    pub fn entries(&self) -> Vec<Entry> {
        self.layout
            .members
            .iter()
            .map(|member| Entry { name: member.name.clone(), size: member.size })
            .collect()
    }

    /// Says whether the archive holds a member of exactly that name.
    pub fn contains(&self, name: &str) -> bool {
        self.layout.member(name).is_some()
    }

    /// Returns the bytes of `METADATA`: what an index serves beside the wheel (PEP 658).
    pub fn metadata_bytes(&mut self) -> Result<Vec<u8>> {
        self.dist_info_file("METADATA")
    }

    /// Returns the core metadata.
    pub fn metadata(&mut self) -> Result<Metadata> {
        let bytes = self.metadata_bytes()?;
        Metadata::parse(&bytes).with_context(|| format!("cannot use `METADATA` of `{}`", self.path.display()))
    }

    /// Returns what the file `WHEEL` says.
    pub fn wheel_file(&mut self) -> Result<WheelFile> {
        let bytes = self.dist_info_file("WHEEL")?;
        WheelFile::parse(&bytes).with_context(|| format!("cannot use `WHEEL` of `{}`", self.path.display()))
    }

    /// Lists every problem of the wheel: the archive, its names, its metadata, its RECORD.
    pub fn problems(&mut self) -> Vec<Problem> {
        contents::problems(self)
    }

    /// The folder `{name}-{version}.dist-info` that the wheel's name asks for.
    fn dist_info(&self) -> String {
        format!("{}.dist-info", self.file_name.stem())
    }

    fn dist_info_file(&mut self, name: &str) -> Result<Vec<u8>> {
        let member = format!("{}/{name}", self.dist_info());
        self.read(&member).map_err(|problem| {
            Failure::new(format!("cannot read `{}`: {}", self.path.display(), problem.message))
                .hint("build the wheel again with `build-wheels`")
                .into()
        })
    }

    /// Returns the bytes of a small member, or the problem that stands in the way.
    fn read(&mut self, name: &str) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let size = self.stream(name, TEXT_LIMIT, |block| bytes.extend_from_slice(block))?;
        debug_assert_eq!(size, bytes.len() as u64);
        Ok(bytes)
    }

    /// Hands the bytes of a member on in blocks and returns their number, or the problem that stands in the way.
    ///
    /// The ZIP library stops where the member grows beyond the size that the directory declares: only a bomb does.
    fn stream(&mut self, name: &str, limit: u64, mut take: impl FnMut(&[u8])) -> Result<u64, Problem> {
        let Some(member) = self.layout.member(name) else {
            return Err(W016.found(format!("`{name}` is missing")));
        };
        let declared = member.size;
        if !matches!(member.method, 0 | 8) {
            let method = member.method;
            return Err(W011.found(format!(
                "`{name}` is compressed with method {method}, not stored (0) or deflate (8)"
            )));
        }
        if declared > limit {
            return Err(
                W012.found(format!("`{name}` has {declared} bytes, more than the {limit} that it may have"))
            );
        }
        let damaged =
            |cause: &dyn std::fmt::Display| W006.found(format!("`{name}` cannot be unpacked: {cause}"));
        let at = self
            .archive
            .index_for_name_raw(name.as_bytes())
            .ok_or_else(|| W016.found(format!("`{name}` is missing")))?;
        let mut reader = self.archive.by_index(at).map_err(|cause| damaged(&cause))?;
        let mut block = vec![0; 64 * 1024];
        let mut size = 0;
        loop {
            let length = reader.read(&mut block).map_err(|cause| damaged(&cause))?;
            size += length as u64;
            if length == 0 && size < declared {
                return Err(W006.found(format!("`{name}` unpacks to {size} bytes, and declares {declared}")));
            }
            if length == 0 {
                return Ok(size);
            }
            take(&block[..length]);
        }
    }
}

impl WheelFile {
    /// Reads the file `WHEEL`; it must hold `Wheel-Version`, `Root-Is-Purelib` and at least one `Tag`.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        const WHAT: &str = "`WHEEL`";
        let fail = |cause: String| {
            Failure::new(format!("cannot read {WHAT}: {cause}"))
                .hint("build the wheel again with `build-wheels`")
        };
        let headers = Headers::parse(bytes, WHAT)?;
        let mut tags = Vec::new();
        for text in headers.get_all("Tag") {
            tags.extend(Tag::expand(text).ok_or_else(|| fail(format!("`{text}` is not a tag")))?);
        }
        tags.sort();
        tags.dedup();
        if tags.is_empty() {
            return Err(fail("it has no `Tag`".to_owned()).into());
        }
        let root_is_purelib = match headers.one("Root-Is-Purelib", WHAT)?.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            other => {
                return Err(fail(format!("`Root-Is-Purelib` is `{other}`, neither true nor false")).into());
            }
        };
        let wheel_version = headers.one("Wheel-Version", WHAT)?.to_owned();
        let build = headers.at_most_one("Build", WHAT)?.map(str::to_owned);
        Ok(Self { wheel_version, root_is_purelib, tags, build })
    }
}

fn expect_wheel(path: &Path, file_name: &FileName) -> Result<()> {
    match file_name.form {
        Form::Wheel { .. } => Ok(()),
        Form::Sdist => Err(refuse(path, "its name is that of an sdist")),
    }
}

fn refuse(path: &Path, cause: &str) -> anyhow::Error {
    Failure::new(format!("cannot open the wheel `{}`: {cause}", path.display()))
        .hint("build it again with `build-wheels`")
        .into()
}

fn survey(path: &Path) -> Result<(File, Layout)> {
    let survey = || {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let layout = layout::read(&mut BufReader::new(&file), length)?;
        Ok((file, layout))
    };
    survey().map_err(|cause: std::io::Error| unreadable(path, &cause))
}
