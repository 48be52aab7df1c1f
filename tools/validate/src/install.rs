//! Install tests: each wheel is installed by itself into a fresh environment, its modules import, its scripts start.

mod environment;
mod modules;
pub mod python;
mod scripts;
mod wheels;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::{FileName, Fit};
use document::{Failure, PackageName, PythonVersion};
use project::{Project, ProjectPackage, TargetSettings};

use crate::published::Target;
use crate::validate::{Context, Verdict};
use environment::{Environment, Wanted};
use python::{Choice, Python};
use wheels::Built;

pub use environment::url;
pub use wheels::Wheels;

/// How many lines of what failed are repeated.
const LAST_LINES: usize = 10;

/// One package that is installed, with one Python.
#[derive(Debug, Clone)]
pub struct Install<'a> {
    /// The package.
    pub package: &'a ProjectPackage,
    /// The Python; `None` for one that each wheel allows.
    pub python: Option<PythonVersion>,
    /// Where it is published; `None` for the built files.
    pub target: Option<&'a Target>,
}

/// A result under its name; wheels for other platforms have results of their own.
pub type Named = (String, Result<Verdict>);

impl Install<'_> {
    /// The name of the check.
    pub fn name(&self) -> String {
        let package = &self.package.name;
        let on = self.python.as_ref().map(|python| format!(" on Python {python}")).unwrap_or_default();
        match self.target {
            None => format!("install {package}{on}"),
            Some(target) => format!("published {package}{on} at {}", target.name),
        }
    }

    fn name_of(&self, wheel: &FileName, path: &Path) -> String {
        let file = path.file_name().map_or_else(|| wheel.stem().into(), |name| name.to_string_lossy());
        match self.target {
            None => format!("install {file}"),
            Some(target) => format!("published {file} at {}", target.name),
        }
    }
}

/// Installs the wheels of a package, each into an environment of its own, and tries what it has brought.
///
/// An environment of its own proves that the package needs nothing that only another one brings. Its
/// dependencies come from the user's index, but packages of the project from where this one comes from.
pub fn install(context: &Context, job: &Install) -> Vec<Named> {
    let mut others = Vec::new();
    let verdict = try_wheels(context, job, &mut others);
    std::iter::once((job.name(), verdict)).chain(others).collect()
}

