//! How a release flows through a tool: stdin, one job, stdout.
//!
//! This is the only place that reads stdin, writes stdout, prints for people (on stderr) and decides exit codes.
//! A tool calls [`run`] with its job and gets a [`Stage`], through which the job takes its document, says
//! what it does, and carries out its plan.

mod plan;
mod printer;
mod question;
mod stage;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, FromArgMatches};
use document::{Exit, Failure, Release};

pub use plan::{Outcome, Step};
pub use printer::{is_live, print_text};
pub use question::{ask, can_ask};
pub use stage::Stage;

// The arguments that every tool takes. No doc comment: clap would take it for the description of each tool.
#[derive(Debug, clap::Args)]
struct Common {
    /// The project's folder, or one inside it [default: the current folder]
    #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
    project: Option<PathBuf>,
    /// Print what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What a job leaves for stdout.
#[derive(Debug)]
pub enum Output {
    /// A document for the next tool.
    Document(Box<Release>),
    /// Text that was asked for in place of a document.
    Text(String),
    /// Nothing: the job was no stage of a release.
    Nothing,
}

impl From<Release> for Output {
    fn from(release: Release) -> Self {
        Output::Document(Box::new(release))
    }
}

/// Runs a tool: parses its own arguments and those of every tool, does its job, writes its output whole, and
/// returns its exit code.
///
/// Nothing is written to stdout before the job has succeeded, so a failing tool hands on no document.
pub fn run<A: clap::Args>(
    tool: &'static str,
    job: impl FnOnce(&A, &mut Stage) -> anyhow::Result<Output>,
) -> ExitCode {
    let parsed = command::<A>(tool)
        .try_get_matches()
        .and_then(|matches| Ok((A::from_arg_matches(&matches)?, Common::from_arg_matches(&matches)?)));
    let (arguments, common) = match parsed {
        Ok(arguments) => arguments,
        Err(wrong) => return refuse_usage(tool, &wrong),
    };
    let mut stage = Stage::new(tool, common.project, common.dry_run);
    let done = job(&arguments, &mut stage).and_then(|output| write_output(output, stage.is_dry_run()));
    conclude(tool, done)
}

/// The command line of a tool, described by the doc comment of its own arguments.
fn command<A: Args>(tool: &'static str) -> clap::Command {
    let own = A::augment_args(clap::Command::new(tool).version(env!("CARGO_PKG_VERSION")));
    Common::augment_args(own)
}

/// Prints the error of a finished job, if it has one, and returns the exit code that it leads to.
pub fn conclude(tool: &str, done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::from(Exit::Done as u8),
        Err(error) => {
            printer::print_error(tool, &error);
            ExitCode::from(Failure::of(&error).1 as u8)
        }
    }
}

/// Prints what clap has to say: help and version to stdout, wrong usage to stderr in the house style.
pub fn refuse_usage(tool: &str, said: &clap::Error) -> ExitCode {
    if said.use_stderr() {
        print_text(format!("{tool}: {said}").trim_end());
        return ExitCode::from(Exit::Usage as u8);
    }
    conclude(tool, write_stdout(&said.to_string()))
}

/// Writes to stdout, whole and flushed.
pub fn write_stdout(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("cannot write to stdout")
}

fn write_output(output: Output, dry_run: bool) -> anyhow::Result<()> {
    match output {
        Output::Document(mut release) => {
            release.dry_run = dry_run;
            let text = release.to_json()?;
            write_stdout(&text).context("cannot hand on the release document")
        }
        Output::Text(text) => write_stdout(&text),
        Output::Nothing => Ok(()),
    }
}
