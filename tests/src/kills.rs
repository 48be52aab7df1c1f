//! A program that is killed at one of its requests, with all that it has started.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Output;

use anyhow::{Context, Result};

use crate::{Sandbox, repository};

/// What counts the requests of a program, and kills it at one of them.
#[derive(Debug)]
pub struct Kills {
    folder: tempfile::TempDir,
}

impl Kills {
    /// A folder for what is counted.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// The end of a script for [`crate::servers::Faults`], which counts and kills. Several servers may have it.
    pub fn script(&self) -> Result<String> {
        let script = fs::read_to_string(repository().join("tests/tests/killed_requests/kill.py"))?;
        Ok(script.replace("@FOLDER@", &self.folder.path().to_string_lossy()))
    }

    /// Runs a program in a process group of its own. It is killed `before 3` or `after 3`, its third request; with
    /// `alone 3` what it has started lives on.
    pub fn run(
        &self,
        sandbox: &Sandbox,
        program: &str,
        arguments: &[&str],
        document: &str,
        at: &str,
    ) -> Result<Output> {
        for name in ["requests", "answers", "commands"] {
            let _ = fs::remove_file(self.folder.path().join(name));
        }
        let (group, input) = (self.folder.path().join("group"), sandbox.path("document.json"));
        fs::write(self.folder.path().join("at"), at)?;
        fs::write(&input, document)?;
        // Who is killed must be known before its first request.
        let script = format!("echo -n $$ > '{}'; exec \"$@\"", group.display());
        let mut command = sandbox.command("bash");
        command.args(["-c", &script, "bash"]).arg(sandbox.programs().join(program)).args(arguments);
        let output = command.process_group(0).stdin(fs::File::open(&input)?).output();
        fs::write(self.folder.path().join("at"), "")?;
        output.with_context(|| format!("cannot run {program}"))
    }

    /// The requests since the last start, in the order in which they came: the method, the path, the file.
    pub fn requests(&self) -> Vec<String> {
        self.lines("requests")
    }

    /// The files that were uploaded since the last start, with how often the server has taken them.
    pub fn taken(&self) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        for line in self.lines("answers") {
            if let [status, "POST", _, name] = line.split(' ').collect::<Vec<_>>()[..]
                && status.starts_with('2')
            {
                *taken.entry(name.to_owned()).or_default() += 1;
            }
        }
        taken
    }

    /// The command lines of the processes that were there at a request.
    pub fn commands(&self) -> Vec<String> {
        self.lines("commands")
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// Says whether a program was killed.
pub fn was_killed(output: &Output) -> bool {
    output.status.signal() == Some(9)
}
