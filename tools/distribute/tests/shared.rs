//! `distribute` on an index that others write to as well.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::path::PathBuf;

use minisign::KeyPair;
use support::{CORE, SETTINGS, Stage, wheel};

const TOOL: &str = env!("CARGO_BIN_EXE_distribute");

/// The files of the index and the digests of their bytes.
fn indexed(stage: &Stage) -> Vec<(PathBuf, String)> {
    let all = stage.files().into_iter().filter(|(path, _)| path.starts_with(stage.root().join("dist/index")));
    all.map(|(path, sha256)| (path, sha256.to_string())).collect()
}

#[test]
fn another_project_may_have_released_the_same_tag() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    let mut other = release.clone();
    other.project.name = "mill".to_owned();
    other.artifacts = Some(Vec::new());
    let text = other.to_json().unwrap();
    stage.write("dist/index/releases/v0.5.0.json", &text);
    let ran = stage.run(TOOL, &[], &release);
    assert_eq!(ran.plan()[0], "distribute: keep releases/da-vinci/v0.5.0.json at staging");
    assert_eq!(stage.read("dist/index/releases/da-vinci/v0.5.0.json"), ran.release().to_json().unwrap());
    assert_eq!(stage.read("dist/index/releases/v0.5.0.json"), text);
    let again = stage.run(TOOL, &[], &release);
    assert!(again.plan().iter().all(|line| line.starts_with("distribute: skip: ")), "{}", again.stderr);
}

#[test]
fn pages_of_another_program_are_not_replaced_where_they_list_more() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    let page = "<a href='../../packages/da_vinci-0.3.0.tar.gz'>da_vinci-0.3.0.tar.gz</a>";
    stage.write("dist/index/simple/da-vinci/index.html", page);
    let before = indexed(&stage);
    for arguments in [&["--check"][..], &["--dry-run"], &[]] {
        let refused = "dist/index/simple/da-vinci/`: another program has made it, and it lists `da_vinci-0.3.0.tar.gz`, \
                       which is not in that folder";
        stage.run(TOOL, arguments, &release).refused(1, refused);
        assert_eq!(indexed(&stage), before);
    }
    stage.write("dist/index/simple/da-vinci/index.html", "<a href='../'>up</a>");
    stage.write("dist/index/simple/index.html", "<a href=da-vinci/>x</a><a href='Other.One/'>x</a>");
    stage.run(TOOL, &["--check"], &release).refused(1, "it lists `other-one`, of which no file is here");
    let ran = stage.run(TOOL, &["--rebuild-index"], &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(stage.run(TOOL, &[], &release).code, Some(0));
}

#[test]
fn what_no_page_can_list_is_told_before_anything_is_written() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    stage.write("dist/index/simple/da-vinci/da_vinci-0.3.0-py3-none-any.whl", "");
    let before = indexed(&stage);
    let ran = stage.run(TOOL, &["--check"], &release);
    ran.refused(1, "da-vinci/da_vinci-0.3.0-py3-none-any.whl`: the file is no ZIP archive");
    assert!(ran.stderr.contains("hint: remove it from the index"), "{}", ran.stderr);
    stage.run(TOOL, &[], &release).refused(1, "the file is no ZIP archive");
    assert_eq!(indexed(&stage), before);
}

#[test]
fn a_version_that_has_other_files_there_takes_no_more() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    let foreign = "dist/index/simple/da-vinci/da_vinci-0.5.0-1-py3-none-any.whl";
    stage.write(foreign, wheel("da-vinci", "0.5.0", &[]));
    let before = indexed(&stage);
    let said =
        "cannot publish `da-vinci` 0.5.0 to `staging`: `da_vinci-0.5.0-1-py3-none-any.whl` is there already";
    stage.run(TOOL, &["--check"], &release).refused(1, said);
    stage.run(TOOL, &[], &release).refused(1, said);
    assert_eq!(indexed(&stage), before);
    std::fs::remove_file(stage.root().join(foreign)).unwrap();
    assert_eq!(stage.run(TOOL, &[], &release).code, Some(0));
    // What is there whole is a skip, yanked or not.
    stage.write(&format!("dist/index/simple/da-vinci/{CORE}.yanked"), "bad");
    assert_eq!(stage.run(TOOL, &["--check"], &release).code, Some(0));
}

