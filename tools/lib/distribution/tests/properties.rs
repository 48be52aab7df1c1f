//! Whatever bytes a wheel or an sdist has: nothing panics, and what is accepted is read by Python in the same way.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use distribution::{Level, Levels, Metadata};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::{METADATA, RECORD, SDIST, WHEEL, WheelPlan};
use tempfile::TempDir;

/// Compares wheels with the first one: the same members and bytes, as zipfile has them.
const ZIPS: &str = "
import pathlib, sys, zipfile
def read(path):
    with zipfile.ZipFile(path) as wheel:
        return [(name, wheel.read(name)) for name in wheel.namelist()]
first, *others = sorted(pathlib.Path(sys.argv[1]).iterdir())
for path in others:
    assert read(path) == read(first), path
";
/// Unpacks sdists as pip does, with the filter that refuses what is unsafe.
const TARS: &str = "
import pathlib, sys, tarfile, tempfile
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    with tarfile.open(path) as sdist, tempfile.TemporaryDirectory() as folder:
        sdist.extractall(folder, filter='data')
        tops = [top.name for top in pathlib.Path(folder).iterdir()]
        assert tops == ['da_vinci-0.5.0'], (path, tops)
";

/// Files under the name of one distribution, and those of them that were accepted.
struct Bench {
    folder: TempDir,
    name: &'static str,
    accepted: TempDir,
    count: usize,
}

impl Bench {
    fn new(name: &'static str) -> Self {
        let [folder, accepted] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        Self { folder, name, accepted, count: 0 }
    }

    /// Checks a file, in each way that there is, and keeps it when no error was found.
    fn accepts(&mut self, bytes: &[u8]) -> bool {
        let path = self.folder.path().join(self.name);
        std::fs::write(&path, bytes).unwrap();
        let found = distribution::problems(&path).unwrap();
        let examined = distribution::examine(&path).unwrap();
        assert_eq!(examined.problems, found);
        assert_eq!(examined.size, bytes.len() as u64);
        assert!(distribution::glance(&path).unwrap().len() <= found.len(), "{found:?}");
        let levels = Levels::default();
        let is_sound = found.iter().all(|problem| levels.of(problem) != Some(Level::Error));
        if is_sound {
            std::fs::write(self.accepted.path().join(format!("{:06}-{}", self.count, self.name)), bytes)
                .unwrap();
            self.count += 1;
        }
        is_sound
    }

