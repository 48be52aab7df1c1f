//! A place that this build, or this machine, can do nothing about.

use anyhow::{Error, Result};
use document::{Fate, Withdrawal};
use filter::{Outcome, Stage, Step};

use super::{Circumstances, Place};
use crate::target::Target;

/// The place, with the reason.
#[derive(Debug)]
pub struct Untouched {
    steps: Vec<Step<String>>,
    withdrawals: Vec<Withdrawal>,
}

impl Untouched {
    /// Leaves every file that the document names as it is, for this reason.
    pub fn new(target: &Target, reason: &str) -> Self {
        let stated = || target.files.iter().filter(|file| file.is_stated);
        let step = |path| Step::skip(format!("take {path} back from {}", target.name), reason);
        let kept = |what| Withdrawal { what, fate: Fate::Kept, detail: reason.to_owned() };
        Self {
            steps: stated().map(|file| step(&file.path)).collect(),
            withdrawals: stated().map(|file| kept(target.what(file))).collect(),
        }
    }

    /// Could not look at a place where the document names no file: it stops nothing, and it is not forgotten.
    ///
    /// Once the tag is public, a run that was cut short may have shown files there.
    pub fn unseen(target: &Target, circumstances: &Circumstances, cause: &Error) -> Self {
        let reason = format!("nobody could look whether anything is left: {cause:#}");
        let what = format!("release {} on {}", circumstances.release.version.tag, target.name);
        let step = Step::skip(format!("take the {what} back"), &reason);
        let is_out = circumstances.release.tag.is_some();
        let kept = is_out.then_some(Withdrawal { what, fate: Fate::Kept, detail: reason });
        Self { steps: vec![step], withdrawals: kept.into_iter().collect() }
    }
}

impl Place for Untouched {
    fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    fn carry_out(&self, stage: &Stage) -> Result<()> {
        stage.perform(&self.steps, |_| Ok(Outcome::Done))
    }
}
