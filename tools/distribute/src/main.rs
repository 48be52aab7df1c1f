//! Publishes the files of a release to an index.

mod advice;
mod beside;
mod distribute;
mod order;
mod parcel;
mod place;
mod policy;
mod rehearsals;
mod requirement;
mod shipment;

use std::process::ExitCode;

use filter::Output;
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
    /// The bucket of the target in S3, in place of the one in release.toml
    #[arg(long, value_name = "NAME", env = "S3_PYPI_BUCKET")]
    bucket: Option<String>,
    /// Read every file that was uploaded back from its first byte to its last
    #[arg(long)]
    paranoid: bool,
    /// Publish at once where a target asks for a rehearsal on another one
    #[arg(long)]
    no_rehearsal: bool,
    /// Only find out whether the targets will take the release, with the files that are built: names, limits, the right
    /// to write. Nothing is published, and the document is handed on as it is
    #[arg(long, conflicts_with_all = ["rebuild_index", "print_policy"])]
    check: bool,
    /// Write every page again from the files that are there, and publish nothing; no document is read
    #[arg(long, conflicts_with = "package")]
    rebuild_index: bool,
    /// Print the least rights in a bucket, as JSON, in the words of its cloud: policies or roles; no document is read
    #[arg(long, conflicts_with = "rebuild_index")]
    print_policy: bool,
}

fn main() -> ExitCode {
    filter::run("distribute", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let bucket = arguments.bucket.as_deref();
        if arguments.print_policy {
            return Ok(Output::Text(policy::text(&distribute::targets(&project, &arguments.to, bucket)?)?));
        }
        if arguments.rebuild_index {
            distribute::rebuild(&project, &distribute::targets(&project, &arguments.to, bucket)?, stage)?;
            return Ok(Output::Nothing);
        }
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        let targets = distribute::targets(&project, &arguments.to, bucket)?;
        let targets = match arguments.no_rehearsal {
            true => rehearsals::without(targets, &arguments.to),
            false => rehearsals::with(&project, targets),
        };
        let packages = distribute::packages(&project, &arguments.package)?;
        if arguments.check {
            distribute::check(&project, &release, &targets, &packages, stage)?;
            return Ok(release.into());
        }
        let paranoid = arguments.paranoid;
        release.publications =
            distribute::distribute(&project, &release, &targets, &packages, paranoid, stage)?;
        Ok(release.into())
    })
}
