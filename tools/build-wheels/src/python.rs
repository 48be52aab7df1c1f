//! The interpreters that build, each looked for once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use document::{Failure, PythonVersion};
use uv::Uv;

/// A Python that uv is asked for where release.toml names none.
const ANY: &str = "3";

/// The Pythons of a run.
#[derive(Debug)]
pub struct Pythons {
    offline: bool,
    uv: Mutex<Option<Uv>>,
    builds: Mutex<BTreeMap<PythonVersion, String>>,
}

impl Pythons {
    /// Pythons that uv finds, and downloads unless this is `offline`.
    pub fn new(offline: bool) -> Self {
        Self { offline, uv: Mutex::default(), builds: Mutex::default() }
    }

    /// The uv that finds them, itself looked for when it is needed: a plan often needs none.
    pub fn uv(&self) -> Result<Uv> {
        let mut known = self.uv.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uv) = &*known {
            return Ok(uv.clone());
        }
        Ok(known.insert(Uv::find()?).clone())
    }

    /// The interpreter of that version; any Python 3 for none.
    pub fn find(&self, version: Option<&PythonVersion>) -> Result<PathBuf> {
        let version = version.map_or(ANY, |version| version.as_str());
        if !self.offline {
            return uv::interpreter(&self.uv()?, version);
        }
        uv::installed(&self.uv()?, version)?.ok_or_else(|| {
            Failure::new(format!(
                "cannot find Python {version}: it is not here, and `--offline` downloads none"
            ))
            .hint(format!("install it, as with `uv python install {version}`"))
            .into()
        })
    }

    /// What an interpreter says of itself: version, compiler and day of its build; `None` where none is there yet.
    ///
    /// Another interpreter of the same number may build other bytes. Where no version is asked for, none counts.
    pub fn build_of(&self, version: Option<&PythonVersion>) -> Result<Option<String>> {
        let Some(version) = version else { return Ok(Some(String::new())) };
        let known = || self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(build) = known().get(version) {
            return Ok(Some(build.clone()));
        }
        let Some(path) = uv::installed(&self.uv()?, version.as_str())? else { return Ok(None) };
        let build = ask(&path)?;
        known().insert(version.clone(), build.clone());
        Ok(Some(build))
    }
}

fn ask(interpreter: &Path) -> Result<String> {
    let mut command = Command::new(interpreter);
    command.args(["-I", "-c", "import sys; print(sys.version)"]).stdin(std::process::Stdio::null());
    Ok(project::run(&mut command)?.trim_end().to_owned())
}
