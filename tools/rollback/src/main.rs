//! Takes a release back, as far as that can be done.

mod carried;
mod commit;
mod edits;
mod facts;
mod memory;
mod places;
mod refs;
mod rollback;
mod tree;
mod yanked;

use std::process::ExitCode;

use document::Failure;
use places::Manner;
use project::Project;

/// Removes a release from indexes in folders, yanks it in those in buckets, deletes its tag, reverts its commit, and remembers the version as used.
///
/// What never left this machine is undone without a trace.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Carry the plan out; without it only `--dry-run` does anything
    #[arg(long)]
    yes: bool,
    /// Why, for the index, the revert commit and the tag that remembers the version
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Delete the files in buckets too, in place of yanking them
    #[arg(long)]
    delete: bool,
    /// Only have files in buckets chosen again that were yanked; git is left alone
    #[arg(long, conflicts_with_all = ["delete", "reason"])]
    unyank: bool,
    /// The bucket of the target in S3, in place of the one in release.toml
    #[arg(long, value_name = "NAME", env = "S3_PYPI_BUCKET")]
    bucket: Option<String>,
}

fn main() -> ExitCode {
    filter::run("rollback", |arguments: &Arguments, stage| {
        let project = Project::find(stage.project())?;
        let release = stage.release(|| project.current())?;
        let (project, mut release) = project.of(release)?;
        if !arguments.yes && !stage.is_dry_run() {
            let what = format!("cannot take {} back without `--yes`", release.version.tag);
            let hint = "`rollback --dry-run` shows the plan; `--yes` carries it out";
            return Err(Failure::usage(what).hint(hint).into());
        }
        let (reason, bucket) = (arguments.reason.as_deref(), arguments.bucket.as_deref());
        let done = if arguments.unyank {
            rollback::unyank(&project, &release, bucket, stage)?
        } else {
            let manner = if arguments.delete {
                Manner::Delete
            } else {
                let usual = || format!("{} was taken back", release.version.current);
                Manner::Yank(reason.map_or_else(usual, str::to_owned))
            };
            rollback::rollback(&project, &release, reason, (&manner, bucket), stage)?
        };
        release.withdrawals = done.or(release.withdrawals);
        Ok(release.into())
    })
}
