//! Builds the wheels and sdists of a release from a clean checkout.

mod build;
mod checkout;
mod dist;
mod plan;
mod record;

use std::process::ExitCode;

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
}

fn main() -> ExitCode {
    filter::run("build-wheels", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let request = plan::Request { packages: &arguments.packages, clean: arguments.clean };
        let built = build::build(&project, &release, &request, stage)?;
        release.expected = Some(built.expected);
        release.artifacts = built.artifacts.or(release.artifacts);
        Ok(release.into())
    })
}
