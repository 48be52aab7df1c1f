//! A real project with a bare origin, real wheels and a release document, made for one test.
#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use document::{
    Artifact, ArtifactKind, Checksums, Commit, Edit, Expected, Level, Notes, NotesEdit, Package, Project,
    Release, Sha256, Signature, Tag, VersionStep,
};
use zip::write::{SimpleFileOptions, ZipWriter};

pub const SETTINGS: &str = "[project]\nname = \"da-vinci\"\n\
    [[package]]\nname = \"da-vinci\"\npath = \"packages/core\"\n\
    [[package]]\nname = \"aa-cdk\"\npath = \"packages/cdk\"\npins = { da-vinci = \"==\" }\n\
    [[target]]\nname = \"staging\"\nkind = \"directory\"\npath = \"dist/index\"\n";
pub const CORE: &str = "da_vinci-0.5.0-py3-none-any.whl";
pub const CDK: &str = "aa_cdk-0.5.0-py3-none-any.whl";
const FILES: [&str; 3] = ["CHANGELOG.md", "packages/cdk/pyproject.toml", "packages/core/pyproject.toml"];

/// A project of two packages at version 0.4.0, pushed to its origin.
pub struct Stage {
    folder: tempfile::TempDir,
}

/// What a tool left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The document of a run that must have succeeded.
    pub fn release(&self) -> Release {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        Release::from_json(self.stdout.as_bytes()).unwrap()
    }

    /// The lines that name actions and skips, without notes.
    pub fn plan(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| {
                line.split_once(": ")
                    .is_some_and(|(tool, text)| !tool.contains(' ') && !text.starts_with("note: "))
            })
            .collect()
    }

    /// The run failed with that code, said that, and handed on no document.
    pub fn refused(&self, code: i32, said: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert!(self.stderr.contains(said), "{said:?} is not in\n{}", self.stderr);
        assert_eq!(self.stdout, "");
    }
}

impl Stage {
    pub fn new(settings: &str) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(stage.root()).unwrap();
        fs::create_dir_all(stage.path("home")).unwrap();
        stage.git(&["init", "-q", "-b", "main"]);
        stage.run_git(&stage.path("."), &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        stage.git(&["remote", "add", "origin", "../origin.git"]);
        stage.write("release.toml", settings);
        stage.write(".gitignore", "dist/\n");
        stage.write_version("0.4.0");
        stage.commit_all("first");
        stage.git(&["tag", "-a", "-m", "0.4.0", "v0.4.0"]);
        stage.git(&["push", "-q", "origin", "main", "v0.4.0"]);
        stage
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub fn root(&self) -> PathBuf {
        self.path("project")
    }

    /// A file of the index in the target `staging`.
    pub fn simple(&self, below: &str) -> PathBuf {
        self.root().join("dist/index/simple").join(below)
    }

    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, below: &str) -> String {
        fs::read_to_string(self.root().join(below)).unwrap()
    }

    pub fn write_version(&self, version: &str) {
        let package =
            |name: &str, more: &str| format!("[project]\nname = \"{name}\"\nversion = \"{version}\"\n{more}");
        self.write("packages/core/pyproject.toml", package("da-vinci", ""));
        let pin = format!("dependencies = [\"da-vinci=={version}\"]\n");
        self.write("packages/cdk/pyproject.toml", package("aa-cdk", &pin));
        self.write("CHANGELOG.md", format!("# Changelog\n\n## {version}\n"));
    }

