//! The tools as programs: built if need be, found beside this one, and run with a document.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use document::Failure;

use crate::pipeline::{ROLLBACK, STAGES};
use crate::progress::Progress;

/// Where the tools are.
#[derive(Debug, Clone)]
pub struct Tools {
    folder: PathBuf,
    project: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

/// How a tool ended.
#[derive(Debug)]
pub struct Ended {
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: String,
    /// Its exit code; a signal counts as 1.
    pub code: i32,
}

impl Tools {
    /// Finds the tools beside this program. Under cargo they are built first; that is quick when they are fresh.
    pub fn ready() -> Result<Self> {
        let own = std::env::current_exe().context("cannot find the folder of this program")?;
        let folder = own.parent().unwrap_or(Path::new(".")).to_path_buf();
        let present = STAGES.iter().chain([&ROLLBACK]).all(|tool| folder.join(program(tool)).is_file());
        if std::env::var_os("CARGO").is_some() && std::env::var_os("WAINWRIGHT_TOOLS_ARE_BUILT").is_none() {
            build(&folder, present)?;
        } else if !present {
            let what = format!("cannot find the tools in `{}`", folder.display());
            return Err(Failure::new(what).hint("call it as `cargo xtask`, which builds them").into());
        }
        Ok(Self { folder, project: None, environment: Vec::new() })
    }

    /// The same tools, working on the project in a folder.
    #[must_use]
    pub fn on(mut self, project: Option<&Path>) -> Self {
        self.project = project.map(Path::to_path_buf);
        self
    }

    /// The same tools, with a variable in their environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a tool on a document. Its lines appear as they come; `None` keeps them to the end.
    pub fn run(
        &self,
        tool: &str,
        arguments: &[&str],
        stdin: &[u8],
        show: Option<&Progress>,
    ) -> Result<Ended> {
        let mut command = Command::new(self.folder.join(program(tool)));
        command.args(arguments).envs(self.environment.iter().cloned());
        if let Some(project) = &self.project {
            command.arg("--project").arg(project);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot run `{tool}`"))?;
        let (input, errors) = (child.stdin.take(), child.stderr.take());
        let mut stderr = String::new();
        // The three streams at once: a full pipe on one must not stop the others.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A tool that ends without reading has its own reason, which its exit code tells.
                input.map(|mut pipe| pipe.write_all(stdin))
            });
            let lines = scope.spawn(|| {
                let mut text = String::new();
                for line in errors
                    .into_iter()
                    .flat_map(|pipe| BufReader::new(pipe).split(b'\n'))
                    .map_while(Result::ok)
                {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    show.iter().for_each(|progress| progress.line(tool, &line));
                    text.push_str(&line);
                    text.push('\n');
                }
                text
            });
            let output = child.wait_with_output();
            stderr = lines.join().unwrap_or_default();
            output
        })
        .with_context(|| format!("cannot wait for `{tool}`"))?;
        Ok(Ended { stdout: output.stdout, stderr, code: output.status.code().unwrap_or(1) })
    }
}

/// A failure with the exit code of the tool that it comes from.
pub fn failure_with_code(code: i32, message: String) -> Failure {
    match code {
        2 => Failure::usage(message),
        3 => Failure::document(message),
        _ => Failure::new(message),
    }
}

fn program(tool: &str) -> String {
    format!("{tool}{}", std::env::consts::EXE_SUFFIX)
}

/// Builds the whole workspace at once: building package by package would unify features anew each time.
fn build(folder: &Path, present: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(["build", "--workspace", "--bins", "--manifest-path"]).arg(manifest);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    // Nobody wants to read that nothing had to be built; everybody wants to see a first build go on.
    if present {
        command.arg("--quiet");
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().context("cannot run cargo")?;
    if !status.success() {
        return Err(Failure::new("cannot build the tools: see the errors of cargo above").into());
    }
    Ok(())
}
