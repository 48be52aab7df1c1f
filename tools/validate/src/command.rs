//! The commands of release.toml: each must end with code 0, and leave its coverage report.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;
use document::Failure;
use project::{CheckSettings, Coverage, log};

use crate::coverage;
use crate::validate::{Context, Verdict};

/// Runs the command in the project's root and checks its end, and the coverage that it reports.
pub fn succeeds(context: &Context, check: &CheckSettings) -> Result<Verdict> {
    let root = &context.project.root;
    let log = context.project.git.state().folder().join("logs").join(log_name(&check.name));
    let before = check.coverage.as_ref().and_then(|coverage| written(&coverage.report.under(root)));
    let mut command = Command::new("sh");
    command.args(["-c", &check.run]).current_dir(root).env("PATH", context.uv()?.folder_on_path()?);
    let status = log::run(command.stdin(context.lock.stdin()?), &log)?;
    let (shown, ending) = (first_line(&check.run), log::ending(status));
    if !status.success() {
        let what = format!("cannot pass: `{shown}` ended with {ending}{}", log::tail(&log)?);
        return Err(Failure::new(what).hint("run the command by itself in the project's root").into());
    }
    let mut detail = format!("`{shown}` ended with {ending}");
    if let Some(Coverage { report, minimum }) = &check.coverage {
        let path = report.under(root);
        let refuse = |cause: &str| {
            let what = format!("cannot use the coverage report `{report}`: {cause}");
            let hint = "make the command write it, as `coverage xml`, `coverage json` and `coverage run` do";
            Failure::new(what).hint(hint)
        };
        match written(&path) {
            None => return Err(refuse("the command left none").into()),
            after if after == before => return Err(refuse("it is of an earlier run").into()),
            _ => {}
        }
        let reached = coverage::reached(&path, root, &context.uv()?);
        let reached = reached.map_err(|cause| refuse(&format!("{cause:#}")))?;
        detail = format!("{detail}, {}", coverage::judge(reached, *minimum)?);
    }
    Ok(Verdict::Passed(detail))
}

/// When a file was written, and how large it is; `None` where there is none.
fn written(path: &Path) -> Option<(SystemTime, u64)> {
    let found = path.metadata().ok()?;
    Some((found.modified().ok()?, found.len()))
}

fn first_line(run: &str) -> String {
    let run = run.trim();
    match run.split_once('\n') {
        Some((first, _)) => format!("{first} …"),
        None => run.to_owned(),
    }
}

/// The log's name: two checks never share one, whatever stands in their names.
fn log_name(check: &str) -> String {
    let mut name = String::new();
    for byte in check.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    format!("{name}.log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_stays_in_its_folder() {
        assert_eq!(log_name("tests"), "tests.log");
        assert_eq!(log_name("../a b"), "%2e%2e%2fa%20b.log");
    }

    #[test]
    fn a_script_goes_by_its_first_line() {
        assert_eq!(first_line(" pytest -q\n"), "pytest -q");
        assert_eq!(first_line("set -e\npytest"), "set -e …");
    }
}
