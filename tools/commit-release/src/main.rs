//! Commits the edited files of a release, and nothing else.

mod commit;

use std::process::ExitCode;

use project::Project;

/// Commits exactly the files that bump-version and changelog changed, on the branch that is checked out.
#[derive(Debug, clap::Args)]
struct Arguments {}

fn main() -> ExitCode {
    filter::run("commit-release", |_: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        release.commit = commit::commit(&project, &release, stage)?;
        Ok(release.into())
    })
}
