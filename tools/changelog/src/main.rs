//! Writes the section of the changelog and the notes of a release.

mod changelog;
mod file;
mod release_please;
mod section;

use std::process::ExitCode;

use filter::Output;
use project::Project;

/// Writes the release's section into the changelog, and its notes into the release document.
///
/// What stands below [Unreleased] becomes the section; where nothing does, the commits since the last release
/// are grouped by their type (Conventional Commits 1.0).
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Check that the changelog names the version, and write nothing
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    filter::run("changelog", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        if arguments.check {
            return changelog::check(&project, &release, stage).map(|()| Output::Nothing);
        }
        release.notes = Some(changelog::write(&project, &release, stage)?);
        Ok(release.into())
    })
}
