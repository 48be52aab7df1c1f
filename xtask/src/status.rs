//! Where the releases of a project stand.

use std::path::Path;

use anyhow::Result;
use document::{Fate, Release, Withdrawal};

use crate::pipeline::STAGES;
use crate::record::{Progress, Record, Records};
use crate::release::where_it_stands;
use crate::tools::Tools;

/// Prints a line for each release that this repository has a record of, and what can be done next.
pub fn run(project: Option<&Path>) -> Result<()> {
    let records = Records::of(&Tools::ready()?.on(project))?;
    let all = records.all()?;
    if all.is_empty() {
        return filter::write_stdout("no release was made here yet by `cargo xtask release`\n");
    }
    let driven = records.is_driven();
    let mut text = String::new();
    for record in &all {
        let stopped = match record.progress() {
            Progress::Stopped(done) => Some(done),
            _ => None,
        };
        let stands = match stopped {
            Some(done) if driven => {
                format!("it is at {} now ({} of {})", STAGES[done], done + 1, STAGES.len())
            }
            _ => where_it_stands(record),
        };
        text.push_str(&format!("{}: {stands}\n", record.tag));
        if let (Some(done), false) = (stopped, driven) {
            let version = record.called();
            text.push_str(&format!("  next: {}\n", STAGES[done]));
            text.push_str("  go on with: cargo xtask release --resume\n");
            text.push_str(&format!("  or take it back: cargo xtask rollback {version}\n"));
        }
        for left in left_over(record) {
            text.push_str(&format!("  not taken back: {left}\n"));
        }
        text.push_str(&format!("  documents: {}\n", record.folder().display()));
    }
    filter::write_stdout(&text)
}

/// What a release that was taken back has left on the places of its files.
fn left_over(record: &Record) -> Vec<String> {
    let is_taken_back = record.progress() == Progress::TakenBack;
    // A document that cannot be read is told by whoever needs it.
    let document = record.newest().ok().flatten().filter(|_| is_taken_back);
    let release = document.and_then(|document| Release::from_json(&document).ok());
    let withdrawals = release.and_then(|release| release.withdrawals).unwrap_or_default();
    let is_left = |entry: &&Withdrawal| entry.fate == Fate::Kept && entry.what.contains(" on ");
    withdrawals.iter().filter(is_left).map(|entry| format!("{}: {}", entry.what, entry.detail)).collect()
}
