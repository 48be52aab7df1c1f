//! The tool as a process: in a real repository, with a document made by hand, against the programs of coreutils.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "checksum/scene.rs"]
mod scene;

use scene::*;
use serde_json::{Value, json};

#[test]
fn writes_what_the_programs_of_coreutils_write_and_accept() {
    let scene = Scene::new();
    let run = scene.checksum(&[], &scene.text());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.stderr, "checksum: write dist/SHA256SUMS\nchecksum: write dist/SHA512SUMS\n");
    for (program, sums) in [("sha256sum", "SHA256SUMS"), ("sha512sum", "SHA512SUMS")] {
        let inside =
            |arguments: &str| scene.program("sh", &["-c", &format!("cd dist && {program} {arguments}")]);
        let checked = inside(&format!("--strict -c {sums}"));
        assert_eq!(checked.code, 0, "{checked:?}");
        assert_eq!(checked.stdout.matches(": OK\n").count(), 4);
        let theirs = inside("*.whl *.tar.gz | LC_ALL=C sort -k2").stdout;
        assert_eq!(std::fs::read_to_string(scene.path("dist").join(sums)).unwrap(), theirs);
    }
}

#[test]
fn the_section_holds_what_stands_in_the_files() {
    let scene = Scene::new();
    let section = serde_json::from_str::<Value>(&scene.summed()).unwrap()["checksums"].take();
    let wheel = scene.program("sha512sum", &[CORE_WHEEL]).stdout;
    assert_eq!(section["sha512"][CORE_WHEEL], wheel[..128]);
    assert_eq!(section["sha512"].as_object().unwrap().len(), 4);
    let files = section["files"].as_array().unwrap();
    for (file, (path, algorithm)) in
        files.iter().zip([("dist/SHA256SUMS", "sha256"), ("dist/SHA512SUMS", "sha512")])
    {
        assert_eq!((&file["path"], &file["algorithm"]), (&json!(path), &json!(algorithm)));
        assert_eq!(file["sha256"], scene.program("sha256sum", &[path]).stdout[..64]);
        assert_eq!(file["size"], scene.path(path).metadata().unwrap().len());
    }
    assert_eq!(files.len(), 2);
}

#[test]
fn each_folder_of_artifacts_has_its_own_files() {
    let scene = Scene::with_files(&[
        ("dist/da_vinci-0.5.0-py3-none-any.whl", "da-vinci", "wheel"),
        ("packages/cdk/dist/da_vinci_cdk-0.5.0-py3-none-any.whl", "da-vinci-cdk", "wheel"),
        ("packages/cdk/dist/da_vinci_cdk-0.5.0.tar.gz", "da-vinci-cdk", "sdist"),
    ]);
    let run = scene.checksum(&[], &scene.text());
    assert_eq!(
        run.stderr,
        "checksum: write dist/SHA256SUMS\n\
         checksum: write dist/SHA512SUMS\n\
         checksum: write packages/cdk/dist/SHA256SUMS\n\
         checksum: write packages/cdk/dist/SHA512SUMS\n"
    );
    for folder in ["dist", "packages/cdk/dist"] {
        let checked =
            scene.program("sh", &["-c", &format!("cd {folder} && sha512sum --strict -c SHA512SUMS")]);
        assert_eq!(checked.code, 0, "{checked:?}");
    }
}

#[test]
fn a_second_run_is_a_skip_with_equal_bytes() {
    let scene = Scene::new();
    let first = scene.summed();
    let before = scene.listing();
    let again = scene.checksum(&[], &scene.text());
    assert_eq!((again.code, &again.stdout), (0, &first));
    assert_eq!(
        again.stderr,
        "checksum: skip: dist/SHA256SUMS: it lists these digests already\n\
         checksum: skip: dist/SHA512SUMS: it lists these digests already\n"
    );
    assert_eq!(scene.listing(), before);
    // The document that it wrote itself gives the same once more.
    assert_eq!(scene.checksum(&[], &first).stdout, first);
}

#[test]
fn a_stale_checksum_file_is_replaced() {
    let scene = Scene::new();
    let first = scene.summed();
    std::fs::write(scene.path("dist/SHA256SUMS"), "stale").unwrap();
    let run = scene.checksum(&[], &scene.text());
    assert_eq!(run.stdout, first);
    assert!(run.stderr.starts_with("checksum: write dist/SHA256SUMS\nchecksum: skip: "), "{run:?}");
}

