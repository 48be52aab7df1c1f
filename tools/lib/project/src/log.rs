//! The output of a program as a file, whole, and its end for people.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};
use document::Failure;

/// How many lines are repeated in an error, and how many characters of each.
const LAST_LINES: usize = 20;
const LINE_LENGTH: usize = 500;

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

/// How a program ended: `code 1`, or `signal 9`.
pub fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or("a signal".to_owned(), |code| format!("code {code}"))
}

/// The last lines of a log, each indented, and where the rest is.
pub fn tail(log: &Path) -> Result<String> {
    let bytes = fs::read(log).with_context(|| format!("cannot read `{}`", log.display()))?;
    Ok(format!("{}\n    all of its output is in `{}`", last_lines(&bytes, LAST_LINES), log.display()))
}

/// The last lines of what a program said, each indented and fit to be shown.
pub fn last_lines(said: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let last = &lines[lines.len().saturating_sub(count)..];
    last.iter().map(|line| format!("\n    {}", shown(line))).collect()
}

/// A line without what would steer the terminal, and no longer than people read.
fn shown(line: &str) -> String {
    // Of what a program has written over, as of a progress bar, the last state counts.
    let line = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    let (mut text, mut chars) = (String::new(), line.chars().peekable());
    let mut length = 0;
    while let Some(c) = chars.next() {
        match c {
            // A control sequence (ECMA-48), of which colours are the most.
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                let _ = chars.find(|c| matches!(c, '@'..='~'));
            }
            c if c.is_control() && c != '\t' => {}
            _ if length == LINE_LENGTH => return text + " …",
            c => {
                text.push(c);
                length += 1;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_not_repeated() {
        assert_eq!(shown("\u{1b}[1;31mFAILED\u{1b}[0m\ttest\u{7}\u{0}\u{1b}]"), "FAILED\ttest]");
        assert_eq!(shown("  10 %\r 100 %\r"), " 100 %");
        assert_eq!(shown("\u{1b}[31"), "");
    }

    #[test]
    fn the_last_lines_are_few_and_short() {
        let said = format!("a\nb\r\n{}\n\n", "ü".repeat(LINE_LENGTH + 1));
        assert_eq!(last_lines(said.as_bytes(), 2), format!("\n    b\n    {} …", "ü".repeat(LINE_LENGTH)));
        assert_eq!(last_lines(b"\xff\n", 2), "\n    \u{fffd}");
        assert_eq!(last_lines(b"", 2), "");
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_is_named() {
        let status = |script: &str| ending(Command::new("sh").args(["-c", script]).status().unwrap());
        assert_eq!([status("exit 3"), status("kill -9 $$")], ["code 3", "signal 9"]);
    }
}
