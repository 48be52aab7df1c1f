//! An sdist holds one folder with metadata that agree with its name, or what it holds instead is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::io::Write;

use distribution::sdist;
use flate2::Compression;
use flate2::write::GzEncoder;
use support::{METADATA, SDIST, assert_among, assert_only, write};
use tar::{Builder, EntryType, Header};

type Tar = Builder<GzEncoder<Vec<u8>>>;

fn add(tar: &mut Tar, name: &str, text: &str, change: impl FnOnce(&mut Header)) {
    let mut header = Header::new_ustar();
    // The tar writer refuses unsafe names, so the test writes the field itself.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    change(&mut header);
    header.set_cksum();
    tar.append(&header, text.as_bytes()).unwrap();
}

fn packed(fill: impl FnOnce(&mut Tar)) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    fill(&mut tar);
    tar.into_inner().unwrap().finish().unwrap()
}

fn sound(tar: &mut Tar) {
    add(tar, "da_vinci-0.5.0/PKG-INFO", METADATA, |_| {});
    add(tar, "da_vinci-0.5.0/pyproject.toml", "[project]\n", |_| {});
    add(tar, "da_vinci-0.5.0/src/", "", |header| header.set_entry_type(EntryType::Directory));
}

fn problems(bytes: &[u8]) -> Vec<String> {
    support::problems(&write(SDIST, bytes).path)
}

fn with(name: &str, change: impl FnOnce(&mut Header)) -> Vec<String> {
    problems(&packed(|tar| {
        sound(tar);
        add(tar, name, "", change);
    }))
}

fn link(kind: EntryType, target: &str) -> impl FnOnce(&mut Header) {
    move |header| {
        header.set_entry_type(kind);
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    }
}

#[test]
fn a_sound_sdist_has_no_problem_and_shows_its_metadata() {
    let file = write(SDIST, &packed(sound));
    assert_eq!(support::problems(&file.path), [""; 0]);
    assert_eq!(sdist::metadata(&file.path).unwrap().requires_python.as_deref(), Some(">=3.9"));
}

#[test]
fn a_truncated_sdist_is_called_truncated_wherever_it_is_cut() {
    let bytes = packed(sound);
    for cut in 1..bytes.len() {
        assert_among(&problems(&bytes[..cut]), "S044: the archive is truncated");
    }
}

#[test]
fn what_is_no_gzip_or_no_tar_is_called_that() {
    assert_only(&problems(b"hello, this is not gzip"), "cannot be read as gzip and tar");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&[b'x'; 2048]).unwrap();
    assert_only(&problems(&gzip.finish().unwrap()), "cannot be read as gzip and tar");
}

#[test]
fn bytes_after_the_archive_are_seen() {
    let mut bytes = packed(sound);
    bytes.extend(b"a tail that is no second gzip member");
    assert_only(&problems(&bytes), "the archive cannot be read as gzip and tar");
    let hidden = packed(|tar| {
        sound(tar);
        tar.get_mut().write_all(&[0; 1024]).unwrap();
        tar.get_mut().write_all(&[b'x'; 512]).unwrap();
    });
    assert_only(&problems(&hidden), "S044: bytes follow the end of the tar archive");
}

#[test]
fn metadata_and_pyproject_are_needed() {
    let found = problems(&packed(|tar| add(tar, "da_vinci-0.5.0/README", "", |_| {})));
    assert_eq!(
        found,
        [
            "S045: `da_vinci-0.5.0/PKG-INFO` is missing",
            "S045: `da_vinci-0.5.0/pyproject.toml` is missing, and so is a setup.py"
        ]
    );
    let file = write(SDIST, &packed(|tar| add(tar, "da_vinci-0.5.0/README", "", |_| {})));
    assert!(sdist::metadata(&file.path).unwrap_err().to_string().ends_with("it has no `PKG-INFO`"));
}

