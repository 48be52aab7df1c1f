//! Environments that are made once and kept in the user's cache folder, where every project shares them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use document::Sha256;
use tempfile::TempDir;

use crate::install::{cache_folder, remove, run};
use crate::{Uv, program};

/// The file that is written last: an environment without it was never whole.
const STAMP: &str = "wainwright-stamp";
/// How long an environment is taken as it is: what it holds may have newer versions by then.
const FRESH: Duration = Duration::from_hours(24);
/// How long an environment is kept that nobody takes.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// How often tools that come at once stand aside for one another.
const TRIES: usize = 100;

/// What is asked of an environment.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The interpreter; `None` for the one that uv chooses for the project in `folder`.
    pub python: Option<&'a Path>,
    /// The folder of the project.
    pub folder: &'a Path,
    /// What is installed (PEP 508).
    pub requirements: &'a [String],
    /// What changes uv's choice of the interpreter and of the versions, in a text that is the same where it is.
    pub circumstances: &'a str,
    /// Variables for uv beside its own.
    pub variables: &'a BTreeMap<String, String>,
    /// Whether nothing comes from the network.
    pub offline: bool,
}

/// An environment that nobody changes for as long as this is held.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
    stamp: String,
    _shared: File,
}

impl Environment {
    /// Takes the environment that is kept for what is wanted, and makes it where there is none, where it is a day
    /// old, or where somebody has written into it. `None` where others use one that cannot stay.
    ///
    /// # Errors
    ///
    /// There is no folder for it, or uv does not find or install what is wanted.
    pub fn take(uv: &Uv, wanted: &Wanted) -> Result<Option<Self>> {
        Self::take_in(&kept_folder()?, uv, wanted)
    }

    /// Makes a folder beside the environments whose name starts so. It goes with the value, and lies in no
    /// repository of the project's.
    pub fn folder_beside(start: &str) -> Result<TempDir> {
        let kept = kept_folder()?;
        let make =
            || fs::create_dir_all(&kept).and_then(|()| TempDir::with_prefix_in(format!("{start}."), &kept));
        make().with_context(|| format!("cannot make a folder in `{}`", kept.display()))
    }

    fn take_in(kept: &Path, uv: &Uv, wanted: &Wanted) -> Result<Option<Self>> {
        let key = wanted.key(uv);
        let folder = kept.join(&key);
        let open = || -> std::io::Result<File> {
            fs::create_dir_all(kept)?;
            let path = kept.join(format!("{key}.lock"));
            File::options().create(true).truncate(false).read(true).write(true).open(path)
        };
        let lock = open().with_context(|| format!("cannot open the lock of `{}`", folder.display()))?;
        let mut is_made = false;
        for _ in 0..TRIES {
            // Whoever makes it is waited for here.
            lock.lock_shared()?;
            if let Some(stamp) = stamp_of(&folder, wanted.offline || is_made) {
                // When it was last taken.
                lock.set_modified(SystemTime::now())?;
                return Ok(Some(Self { folder, stamp, _shared: lock }));
            }
            lock.unlock()?;
            match lock.try_lock() {
                // Whoever builds with one that was whole is not waited for: that may take an hour.
                Err(TryLockError::WouldBlock) if folder.join(STAMP).exists() => return Ok(None),
                Err(TryLockError::WouldBlock) => {}
                Ok(()) if is_made => return Ok(None),
                locked => {
                    locked.with_context(|| format!("cannot lock `{}`", folder.display()))?;
                    if stamp_of(&folder, wanted.offline).is_none() {
                        sweep(kept);
                        make(&folder, uv, wanted, &lock)?;
                        is_made = true;
                    }
                    lock.unlock()?;
                }
            }
        }
        Ok(None)
    }

    /// The folder of the environment.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of its programs.
    pub fn programs(&self) -> PathBuf {
        programs(&self.folder)
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.programs().join(program("python"))
    }

    /// Says whether it holds what it held when it was made.
    pub fn is_intact(&self) -> bool {
        state(&self.folder).is_ok_and(|state| state == self.stamp)
    }
}

