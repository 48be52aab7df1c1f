//! Takes a release back, as far as that can be done.

mod announcement;
mod carried;
mod commit;
mod edits;
mod elsewhere;
mod facts;
mod memory;
mod place;
mod refs;
mod rollback;
mod source;
mod target;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use document::{Failure, ProjectPath, Release};
use filter::Stage;
use place::Manner;
use project::Project;
use rollback::Order;

/// Yanks the files of a release, deletes its tag, reverts its commit, and remembers the version as used.
///
/// Where no clone of the repository is, it does all but the git part. What never left this machine is undone without a
/// trace.
#[derive(Debug, clap::Args)]
struct Arguments {
    /// Carry the plan out; without it only `--dry-run` does anything
    #[arg(long)]
    yes: bool,
    /// Why, for the indexes, the revert commit and the tag that remembers the version
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The release, in place of a document on stdin: it is read from the record of this clone, else from a target
    #[arg(long, value_name = "VERSION|TAG")]
    release: Option<String>,
    /// Delete the files from indexes of your own and the release at GitHub, in place of yanking and hiding them
    #[arg(long)]
    delete: bool,
    /// Only have files chosen again that were yanked; git is left alone
    #[arg(long, conflicts_with_all = ["delete", "reason", "announcement", "wait"])]
    unyank: bool,
    /// How long to wait for what people must do by hand
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Write the words for those who use the project into a file, in Markdown
    #[arg(long, value_name = "FILE")]
    announcement: Option<PathBuf>,
    /// The bucket of the target in S3, in place of the one in release.toml
    #[arg(long, value_name = "NAME", env = "S3_PYPI_BUCKET")]
    bucket: Option<String>,
}

fn main() -> ExitCode {
    filter::run("rollback", |arguments: &Arguments, stage| {
        let project = Project::find_if_any(stage.project())?;
        let release = document(arguments, project.as_ref(), stage)?;
        refuse_odd_tag(&release)?;
        let (project, mut release) = match project {
            Some(project) => project.of(release).map(|(project, release)| (Some(project), release))?,
            None => (None, release),
        };
        if !arguments.yes && !stage.is_dry_run() {
            let tag = &release.version.tag;
            let what = match arguments.unyank {
                true => format!("cannot have the files of {tag} chosen again without `--yes`"),
                false => format!("cannot take {tag} back without `--yes`"),
            };
            let hint = "`rollback --dry-run` shows the plan; `--yes` carries it out";
            return Err(Failure::usage(what).hint(hint).into());
        }
        let order = arguments.order(&release);
        let done = if arguments.unyank {
            rollback::unyank(project.as_ref(), &release, &order, stage)?
        } else {
            rollback::rollback(project.as_ref(), &release, &order, stage)?
        };
        release.withdrawals = done.or(release.withdrawals);
        Ok(release.into())
    })
}

impl Arguments {
    fn order(&self, release: &Release) -> Order<'_> {
        let usual = || format!("{} was taken back", release.version.current);
        let reason = self.reason.as_deref();
        Order {
            manner: match (self.unyank, self.delete) {
                (true, _) => Manner::Unyank,
                (_, true) => Manner::Delete,
                _ => Manner::Yank(reason.map_or_else(usual, str::to_owned)),
            },
            reason,
            bucket: self.bucket.as_deref(),
            patience: Duration::from_secs(self.wait.unwrap_or_default()),
            announcement: self.announcement.as_deref(),
        }
    }
}

/// The document: that of a release that was named, else the one on stdin.
fn document(arguments: &Arguments, project: Option<&Project>, stage: &mut Stage) -> anyhow::Result<Release> {
    if let Some(wanted) = &arguments.release {
        return source::find(project, wanted, arguments.bucket.as_deref(), stage);
    }
    // What stands in the tree is not the release to take back: after one rollback it is the release before.
    stage.release(|| {
        let what = "cannot tell which release to take back: none is named, and there is no document on stdin";
        let hint = match project {
            Some(_) => "name it: `rollback --dry-run --release VERSION`",
            None => "say `rollback --dry-run < document.json`",
        };
        Err(Failure::usage(what).hint(hint).into())
    })
}

/// Refuses a tag that leads out of the folder of records, where what is taken back is remembered.
fn refuse_odd_tag(release: &Release) -> Result<(), Failure> {
    let tag = &release.version.tag;
    tag.parse::<ProjectPath>().map(drop).map_err(|_| {
        Failure::document(format!("cannot take `{tag}` back: it is no tag of a release"))
            .hint("take the document from the record of the release, or from its index")
    })
}