#[test]
fn a_folder_that_cannot_be_made_is_told_before_anything_is_written() {
    let more = "[[target]]\nname = \"other\"\nkind = \"directory\"\npath = \"/proc/index\"\n";
    let stage = Stage::new(&format!("{SETTINGS}{more}"));
    let release = stage.tagged();
    let said = "cannot write in the folder `/proc`";
    stage.run(TOOL, &["--check"], &release).refused(1, said);
    stage.run(TOOL, &[], &release).refused(1, said);
    assert_eq!(indexed(&stage), []);
    assert_eq!(stage.run(TOOL, &["--dry-run"], &release).code, Some(0));
}

#[test]
fn the_commands_install_the_release_and_not_a_later_one() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    stage
        .write("dist/index/simple/da-vinci/da_vinci-0.6.0-py3-none-any.whl", wheel("da-vinci", "0.6.0", &[]));
    stage
        .write("dist/index/simple/aa-cdk/aa_cdk-0.6.0rc1-py3-none-any.whl", wheel("aa-cdk", "0.6.0rc1", &[]));
    let ran = stage.run(TOOL, &[], &release);
    assert!(ran.stderr.contains("/simple/ aa-cdk 'da-vinci==0.5.0'\n"), "{}", ran.stderr);
}

#[test]
fn what_was_taken_back_on_another_machine_is_not_published_again() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    stage.git(&["tag", "withdrawn/v0.5.0"]);
    stage.git(&["push", "-q", "origin", "withdrawn/v0.5.0"]);
    stage.git(&["tag", "-d", "withdrawn/v0.5.0"]);
    for arguments in [&["--check"][..], &[]] {
        stage.run(TOOL, arguments, &release).refused(1, "taken back (tag withdrawn/v0.5.0 at origin)");
    }
    assert_eq!(indexed(&stage), []);
    stage.git(&["push", "-q", "origin", ":withdrawn/v0.5.0"]);
    // Where the remote cannot be asked, that is said.
    stage.git(&["remote", "set-url", "origin", "../gone.git"]);
    let ran = stage.run(TOOL, &[], &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("warning: nobody knows here whether it was taken back elsewhere"),
        "{}",
        ran.stderr
    );
}

#[test]
fn pages_are_not_made_by_who_only_asks() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    for arguments in
        [["--rebuild-index", "--check"], ["--print-policy", "--check"], ["--rebuild-index", "--package=x"]]
    {
        stage.run(TOOL, &arguments, &release).refused(2, "cannot be used with");
    }
    assert_eq!(indexed(&stage), []);
}

#[test]
fn what_lies_in_the_place_of_a_signature_must_be_one() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.tagged();
    let keys = [(); 2].map(|()| KeyPair::generate_unencrypted_keypair().unwrap());
    let sign = |key: &KeyPair, bytes: &[u8]| {
        minisign::sign(Some(&key.pk), &key.sk, bytes, Some("x"), None).unwrap().into_string()
    };
    let core = std::fs::read(stage.root().join(format!("dist/{CORE}"))).unwrap();
    let ours = sign(&keys[0], &core);
    stage.write(&format!("dist/{CORE}.minisig"), &ours);
    release.signatures.as_mut().unwrap()[1].public_key = keys[0].pk.to_base64();
    let short = ours.replace(ours.lines().nth(3).unwrap(), "AAAA");
    for foreign in ["", "garbage", &short, &sign(&keys[1], &core), &sign(&keys[0], b"other bytes")] {
        stage.write(&format!("dist/index/simple/da-vinci/{CORE}.minisig"), foreign);
        let before = indexed(&stage);
        let said = format!("`{CORE}.minisig` is there already, and is no signature of it with the key RW");
        stage.run(TOOL, &["--check"], &release).refused(1, &said);
        stage.run(TOOL, &[], &release).refused(1, &said);
        assert_eq!(indexed(&stage), before);
    }
    stage.write(&format!("dist/index/simple/da-vinci/{CORE}.minisig"), sign(&keys[0], &core));
    assert_eq!(stage.run(TOOL, &[], &release).code, Some(0));
}

#[test]
fn metadata_of_another_wheel_are_found_before_anything_is_written() {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    let beside = format!("dist/index/simple/da-vinci/{CORE}.metadata");
    stage.write(&beside, "Metadata-Version: 2.1\n");
    let before = indexed(&stage);
    let said = format!("`{CORE}.metadata` is there already, and holds other metadata");
    for arguments in [&["--check"][..], &["--dry-run"], &[]] {
        stage.run(TOOL, arguments, &release).refused(1, &said);
        assert_eq!(indexed(&stage), before);
    }
    std::fs::remove_file(stage.root().join(beside)).unwrap();
    assert_eq!(stage.run(TOOL, &[], &release).code, Some(0));
}
