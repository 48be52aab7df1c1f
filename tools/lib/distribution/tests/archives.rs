//! ZIP archives that programs read in different ways are refused, each for its reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::wheel::Wheel;
use support::{WHEEL, WheelPlan, assert_among, assert_only, swap, write};

fn problems(bytes: &[u8]) -> Vec<String> {
    support::problems(&write(WHEEL, bytes).path)
}

/// The place of the end record, of the directory, and of the first header after the first.
fn places(bytes: &[u8]) -> (usize, usize) {
    let end = bytes.len() - 22;
    let start = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
    (start, end)
}

#[test]
fn a_truncated_archive_is_called_truncated_wherever_it_is_cut() {
    let bytes = WheelPlan::sound().bytes();
    for cut in 4..bytes.len() {
        let found = problems(&bytes[..cut]);
        assert!(
            found.iter().any(|p| p.starts_with("W002: ") && p.contains("truncated")),
            "cut at {cut}: {found:?}"
        );
    }
}

#[test]
fn a_file_that_is_no_zip_is_called_that() {
    assert_only(&problems(b"hello"), "W001: the file is no ZIP archive");
    assert_only(&problems(b""), "the file is no ZIP archive");
    let error = Wheel::open(&write(WHEEL, b"hello").path).err().unwrap().to_string();
    assert!(
        error.starts_with("cannot open the wheel `") && error.ends_with("the file is no ZIP archive"),
        "{error}"
    );
}

#[test]
fn bytes_before_and_after_are_counted() {
    let bytes = WheelPlan::sound().bytes();
    assert_only(
        &problems(&[b"#!/bin/sh\n".as_slice(), &bytes].concat()),
        "W003: 10 bytes stand before the archive",
    );
    assert_only(
        &problems(&[bytes.as_slice(), b"tail"].concat()),
        "W003: 4 bytes follow the end of the archive",
    );
}

#[test]
fn two_archives_in_one_file_are_seen() {
    let bytes = WheelPlan::sound().bytes();
    assert_among(&problems(&[bytes.as_slice(), &bytes].concat()), "bytes stand before the archive");
}

#[test]
fn bytes_between_members_are_seen() {
    let mut bytes = WheelPlan::sound().bytes();
    let (start, end) = places(&bytes);
    bytes.splice(start..start, *b"gap");
    let moved = u32::try_from(start + 3).unwrap().to_le_bytes();
    bytes[end + 3 + 16..end + 3 + 20].copy_from_slice(&moved);
    assert_only(&problems(&bytes), "W003: 3 bytes before the directory belong to no member");
}

#[test]
fn a_comment_of_the_archive_is_seen() {
    let mut bytes = WheelPlan::sound().bytes();
    let length = bytes.len();
    bytes[length - 2] = 2;
    bytes.extend(b"hi");
    assert_only(&problems(&bytes), "W008: the archive has a comment of 2 bytes");
}

#[test]
fn a_wrong_number_of_members_is_seen() {
    let mut bytes = WheelPlan::sound().bytes();
    let (_, end) = places(&bytes);
    bytes[end + 8] -= 1;
    bytes[end + 10] -= 1;
    assert_among(&problems(&bytes), "bytes, and the end record says");
    bytes[end + 8] += 1;
    assert_among(&problems(&bytes), "W002: the archive has 4 members, and 5 of them in this file");
}

#[test]
fn duplicate_names_are_seen() {
    let mut bytes = WheelPlan::sound().set("da_vinci/twin.py", "print('other')\n").bytes();
    assert_eq!(swap(&mut bytes, b"da_vinci/twin.py", b"da_vinci/core.py"), 2);
    assert_among(&problems(&bytes), "W004: `da_vinci/core.py` stands in the archive twice");
}

#[test]
fn a_header_that_differs_from_the_directory_is_seen() {
    let sound = WheelPlan::sound().bytes();
    let mut bytes = sound.clone();
    swap(&mut bytes[..60], b"da_vinci/__init__.py", b"da_vinci/__exit__.py");
    assert_only(
        &problems(&bytes),
        "W005: the directory calls a member `da_vinci/__init__.py`, and its own header `da_vinci/__exit__.py`",
    );

    let mut bytes = sound.clone();
    bytes[22] = 7;
    assert_only(
        &problems(&bytes),
        "W006: `da_vinci/__init__.py`: the size is 0 in the directory and 7 in its own header",
    );

    let mut bytes = sound;
    bytes[6] |= 8;
    assert_only(&problems(&bytes), "W007: `da_vinci/__init__.py` has a data descriptor");
}

