//! What is kept of each release in the git directory: what was asked for, and the document after each stage.
//!
//! `.git/wainwright/<tag>/00-request.json` is written before anything happens, `NN-<tool>.json` after each
//! stage. That is all that resume, status and rollback need, and the same that a person does with `tee`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{Failure, Release, Version};
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::pipeline::{ROLLBACK, STAGES};
use crate::tools::{Tools, failure_with_code};

const REQUEST: &str = "00-request.json";

/// The records of all releases of a project, in the git directory that all projects of a repository share.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
    root: PathBuf,
}

/// The record of one release.
#[derive(Debug, Clone)]
pub struct Record {
    /// The tag of the release.
    pub tag: String,
    folder: PathBuf,
    request: Value,
}

/// How far a release has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// That many stages are done, and some are left.
    Stopped(usize),
    /// Every stage is done.
    Finished,
    /// It was taken back.
    TakenBack,
}

/// The right to drive releases of a repository, until it is dropped.
#[derive(Debug)]
pub struct Driving(#[expect(dead_code, reason = "held for its lock")] File);

impl Records {
    /// The records of the project that the tools work on.
    ///
    /// Another project of the repository, or another worktree, has records of its own: resuming here what was
    /// built there would publish the wrong files.
    pub fn of(tools: &Tools) -> Result<Self> {
        let ended = tools.run(STAGES[0], &["--root"], &[], None)?;
        let root = PathBuf::from(String::from_utf8_lossy(&ended.stdout).trim_end_matches('\n'));
        if ended.code != 0 {
            let cause = ended.stderr.trim_start_matches("bump-version: error: ").trim_end();
            let (cause, hint) =
                cause.split_once("\n\nhint: ").unwrap_or((cause, "name a project with `--project DIR`"));
            return Err(failure_with_code(ended.code, cause.to_owned()).hint(hint).into());
        }
        let shell = Shell::new()?;
        shell.change_dir(&root);
        let git_dir = cmd!(shell, "git rev-parse --path-format=absolute --git-common-dir").quiet().read()?;
        Ok(Self { folder: Path::new(&git_dir).join("wainwright"), root })
    }

    /// Takes the right to drive a release; where another process has it, that is an error.
    pub fn drive(&self) -> Result<Driving> {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make `{}`", self.folder.display()))?;
        let path = self.folder.join("orchestrator.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot open `{}`", path.display()))?;
        if file.try_lock().is_err() {
            let what = "cannot drive a release: another process drives one in this repository";
            return Err(Failure::new(what)
                .hint("wait for its end; `cargo xtask status` says where it stands")
                .into());
        }
        Ok(Driving(file))
    }

    /// Says whether some process drives a release now.
    pub fn is_driven(&self) -> bool {
        File::open(self.folder.join("orchestrator.lock")).is_ok_and(|file| file.try_lock_shared().is_err())
    }

    /// All records, the newest last.
    pub fn all(&self) -> Result<Vec<Record>> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries {
                let entry = entry?;
                if !entry.file_type()?.is_dir() {
                    continue;
                }
                // A tag with a `/` in it is a folder in a folder.
                folders.push(entry.path());
                let request = entry.path().join(REQUEST);
                if let Ok(written) = std::fs::metadata(&request).and_then(|request| request.modified()) {
                    let record = Record::read(entry.path())?;
                    if record.root().is_none_or(|root| root == self.root) {
                        found.push((written, record));
                    }
                }
            }
        }
        found.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.tag.cmp(&other.tag)));
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    /// The release that was interrupted, if one was.
    pub fn unfinished(&self) -> Result<Option<Record>> {
        Ok(self.all()?.into_iter().rfind(|record| matches!(record.progress(), Progress::Stopped(_))))
    }

    /// The newest record of a release, by its tag or its version. A version that several packages have is an error.
    pub fn find(&self, wanted: &str) -> Result<Option<Record>> {
        let version: Option<Version> = wanted.parse().ok();
        let of_version = |record: &Record| version.is_some() && record.version() == version;
        let mut found = self.all()?;
        found.retain(|record| record.tag == wanted || of_version(record));
        if let Some(at) = found.iter().rposition(|record| record.tag == wanted) {
            return Ok(Some(found.swap_remove(at)));
        }
        let mut tags: Vec<&str> = found.iter().map(|record| record.tag.as_str()).collect();
        tags.dedup();
        if tags.len() > 1 {
            let what = format!("cannot tell which release {wanted} is: there are {}", tags.join(" and "));
            return Err(Failure::usage(what).hint("name the tag in place of the version").into());
        }
        Ok(found.pop())
    }

    /// Starts the record of a release: what was asked for, before anything happens.
    pub fn start(&self, release: &Release, request: &[&str]) -> Result<Record> {
        let folder = self.folder.join(&release.version.tag);
        // A release of this version that was undone before it was published may have left its documents here.
        if folder.join(REQUEST).is_file() {
            let record = Record::read(folder.clone())?;
            if let Some(root) = record.root().filter(|root| *root != self.root) {
                let what = format!(
                    "cannot start the release {}: it was started in `{}`",
                    record.tag,
                    root.display()
                );
                return Err(Failure::new(what).hint("go on with it there, or take it back there").into());
            }
        }
        if folder.is_dir() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot clear `{}`", folder.display()))?;
        }
        let request = json!({
            "request": request.join(" "),
            "date": release.version.date,
            "tag": release.version.tag,
            "version": release.version.current.to_string(),
            "root": self.root,
        });
        write(&folder.join(REQUEST), &serde_json::to_vec_pretty(&request)?)?;
        Record::read(folder)
    }
}