impl Wanted<'_> {
    /// The name of the environment's folder.
    fn key(&self, uv: &Uv) -> String {
        let mut requirements = self.requirements.to_vec();
        requirements.sort();
        requirements.dedup();
        let text = format!("{:?}\n{:?}\n{requirements:?}\n{}", uv.path(), self.python, self.circumstances);
        let mut key = hash(&text).to_string();
        key.truncate(32);
        key
    }

    fn interpreter(&self, uv: &Uv) -> Result<PathBuf> {
        if let Some(python) = self.python {
            return Ok(python.to_path_buf());
        }
        let mut command = uv.command();
        command.args(["python", "find", "--no-python-downloads"]).current_dir(self.folder);
        // What `uv build` does not look at either.
        command.envs(self.variables).env_remove("UV_SYSTEM_PYTHON");
        Ok(project::run(&mut command)?.trim().into())
    }
}

fn kept_folder() -> Result<PathBuf> {
    Ok(cache_folder()?.join("environments"))
}

/// Makes an environment; whoever holds the lock is alone in its folder, so what is there is a killed tool's or old.
fn make(folder: &Path, uv: &Uv, wanted: &Wanted, lock: &File) -> Result<()> {
    let python = wanted.interpreter(uv)?;
    remove(folder)?;
    let uv = |arguments: &[&str]| -> Command {
        let mut command = uv.command();
        // No settings of the project that is released count here, nor what makes uv leave environments alone.
        command.current_dir(folder.parent().unwrap_or(Path::new("."))).args(arguments);
        command.envs(wanted.variables).env_remove("UV_SYSTEM_PYTHON").env_remove("UV_BREAK_SYSTEM_PACKAGES");
        command
    };
    let mut environment = uv(&["venv", "--quiet", "--no-project", "--python"]);
    environment.arg(&python).arg(folder);
    run(lock, environment)?;
    // The first build would write the bytecode into it.
    let mut install = uv(&["pip", "install", "--quiet", "--compile-bytecode", "--python"]);
    install.arg(programs(folder).join(program("python")));
    if wanted.offline {
        install.arg("--offline");
    }
    if !wanted.requirements.is_empty() {
        run(lock, {
            install.arg("--").args(wanted.requirements);
            install
        })?;
    }
    let stamp = state(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    project::files::replace(&folder.join(STAMP), stamp.as_bytes())
}

/// The stamp of an environment that can be taken.
fn stamp_of(folder: &Path, may_be_old: bool) -> Option<String> {
    let path = folder.join(STAMP);
    let stamp = fs::read_to_string(&path).ok()?;
    let made = path.metadata().and_then(|found| found.modified()).ok()?;
    // A clock that was put back says nothing of the age.
    let is_fresh = may_be_old || made.elapsed().is_ok_and(|age| age < FRESH);
    (is_fresh && state(folder).ok()? == stamp).then_some(stamp)
}

/// The digest of what an environment holds: each file by its size and time, bytecode left out, and its interpreter.
fn state(folder: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let is_listed = |entry: &walkdir::DirEntry| entry.file_name() != "__pycache__";
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(is_listed) {
        let entry = entry?;
        let of_stamp = entry.depth() == 1 && entry.file_name().to_string_lossy().contains(STAMP);
        if entry.file_type().is_dir() || of_stamp {
            continue;
        }
        let found = entry.metadata()?;
        let path = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        // What cannot be written cannot fail: this is a string.
        let _ = writeln!(text, "{path:?} {} {:?}", found.len(), found.modified()?);
    }
    let python = programs(folder).join(program("python")).canonicalize()?;
    let found = python.metadata()?;
    let _ = writeln!(text, "{python:?} {} {:?}", found.len(), found.modified()?);
    Ok(hash(&text).to_string())
}

/// Removes environments that nobody has taken for long, and what killed tools have left beside them.
fn sweep(kept: &Path) {
    let Ok(entries) = fs::read_dir(kept) else { return };
    let age = |path: &Path| path.metadata().ok()?.modified().ok()?.elapsed().ok();
    for folder in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let path = folder.with_added_extension("lock");
        let lock = File::open(&path).ok();
        // The lock has the time when the environment was last taken.
        let is_old = age(if lock.is_some() { &path } else { &folder }).is_some_and(|age| age > KEPT);
        // The lock itself stays: another tool may just have opened it.
        if is_old && lock.as_ref().is_none_or(|lock| lock.try_lock().is_ok()) {
            // What cannot be removed now is tried again when the next one is made.
            let _ = remove(&folder);
        }
    }
}

