//! Archives that differ in one thing each.

use std::io::Write;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

const WHEEL: &str = "a-1-py3-none-any.whl";

struct Pair(tempfile::TempDir, tempfile::TempDir);

impl Pair {
    fn new(name: &str, first: &[u8], second: &[u8]) -> (Self, [std::path::PathBuf; 2]) {
        let pair = Self(tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let paths = [pair.0.path().join(name), pair.1.path().join(name)];
        std::fs::write(&paths[0], first).unwrap();
        std::fs::write(&paths[1], second).unwrap();
        (pair, paths)
    }
}

type File<'a> = (&'a str, &'a str, u32, u16);

fn wheel(files: &[File]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text, mode, year) in files {
        let time = zip::DateTime::from_date_and_time(*year, 1, 1, 0, 0, 0).unwrap();
        let method =
            if text.len() > 5 { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let options = SimpleFileOptions::default().unix_permissions(*mode).last_modified_time(time);
        zip.start_file(*name, options.compression_method(method)).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sdist(time: u64, owner: u64, gzip: u32) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzBuilder::new().mtime(gzip).write(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    header.set_mode(0o644);
    header.set_mtime(time);
    header.set_uid(owner);
    header.set_gid(0);
    tar.append_data(&mut header, "a-1/x", &b"x"[..]).unwrap();
    let gzip: GzEncoder<Vec<u8>> = tar.into_inner().unwrap();
    gzip.finish().unwrap()
}

fn of_wheels(first: &[File], second: &[File]) -> Vec<String> {
    let (_pair, [a, b]) = Pair::new(WHEEL, &wheel(first), &wheel(second));
    differences(&a, &b).unwrap()
}

#[test]
fn names_what_differs_in_a_wheel() {
    let plain =
        [("x", "1", 0o644, 2020), ("y", "2", 0o644, 2020), ("a-1.dist-info/RECORD", "r", 0o644, 2020)];
    let with = |at: usize, file: File<'static>| {
        let mut files = plain;
        files[at] = file;
        of_wheels(&plain, &files)
    };
    assert_eq!(with(0, ("x", "1", 0o755, 2020)), ["`x`: the permissions: 100644, and then 100755"]);
    let time = with(0, ("x", "1", 0o644, 2021));
    assert_eq!(time, ["`x`: the time: 2020-01-01 00:00:00, and then 2021-01-01 00:00:00"]);
    assert_eq!(with(1, ("y", "3", 0o644, 2020)), ["`y`: its content: at line 1 `2`, and then `3`"]);
    assert_eq!(with(2, ("a-1.dist-info/RECORD", "s", 0o644, 2020)).len(), 1, "nothing else tells of it");
    assert_eq!(
        with(1, ("z", "2", 0o644, 2020)),
        ["`y` is in the first build alone", "`z` is in the second build alone"]
    );
    let swapped = [plain[1], plain[0], plain[2]];
    assert_eq!(of_wheels(&plain, &swapped), ["the order of the members: where `x` was, `y` is"]);
    let (_pair, [a, b]) = Pair::new(WHEEL, &wheel(&plain), &wheel(&swapped));
    let error = check("a.wheel", &a, &b).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot build `a.wheel` twice with the same bytes:\n    the order")
    );
    check("a.wheel", &a, &a).unwrap();
}

#[test]
fn names_what_differs_in_an_sdist() {
    let of = |second: Vec<u8>| {
        let (_pair, [a, b]) = Pair::new("a-1.tar.gz", &sdist(5, 0, 1), &second);
        differences(&a, &b).unwrap()
    };
    assert_eq!(of(sdist(6, 0, 1)), ["`a-1/x`: the time: 5, and then 6"]);
    assert_eq!(of(sdist(5, 7, 1)), ["`a-1/x`: the owner: 0:0 (:), and then 7:0 (:)"]);
    assert_eq!(of(sdist(5, 0, 2)), ["the time in the header of the gzip file"]);
    let many: Vec<String> = (0..30).map(|at| format!("m{at:02}")).collect();
    let all =
        |text: &'static str| many.iter().map(|name| (name.as_str(), text, 0o644, 2020)).collect::<Vec<_>>();
    let (_pair, [a, b]) = Pair::new(WHEEL, &wheel(&all("1")), &wheel(&all("2")));
    let error = check("a.wheel", &a, &b).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 12);
    assert!(error.ends_with("20 more differences"), "{error}");
}

#[test]
fn says_why_a_content_may_differ() {
    let of = |a: &str, b: &str| reason::of(a.as_bytes(), b.as_bytes());
    assert_eq!(of("a\nb\n", "b\na\n"), "the same lines in another order");
    assert_eq!(
        of("x\nD = '/u/.cache/uv/sdists-v9/.tmpaa/s'\n", "x\nD = '/u/.cache/uv/sdists-v9/.tmpbbb/s'\n"),
        "the path of the build's folder is in it: at line 2 `D = '/u/.cache/uv/sdists-v9/.tmpaa/s'`, and then \
         `D = '/u/.cache/uv/sdists-v9/.tmpbbb/s'`"
    );
    assert!(
        of("T = 1750000001.5", "T = 1750000009.5").starts_with("the time of the build is in it: at line 1")
    );
    assert!(of("at 12:30:01\n", "at 12:30:02\n").starts_with("the time of the build"));
    assert_eq!(of("\0ab", "\0ac"), "its content: at byte 2 `ab`, and then `ac`");
    assert_eq!(of("", "b"), "its content: at line 1 ``, and then `b`");
}
