//! Tags the release commit, and pushes branch and tag in one transaction.

mod tag;

use std::process::ExitCode;

use project::Project;

/// Makes an annotated tag on exactly the release commit, and pushes it together with the branch: both or neither.
#[derive(Debug, clap::Args)]
struct Arguments {}

fn main() -> ExitCode {
    filter::run("tag-release", |_: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        release.tag = tag::tag(&project, &release, stage)?;
        Ok(release.into())
    })
}
