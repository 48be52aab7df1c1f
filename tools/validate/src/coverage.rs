//! The coverage of a test run: from Cobertura's XML, or from the JSON or the data of coverage.py.
//!
//! Where branches were measured they count as `coverage report` counts them: lines and branches that were reached, of
//! all lines and branches.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use document::Failure;
use project::Percent;
use serde_json::Value;
use uv::Uv;

/// What a SQLite database begins with, which coverage.py keeps its data in.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Returns the coverage in percent that a file of the project reports; what it is shows its content.
pub fn reached(report: &Path, root: &Path, uv: &Uv) -> Result<f64> {
    let bytes = std::fs::read(report).context("cannot read it")?;
    let bytes = if bytes.starts_with(SQLITE) { exported(report, root, uv)? } else { bytes };
    let text = String::from_utf8(bytes).map_err(|_| Failure::new("it is no UTF-8"))?;
    Ok(of_text(&text).map_err(Failure::new)?)
}

/// Compares a coverage with the minimum, and says both.
pub fn judge(reached: f64, minimum: Percent) -> Result<String, Failure> {
    // Cut and not rounded, so that 89.999 % never reads as 90 %.
    let shown = (reached * 100.0 + 1e-6).floor() / 100.0;
    // What is computed from counts may be off in its last bits.
    if reached + 1e-9 >= minimum.value() {
        return Ok(format!("coverage {shown:.2} %, at least {minimum} % is asked for"));
    }
    Err(Failure::new(format!("cannot accept a coverage of {shown:.2} %: at least {minimum} % is asked for"))
        .hint("write the tests that are missing"))
}

/// The coverage that a report tells, or why it tells none.
fn of_text(text: &str) -> Result<f64, String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.chars().next() {
        Some('<') => of_xml(text),
        Some('{') => of_json(text),
        Some(_) => Err("it is neither XML nor JSON, nor the data of coverage.py".to_owned()),
        None => Err("it is empty".to_owned()),
    }
}

fn of_xml(text: &str) -> Result<f64, String> {
    // Cobertura's own reports name a DTD; what it could expand to is limited by the reader.
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let report = roxmltree::Document::parse_with_options(text, options)
        .map_err(|cause| format!("it is no XML: {cause}"))?;
    let root = report.root_element();
    if root.tag_name().name() != "coverage" {
        return Err(format!("its root is `{}`, and Cobertura's is `coverage`", root.tag_name().name()));
    }
    let count = |name: &str| root.attribute(name).and_then(|count| count.parse::<u64>().ok());
    let counts = |what: &str| Some((count(&format!("{what}-covered"))?, count(&format!("{what}-valid"))?));
    // The counts are exact, where the rate has four digits.
    if let (Some(lines), branches) = (counts("lines"), counts("branches").unwrap_or_default()) {
        let (covered, all) = (lines.0 + branches.0, lines.1 + branches.1);
        if covered > all {
            return Err(format!("it counts {covered} lines and branches as covered, of {all}"));
        }
        // As coverage.py has it: where there is nothing to reach, all of it is reached.
        return Ok(if all == 0 { 100.0 } else { covered as f64 / all as f64 * 100.0 });
    }
    let rate = root.attribute("line-rate").ok_or("its root has no `line-rate`")?;
    let number: Option<f64> = rate.parse().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .map(|number| number * 100.0)
        .ok_or_else(|| format!("its `line-rate` is `{rate}`, not a number from 0 to 1"))
}

fn of_json(text: &str) -> Result<f64, String> {
    let report: Value = serde_json::from_str(text).map_err(|cause| format!("it is no JSON: {cause}"))?;
    let percent = report
        .pointer("/totals/percent_covered")
        .ok_or("it has no `totals.percent_covered`, as `coverage json` writes it")?;
    percent
        .as_f64()
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| format!("its `totals.percent_covered` is `{percent}`, not a number from 0 to 100"))
}

