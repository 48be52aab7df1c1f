//! Real wheels and sdists, made for one test.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use document::{PackageName, Sha256};
use flate2::Compression;
use flate2::write::GzEncoder;
use index::{Added, Index};
use zip::write::{SimpleFileOptions, ZipWriter};

/// A folder for sources and one for the index, both gone after the test.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("index")
    }

    pub fn simple(&self, below: &str) -> PathBuf {
        self.root().join("simple").join(below)
    }

    pub fn page(&self, below: &str) -> String {
        std::fs::read_to_string(self.simple(below)).unwrap()
    }

    pub fn source(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Adds a file with the digest that it has.
    pub fn add(&self, index: &mut Index, package: &str, name: &str, bytes: &[u8]) -> anyhow::Result<Added> {
        let source = self.source(name, bytes);
        index.add(&package.parse()?, &source, name, &digest(&source))
    }
}

pub fn digest(path: &Path) -> Sha256 {
    distribution::digest(path).unwrap().0
}

pub fn package(name: &str) -> PackageName {
    name.parse().unwrap()
}

pub fn wheel_name(package: &str, version: &str) -> String {
    format!("{}-{version}-py3-none-any.whl", package.replace('-', "_"))
}

pub fn metadata(package: &str, version: &str, body: &str) -> String {
    format!("Metadata-Version: 2.4\nName: {package}\nVersion: {version}\nRequires-Python: >=3.8\n\n{body}")
}

/// The bytes of a pure wheel with one module that knows its version; `body` is its description.
pub fn wheel(package: &str, version: &str, body: &str) -> Vec<u8> {
    use base64::Engine;
    use sha2::Digest;

    let module = package.replace('-', "_");
    let info = format!("{module}-{version}.dist-info");
    let members = [
        (format!("{module}/__init__.py"), format!("version = {version:?}\n")),
        (format!("{info}/METADATA"), metadata(package, version, body)),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
    ];
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut record = String::new();
    for (name, text) in &members {
        zip.start_file(name.clone(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text));
        writeln!(record, "{name},sha256={hash},{}", text.len()).unwrap();
    }
    zip.start_file(format!("{info}/RECORD"), SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("{record}{info}/RECORD,,\n").as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// The bytes of an sdist that holds its metadata and nothing else.
pub fn sdist(package: &str, version: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let text = metadata(package, version, "");
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    let name = format!("{}-{version}/PKG-INFO", package.replace('-', "_"));
    tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}