    pub fn commit_all(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// A command in the project, with nothing of the person who runs the test in its environment.
    pub fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.path("home")).env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.invalid");
            command.env(format!("GIT_{who}_DATE"), "2026-03-01T12:00:00+00:00");
        }
        command
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        self.run_git(&self.root(), arguments)
    }

    pub fn origin(&self, arguments: &[&str]) -> String {
        self.run_git(&self.path("origin.git"), arguments)
    }

    /// Says whether a ref is there; `folder` is `project` or `origin.git`.
    pub fn has_ref(&self, folder: &str, name: &str) -> bool {
        let mut command = self.command("git", &self.path(folder));
        command.args(["rev-parse", "--verify", "--quiet", name]).output().unwrap().status.success()
    }

    fn run_git(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.command("git", folder).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Runs a tool with the document on its stdin.
    pub fn run(&self, tool: &str, arguments: &[&str], release: &Release) -> Ran {
        self.run_with(tool, arguments, release, &[])
    }

    pub fn run_with(&self, tool: &str, arguments: &[&str], release: &Release, env: &[(&str, &str)]) -> Ran {
        let mut command = self.command(tool, &self.root());
        command.args(arguments).envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A tool that refuses its arguments has not read the document.
        let _ = child.stdin.take().unwrap().write_all(release.to_json().unwrap().as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// A document with nothing in it but the start of a release of 0.5.0.
    pub fn start(&self) -> Release {
        let package = |name: &str, path: &str| Package {
            name: name.parse().unwrap(),
            path: Some(path.parse().unwrap()),
            version: "0.5.0".parse().unwrap(),
            dist: "dist".parse().unwrap(),
            variant: None,
        };
        Release {
            format: document::FORMAT,
            dry_run: false,
            project: Project {
                name: "da-vinci".to_owned(),
                base: self.git(&["rev-parse", "HEAD"]).parse().unwrap(),
                branch: Some("main".to_owned()),
                remote: Some("origin".to_owned()),
            },
            version: VersionStep {
                previous: Some("0.4.0".parse().unwrap()),
                previous_tag: Some("v0.4.0".to_owned()),
                current: "0.5.0".parse().unwrap(),
                tag: "v0.5.0".to_owned(),
                level: Level::Minor,
                date: "2026-03-01".to_owned(),
            },
            packages: vec![package("aa-cdk", "packages/cdk"), package("da-vinci", "packages/core")],
            edits: Vec::new(),
            notes: None,
            commit: None,
            expected: None,
            artifacts: None,
            checks: None,
            checksums: None,
            signatures: None,
            tag: None,
            publications: None,
            announcements: None,
            withdrawals: None,
        }
    }

    /// Bumps to 0.5.0: the files and the sections `edits` and `notes`.
    pub fn bump(&self, release: &mut Release) {
        let digests = || FILES.map(|file| sha256(&fs::read(self.root().join(file)).unwrap()));
        let before = digests();
        self.write_version("0.5.0");
        let [notes, edits @ ..] = digests();
        let edit = |at: usize| Edit {
            path: FILES[at].parse().unwrap(),
            before: before[at].clone(),
            after: edits[at - 1].clone(),
            changes: Vec::new(),
        };
        release.edits = vec![edit(1), edit(2)];
        let edit =
            NotesEdit { path: FILES[0].parse().unwrap(), before: Some(before[0].clone()), after: notes };
        release.notes = Some(Notes { body: "### Added\n\n- Wings\n".to_owned(), edit: Some(edit) });
    }

    /// Commits the bump.
    pub fn commit(&self, release: &mut Release) {
        self.commit_all("chore: release 0.5.0");
        release.commit = Some(Commit {
            id: self.git(&["rev-parse", "HEAD"]).parse().unwrap(),
            parent: release.project.base.clone(),
            message: "chore: release 0.5.0\n".to_owned(),
            files: FILES.iter().map(|file| file.parse().unwrap()).collect(),
        });
    }

    /// Builds both wheels, signs them, and fills the sections up to `signatures`.
    pub fn build(&self, release: &mut Release) {
        let artifacts = vec![
            self.built(CDK, "aa-cdk", &wheel("aa-cdk", "0.5.0", &["da-vinci==0.5.0"])),
            self.built(CORE, "da-vinci", &wheel("da-vinci", "0.5.0", &[])),
        ];
        let signature = |artifact: &Artifact| {
            let path = format!("{}.minisig", artifact.path);
            self.write(&path, "a signature");
            let signature = path.parse().unwrap();
            Signature { path: artifact.path.clone(), signature, public_key: "RW".to_owned() }
        };
        release.signatures = Some(artifacts.iter().map(signature).collect());
        release.expected = Some(expected(&release.packages));
        release.artifacts = Some(artifacts);
        release.checks = Some(Vec::new());
        release.checksums = Some(Checksums { sha512: BTreeMap::new(), files: Vec::new() });
    }

    pub fn built(&self, name: &str, package: &str, bytes: &[u8]) -> Artifact {
        let path = format!("dist/{name}");
        self.write(&path, bytes);
        Artifact {
            path: path.parse().unwrap(),
            package: package.parse().unwrap(),
            kind: ArtifactKind::Wheel,
            size: bytes.len() as u64,
            sha256: sha256(bytes),
        }
    }

    /// Tags the release commit, and pushes branch and tag.
    pub fn tag(&self, release: &mut Release) {
        self.git(&["tag", "-a", "-m", "0.5.0", "v0.5.0"]);
        self.git(&["push", "-q", "--atomic", "origin", "main", "v0.5.0"]);
        release.tag = Some(Tag {
            name: "v0.5.0".to_owned(),
            object: self.git(&["rev-parse", "refs/tags/v0.5.0"]).parse().unwrap(),
            commit: release.commit.as_ref().unwrap().id.clone(),
            remote: "origin".to_owned(),
            branch: Some("main".to_owned()),
        });
    }

    /// A release that is ready to be published.
    pub fn tagged(&self) -> Release {
        let mut release = self.start();
        self.bump(&mut release);
        self.commit(&mut release);
        self.build(&mut release);
        self.tag(&mut release);
        release
    }

    /// Every file below the project and its origin with its digest, git's own included.
    pub fn files(&self) -> BTreeMap<PathBuf, Sha256> {
        let (mut found, mut open) = (BTreeMap::new(), vec![self.root(), self.path("origin.git")]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), sha256(&fs::read(&path).unwrap()));
                }
            }
        }
        found
    }
}

pub fn sha256(bytes: &[u8]) -> Sha256 {
    use sha2::Digest;
    Sha256::from_bytes(&sha2::Sha256::digest(bytes).into())
}

/// The bytes of a pure wheel with one module that knows its version.
pub fn wheel(package: &str, version: &str, requires: &[&str]) -> Vec<u8> {
    use base64::Engine;
    use sha2::Digest;

    let module = package.replace('-', "_");
    let info = format!("{module}-{version}.dist-info");
    let requires: String = requires.iter().map(|text| format!("Requires-Dist: {text}\n")).collect();
    let members = [
        (format!("{module}/__init__.py"), format!("version = {version:?}\n")),
        (
            format!("{info}/METADATA"),
            format!("Metadata-Version: 2.4\nName: {package}\nVersion: {version}\n{requires}"),
        ),
        (
            format!("{info}/WHEEL"),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
        ),
    ];
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut record = String::new();
    for (name, text) in &members {
        zip.start_file(name.clone(), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
        let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text));
        writeln!(record, "{name},sha256={hash},{}", text.len()).unwrap();
    }
    zip.start_file(format!("{info}/RECORD"), SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("{record}{info}/RECORD,,\n").as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// One wheel of each package.
fn expected(packages: &[Package]) -> Vec<Expected> {
    let one = |package: &Package| Expected {
        id: format!("{}.wheel", package.name),
        package: package.name.clone(),
        kind: ArtifactKind::Wheel,
        python: None,
        platform: None,
    };
    packages.iter().map(one).collect()
}
