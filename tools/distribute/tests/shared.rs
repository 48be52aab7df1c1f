//! `distribute` on an index that others write to as well.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use support::{SETTINGS, Stage};

const TOOL: &str = env!("CARGO_BIN_EXE_distribute");

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
