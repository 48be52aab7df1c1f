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
#[derive(Debug, clap::Parser)]
#[command(name = "validate", version)]
struct Arguments {
    #[command(flatten)]
    common: filter::Common,
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

impl filter::Arguments for Arguments {
    fn common(&self) -> &filter::Common {
        &self.common
    }
}

fn main() -> ExitCode {
    filter::run(|arguments: &Arguments, stage| {
        let project = Project::find(arguments.common.project.as_deref())?;
        let mut release = stage.release(|| project.current())?;
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