#[test]
fn refuses_a_changed_wheel_and_writes_nothing() {
    let scene = Scene::new();
    std::fs::write(scene.path(CORE_WHEEL), "other bytes").unwrap();
    let found = scene.program("sha256sum", &[CORE_WHEEL]).stdout[..64].to_owned();
    let recorded = scene.document["artifacts"][0]["sha256"].as_str().unwrap();
    let run = scene.checksum(&[], &scene.text());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_eq!(
        run.stderr,
        format!(
            "checksum: error: cannot use `{CORE_WHEEL}`: its SHA-256 is {found}, `build-wheels` recorded {recorded}: \
             it changed after `build-wheels`\n\nhint: run `build-wheels` again, and the tools after it\n"
        )
    );
    assert!(!scene.path("dist/SHA256SUMS").exists() && !scene.path("dist/SHA512SUMS").exists());
}

#[test]
fn refuses_every_wrong_file_at_once() {
    let mut scene = Scene::new();
    std::fs::remove_file(scene.path(CORE_WHEEL)).unwrap();
    scene.document["artifacts"][3]["size"] = json!(1);
    let run = scene.checksum(&[], &scene.text());
    assert_eq!(run.code, 1);
    let list = "cannot use the files, 2 problems:\n    `dist/da_vinci-0.5.0-py3-none-any.whl`: it is missing: \
                it was removed after `build-wheels`\n    `dist/da_vinci_cdk-0.5.0.tar.gz`: its size is ";
    assert!(run.stderr.contains(list), "{}", run.stderr);
}

#[test]
fn refuses_a_document_without_artifacts() {
    let mut scene = Scene::new();
    scene.document["artifacts"] = Value::Null;
    // A dry run of a document that is none must end as the real run would.
    for arguments in [&[][..], &["--dry-run"], &["--check"]] {
        let run = scene.checksum(arguments, &scene.text());
        assert_eq!((run.code, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.ends_with("\n\nhint: run `build-wheels` first\n"), "{}", run.stderr);
    }
}

#[test]
fn refuses_an_empty_stdin() {
    let scene = Scene::new();
    for arguments in [&[][..], &["--check"]] {
        let run = scene.checksum(arguments, "");
        assert_eq!((run.code, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.contains("it is empty, the tool before failed"), "{}", run.stderr);
    }
}

#[test]
fn a_dry_run_says_the_words_of_the_real_run_and_writes_nothing() {
    let mut scene = Scene::new();
    let before = scene.listing();
    let with_files = scene.checksum(&["--dry-run"], &scene.text());
    let artifacts = scene.document["artifacts"].take();
    scene.document["dry_run"] = json!(true);
    let with_promises = scene.checksum(&[], &scene.text());
    assert_eq!(scene.listing(), before);
    scene.document["dry_run"] = json!(false);
    scene.document["artifacts"] = artifacts;
    let real = scene.checksum(&[], &scene.text());
    assert_eq!((with_files.code, with_promises.code, real.code), (0, 0, 0));
    assert_eq!(with_files.stderr, real.stderr);
    assert_eq!(with_promises.stderr, real.stderr);
    for dry in [with_files, with_promises] {
        let document: Value = serde_json::from_str(&dry.stdout).unwrap();
        assert_eq!((&document["dry_run"], &document["checksums"]), (&json!(true), &Value::Null));
    }
    assert_ne!(scene.listing(), before);
}

#[test]
fn checks_the_files_of_a_document() {
    let scene = Scene::new();
    let document = scene.summed();
    let run = scene.checksum(&["--check"], &document);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""));
    assert_eq!(
        run.stderr,
        "checksum: note: dist/SHA256SUMS: 4 files agree\nchecksum: note: dist/SHA512SUMS: 4 files agree\n"
    );
}

