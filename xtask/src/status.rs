//! Where the releases of a project stand.

use std::path::Path;

use anyhow::Result;

use crate::pipeline::STAGES;
use crate::record::{Progress, Records};
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
        text.push_str(&format!("  documents: {}\n", record.folder().display()));
    }
    filter::write_stdout(&text)
}
