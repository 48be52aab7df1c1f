//! Running other programs: an error gives the command line, the code and the last lines.

use std::process::{Command, Output, Stdio};

use anyhow::Result;
use document::Failure;

/// How many lines of a failing program are repeated in the error.
const LAST_LINES: usize = 20;

/// Runs a program and returns its stdout; its failure is an error with its command line, code and last lines.
pub fn run(command: &mut Command) -> Result<String> {
    let output = run_quietly(command)?;
    Ok(stdout_of(command, &output)?)
}

/// Returns the stdout of a program that has ended well, else the error that describes its end.
pub(crate) fn stdout_of(command: &Command, output: &Output) -> Result<String, Failure> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failure_of(command, output))
}

/// Runs a program to its end, whatever its code is; stdout and stderr are kept. Only its absence is an error.
///
/// stdin is empty unless the caller has set it.
pub fn run_quietly(command: &mut Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|cause| {
        let failure = Failure::new(format!("cannot run `{program}`: {cause}"));
        if cause.kind() == std::io::ErrorKind::NotFound {
            return failure.hint(format!("install {program}, or put it on PATH"));
        }
        failure
    })?;
    Ok(child.wait_with_output()?)
}

fn failure_of(command: &Command, output: &Output) -> Failure {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    let code = output.status.code().map_or("a signal".to_owned(), |code| format!("code {code}"));
    let said =
        if output.stderr.iter().all(u8::is_ascii_whitespace) { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n    ");
    Failure::new(format!("cannot finish `{}`: it ended with {code}\n    {last}", line.join(" ")))
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,^{}*".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_code_and_last_lines() {
        let error =
            run(Command::new("sh").args(["-c", "echo first; echo 'what broke' >&2; exit 7"])).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.starts_with("cannot finish `sh -c 'echo first"), "{text}");
        assert!(text.contains("it ended with code 7\n    what broke"), "{text}");
    }

    #[test]
    fn an_absent_program_is_named() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot run `no-such-program-here`"));
    }
}
