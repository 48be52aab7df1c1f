//! A git repository in a folder that goes away with it, and the tool run in it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A repository with a remote that tells a web address.
pub struct Repository {
    folder: tempfile::TempDir,
}

/// What the tool left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Repository {
    pub fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "-q", "-b", "main"]);
        repository.git(&["remote", "add", "origin", "git@host.example:o/r.git"]);
        repository
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn git(&self, arguments: &[&str]) {
        self.git_at(arguments, 0);
    }

    /// An empty commit, made so many seconds after the start of 1970.
    pub fn commit(&self, message: &str, time: u64) {
        self.git_at(&["commit", "-q", "--allow-empty", "-m", message], time);
    }

    /// A commit by somebody else, with every file.
    pub fn commit_by(&self, author: &str, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message, "--author", author]);
    }

    pub fn tag(&self, name: &str, time: u64) {
        self.git_at(&["tag", "-am", "release", name], time);
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_changelog"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("SOURCE_DATE_EPOCH", "1772323200").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env_remove("WAINWRIGHT_PROJECT");
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn git_at(&self, arguments: &[&str], time: u64) {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.folder.path());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "A Tester");
            command.env(format!("GIT_{who}_EMAIL"), "tester@example.invalid");
            command.env(format!("GIT_{who}_DATE"), format!("@{time} +0000"));
        }
        assert!(command.status().unwrap().success(), "git {arguments:?}");
    }
}
