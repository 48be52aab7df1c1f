//! Taking a release back: the plan first, then the tool that carries it out.

use std::path::PathBuf;

use anyhow::Result;
use document::{Failure, Release};

use crate::pipeline::{ROLLBACK, STAGES};
use crate::progress::Progress;
use crate::record::{Record, Records};
use crate::release::confirm;
use crate::tools::{Tools, failure_with_code};

/// `cargo xtask rollback`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The release to take back, by its version or its tag
    #[arg(value_name = "VERSION|TAG")]
    release: String,
    /// The project's folder, or one inside it [default: the current folder]
    #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
    project: Option<PathBuf>,
    /// Why, for the indexes, the revert commit and the tag that remembers it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Delete the files from indexes of your own and the release at GitHub, in place of yanking and hiding them
    #[arg(long)]
    delete: bool,
    /// How long to wait for what people must do by hand
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,
    /// Write the words for those who use the project into a file, in Markdown
    #[arg(long, value_name = "FILE")]
    announcement: Option<String>,
    /// Show the plan, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// Shows what can be taken back of a release, and takes it back.
pub fn run(arguments: &Arguments) -> Result<()> {
    let tools = Tools::ready()?.on(arguments.project.as_deref());
    let records = Records::of(&tools)?;
    let record = records.find(&arguments.release)?;
    let _driving = if arguments.dry_run { None } else { Some(records.drive()?) };
    let document = match &record {
        Some(record) => match record.newest()? {
            Some(document) => document,
            None => planned_document(&tools, record)?,
        },
        None => Vec::new(),
    };
    let mut words = arguments.words();
    if record.is_none() {
        // Another clone, or the tools in a pipe, have made it: the tool looks for the document where it is kept.
        words.extend(["--release", &arguments.release]);
    }
    let progress = Progress::new();
    let name = record.as_ref().map_or(arguments.release.as_str(), |record| &record.tag);
    progress.print(&format!("the plan to take {name} back:"));
    carry_out(&tools, &[&words[..], &["--dry-run"]].concat(), &document, &progress)?;
    // The moving line would stand before the question.
    progress.finish();
    if arguments.dry_run {
        return Ok(());
    }
    if !arguments.yes {
        if !filter::can_ask() {
            let failure = Failure::usage("cannot take a release back without a yes: this is no terminal");
            return Err(failure.hint("read the plan, then run it again with `--yes`").into());
        }
        confirm("Take it back?")?;
    }
    words.push("--yes");
    let progress = Progress::new();
    progress.print("taking it back:");
    let document = carry_out(&tools, &words, &document, &progress)?;
    if let Some(record) = record {
        record.keep_rollback(&document)?;
    }
    progress.finish();
    Ok(())
}

impl Arguments {
    /// The options that the tool takes as well.
    fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        for (name, value) in
            [("--reason", &self.reason), ("--wait", &self.wait), ("--announcement", &self.announcement)]
        {
            words.extend(value.iter().flat_map(|value| [name, value]));
        }
        words.extend(self.delete.then_some("--delete"));
        words
    }
}

fn carry_out(tools: &Tools, arguments: &[&str], document: &[u8], progress: &Progress) -> Result<Vec<u8>> {
    let ended = tools.run(ROLLBACK, arguments, document, Some(progress))?;
    if ended.code != 0 {
        let failure = failure_with_code(
            ended.code,
            format!("cannot take the release back: `{ROLLBACK}` ended with code {}", ended.code),
        );
        // A document or an argument that was refused is refused again; the tool has said what to do.
        return Err(match ended.code {
            2 | 3 => failure,
            _ => failure.hint("mend the cause, and run it again: what is taken back already is skipped"),
        }
        .into());
    }
    Ok(ended.stdout)
}

/// The document of a release that stopped inside its first stage: the same that the stage would have written.
fn planned_document(tools: &Tools, record: &Record) -> Result<Vec<u8>> {
    let arguments = [&record.request()[..], &["--date", record.date(), "--dry-run"]].concat();
    let ended = tools.run(STAGES[0], &arguments, &[], None)?;
    if ended.code != 0 {
        filter::print_text(ended.stderr.trim_end());
        return Err(
            failure_with_code(ended.code, "cannot tell what the first stage has changed".to_owned()).into()
        );
    }
    let mut release = Release::from_json(&ended.stdout)?;
    release.dry_run = false;
    Ok(release.to_json()?.into_bytes())
}
