//! The matrix of a release as jobs of GitHub Actions: one for each file that nobody knows to be the same as another.

use anyhow::Result;
use document::{ArtifactKind, Expected, Failure, Level, PackageName, PythonVersion, Release};
use filter::Stage;
use project::Project;
use serde::Serialize;

use crate::purity;

/// The most jobs of one matrix on GitHub Actions (docs: "Workflow syntax", `strategy.matrix`).
const MOST_JOBS: usize = 256;

/// The machine that builds what is for no platform.
const ANY_RUNNER: &str = "ubuntu-latest";

/// How the jobs are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The JSON of `strategy.matrix`
    Json,
    /// The line `matrix=…` for the file that `$GITHUB_OUTPUT` names
    Github,
}

/// What `strategy.matrix` takes.
#[derive(Debug, Serialize)]
struct Matrix<'a> {
    include: Vec<Job<'a>>,
}

/// One job: an entry of the matrix, which `build-wheels --only ID` builds.
#[derive(Debug, Serialize)]
struct Job<'a> {
    id: &'a str,
    package: &'a PackageName,
    variant: Option<&'a str>,
    kind: ArtifactKind,
    python: Option<&'a PythonVersion>,
    platform: Option<&'a str>,
    runner: &'a str,
}

/// Prints the jobs that build these entries of a release.
pub fn print(
    project: &Project,
    release: &Release,
    entries: &[&Expected],
    format: Format,
    stage: &Stage,
) -> Result<String> {
    if release.version.level != Level::Current && !release.dry_run {
        // Every job would stop for the want of it.
        release.commit()?;
    }
    let needed = needed(project, entries, stage)?;
    let limit =
        |why: String, hint: &str| Err(Failure::new(format!("cannot plan the jobs: {why}")).hint(hint).into());
    if needed.is_empty() {
        return limit(
            "no entry of the matrix is left, and GitHub Actions refuses a matrix without any".to_owned(),
            "ask for more, or leave out less by `exclude` in [build]",
        );
    }
    if needed.len() > MOST_JOBS {
        return limit(
            format!("they are {}, and GitHub Actions runs at most {MOST_JOBS} of one matrix", needed.len()),
            "plan them in parts with `--package`, or leave some out by `exclude` in [build]",
        );
    }
    let matrix = Matrix { include: needed.into_iter().map(|entry| job(project, release, entry)).collect() };
    Ok(match format {
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&matrix)?),
        Format::Github => format!("matrix={}\n", serde_json::to_string(&matrix)?),
    })
}

/// The entries that take a job of their own. The wheel of a package that is surely pure serves all Pythons and
/// platforms, so that one of its entries stands for the others.
fn needed<'a>(project: &Project, entries: &[&'a Expected], stage: &Stage) -> Result<Vec<&'a Expected>> {
    let mut needed = Vec::new();
    let same = |a: &&Expected, b: &&Expected| (&a.package, a.kind) == (&b.package, b.kind);
    for group in entries.chunk_by(same) {
        let distribution = project.distribution(&group[0].package);
        let is_one = match distribution {
            Some(distribution) if group.len() > 1 => {
                purity::is_certain(&distribution.folder(&project.root), &project.recipe(distribution))?
            }
            _ => false,
        };
        if !is_one {
            needed.extend(group.iter().copied());
            continue;
        }
        // The machines of the other systems are dearer.
        let is_linux = |entry: &&Expected| runner(project, entry).starts_with("ubuntu-");
        let first = group.iter().copied().find(is_linux).unwrap_or(group[0]);
        stage.note(format!(
            "{} stands for {} entries: the wheel of `{}` is pure, and serves them all",
            first.id,
            group.len(),
            first.package
        ));
        needed.push(first);
    }
    Ok(needed)
}

fn job<'a>(project: &'a Project, release: &'a Release, entry: &'a Expected) -> Job<'a> {
    let package = release.package(&entry.package);
    Job {
        id: &entry.id,
        package: &entry.package,
        variant: package.and_then(|package| package.variant.as_deref()),
        kind: entry.kind,
        python: entry.python.as_ref(),
        platform: entry.platform.as_ref().map(|platform| platform.name.as_str()),
        runner: runner(project, entry),
    }
}

fn runner<'a>(project: &'a Project, entry: &Expected) -> &'a str {
    let wanted = entry.platform.as_ref().map(|platform| &platform.name);
    let settings = project.settings.platform.iter().find(|platform| Some(&platform.name) == wanted);
    settings.map_or(ANY_RUNNER, |platform| platform.runner())
}
