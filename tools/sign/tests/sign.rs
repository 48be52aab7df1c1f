//! The tool as a process: in a real repository, with a document made by hand, against the program `minisign`.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "sign/keys.rs"]
mod keys;
#[path = "sign/scene.rs"]
mod scene;
#[path = "sign/verify.rs"]
mod verify;

use scene::*;
use serde_json::{Value, json};

const ACTIONS: &str = "sign: sign dist/da_vinci-0.5.0-*.whl\nsign: sign dist/da_vinci-0.5.0.tar.gz\n\
                       sign: sign dist/SHA256SUMS\nsign: sign dist/SHA512SUMS\n";

#[test]
fn minisign_accepts_every_signature() {
    let scene = Scene::with_key();
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, run.stderr.as_str()), (0, ACTIONS));
    assert_eq!(scene.signatures(), 4);
    for file in SIGNED {
        assert!(scene.minisign_accepts(file, "keys/a.pub"), "{file}");
    }
    let section = serde_json::from_str::<Value>(&run.stdout).unwrap()["signatures"].take();
    let entry = |file| json!({ "path": file, "signature": format!("{file}.minisig"), "public_key": scene.public("a") });
    assert_eq!(section, json!(SIGNED.map(entry)));
    let text = scene.read(&format!("{WHEEL}.minisig"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "untrusted comment: signature of da_vinci-0.5.0-py3-none-any.whl");
    let sha256 = scene.document["artifacts"][0]["sha256"].as_str().unwrap();
    let comment = format!("file:da_vinci-0.5.0-py3-none-any.whl\tversion:0.5.0\tsha256:{sha256}");
    assert_eq!(lines[2], format!("trusted comment: {comment}"));
    // The verdict of `minisign` above can be the other one.
    scene.write(WHEEL, "other bytes");
    assert!(!scene.minisign_accepts(WHEEL, "keys/a.pub"));
}

#[test]
fn a_second_run_is_a_skip_with_equal_bytes() {
    let scene = Scene::with_key();
    let first = scene.signed();
    let before = scene.listing();
    let again = scene.sign(&[], &scene.text());
    assert_eq!((again.code, &again.stdout), (0, &first));
    assert_eq!(scene.listing(), before);
    let skips = [WHEEL, SDIST, SUMS[0], SUMS[1]]
        .map(|file| format!("sign: skip: {file}.minisig: it verifies with this key already\n"));
    assert_eq!(again.stderr, skips.concat());
}

#[test]
fn a_signature_that_does_not_verify_is_replaced() {
    let scene = Scene::with_key();
    let first = scene.signed();
    scene.minisign_key("b");
    let theirs = scene.program("minisign", &["-S", "-s", "keys/b.key", "-m", WHEEL], "");
    assert_eq!(theirs.code, 0, "{theirs:?}");
    let legacy = scene.program("minisign", &["-S", "-l", "-s", "keys/a.key", "-m", SUMS[0]], "");
    assert_eq!(legacy.code, 0, "{legacy:?}");
    assert!(!scene.minisign_accepts(WHEEL, "keys/a.pub") && !scene.minisign_accepts(SUMS[0], "keys/a.pub"));
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, &run.stdout), (0, &first));
    let note = format!(
        "sign: sign dist/da_vinci-0.5.0-*.whl\nsign: note: replaced {WHEEL}.minisig, which did not verify with this key\n"
    );
    assert!(run.stderr.starts_with(&note), "{}", run.stderr);
    assert!(scene.minisign_accepts(WHEEL, "keys/a.pub") && scene.minisign_accepts(SUMS[0], "keys/a.pub"));
}

#[test]
fn a_signature_of_minisign_with_the_same_key_is_kept() {
    let scene = Scene::with_key();
    for file in SIGNED {
        assert_eq!(scene.program("minisign", &["-S", "-s", "keys/a.key", "-m", file], "").code, 0);
    }
    let before = scene.listing();
    let run = scene.sign(&["--dry-run"], &scene.text());
    assert_eq!((run.code, run.stderr.matches("sign: skip: ").count()), (0, 4), "{run:?}");
    assert_eq!(scene.sign(&[], &scene.text()).code, 0);
    let mut after = scene.listing();
    after.retain(|path, _| !path.ends_with(".git/wainwright/lock"));
    assert_eq!(after, before);
}

#[test]
fn refuses_changed_files_and_writes_nothing() {
    for (file, tool) in [(WHEEL, "build-wheels"), (SUMS[1], "checksum")] {
        let scene = Scene::with_key();
        scene.write(file, "other bytes");
        let found = &scene.program("sha256sum", &[file], "").stdout[..64];
        for arguments in [&[][..], &["--dry-run"]] {
            let run = scene.sign(arguments, &scene.text());
            assert_eq!((run.code, run.stdout.as_str()), (1, ""));
            let start =
                format!("sign: error: cannot sign `{file}`: its SHA-256 is {found}, `{tool}` recorded ");
            assert!(run.stderr.starts_with(&start), "{}", run.stderr);
            assert!(run.stderr.contains(&format!(": it changed after `{tool}`\n\nhint: ")), "{}", run.stderr);
        }
        std::fs::remove_file(scene.path(file)).unwrap();
        let run = scene.sign(&[], &scene.text());
        assert!(
            run.stderr.contains(&format!("`{file}`: it is missing: it was removed after `{tool}`")),
            "{run:?}"
        );
        assert_eq!(scene.signatures(), 0);
    }
}

#[test]
fn refuses_a_document_without_its_sections() {
    let mut scene = Scene::with_key();
    for (section, tool) in [("checksums", "checksum"), ("artifacts", "build-wheels")] {
        scene.document[section] = Value::Null;
        for arguments in [&[][..], &["--dry-run"], &["--verify"]] {
            let run = scene.sign(arguments, &scene.text());
            assert_eq!((run.code, run.stdout.as_str()), (3, ""));
            assert!(run.stderr.ends_with(&format!("\n\nhint: run `{tool}` first\n")), "{}", run.stderr);
        }
    }
    scene.describe();
    let run = scene.sign(&["--verify"], &scene.text());
    assert_eq!(run.code, 3);
    assert!(run.stderr.ends_with("hint: run `sign` first\n"), "{}", run.stderr);
}

#[test]
fn refuses_an_empty_stdin() {
    let scene = Scene::with_key();
    for arguments in [&[][..], &["--verify"]] {
        let run = scene.sign(arguments, "");
        assert_eq!((run.code, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.contains("it is empty, the tool before failed"), "{}", run.stderr);
    }
}

#[test]
fn a_dry_run_says_the_words_of_the_real_run_and_writes_nothing() {
    let mut scene = Scene::with_key();
    let before = scene.listing();
    let mut dry = vec![scene.sign(&["--dry-run"], &scene.text())];
    scene.document["dry_run"] = json!(true);
    for section in ["checksums", "artifacts"] {
        scene.document[section] = Value::Null;
        dry.push(scene.sign(&[], &scene.text()));
    }
    assert_eq!(scene.listing(), before);
    scene.document["dry_run"] = json!(false);
    scene.describe();
    let real = scene.sign(&[], &scene.text());
    for dry in dry {
        assert_eq!((dry.code, &dry.stderr), (0, &real.stderr));
        let document: Value = serde_json::from_str(&dry.stdout).unwrap();
        assert_eq!((&document["dry_run"], &document["signatures"]), (&json!(true), &Value::Null));
    }
    assert_ne!(scene.listing(), before);
}
