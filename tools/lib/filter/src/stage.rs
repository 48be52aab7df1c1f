//! One tool's place in the pipeline: its document, its plan and its lines for people.

use std::fmt::Display;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::Release;

use crate::plan::{Outcome, Step};
use crate::printer::{print_line, print_lines};

/// What a job sees of the world around its tool.
#[derive(Debug)]
pub struct Stage {
    tool: String,
    project: Option<PathBuf>,
    dry_run: bool,
}

impl Stage {
    /// A stage of that name; the project's folder and `dry_run` as the arguments have them.
    pub(crate) fn new(tool: &str, project: Option<PathBuf>, dry_run: bool) -> Self {
        Self { tool: tool.to_owned(), project, dry_run }
    }

    /// The folder in which the project was asked for; `None` is the current one.
    pub fn project(&self) -> Option<&Path> {
        self.project.as_deref()
    }

    /// Takes the release document from stdin.
    ///
    /// A pipe or a file must hold a document. On a terminal nobody stands before this tool, and it starts from
    /// the project as it is, which `current` returns. A document of a dry run makes this a dry run too.
    pub fn release(&mut self, current: impl FnOnce() -> Result<Release>) -> Result<Release> {
        let mut stdin = std::io::stdin().lock();
        if stdin.is_terminal() {
            return current();
        }
        let mut text = Vec::new();
        stdin.read_to_end(&mut text).context("cannot read the release document on stdin")?;
        let release = Release::from_json(&text)?;
        self.dry_run |= release.dry_run;
        Ok(release)
    }

    /// Says whether nothing may be written.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Says something that is no action: a result, a place, a reason.
    pub fn note(&self, text: impl Display) {
        print_line(&self.tool, &format!("note: {text}"));
    }

    /// Says that something is not as it should be, and does not stop the job.
    pub fn warn(&self, text: impl Display) {
        print_line(&self.tool, &format!("warning: {text}"));
    }

    /// Says that something was left alone, and why.
    pub fn skip(&self, what: impl Display, reason: impl Display) {
        print_line(&self.tool, &format!("skip: {what}: {reason}"));
    }

    /// Says what is about to be done. A dry run says the same words and does nothing.
    pub fn action(&self, action: impl Display) {
        print_line(&self.tool, &action.to_string());
    }

    /// Says what is about to be done in one piece, all of it with one write.
    pub fn actions<A: Display>(&self, actions: impl IntoIterator<Item = A>) {
        print_lines(&self.tool, actions);
    }

    /// Carries out a plan step by step: says each action, and applies it unless this is a dry run.
    pub fn perform<A: Display>(
        &self,
        plan: &[Step<A>],
        mut apply: impl FnMut(&A) -> Result<Outcome>,
    ) -> Result<()> {
        for step in plan {
            let action = match step {
                Step::Do(action) => action,
                Step::Skip { what, reason } => {
                    self.skip(what, reason);
                    continue;
                }
            };
            self.action(action);
            if self.dry_run {
                continue;
            }
            match apply(action)? {
                Outcome::Done => {}
                Outcome::Noted(text) => self.note(text),
                Outcome::Skipped(reason) => self.skip(action, reason),
            }
        }
        Ok(())
    }
}
