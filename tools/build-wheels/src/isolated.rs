//! A build by the hooks of its backend (PEP 517), in an environment that is kept from one build to the next.
//!
//! It gives what `uv build` gives, which makes such an environment for each file. Where it might not, or where the
//! environment cannot be had, it does nothing, and `uv build` does the work.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use document::ArtifactKind;
use project::{ConfigSetting, log};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use uv::{Environment, Wanted};

use crate::backend::{self, Backend};
use crate::circumstances::Circumstances;
use crate::make::{Job, Maker, Source};

/// The program that calls the hooks.
const HOOKS: &str = include_str!("hooks.py");

/// The build of one file.
pub struct Build<'a> {
    /// What makes it.
    pub maker: &'a Maker<'a>,
    /// The file.
    pub job: Job<'a>,
    /// The sdist, or the package's folder in the tree.
    pub from: &'a Path,
    /// The project's folder of the tree.
    pub within: &'a Path,
    /// Where the file is put.
    pub built: &'a Path,
    /// Where the output goes.
    pub log: &'a Path,
}

impl Build<'_> {
    /// Builds the file; returns how that ended, and the hook. `None` where it is for `uv build`.
    pub fn run(&self) -> Result<Option<(ExitStatus, String)>> {
        // A backend's programs are found in other ways on other systems.
        if !cfg!(unix) {
            return Ok(None);
        }
        let package = self.job.work.distribution.folder(self.within);
        // Nothing is unpacked in vain.
        if !Backend::of(&package).is_some_and(|backend| backend.can_be_kept()) {
            return Ok(None);
        }
        let Some((source, _unpacked)) = self.source() else { return Ok(None) };
        let Some(backend) = Backend::of(&source).filter(Backend::can_be_kept) else { return Ok(None) };
        let variables = &self.job.work.recipe.env;
        let Some(circumstances) = Circumstances::of(&[&source, &package, self.within], variables) else {
            return Ok(None);
        };
        let answer = self.folder().join("requirements.json");
        let mut installed = backend.requires.clone();
        for is_complete in [false, true] {
            if !circumstances.leave(&installed) {
                break;
            }
            let Some(status) =
                self.attempt(&source, &backend, &circumstances, (&installed, is_complete, &answer))?
            else {
                break;
            };
            if !status.success() || is_complete || !answer.exists() {
                return Ok(Some((status, format!("{}.build_{}", backend.name, self.job.entry.kind))));
            }
            let needed: Vec<String> = serde_json::from_slice(&fs::read(&answer)?)
                .with_context(|| format!("cannot read what `{}` needs", backend.name))?;
            if !needed.iter().all(|requirement| backend::is_by_name(requirement)) {
                break;
            }
            installed.extend(needed);
        }
        Ok(None)
    }

    /// Calls the hooks in an environment with these requirements; `None` where there is no such environment.
    fn attempt(
        &self,
        source: &Path,
        backend: &Backend,
        circumstances: &Circumstances,
        (installed, is_complete, answer): (&[String], bool, &Path),
    ) -> Result<Option<ExitStatus>> {
        let Maker { pythons, environments, lock, offline, .. } = self.maker;
        let Job { work, entry, .. } = self.job;
        let python = entry.python.as_ref().map(|python| pythons.find(Some(python))).transpose()?;
        let uv = pythons.uv()?;
        let package = work.distribution.folder(self.within);
        let wanted = Wanted {
            python: python.as_deref(),
            folder: &package,
            requirements: installed,
            circumstances: &circumstances.text(),
            variables: &work.recipe.env,
            offline: *offline,
        };
        let taken = environments.take(&uv, &wanted);
        let Some(environment) = taken.as_ref().and_then(|taken| taken.get()) else { return Ok(None) };
        let call = json!({
            "kind": entry.kind.to_string(),
            "backend": backend.name,
            "path": backend.path,
            "settings": self.settings(),
            "dist": self.built,
            "installed": installed,
            "is_complete": is_complete,
            "is_plain": backend.is_plain(),
            "answer": answer,
        });
        let mut command = Command::new(environment.python());
        command.args(["-c", HOOKS, &call.to_string()]).current_dir(source).stdin(lock.stdin()?);
        // What `uv build` sets.
        command.env("UV", uv.path()).env("PYTHONIOENCODING", "utf-8:backslashreplace");
        self.maker.set_environment(&mut command, self.job);
        command.env("PATH", self.path(environment)?).env("VIRTUAL_ENV", environment.folder());
        let run = if is_complete { log::run_on } else { log::run };
        run(&mut command, self.log).map(Some)
    }

    fn folder(&self) -> PathBuf {
        self.maker.checkouts.folder(&Maker::name(self.job))
    }

    /// The folder that is built: the package's in the tree, or that of the unpacked sdist.
    fn source(&self) -> Option<(PathBuf, Option<TempDir>)> {
        if !matches!((self.job.source, self.job.entry.kind), (Source::Sdist(..), ArtifactKind::Wheel)) {
            return Some((self.within.join(self.from), None));
        }
        // Backends ask git about their folder, and the checkouts lie below a repository.
        let unpacked = Environment::folder_beside(&Maker::name(self.job)).ok()?;
        let file = File::open(self.from).ok()?;
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(unpacked.path()).ok()?;
        let mut inside = fs::read_dir(&unpacked).ok()?;
        let only = inside.next()?.ok()?.path();
        inside.next().is_none().then_some((only, Some(unpacked)))
    }

    /// The settings of release.toml as the hooks take them: a text, or a list where there are several.
    fn settings(&self) -> Value {
        let settings = self.job.work.recipe.config_settings.iter().filter_map(|(key, setting)| {
            let value = match setting {
                ConfigSetting::One(value) => Value::from(value.as_str()),
                ConfigSetting::Several(values) => match values.as_slice() {
                    [] => return None,
                    [one] => Value::from(one.as_str()),
                    several => Value::from(several),
                },
            };
            Some((key.clone(), value))
        });
        settings.collect::<Map<_, _>>().into()
    }

    /// PATH with the programs of the environment in front.
    fn path(&self, environment: &Environment) -> Result<std::ffi::OsString> {
        let own = self.job.work.recipe.env.get("PATH").map(Into::into);
        let path = own.or_else(|| env::var_os("PATH")).unwrap_or_default();
        let folders = std::iter::once(environment.programs()).chain(env::split_paths(&path));
        env::join_paths(folders)
            .with_context(|| format!("cannot put `{}` on PATH", environment.programs().display()))
    }
}
