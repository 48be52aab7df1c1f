//! Verifying: a document's signatures, and files that need no document.

use serde_json::{Value, json};

use super::scene::*;

#[test]
fn verifies_files_of_minisign_without_project_and_document() {
    let scene = Scene::with_key();
    scene.minisign_key("b");
    let elsewhere = scene.folder.path().parent().unwrap().to_owned();
    assert!(!elsewhere.join("pyproject.toml").exists());
    assert_eq!(scene.program("minisign", &["-S", "-s", "keys/a.key", "-m", WHEEL, SDIST], "").code, 0);
    assert_eq!(scene.program("minisign", &["-S", "-l", "-s", "keys/a.key", "-m", SUMS[0]], "").code, 0);
    std::fs::remove_file(scene.path("pyproject.toml")).unwrap();
    std::fs::remove_file(scene.path("release.toml")).unwrap();
    for key in ["keys/a.pub", scene.public("a").as_str()] {
        let run = scene.sign(&["--verify", WHEEL, SDIST, SUMS[0], "--public-key", key], "");
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr.matches(": the signature is good (timestamp:").count(), 3, "{run:?}");
    }
    let run = scene.sign(&["--verify", WHEEL, SUMS[1], "--public-key", "keys/b.pub"], "");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("cannot verify the files, 2 problems:\n"), "{run:?}");
    assert!(run.stderr.contains(&format!("`{WHEEL}`: it is signed with the key ")), "{run:?}");
    assert!(run.stderr.contains("`dist/SHA512SUMS`: it has no signature, `SHA512SUMS.minisig` is missing"));
    scene.write(WHEEL, "other bytes");
    let run = scene.sign(&["--verify", WHEEL, "--public-key", "keys/a.pub"], "");
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("its signature is for other bytes, another comment or another key"),
        "{run:?}"
    );
}

#[test]
fn verifies_every_signature_of_a_document() {
    let scene = Scene::with_key();
    let text = scene.signed();
    for arguments in [&["--verify"][..], &["--verify", "--public-key", "keys/a.pub"]] {
        let run = scene.sign(arguments, &text);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr.matches("sign: note: dist/").count(), 4, "{run:?}");
        let note = "SHA256SUMS: the signature is good (file:SHA256SUMS, version:0.5.0, sha256:";
        assert!(run.stderr.contains(note), "{run:?}");
    }
    let refused = |arguments: &[&str], document: &Value, expected: &str| {
        let run = scene.sign(arguments, &document.to_string());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    scene.minisign_key("b");
    refused(
        &["--verify", "--public-key", "keys/b.pub"],
        &document,
        "`dist/SHA256SUMS`: the document names the key ",
    );
    let mut none = document.clone();
    none["signatures"] = json!([]);
    refused(&["--verify", "--public-key", "keys/a.pub"], &none, "the document names no signature of it");
    let mut foreign = document.clone();
    foreign["signatures"][2]["public_key"] = json!(scene.public("b"));
    refused(&["--verify"], &foreign, &format!("cannot verify `{WHEEL}`: it is signed with the key "));
    foreign["signatures"][2]["public_key"] = json!("RW");
    refused(&["--verify"], &foreign, "its public key in the document is no minisign public key");
    let mut one_less = document.clone();
    one_less["signatures"].as_array_mut().unwrap().remove(2);
    refused(
        &["--verify"],
        &one_less,
        &format!("cannot verify `{WHEEL}`: the document names no signature of it"),
    );
    scene.write(SDIST, "other bytes");
    refused(&["--verify"], &document, "its signature is for other bytes");
    refused(&["--verify"], &document, "it changed after `build-wheels`");
    std::fs::remove_file(scene.path(&format!("{WHEEL}.minisig"))).unwrap();
    refused(&["--verify"], &document, &format!("`{WHEEL}`: it has no signature"));
}

#[test]
fn wrong_usage_is_told_from_a_failed_job() {
    let scene = Scene::with_key();
    for arguments in
        [&[WHEEL][..], &["--verify", WHEEL], &["--public-key", "keys/a.pub"], &["--new-key", "x", "--verify"]]
    {
        assert_eq!(scene.sign(arguments, "").code, 2, "{arguments:?}");
    }
    let run = scene.sign(&["--verify", WHEEL, "--public-key", "keys/a.key"], "");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("cannot use the public key `keys/a.key`: it holds no minisign public key"));
}
