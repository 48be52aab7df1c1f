//! The trial of a rehearsal: what a test index serves is installed and imported, before the real one gets it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use document::{Failure, PackageName};
use filter::Stage;
use uv::Uv;

use super::server::Server;
use super::upload::Item;
use crate::shipment::Shipment;

/// Imports what a package has installed: the modules that are named, else its outermost packages and modules.
const IMPORT: &str = "
import importlib, sys
from importlib.metadata import distribution
modules = sys.argv[2:]
if not modules:
    for file in distribution(sys.argv[1]).files or ():
        parts = file.parts
        name = parts[0].split('.')[0]
        is_module = len(parts) == 1 and parts[0].endswith(('.py', '.so', '.pyd'))
        is_package = len(parts) == 2 and parts[1] in ('__init__.py', '__init__.pyi')
        if (is_module or is_package) and name.isidentifier() and name not in modules:
            modules.append(name)
for module in modules:
    importlib.import_module(module)
print('imported:', ', '.join(modules))
";

/// What a large package may need to be loaded for the first time.
const LIMIT: Duration = Duration::from_secs(300);

/// A trial on a test index.
#[derive(Debug)]
pub struct Trial<'a> {
    /// The program.
    pub uv: &'a Uv,
    /// The test index.
    pub stage: &'a Server,
    /// The server that the release is meant for: what the packages require comes from there and from the user's indexes.
    pub real: &'a Server,
    /// The name of the test index.
    pub place: &'a str,
}

