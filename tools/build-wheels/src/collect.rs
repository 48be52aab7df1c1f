//! Joining what jobs have built: their documents become one, and each file comes to its place with the bytes that it
//! was built with.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use distribution::FileName;
use distribution::door::{self, Problem, Subject};
use distribution::expected::{faults, is_for};
use document::{Artifact, Expected, Failure, ProjectPath, Release};
use filter::{Outcome, Stage, Step};
use project::Project;
use rayon::prelude::*;

use crate::parts::{self, Part};

/// One file that is taken from a job.
struct Take {
    artifact: Artifact,
    /// Where it lies now.
    from: PathBuf,
}

impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "take {} from {}", self.artifact.path, self.from.display())
    }
}

/// Joins the documents of jobs that each built a part of one release, and puts their files into place.
///
/// Everything is checked before the first file is written. In a dry run the document has no artifacts yet.
pub fn collect(paths: &[PathBuf], stage: &Stage) -> Result<Release> {
    let parts = parts::read(paths)?;
    let Some(first) = parts.first() else {
        return Err(Failure::usage("cannot collect nothing: no document is named").into());
    };
    let (project, mut release) = Project::find(stage.project())?.of(first.release.clone())?;
    let _lock =
        if stage.is_dry_run() { None } else { Some(project.git.state().lock(|text| stage.note(text))?) };
    let joined = join(&parts)?;
    refuse_misplaced(&release, &joined)?;
    let artifacts: Vec<Artifact> = joined.values().map(|(artifact, _)| (*artifact).clone()).collect();
    refuse_incomplete(&release, first.expected(), &artifacts)?;
    let plan = plan(&project.root, &joined)?;
    stage.perform(&plan, |take| put(&project.root, take))?;
    release.artifacts = (!stage.is_dry_run()).then_some(artifacts);
    Ok(release)
}

/// The files of all parts by their places, each with the parts that have it.
type Joined<'a> = BTreeMap<&'a ProjectPath, (&'a Artifact, Vec<&'a Part>)>;

/// Joins the files; two jobs may have made the same file, and then have made the same bytes.
fn join(parts: &[Part]) -> Result<Joined<'_>> {
    let mut joined: Joined = BTreeMap::new();
    for part in parts {
        for artifact in part.artifacts() {
            let (known, makers) = joined.entry(&artifact.path).or_insert((artifact, Vec::new()));
            if let (true, Some(maker)) = (*known != artifact, makers.first()) {
                let what = format!(
                    "cannot collect `{}`: `{}` has it with the SHA-256 {}, and `{}` with {}",
                    artifact.path,
                    maker.path.display(),
                    known.sha256,
                    part.path.display(),
                    artifact.sha256
                );
                let hint = "leave out the document of the job that was not to build it";
                return Err(Failure::new(what).hint(hint).into());
            }
            makers.push(part);
        }
    }
    Ok(joined)
}

/// A document from elsewhere has no say in which folders are written.
fn refuse_misplaced(release: &Release, joined: &Joined) -> Result<(), Failure> {
    for (path, (artifact, makers)) in joined {
        let dist = release.package(&artifact.package).map(|package| &package.dist);
        if path.parent().as_ref() == dist {
            continue;
        }
        let maker = makers.first().map(|part| part.path.display().to_string()).unwrap_or_default();
        let place = match dist {
            Some(dist) => format!("the release puts the files of `{}` into `{dist}`", artifact.package),
            None => format!("the release has no package `{}`", artifact.package),
        };
        let what = format!("cannot collect `{path}` of `{maker}`: {place}");
        return Err(Failure::document(what)
            .hint("run `build-wheels --only ID` again, and leave its document as it is"));
    }
    Ok(())
}

fn refuse_incomplete(release: &Release, expected: &[Expected], artifacts: &[Artifact]) -> Result<()> {
    let version = &release.version.current;
    let faults = faults(expected, artifacts, version)?;
    if faults.is_empty() {
        return Ok(());
    }
    let mut names = Vec::new();
    for artifact in artifacts {
        names.push(FileName::parse(artifact.path.file_name())?);
    }
    let is_missing = |expected: &&Expected| names.iter().all(|name| !is_for(name, expected));
    let missing = expected.iter().find(is_missing);
    let hint = match missing {
        Some(missing) => format!("collect the document of `build-wheels --only {}` as well", missing.id),
        None => "collect each entry of the matrix once, and nothing else".to_owned(),
    };
    Err(Failure::new(format!("cannot collect {version}: {}", faults.join("; "))).hint(hint).into())
}

