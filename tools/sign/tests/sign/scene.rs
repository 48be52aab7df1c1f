//! The scene of the tests: a project in a repository, with built files, their checksum files and their document.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const FIXTURE: &str = include_str!("../../../lib/document/tests/fixtures/format-1.json");
pub const WHEEL: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
pub const SDIST: &str = "dist/da_vinci-0.5.0.tar.gz";
pub const SUMS: [&str; 2] = ["dist/SHA256SUMS", "dist/SHA512SUMS"];
pub const SIGNED: [&str; 4] = [SUMS[0], SUMS[1], WHEEL, SDIST];

/// A project in a repository, with built files, their checksum files and their document.
pub struct Scene {
    pub folder: TempDir,
    pub document: Value,
    pub environment: Vec<(&'static str, String)>,
}

/// How a run of a program ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Scene {
    /// The project; `settings` is its release.toml.
    pub fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let document = serde_json::from_str(FIXTURE).unwrap();
        let mut scene = Self { folder, document, environment: Vec::new() };
        scene.write("pyproject.toml", "[project]\nname = \"da-vinci\"\nversion = \"0.5.0\"\n");
        scene.write("release.toml", settings);
        for path in [WHEEL, SDIST] {
            scene.write(path, &format!("the bytes of {path}\n"));
        }
        let inside = "cd dist && sha256sum da* > SHA256SUMS && sha512sum da* > SHA512SUMS";
        assert_eq!(scene.program("sh", &["-c", inside], "").code, 0);
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "*.toml"], &["commit", "-qm", "x"]] {
            assert_eq!(scene.program("git", arguments, "").code, 0);
        }
        scene.describe();
        scene
    }

    /// A project with a key of the `minisign` command that has no password.
    pub fn with_key() -> Self {
        let scene = Self::new("[sign]\nkey = \"keys/a.key\"\n");
        scene.minisign_key("a");
        scene
    }

    /// Makes the document of the files as they are.
    pub fn describe(&mut self) {
        for section in ["signatures", "tag", "publications", "announcements", "withdrawals"] {
            self.document[section] = Value::Null;
        }
        let recorded = |path: &str| {
            let sha256 = self.program("sha256sum", &[path], "").stdout[..64].to_owned();
            json!({ "path": path, "size": self.path(path).metadata().unwrap().len(), "sha256": sha256 })
        };
        let mut artifacts = [recorded(WHEEL), recorded(SDIST)];
        for (artifact, kind) in artifacts.iter_mut().zip(["wheel", "sdist"]) {
            artifact["package"] = json!("da-vinci");
            artifact["kind"] = json!(kind);
        }
        let mut files = SUMS.map(recorded);
        for (file, algorithm) in files.iter_mut().zip(["sha256", "sha512"]) {
            file["algorithm"] = json!(algorithm);
        }
        self.document["artifacts"] = json!(artifacts);
        self.document["checksums"] = json!({ "sha512": {}, "files": files });
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap()
    }

    /// Makes `keys/NAME.key` and `keys/NAME.pub` with the `minisign` command, without a password.
    pub fn minisign_key(&self, name: &str) {
        std::fs::create_dir_all(self.path("keys")).unwrap();
        let (public, secret) = (format!("keys/{name}.pub"), format!("keys/{name}.key"));
        let made = self.program("minisign", &["-G", "-W", "-p", &public, "-s", &secret], "");
        assert_eq!(made.code, 0, "{made:?}");
    }

    /// The line of a public key.
    pub fn public(&self, name: &str) -> String {
        self.read(&format!("keys/{name}.pub")).lines().nth(1).unwrap().to_owned()
    }

    pub fn program(&self, name: &str, arguments: &[&str], stdin: &str) -> Run {
        let mut command = Command::new(name);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.folder.path()).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Tester");
            command.env(format!("GIT_{who}_EMAIL"), "tester@example.org");
            command.env(format!("GIT_{who}_DATE"), "2026-03-01T12:00:00Z");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|cause| panic!("these tests need `{name}`: {cause}"));
        // A tool that refuses its arguments ends without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn sign(&self, arguments: &[&str], stdin: &str) -> Run {
        self.program(env!("CARGO_BIN_EXE_sign"), arguments, stdin)
    }

    /// Signs the release, which must succeed; returns the document.
    pub fn signed(&self) -> String {
        let run = self.sign(&[], &self.text());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    }

    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// The verdict of the `minisign` command, which refuses what is not prehashed here.
    pub fn minisign_accepts(&self, file: &str, public: &str) -> bool {
        self.program("minisign", &["-V", "-H", "-q", "-p", public, "-m", file], "").code == 0
    }

    /// Every file with its bytes.
    pub fn listing(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.folder.path(), &mut found);
        found
    }

    pub fn signatures(&self) -> usize {
        self.listing().keys().filter(|path| path.extension().is_some_and(|e| e == "minisig")).count()
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
