//! The making of one file: the build backend, or the project's own command, and auditwheel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use distribution::FileName;
use document::{ArtifactKind, Expected, Failure};
use project::{ConfigSetting, Lock, Project, log, shell};

use crate::checkout::{Checkouts, leave_repository};
use crate::environments::Environments;
use crate::plan::Work;
use crate::python::Pythons;
use crate::{auditwheel, dist, edits, isolated};

/// Where what is built is made.
pub struct Maker<'a> {
    /// The project.
    pub project: &'a Project,
    /// The right to change it, which every program inherits.
    pub lock: &'a Lock,
    /// The clean checkouts.
    pub checkouts: Checkouts<'a>,
    /// The interpreters.
    pub pythons: &'a Pythons,
    /// The environments of the build backends.
    pub environments: Environments,
    /// The time of the commit.
    pub epoch: String,
    /// Whether nothing comes from the network.
    pub offline: bool,
}

/// What a wheel is made from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A checkout of its own.
    Tree,
    /// An sdist, beside a checkout whose settings of uv count.
    Sdist(PathBuf, PathBuf),
}

/// One file that is made.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Of what distribution.
    pub work: &'a Work<'a>,
    /// For what entry of the matrix.
    pub entry: &'a Expected,
    /// From what.
    pub source: &'a Source,
    /// Whether it is made a second time: in another folder, at another hour of the day.
    pub again: bool,
}

