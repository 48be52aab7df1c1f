//! Which checks there are for a release, and which of them are left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use document::{Artifact, ArtifactKind, Failure, PackageName, PythonVersion, Release};
use project::{CheckSettings, CiDemand, DriftLevel, Project, ProjectPackage};

use crate::drift::{self, Comparison};
use crate::install::Install;
use crate::published::Target;

const UNBUILT: &str = "nothing is built yet";
pub(crate) const QUICK: &str = "left out by `--quick`";
/// Why a check is skipped that is not among those that were asked for.
pub(crate) const ONLY: &str = "left out by `--only`";

/// What the arguments ask for.
pub struct Request<'a> {
    /// The packages whose files are checked; empty for all.
    pub packages: &'a [String],
    /// Whether slow checks and installs are left out.
    pub quick: bool,
    /// Whether changes in the tree do not matter.
    pub allow_dirty: bool,
    /// The checks that are run; empty for all.
    pub only: &'a [String],
    /// Whether the remote is asked for its tags and branches.
    pub check_remote: bool,
    /// Whether what is published is checked, and not what was built.
    pub published: bool,
    /// The targets whose files are checked; empty for all.
    pub to: &'a [String],
    /// For how long files that an index does not serve yet are waited for.
    pub wait: Duration,
    /// Wheels of the release before, to compare with.
    pub previous: &'a [PathBuf],
}

/// One check of the plan.
#[derive(Debug)]
pub struct Planned<'a> {
    /// Its name; a file that is promised goes by its pattern, in words that are the same before and after a build.
    pub name: String,
    /// What it does.
    pub job: Job<'a>,
}

