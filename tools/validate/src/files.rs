//! Wheels and sdists that lie anywhere: each is checked, and all that is wrong with them is reported together.

use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::{Level, Problem};
use document::Failure;
use filter::Stage;
use rayon::prelude::*;

use crate::report::{self, Format};

/// What was found in one file.
pub struct Report {
    /// The file, as the arguments name it.
    pub file: String,
    /// Its problems, or why it could not be checked.
    pub found: Result<Vec<Problem>, String>,
}

/// Checks the files, prints what is wrong with them, and fails when one has an error or could not be checked.
pub fn check(stage: &Stage, files: &[PathBuf], format: Format) -> Result<()> {
    let reports: Vec<Report> = files.par_iter().map(|file| examine(file)).collect();
    match report::text(&reports, format)? {
        Some(text) => filter::write_stdout(&text)?,
        None => stage.actions(report::lines(&reports)),
    }
    conclude(&reports)
}

fn examine(path: &Path) -> Report {
    let found = distribution::problems(path).map_err(|error| format!("{error:#}"));
    Report { file: path.display().to_string(), found }
}

fn conclude(reports: &[Report]) -> Result<()> {
    let is_wrong = |report: &&Report| match &report.found {
        Ok(problems) => problems.iter().any(|problem| problem.code.check().level == Level::Error),
        Err(_) => true,
    };
    let wrong: Vec<&Report> = reports.iter().filter(is_wrong).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = wrong.iter().map(|report| format!("`{}`", report.file)).collect();
    let what = format!("cannot accept {} of {} files: {}", wrong.len(), reports.len(), names.join(", "));
    let codes = wrong.iter().filter_map(|report| report.found.as_ref().ok()).flatten();
    let hint = match codes.map(|problem| problem.code).find(|code| code.check().level == Level::Error) {
        Some(code) => format!("`validate --explain {code}` says what must hold, and how to mend it"),
        None => "name wheels and sdists that can be read".to_owned(),
    };
    Err(Failure::new(what).hint(hint).into())
}
