//! What the tests of whole pipelines share: the programs, and projects in folders of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

pub mod act;
pub mod bucket;
pub mod clouds;
pub mod github;
pub mod indexes;
pub mod kills;
pub mod oracle;
pub mod releases;
pub mod servers;
pub mod uploads;

// The list itself and no copy of it: there is only one.
#[path = "../../xtask/src/pipeline.rs"]
mod pipeline;

pub use pipeline::{ROLLBACK, STAGES as PIPELINE};

/// The date of every commit and tag in a test, so that two runs make the same objects.
const DATE: &str = "2026-03-01T12:00:00+0000";

/// The top folder of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the built programs. They are built first, once, unless the environment says that they are.
pub fn programs() -> Result<PathBuf> {
    static BUILT: OnceLock<bool> = OnceLock::new();
    let own = std::env::current_exe()?;
    let folder =
        own.ancestors().nth(2).context("a test stands two folders below the programs")?.to_path_buf();
    let built = BUILT.get_or_init(|| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(repository());
        std::env::var_os("WAINWRIGHT_TOOLS_ARE_BUILT").is_some()
            || cargo.status().is_ok_and(|status| status.success())
    });
    if !built {
        bail!("cannot build the programs");
    }
    Ok(folder)
}

/// A project with a bare origin, in a folder that goes away with it.
#[derive(Debug)]
pub struct Sandbox {
    folder: tempfile::TempDir,
    programs: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Sandbox {
    /// Makes the project of that fixture: committed, tagged as its first release, pushed, and three commits on.
    pub fn new(fixture: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let sandbox = Self { folder, programs: programs()?, variables: BTreeMap::new() };
        fs::create_dir(sandbox.path("home"))?;
        copy_fixture(&repository().join("tests/fixtures").join(fixture), &sandbox.project())?;
        sandbox.shell(&format!(
            "git init -q -b main && git add -A && git commit -qm 'chore: start' && git tag -am first v{} &&
             git init -q --bare -b main ../origin.git && git remote add origin ../origin.git &&
             git push -q origin main --tags && echo more >> README.md && git add -A &&
             git commit -qm 'feat: say more' && git commit -q --allow-empty -m 'fix: spell it right' &&
             git commit -q --allow-empty -m 'chore: tidy' && git push -q origin main",
            match fixture {
                "plain" => "1.2.3",
                "setup-py" | "oneflow" => "0.4.0",
                "hotfixes" => "0.3.9",
                "release-please" => "0.5.2",
                "charts" => "1.2.0",
                _ => "0.1.0",
            }
        ))?;
        Ok(sandbox)
    }

    /// A sandbox of its own with all that this one has: the project, its origin, and what they hold by now.
    pub fn copied(&self) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.folder.path().join(".")).arg(folder.path());
        if !copy.status()?.success() {
            bail!("cannot copy `{}`", self.folder.path().display());
        }
        Ok(Self { folder, programs: self.programs.clone(), variables: self.variables.clone() })
    }

    /// A path in the folder of the sandbox.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The project's folder.
    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Sets a variable for every later command.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the programs from another folder.
    pub fn use_programs(&mut self, folder: &Path) {
        self.programs = folder.to_path_buf();
    }

    /// The folder of the programs.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes a signing key, which every later command uses.
    pub fn make_key(&mut self) -> Result<()> {
        let path = self.path("minisign.key").to_string_lossy().into_owned();
        self.must("sign", &["--new-key", &path], "")?;
        self.set("WAINWRIGHT_SIGN_KEY", &path);
        Ok(())
    }

    /// A command in the project's folder, in an environment that nobody's settings reach.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.project()).stdin(Stdio::null());
        let foreign = |name: &str| {
            const PREFIXES: &str =
                "GIT_ GITHUB_ GH_ WAINWRIGHT_ UV_ PYTHON MINISIGN AWS_ S3_PYPI_ GOOGLE_ AZURE_";
            PREFIXES.split(' ').any(|start| name.starts_with(start))
        };
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name) || name == "SOURCE_DATE_EPOCH") {
            command.env_remove(name);
        }
        // The caches stay those of the user: nobody gains from fetching the build backend for each test.
        let cache = user_cache();
        command
            .env("HOME", self.path("home"))
            .env("XDG_CACHE_HOME", &cache)
            .env("UV_CACHE_DIR", cache.join("uv"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C").env("TZ", "UTC").env("CI", "true");
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "A Tester")
                .env(format!("GIT_{who}_EMAIL"), "tester@example.invalid");
            command.env(format!("GIT_{who}_DATE"), DATE);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&path));
        command
            .env("PATH", std::env::join_paths(folders).unwrap_or(path))
            .env("WAINWRIGHT_TOOLS_ARE_BUILT", "1");
        command.envs(&self.variables);
        command
    }

    /// Runs a program of ours with that stdin.
    pub fn run(&self, program: &str, arguments: &[&str], stdin: &str) -> Result<Output> {
        let path = self.programs.join(program);
        let input = self.folder.path().join(".stdin");
        fs::write(&input, stdin)?;
        let mut command = self.command(&path.to_string_lossy());
        command.args(arguments).stdin(fs::File::open(&input)?);
        command.output().with_context(|| format!("cannot run {program}"))
    }

    /// Runs a program of ours, which must succeed, and returns its stdout.
    pub fn must(&self, program: &str, arguments: &[&str], stdin: &str) -> Result<String> {
        let output = self.run(program, arguments, stdin)?;
        if !output.status.success() {
            bail!("{program} {arguments:?} ended with {}:\n{}", output.status, text(&output.stderr));
        }
        Ok(text(&output.stdout))
    }

    /// Runs a program of ours, which must end with that code, and returns its stderr.
    pub fn refused(&self, program: &str, arguments: &[&str], stdin: &str, code: i32) -> Result<String> {
        let output = self.run(program, arguments, stdin)?;
        if output.status.code() != Some(code) {
            bail!(
                "{program} {arguments:?} ended with {}, not {code}:\n{}",
                output.status,
                text(&output.stderr)
            );
        }
        if !output.stdout.is_empty() {
            bail!("{program} {arguments:?} failed and wrote to stdout:\n{}", text(&output.stdout));
        }
        Ok(text(&output.stderr))
    }

    /// Runs a shell script in the project's folder, which must succeed, and returns its stdout.
    pub fn shell(&self, script: &str) -> Result<String> {
        let output = self.command("bash").args(["-euo", "pipefail", "-c", script]).output()?;
        if !output.status.success() {
            bail!(
                "`{script}` ended with {}:\n{}{}",
                output.status,
                text(&output.stdout),
                text(&output.stderr)
            );
        }
        Ok(text(&output.stdout))
    }

    /// Runs the stages up to and with that tool, and returns the document.
    pub fn pipeline(&self, request: &str, last: &str) -> Result<String> {
        let mut document = String::new();
        for tool in PIPELINE {
            let arguments: &[&str] = if tool == "bump-version" { &[request] } else { &[] };
            document = self.must(tool, arguments, &document)?;
            if tool == last {
                break;
            }
        }
        Ok(document)
    }

    /// Every file below a folder of the sandbox with its content; folders with an empty one.
    pub fn files(&self, below: &str) -> Result<BTreeMap<String, Vec<u8>>> {
        let top = self.path(below);
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(&top) {
            let entry = entry?;
            let name = entry.path().strip_prefix(&top)?.to_string_lossy().into_owned();
            let content = if entry.file_type().is_file() { fs::read(entry.path())? } else { Vec::new() };
            files.insert(name, content);
        }
        Ok(files)
    }
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Copies the files of a fixture; `gitignore` gets its dot here, so that it does not act in this repository.
pub fn copy_fixture(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            fs::create_dir_all(target)?;
        } else if entry.file_name() == "gitignore" {
            fs::copy(entry.path(), target.with_file_name(".gitignore"))?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The user's folder for caches.
pub fn user_cache() -> PathBuf {
    let home = || std::env::home_dir().unwrap_or_default().join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from)
}

/// The uv that the tools use: the pinned one in the user's cache, else the one on PATH.
pub fn uv() -> String {
    let pinned = user_cache().join("wainwright/uv-0.13.8/uv");
    if pinned.is_file() { pinned.to_string_lossy().into_owned() } else { "uv".to_owned() }
}
