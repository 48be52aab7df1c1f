//! What was found in files, for people and in the formats of machines.

use anyhow::{Context, Result};
use distribution::{CHECKS, Level, Problem};
use serde_json::{Value, json};

use crate::files::Report;

/// How the problems of files are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A line for each problem, for people
    Text,
    /// One JSON object
    Json,
    /// Annotations, as GitHub Actions reads them from a step's output
    Github,
    /// SARIF 2.1.0, which code scanners and editors read
    Sarif,
}

/// One line for each problem, `FILE: E W017: what is wrong`, and one for each file that has none.
pub fn lines(reports: &[Report]) -> Vec<String> {
    let mut lines = Vec::new();
    for Report { file, found } in reports {
        match found {
            Ok(problems) if problems.is_empty() => lines.push(format!("{file}: ok")),
            Ok(problems) => lines.extend(problems.iter().map(|(level, problem)| {
                let letter = match level {
                    Level::Error => 'E',
                    Level::Warning => 'W',
                };
                format!("{file}: {letter} {problem}")
            })),
            Err(cause) => lines.push(format!("{file}: {cause}")),
        }
    }
    lines
}

/// The text that a machine reads on stdout; `None` in the format for people.
pub fn text(reports: &[Report], format: Format) -> Result<Option<String>> {
    let document = match format {
        Format::Text => return Ok(None),
        Format::Github => return Ok(Some(github(reports))),
        Format::Json => json(reports),
        Format::Sarif => sarif(reports),
    };
    let text = serde_json::to_string_pretty(&document).context("cannot write what was found as JSON")?;
    Ok(Some(text + "\n"))
}

fn json(reports: &[Report]) -> Value {
    let files: Vec<Value> = reports
        .iter()
        .map(|Report { file, found }| {
            let problems = found.as_ref().map(|problems| {
                let one = |(level, problem): &(Level, Problem)| {
                    let (code, level) = (problem.code.to_string(), level.to_string());
                    let hint = problem.code.check().hint;
                    json!({"code": code, "level": level, "message": problem.message, "hint": hint})
                };
                problems.iter().map(one).collect::<Vec<_>>()
            });
            json!({"file": file, "problems": problems.as_ref().ok(), "unchecked": found.as_ref().err()})
        })
        .collect();
    json!({"files": files})
}

/// Workflow commands of GitHub Actions: a newline ends one, so that it is escaped.
fn github(reports: &[Report]) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut text = String::new();
    for Report { file, found } in reports {
        let file = property(file);
        match found {
            Ok(problems) => text.extend(problems.iter().map(|(level, problem)| {
                let (code, message) = (problem.code, data(&problem.message));
                format!("::{level} file={file},title={code}::{message}\n")
            })),
            Err(cause) => text.push_str(&format!("::error file={file},title=unchecked::{}\n", data(cause))),
        }
    }
    text
}

/// The format of OASIS for the results of static analysis; what could not be checked is a notification of the tool.
fn sarif(reports: &[Report]) -> Value {
    let all = || reports.iter().filter_map(|report| report.found.as_ref().ok()).flatten();
    let met = CHECKS.iter().filter(|check| all().any(|(_, problem)| problem.code == check.code));
    let rules: Vec<Value> = met
        .map(|check| {
            json!({
                "id": check.code.to_string(),
                "shortDescription": {"text": check.rule},
                "fullDescription": {"text": format!("{}. Source: {}.", check.rule, check.source)},
                "help": {"text": check.hint},
                "defaultConfiguration": {"level": check.weight.level(false).to_string()},
            })
        })
        .collect();
    let place = |file: &str| {
        // Code scanning on GitHub asks for a line, and a file of bytes has but one.
        json!([{"physicalLocation": {"artifactLocation": {"uri": uri(file)}, "region": {"startLine": 1}}}])
    };
    let (mut results, mut notifications) = (Vec::new(), Vec::new());
    for Report { file, found } in reports {
        match found {
            Ok(problems) => results.extend(problems.iter().map(|(level, problem)| {
                json!({
                    "ruleId": problem.code.to_string(),
                    "level": level.to_string(),
                    "message": {"text": problem.message},
                    "locations": place(file),
                })
            })),
            Err(cause) => notifications
                .push(json!({"level": "error", "message": {"text": cause}, "locations": place(file)})),
        }
    }
    let invocation =
        json!({"executionSuccessful": notifications.is_empty(), "toolExecutionNotifications": notifications});
    let driver = json!({"name": "validate", "rules": rules});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "invocations": [invocation], "results": results}],
    })
}

/// A path as a relative URI (RFC 3986): what may not stand in one is written as `%` and two digits.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'!' | b'+' => {
                text.push(char::from(byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_one_line_whatever_the_names_are() {
        let found = Err("cannot read `a`\n50%".to_owned());
        let text = github(&[Report { file: "C:a,b\n.whl".to_owned(), found }]);
        assert_eq!(text, "::error file=C%3Aa%2Cb%0A.whl,title=unchecked::cannot read `a`%0A50%25\n");
    }

    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(uri("dist/a b-1+ü.whl"), "dist/a%20b-1+%C3%BC.whl");
    }
}
