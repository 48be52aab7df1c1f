//! What Wainwright keeps in the git directory, so that it never dirties the tree: the lock and the state of releases.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a lock is waited for without a word, in steps: the tool before in a pipe may just be ending.
const SILENCE: (u32, Duration) = (20, Duration::from_millis(50));

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

    /// Takes the lock, and waits for it where another tool holds it, or a program that a tool has left behind. Where that
    /// takes long, `tell` is given a word on it.
    pub fn lock(&self, tell: impl FnOnce(String)) -> Result<Lock> {
        let path = self.folder.join("lock");
        let open = || -> std::io::Result<File> {
            std::fs::create_dir_all(&self.folder)?;
            let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            for _ in 0..SILENCE.0 {
                match file.try_lock() {
                    Err(TryLockError::WouldBlock) => std::thread::sleep(SILENCE.1),
                    Err(TryLockError::Error(cause)) => return Err(cause),
                    Ok(()) => return Ok(file),
                }
            }
            tell(format!("waiting for another program that is at work here: it holds `{}`", path.display()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_long_for_the_lock_is_told_and_gets_it_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::in_git_dir(folder.path());
        let quiet = |text| panic!("{text}");
        let held = state.lock(quiet).unwrap();
        let mut said = None;
        // The lock is given back when the word comes, which is never where it does not come.
        let second = state.lock(|text| {
            said = Some(text);
            drop(held);
        });
        assert!(second.is_ok());
        let path = state.folder().join("lock");
        let wanted =
            format!("waiting for another program that is at work here: it holds `{}`", path.display());
        assert_eq!(said, Some(wanted));
        drop(second);
        state.lock(quiet).unwrap();
    }
}
