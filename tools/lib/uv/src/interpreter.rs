//! Finds a Python of a given version: one that uv knows, one on PATH, one of pyenv, else one that uv downloads.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use document::Failure;

use crate::{Uv, program, programs_in};

/// What was found already; the search asks several programs, and its answer holds as long as the process runs.
static FOUND: Mutex<BTreeMap<(PathBuf, String), PathBuf>> = Mutex::new(BTreeMap::new());

/// Asks an interpreter for its implementation, its version, whether it runs without the lock, and where it really
/// is: a shim of pyenv and an environment are other programs in another folder.
const ASK: &str = "import sys, sysconfig; \
    print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], int(bool(sysconfig.get_config_var('Py_GIL_DISABLED')))); \
    print(getattr(sys, '_base_executable', None) or sys.executable)";

/// Returns an interpreter of that version, such as `3.12`, `3.12.1` or `3.13t` (without the global lock).
///
/// The first one counts of: what uv knows, `python3.12` on PATH that runs and is that version, the newest in
/// pyenv's folder, and what uv downloads where it may. Another form of version, such as `pypy3.10`, is left to uv.
pub fn interpreter(uv: &Uv, version: &str) -> Result<PathBuf> {
    let key = (uv.path.clone(), version.to_owned());
    let known = || FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = known().get(&key) {
        return Ok(path.clone());
    }
    let found = find(uv, version)?;
    known().insert(key, found.clone());
    Ok(found)
}

/// Returns an interpreter of each version, in their order; all are looked for at once.
pub fn interpreters(uv: &Uv, versions: &[&str]) -> Result<Vec<PathBuf>> {
    std::thread::scope(|scope| {
        let search = |version| scope.spawn(move || interpreter(uv, version));
        let searches: Vec<_> = versions.iter().copied().map(search).collect();
        let ended = searches.into_iter().map(|one| {
            one.join()
                .unwrap_or_else(|_| Err(Failure::new("cannot find a Python: the search broke off").into()))
        });
        ended.collect()
    })
}

/// Returns the interpreter that uv takes where none is asked for: the one that `UV_PYTHON` names, else its first.
pub fn default_interpreter(uv: &Uv) -> Result<Option<PathBuf>> {
    match env::var("UV_PYTHON") {
        Ok(named) if !named.is_empty() => interpreter(uv, &named).map(Some),
        _ => known_to_uv(uv, "", None),
    }
}

/// Returns an interpreter of that version that is there already, as [`interpreter`] finds it before uv downloads one.
pub fn installed(uv: &Uv, version: &str) -> Result<Option<PathBuf>> {
    let wanted = Wanted::parse(version);
    if let Some(path) = known_to_uv(uv, version, wanted)? {
        return Ok(Some(path));
    }
    let Some(wanted) = wanted else { return Ok(None) };
    let path = env::var_os("PATH").unwrap_or_default();
    let in_pyenv = || pyenv_versions(&path).iter().find_map(|versions| wanted.in_pyenv(versions));
    Ok(wanted.on_path(&path).or_else(in_pyenv))
}

fn find(uv: &Uv, version: &str) -> Result<PathBuf> {
    if let Some(path) = installed(uv, version)? {
        return Ok(path);
    }
    let wanted = Wanted::parse(version);
    let mut looked = vec!["among those that uv knows".to_owned()];
    if let Some(wanted) = wanted {
        looked.push(format!("for a `python{}` on PATH that runs", wanted.minor_version()));
        let path = env::var_os("PATH").unwrap_or_default();
        looked.extend(pyenv_versions(&path).iter().map(|folder| format!("in `{}`", folder.display())));
    }
    let cause = match download(uv, version) {
        Ok(()) => match known_to_uv(uv, version, wanted)? {
            Some(path) => return Ok(path),
            None => "uv does not use what it has downloaded".to_owned(),
        },
        Err(cause) => cause,
    };
    let what = format!("cannot find Python {version}: looked {}; {cause}", looked.join(", "));
    Err(Failure::new(what)
        .hint(format!("install it, as with `uv python install {version}` or `pyenv install {version}`"))
        .into())
}

/// The interpreter that uv finds by itself. A shim that refuses ends its search, and so counts as none here.
fn known_to_uv(uv: &Uv, version: &str, wanted: Option<Wanted>) -> Result<Option<PathBuf>> {
    let mut command = uv.command();
    // Neither the project that is released nor an active environment has a say in what a Python is.
    command.args(["python", "find", "--no-project", "--system", "--no-python-downloads"]);
    match wanted {
        Some(_) => command.arg(format!("cpython{version}")),
        None => command.args(Some(version).filter(|version| !version.is_empty())),
    };
    let output = project::run_quietly(&mut command)?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || path.is_empty() {
        return Ok(None);
    }
    Ok(match wanted {
        Some(wanted) => wanted.verify(Path::new(&path)),
        None => Some(PathBuf::from(path)),
    })
}