    /// Lets Python read all that was accepted.
    fn compare(&self, script: &str) {
        let folder: &Path = self.accepted.path();
        let output = Command::new("python3").arg("-c").arg(script).arg(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn tar_bytes() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in
        [("PKG-INFO", METADATA), ("pyproject.toml", "[project]\n"), ("src/core.py", "paint()\n")]
    {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("da_vinci-0.5.0/{name}"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn zipped(tar: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(tar).unwrap();
    gzip.finish().unwrap()
}

/// A place in a file, how many bytes go away there, and which ones come.
fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Vec<u8>)>> {
    let edit = (any::<prop::sample::Index>(), 0..40_usize, prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(edit, 1..4)
}

fn edited(bytes: &[u8], edits: Vec<(prop::sample::Index, usize, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, gone, new) in edits {
        let at = at.index(bytes.len() + 1);
        let end = bytes.len().min(at + gone);
        bytes.splice(at..end, new);
    }
    bytes
}

/// The same values of a strategy in each run.
fn each<S: Strategy>(strategy: S, count: usize, mut take: impl FnMut(S::Value)) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..count {
        take(strategy.new_tree(&mut runner).unwrap().current());
    }
}

#[test]
fn each_changed_byte_of_a_wheel_is_found_or_changes_nothing() {
    for method in [zip::CompressionMethod::Deflated, zip::CompressionMethod::Stored] {
        let mut plan = WheelPlan::sound();
        plan.method = method;
        let sound = plan.bytes();
        let mut bench = Bench::new(WHEEL);
        assert!(bench.accepts(&sound));
        for at in 0..sound.len() {
            for change in [0x01, 0x20, 0xff] {
                let mut bytes = sound.clone();
                bytes[at] ^= change;
                bench.accepts(&bytes);
            }
        }
        // Dates and rights of members may be others, but most of a wheel may not.
        assert!(bench.count < sound.len(), "{} of {}", bench.count, 3 * sound.len());
        bench.compare(ZIPS);
    }
}

#[test]
fn a_wheel_or_sdist_that_is_cut_anywhere_is_refused() {
    for (name, bytes) in [(WHEEL, WheelPlan::sound().bytes()), (SDIST, zipped(&tar_bytes()))] {
        let mut bench = Bench::new(name);
        assert!(bench.accepts(&bytes));
        for length in 0..bytes.len() {
            assert!(!bench.accepts(&bytes[..length]), "{length} bytes of {name}");
        }
    }
}

#[test]
fn an_edited_wheel_is_refused_or_read_by_python_in_the_same_way() {
    let sound = WheelPlan::sound().bytes();
    let mut bench = Bench::new(WHEEL);
    assert!(bench.accepts(&sound));
    each(edits(), 3000, |edits| {
        bench.accepts(&edited(&sound, edits));
    });
    bench.compare(ZIPS);
}

#[test]
fn an_edited_sdist_is_refused_or_unpacked_by_python() {
    let sound = tar_bytes();
    let mut bench = Bench::new(SDIST);
    assert!(bench.accepts(&zipped(&sound)));
    for at in 0..sound.len().min(1600) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x11;
        bench.accepts(&zipped(&bytes));
    }
    each(edits(), 1000, |edits| {
        bench.accepts(&zipped(&edited(&sound, edits)));
    });
    assert!(bench.count > 10, "{}", bench.count);
    bench.compare(TARS);
}

#[test]
fn each_changed_byte_of_a_compressed_sdist_is_found_or_changes_nothing() {
    let sound = zipped(&tar_bytes());
    let mut bench = Bench::new(SDIST);
    for at in 0..sound.len() {
        for change in [0x01, 0xff] {
            let mut bytes = sound.clone();
            bytes[at] ^= change;
            bench.accepts(&bytes);
        }
    }
    bench.compare(TARS);
}

#[test]
fn arbitrary_bytes_are_refused_and_stop_no_one() {
    let bytes = || prop::collection::vec(any::<u8>(), 0..600);
    for name in [WHEEL, SDIST] {
        let mut bench = Bench::new(name);
        each(bytes(), 300, |bytes| assert!(!bench.accepts(&bytes)));
        each(bytes(), 300, |bytes| {
            let start: &[u8] = if name == WHEEL { b"PK\x03\x04" } else { b"\x1f\x8b\x08" };
            assert!(!bench.accepts(&[start, &bytes, b"PK\x05\x06", &bytes].concat()));
        });
    }
    let mut bench = Bench::new(SDIST);
    each(bytes(), 200, |bytes| assert!(!bench.accepts(&zipped(&bytes))));
}

#[test]
fn odd_texts_in_record_and_metadata_are_refused_or_read() {
    let words = ["\"", ",", "\n", "\r", ":", " ", "a", "ü", "\0", RECORD, "sha256=", "Name", "Version", "5"];
    let text =
        || prop::collection::vec(prop::sample::select(words.to_vec()), 0..30).prop_map(|all| all.concat());
    let mut bench = Bench::new(WHEEL);
    each(text(), 500, |text| {
        let _ = Metadata::parse(text.as_bytes());
        let mut plan = WheelPlan::sound();
        plan.record = None;
        bench.accepts(&plan.set(RECORD, text.clone()).bytes());
        bench.accepts(&WheelPlan::sound().set("da_vinci-0.5.0.dist-info/METADATA", text.clone()).bytes());
        bench.accepts(&WheelPlan::sound().set("da_vinci-0.5.0.dist-info/WHEEL", text).bytes());
    });
    assert_eq!(bench.count, 0);
}
