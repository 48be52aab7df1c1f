//! Tags the release commit, and pushes branch and tag in one transaction.

mod tag;

use std::process::ExitCode;

use project::Project;

/// Makes an annotated tag on exactly the release commit, and pushes it together with the branch: both or neither.
#[derive(Debug, clap::Parser)]
#[command(name = "tag-release", version)]
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
        release.tag = tag::tag(&project, &release, stage)?;
        Ok(release.into())
    })
}