/// Finds every file, reads it, and refuses all that are not as their job recorded them.
fn plan(root: &Path, joined: &Joined) -> Result<Vec<Step<Take>>> {
    let all: Vec<_> = joined.values().collect();
    let found: Vec<Result<Step<Take>, Problem>> =
        all.par_iter().with_max_len(1).map(|(artifact, makers)| find(root, artifact, makers)).collect();
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    for found in found {
        match found {
            Ok(step) => steps.push(step),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(steps);
    }
    Err(door::refusal("collect", &problems)
        .hint("download the files of each job into the folder of its document, and collect into a clean checkout")
        .into())
}

/// The step for one file: it may lie in its place already, or beside a document that tells of it, as it lay in the
/// project of the job or by itself.
fn find(root: &Path, artifact: &Artifact, makers: &[&Part]) -> Result<Step<Take>, Problem> {
    let subject = Subject::from(artifact);
    let place = artifact.path.under(root);
    if place.symlink_metadata().is_ok() {
        return there(artifact, &place, makers);
    }
    let name: ProjectPath =
        artifact.path.file_name().parse().map_err(|cause| Problem::new(&artifact.path, cause))?;
    for part in makers {
        let by_itself = part.folders().take(1).map(|folder| (folder, &name));
        for (folder, path) in part.folders().map(|folder| (folder, &artifact.path)).chain(by_itself) {
            let from = path.under(folder);
            if from.symlink_metadata().is_ok() {
                Subject { path: path.clone(), ..subject.clone() }
                    .read(folder, distribution::digest)
                    .map_err(|problem| Problem::new(from.display(), problem.cause))?;
                return Ok(Step::Do(Take { artifact: artifact.clone(), from }));
            }
        }
    }
    let folders: Vec<String> = makers.iter().map(|part| format!("`{}`", part.path.display())).collect();
    let cause = format!("it lies neither in its place nor beside {}", folders.join(" or "));
    Err(Problem::new(&artifact.path, cause))
}

/// A file that lies in its place already is never replaced by other bytes.
fn there(artifact: &Artifact, place: &Path, makers: &[&Part]) -> Result<Step<Take>, Problem> {
    let problem = |cause: String| Problem::new(&artifact.path, cause);
    if !door::is_file(place) {
        return Err(problem("something that is no file lies in its place".to_owned()));
    }
    let (sha256, size) = distribution::digest(place).map_err(|error| problem(format!("{error:#}")))?;
    if (&sha256, size) == (&artifact.sha256, artifact.size) {
        return Ok(Step::skip(&artifact.path, "it is there already"));
    }
    let maker = makers.first().map(|part| part.path.display().to_string()).unwrap_or_default();
    if sha256 == artifact.sha256 {
        let recorded = artifact.size;
        return Err(problem(format!("its size is {size} bytes, and `{maker}` says {recorded}")));
    }
    Err(problem(format!(
        "another file lies in its place: its SHA-256 is {sha256}, `{maker}` has it with {}",
        artifact.sha256
    )))
}

/// Copies a file to its place at once, when the copy has the bytes that are recorded.
fn put(root: &Path, take: &Take) -> Result<Outcome> {
    let Take { artifact, from } = take;
    let to = artifact.path.under(root);
    let folder = to.parent().unwrap_or(root);
    // The same name each time: the run after a kill takes it away.
    let name = format!(".{}.wainwright", artifact.path.file_name());
    let beside = folder.join(&name);
    let copy = || -> Result<()> {
        fs::create_dir_all(folder)?;
        std::io::copy(&mut File::open(from)?, &mut File::create(&beside)?)?;
        File::open(&beside)?.sync_all()?;
        let (sha256, _) = distribution::digest(&beside)?;
        if let Some(cause) = Subject::from(artifact).changed(&sha256) {
            return Err(Failure::new(cause).hint("collect again, and let nothing else write there").into());
        }
        fs::rename(&beside, &to)?;
        Ok(File::open(folder)?.sync_all()?)
    };
    copy()
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .with_context(|| format!("cannot write `{}`", artifact.path))?;
    Ok(Outcome::Done)
}
