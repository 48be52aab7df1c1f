//! Other implementations, installed below `target/` by the first run that needs them, with their versions pinned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::Sandbox;

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

/// The folder of Azurite; newer ones want a newer node than many systems have.
pub fn azurite() -> Result<PathBuf> {
    installed("azurite@3.35.0", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent", "--prefix"]);
        npm.arg(folder).arg("azurite@3.35.0");
        npm
    })
}

/// The folder of the emulator of GitHub with the node that it takes, which is newer than that of many systems.
pub fn emulate() -> Result<PathBuf> {
    installed("emulate@0.12.2", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
        npm.arg(folder).args(["emulate@0.12.2", "node@22.23.1"]);
        npm
    })
}

/// The folder of prism with GitHub's description of its interface.
pub fn prism() -> Result<PathBuf> {
    installed("prism-cli@5.14.2", |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
        npm.arg(folder).args(["@stoplight/prism-cli@5.14.2", "@octokit/openapi@23.0.2"]);
        npm
    })
}

/// A pull request of Release Please: its title, which the merged commit has, and the files that it changes.
#[derive(Debug, Deserialize)]
pub struct PullRequest {
    /// The title.
    pub title: String,
    /// The files that it changes, with their text behind it.
    pub files: BTreeMap<String, String>,
}

impl PullRequest {
    /// Asserts that the last commit has this title, and changes these files to these bytes and no others.
    pub fn assert_is_head(&self, sandbox: &Sandbox) -> Result<()> {
        assert_eq!(sandbox.shell("git log -1 --format=%s")?.trim_end(), self.title);
        let changed = sandbox.shell("git show --format= --name-only")?;
        assert_eq!(changed.lines().collect::<Vec<_>>(), self.files.keys().collect::<Vec<_>>());
        for (name, text) in &self.files {
            let ours = std::fs::read_to_string(sandbox.project().join(name))?;
            let theirs = snapbox::Data::text(format!("{name}\n{text}")).raw();
            snapbox::assert_data_eq!(format!("{name}\n{ours}"), theirs);
        }
        Ok(())
    }
}

/// The pull requests that Release Please would open for a project as it stands, with its configuration and manifest.
pub fn pull_requests(sandbox: &Sandbox, config: &str, manifest: &str) -> Result<Vec<PullRequest>> {
    let log = sandbox.shell("git log --format=%x00%H%x01%B%x01 --name-only")?;
    let commits = log.split('\0').skip(1).filter_map(|commit| {
        let mut parts = commit.splitn(3, '\x01');
        let (sha, message, files) = (parts.next()?, parts.next()?, parts.next()?);
        let files: Vec<&str> = files.lines().filter(|line| !line.is_empty()).collect();
        Some(serde_json::json!({ "sha": sha, "message": message.trim_end(), "files": files }))
    });
    let tags = sandbox
        .shell("git for-each-ref refs/tags --format='%(refname:short) %(*objectname)%(objectname)'")?;
    let tags = tags.lines().filter_map(|line| line.split_once(' '));
    let tags = tags.map(|(name, sha)| serde_json::json!({ "name": name, "sha": &sha[..40] }));
    let asked = serde_json::json!({
        "folder": sandbox.project(), "config": config, "manifest": manifest,
        "commits": commits.collect::<Vec<_>>(), "tags": tags.collect::<Vec<_>>(),
    });
    std::fs::write(sandbox.path("asked.json"), asked.to_string())?;
    let script = std::fs::read_to_string(crate::repository().join("tests/tests/foreign/release-please.js"))?;
    let mut node = Command::new("node");
    node.args(["-e", &script]).current_dir(release_please()?).env("LC_ALL", "C.UTF-8");
    let output =
        node.stdin(std::fs::File::open(sandbox.path("asked.json"))?).output().context("cannot run node")?;
    if !output.status.success() {
        bail!("node ended with {}:\n{}", output.status, crate::text(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
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
