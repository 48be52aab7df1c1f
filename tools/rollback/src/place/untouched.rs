//! A place that this build, or this machine, can do nothing about.

use anyhow::Result;
use document::{Fate, Withdrawal};
use filter::{Outcome, Stage, Step};

use super::Place;
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
}

impl Place for Untouched {
    fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    fn carry_out(&self, stage: &Stage) -> Result<()> {
        stage.perform(&self.steps, |_| Ok(Outcome::Done))
    }
}
