//! However a wheel or an sdist is read, the same is found in it, and its digest is that of the file.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::{digest, examine, glance};
use support::{File, RECORD, SDIST, WHEEL, WheelPlan, assert_only, problems, swap, write};

/// Asserts that one read of the file gives its digest, its size and the problems that `problems` gives.
fn assert_one_read_gives_all(file: &File) -> Vec<String> {
    let examined = examine(&file.path).unwrap();
    assert_eq!((examined.sha256, examined.size), digest(&file.path).unwrap());
    let found: Vec<String> = examined.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, problems(&file.path));
    found
}

/// Bytes that cannot be compressed, the same in each run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// A wheel far larger than what is kept of it, with members larger and smaller than a block.
fn large() -> WheelPlan {
    (0..40).fold(WheelPlan::sound(), |plan, number| {
        let length = [10, 3_000, 200_000, 900_000][number % 4];
        plan.set(&format!("da_vinci/data/{number}.bin"), noise(number as u64, length))
    })
}

#[test]
fn small_and_large_wheels_are_sound_in_every_way() {
    for plan in [WheelPlan::sound(), large()] {
        let file = plan.write();
        assert_eq!(assert_one_read_gives_all(&file), [""; 0]);
        assert_eq!(glance(&file.path).unwrap(), []);
    }
}

#[test]
fn a_changed_byte_in_a_large_wheel_is_found_and_a_glance_leaves_it() {
    let sound = large().bytes();
    for at in [100_000, 2_000_000, 7_000_000] {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        let file = write(WHEEL, &bytes);
        let found = assert_one_read_gives_all(&file);
        assert!(!found.is_empty() && found.iter().all(|problem| problem.starts_with("W006: ")), "{found:?}");
        assert_eq!(glance(&file.path).unwrap(), []);
    }
}

#[test]
fn torn_and_foreign_files_have_a_digest_too() {
    let sound = large().bytes();
    for bytes in [&sound[..5_000_000], &sound[5_000_000..], b"hello", b""] {
        let found = assert_one_read_gives_all(&write(WHEEL, bytes));
        assert!(!found.is_empty(), "{} bytes", bytes.len());
        assert!(!assert_one_read_gives_all(&write(SDIST, bytes)).is_empty());
    }
}

#[test]
fn a_glance_compares_names_and_sizes() {
    let glance = |plan: WheelPlan| -> Vec<String> {
        glance(&plan.write().path).unwrap().iter().map(ToString::to_string).collect()
    };
    let plan = WheelPlan::sound().record(|text| text.replace("sha256=47DE", "sha256=48DE"));
    assert_eq!(glance(plan), [""; 0]);
    let plan = WheelPlan::sound().record(|text| text.replace("FU,0", "FU,7"));
    assert_only(&glance(plan), "W018: `da_vinci/__init__.py`: RECORD has the size 7");
    let mut bytes = WheelPlan::sound().bytes();
    swap(&mut bytes[..60], b"da_vinci/__init__.py", b"da_vinci/__exit__.py");
    let found = distribution::glance(&write(WHEEL, &bytes).path).unwrap();
    assert_only(&[found[0].to_string()], "W005: the directory calls a member `da_vinci/__init__.py`");
    let plan = WheelPlan::sound().record(|text| text.replace(&format!("{RECORD},,\n"), "ghost.py,,\n"));
    assert_eq!(glance(plan).len(), 2);
}

#[test]
fn an_sdist_that_unpacks_to_absurd_sizes_is_not_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..70 {
        std::io::Write::write_all(&mut gzip, &zeros).unwrap();
    }
    let bytes = gzip.finish().unwrap();
    let found = assert_one_read_gives_all(&write(SDIST, &bytes));
    assert_only(
        &found,
        "S044: the archive cannot be read as gzip and tar: it unpacks to more than 67108864 bytes",
    );
}
