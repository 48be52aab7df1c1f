//! Small wheels and sdists made for one test, sound unless the test bends them.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::{FullFileOptions, SimpleFileOptions, ZipWriter};

pub const WHEEL: &str = "da_vinci-0.5.0-py3-none-any.whl";
pub const SDIST: &str = "da_vinci-0.5.0.tar.gz";
pub const METADATA: &str =
    "Metadata-Version: 2.4\nName: Da-Vinci\nVersion: 0.5.0\nRequires-Python: >=3.9\n\n";
pub const WHEEL_FILE: &str = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
pub const RECORD: &str = "da_vinci-0.5.0.dist-info/RECORD";

/// A wheel: its members, from which RECORD is made when it is packed.
pub struct WheelPlan {
    pub file_name: String,
    pub members: Vec<(String, Vec<u8>)>,
    pub method: CompressionMethod,
    /// An extra field of the first member: its number and its bytes.
    pub extra: Option<(u16, Vec<u8>)>,
    /// Changes the text of RECORD before it is packed; `None` leaves RECORD out.
    pub record: Option<fn(String) -> String>,
}

impl WheelPlan {
    pub fn sound() -> Self {
        let members = [
            ("da_vinci/__init__.py", ""),
            ("da_vinci/core.py", "print('paint')\n"),
            ("da_vinci-0.5.0.dist-info/METADATA", METADATA),
            ("da_vinci-0.5.0.dist-info/WHEEL", WHEEL_FILE),
        ];
        Self {
            file_name: WHEEL.to_owned(),
            members: members.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).to_vec(),
            method: CompressionMethod::Deflated,
            extra: None,
            record: Some(|text| text),
        }
    }

    pub fn set(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.members.retain(|(other, _)| other != name);
        // The files of `.dist-info` stay the last ones.
        let is_info = |name: &str| name.contains(".dist-info/");
        let first = self.members.iter().position(|(other, _)| is_info(other) && !is_info(name));
        self.members.insert(first.unwrap_or(self.members.len()), (name.to_owned(), bytes.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.members.retain(|(other, _)| other != name);
        self
    }

    pub fn named(mut self, file_name: &str) -> Self {
        self.file_name = file_name.to_owned();
        self
    }

    pub fn record(mut self, change: fn(String) -> String) -> Self {
        self.record = Some(change);
        self
    }

    pub fn extra(mut self, number: u16, bytes: &[u8]) -> Self {
        self.extra = Some((number, bytes.to_vec()));
        self
    }

    /// The bytes of the archive.
    pub fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(self.method);
        let mut record = String::new();
        for (name, bytes) in &self.members {
            if name.ends_with('/') {
                zip.add_directory(name.clone(), options).unwrap();
                continue;
            }
            let mut full = FullFileOptions::default().compression_method(self.method);
            if let Some((number, field)) = self.extra.as_ref().filter(|_| record.is_empty()) {
                full.add_extra_field(*number, field, false).unwrap();
            }
            zip.start_file(name.clone(), full).unwrap();
            zip.write_all(bytes).unwrap();
            let digest = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(bytes));
            record.push_str(&format!("{name},sha256={digest},{}\n", bytes.len()));
        }
        if let Some(change) = self.record {
            record.push_str(&format!("{RECORD},,\n"));
            zip.start_file(RECORD, options).unwrap();
            zip.write_all(change(record).as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    pub fn write(&self) -> File {
        write(&self.file_name, &self.bytes())
    }

    pub fn problems(&self) -> Vec<String> {
        problems(&self.write().path)
    }
}

/// The problems of a wheel or an sdist, each with its code.
pub fn problems(path: &Path) -> Vec<String> {
    distribution::problems(path).unwrap().iter().map(ToString::to_string).collect()
}

/// A file in a folder of its own that goes away with it.
pub struct File {
    pub path: PathBuf,
    _folder: TempDir,
}

pub fn write(name: &str, bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    File { path, _folder: folder }
}

/// Replaces every occurrence of a pattern of the same length: a change in both headers of a ZIP member.
pub fn swap(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> =
        (0..=bytes.len() - from.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    for at in &places {
        bytes[*at..*at + to.len()].copy_from_slice(to);
    }
    places.len()
}

/// Asserts that exactly one problem was found, and that it holds the words.
#[track_caller]
pub fn assert_only(found: &[String], words: &str) {
    assert!(found.len() == 1 && found[0].contains(words), "not just `{words}`: {found:#?}");
}

/// Asserts that a problem with these words is among those found.
#[track_caller]
pub fn assert_among(found: &[String], words: &str) {
    assert!(found.iter().any(|problem| problem.contains(words)), "no `{words}`: {found:#?}");
}
