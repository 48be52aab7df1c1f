//! The commands of release.toml: each must end with code 0, and leave its coverage report.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;
use document::Failure;
use project::{Coverage, log, shell};

use crate::coverage;
use crate::plan::Run;
use crate::validate::{Context, Verdict};

/// Runs the command in the project's root and checks its end, and the coverage that it reports.
pub fn succeeds(context: &Context, run: Run) -> Result<Verdict> {
    let (check, root) = (run.check, &context.project.root);
    let state = context.project.git.state();
    let log = state.folder().join("logs").join(format!("{}.log", file_name(run)));
    let before = check.coverage.as_ref().and_then(|coverage| written(&coverage.report.under(root)));
    let mut command = Command::new("sh");
    command.current_dir(root).env("PATH", context.uv()?.folder_on_path()?);
    match run.python {
        None => command.args(["-c", &check.run]),
        Some(version) => {
            let python = uv::interpreter(&context.uv()?, version)?;
            // Of the project's own environment there is one alone, which the runs would take from each other.
            let environment = state.environments().join(file_name(run));
            command.env("UV_PYTHON", &python).env("UV_PROJECT_ENVIRONMENT", environment);
            command.args(["-c", &shell::filled(&check.run, "python", &python.to_string_lossy())])
        }
    };
    let status = log::run(command.stdin(context.lock.stdin()?), &log)?;
    let (shown, ending) = (run.first_line(), log::ending(status));
    if !status.success() {
        let what = format!("cannot pass: `{shown}` ended with {ending}{}", log::tail(&log)?);
        return Err(Failure::new(what).hint("run the command by itself in the project's root").into());
    }
    let mut detail = format!("`{shown}` ended with {ending}");
    if let Some(coverage) = &check.coverage {
        detail = format!("{detail}, {}", covered(context, coverage, before)?);
    }
    Ok(Verdict::Passed(detail))
}

/// Judges the report that the command has left, which must not be the one that was there before.
fn covered(context: &Context, coverage: &Coverage, before: Option<(SystemTime, u64)>) -> Result<String> {
    let Coverage { report, minimum } = coverage;
    let root = &context.project.root;
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
    Ok(coverage::judge(reached, *minimum)?)
}

/// When a file was written, and how large it is; `None` where there is none.
fn written(path: &Path) -> Option<(SystemTime, u64)> {
    let found = path.metadata().ok()?;
    Some((found.modified().ok()?, found.len()))
}

/// The name of what is kept for a run: two of them never share one, whatever stands in their names.
fn file_name(run: Run) -> String {
    let mut name = String::new();
    for byte in run.check.name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    run.python.map_or_else(|| name.clone(), |python| format!("{name}@{python}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_stays_in_its_folder() {
        let name = |check: &str, python| {
            let text = format!("[[check]]\nname = \"{check}\"\nrun = \"true\"");
            let settings = project::Settings::parse(&text).unwrap();
            file_name(Run { check: &settings.check[0], python })
        };
        assert_eq!(name("tests", None), "tests");
        assert_eq!(name("../a b", None), "%2e%2e%2fa%20b");
        assert_eq!(name("tests", Some("3.12")), "tests@3.12");
        assert_eq!(name("tests@3.12", None), "tests%403%2e12");
    }
}
