//! The first settings of a project: found by the tool that knows projects, and shown here.

use std::path::PathBuf;

use anyhow::Result;

use crate::pipeline::STAGES;
use crate::progress::Progress;
use crate::tools::{Tools, failure_with_code};

/// `cargo xtask init`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The project's folder, or one inside it [default: the current folder]
    #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
    project: Option<PathBuf>,
    /// Print the release.toml, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Writes the release.toml of a project that has none.
pub fn run(arguments: &Arguments) -> Result<()> {
    let tools = Tools::ready()?.on(arguments.project.as_deref());
    let flags: &[&str] = if arguments.dry_run { &["--init", "--dry-run"] } else { &["--init"] };
    let progress = Progress::new();
    let ended = tools.run(STAGES[0], flags, &[], Some(&progress))?;
    progress.finish();
    if ended.code != 0 {
        return Err(failure_with_code(
            ended.code,
            "cannot write a release.toml: nothing is changed".to_owned(),
        )
        .into());
    }
    filter::write_stdout(&String::from_utf8_lossy(&ended.stdout))
}
