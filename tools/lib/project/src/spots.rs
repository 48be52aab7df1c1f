//! Where exactly a version stands in a text: inside a TOML string, a Python assignment, or a pattern.

use std::ops::Range;

use anyhow::Result;
use document::{Failure, ProjectPath, Spelling, Version};
use toml_edit::{Document, Value};

use crate::toml_text;

/// Parses a TOML file and keeps the places of its values.
pub(crate) fn parse_toml<'a>(path: &ProjectPath, text: &'a str) -> Result<Document<&'a str>> {
    Document::parse(without_bom(text)).map_err(|wrong| {
        let at = wrong.span().map_or(0, |span| span.start);
        let place = toml_text::place(without_bom(text), at);
        let cause = wrong.message().lines().next().unwrap_or("no TOML").to_owned();
        Failure::new(format!("cannot read `{path}:{place}`: {cause}")).hint("mend the TOML there").into()
    })
}

/// The bytes inside the quotes of a string value. An escape in it means that it is no version, and `None`.
pub(crate) fn inner(text: &str, value: &Value, offset: usize) -> Option<Range<usize>> {
    let content = value.as_str()?;
    let span = value.span()?;
    let span = span.start + offset..span.end + offset;
    let at = text.get(span.clone())?.find(content)?;
    let range = span.start + at..span.start + at + content.len();
    (!content.is_empty() && !content.contains('\\')).then_some(range)
}

/// The versions that stand where a pattern has `{version}`.
pub(crate) fn matches(text: &str, pattern: &str, spelling: Spelling) -> Vec<Range<usize>> {
    let (before, after) = pattern.split_once("{version}").unwrap_or((pattern, ""));
    let in_version = |c: char| c.is_ascii_alphanumeric() || ".!+-_".contains(c);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) =
        text.get(from..).and_then(|rest| rest.find(before)).map(|at| from + at + before.len())
    {
        let run = text[at..].find(|c| !in_version(c)).unwrap_or(text.len() - at);
        // What follows may itself begin with letters of a version, so the longest version that fits is taken.
        let end = (1..=run)
            .rev()
            .map(|length| at + length)
            .find(|end| text[*end..].starts_with(after) && Version::read(&text[at..*end], spelling).is_ok());
        found.extend(end.map(|end| at..end));
        let next = text[at..].chars().next().map_or(1, char::len_utf8);
        from = end.unwrap_or(at + next);
    }
    found
}

/// The versions in lines that Release Please's annotations mark: one with `x-release-please-version`, or all between
/// `x-release-please-start-version` and `x-release-please-end`.
pub(crate) fn annotated(text: &str, spelling: Spelling) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut in_block) = (0, false);
    for line in text.split_inclusive('\n') {
        in_block = (in_block || line.contains("x-release-please-start-version"))
            && !line.contains("x-release-please-end");
        if in_block || line.contains("x-release-please-version") {
            found.extend(version_in(line, spelling).map(|range| start + range.start..start + range.end));
        }
        start += line.len();
    }
    found
}

/// The first text of a line that reads as a version of at least three numbers.
fn version_in(line: &str, spelling: Spelling) -> Option<Range<usize>> {
    let in_version = |c: char| c.is_ascii_alphanumeric() || ".!+-_".contains(c);
    let mut from = 0;
    while let Some(at) = line[from..].find(|c: char| c.is_ascii_digit()).map(|at| from + at) {
        let run = line[at..].find(|c| !in_version(c)).unwrap_or(line.len() - at);
        let reads = |end: &usize| {
            Version::read(&line[at..*end], spelling).is_ok_and(|version| version.release().len() >= 3)
        };
        if let Some(end) = (1..=run).rev().map(|length| at + length).find(reads) {
            return Some(at..end);
        }
        from = at + run.max(1);
    }
    None
}

pub(crate) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
#[path = "spots_tests.rs"]
mod tests;
