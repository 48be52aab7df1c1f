//! Running other programs: an error gives the command line, the code and the last lines.

use std::borrow::Cow;
use std::ffi::CStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

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
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(spawn(command)?.wait_with_output()?)
}

/// How a program ended that was given a time.
#[derive(Debug)]
pub struct Ended {
    /// Its code, and what it said.
    pub output: Output,
    /// Whether it ended by itself, and not because its time was up.
    pub in_time: bool,
}

/// Runs a program to its end, or ends it when its time is up; what it said until then is kept.
///
/// stdin is empty unless the caller has set it.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<Ended> {
    // Files and no pipes: what the program has started may outlive it, and would keep a pipe open.
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let mut child = spawn(command)?;
    let (begin, mut pause) = (Instant::now(), Duration::from_millis(2));
    let mut in_time = true;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begin.elapsed() >= limit {
            in_time = false;
            child.kill()?;
            break child.wait()?;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    let said = |file: &mut File| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes).map(|_| bytes)
    };
    let output = Output { status, stdout: said(&mut stdout)?, stderr: said(&mut stderr)? };
    Ok(Ended { output, in_time })
}

/// A program that runs while its caller does something else.
#[derive(Debug)]
pub struct Running {
    command: Command,
    child: Child,
}

impl Running {
    /// Starts a program; its stdout and stderr are kept.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = spawn(&mut command)?;
        Ok(Self { command, child })
    }

    /// Waits for its end, and returns its stdout without the last newline; its failure is an error.
    pub fn read(self) -> Result<String> {
        let output = self.child.wait_with_output()?;
        Ok(without_newline(&stdout_of(&self.command, &output)?).to_owned())
    }

    /// Waits for its end, and returns its stdout without the last newline; a failure is `None`.
    pub fn ask(self) -> Result<Option<String>> {
        let output = self.child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(output.status.success().then(|| without_newline(&text).to_owned()))
    }
}

fn without_newline(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

fn spawn(command: &mut Command) -> Result<Child, Failure> {
    command.spawn().map_err(|cause| {
        let program = command.get_program().to_string_lossy();
        let failure = Failure::new(format!("cannot run `{program}`: {cause}"));
        if cause.kind() == std::io::ErrorKind::NotFound {
            return failure.hint(format!("install {program}, or put it on PATH"));
        }
        failure
    })
}

/// Runs a program, and hands on what stands between the NULs of its stdout while it still runs.
pub(crate) fn each_record(command: &mut Command, mut each: impl FnMut(&str)) -> Result<()> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = spawn(command)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut said = Vec::new();
    // Read beside stdout: a program that says more than a pipe holds would wait for us, and we for it.
    let read = std::thread::scope(|scope| {
        let errors = scope.spawn(|| stderr.map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut said)));
        let read = stdout.map_or(Ok(()), |stdout| split_at_nul(stdout, &mut each));
        read.and(errors.join().unwrap_or(Ok(0)).map(drop))
    });
    let status = child.wait()?;
    read?;
    if status.success() {
        return Ok(());
    }
    Err(failure_of(command, &Output { status, stdout: Vec::new(), stderr: said }).into())
}

fn split_at_nul(mut input: impl Read, each: &mut impl FnMut(&str)) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    let (mut start, mut end) = (0, 0);
    loop {
        if end == buffer.len() {
            buffer.copy_within(start..end, 0);
            (start, end) = (0, end - start);
            // A record that fills more than half of the buffer gets a larger one.
            if end > buffer.len() / 2 {
                buffer.resize(buffer.len() * 2, 0);
            }
        }
        let count = match input.read(&mut buffer[end..]) {
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        let mut at = end;
        end += count;
        // The search of the standard library for a NUL takes several bytes at once.
        while let Ok(found) = CStr::from_bytes_until_nul(&buffer[at..end]) {
            at += found.count_bytes() + 1;
            each(&text_of(&buffer[start..at - 1]));
            start = at;
        }
        if count == 0 {
            if start < end {
                each(&text_of(&buffer[start..end]));
            }
            return Ok(());
        }
    }
}

/// The bytes as text, with a mark for what is none. Nearly all is, which the plain check sees sooner.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn failure_of(command: &Command, output: &Output) -> Failure {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    let code = crate::log::ending(output.status);
    let said =
        if output.stderr.iter().all(u8::is_ascii_whitespace) { &output.stdout } else { &output.stderr };
    let last = crate::log::last_lines(said, LAST_LINES);
    Failure::new(format!("cannot finish `{}`: it ended with {code}{last}", line.join(" ")))
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
    fn records_come_whole_however_they_are_cut() {
        let script = "printf 'a\\0\\0b'; head -c 200000 /dev/zero | tr '\\0' x; printf '\\0last\\377'";
        let mut records = Vec::new();
        each_record(Command::new("sh").args(["-c", script]), |record| records.push(record.to_owned()))
            .unwrap();
        let long = format!("b{}", "x".repeat(200_000));
        assert_eq!(records, ["a", "", &long, "last\u{fffd}"]);
        let failed =
            each_record(Command::new("sh").args(["-c", "echo why >&2; exit 3"]), |_| ()).unwrap_err();
        assert!(format!("{failed:#}").contains("it ended with code 3\n    why"), "{failed:#}");
    }

    #[test]
    fn a_program_is_ended_when_its_time_is_up_and_what_it_has_started_keeps_nobody() {
        let within = |script: &str, millis: u64| {
            run_within(Command::new("sh").args(["-c", script]), Duration::from_millis(millis)).unwrap()
        };
        let late = within("echo begun; read _ < /dev/zero", 300);
        assert!(!late.in_time && !late.output.status.success());
        assert_eq!(late.output.stdout, b"begun\n");
        let (begin, limit) = (Instant::now(), 60_000);
        let ended = within("sh -c 'read _ < /dev/zero' & echo $!; echo odd >&2; exit 3", limit);
        assert_eq!(
            (ended.in_time, ended.output.status.code(), &*ended.output.stderr),
            (true, Some(3), &b"odd\n"[..])
        );
        assert!(begin.elapsed() < Duration::from_millis(limit));
        let left = String::from_utf8(ended.output.stdout).unwrap();
        run(Command::new("kill").args(["-9", left.trim()])).unwrap();
    }

    #[test]
    fn an_absent_program_is_named() {
        let error = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot run `no-such-program-here`"));
    }
}