#[test]
fn a_bomb_is_stopped_at_its_declared_size() {
    let plan = WheelPlan::sound().set("da_vinci/zeros", vec![0; 3_000_000]);
    let mut bytes = plan.bytes();
    let size = 3_000_000_u32.to_le_bytes();
    assert_eq!(swap(&mut bytes, &size, &1000_u32.to_le_bytes()), 2);
    let words =
        "W006: `da_vinci/zeros` cannot be unpacked: it is larger than the 1000 bytes that it declares";
    assert_among(&problems(&bytes), words);
    assert_eq!(swap(&mut bytes, &1000_u32.to_le_bytes(), &4_000_000_u32.to_le_bytes()), 2);
    assert_among(&problems(&bytes), "W006: `da_vinci/zeros` unpacks to 3000000 bytes, and declares 4000000");
}

#[test]
fn damaged_data_is_seen() {
    let mut plan = WheelPlan::sound();
    plan.method = zip::CompressionMethod::Stored;
    let mut bytes = plan.bytes();
    let (start, _) = places(&bytes);
    assert_eq!(swap(&mut bytes[..start], b"print('paint')", b"print('print')"), 1);
    assert_among(&problems(&bytes), "W006: `da_vinci/core.py` has the checksum ");

    let plan = WheelPlan::sound().set("da_vinci/long.py", "print('paint')\n".repeat(100));
    let sound = plan.bytes();
    let at = sound.windows(16).position(|name| name == b"da_vinci/long.py").unwrap() + 16;
    let mut bytes = sound.clone();
    bytes[at] = 7;
    assert_among(&problems(&bytes), "W006: `da_vinci/long.py` cannot be unpacked: its data are damaged");
}

#[test]
fn bytes_behind_the_end_of_a_members_data_are_seen() {
    // The last member is given two bytes more than its data have.
    let mut bytes = WheelPlan::sound().bytes();
    let (start, end) = places(&bytes);
    let entry = bytes[..end].windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    let header = u32::from_le_bytes(bytes[entry + 42..entry + 46].try_into().unwrap()) as usize;
    (bytes[header + 18], bytes[entry + 20]) = (bytes[header + 18] + 2, bytes[entry + 20] + 2);
    bytes.splice(start..start, *b"hi");
    let moved = u32::try_from(start + 2).unwrap().to_le_bytes();
    bytes[end + 2 + 16..end + 2 + 20].copy_from_slice(&moved);
    assert_among(
        &problems(&bytes),
        &format!("W006: `{}` has 2 bytes behind the end of its data", support::RECORD),
    );
}

#[test]
fn an_archive_that_unpacks_to_absurd_sizes_is_not_unpacked() {
    let plan = WheelPlan::sound().set("da_vinci/a", vec![0; 3_000_000]).set("da_vinci/b", vec![0; 3_000_000]);
    let mut bytes = plan.bytes();
    assert_eq!(swap(&mut bytes, &3_000_000_u32.to_le_bytes(), &3_000_000_000_u32.to_le_bytes()), 4);
    assert_only(&problems(&bytes), "bytes, declares 60000");
}

#[test]
fn what_few_programs_know_is_refused() {
    let sound = WheelPlan::sound().bytes();
    let (start, _) = places(&sound);
    let mut bytes = sound.clone();
    bytes[start + 6] = 64;
    assert_only(&problems(&bytes), "W011: `da_vinci/__init__.py` asks for version 64 of the format");
    let mut bytes = sound;
    (bytes[6], bytes[start + 8]) = (0x40, 0x40);
    assert_only(&problems(&bytes), "and has the flags 0x0040, which few programs know");
    let mut bytes = WheelPlan::sound().set("da_vinci/ü.py", "x").bytes();
    let entry = bytes.windows(4).filter(|four| *four == b"PK\x01\x02").count();
    assert_eq!(entry, 6);
    for place in places_of(&bytes, "da_vinci/ü.py".as_bytes()) {
        let flags = if bytes[place - 30..].starts_with(b"PK\x03\x04") { 24 } else { 38 };
        bytes[place - flags + 1] = 0;
    }
    assert_only(&problems(&bytes), "W009: the name `da_vinci/ü.py` is not marked as UTF-8");
}

