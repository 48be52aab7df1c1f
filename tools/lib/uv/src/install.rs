//! Installs the pinned uv into the user's cache folder, once.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use document::Failure;
use xshell::{Shell, cmd};

use crate::{PINNED, is_program, program};

/// The folder for what Wainwright keeps between releases: `$XDG_CACHE_HOME/wainwright`, else `~/.cache/wainwright`.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    // The XDG Base Directory Specification asks to ignore a relative path.
    let named = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = named.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    cache.map(|cache| cache.join("wainwright")).ok_or_else(|| {
        Failure::new("cannot install uv: no folder for caches is known, HOME and XDG_CACHE_HOME are unset")
            .hint("set HOME, or put uv on PATH")
            .into()
    })
}

/// Returns the pinned uv below `cache`, and installs it there where it is absent.
pub(crate) fn pinned(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join(format!("uv-{PINNED}"));
    let uv = folder.join(program("uv"));
    if is_program(&uv) {
        return Ok(uv);
    }
    let lock = lock(&cache.join(format!("uv-{PINNED}.lock")))?;
    // Another tool may have installed it while this one waited for the lock.
    if !is_program(&uv) {
        // Whoever holds the lock is alone here, so a folder that a killed tool left can be used again.
        let beside = cache.join(format!("uv-{PINNED}.part"));
        let installed = install(&lock, &beside, &folder);
        let removed = remove(&beside);
        installed.and(removed).map_err(|error| {
            Failure::new(format!("cannot install uv {PINNED}: {error:#}"))
                .hint("put uv on PATH, or give python3 its module venv and pip a way to its index")
        })?;
    }
    Ok(uv)
}

fn lock(path: &Path) -> Result<File> {
    let open = || -> std::io::Result<File> {
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        file.lock()?;
        Ok(file)
    };
    open().with_context(|| format!("cannot lock `{}`", path.display()))
}

/// Installs into an environment beside, and moves the programs alone into place: they stand on their own, whereas
/// the scripts of an environment hold the path of the folder that they were made in.
fn install(lock: &File, beside: &Path, folder: &Path) -> Result<()> {
    remove(beside)?;
    let environment = beside.join("environment");
    let shell = Shell::new()?;
    run(lock, cmd!(shell, "python3 -m venv {environment}").into())?;
    let bin = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = bin.join(program("python"));
    let wanted = format!("uv=={PINNED}");
    run(lock, cmd!(shell, "{python} -m pip install --quiet --only-binary :all: {wanted}").into())?;
    let place = || -> std::io::Result<()> {
        let ready = beside.join("ready");
        fs::create_dir_all(&ready)?;
        for name in ["uv", "uvx"].map(program) {
            if bin.join(&name).is_file() {
                fs::copy(bin.join(&name), ready.join(&name))?;
                File::open(ready.join(&name))?.sync_all()?;
            }
        }
        // What stands there holds no uv that can be run, or this would not be reached.
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::rename(&ready, folder)
    };
    place().with_context(|| format!("cannot put it into `{}`", folder.display()))
}

/// Removes a folder with all that is in it, where it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Runs a program that holds the lock for as long as it lives, even when this tool is killed.
pub(crate) fn run(lock: &File, mut command: Command) -> Result<()> {
    let lock = lock.try_clone().context("cannot share the lock")?;
    // Whatever Python is set up to import must not reach the environment.
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").stdin(Stdio::from(lock));
    project::run(&mut command).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installs_once_and_leaves_the_programs_alone() {
        let cache = tempfile::tempdir().unwrap();
        // What a killed tool left, in both places.
        fs::create_dir_all(cache.path().join(format!("uv-{PINNED}.part/environment/bin"))).unwrap();
        fs::create_dir_all(cache.path().join(format!("uv-{PINNED}"))).unwrap();
        let both = std::thread::scope(|scope| {
            let both = [scope.spawn(|| pinned(cache.path())), scope.spawn(|| pinned(cache.path()))];
            both.map(|one| one.join().unwrap().unwrap())
        });
        assert_eq!(both[0], both[1]);
        let said = project::run(Command::new(&both[0]).arg("--version")).unwrap();
        assert!(said.starts_with(&format!("uv {PINNED}")), "{said}");
        let mut left: Vec<_> =
            fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(
            left,
            [format!("uv-{PINNED}"), format!("uv-{PINNED}.lock")].map(Into::into) as [std::ffi::OsString; 2]
        );
        let made = fs::metadata(&both[0]).unwrap().modified().unwrap();
        assert_eq!(pinned(cache.path()).unwrap(), both[0]);
        assert_eq!(fs::metadata(&both[0]).unwrap().modified().unwrap(), made, "installed again");
    }

    #[test]
    fn a_failing_install_is_an_error_with_its_cause_and_leaves_no_folder() {
        let cache = tempfile::tempdir().unwrap();
        fs::write(cache.path().join(format!("uv-{PINNED}.part")), "in the way").unwrap();
        let error = format!("{:#}", pinned(cache.path()).unwrap_err());
        assert!(error.starts_with(&format!("cannot install uv {PINNED}: cannot remove `")), "{error}");
        assert!(!cache.path().join(format!("uv-{PINNED}")).exists());
    }
}