impl Trial<'_> {
    /// Installs each package by itself with the files that the test index serves, and imports it.
    pub fn hold(&self, items: &[Item], shipment: &Shipment, stage: &Stage) -> Result<()> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let files = folder.path().join("files");
        fs::create_dir(&files).context("cannot make a temporary folder")?;
        for item in items {
            self.fetch(item, &files)?;
        }
        for package in shipment.names() {
            let environment = folder.path().join(package.as_str());
            match self.install(&package, &files, &environment, shipment)? {
                Some(modules) => {
                    stage.note(format!("{package} from {} installs, and imports: {modules}", self.place))
                }
                None => stage.skip(
                    format!("install {package} from {}", self.place),
                    "no file of it is for this platform and this Python",
                ),
            }
        }
        Ok(())
    }

    /// Downloads a file from the test index, and compares it.
    fn fetch(&self, item: &Item, folder: &Path) -> Result<()> {
        let page = self.stage.own_files(&item.package)?.unwrap_or_default();
        let found = page.iter().find(|file| file.file_name == item.name);
        let refused = |cause: String| {
            Failure::new(format!("cannot rehearse on `{}`: {cause}", self.place))
                .hint("run `distribute` again; where it stays so, release another version")
        };
        let found = found.ok_or_else(|| refused(format!("`{}` is not served any more", item.name)))?;
        let path = folder.join(&item.name);
        let mut to = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        let (sha256, _) = self.stage.served.download(found, &mut to)?;
        if sha256 != item.sha256 {
            return Err(refused(format!("`{}` comes with other bytes, SHA-256 {sha256}", item.name)).into());
        }
        Ok(())
    }

    /// Returns the modules that were imported; `None` where no file of the package is for this machine.
    fn install(
        &self,
        package: &PackageName,
        files: &Path,
        environment: &Path,
        shipment: &Shipment,
    ) -> Result<Option<String>> {
        let root = &shipment.project.root;
        let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let requires = requires_python(files, package)?;
        let mut make = self.uv.command();
        make.args(["venv", "--quiet", "--no-project"]).arg(environment).current_dir(root);
        if let Some(requires) = requires.filter(|_| std::env::var_os("UV_PYTHON").is_none()) {
            make.args(["--python", &requires]);
        }
        project::run(&mut make).context("cannot make a fresh environment")?;

        let version = &shipment.document.version.current;
        let constraints = environment.join("constraints.txt");
        let lines: String = shipment.names().iter().map(|name| format!("{name}=={version}\n")).collect();
        fs::write(&constraints, lines).context("cannot write the constraints")?;
        let mut install = self.uv.command();
        install.args(["pip", "install", "--quiet", "--index-strategy", "first-index", "--python"]);
        install.args([&python]).args(
            shipment.names().iter().flat_map(|name| ["--refresh-package".to_owned(), name.to_string()]),
        );
        install.arg("--find-links").arg(files).arg("--constraints").arg(&constraints);
        if !self.real.is_pypi() {
            // The first index that has a package at all is the only one that it is taken from.
            let others = std::env::var("UV_INDEX").unwrap_or_default();
            install.env("UV_INDEX", format!("{} {others}", self.real.simple()).trim());
        }
        let output = project::run_quietly(install.arg(format!("{package}=={version}")).current_dir(root))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if said.contains("wheels with a matching") {
                return Ok(None);
            }
            return Err(self.refused(package, "install", &said));
        }
        let mut check = self.uv.command();
        let output = project::run_quietly(check.args(["pip", "check", "--python"]).arg(&python))?;
        if !output.status.success() {
            return Err(self.refused(package, "use", &String::from_utf8_lossy(&output.stderr)));
        }
        self.import(package, &python, environment, shipment).map(Some)
    }

    fn import(
        &self,
        package: &PackageName,
        python: &Path,
        folder: &Path,
        shipment: &Shipment,
    ) -> Result<String> {
        let mut import = Command::new(python);
        import.args(["-I", "-c", IMPORT, package.as_str()]).current_dir(folder).stdin(Stdio::null());
        let own = shipment.project.distribution(package).and_then(|package| package.imports.as_ref());
        import.args(own.into_iter().flatten());
        let ended = project::run_within(&mut import, LIMIT)?;
        let said = String::from_utf8_lossy(&ended.output.stdout);
        // A module can end the program with code 0, and say what it likes before.
        let Some(modules) = said.lines().find_map(|line| line.strip_prefix("imported:")) else {
            return Err(self.refused(package, "import", &String::from_utf8_lossy(&ended.output.stderr)));
        };
        Ok(if modules.trim().is_empty() { "nothing".to_owned() } else { modules.trim().to_owned() })
    }

    fn refused(&self, package: &PackageName, verb: &str, said: &str) -> anyhow::Error {
        let said = self.real.secrets().hide(&self.stage.secrets().hide(said));
        let lines = project::log::last_lines(said.as_bytes(), 10);
        let what = format!("cannot {verb} `{package}` as `{}` serves it:\n{lines}", self.place);
        Failure::new(what)
            .hint("mend the package, and release another version; nothing of this one is on the real index")
            .into()
    }
}

/// Refuses a test index that is the real one: by its pages, or by where it takes uploads. What is uploaded stays.
pub fn refuse_same(
    stage: &Server,
    real: &Server,
    place: &str,
    known_upload: Option<&str>,
) -> Result<(), Failure> {
    let bare = |url: &str| url.trim_end_matches('/').to_owned();
    let is_same = |a: Option<&str>, b: Option<&str>| a.is_some() && a.map(bare) == b.map(bare);
    let (ours, theirs) = (stage.uploads(), real.uploads());
    let key = if is_same(Some(stage.served.url()), Some(real.served.url())) {
        "url"
    } else if is_same(ours.as_deref(), theirs.as_deref().or(known_upload)) {
        "publish-url"
    } else {
        return Ok(());
    };
    let what = format!(
        "cannot rehearse on `{place}`: it has the `{key}` of the index that the release is meant for"
    );
    Err(Failure::new(what).hint(format!("give the target `{place}` the URLs of a test index")))
}

/// The range of Pythons of a package, as one of its files has it.
fn requires_python(folder: &Path, package: &PackageName) -> Result<Option<String>> {
    let entries = fs::read_dir(folder).context("cannot read the downloaded files")?;
    let paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    for path in paths {
        if distribution::FileName::of(&path)?.name == *package {
            return Ok(distribution::metadata(&path)?.requires_python);
        }
    }
    Ok(None)
}
