//! Checks everything about a release that can be checked before it is published.

mod artifacts;
mod command;
mod coverage;
mod imports;
mod plan;
mod tree;
mod validate;

use std::process::ExitCode;

use project::Project;

/// Checks the tree, the versions, the built files, their imports, and what release.toml asks for as [[check]].
///
/// Every failure is reported at once. Nothing is changed but by the commands of the checks themselves.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Leave out imports, and the checks that release.toml calls slow
    #[arg(long)]
    quick: bool,
    /// Do not ask for a clean tree
    #[arg(long)]
    allow_dirty: bool,
    /// Check the files of this package alone; may be given again
    #[arg(long = "package", value_name = "NAME")]
    packages: Vec<String>,
}

fn main() -> ExitCode {
    filter::run("validate", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let request = plan::Request {
            packages: &arguments.packages,
            quick: arguments.quick,
            allow_dirty: arguments.allow_dirty,
        };
        if let Some(checks) = validate::validate(&project, &release, &request, stage)? {
            release.checks = Some(checks);
        }
        Ok(release.into())
    })
}
