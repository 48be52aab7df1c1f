//! Wheels and sdists that lie anywhere: each is checked, and all that is wrong with them is reported together.

use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::{Level, Levels, Problem};
use document::Failure;
use filter::Stage;
use rayon::prelude::*;

use crate::drift::{self, Weight};
use crate::report::{self, Format};

/// What was found in one file.
pub struct Report {
    /// The file, as the arguments name it.
    pub file: String,
    /// Its problems with their levels, or why it could not be checked.
    pub found: Result<Vec<(Level, Problem)>, String>,
}

/// Checks the files, prints what is wrong with them, and fails when one has an error or could not be checked.
pub fn check(
    stage: &Stage,
    files: &[PathBuf],
    levels: &Levels,
    format: Format,
    previous: &[PathBuf],
) -> Result<()> {
    let reports: Vec<Report> = files.par_iter().map(|file| examine(file, levels)).collect();
    match report::text(&reports, format)? {
        Some(text) => filter::write_stdout(&text)?,
        None => stage.actions(report::lines(&reports)),
    }
    if !previous.is_empty() {
        for (file, said) in files.iter().zip(drift::compare_files(files, previous)?) {
            let Some((weight, said)) = said else { continue };
            let said = format!("{}: {said}", file.display());
            if weight == Weight::Note { stage.note(said) } else { stage.warn(said) }
        }
    }
    conclude(&reports)
}

fn examine(path: &Path, levels: &Levels) -> Report {
    let levelled = |problem: Problem| levels.of(&problem).map(|level| (level, problem));
    let found = distribution::problems(path).map_err(|error| format!("{error:#}"));
    let found = found.map(|problems| problems.into_iter().filter_map(levelled).collect());
    Report { file: path.display().to_string(), found }
}

fn conclude(reports: &[Report]) -> Result<()> {
    let is_error = |(level, _): &(Level, Problem)| *level == Level::Error;
    let is_wrong = |report: &&Report| match &report.found {
        Ok(problems) => problems.iter().any(is_error),
        Err(_) => true,
    };
    let wrong: Vec<&Report> = reports.iter().filter(is_wrong).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = wrong.iter().map(|report| format!("`{}`", report.file)).collect();
    let what = format!("cannot accept {} of {} files: {}", wrong.len(), reports.len(), names.join(", "));
    let mut found = wrong.iter().filter_map(|report| report.found.as_ref().ok()).flatten();
    let hint = match found.find(|found| is_error(found)).map(|(_, problem)| problem.code) {
        Some(code) => format!("`validate --explain {code}` says what must hold, and how to mend it"),
        None => "name wheels and sdists that can be read".to_owned(),
    };
    Err(Failure::new(what).hint(hint).into())
}
