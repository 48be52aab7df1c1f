//! Wheels and sdists: however one is read, the same is found in it, and what is sound can be used.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use distribution::wheel::Wheel;
use distribution::{Metadata, Problem, sdist};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

const WHEEL: &str = "wagon-1.2.3-py3-none-any.whl";
const SDIST: &str = "wagon-1.2.3.tar.gz";
const INFO: &str = "wagon-1.2.3.dist-info";
const METADATA: &str = "Metadata-Version: 2.1\nName: wagon\nVersion: 1.2.3\n";
const WHEEL_FILE: &str = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

/// Reads bytes as a wheel. Returns whether it has members.
pub fn check_wheel(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), WHEEL, bytes);
    let found = check(&path, bytes);
    let opened = Wheel::open(&path);
    if found.is_empty() {
        let mut wheel = opened.expect("a sound wheel opens");
        wheel.metadata().expect("a sound wheel has metadata");
        assert!(
            wheel.wheel_file().is_ok() && wheel.entries().iter().all(|entry| wheel.contains(&entry.name))
        );
        return true;
    }
    opened.is_ok_and(|wheel| !wheel.entries().is_empty())
}

/// Reads a text as the RECORD of a small wheel. Returns whether it is right.
pub fn check_record(text: &str) -> bool {
    let members = [("wagon.py", ""), ("METADATA", METADATA), ("WHEEL", WHEEL_FILE), ("RECORD", text)];
    let bytes = packed(&members).expect("a wheel is packed in memory");
    let folder = tempfile::tempdir().expect("a folder");
    let found = check(&write(folder.path(), WHEEL, &bytes), &bytes);
    let is_right = !found.iter().any(|problem| matches!(problem.code.to_string().as_str(), "W017" | "W018"));
    // What is right names each file.
    assert!(!is_right || members.iter().all(|(name, _)| text.contains(name)), "{text:?}");
    is_right
}

/// Reads bytes as core metadata. Returns whether they can be read.
pub fn check_metadata(bytes: &[u8]) -> bool {
    let Ok(metadata) = Metadata::parse(bytes) else { return false };
    for field in ["Metadata-Version", "Name", "Version"] {
        assert_eq!(metadata.get_all(field).len(), 1, "{field}");
        assert_eq!(metadata.get_all(field), metadata.get_all(&field.to_uppercase()));
    }
    assert!(!metadata.name.as_str().is_empty());
    true
}

/// Reads bytes as an sdist, and as the tar archive in one. Returns whether that is sound.
pub fn check_sdist(bytes: &[u8]) -> bool {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
    gzip.write_all(bytes).expect("bytes are packed in memory");
    let zipped = gzip.finish().expect("bytes are packed in memory");
    let folder = tempfile::tempdir().expect("a folder");
    check(&write(folder.path(), SDIST, bytes), bytes);
    let path = write(folder.path(), SDIST, &zipped);
    let is_sound = check(&path, &zipped).is_empty();
    let metadata = sdist::metadata(&path);
    assert!(!is_sound || metadata.is_ok(), "{metadata:?}");
    is_sound
}

/// Checks a file in each way that there is.
fn check(path: &Path, bytes: &[u8]) -> Vec<Problem> {
    let found = distribution::problems(path).expect("the file can be read");
    let examined = distribution::examine(path).expect("the file can be read");
    assert_eq!(examined.problems, found);
    assert_eq!((examined.sha256, examined.size), distribution::digest(path).expect("the file can be read"));
    assert_eq!(examined.size, bytes.len() as u64);
    let glance = distribution::glance(path).expect("the file can be read");
    assert!(!found.is_empty() || glance.is_empty(), "{glance:?}");
    found
}

fn packed(members: &[(&str, &str)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, text) in members {
        let name = if name.ends_with(".py") { (*name).to_owned() } else { format!("{INFO}/{name}") };
        zip.start_file(name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file is written");
    path
}
