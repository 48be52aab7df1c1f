//! Other implementations, installed below `target/` by the first run that needs them, with their versions pinned.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The version of Release Please that is followed.
const RELEASE_PLEASE: &str = "17.11.2";

/// The folder of a Python package with what it needs, for `PYTHONPATH`.
pub fn python(pinned: &str) -> Result<PathBuf> {
    installed(pinned, |folder| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--target"]).arg(folder).arg(pinned);
        pip
    })
}

/// The folder of Release Please, in which node finds it.
pub fn release_please() -> Result<PathBuf> {
    let pinned = format!("release-please@{RELEASE_PLEASE}");
    installed(&pinned, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix"]);
        npm.arg(folder).arg(&pinned);
        npm
    })
}

/// The folder that a command has filled; what fails leaves none behind.
fn installed(pinned: &str, install: impl FnOnce(&Path) -> Command) -> Result<PathBuf> {
    let oracles = crate::repository().join("target/oracles");
    let folder = oracles.join(pinned);
    if !folder.is_dir() {
        std::fs::create_dir_all(&oracles)?;
        let beside = tempfile::tempdir_in(&oracles)?;
        let mut command = install(beside.path());
        let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            bail!("{command:?} ended with {}:\n{}", output.status, crate::text(&output.stderr));
        }
        match std::fs::rename(beside.path(), &folder) {
            Err(cause) if !folder.is_dir() => return Err(cause).context("cannot keep what was installed"),
            _ => {}
        }
    }
    Ok(folder.canonicalize()?)
}