/// What a check does.
#[derive(Debug)]
pub enum Job<'a> {
    /// Nothing, for this reason.
    Skip(&'static str),
    /// The tree has no changes but those of the release.
    CleanTree,
    /// Every place has the release's version.
    Versions,
    /// Release Please's manifest has the release's version.
    Manifest,
    /// The changelog says what the notes of the release do.
    Changelog,
    /// The tag of the release is free, or its own; also at the remote where that is asked.
    Tag(Reach),
    /// The release holds what its branch follows; also at the remote where that is asked.
    Fresh(Reach),
    /// The continuous integration has passed the commit.
    Ci,
    /// The files are those that the packages promise.
    Artifacts(Vec<PackageName>),
    /// A file is sound and as it was built; `None` in a dry run, which has no files.
    File(Option<&'a Artifact>),
    /// The metadata of all files fit together; with or without a look at how descriptions are shown.
    Metadata(Vec<PackageName>, bool),
    /// Distributions with the same files are declared.
    Clashes,
    /// A wheel holds the files that it must.
    RequiredFiles(&'a ProjectPackage),
    /// A package's wheels install, and what they bring works.
    Install(Install<'a>),
    /// A package is compared with the release before.
    Drift(Comparison<'a>),
    /// An index of one's own holds the files of a package.
    Stored(&'a ProjectPackage, &'a Target),
    /// The pages that people install from list the files of a package.
    Served(&'a ProjectPackage, &'a Target),
    /// An index of one's own keeps the release document.
    Kept(&'a Target),
    /// A release at GitHub has its assets.
    Assets(&'a Target),
    /// A command of release.toml succeeds.
    Command(Run<'a>),
}

/// How far a check looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// What this clone knows.
    Here,
    /// What the remote says too.
    Remote,
}

/// One run of a command.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What release.toml says.
    pub check: &'a CheckSettings,
    /// The Python that it is run with, where it is run with several.
    pub python: Option<&'a str>,
}

impl<'a> Run<'a> {
    /// The runs of a check: one for each of its Pythons.
    fn all(check: &'a CheckSettings) -> Vec<Self> {
        match &check.pythons {
            None => vec![Self { check, python: None }],
            Some(pythons) => pythons.iter().map(|python| Self { check, python: Some(python) }).collect(),
        }
    }

    /// The first line of the command, for people.
    pub fn first_line(&self) -> String {
        project::shell::first_line(&self.check.run)
    }

    /// Its name: `tests`, or with a Python `tests (3.12)`.
    pub fn name(&self) -> String {
        let name = &self.check.name;
        self.python.map_or_else(|| name.clone(), |python| format!("{name} ({python})"))
    }
}

/// Plans the checks, sorted by name; reads only.
pub fn plan<'a>(
    project: &'a Project,
    release: &'a Release,
    request: &Request<'a>,
) -> Result<Vec<Planned<'a>>> {
    let mut all = Vec::new();
    let mut add = |name: String, job: Job<'a>| all.push(Planned { name, job });
    let dirty = Job::Skip("left out by `--allow-dirty`");
    add("clean tree".to_owned(), if request.allow_dirty { dirty } else { Job::CleanTree });
    let ci = match project.settings.validate.ci {
        CiDemand::Off => Job::Skip("`ci` is off in [validate]"),
        _ if request.quick => Job::Skip(QUICK),
        _ => Job::Ci,
    };
    let reach = if request.check_remote { Reach::Remote } else { Reach::Here };
    for (name, job) in [
        ("versions", Job::Versions),
        ("manifest", Job::Manifest),
        ("changelog", Job::Changelog),
        ("tag", Job::Tag(reach)),
        ("fresh branch", Job::Fresh(reach)),
        ("ci", ci),
    ] {
        add(name.to_owned(), job);
    }
    let selected = selected(project, release, request.packages)?;
    let names: Vec<_> = selected.iter().map(|package| package.name.clone()).collect();
    // A dry run of a whole release has no files here, and the run that it stands for will have them.
    let built = release.artifacts.is_some() || release.dry_run;
    let if_built = |job: Job<'a>| if built { job } else { Job::Skip(UNBUILT) };
    add("artifacts".to_owned(), if_built(Job::Artifacts(names.clone())));
    add("metadata".to_owned(), if_built(Job::Metadata(names.clone(), !request.quick)));
    if release.packages.len() > 1 {
        add("clashes".to_owned(), if_built(Job::Clashes));
    }
    for (name, artifact) in files(release) {
        if request.packages.is_empty() || names.contains(&name.1) {
            add(name.0, if_built(Job::File(artifact)));
        }
    }
    let drifts = drifts(project, release, request, &selected)?;
    for (package, drift) in selected.into_iter().zip(drifts) {
        let name = &package.name;
        add(format!("drift {name}"), if_built(drift));
        if !package.required_files.is_empty() {
            add(format!("required files {name}"), if_built(Job::RequiredFiles(package)));
        }
        for install in installs(project, release, package, None)? {
            let name = install.name();
            add(name, if request.quick { Job::Skip(QUICK) } else { if_built(Job::Install(install)) });
        }
    }
    for check in &project.settings.check {
        for run in Run::all(check) {
            let job = if request.quick && check.slow { Job::Skip(QUICK) } else { Job::Command(run) };
            add(run.name(), job);
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    refuse_taken_names(project, &all)?;
    Ok(all)
}

/// The comparison of each package with the release before, or why there is none.
fn drifts<'a>(
    project: &Project,
    release: &'a Release,
    request: &Request<'a>,
    selected: &[&'a ProjectPackage],
) -> Result<Vec<Job<'a>>> {
    let mut named = Vec::new();
    for path in request.previous {
        let file = drift::name_of(path)?;
        if !selected.iter().any(|package| package.name == file.name) {
            let shown = path.display();
            let what =
                format!("cannot compare with `{shown}`: `{}` is no package of this release", file.name);
            return Err(Failure::usage(what).hint("name a wheel of a package that is released").into());
        }
        named.push((file.name, path.as_path()));
    }
    let version = release.version.previous.as_ref();
    let job = |package: &&'a ProjectPackage| {
        let of_package = named.iter().filter(|(name, _)| *name == package.name);
        let named: Vec<&Path> = of_package.map(|(_, path)| *path).collect();
        if project.settings.validate.drift.level == DriftLevel::Off {
            Job::Skip("`drift` of [validate] is off")
        } else if request.quick {
            Job::Skip(QUICK)
        } else if named.is_empty() && version.is_none() {
            Job::Skip("nothing was released before")
        } else {
            Job::Drift(Comparison { package, named, version })
        }
    };
    Ok(selected.iter().map(job).collect())
}

/// The installs of a package: with each Python that the matrix has a wheel for, else with one that its wheel allows.
pub fn installs<'a>(
    project: &Project,
    release: &Release,
    package: &'a ProjectPackage,
    target: Option<&'a Target>,
) -> Result<Vec<Install<'a>>> {
    let released: Vec<_> = release.packages.iter().filter(|one| one.name == package.name).cloned().collect();
    let wheels = project.expected(&released)?.into_iter().filter(|file| file.kind == ArtifactKind::Wheel);
    let pythons: BTreeSet<Option<PythonVersion>> = wheels.map(|wheel| wheel.python).collect();
    Ok(pythons.into_iter().map(|python| Install { package, python, target }).collect())
}

/// Leaves out what was not asked for by its name; the name of a [[check]] stands for its runs with each Python.
pub fn narrow(all: &mut [Planned], only: &[String]) -> Result<(), Failure> {
    let is = |check: &Planned, name: &String| match &check.job {
        Job::Command(run) => run.check.name == *name || check.name == *name,
        _ => check.name == *name,
    };
    if let Some(unknown) = only.iter().find(|name| !all.iter().any(|check| is(check, name))) {
        let what = format!("cannot run the check `{unknown}`: there is none of that name");
        return Err(Failure::usage(what).hint("`validate --list` names all of them"));
    }
    for check in all.iter_mut().filter(|check| !only.is_empty() && !only.iter().any(|name| is(check, name))) {
        check.job = Job::Skip(ONLY);
    }
    Ok(())
}

/// The name of a built file's check: its kind and its own name, whatever the folder.
pub fn name_of_file(kind: ArtifactKind, path: &str) -> String {
    format!("{kind} {}", path.rsplit('/').next().unwrap_or(path))
}

/// The files of the release by their promises, each with its package.
fn files(release: &Release) -> Vec<((String, PackageName), Option<&Artifact>)> {
    match &release.artifacts {
        None => {
            let promises = release.promises().into_iter();
            promises.map(|p| ((name_of_file(p.kind, &p.pattern), p.package), None)).collect()
        }
        Some(artifacts) => {
            let promised = |artifact: &Artifact| artifact.promise(&release.version.current).pattern;
            let name = |a: &Artifact| (name_of_file(a.kind, &promised(a)), a.package.clone());
            artifacts.iter().map(|artifact| (name(artifact), Some(artifact))).collect()
        }
    }
}

/// The packages of those names, or all of them, as far as they are released.
pub fn selected<'a>(
    project: &'a Project,
    release: &Release,
    names: &[String],
) -> Result<Vec<&'a ProjectPackage>> {
    let mut wanted = Vec::new();
    for name in names {
        wanted.extend(project.named(std::slice::from_ref(name))?.into_iter().map(|package| &package.name));
    }
    let is_wanted =
        |name: &PackageName| release.package(name).is_some() && (names.is_empty() || wanted.contains(&name));
    Ok(project.distributions().filter(|package| is_wanted(&package.name)).collect())
}

fn refuse_taken_names(project: &Project, all: &[Planned]) -> Result<(), Failure> {
    let twice = |name: &str| all.iter().filter(|check| check.name == name).count() > 1;
    let mut runs = project.settings.check.iter().flat_map(Run::all);
    match runs.find(|run| twice(&run.name())) {
        Some(run) => {
            let what = format!("release.toml: the [[check]] `{}` has the name of another check", run.name());
            Err(Failure::new(what).hint("give it another name"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_goes_by_its_first_line() {
        for (run, first) in [(" pytest -q\\n", "pytest -q"), ("set -e\\npytest", "set -e …")] {
            let text = format!("[[check]]\nname = \"tests\"\nrun = \"{run}\"");
            let settings = project::Settings::parse(&text).unwrap();
            assert_eq!(Run { check: &settings.check[0], python: None }.first_line(), first);
        }
    }
}
