//! Public names, read from the sources of two releases by griffe; nothing of either is imported or run.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use uv::Uv;

use super::finding::{Change, Code};
use crate::install::python;

/// The library that reads the names: the part of griffe without a command line, which needs nothing else.
const GRIFFE: &str = "griffelib==2.4.1";

/// The Pythons that it runs on.
const OLDEST: &str = ">=3.10";

const SCRIPT: &str = include_str!("public_names.py");

/// Two folders with sources.
#[derive(Debug, Serialize)]
pub struct Task {
    /// The folder of the release before.
    pub old: PathBuf,
    /// The folder of this release.
    pub new: PathBuf,
    /// The top-level modules that both have, private ones too: public names may come from there.
    pub modules: Vec<String>,
    /// The modules of this release that are machine code alone.
    pub opaque: Vec<String>,
}

/// What was found in the sources of one package.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    /// Each name, what kind of change it is, and the rest of the sentence.
    changes: Vec<(String, String, String)>,
    /// The modules that cannot be parsed.
    pub unread: Vec<String>,
    /// Why nothing was found.
    pub failed: Option<String>,
}

/// Compares the names of all packages in one run of Python.
///
/// `pythons` is what the packages say of their Python: a source may have a syntax that an older one cannot parse.
pub fn compare(
    uv: &Uv,
    tasks: &[Task],
    pythons: &[String],
    folder: &Path,
    root: &Path,
) -> Result<Vec<Names>> {
    let (script, input) = (folder.join("public_names.py"), folder.join("tasks.json"));
    let write = |path: &Path, text: &str| {
        std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
    };
    write(&script, SCRIPT)?;
    write(&input, &serde_json::to_string(tasks)?)?;
    let run = |python: Option<&OsStr>| {
        let mut command = uv.command();
        command.args(["run", "--quiet", "--no-project", "--no-python-downloads", "--with", GRIFFE]);
        if let Some(python) = python {
            command.arg("--python").arg(python);
        }
        command.args(["python", "-I"]).arg(&script).current_dir(root);
        command.stdin(File::open(&input).context("cannot read the names of the folders")?);
        project::run(&mut command).context("griffe cannot be had")
    };
    // Who names an interpreter, as a CI matrix does, gets that one.
    let said = if std::env::var_os("UV_PYTHON").is_some_and(|named| !named.is_empty()) {
        run(None)?
    } else {
        let wanted: Vec<&str> = std::iter::once(OLDEST).chain(pythons.iter().map(String::as_str)).collect();
        // A Python of pyenv that is not the current one is none that uv finds.
        run(Some(OsStr::new(&wanted.join(",")))).or_else(|cause| match python::installed(uv, &wanted)? {
            Some(python) => run(Some(python.as_os_str())),
            None => Err(cause),
        })?
    };
    serde_json::from_str(&said).context("cannot read what griffe has found")
}

impl Names {
    /// The changes; new names count where the release should have none.
    pub fn changes(&self, adds_nothing: bool) -> Vec<Change> {
        let change = |(name, kind, rest): &(String, String, String)| {
            let (code, message) = match kind.as_str() {
                "removed" => (
                    Code::D011,
                    if rest.is_empty() { "is gone".to_owned() } else { format!("{rest} is gone") },
                ),
                "changed" | "unclear" => (Code::D012, rest.clone()),
                "default" => (Code::D013, rest.clone()),
                _ => (Code::D014, "is new".to_owned()),
            };
            Change { is_private: kind == "unclear", ..code.change(name, message) }
        };
        let all = self.changes.iter().map(change);
        all.filter(|change| change.code != Code::D014 || adds_nothing).collect()
    }
}
