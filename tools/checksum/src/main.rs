//! Writes and checks the checksum files of a release.

mod check;
mod checksum;
mod digests;
mod sums;

use std::path::PathBuf;
use std::process::ExitCode;

use filter::Output;
use project::Project;

/// Writes SHA256SUMS and SHA512SUMS beside the wheels and sdists of a release, or checks such files.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Check instead of writing: the files of the document on stdin, or those that each FILE lists
    #[arg(long)]
    check: bool,
    /// A checksum file to check, as `sha256sum` and `sha512sum` write them; needs no project and no document
    #[arg(value_name = "FILE", requires = "check")]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    filter::run("checksum", |arguments: &Arguments, stage| {
        if !arguments.files.is_empty() {
            return check::files(stage, &arguments.files).map(|()| Output::Nothing);
        }
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        if arguments.check {
            return check::release(stage, &project.root, &release).map(|()| Output::Nothing);
        }
        let _lock =
            (!stage.is_dry_run()).then(|| project.git.state().lock(|text| stage.note(text))).transpose()?;
        let plan = checksum::plan(&project.root, &release)?;
        stage.perform(&plan.steps, |file| checksum::write(&project.root, file))?;
        if !stage.is_dry_run() {
            release.checksums = plan.checksums;
        }
        Ok(release.into())
    })
}
