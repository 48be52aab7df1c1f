//! What a build will do: which files go, which are built, and which are there already.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use distribution::FileName;
use document::{
    Artifact, CommitId, Expected, Failure, Level, Package, PackageName, ProjectPath, Promise, Release,
};
use filter::{Stage, Step};
use project::Project;

use crate::record::Record;

/// How many changed files are named; the rest is counted.
const NAMED_CHANGES: usize = 5;

/// What the arguments ask for.
pub struct Request<'a> {
    /// The packages to build; empty for all.
    pub packages: &'a [String],
    /// Whether files of earlier builds go first.
    pub clean: bool,
}

/// One action, in words that are the same before and after the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A file of an earlier build goes.
    Remove(ProjectPath),
    /// A promised file is built.
    Build(Promise),
}

/// The whole plan.
pub struct Plan<'a> {
    /// What the release promises.
    pub expected: Vec<Expected>,
    /// What is built; `None` in a dry run of a whole release, which has made no commit.
    pub commit: Option<CommitId>,
    /// The removals.
    pub removals: Vec<Step<Action>>,
    /// The builds and skips, in the order of the packages.
    pub builds: Vec<Step<Action>>,
    /// The packages to build.
    pub packages: Vec<&'a Package>,
    /// What the document will hold beside the files that are built now.
    pub kept: Vec<Artifact>,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Remove(path) => write!(f, "remove {path}"),
            Action::Build(promise) => write!(f, "build {}", promise.pattern),
        }
    }
}

/// Makes the plan; reads only.
pub fn plan<'a>(project: &Project, release: &'a Release, request: &Request) -> Result<Plan<'a>> {
    let selected = selected(project, release, request.packages)?;
    let expected = project.expected(&release.packages)?;
    let commit = commit(project, release)?;
    let mut plan = Plan {
        expected,
        commit,
        removals: if request.clean { removals(project, &selected, request)? } else { Vec::new() },
        builds: Vec::new(),
        packages: Vec::new(),
        kept: Vec::new(),
    };
    if !request.packages.is_empty() {
        let others = release.artifacts.iter().flatten();
        plan.kept.extend(others.filter(|a| selected.iter().all(|p| p.name != a.package)).cloned());
    }
    let record = plan.commit.as_ref().map(|commit| Record::read(&project.git, commit)).transpose()?;
    for package in selected {
        let promises: Vec<Expected> =
            plan.expected.iter().filter(|expected| expected.package == package.name).cloned().collect();
        let files = match &record {
            Some(record) if !request.clean => record.intact(package, &promises, &project.root)?,
            _ => None,
        };
        match (files, &plan.commit) {
            (Some(files), Some(commit)) => {
                let reason = format!("built from {} already", commit.short());
                plan.builds.extend(files.iter().map(|file| Step::skip(&file.path, &reason)));
                plan.kept.extend(files);
            }
            _ => {
                let steps = promises.iter().map(|promise| package.promise(promise.kind));
                plan.builds.extend(steps.map(|promise| Step::Do(Action::Build(promise))));
                plan.packages.push(package);
            }
        }
    }
    Ok(plan)
}

/// The entries of the matrix that are asked for.
pub fn entries<'a>(
    project: &Project,
    release: &Release,
    request: &Request,
    expected: &'a [Expected],
) -> Result<Vec<&'a Expected>> {
    let selected = selected(project, release, request.packages)?;
    let is_wanted = |entry: &&Expected| selected.iter().any(|package| package.name == entry.package);
    Ok(expected.iter().filter(is_wanted).collect())
}

/// Says what of the working tree is not in the build.
pub fn note_changes(project: &Project, stage: &Stage) -> Result<()> {
    let changes = project.real_changes(&project.git.tree_state()?);
    if changes.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> = changes.iter().take(NAMED_CHANGES).cloned().collect();
    if changes.len() > NAMED_CHANGES {
        named.push(format!("{} more", changes.len() - NAMED_CHANGES));
    }
    stage.note(format!("what is not committed is not in the build: {}", named.join(", ")));
    Ok(())
}

fn selected<'a>(project: &Project, release: &'a Release, names: &[String]) -> Result<Vec<&'a Package>> {
    if names.is_empty() {
        return Ok(release.packages.iter().collect());
    }
    let mut wanted = BTreeSet::new();
    for name in names {
        let named = project.named(std::slice::from_ref(name))?;
        if named.iter().all(|distribution| release.package(&distribution.name).is_none()) {
            let what = format!("cannot build `{name}`: the release document does not hold it");
            return Err(Failure::document(what).hint("start again with `bump-version`").into());
        }
        wanted.extend(named.iter().map(|distribution| &distribution.name));
    }
    Ok(release.packages.iter().filter(|package| wanted.contains(&package.name)).collect())
}

/// The commit to build: the release's own, or the one that carries the version where nothing was bumped.
fn commit(project: &Project, release: &Release) -> Result<Option<CommitId>> {
    let id = match &release.commit {
        Some(commit) => &commit.id,
        None if release.version.level == Level::Current => &release.project.base,
        // The dry run before this one would have made the commit.
        None if release.dry_run => return Ok(None),
        None => &release.commit()?.id,
    };
    if project.git.resolve(&format!("{id}^{{commit}}"))?.is_none() {
        let what = format!("cannot build the commit `{id}`: this repository does not have it");
        return Err(Failure::new(what).hint("fetch it with `git fetch`").into());
    }
    Ok(Some(id.clone()))
}

/// The files of earlier builds directly in the dist folders, sorted. For single packages those of others stay.
fn removals(project: &Project, selected: &[&Package], request: &Request) -> Result<Vec<Step<Action>>> {
    let folders: BTreeSet<&ProjectPath> = selected.iter().map(|package| &package.dist).collect();
    let names: BTreeSet<&PackageName> = selected.iter().map(|package| &package.name).collect();
    let mut steps = Vec::new();
    for folder in folders {
        let mut files = files_in(&folder.under(&project.root))?;
        files.retain(|name| is_output(name) && (request.packages.is_empty() || !is_of_others(name, &names)));
        files.sort();
        for name in files {
            steps.push(Step::Do(Action::Remove(folder.join(&name)?)));
        }
    }
    Ok(steps)
}

/// The names of the plain files directly in a folder; none where there is no folder.
fn files_in(folder: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    };
    match list() {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.with_context(|| format!("cannot list `{}`", folder.display())),
    }
}

fn is_output(name: &str) -> bool {
    [".whl", ".tar.gz", ".minisig"].iter().any(|end| name.ends_with(end))
        || matches!(name, "SHA256SUMS" | "SHA512SUMS")
}

/// Says whether a file belongs to a package that is not built now. A checksum file lists all, and is stale.
fn is_of_others(name: &str, selected: &BTreeSet<&PackageName>) -> bool {
    let signed = name.strip_suffix(".minisig").unwrap_or(name);
    let is_checksums = matches!(signed, "SHA256SUMS" | "SHA512SUMS");
    !is_checksums && !FileName::parse(signed).is_ok_and(|file| selected.contains(&file.name))
}
