//! Each tool as a process: every folder `tools/<tool>/tests/cases/<case>` is one run of that tool.
//!
//! `case.toml` says what to do: `project` (a fixture, default `lockstep`), `setup` (a shell script), `args`, `stdin` (a
//! file beside it, or one that the setup has written beside the project; empty where it is left out) and `code`.
//! `stderr.txt` holds what the tool must print, `stdout.json` what it must hand on. `SNAPSHOTS=overwrite cargo test
//! -p tests --test cases` writes both anew.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use snapbox::Data;
use tests::{Sandbox, repository, text};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default = "lockstep")]
    project: String,
    #[serde(default)]
    setup: String,
    #[serde(default)]
    args: Vec<String>,
    stdin: Option<String>,
    code: i32,
}

fn lockstep() -> String {
    "lockstep".to_owned()
}

fn cases() -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for tool in std::fs::read_dir(repository().join("tools"))? {
        let tool = tool?;
        let Ok(cases) = std::fs::read_dir(tool.path().join("tests/cases")) else { continue };
        for case in cases {
            found.push((tool.file_name().to_string_lossy().into_owned(), case?.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn run(tool: &str, folder: &Path) -> Result<()> {
    let case: Case = toml_edit::de::from_str(&std::fs::read_to_string(folder.join("case.toml"))?)?;
    let sandbox = Sandbox::new(&case.project)?;
    sandbox.shell(&case.setup)?;
    let stdin = case.stdin.as_ref().map(|name| {
        let beside = folder.join(name);
        std::fs::read_to_string(if beside.is_file() { beside } else { sandbox.path(name) })
    });
    let stdin = stdin.transpose()?;
    let arguments: Vec<&str> = case.args.iter().map(String::as_str).collect();
    let output = sandbox.run(tool, &arguments, &stdin.unwrap_or_default())?;
    let root = sandbox.path("").canonicalize()?.to_string_lossy().into_owned();
    let printed = text(&output.stderr).replace(&root, "[ROOT]");
    assert_eq!(output.status.code(), Some(case.code), "{}: {printed}", folder.display());
    snapbox::assert_data_eq!(printed, Data::read_from(&folder.join("stderr.txt"), None).raw());
    let handed_on = text(&output.stdout);
    if handed_on.is_empty() {
        assert!(!folder.join("stdout.json").exists(), "{}: nothing was handed on", folder.display());
    } else {
        snapbox::assert_data_eq!(handed_on, Data::read_from(&folder.join("stdout.json"), None).raw());
    }
    Ok(())
}

#[test]
fn every_case_of_every_tool_ends_as_written() -> Result<()> {
    let cases = cases()?;
    assert!(cases.len() >= 15, "only {} cases were found", cases.len());
    for (tool, folder) in cases {
        run(&tool, &folder).with_context(|| format!("{tool}: {}", folder.display()))?;
    }
    Ok(())
}