/// The JSON report of coverage.py's data, made by coverage.py itself with the project's own settings.
fn exported(data: &Path, root: &Path, uv: &Uv) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let report = folder.path().join("coverage.json");
    let mut command = program(root, uv)?;
    // A minimum of the project's settings would be an error here, without a word of where it stands.
    command.args(["json", "--quiet", "--fail-under=0", "--data-file"]).arg(data).arg("-o").arg(&report);
    project::run(command.current_dir(root)).context("coverage.py cannot read it")?;
    std::fs::read(&report).context("cannot read what coverage.py made of it")
}

/// The program `coverage` of the project's environment, else the one on PATH, else the newest from the user's index.
fn program(root: &Path, uv: &Uv) -> Result<Command> {
    for place in [root.join(".venv/bin/coverage"), PathBuf::from("coverage")] {
        // A shim may stand on PATH for a program that is in no environment.
        let runs = project::run_quietly(Command::new(&place).arg("--version").current_dir(root));
        if runs.is_ok_and(|output| output.status.success()) {
            return Ok(Command::new(place));
        }
    }
    let mut command = uv.command();
    command.args(["tool", "run", "--quiet", "coverage"]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(attributes: &str) -> String {
        format!(
            "\u{feff}<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM \"coverage-04.dtd\">\n\
             <coverage {attributes}><packages/></coverage>"
        )
    }

    #[test]
    fn reads_the_rate_of_the_whole() {
        assert_eq!(of_text(&report("line-rate=\"0.5\" branch-rate=\"0\"")), Ok(50.0));
        assert!(of_text(&report("line-rate=\"1.5\"")).unwrap_err().contains("`line-rate` is `1.5`"));
        assert!(of_text(&report("line-rate=\"NaN\"")).is_err());
        assert_eq!(of_text("<coverage/>").unwrap_err(), "its root has no `line-rate`");
        assert!(of_text("<testsuite/>").unwrap_err().contains("`testsuite`"));
        assert!(of_text("<not xml").unwrap_err().starts_with("it is no XML: "));
    }

    #[test]
    fn counts_lines_and_branches_where_the_report_has_counts() {
        let lines = "line-rate=\"0.67\" lines-covered=\"2\" lines-valid=\"3\"";
        assert_eq!(of_text(&report(lines)), Ok(2.0 / 3.0 * 100.0));
        let both = format!("{lines} branches-covered=\"1\" branches-valid=\"5\"");
        assert_eq!(of_text(&report(&both)), Ok(37.5));
        assert_eq!(of_text(&report("lines-covered=\"0\" lines-valid=\"0\"")), Ok(100.0));
        let wrong = of_text(&report("lines-covered=\"3\" lines-valid=\"2\"")).unwrap_err();
        assert_eq!(wrong, "it counts 3 lines and branches as covered, of 2");
    }

    #[test]
    fn reads_the_total_of_a_json_report() {
        assert_eq!(of_text("\n{\"totals\": {\"percent_covered\": 91.25}}"), Ok(91.25));
        assert!(of_text("{\"totals\": {}}").unwrap_err().contains("no `totals.percent_covered`"));
        let wrong = of_text("{\"totals\": {\"percent_covered\": \"91\"}}").unwrap_err();
        assert!(wrong.contains("is `\"91\"`, not a number"), "{wrong}");
        assert!(of_text("{").unwrap_err().starts_with("it is no JSON: "));
        assert!(of_text("TN:\nSF:a.py").unwrap_err().starts_with("it is neither XML nor JSON"));
        assert_eq!(of_text(" \n").unwrap_err(), "it is empty");
    }

    #[test]
    fn the_minimum_itself_is_enough() {
        let percent = |text: &str| text.parse::<f64>().ok().and_then(Percent::new).unwrap();
        let judge = |reached, minimum| judge(reached, percent(minimum));
        assert_eq!(judge(90.0, "90").unwrap(), "coverage 90.00 %, at least 90 % is asked for");
        assert!(judge(29.0 / 100.0 * 100.0, "29").is_ok() && judge(100.0, "100").is_ok());
        assert!(judge(0.0, "0").is_ok() && judge(92.49, "92.5").is_err());
        let error = judge(89.999, "90").unwrap_err().to_string();
        assert_eq!(error, "cannot accept a coverage of 89.99 %: at least 90 % is asked for");
    }
}