#[test]
fn a_folder_has_no_data() {
    let mut bytes = WheelPlan::sound().set("da_vinci/data_", "x").bytes();
    swap(&mut bytes, b"da_vinci/data_", b"da_vinci/data/");
    assert_among(&problems(&bytes), "W006: `da_vinci/data/` is a folder, and has 1 bytes of data");
}

/// Where a text stands in headers: RECORD is packed, and does not show it.
fn places_of(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    (0..bytes.len() - text.len()).filter(|at| bytes[*at..].starts_with(text)).collect()
}

#[test]
fn other_compression_methods_are_refused() {
    let mut bytes = WheelPlan::sound().bytes();
    let (start, _) = places(&bytes);
    (bytes[8], bytes[start + 10]) = (12, 12);
    assert_among(
        &problems(&bytes),
        "W011: `da_vinci/__init__.py` is compressed with method 12, not stored (0) or deflate (8)",
    );
}

#[test]
fn a_second_name_in_an_extra_field_is_seen() {
    // The ZIP writer keeps this field for itself, so the test gives it its number afterwards.
    let mut bytes = WheelPlan::sound().extra(0x9999, b"\x01CRC!da_vinci/other.py").bytes();
    assert!(swap(&mut bytes, &0x9999_u16.to_le_bytes(), &0x7075_u16.to_le_bytes()) >= 2);
    assert_among(&problems(&bytes), "W010: `da_vinci/__init__.py` has another name in an extra field");
}

#[test]
fn metadata_of_an_absurd_size_are_not_read() {
    let plan = WheelPlan::sound().set("da_vinci-0.5.0.dist-info/METADATA", vec![b' '; 54_321]);
    let mut bytes = plan.bytes();
    let (size, absurd) = (54_321_u32.to_le_bytes(), (17_u32 << 20).to_le_bytes());
    assert_eq!(swap(&mut bytes, &size, &absurd), 2);
    assert_among(
        &problems(&bytes),
        "W012: `da_vinci-0.5.0.dist-info/METADATA` has 17825792 bytes, more than",
    );
}

#[test]
fn a_symbolic_link_is_refused() {
    let mut bytes = WheelPlan::sound().bytes();
    let (start, _) = places(&bytes);
    bytes[start + 5] = 3;
    bytes[start + 38..start + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    assert_only(&problems(&bytes), "W013: `da_vinci/__init__.py` is a symbolic link");
    let (file, folder) = (support::write(support::WHEEL, &bytes), tempfile::tempdir().unwrap());
    let mut wheel = distribution::wheel::Wheel::open(&file.path).unwrap();
    let error = wheel.unpack(folder.path(), |name| Some(name.to_owned())).unwrap_err().to_string();
    assert!(error.ends_with(": `da_vinci/__init__.py` is a symbolic link"), "{error}");
}

#[test]
fn a_name_that_is_not_utf8_is_refused() {
    let mut bytes = WheelPlan::sound().set("da_vinci/aeiou.txt", "x").bytes();
    swap(&mut bytes, b"aeiou.txt", b"aei\xffu.txt");
    let found = problems(&bytes);
    assert!(found.iter().any(|p| p.starts_with("W009: ") && p.ends_with(" is not UTF-8")), "{found:?}");
}

#[test]
fn an_archive_that_is_tar_too_is_refused() {
    // The first member's data reach to the checksum of a tar header, which the test then makes right.
    let mut plan = WheelPlan::sound();
    plan.method = zip::CompressionMethod::Stored;
    plan.members.insert(0, ("pad".to_owned(), vec![b' '; 600]));
    let mut bytes = plan.bytes();
    for _ in 0..2 {
        let sum: u32 = bytes[..512]
            .iter()
            .enumerate()
            .map(|(at, b)| if (148..156).contains(&at) { 32 } else { u32::from(*b) })
            .sum();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    assert_among(&problems(&bytes), "W001: the archive can be read as tar, too");
}

#[test]
fn a_flipped_byte_never_panics() {
    let sound = WheelPlan::sound().bytes();
    for at in 0..sound.len() {
        for value in [0, 0xff] {
            let mut bytes = sound.clone();
            bytes[at] = value;
            let _ = problems(&bytes);
        }
    }
}
