//! Tells people about a release.

mod announce;
mod marker;
mod text;

use std::process::ExitCode;

use project::Project;

/// Runs the commands of release.toml that announce a release, each of them once.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Send this announcement, even if it was sent or may have been; can be given again
    #[arg(long, value_name = "NAME")]
    again: Vec<String>,
    /// Take this announcement as sent; can be given again
    #[arg(long, value_name = "NAME")]
    sent: Vec<String>,
}

fn main() -> ExitCode {
    filter::run("announce", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let wishes = announce::Wishes::new(&project, &arguments.again, &arguments.sent)?;
        release.announcements = announce::announce(&project, &release, &wishes, stage)?;
        Ok(release.into())
    })
}