impl Maker<'_> {
    /// Makes a file, and returns where it lies, in a folder that goes with the checkouts.
    pub fn make(&self, job: Job) -> Result<PathBuf> {
        let Job { work, entry, .. } = job;
        let built = self.checkouts.folder(&Self::name(job)).join("built");
        fs::create_dir_all(&built).with_context(|| format!("cannot make `{}`", built.display()))?;
        let log = self.log(job);
        let run = work.recipe.run.as_ref().filter(|_| entry.kind == ArtifactKind::Wheel);
        let (status, shown, by_hand) = match run {
            Some(run) => {
                let mut command = self.own_command(job, run, &built)?;
                let status = log::run(command.stdin(self.lock.stdin()?), &log)?;
                (status, shell::first_line(run), shell::first_line(run))
            }
            None => self.build(job, &built, &log)?,
        };
        if !status.success() {
            let (ending, tail) = (log::ending(status), log::tail(&log)?);
            let what = format!("cannot build `{}`: `{shown}` ended with {ending}{tail}", entry.id);
            return Err(Failure::new(what).hint(hint(job, &by_hand)).into());
        }
        let file = dist::only_file(&built, entry)?;
        match &work.recipe.auditwheel {
            Some(arguments) if entry.kind == ArtifactKind::Wheel && !FileName::of(&file)?.is_pure() => {
                self.repair(job, arguments, &file, &log)
            }
            _ => Ok(file),
        }
    }

    /// The log of a file.
    pub fn log(&self, job: Job) -> PathBuf {
        let again = if job.again { ".again" } else { "" };
        let logs = self.project.git.state().folder().join("logs");
        logs.join(format!("build-{}{again}.log", job.entry.id))
    }

    /// A checkout of that name, as the distribution has it; returns the project's folder in it.
    pub fn tree(&self, work: &Work, name: &str) -> Result<PathBuf> {
        let root =
            self.checkouts.make(name).with_context(|| format!("cannot build `{}`", work.package.name))?;
        if let Some(edited) = edits::apply(&root, self.project, work.distribution)? {
            self.checkouts.hide(name, &edited)?;
        }
        Ok(root)
    }

    /// The folder of a checkout whose settings of uv count for a build from an sdist.
    pub fn settings(&self, work: &Work) -> Result<PathBuf> {
        let name = format!("{}.sdist", work.package.name);
        let root = self.checkouts.root(&name);
        if root.is_dir() { Ok(root) } else { self.tree(work, &name) }
    }

    /// The name of a job's folder. The second build has a longer one, for some builds write their path into the file.
    pub fn name(job: Job) -> String {
        let again = if job.again { "-once-more-in-another-folder" } else { "" };
        format!("{}{again}", job.entry.id)
    }

    /// Removes what a job has left.
    pub fn clear(&self, job: Job) {
        // What cannot be removed now goes with the checkouts.
        let _ = fs::remove_dir_all(self.checkouts.folder(&Self::name(job)));
    }

    /// Builds by the backend; returns how it ended, what ran, and what a person would run to see the same.
    fn build(&self, job: Job, built: &Path, log: &Path) -> Result<(ExitStatus, String, String)> {
        let Job { work, entry, .. } = job;
        let folder = work.package.path.as_ref().map_or(".", |path| path.as_str());
        let (from, within) = match (job.source, entry.kind) {
            (Source::Sdist(file, tree), ArtifactKind::Wheel) => (self.beside(job, file)?, tree.clone()),
            _ => (PathBuf::from(folder), self.tree(work, &Self::name(job))?),
        };
        let shown = from.file_name().unwrap_or(from.as_os_str());
        let shown = if from == Path::new(folder) { folder.to_owned() } else { shown.display().to_string() };
        let by_hand = format!("uv build --{} {shown}", entry.kind);
        let build = isolated::Build { maker: self, job, from: &from, within: &within, built, log };
        if let Some((status, hook)) = build.run()? {
            return Ok((status, hook, by_hand));
        }
        let mut command = self.uv_build(job, &from, &within, built)?;
        let status = log::run(command.stdin(self.lock.stdin()?), log)?;
        Ok((status, by_hand.clone(), by_hand))
    }

    fn uv_build(&self, job: Job, from: &Path, within: &Path, built: &Path) -> Result<Command> {
        let Job { work, entry, .. } = job;
        let mut command = self.pythons.uv()?.command();
        command.args(["build", &format!("--{}", entry.kind)]).arg(from).arg("--out-dir").arg(built);
        command.current_dir(within);
        if let Some(python) = &entry.python {
            command.arg("--python").arg(self.pythons.find(Some(python))?);
        }
        for (key, setting) in &work.recipe.config_settings {
            let values = match setting {
                ConfigSetting::One(value) => std::slice::from_ref(value),
                ConfigSetting::Several(values) => values,
            };
            command.args(values.iter().map(|value| format!("--config-setting={key}={value}")));
        }
        if self.offline {
            command.arg("--offline");
        }
        self.set_environment(&mut command, job);
        Ok(command)
    }

    /// The sdist, for a second build in a folder of its own.
    fn beside(&self, job: Job, sdist: &Path) -> Result<PathBuf> {
        if !job.again {
            return Ok(sdist.to_path_buf());
        }
        let copy = self.checkouts.folder(&Self::name(job)).join(sdist.file_name().unwrap_or_default());
        fs::copy(sdist, &copy).with_context(|| format!("cannot copy `{}`", sdist.display()))?;
        Ok(copy)
    }

    /// The command of release.toml, in the package's folder of a checkout of its own.
    fn own_command(&self, job: Job, run: &str, built: &Path) -> Result<Command> {
        let Job { work, entry, .. } = job;
        let python = self.pythons.find(entry.python.as_ref())?;
        let root = self.tree(work, &Self::name(job))?;
        let text = shell::filled(run, "python", &python.to_string_lossy());
        let text = shell::filled(&text, "dist", &built.to_string_lossy());
        let mut command = Command::new("sh");
        command.args(["-c", &text]).current_dir(work.distribution.folder(&root));
        command.env("PATH", self.pythons.uv()?.folder_on_path()?);
        command.env("PYTHON", python).env("DIST", built).env("VERSION", work.package.version.to_string());
        command.env("VARIANT", work.package.variant.as_deref().unwrap_or_default());
        self.set_environment(&mut command, job);
        Ok(command)
    }

    /// What holds for every build; what release.toml says stands over it.
    pub fn set_environment(&self, command: &mut Command, job: Job) {
        // The same commit is to give the same bytes (reproducible-builds.org/specs/source-date-epoch).
        command.env("SOURCE_DATE_EPOCH", &self.epoch).env("PYTHONHASHSEED", "0");
        leave_repository(command);
        command.env("GIT_CEILING_DIRECTORIES", self.checkouts.ceiling());
        if self.offline {
            command.envs([("UV_OFFLINE", "1"), ("PIP_NO_INDEX", "1"), ("UV_PYTHON_DOWNLOADS", "never")]);
        }
        if job.again {
            command.envs([("TZ", "WWR-14"), ("LC_ALL", "C.UTF-8")]);
        }
        command.envs(&job.work.recipe.env);
    }

    fn repair(&self, job: Job, arguments: &[String], wheel: &Path, log: &Path) -> Result<PathBuf> {
        let repaired = self.checkouts.folder(&Self::name(job)).join("repaired");
        let mut command = auditwheel::command(&self.pythons.uv()?, self.offline)?;
        command.arg("repair").args(arguments).arg("--wheel-dir").arg(&repaired).arg(wheel);
        self.set_environment(&mut command, job);
        let status = log::run_on(command.stdin(self.lock.stdin()?), log)?;
        if !status.success() {
            let (ending, tail) = (log::ending(status), log::tail(log)?);
            let shown = format!("auditwheel repair {}", arguments.join(" "));
            let what = format!("cannot build `{}`: `{shown}` ended with {ending}{tail}", job.entry.id);
            let hint = "build where the libraries are as old as the platform asks, as in a manylinux image, \
                        or change `auditwheel` in release.toml";
            return Err(Failure::new(what).hint(hint).into());
        }
        dist::only_file(&repaired, job.entry)
    }
}

/// How to see a build fail by itself.
fn hint(job: Job, shown: &str) -> String {
    match &job.work.distribution.variant {
        None => format!("run `{shown}` in a clean clone to see it fail"),
        // hatchling, flit and uv_build look for a folder of the distribution's name.
        Some(variant) => format!(
            "if the backend finds the files by the name of the distribution, tell it where they are \
             (`packages` of [tool.hatch.build.targets.wheel] or [tool.poetry], `name` of [tool.flit.module], \
             `module-name` of [tool.uv.build-backend]); \
             the variant is `{}`",
            variant.name
        ),
    }
}
