//! Wheels (PEP 427): opening one, reading its members, and listing what is wrong with it.

mod contents;
mod dist_info;
mod duplicates;
mod elf;
mod header;
mod inflate;
mod layout;
mod library;
mod members;
mod pass;
mod platform;
mod record;
mod scripts;
mod unpack;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::Failure;

use crate::check::Code::{W006, W012, W016};
use crate::headers::Headers;
use crate::source::{BLOCK, Source};
use crate::{Examined, FileName, Form, Metadata, Problem, Tag, unreadable};
use inflate::{Fault, Unpacker};
use layout::Layout;
use pass::Facts;

/// Far above any METADATA or RECORD; it keeps a hostile member from filling the memory.
const TEXT_LIMIT: u64 = 16 << 20;
/// The files of `.dist-info` that are looked into, and kept when all members are unpacked.
const TEXTS: [&str; 4] = ["METADATA", "RECORD", "WHEEL", "entry_points.txt"];

/// An open wheel.
pub struct Wheel {
    path: PathBuf,
    file_name: FileName,
    layout: Layout,
    source: Source,
    /// What each member turned out to be; empty as long as they were not all unpacked.
    facts: Vec<Facts>,
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
    let mut wheel = Wheel::survey(path, FileName::of(path)?)?;
    wheel.unpack_all().map_err(|cause| unreadable(path, &cause))?;
    Ok(wheel.problems())
}

/// Lists the problems of a wheel that show without unpacking its members: all but damaged data and wrong hashes.
///
/// Fails only when the file cannot be read or its name is not that of a wheel.
pub fn glance(path: &Path) -> Result<Vec<Problem>> {
    let mut wheel = Wheel::survey(path, FileName::of(path)?)?;
    wheel.layout.compare_headers(&wheel.source).map_err(|cause| unreadable(path, &cause))?;
    Ok(wheel.problems())
}

/// Lists every problem of a wheel, and returns the SHA-256 and the size of the file, which is read once for both.
///
/// Fails only when the file cannot be read or its name is not that of a wheel.
pub fn examine(path: &Path) -> Result<Examined> {
    let mut wheel = Wheel::survey(path, FileName::of(path)?)?;
    let sha256 = wheel.unpack_from_start().map_err(|cause| unreadable(path, &cause))?;
    Ok(Examined { sha256, size: wheel.source.length(), problems: wheel.problems() })
}

impl Wheel {
    /// Opens a wheel whose archive is sound: a ZIP archive that every program reads in the same way.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, FileName::of(path)?)
    }

    /// Opens a wheel that lies under another name than its own, as a temporary file does.
    pub fn open_as(path: &Path, file_name: FileName) -> Result<Self> {
        let mut wheel = Self::survey(path, file_name)?;
        if wheel.layout.is_whole {
            wheel.layout.compare_headers(&wheel.source).map_err(|cause| unreadable(path, &cause))?;
        }
        let problems = &wheel.layout.problems;
        if problems.is_empty() {
            return Ok(wheel);
        }
        let all: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        Err(refuse(path, &all.join("; ")))
    }

    fn survey(path: &Path, file_name: FileName) -> Result<Self> {
        if file_name.form == Form::Sdist {
            return Err(refuse(path, "its name is that of an sdist"));
        }
        let survey = || {
            let mut source = Source::open(path)?;
            let layout = layout::read(&mut source)?;
            io::Result::Ok((source, layout))
        };
        let (source, layout) = survey().map_err(|cause| unreadable(path, &cause))?;
        Ok(Self { path: path.to_owned(), file_name, layout, source, facts: Vec::new() })
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
    fn problems(&mut self) -> Vec<Problem> {
        match self.layout.is_whole {
            true => contents::problems(self),
            false => self.layout.problems.clone(),
        }
    }

    /// Unpacks all members where they lie.
    fn unpack_all(&mut self) -> io::Result<()> {
        if self.layout.is_whole {
            let texts = self.texts();
            let facts =
                pass::by_place(&self.source, &mut self.layout, &|name| texts.iter().any(|t| t == name))?;
            self.learn(facts);
        }
        Ok(())
    }

    /// Unpacks all members while the file is read from its start to its end. Returns its SHA-256.
    fn unpack_from_start(&mut self) -> io::Result<document::Sha256> {
        if !self.layout.is_whole {
            return pass::digest(&self.source);
        }
        let texts = self.texts();
        let is_text = |name: &str| texts.iter().any(|text| text == name);
        let (facts, sha256) = pass::from_start(&self.source, &mut self.layout, &is_text)?;
        self.learn(facts);
        Ok(sha256)
    }

    fn learn(&mut self, mut facts: Vec<Facts>) {
        for facts in &mut facts {
            self.layout.problems.append(&mut facts.problems);
        }
        self.facts = facts;
        for at in 0..self.facts.len() {
            self.look_again(at);
        }
    }

    /// Unpacks a large ELF file again, as often as a place in it points back to one that has passed.
    fn look_again(&mut self, at: usize) {
        let looks = 0..8;
        for _ in looks {
            let Some(mut sketch) = self.facts[at].sketch.take() else { return };
            let name = &self.layout.members[at].name;
            if self.stream(name, u64::MAX, |piece| sketch.take(piece)).is_err() {
                return;
            }
            match sketch.finish() {
                Ok(elf) => self.facts[at].elf = elf,
                Err(()) => self.facts[at].sketch = Some(sketch.again()),
            }
        }
    }

    fn texts(&self) -> [String; 4] {
        TEXTS.map(|name| format!("{}/{name}", self.dist_info()))
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
        let known = self.layout.find(name).and_then(|at| self.facts.get_mut(at));
        if let Some(text) = known.and_then(|facts| facts.text.take()) {
            return Ok(text);
        }
        let mut bytes = Vec::new();
        self.stream(name, TEXT_LIMIT, |block| bytes.extend_from_slice(block))?;
        Ok(bytes)
    }

    /// Hands the bytes of a member on in blocks, or returns the problem that stands in the way.
    fn stream(&self, name: &str, limit: u64, mut take: impl FnMut(&[u8])) -> Result<(), Problem> {
        let Some(at) = self.layout.find(name) else {
            return Err(W016.found(format!("`{name}` is missing")));
        };
        let member = &self.layout.members[at];
        let size = member.size;
        if size > limit {
            return Err(
                W012.found(format!("`{name}` has {size} bytes, more than the {limit} that it may have"))
            );
        }
        let place = self.layout.extent(at);
        let mut section = self.source.section(place.start, place.end, BLOCK);
        inflate::skip_header(member, &mut section)
            .and_then(|()| Unpacker::of(size).unpack(member, &mut section, &mut take))
            .map_err(|fault| match fault {
                Fault::Broken(problem) => problem,
                Fault::Io(cause) => W006.found(format!("`{name}` cannot be read: {cause}")),
            })
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

fn refuse(path: &Path, cause: &str) -> anyhow::Error {
    Failure::new(format!("cannot open the wheel `{}`: {cause}", path.display()))
        .hint("build it again with `build-wheels`")
        .into()
}
