//! Drives a whole release: the orchestrator, the demo and the housekeeping of this repository.

mod demo;
mod fuzz;
mod house;
mod init;
mod pipeline;
mod progress;
mod record;
mod release;
mod rollback;
mod status;
mod tools;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Releases Python projects, and can be resumed after a crash at any point.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Release a small real project in a temporary folder, from the bump to the installed package
    Demo {
        /// The folder to make it in, which must not exist [default: a new temporary folder]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Write a release.toml for a project from what is found in it, or from the settings of another tool
    Init(init::Arguments),
    /// Release a project: major, minor, patch or a version; or go on with one that was interrupted
    Release(release::Arguments),
    /// Say where the releases of a project stand
    Status {
        /// The project's folder, or one inside it [default: the current folder]
        #[arg(long, value_name = "DIR", env = "WAINWRIGHT_PROJECT")]
        project: Option<PathBuf>,
    },
    /// Check what was published of a release where it is, and install it from there
    Verify(verify::Arguments),
    /// Show what can be taken back of a release, and take it back
    Rollback(rollback::Arguments),
    /// Install the programs that the tests use
    Setup,
    /// Check this repository: formats, lints, schemas, workflows, and all tests
    Ci,
    /// Look for texts that are too odd for what reads and edits versions, commits, settings and changelogs
    Fuzz(fuzz::Arguments),
}

fn main() -> ExitCode {
    let parsed =
        Arguments::command().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(wrong) => return filter::refuse_usage("xtask", &wrong),
    };
    let done = match &arguments.command {
        None => list_commands(),
        Some(Command::Demo { dir }) => demo::run(dir.as_deref()),
        Some(Command::Init(arguments)) => init::run(arguments),
        Some(Command::Release(arguments)) => release::run(arguments),
        Some(Command::Status { project }) => status::run(project.as_deref()),
        Some(Command::Verify(arguments)) => verify::run(arguments),
        Some(Command::Rollback(arguments)) => rollback::run(arguments),
        Some(Command::Setup) => house::setup(),
        Some(Command::Ci) => house::ci(),
        Some(Command::Fuzz(arguments)) => fuzz::run(arguments),
    };
    filter::conclude("xtask", done)
}

/// Prints each command with its one line.
fn list_commands() -> anyhow::Result<()> {
    let mut text = String::from("Releases Python projects. The commands of `cargo xtask`:\n\n");
    for command in Arguments::command().get_subcommands() {
        text.push_str(&format!("  {:<9} {}\n", command.get_name(), command.get_about().unwrap_or_default()));
    }
    text.push_str("\n`cargo xtask COMMAND --help` tells more. Start with `cargo xtask demo`.\n");
    filter::write_stdout(&text)
}
