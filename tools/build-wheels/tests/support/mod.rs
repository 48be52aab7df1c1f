//! A real project of two packages in a real repository, and the tool that is run in it.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod native;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use document::Release;

const CORE: &str = "[project]\nname = \"da-vinci\"\nversion = \"0.5.0\"\nrequires-python = \">=3.9\"\n\n\
    [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";
const CDK: &str = "[project]\nname = \"da-vinci-cdk\"\nversion = \"0.5.0\"\nrequires-python = \">=3.9\"\n\
    dependencies = [\"da-vinci==0.5.0\"]\n\n\
    [build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n";

/// What release.toml says of the packages.
pub const RELEASE: &str = "[[package]]\nname = \"da-vinci\"\npath = \"packages/core\"\n\
    required-files = [\"da_vinci/Dockerfile\"]\n\n\
    [[package]]\nname = \"da-vinci-cdk\"\npath = \"packages/cdk\"\npins = { da-vinci = \"==\" }\n";

/// How a run of a tool ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The document, after a run that must have succeeded.
    #[track_caller]
    pub fn document(&self) -> Release {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        Release::from_json(self.stdout.as_bytes()).unwrap()
    }

    /// The error of a run that must have failed with that code and without a document.
    #[track_caller]
    pub fn error(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let at = self.stderr.find(": error: ").unwrap_or_else(|| panic!("{}", self.stderr));
        &self.stderr[at + ": error: ".len()..]
    }

    /// The lines that start so, without the tool's name.
    pub fn lines(&self, start: &str) -> Vec<&str> {
        let said = self.stderr.lines().filter_map(|line| line.split_once(": ").map(|(_, said)| said));
        said.filter(|said| said.starts_with(start)).collect()
    }
}

/// A folder with a project in it.
pub struct World {
    folder: tempfile::TempDir,
    pub root: PathBuf,
}

impl World {
    /// A committed project of two packages at version 0.5.0.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        let world = Self { folder, root };
        std::fs::create_dir(&world.root).unwrap();
        world.git(&["init", "-q", "-b", "main"]);
        world.write("release.toml", RELEASE);
        world.write(".gitignore", "dist/\n");
        world.write("packages/core/pyproject.toml", CORE);
        world.write("packages/core/da_vinci/__init__.py", "def paint():\n    return 'Mona Lisa'\n");
        world.write("packages/core/da_vinci/Dockerfile", "FROM scratch\n");
        world.write("packages/cdk/pyproject.toml", CDK);
        world.write("packages/cdk/da_vinci_cdk/__init__.py", "import da_vinci\n");
        world.commit();
        world
    }

    /// A clone of the project in a folder of its own, with `origin` as its remote.
    pub fn clone_to(&self, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join(name);
        self.git(&["clone", "-q", self.root.to_str().unwrap(), root.to_str().unwrap()]);
        Self { folder, root }
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces a text that must be there.
    #[track_caller]
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.root.join(path)).unwrap();
        assert!(text.contains(from), "{path}: {text}");
        self.write(path, &text.replace(from, to));
    }

    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "work"]);
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        project::run(self.command("git").args(arguments)).unwrap()
    }

    /// The release document of the project as it stands.
    pub fn document(&self) -> Release {
        project::Project::find(Some(&self.root)).unwrap().current().unwrap()
    }

    /// A program in the project, with nothing of the user's environment but what the network needs.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map_or_else(|| std::env::home_dir().unwrap().join(".cache"), PathBuf::from);
        let network = |name: &str| {
            let lower = name.to_lowercase();
            ["PIP_", "UV_", "SSL_"].iter().any(|start| name.starts_with(start)) || lower.ends_with("_proxy")
        };
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| name == "PATH" || name == "TMPDIR" || network(name)))
            .envs([("HOME", self.folder.path().as_os_str()), ("XDG_CACHE_HOME", cache.as_os_str())])
            .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
            .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
            .envs([("GIT_AUTHOR_DATE", "1750000000 +0000"), ("GIT_COMMITTER_DATE", "1750000000 +0000")])
            .current_dir(&self.root);
        command
    }

    /// Starts a tool with a document on its stdin.
    pub fn start(&self, tool: &str, arguments: &[&str], stdin: &str) -> Child {
        Self::start_as(self.command(tool), arguments, stdin)
    }

    fn start_as(mut command: Command, arguments: &[&str], stdin: &str) -> Child {
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child
    }

    /// Runs a tool with a document on its stdin.
    pub fn run(&self, tool: &str, arguments: &[&str], release: &Release) -> Ran {
        ended(self.start(tool, arguments, &release.to_json().unwrap()))
    }

    /// Runs a tool that the caller has set up.
    pub fn run_as(&self, command: Command, arguments: &[&str], release: &Release) -> Ran {
        ended(Self::start_as(command, arguments, &release.to_json().unwrap()))
    }

    /// Every file and folder with its bytes, the git directory included.
    pub fn everything(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        walk(&self.root, &mut found);
        found
    }
}

/// Waits for the end of a tool.
pub fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn walk(folder: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
            found.insert(path, None);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, Some(bytes));
        }
    }
}
