//! The scene of the tests: a project in a repository, with built files and their document.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const FIXTURE: &str = include_str!("../../../lib/document/tests/fixtures/format-1.json");
pub const CORE_WHEEL: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
const FILES: [(&str, &str, &str); 4] = [
    (CORE_WHEEL, "da-vinci", "wheel"),
    ("dist/da_vinci-0.5.0.tar.gz", "da-vinci", "sdist"),
    ("dist/da_vinci_cdk-0.5.0-py3-none-any.whl", "da-vinci-cdk", "wheel"),
    ("dist/da_vinci_cdk-0.5.0.tar.gz", "da-vinci-cdk", "sdist"),
];

/// A project in a repository, with built files and their document.
pub struct Scene {
    pub folder: TempDir,
    pub document: Value,
}

/// How a run of a program ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Scene {
    pub fn new() -> Self {
        Self::with_files(&FILES)
    }

    pub fn with_files(files: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut document: Value = serde_json::from_str(FIXTURE).unwrap();
        for section in ["checksums", "signatures", "tag", "publications", "announcements", "withdrawals"] {
            document[section] = Value::Null;
        }
        let mut packages = BTreeMap::new();
        let mut artifacts = Vec::new();
        for (path, package, kind) in files {
            let bytes = format!("the bytes of {path}\n");
            let target = folder.path().join(path);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(&target, &bytes).unwrap();
            packages.insert(*package, path.rsplit_once('/').unwrap().0);
            let sha256 = program(&folder, "sha256sum", &[path]).stdout[..64].to_owned();
            artifacts.push(json!({
                "path": path, "package": package, "kind": kind, "size": bytes.len(), "sha256": sha256
            }));
        }
        artifacts.sort_by_key(|artifact| artifact["path"].as_str().unwrap().to_owned());
        let expected = |(_, package, kind): &(&str, &str, &str)| json!({ "id": format!("{package}.{kind}"), "package": package, "kind": kind, "python": null, "platform": null });
        document["expected"] = files.iter().map(expected).collect();
        document["artifacts"] = artifacts.into();
        let package = |(name, dist): (&&str, &&str)| json!({ "name": name, "path": format!("packages/{name}"), "version": "0.5.0", "dist": dist, "variant": null });
        document["packages"] = packages.iter().map(package).collect::<Vec<_>>().into();
        let pyproject = "[project]\nname = \"da-vinci\"\nversion = \"0.5.0\"\n";
        std::fs::write(folder.path().join("pyproject.toml"), pyproject).unwrap();
        let scene = Self { folder, document };
        for arguments in
            [&["init", "-q", "-b", "main"][..], &["add", "pyproject.toml"], &["commit", "-qm", "x"]]
        {
            assert_eq!(scene.program("git", arguments).code, 0);
        }
        scene
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn program(&self, name: &str, arguments: &[&str]) -> Run {
        program(&self.folder, name, arguments)
    }

    pub fn checksum(&self, arguments: &[&str], stdin: &str) -> Run {
        run(command(&self.folder, env!("CARGO_BIN_EXE_checksum")).args(arguments), stdin)
    }

    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The document after a first, successful run.
    pub fn summed(&self) -> String {
        let run = self.checksum(&[], &self.text());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    }

    /// Every file with its bytes.
    pub fn listing(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.folder.path(), &mut found);
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
}

pub fn command(folder: &TempDir, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.env("HOME", folder.path()).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "Tester")
            .env(format!("GIT_{who}_EMAIL"), "tester@example.org");
        command.env(format!("GIT_{who}_DATE"), "2026-03-01T12:00:00Z");
    }
    command
}

fn program(folder: &TempDir, name: &str, arguments: &[&str]) -> Run {
    run(command(folder, name).args(arguments), "")
}

pub fn run(command: &mut Command, stdin: &str) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|cause| panic!("{command:?}: {cause}"));
    // A tool that refuses its arguments ends without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
