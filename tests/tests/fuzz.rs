//! The targets for fuzzing: one for each reader and editor, and what shall hold for any text holds for their seeds.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result};
use tests::{programs, repository, text};

/// What is fuzzed: the parsers, the editors of files, and the readers of settings and archives.
const TARGETS: [&str; 34] = [
    "version_txt",
    "commit_txt",
    "pyproject_toml",
    "uv_lock",
    "poetry_lock",
    "init_py",
    "setup_py",
    "setup_cfg",
    "wagon_version",
    "cargo_toml",
    "cargo_lock",
    "package_json",
    "package_lock_json",
    "chart_yaml",
    "chart_lock",
    "release_please_manifest_json",
    "dockerfile",
    "install_txt",
    "site_toml",
    "site_json",
    "compose_yaml",
    "values_yaml",
    "changelog_md",
    "changes_rst",
    "release_toml",
    "bumpversion_cfg",
    "bumpversion_toml",
    "cz_toml",
    "release_please_config_json",
    "releaserc_toml",
    "wheel",
    "record",
    "metadata",
    "sdist",
];

#[test]
fn each_reader_and_editor_has_a_target_with_seeds() -> Result<()> {
    let package = repository().join("tests/fuzz");
    let files: BTreeSet<String> = std::fs::read_dir(package.join("targets"))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let manifest: toml_edit::DocumentMut = std::fs::read_to_string(package.join("Cargo.toml"))?.parse()?;
    let bins = manifest["bin"].as_array_of_tables().context("[[bin]]")?;
    let bins: BTreeSet<String> =
        bins.iter().filter_map(|bin| bin["name"].as_str()).map(str::to_owned).collect();
    let wanted: BTreeSet<String> = TARGETS.into_iter().map(str::to_owned).collect();
    assert_eq!(files, wanted);
    assert_eq!(bins, wanted);
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "tests/fuzz"])
        .current_dir(repository())
        .output()?;
    let seeds: BTreeSet<String> = text(&listed.stdout).lines().map(target_of).collect();
    assert!(wanted.is_subset(&seeds), "{:?} have no seed", wanted.difference(&seeds));
    Ok(())
}

/// The target that reads the files of a name.
fn target_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[test]
fn what_shall_hold_for_any_text_holds_for_the_seeds() -> Result<()> {
    let top = repository();
    std::fs::copy(top.join("Cargo.lock"), top.join("tests/fuzz/Cargo.lock"))?;
    let output = Command::new(std::env::var_os("CARGO").context("CARGO")?)
        .args(["test", "--quiet", "--manifest-path=tests/fuzz/Cargo.toml", "--target-dir=target/fuzz"])
        .current_dir(&top)
        .output()?;
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("4 passed"), "{}", text(&output.stdout));
    Ok(())
}

#[test]
fn what_is_missing_is_named_with_its_remedy() -> Result<()> {
    let xtask = programs()?.join("xtask");
    let folder = tempfile::tempdir()?;
    let refused = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(&xtask).args(arguments).env("PATH", folder.path()).output()?;
        assert!(!output.status.success() && output.stdout.is_empty());
        Ok(text(&output.stderr))
    };
    let said = refused(&["fuzz", "33"])?;
    assert!(said.contains("cannot share 33 seconds among 34 targets"), "{said}");
    let said = refused(&["fuzz", "60", "--target", "uv_lok"])?;
    assert!(said.contains("cannot find the target `uv_lok`") && said.contains("uv_lock"), "{said}");
    let said = refused(&["fuzz", "60"])?;
    assert!(said.contains("hint: run `cargo install cargo-fuzz`"), "{said}");
    std::fs::write(folder.path().join("cargo-fuzz"), "")?;
    let said = refused(&["fuzz", "60", "--target", "uv_lock"])?;
    assert!(said.contains("hint: run `rustup toolchain install nightly`"), "{said}");
    Ok(())
}
