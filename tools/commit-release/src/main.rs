//! Commits the edited files of a release, and nothing else.

mod commit;

use std::process::ExitCode;

use project::Project;

/// Commits exactly the files that bump-version and changelog changed, on the branch that is checked out.
#[derive(Debug, clap::Parser)]
#[command(name = "commit-release", version)]
struct Arguments {
    #[command(flatten)]
    common: filter::Common,
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
        release.commit = commit::commit(&project, &release, stage)?;
        Ok(release.into())
    })
}
