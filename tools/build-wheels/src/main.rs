//! Builds the wheels and sdists of a release from a clean checkout.

mod build;
mod checkout;
mod collect;
mod dist;
mod jobs;
mod parts;
mod plan;
mod purity;
mod record;

use std::path::PathBuf;
use std::process::ExitCode;

use filter::Output;
use project::Project;

/// Builds the wheel and the sdist of each package from a clean checkout of the release commit.
///
/// What is built already is not built again. Nothing of the working tree is in a build but what is committed.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Build this package alone; may be given again
    #[arg(long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// Remove the files of earlier builds from the packages' dist folders first
    #[arg(long)]
    clean: bool,
    /// Print the matrix of the release for `strategy.matrix` of GitHub Actions, and build nothing
    #[arg(long, conflicts_with = "clean")]
    plan: bool,
    /// How the matrix is printed
    #[arg(long, value_name = "FORMAT", default_value = "json", requires = "plan")]
    format: jobs::Format,
    /// Join the documents of jobs that built a part each, and put their files into place; a folder stands for each
    /// .json file in it. Reads no document on stdin
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["packages", "clean", "plan"])]
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
        let request = plan::Request { packages: &arguments.packages, clean: arguments.clean };
        if arguments.plan {
            let expected = project.expected(&release.packages)?;
            let entries = plan::entries(&project, &release, &request, &expected)?;
            return Ok(Output::Text(jobs::print(&project, &release, &entries, arguments.format, stage)?));
        }
        let built = build::build(&project, &release, &request, stage)?;
        release.expected = Some(built.expected);
        release.artifacts = built.artifacts.or(release.artifacts);
        Ok(release.into())
    })
}