impl Record {
    fn read(folder: PathBuf) -> Result<Self> {
        let path = folder.join(REQUEST);
        let text = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let request: Value =
            serde_json::from_slice(&text).with_context(|| format!("cannot read `{}`", path.display()))?;
        let tag = request["tag"].as_str().unwrap_or_default().to_owned();
        Ok(Self { tag, folder, request })
    }

    /// The words of what was asked for.
    pub fn request(&self) -> Vec<&str> {
        self.request["request"].as_str().unwrap_or("current").split(' ').collect()
    }

    /// The date of the release.
    pub fn date(&self) -> &str {
        self.request["date"].as_str().unwrap_or_default()
    }

    /// The folder of the project that is released.
    fn root(&self) -> Option<&Path> {
        self.request["root"].as_str().map(Path::new)
    }

    /// What the release is called on the command line: its version, or its tag where that says more.
    pub fn called(&self) -> String {
        let says_more =
            |version: &Version| !matches!(self.tag.strip_suffix(&version.to_string()), Some("" | "v"));
        match self.version() {
            Some(version) if !says_more(&version) => version.to_string(),
            _ => self.tag.clone(),
        }
    }

    /// The version of the release.
    pub fn version(&self) -> Option<Version> {
        self.request["version"].as_str().and_then(|version| version.parse().ok())
    }

    /// The folder of the documents.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How far the release has come.
    pub fn progress(&self) -> Progress {
        if self.rollback_path().is_file() {
            return Progress::TakenBack;
        }
        match (0..STAGES.len()).take_while(|stage| self.path(*stage).is_file()).count() {
            done if done == STAGES.len() => Progress::Finished,
            done => Progress::Stopped(done),
        }
    }

    /// The document after a stage.
    pub fn document(&self, stage: usize) -> Result<Vec<u8>> {
        let path = self.path(stage);
        std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// The newest document of the release; `None` before the first stage is done.
    pub fn newest(&self) -> Result<Option<Vec<u8>>> {
        let path = match self.progress() {
            Progress::TakenBack => self.rollback_path(),
            Progress::Finished => self.path(STAGES.len() - 1),
            Progress::Stopped(0) => return Ok(None),
            Progress::Stopped(done) => self.path(done - 1),
        };
        std::fs::read(&path).map(Some).with_context(|| format!("cannot read `{}`", path.display()))
    }

    /// Keeps the document after a stage.
    pub fn keep(&self, stage: usize, document: &[u8]) -> Result<()> {
        write(&self.path(stage), document)
    }

    /// Keeps the document after the release was taken back.
    pub fn keep_rollback(&self, document: &[u8]) -> Result<()> {
        write(&self.rollback_path(), document)
    }

    fn path(&self, stage: usize) -> PathBuf {
        self.folder.join(format!("{:02}-{}.json", stage + 1, STAGES[stage]))
    }

    fn rollback_path(&self) -> PathBuf {
        self.folder.join(format!("{:02}-{ROLLBACK}.json", STAGES.len() + 1))
    }
}

/// Writes a file whole or not at all: a torn document would stop every later run.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let beside = path.with_extension("part");
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}