fn try_wheels(context: &Context, job: &Install, others: &mut Vec<Named>) -> Result<Verdict> {
    let uv = context.uv()?;
    if let Some(target) = job.target
        && let Some(reason) = target.opened(context)?.closed()
    {
        return Ok(Verdict::Skipped(reason.to_owned()));
    }
    let wheels = candidates(context, job)?;
    let python = match &job.python {
        None => None,
        Some(version) => Some(Python::at(&uv::interpreter(&uv, &version.to_string())?)?),
    };
    let (mut trials, mut reasons): (Vec<(Built, Python)>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for wheel in wheels {
        let requires = wheel.requires_python.as_deref();
        let choice = match &python {
            Some(python) => python.choose(&wheel.file_name, requires),
            None => python::choose(&uv, &wheel.file_name, requires)?,
        };
        let name = job.name_of(&wheel.file_name, &wheel.path);
        match choice {
            // An index hands out one wheel to each Python, whichever fits best.
            Choice::With(python)
                if job.target.is_some() && trials.iter().any(|(_, other)| other.path == python.path) => {}
            Choice::With(python) => trials.push((wheel, python)),
            Choice::OtherPlatform(reason) => others.push((name, Ok(Verdict::Skipped(reason)))),
            Choice::OtherPython(reason) => drop(reasons.insert(reason)),
        }
    }
    if trials.is_empty() {
        if !others.is_empty() {
            reasons.insert("its wheels are for other platforms".to_owned());
        }
        let reasons: Vec<String> = reasons.into_iter().collect();
        let reason = format!("no wheel of it can be installed here: {}", reasons.join("; "));
        return Ok(Verdict::Skipped(reason));
    }
    let is_alone = trials.len() == 1;
    let mut details = Vec::new();
    for (wheel, python) in &trials {
        let detail = try_one(context, job, wheel, python)?;
        details.push(if is_alone {
            detail
        } else {
            format!("{}: {detail}", job.name_of(&wheel.file_name, &wheel.path))
        });
    }
    Ok(Verdict::Passed(details.join("; ")))
}

/// The wheels that may be installed: those that were built, or those that are published.
fn candidates(context: &Context, job: &Install) -> Result<Vec<Built>> {
    let name = &job.package.name;
    let found: Vec<Built> = match job.target {
        None => context.wheels.of_package(name).map(|wheel| wheel.cloned()).collect::<Result<_>>()?,
        Some(target) => {
            let wheels = target.opened(context)?.wheels(name, &context.release.version.current)?;
            let wheel = |(file, requires_python): (String, Option<String>)| {
                let file_name = FileName::parse(&file)?;
                Ok(Built { path: PathBuf::from(file), file_name, requires_python })
            };
            wheels.into_iter().map(wheel).collect::<Result<_>>()?
        }
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let failure = match job.target {
        None => Failure::new(format!("cannot find a wheel of `{name}`: the document has none"))
            .hint(format!("run `build-wheels --package {name}`")),
        Some(target) => {
            let version = &context.release.version.current;
            Failure::new(format!("cannot find a wheel of `{name}` {version} at `{}`", target.name))
                .hint(format!("run `distribute --to {} --package {name}`", target.name))
        }
    };
    Err(failure.into())
}

/// Installs one wheel with one Python, and returns what was tried.
fn try_one(context: &Context, job: &Install, wheel: &Built, python: &Python) -> Result<String> {
    let (name, project) = (&job.package.name, context.project);
    let uv = context.uv()?;
    let environment = Environment::new(&uv, python, project)?;
    environment.install(&wanted(context, job, wheel, python)?, project)?;
    let installed = environment.ask(name)?;
    let own = modules::modules(installed.files.iter().map(String::as_str));
    let modules = job.package.imports.as_ref().unwrap_or(&own);
    let mut failures: Vec<Failure> = environment.is_consistent(name).err().into_iter().collect();
    failures.extend(modules::import(&environment, modules, &own)?);
    let tried = scripts::try_all(&environment, &installed, &job.package.scripts, &own)?;
    failures.extend(tried.failures);
    if failures.is_empty() {
        let mut parts = modules.clone();
        parts.extend(tried.started);
        let tried_ones =
            if parts.is_empty() { "nothing to import or to run".to_owned() } else { parts.join(", ") };
        let left_out = tried.left_out.iter().map(|one| format!(", without {one}")).collect::<String>();
        return Ok(format!("{tried_ones}{left_out} in a fresh environment with Python {}", python.version));
    }
    let hint = failures.iter().find_map(|failure| failure.given_hint().map(str::to_owned));
    let list: Vec<String> = failures.iter().map(ToString::to_string).collect();
    let failure = Failure::new(list.join("\n    "));
    Err(match hint {
        Some(hint) => failure.hint(hint).into(),
        None => failure.into(),
    })
}

/// What uv is asked for: this very wheel, or this version from the index that it is published on.
fn wanted(context: &Context, job: &Install, wheel: &Built, python: &Python) -> Result<Wanted> {
    let package = job.package.name.clone();
    if let Some(target) = job.target {
        return published(context, package, target, wheel, python);
    }
    // Whoever depends on another package of the release gets the file that was built, and its version must fit.
    let fits = |wheel: &Built| python.machine.fit(&wheel.file_name) == Fit::Runs;
    let siblings = context.wheels.of_others(&package).filter(|(_, wheel)| fits(wheel));
    let mut constraints: Vec<(&PackageName, String)> =
        siblings.map(|(name, wheel)| (name, environment::requirement(name, &wheel.path))).collect();
    // Two files for one package cannot both be meant.
    constraints.dedup_by_key(|(name, _)| *name);
    let folders = published_siblings(context.project).into_iter();
    Ok(Wanted {
        requirement: environment::requirement(&package, &wheel.path),
        constraints: constraints.into_iter().map(|(_, requirement)| requirement).collect(),
        arguments: folders
            .flat_map(|folder| ["--find-links".to_owned(), folder.display().to_string()])
            .collect(),
        index: None,
        package,
    })
}

/// What uv is asked for where the package is published.
fn published(
    context: &Context,
    package: PackageName,
    target: &Target,
    wheel: &Built,
    python: &Python,
) -> Result<Wanted> {
    let opened = target.opened(context)?;
    let version = &context.release.version.current;
    let names = context.release.packages.iter().map(|package| &package.name);
    let mut arguments: Vec<String> =
        names.clone().flat_map(|name| ["--refresh-package".to_owned(), name.to_string()]).collect();
    if target.is_rehearsal() {
        // What else a test index has is anybody's, so nothing but these very files comes from there.
        let url = |name: &PackageName| {
            let fits = |file: &str| {
                file.ends_with(".whl")
                    && FileName::parse(file).is_ok_and(|file| python.machine.fit(&file) == Fit::Runs)
            };
            let link = opened.link(name, version, fits)?;
            Some(format!("{name} @ {link}"))
        };
        let own = opened.link(&package, version, |file| Path::new(file) == wheel.path);
        let requirement =
            own.map_or_else(|| format!("{package}=={version}"), |link| format!("{package} @ {link}"));
        let constraints = names.filter(|name| **name != package).filter_map(url).collect();
        return Ok(Wanted { requirement, constraints, arguments, index: None, package });
    }
    // The first index that has a package at all is the only one that it is taken from; nothing of ours is taken from a
    // cache or built here.
    arguments.extend(["--index-strategy".to_owned(), "first-index".to_owned()]);
    arguments.extend(["--only-binary".to_owned(), package.to_string()]);
    Ok(Wanted {
        requirement: format!("{package}=={version}"),
        constraints: names.map(|name| format!("{name}=={version}")).collect(),
        arguments,
        index: Some(opened.entry()),
        package,
    })
}

/// Where the targets in folders have the packages that version apart from these: what they pin was released before.
fn published_siblings(project: &Project) -> Vec<PathBuf> {
    let targets = project.targets();
    let folders = targets.iter().filter_map(TargetSettings::folder);
    let pages = folders.map(|folder| project.root.join(folder).join("simple"));
    pages
        .flat_map(|simple| project.siblings.iter().map(move |sibling| simple.join(sibling.name.as_str())))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// The last lines of what a program said, each indented.
fn last_lines(said: &str) -> String {
    project::log::last_lines(said.as_bytes(), LAST_LINES)
}
