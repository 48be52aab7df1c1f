//! Finds uv, and installs a pinned one where there is none; finds Pythons and indexes, and keeps environments.
//!
//! A uv on PATH is the user's, and is taken as it is. Without one the pinned version is installed once, from
//! the package index that pip is set up for, into the user's cache folder, where every project shares it.

mod environment;
pub mod index;
mod install;
mod interpreter;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

pub use environment::{Environment, Wanted};
pub use interpreter::{default_interpreter, installed, interpreter, interpreters};

/// The version that is installed where there is no uv.
pub const PINNED: &str = "0.13.8";

/// The program uv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uv {
    path: PathBuf,
}

impl Uv {
    /// Finds uv on PATH, else the pinned one in the user's cache folder, else installs that one there.
    ///
    /// Two tools that install at once do it one after the other, and the second takes what the first has made.
    pub fn find() -> Result<Self> {
        let on_path = env::var_os("PATH").and_then(|folders| on_path(&folders));
        match on_path {
            Some(path) => Ok(Self { path }),
            None => Ok(Self { path: install::pinned(&install::cache_folder()?)? }),
        }
    }

    /// Where the program is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A call of uv without progress bars and with an empty stdin; arguments are the caller's.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("UV_NO_PROGRESS", "1").stdin(Stdio::null());
        command
    }

    /// PATH with uv's folder in front, for programs that call uv themselves.
    pub fn folder_on_path(&self) -> Result<OsString> {
        let own = self.path.parent().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        env::join_paths(own.into_iter().chain(env::split_paths(&path)))
            .with_context(|| format!("cannot put the folder of `{}` on PATH", self.path.display()))
    }
}

/// The first uv in the folders of PATH that can be run.
fn on_path(folders: &OsStr) -> Option<PathBuf> {
    programs_in(folders, &program("uv")).next()
}

/// The programs of that file name in the folders of PATH.
fn programs_in(folders: &OsStr, name: &str) -> impl Iterator<Item = PathBuf> {
    // A relative folder would name another program in each working folder.
    let folders = env::split_paths(folders).filter(|folder| folder.is_absolute());
    folders.map(move |folder| folder.join(name)).filter(|path| is_program(path))
}

/// The file name of a program on this system.
fn program(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn takes_the_first_uv_on_path_that_can_be_run() {
        use std::os::unix::fs::PermissionsExt;
        let file = |folder: &Path, mode: u32| {
            std::fs::create_dir_all(folder).unwrap();
            let path = folder.join("uv");
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        file(&a, 0o644);
        let wanted = file(&b, 0o755);
        file(&c, 0o755);
        let path = env::join_paths([Path::new("relative"), &a, &b, &c]).unwrap();
        assert_eq!(on_path(&path), Some(wanted));
        assert_eq!(on_path(&env::join_paths([&a]).unwrap()), None);
    }

    #[test]
    fn puts_its_folder_in_front_of_path() {
        let uv = Uv { path: PathBuf::from("/opt/somewhere/uv") };
        let path = uv.folder_on_path().unwrap();
        assert_eq!(env::split_paths(&path).next().unwrap(), Path::new("/opt/somewhere"));
        assert!(env::split_paths(&path).count() > 1, "the rest of PATH is kept");
    }
}
