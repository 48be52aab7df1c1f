//! Wheels and sdists that lie anywhere: each is checked, and all that is wrong with them is reported together.

use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::siblings::{self, Sibling};
use distribution::{Code, FileName, Level, Levels, Problem};
use document::Failure;
use filter::Stage;
use rayon::prelude::*;
use uv::Uv;

use crate::descriptions::{self, Rendered};
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
///
/// Files of one package and version are compared with each other. For PyPI their descriptions are rendered too. A
/// `quick` check unpacks no member of a wheel but those of `.dist-info` that it reads.
pub fn check(
    stage: &Stage,
    files: &[PathBuf],
    levels: &Levels,
    format: Format,
    previous: &[PathBuf],
    quick: bool,
) -> Result<()> {
    let problems = if quick { distribution::glance } else { distribution::problems };
    let alone = |file: &PathBuf| problems(file).map_err(|error| format!("{error:#}"));
    let mut found: Vec<Result<Vec<Problem>, String>> = files.par_iter().with_max_len(1).map(alone).collect();
    for (at, problem) in beside_each_other(stage, files, levels)? {
        if let Ok(problems) = &mut found[at] {
            problems.push(problem);
        }
    }
    let levelled = |problem: Problem| levels.of(&problem).map(|level| (level, problem));
    let report = |(file, found): (&PathBuf, Result<Vec<Problem>, String>)| Report {
        file: file.display().to_string(),
        found: found.map(|problems| problems.into_iter().filter_map(levelled).collect()),
    };
    let reports: Vec<Report> = files.iter().zip(found).map(report).collect();
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

/// Lists what is found by more than one file, or by another program: each problem with the place of its file.
fn beside_each_other(stage: &Stage, files: &[PathBuf], levels: &Levels) -> Result<Vec<(usize, Problem)>> {
    let names: Vec<Option<FileName>> = files.iter().map(|file| FileName::of(file).ok()).collect();
    let release = |name: &FileName| (name.name.clone(), name.version.clone());
    let has_sibling =
        |name: &FileName| names.iter().flatten().filter(|other| release(other) == release(name)).count() > 1;
    let (mut places, mut siblings) = (Vec::new(), Vec::new());
    for (at, (path, name)) in files.iter().zip(&names).enumerate() {
        let Some(name) = name.as_ref().filter(|name| levels.are_for_pypi() || has_sibling(name)) else {
            continue;
        };
        // What cannot be read is told where the file is checked by itself.
        let Ok(metadata) = distribution::metadata(path) else { continue };
        let shown = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        places.push(at);
        siblings.push(Sibling { shown, file: name.clone(), metadata });
    }
    let mut found = siblings::differences(&siblings);
    if levels.are_for_pypi() && !levels.leave_out(Code::M041) {
        match descriptions::render(Uv::find, Path::new("."), &siblings)? {
            Rendered::Checked(problems) => found.extend(problems),
            Rendered::Skipped(reason) => stage.skip("descriptions", &reason),
        }
    }
    Ok(found.into_iter().map(|(at, problem)| (places[at], problem)).collect())
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
