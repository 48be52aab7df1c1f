//! The installer that everybody has installs from the folder, without any server.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use index::Index;
use support::{Stage, wheel, wheel_name};

/// Runs pip with no index but the folder, and no settings of the person who runs the test.
fn pip(stage: &Stage, target: &Path, requirement: &str) -> Output {
    let url = format!("file://{}/simple/", stage.root().display());
    let mut command = Command::new("python3");
    command.args([
        "-I",
        "-m",
        "pip",
        "--isolated",
        "--disable-pip-version-check",
        "install",
        "--no-cache-dir",
    ]);
    command.args(["--no-deps", "--verbose", "--index-url", &url, "--target"]).arg(target).arg(requirement);
    command.env("PIP_CONFIG_FILE", if cfg!(windows) { "nul" } else { "/dev/null" });
    command.output().unwrap()
}

#[test]
fn pip_installs_the_newest_version_that_is_not_yanked() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    for version in ["0.9.0", "0.10.0", "0.11.0"] {
        stage
            .add(&mut index, "da-vinci", &wheel_name("da-vinci", version), &wheel("da-vinci", version, ""))
            .unwrap();
    }
    index.write_pages().unwrap();
    let page = stage.page("da-vinci/index.json");
    let (before, last) = page.rsplit_once("\"yanked\": false").unwrap();
    std::fs::write(stage.simple("da-vinci/index.json"), format!("{before}\"yanked\": \"faded\"{last}"))
        .unwrap();
    stage
        .add(&mut index, "da-vinci", &wheel_name("da-vinci", "0.9.0"), &wheel("da-vinci", "0.9.0", ""))
        .unwrap();
    index.write_pages().unwrap();

    let target = stage.root().join("installed");
    let output = pip(&stage, &target, "Da_Vinci");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(target.join("da_vinci-0.10.0.dist-info").is_dir(), "{said}");
}

#[test]
fn pip_refuses_a_file_that_changed_after_it_was_listed() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    let name = wheel_name("da-vinci", "0.9.0");
    stage.add(&mut index, "da-vinci", &name, &wheel("da-vinci", "0.9.0", "")).unwrap();
    index.write_pages().unwrap();
    std::fs::write(stage.simple("da-vinci").join(&name), wheel("da-vinci", "0.9.0", "other")).unwrap();
    let output = pip(&stage, &stage.root().join("installed"), "da-vinci");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("DO NOT MATCH THE HASHES"), "{said}");
}
