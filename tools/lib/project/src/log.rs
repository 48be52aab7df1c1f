//! The output of a program as a file, whole, and its end for people.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use document::Failure;

/// How many lines are repeated in an error.
const LAST_LINES: usize = 20;

/// Runs a program to its end; what it says goes to a file, in the order in which it says it.
pub fn run(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    run_into(command, log, File::options().create(true).write(true).truncate(true))
}

/// Runs a program as [`run`] does, and adds what it says to what the file holds already.
pub fn run_on(command: &mut Command, log: &Path) -> Result<ExitStatus> {
    run_into(command, log, File::options().create(true).append(true))
}

fn run_into(command: &mut Command, log: &Path, options: &OpenOptions) -> Result<ExitStatus> {
    let open = || -> std::io::Result<(File, File)> {
        fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
        let file = options.open(log)?;
        Ok((file.try_clone()?, file))
    };
    let (stdout, stderr) = open().with_context(|| format!("cannot write `{}`", log.display()))?;
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(stdout).stderr(stderr).status();
    Ok(status.map_err(|cause| Failure::new(format!("cannot run `{program}`: {cause}")))?)
}

/// How a program ended: `code 1`, or `a signal`.
pub fn ending(status: ExitStatus) -> String {
    status.code().map_or("a signal".to_owned(), |code| format!("code {code}"))
}

/// The last lines of a log, each indented, and where the rest is.
pub fn tail(log: &Path) -> Result<String> {
    let bytes = fs::read(log).with_context(|| format!("cannot read `{}`", log.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let said: String = last.iter().map(|line| format!("\n    {line}")).collect();
    Ok(format!("{said}\n    all of its output is in `{}`", log.display()))
}
