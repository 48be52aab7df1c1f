//! What a build will do: which files go, which are built, and which are there already.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use document::{
    Artifact, ArtifactKind, CommitId, Expected, Failure, Level, Package, ProjectPath, Promise, Release,
    Sha256,
};
use filter::{Stage, Step};
use project::{Project, ProjectPackage, Recipe};

use crate::machine::Machine;
use crate::python::Pythons;
use crate::record::Record;
use crate::removals;
use crate::select::Selection;
use crate::settle::serves;

/// How many changed files are named; the rest is counted.
const NAMED_CHANGES: usize = 5;

/// What the arguments ask for.
#[derive(Debug)]
pub struct Request {
    /// The entries that are built.
    pub selection: Selection,
    /// Whether files of earlier builds go first.
    pub clean: bool,
    /// Whether nothing comes from the network.
    pub offline: bool,
    /// Whether each file is built twice.
    pub reproducible: bool,
    /// The most builds that run at once.
    pub jobs: Option<usize>,
}

/// One action, in words that are the same before and after the build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A file of an earlier build goes.
    Remove(ProjectPath),
    /// A promised file is built.
    Build(Promise, String),
    /// A file that is there is built again, and compared.
    Repeat(ProjectPath),
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
    /// The work on each distribution.
    pub works: Vec<Work<'a>>,
    /// Files of the document that this run does not touch.
    pub kept: Vec<Artifact>,
}

/// The builds of one distribution.
pub struct Work<'a> {
    /// What the document says of it.
    pub package: &'a Package,
    /// What release.toml says of it.
    pub distribution: &'a ProjectPackage,
    /// How it is built.
    pub recipe: Recipe,
    /// What is built: the sdist first, then wheels by their Pythons.
    pub entries: Vec<Expected>,
    /// What is asked for and built already, by its entry.
    pub done: BTreeMap<String, Artifact>,
    /// The sdist that is built already, asked for or not.
    pub sdist: Option<Artifact>,
    /// Entries of `done` that are built once more, to compare.
    pub repeated: Vec<Expected>,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Remove(path) => write!(f, "remove {path}"),
            Action::Build(promise, purpose) => write!(f, "build {}{purpose}", promise.pattern),
            Action::Repeat(path) => write!(f, "build {path} once more, to compare"),
        }
    }
}

/// Makes the plan; reads only.
pub fn plan<'a>(
    project: &'a Project,
    release: &'a Release,
    request: &Request,
    pythons: &Pythons,
) -> Result<Plan<'a>> {
    let expected = project.expected(&release.packages)?;
    let commit = commit(project, release)?;
    let record = commit.as_ref().map(|commit| Record::read(&project.git, commit)).transpose()?;
    let selected = request.selection.of(project, release, &expected)?;
    let machine = Machine::this();
    let (mut works, mut builds, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for package in &release.packages {
        let Some(distribution) = project.distribution(&package.name) else { continue };
        let recipe = project.recipe(distribution);
        let mut entries: Vec<&Expected> =
            selected.iter().copied().filter(|entry| entry.package == package.name).collect();
        entries.sort_by_key(|entry| order(entry));
        let is_elsewhere = |entry: &&Expected| {
            entry.platform.as_ref().is_some_and(|platform| !machine.builds(platform, recipe.run.is_some()))
        };
        let (elsewhere, here): (Vec<&Expected>, Vec<&Expected>) = entries.into_iter().partition(is_elsewhere);
        let all: Vec<&Expected> = expected.iter().filter(|entry| entry.package == package.name).collect();
        let mut work = Work {
            package,
            distribution,
            recipe,
            entries: Vec::new(),
            done: BTreeMap::new(),
            sdist: None,
            repeated: Vec::new(),
        };
        if let (Some(record), Some(commit)) = (&record, &commit) {
            let inputs = |entry: &Expected, work: &Work| work.inputs(entry, commit, pythons);
            work.take_what_is_done(&all, &here, record, project, request, inputs)?;
        }
        work.sort(&here);
        builds.extend(work.steps(commit.as_ref()));
        for entry in elsewhere {
            builds.push(Step::skip(distribution::expected::words(entry), absence(entry, machine, request)?));
        }
        own.extend(here);
        works.push(work);
    }
    let kept = kept(release, request, &expected, &own);
    let removals = if request.clean {
        // A wheel of an entry that is not asked for may serve one that is.
        let stay: Vec<&Artifact> =
            kept.iter().chain(works.iter().flat_map(|work| work.done.values())).collect();
        removals::removals(project, release, request, &selected, &stay)?
    } else {
        Vec::new()
    };
    Ok(Plan { expected, commit, removals, builds, works, kept })
}

