//! What Wainwright keeps in the git directory, so that it never dirties the tree: the lock and the state of releases.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

/// The folder `wainwright/` in the project's git directory; all worktrees of a repository share it.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

/// The right to change the project, held by one tool at a time until it is dropped.
///
/// Programs that a tool starts get it as their stdin: a program that outlives its killed tool still holds the
/// lock, so the next tool waits for its end.
#[derive(Debug)]
pub struct Lock(File);

impl State {
    /// The state in that git directory.
    pub fn in_git_dir(git_dir: &Path) -> Self {
        Self { folder: git_dir.join("wainwright") }
    }

    /// The folder itself, which may not exist yet.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of one release; a tag with `/` in it makes nested folders.
    pub fn release(&self, tag: &str) -> PathBuf {
        self.folder.join(tag)
    }

    /// The folder of the environments that checks run in. It stands beside the other, which is searched for releases.
    pub fn environments(&self) -> PathBuf {
        self.folder.with_file_name("wainwright-environments")
    }

    /// Takes the lock, and waits for it where another tool holds it.
    pub fn lock(&self) -> Result<Lock> {
        let path = self.folder.join("lock");
        let open = || -> std::io::Result<File> {
            std::fs::create_dir_all(&self.folder)?;
            let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        open().map(Lock).with_context(|| format!("cannot lock `{}`", path.display()))
    }
}

impl Lock {
    /// The lock as the (empty) stdin of a program.
    pub fn stdin(&self) -> Result<Stdio> {
        Ok(self.0.try_clone().context("cannot share the lock")?.into())
    }
}
