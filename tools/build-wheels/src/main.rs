//! Builds the wheels and sdists of a release from a clean checkout.

mod auditwheel;
mod backend;
mod build;
mod checkout;
mod circumstances;
mod collect;
mod dist;
mod edits;
mod environments;
mod isolated;
mod jobs;
mod machine;
mod make;
mod parts;
mod plan;
mod purity;
mod python;
mod record;
mod removals;
mod reproducible;
mod screen;
mod select;
mod settle;
mod workers;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use document::PythonVersion;
use filter::Output;
use project::Project;

/// Builds the wheels and the sdist of each package from a clean checkout of the release commit.
///
/// What is built already is not built again. Nothing of the working tree is in a build but what is committed.
#[derive(Debug, Clone, clap::Args)]
struct Arguments {
    /// Build this package and its variants alone; may be given again
    #[arg(long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Build this [[variant]] alone; may be given again
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,
    /// Build the wheels for this Python alone; may be given again
    #[arg(long = "python", value_name = "VERSION")]
    pythons: Vec<PythonVersion>,
    /// Build sdists alone
    #[arg(long, conflicts_with = "pythons")]
    sdist: bool,
    /// Build this entry of the matrix alone; may be given again
    #[arg(long, value_name = "ID", conflicts_with_all = ["packages", "variants", "pythons", "sdist"])]
    only: Vec<String>,
    /// Remove the files of earlier builds from the packages' dist folders first
    #[arg(long)]
    clean: bool,
    /// Take nothing from the network
    #[arg(long)]
    offline: bool,
    /// Build each file twice, in different folders, and compare the bytes
    #[arg(long, conflicts_with = "plan")]
    reproducible: bool,
    /// Run so many builds at once
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Print the matrix of the release for `strategy.matrix` of GitHub Actions, and build nothing
    #[arg(long, conflicts_with = "clean")]
    plan: bool,
    /// How the matrix is printed
    #[arg(long, value_name = "FORMAT", default_value = "json", requires = "plan")]
    format: jobs::Format,
    /// Join the documents of jobs that built a part each, and put their files into place; a folder stands for each
    /// .json file in it. Reads no document on stdin
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["packages", "variants", "pythons", "sdist", "only", "clean", "plan", "offline", "reproducible", "jobs"])]
    collect: Vec<PathBuf>,
}

fn main() -> ExitCode {
    filter::run("build-wheels", |arguments: &Arguments, stage| {
        if !arguments.collect.is_empty() {
            return Ok(collect::collect(&arguments.collect, stage)?.into());
        }
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let request = request(arguments);
        if arguments.plan {
            let expected = project.expected(&release.packages)?;
            let entries = request.selection.of(&project, &release, &expected)?;
            return Ok(Output::Text(jobs::print(&project, &release, &entries, arguments.format, stage)?));
        }
        let built = build::build(&project, &release, &request, stage)?;
        release.expected = Some(built.expected);
        release.artifacts = built.artifacts.or(release.artifacts);
        Ok(release.into())
    })
}

fn request(arguments: &Arguments) -> plan::Request {
    let Arguments { packages, variants, pythons, sdist, only, clean, offline, reproducible, jobs, .. } =
        arguments.clone();
    let selection = select::Selection { packages, variants, pythons, sdist, only };
    plan::Request { selection, clean, offline, reproducible, jobs: jobs.map(NonZero::get) }
}