fn programs(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

fn hash(text: &str) -> Sha256 {
    project::files::sha256(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(kept: &Path, requirements: &[&str]) -> Result<Option<Environment>> {
        let requirements: Vec<String> = requirements.iter().map(|&one| one.to_owned()).collect();
        let wanted = Wanted {
            python: None,
            folder: kept,
            requirements: &requirements,
            circumstances: "",
            variables: &BTreeMap::new(),
            offline: false,
        };
        Environment::take_in(kept, &Uv::find().unwrap(), &wanted)
    }

    fn imports(environment: &Environment, module: &str) -> bool {
        let mut python = Command::new(environment.python());
        project::run_quietly(python.args(["-c", &format!("import {module}")])).unwrap().status.success()
    }

    fn made(environment: &Environment) -> SystemTime {
        environment.folder().join(STAMP).metadata().unwrap().modified().unwrap()
    }

    fn age(path: &Path, by: Duration) {
        File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - by).unwrap();
    }

    #[test]
    fn is_made_once_for_all_who_want_the_same() {
        let kept = tempfile::tempdir().unwrap();
        let both = std::thread::scope(|scope| {
            let both = [&["idna", "hatchling"], &["hatchling", "idna"]];
            let both = both.map(|wanted| scope.spawn(|| take(kept.path(), wanted).unwrap().unwrap()));
            both.map(|one| one.join().unwrap())
        });
        assert_eq!((both[0].folder(), made(&both[0])), (both[1].folder(), made(&both[1])));
        assert!(imports(&both[0], "idna") && !imports(&both[0], "pip"), "it holds what is wanted alone");
        assert!(both[0].is_intact(), "an import changes nothing");
        let other = take(kept.path(), &[]).unwrap().unwrap();
        assert!(other.folder() != both[0].folder() && !imports(&other, "idna"));
    }

    #[test]
    fn is_made_again_when_it_was_changed_is_half_or_is_old() {
        let kept = tempfile::tempdir().unwrap();
        let first = take(kept.path(), &["idna"]).unwrap().unwrap();
        let strange = first.python().with_file_name("strange");
        fs::write(&strange, "").unwrap();
        assert!(!first.is_intact());
        assert!(take(kept.path(), &["idna"]).unwrap().is_none(), "another build has it");
        drop(first);
        let second = take(kept.path(), &["idna"]).unwrap().unwrap();
        assert!(!strange.exists() && second.is_intact());
        // As a kill leaves it.
        let (folder, stamp) = (second.folder().to_path_buf(), second.folder().join(STAMP));
        drop(second);
        fs::remove_file(&stamp).unwrap();
        fs::remove_file(folder.join("bin/python")).unwrap();
        let third = take(kept.path(), &["idna"]).unwrap().unwrap();
        assert!(imports(&third, "idna"));
        drop(third);
        age(&stamp, FRESH * 2);
        let fourth = take(kept.path(), &["idna"]).unwrap().unwrap();
        assert!(made(&fourth).elapsed().unwrap() < FRESH);
    }

    #[test]
    fn what_cannot_be_installed_is_an_error_and_is_never_taken() {
        let kept = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let error = take(kept.path(), &["idna==0.0.1.dev999"]).unwrap_err();
            assert!(format!("{error:#}").contains("idna"), "{error:#}");
        }
    }

    #[test]
    fn what_nobody_takes_is_removed_when_the_next_one_is_made() {
        let kept = tempfile::tempdir().unwrap();
        let folder = |name: &str, is_locked: bool, by: Duration| {
            let folder = kept.path().join(name);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("file"), "").unwrap();
            if is_locked {
                let lock = kept.path().join(format!("{name}.lock"));
                fs::write(&lock, "").unwrap();
                age(&lock, by);
            } else {
                File::open(&folder).unwrap().set_modified(SystemTime::now() - by).unwrap();
            }
            folder
        };
        let old = [folder("a", true, KEPT * 2), folder("b.x", false, KEPT * 2)];
        let held = folder("c", true, KEPT * 2);
        let lock = File::open(kept.path().join("c.lock")).unwrap();
        lock.lock_shared().unwrap();
        let new = [folder("d", true, FRESH), folder("e.x", false, FRESH)];
        take(kept.path(), &[]).unwrap().unwrap();
        assert!(old.iter().all(|folder| !folder.exists()));
        assert!(held.exists() && new.iter().all(|folder| folder.exists()));
    }
}
