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

use std::process::ExitCode;

use document::Failure;
use project::Project;

/// Removes a release from its indexes, deletes its tag, reverts its commit, and remembers the version as used.
///
/// What never left this machine is undone without a trace.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Carry the plan out; without it only `--dry-run` does anything
    #[arg(long)]
    yes: bool,
    /// Why, for the revert commit and the tag that remembers the version
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
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
        let done = rollback::rollback(&project, &release, arguments.reason.as_deref(), stage)?;
        release.withdrawals = done.or(release.withdrawals);
        Ok(release.into())
    })
}