#[test]
fn metadata_agree_with_the_file_name() {
    let found = problems(&packed(|tar| {
        add(tar, "da_vinci-0.5.0/PKG-INFO", &METADATA.replace("0.5.0", "0.6.0"), |_| {});
        add(tar, "da_vinci-0.5.0/pyproject.toml", "", |_| {});
    }));
    assert_only(&found, "S045: `da_vinci-0.5.0/PKG-INFO` has the version 0.6.0, and the file's name 0.5.0");
}

#[test]
fn everything_stands_in_the_one_top_folder() {
    assert_only(
        &with("setup.py", |_| {}),
        "S045: `setup.py` stands beside the one top folder `da_vinci-0.5.0`",
    );
}

#[test]
fn the_top_folder_may_have_another_spelling_of_the_name() {
    let spelled = |name: &str| {
        let path = |inner: &str| format!("{name}/{inner}");
        let licensed = METADATA.replace("\n\n", "\nLicense-File: LICENSE\n\n");
        problems(&packed(|tar| {
            add(tar, &path("PKG-INFO"), &licensed, |_| {});
            add(tar, &path("pyproject.toml"), "", |_| {});
            add(tar, &path("LICENSE"), "", |_| {});
        }))
    };
    assert_only(
        &spelled("da.vinci-0.5.0"),
        "S045: the top folder is `da.vinci-0.5.0`, and the file's name asks",
    );
    assert_among(&spelled("da_vinci-0.6.0"), "S045: `da_vinci-0.6.0` stands beside the one top folder");
    assert_among(
        &with("Da-Vinci-0.5.0/x", |_| {}),
        "S045: `Da-Vinci-0.5.0` stands beside the one top folder `da_vinci-0.5.0`",
    );
}

#[test]
fn unsafe_names_are_refused() {
    assert_only(&with("/etc/passwd", |_| {}), "S047: `/etc/passwd` has an absolute path");
    assert_only(&with("da_vinci-0.5.0/../../x", |_| {}), "has `..` in its path");
    assert_only(&with("da_vinci-0.5.0/SRC", |_| {}), "differ by case alone");
}

#[test]
fn links_stay_inside_the_top_folder() {
    let (symbolic, hard) = (EntryType::Symlink, EntryType::Link);
    for target in ["../README", "/etc/passwd", "../../da_vinci-0.5.0", "a/../../b"] {
        assert_only(&with("da_vinci-0.5.0/link", link(symbolic, target)), "outside of the top folder");
    }
    assert_only(&with("da_vinci-0.5.0/link", link(hard, "PKG-INFO")), "outside of the top folder");
    assert_eq!(with("da_vinci-0.5.0/src/link", link(symbolic, "../PKG-INFO")), [""; 0]);
    assert_eq!(with("da_vinci-0.5.0/link", link(hard, "da_vinci-0.5.0/PKG-INFO")), [""; 0]);
}

#[test]
fn devices_setuid_and_sparse_files_are_refused() {
    assert_only(&with("da_vinci-0.5.0/x", |header| header.set_entry_type(EntryType::Char)), "is a device");
    assert_only(&with("da_vinci-0.5.0/x", |header| header.set_entry_type(EntryType::Fifo)), "is a device");
    assert_only(
        &with("da_vinci-0.5.0/x", |header| header.set_mode(0o4755)),
        "S047: `da_vinci-0.5.0/x` is setuid or setgid",
    );
    let sparse = problems(&packed(|tar| {
        sound(tar);
        tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
        add(tar, "da_vinci-0.5.0/x", "", |_| {});
    }));
    assert_only(&sparse, "S046: `da_vinci-0.5.0/x` is a sparse file");
}

#[test]
fn a_wheel_is_no_sdist() {
    let error = sdist::problems(&write(support::WHEEL, b"").path).unwrap_err().to_string();
    assert!(error.ends_with("its name is that of a wheel"), "{error}");
}