/// Why an entry of another platform is left out; an error where it alone was asked for.
fn absence(entry: &Expected, machine: Machine, request: &Request) -> Result<String, Failure> {
    if request.selection.only.is_empty() {
        return Ok(format!("this machine builds for {machine}; `build-wheels --plan` lists the machines"));
    }
    let platform = entry.platform.as_ref().map_or("", |platform| platform.name.as_str());
    let what =
        format!("cannot build `{}`: it is for {platform}, and this machine builds for {machine}", entry.id);
    Err(Failure::new(what).hint("run it on the machine that `build-wheels --plan` names"))
}

/// The sdist, then wheels by their Pythons: a wheel of the stable ABI serves its own Python and all later ones.
pub fn order(entry: &Expected) -> impl Ord + use<> {
    let python = entry.python.as_ref();
    let kind = python.map(|python| (python.is_pypy(), python.is_free_threaded(), python.numbers()));
    (entry.kind == ArtifactKind::Wheel, kind, entry.id.clone())
}

/// The files of the document that stay in it: those of entries that this run does not build.
fn kept(release: &Release, request: &Request, expected: &[Expected], own: &[&Expected]) -> Vec<Artifact> {
    let mut kept: Vec<Artifact> = release.artifacts.iter().flatten().cloned().collect();
    kept.retain(|artifact| !own.iter().any(|entry| serves(artifact, entry)));
    // A run that builds all there is drops what is no file of the release.
    let is_own = |artifact: &Artifact| expected.iter().any(|entry| serves(artifact, entry));
    kept.retain(|artifact| request.selection.is_narrow() || is_own(artifact));
    kept
}

impl Work<'_> {
    /// The digest of all that a file is built from.
    pub fn inputs(&self, entry: &Expected, commit: &CommitId, pythons: &Pythons) -> Result<Option<Sha256>> {
        let Some(python) = pythons.build_of(entry.python.as_ref())? else { return Ok(None) };
        let (recipe, variant) = (&self.recipe, &self.distribution.variant);
        let text =
            format!("{commit}\n{entry:?}\n{recipe:?}\n{variant:?}\n{:?}\n{python}", self.package.version);
        Ok(Some(project::files::sha256(text.as_bytes())))
    }

    fn take_what_is_done(
        &mut self,
        all: &[&Expected],
        here: &[&Expected],
        record: &Record,
        project: &Project,
        request: &Request,
        inputs: impl Fn(&Expected, &Self) -> Result<Option<Sha256>>,
    ) -> Result<()> {
        let mut done = BTreeMap::new();
        for entry in all {
            if request.clean && here.contains(entry) {
                continue;
            }
            let Some(found) = record.intact(&entry.id, &self.package.dist, &project.root)? else { continue };
            if inputs(entry, self)?.as_ref() != Some(&found.inputs) {
                continue;
            }
            if request.reproducible && !found.is_reproducible && here.contains(entry) {
                self.repeated.push((*entry).clone());
            }
            done.insert(entry.id.clone(), found.artifact.clone());
        }
        self.done = done;
        Ok(())
    }

    /// Sorts out what is still to be built: a wheel that is there may serve another entry too.
    fn sort(&mut self, here: &[&Expected]) {
        for entry in here {
            if self.done.contains_key(&entry.id) {
                continue;
            }
            match self.serving(entry).cloned() {
                Some(artifact) => drop(self.done.insert(entry.id.clone(), artifact)),
                None => self.entries.push((*entry).clone()),
            }
        }
        self.sdist = self.done.values().find(|artifact| artifact.kind == ArtifactKind::Sdist).cloned();
        self.done.retain(|id, _| here.iter().any(|entry| entry.id == *id));
    }

    /// A built file that keeps the promise of an entry.
    fn serving(&self, entry: &Expected) -> Option<&Artifact> {
        self.done.values().find(|artifact| serves(artifact, entry))
    }

    /// Says whether anything is left to do.
    pub fn is_open(&self) -> bool {
        !self.entries.is_empty() || !self.repeated.is_empty()
    }

    fn steps(&self, commit: Option<&CommitId>) -> Vec<Step<Action>> {
        let mut files: Vec<&Artifact> = self.done.values().collect();
        files.sort();
        files.dedup();
        let of = commit.map_or("", CommitId::short);
        let is_repeated =
            |file: &Artifact| self.repeated.iter().any(|entry| self.done.get(&entry.id) == Some(file));
        let step = |file: &Artifact| match is_repeated(file) {
            true => Step::Do(Action::Repeat(file.path.clone())),
            false => Step::skip(&file.path, format!("built from {of} already")),
        };
        let builds = self.entries.iter().map(|entry| {
            let mut purpose = String::new();
            purpose.extend(entry.python.as_ref().map(|python| format!(" for Python {python}")));
            purpose.extend(entry.platform.as_ref().map(|platform| format!(" on {}", platform.name)));
            Step::Do(Action::Build(self.package.promise(entry.kind), purpose))
        });
        files.into_iter().map(step).chain(builds).collect()
    }
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
