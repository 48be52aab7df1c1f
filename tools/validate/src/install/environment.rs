//! A fresh environment with one package: made by uv, installed into, asked what is there.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use document::{Failure, PackageName};
use project::Project;
use serde::Deserialize;
use tempfile::TempDir;
use uv::Uv;

use crate::install::python::Python;

/// Asks an environment what the package named by the first argument has put there.
const ASK: &str = "
import json, sys
from importlib.metadata import distribution
found = distribution(sys.argv[1])
points = [[point.group, point.name, point.value] for point in found.entry_points]
print(json.dumps({'files': [str(file) for file in found.files or ()], 'points': points}))
";

/// An environment in a temporary folder that goes away with it.
pub struct Environment<'a> {
    uv: &'a Uv,
    folder: TempDir,
}

/// What is installed, and from where.
pub struct Wanted {
    /// The package.
    pub package: PackageName,
    /// It, as a requirement (PEP 508).
    pub requirement: String,
    /// What the other packages of the release must be, as requirements.
    pub constraints: Vec<String>,
    /// How uv is told where to look.
    pub arguments: Vec<String>,
    /// The index that comes before those of the user.
    pub index: Option<String>,
}

/// What a package has put into an environment.
#[derive(Debug, Deserialize)]
pub struct Installed {
    /// Its files, as RECORD has them: relative to the folder of the modules.
    pub files: Vec<String>,
    /// Its entry points: group, name and object.
    pub points: Vec<(String, String, String)>,
}

impl<'a> Environment<'a> {
    /// Makes an empty environment.
    pub fn new(uv: &'a Uv, python: &Python, project: &Project) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let environment = Self { uv, folder };
        let mut make = uv.command();
        make.args(["venv", "--quiet", "--no-project", "--python"]).arg(&python.path);
        make.arg(environment.root()).current_dir(&project.root);
        project::run(&mut make).context("cannot make a fresh environment")?;
        Ok(environment)
    }

    /// Installs a package and what it depends on.
    pub fn install(&self, wanted: &Wanted, project: &Project) -> Result<()> {
        let constraints = self.folder.path().join("constraints.txt");
        let lines: String = wanted.constraints.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&constraints, lines).context("cannot write the constraints")?;
        let mut install = self.uv.command();
        install.args(["pip", "install", "--quiet", "--python"]).arg(self.python());
        install.arg("--constraints").arg(&constraints).args(&wanted.arguments);
        if let Some(index) = &wanted.index {
            // An argument would replace what the user has set here, and dependencies come from there.
            let others = env::var("UV_INDEX").unwrap_or_default();
            install.env("UV_INDEX", format!("{index} {others}").trim());
        }
        project::run(install.arg(&wanted.requirement).current_dir(&project.root))
            .with_context(|| format!("cannot install `{}` into a fresh environment", wanted.package))?;
        Ok(())
    }

    /// Checks that every installed package has what it depends on, as `pip check` does.
    pub fn is_consistent(&self, package: &PackageName) -> Result<(), Failure> {
        let mut check = self.uv.command();
        let output = project::run_quietly(check.args(["pip", "check", "--python"]).arg(self.python()));
        let output = output.map_err(|error| Failure::new(format!("{error:#}")))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let what = format!("cannot use `{package}` as it is installed: `uv pip check` found\n    ");
        let lines: Vec<&str> = said.trim_end().lines().collect();
        Err(Failure::new(what + &lines.join("\n    "))
            .hint("mend the dependencies of the package, and build it again"))
    }

    /// Returns what the package has put there.
    pub fn ask(&self, package: &PackageName) -> Result<Installed> {
        let said = project::run(self.isolated(ASK).arg(package.as_str()))
            .with_context(|| format!("cannot list what `{package}` has installed"))?;
        serde_json::from_str(&said).with_context(|| format!("cannot list what `{package}` has installed"))
    }

    /// A call of Python with that program; neither the working folder nor the user's settings are searched for modules.
    pub fn isolated(&self, program: &str) -> Command {
        let mut command = self.command(&self.python());
        command.args(["-I", "-c", program]);
        command
    }

    /// A call of a program that is installed, as with the environment activated; `None` where it cannot be run.
    pub fn script(&self, name: &str) -> Option<Command> {
        let names = [name.to_owned(), format!("{name}{}", env::consts::EXE_SUFFIX)];
        let path = names.iter().map(|name| self.programs().join(name)).find(|path| path.is_file())?;
        Some(self.command(&path))
    }

    /// The temporary folder: the working folder of what is called, and a place for its results.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(std::iter::once(self.programs()).chain(env::split_paths(&path)));
        command.envs(path.ok().map(|path| ("PATH", path)));
        command.env("VIRTUAL_ENV", self.root()).env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command.current_dir(self.folder()).stdin(Stdio::null());
        command
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("environment")
    }

    fn programs(&self) -> PathBuf {
        self.root().join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    fn python(&self) -> PathBuf {
        self.programs().join(format!("python{}", env::consts::EXE_SUFFIX))
    }
}

/// A requirement of exactly one file (PEP 508, "direct references").
pub fn requirement(package: &PackageName, path: &Path) -> String {
    format!("{package} @ {}", url(path))
}

/// The URL of a file or folder (RFC 8089).
pub fn url(path: &Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_odd_letters_is_a_valid_url() {
        let path = Path::new("/a b/ä#/x+1-py3.whl");
        let wanted = "x @ file:///a%20b/%C3%A4%23/x%2B1-py3.whl";
        assert_eq!(requirement(&"x".parse().unwrap(), path), wanted);
    }
}