#[test]
fn a_check_names_everything_that_is_not_as_recorded() {
    let scene = Scene::new();
    let mut document: Value = serde_json::from_str(&scene.summed()).unwrap();
    document["checksums"]["sha512"]["dist/da_vinci-0.5.0.tar.gz"] = json!("0".repeat(128));
    std::fs::write(scene.path(CORE_WHEEL), "other bytes").unwrap();
    let sums = std::fs::read_to_string(scene.path("dist/SHA256SUMS")).unwrap();
    let line = sums.lines().next().unwrap();
    let kept = sums.replace(line, &format!("{}  xx_vinci-0.5.0-py3-none-any.whl", &line[..64]));
    std::fs::write(scene.path("dist/SHA256SUMS"), kept).unwrap();
    let run = scene.checksum(&["--check"], &document.to_string());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    for expected in [
        "cannot confirm the files, 6 problems:\n",
        "`dist/da_vinci-0.5.0-py3-none-any.whl`: its SHA-256 is ",
        "`dist/da_vinci-0.5.0.tar.gz`: its SHA-512 is ",
        "`dist/SHA256SUMS`: its SHA-256 is ",
        "`dist/SHA256SUMS`: line 1: `xx_vinci-0.5.0-py3-none-any.whl` is no file of the release",
        "`dist/SHA256SUMS`: it does not list `da_vinci-0.5.0-py3-none-any.whl`",
        "`dist/SHA512SUMS`: line 2: the digest of `da_vinci-0.5.0.tar.gz` is not the one in the document",
    ] {
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    }
    std::fs::remove_file(scene.path("dist/SHA512SUMS")).unwrap();
    let run = scene.checksum(&["--check"], &document.to_string());
    assert!(
        run.stderr.contains("`dist/SHA512SUMS`: it is missing: it was removed after `checksum`"),
        "{run:?}"
    );
    document["checksums"]["files"] = json!([]);
    let run = scene.checksum(&["--check"], &document.to_string());
    assert!(run.stderr.contains("the document records no SHA256SUMS beside it"), "{run:?}");
}

#[test]
fn checks_files_of_coreutils_without_project_and_document() {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("got")).unwrap();
    for name in ["plain", "two words", "back\\slash", "line\nbreak"] {
        std::fs::write(elsewhere.path().join("got").join(name), name).unwrap();
    }
    for (program, sums) in [("sha256sum --binary", "A"), ("sha512sum", "B")] {
        let script = format!("cd got && {program} plain two* back* line* > {sums}");
        assert_eq!(run(command(&elsewhere, "sh").args(["-c", &script]), "").code, 0);
    }
    let text = std::fs::read_to_string(elsewhere.path().join("got/A")).unwrap();
    assert!(text.contains(" *plain") && text.contains("\n\\"), "coreutils write both forms: {text}");
    let tool = env!("CARGO_BIN_EXE_checksum");
    let checked = run(command(&elsewhere, tool).args(["--check", "got/A", "got/B"]), "");
    assert_eq!((checked.code, checked.stdout.as_str()), (0, ""));
    assert_eq!(
        checked.stderr,
        "checksum: note: got/A: 4 files agree\nchecksum: note: got/B: 4 files agree\n"
    );
}

#[test]
fn a_check_of_files_names_each_wrong_one() {
    let scene = Scene::new();
    scene.summed();
    std::fs::write(scene.path(CORE_WHEEL), "other bytes").unwrap();
    std::fs::remove_file(scene.path("dist/da_vinci_cdk-0.5.0.tar.gz")).unwrap();
    let run = scene.checksum(&["--check", "dist/SHA256SUMS", "dist/SHA512SUMS"], "");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    for expected in [
        "cannot confirm the files, 4 problems:\n    `dist/da_vinci-0.5.0-py3-none-any.whl`: its SHA-256 is ",
        ", `dist/SHA256SUMS:1` lists ",
        "`dist/da_vinci_cdk-0.5.0.tar.gz`: it is missing, `dist/SHA256SUMS:4` lists it\n",
        "`dist/da_vinci-0.5.0-py3-none-any.whl`: its SHA-512 is ",
        "`dist/da_vinci_cdk-0.5.0.tar.gz`: it is missing, `dist/SHA512SUMS:4` lists it\n",
    ] {
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    }
}

#[test]
fn a_malformed_line_is_named_with_its_place() {
    let scene = Scene::new();
    scene.summed();
    let path = scene.path("dist/SHA256SUMS");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}SHA256 (x) = 00\n")).unwrap();
    let run = scene.checksum(&["--check", "dist/SHA256SUMS"], "");
    assert_eq!(run.code, 1);
    assert_eq!(
        run.stderr,
        "checksum: error: cannot read `dist/SHA256SUMS:5`: a line is a digest, two spaces and a file name\n\n\
         hint: name a file that `sha256sum`, `sha512sum` or `checksum` wrote\n"
    );
}

#[test]
fn a_file_without_check_is_wrong_usage() {
    let scene = Scene::new();
    assert_eq!(scene.checksum(&["dist/SHA256SUMS"], "").code, 2);
}