/// Lets uv download that version; says why where it does not.
fn download(uv: &Uv, version: &str) -> Result<(), String> {
    if env::var("UV_PYTHON_DOWNLOADS").is_ok_and(|may| may == "manual") {
        return Err("`UV_PYTHON_DOWNLOADS` lets uv download none by itself".to_owned());
    }
    let mut command = uv.command();
    // Programs for the user's own PATH are the user's to ask for.
    command.args(["python", "install", "--no-bin", version]);
    let output = project::run_quietly(&mut command).map_err(|error| format!("{error:#}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.trim_end().lines().next_back().unwrap_or("it ended without a word").trim_start();
    Err(format!("uv could download none: {last}"))
}

/// The folders with the Pythons of pyenv: `versions` in `$PYENV_ROOT`, beside its shims on PATH, and in `~/.pyenv`.
fn pyenv_versions(path: &OsStr) -> Vec<PathBuf> {
    let named = env::var_os("PYENV_ROOT").filter(|root| !root.is_empty()).map(PathBuf::from);
    let shims = env::split_paths(path).filter(|folder| folder.ends_with("shims"));
    let beside = shims.filter_map(|shims| shims.parent().map(Path::to_path_buf));
    let usual = env::home_dir().map(|home| home.join(".pyenv"));
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in named.into_iter().chain(beside).chain(usual).map(|root| root.join("versions")) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// A version of CPython that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    major: u32,
    minor: u32,
    patch: Option<u32>,
    is_free_threaded: bool,
}

impl Wanted {
    /// Reads `3.12`, `3.12.1` or `3.13t`; any other text is `None`.
    fn parse(text: &str) -> Option<Self> {
        let (numbers, is_free_threaded) = match text.strip_suffix('t') {
            Some(numbers) => (numbers, true),
            None => (text, false),
        };
        let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let parts: Option<Vec<u32>> =
            numbers.split('.').map(|part| Some(part).filter(is_number)?.parse().ok()).collect();
        match parts?.as_slice() {
            [major, minor] => Some((*major, *minor, None)),
            [major, minor, patch] => Some((*major, *minor, Some(*patch))),
            _ => None,
        }
        .map(|(major, minor, patch)| Self { major, minor, patch, is_free_threaded })
    }

    /// The version as it stands in the names of programs: `3.12`, `3.13t`.
    fn minor_version(self) -> String {
        format!("{}.{}{}", self.major, self.minor, if self.is_free_threaded { "t" } else { "" })
    }

    /// The first program of that version in the folders of PATH that really is it.
    fn on_path(self, folders: &OsStr) -> Option<PathBuf> {
        let name = program(&format!("python{}", self.minor_version()));
        programs_in(folders, &name).find_map(|path| self.verify(&path))
    }

    /// The newest in a folder of pyenv; final releases stand before what leads to them.
    fn in_pyenv(self, versions: &Path) -> Option<PathBuf> {
        let start = format!("{}.{}", self.major, self.minor);
        let patch_of = |name: &str| {
            let rest = name.strip_prefix(&start)?;
            match rest.strip_prefix('.') {
                Some(patch) => Some(patch.trim_end_matches('t').parse::<u32>().ok()),
                // As in `3.14-dev`.
                None => rest.starts_with('-').then_some(None),
            }
        };
        let entries = fs::read_dir(versions).ok()?.filter_map(Result::ok);
        let mut found: Vec<(Option<u32>, PathBuf)> = entries
            .filter_map(|entry| Some((patch_of(entry.file_name().to_str()?)?, entry.path())))
            .collect();
        found.sort();
        let python = if cfg!(windows) { "python.exe" } else { "bin/python" };
        found.iter().rev().find_map(|(_, folder)| self.verify(&folder.join(python)))
    }

    /// Returns where the interpreter really is, when it runs and is the version that is asked for.
    fn verify(self, path: &Path) -> Option<PathBuf> {
        let mut command = Command::new(path);
        command.args(["-I", "-c", ASK]).stdin(Stdio::null());
        let said = project::run(&mut command).ok()?;
        let (kind, real) = said.trim_end().split_once('\n')?;
        let [implementation, version, lockless] = kind.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        let found = Self::parse(version)?;
        let is_wanted = implementation == "cpython"
            && (found.major, found.minor) == (self.major, self.minor)
            && self.patch.is_none_or(|patch| found.patch == Some(patch))
            && (lockless == "1") == self.is_free_threaded;
        is_wanted.then(|| PathBuf::from(real.trim_end()))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What `python3` is here, and where.
    fn own() -> (Wanted, PathBuf) {
        let ask = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";
        let said = project::run(Command::new("python3").args(["-I", "-c", ask])).unwrap();
        let (version, path) = said.trim_end().split_once('\n').unwrap();
        (Wanted::parse(version).unwrap(), PathBuf::from(path))
    }

    #[test]
    fn reads_versions_of_cpython() {
        let wanted =
            |minor, patch, is_free_threaded| Some(Wanted { major: 3, minor, patch, is_free_threaded });
        assert_eq!(Wanted::parse("3.12"), wanted(12, None, false));
        assert_eq!(Wanted::parse("3.12.1"), wanted(12, Some(1), false));
        assert_eq!(Wanted::parse("3.13t"), wanted(13, None, true));
        for other in ["", "3", "3.", "3.12.1.0", "pypy3.10", ">=3.9", "+3.9", "3.12tt", "3.99999999999"] {
            assert_eq!(Wanted::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_program_on_path_must_run_and_be_that_version() {
        let (wanted, real) = own();
        let folder = tempfile::tempdir().unwrap();
        let (refusing, other, right) =
            (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        let name = format!("python{}", wanted.minor_version());
        script(&refusing.join(&name), "echo 'pyenv: command not found' >&2; exit 127");
        script(&other.join(&name), "printf 'cpython 3.1.4 0\\n/usr/bin/python3.1\\n'");
        script(&right.join(&name), &format!("exec '{}' \"$@\"", real.display()));
        let path = env::join_paths([&refusing, &other, &right]).unwrap();
        let found = wanted.on_path(&path).unwrap();
        assert!(!found.starts_with(folder.path()), "the program behind the script: {}", found.display());
        assert_eq!(wanted.verify(&found), Some(found));
        assert_eq!(wanted.on_path(&env::join_paths([&refusing, &other]).unwrap()), None);
        assert_eq!(Wanted { is_free_threaded: true, ..wanted }.verify(&real), None);
    }

    #[test]
    fn of_pyenv_the_newest_counts_that_runs() {
        let (wanted, real) = own();
        let wanted = Wanted { patch: None, ..wanted };
        let folder = tempfile::tempdir().unwrap();
        let start = format!("{}.{}", wanted.major, wanted.minor);
        let python = |name: &str, path: &str| {
            let text = format!("[ -n \"$3\" ] && printf 'cpython {start}.7 0\\n{path}\\n'");
            script(&folder.path().join(name).join("bin/python"), &text);
        };
        assert_eq!(wanted.in_pyenv(folder.path()), None);
        python(&format!("{start}-dev"), "/dev");
        assert_eq!(wanted.in_pyenv(folder.path()), Some(PathBuf::from("/dev")));
        python(&format!("{start}.9"), "/nine");
        python(&format!("{start}.10"), "/ten");
        python(&format!("{start}1.5"), "/another-version");
        script(&folder.path().join(format!("{start}.11/bin/python")), "exit 1");
        assert_eq!(wanted.in_pyenv(folder.path()), Some(PathBuf::from("/ten")));
        script(
            &folder.path().join(format!("{start}.12/bin/python")),
            &format!("exec '{}' \"$@\"", real.display()),
        );
        assert_eq!(wanted.verify(&wanted.in_pyenv(folder.path()).unwrap()), wanted.in_pyenv(folder.path()));
    }

    #[test]
    fn finds_what_is_there_and_says_where_it_looked_for_what_is_not() {
        let uv = Uv::find().unwrap();
        let (wanted, _) = own();
        let version = wanted.minor_version();
        let found = interpreters(&uv, &[&version, &version]).unwrap();
        assert_eq!(found[0], found[1]);
        assert!(wanted.verify(&found[0]).is_some(), "{}", found[0].display());
        let error = interpreter(&uv, "3.1").unwrap_err();
        let said = format!("{error:#}");
        assert!(said.starts_with("cannot find Python 3.1: looked among those that uv knows, for a `python3.1` on PATH that runs, in `"), "{said}");
        assert!(said.contains("; uv could download none: "), "{said}");
        assert!(Failure::of(&error).0.unwrap().contains("uv python install 3.1"));
    }
}
