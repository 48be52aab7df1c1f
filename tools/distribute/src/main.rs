//! Publishes the files of a release to an index.

mod advice;
mod distribute;
mod order;
mod parcel;
mod place;
mod requirement;

use std::process::ExitCode;

use project::Project;

/// Publishes wheels, sdists, their metadata and signatures to the targets of release.toml, and writes the pages.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// A target of release.toml; can be given again [default: every target, in the order of release.toml]
    #[arg(long, value_name = "NAME")]
    to: Vec<String>,
    /// A package of the project; can be given again [default: every package]
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,
}

fn main() -> ExitCode {
    filter::run("distribute", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let targets = distribute::targets(&project, &arguments.to)?;
        let packages = distribute::packages(&project, &arguments.package)?;
        release.publications = distribute::distribute(&project, &release, &targets, &packages, stage)?;
        Ok(release.into())
    })
}
