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
///
/// A pattern that begins with a word is not found at the end of a longer one: `version = "{version}"` is not in
/// `python_version = "3.12"`. A `v` before the version stays outside of it.
pub(crate) fn matches(text: &str, pattern: &str, spelling: Spelling) -> Vec<Range<usize>> {
    let found = found_at(text, pattern, spelling);
    found.filter(|(start, _)| !joins(&text[..*start], pattern)).map(|(_, range)| range).collect()
}

/// The first place at which a pattern is only the end of a longer word.
pub(crate) fn within_a_word(text: &str, pattern: &str, spelling: Spelling) -> Option<usize> {
    let mut found = found_at(text, pattern, spelling);
    found.find(|(start, _)| joins(&text[..*start], pattern)).map(|(start, _)| start)
}

/// Where a pattern matches, and the version there.
fn found_at(text: &str, pattern: &str, spelling: Spelling) -> impl Iterator<Item = (usize, Range<usize>)> {
    let (before, after) = pattern.split_once("{version}").unwrap_or((pattern, ""));
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(before)?;
            let at = start + before.len();
            let at = at + usize::from(text[at..].starts_with(['v', 'V']));
            if let Some(end) = version_end(text, at, after, spelling) {
                from = end;
                return Some((start, at..end));
            }
            from = start + text[start..].chars().next().map_or(1, char::len_utf8);
        }
    })
}

/// Says whether the text before a match makes the first word of its pattern a longer one.
fn joins(before: &str, pattern: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let Some(last) = before.chars().next_back() else { return false };
    if pattern.starts_with("{version}") {
        return is_word(last) || last == '.';
    }
    let rest = pattern.trim_start_matches(is_word);
    // `-` goes on in a key, and ends a word elsewhere, as in `demo-v1.2.3.tar.gz`.
    let is_key = rest.trim_start_matches([' ', '\t', '"', '\'']).starts_with(['=', ':']);
    rest.len() < pattern.len() && (is_word(last) || last == '-' && is_key)
}

/// More characters than any version has; what is longer is no version, and is not tried.
const LONGEST: usize = 200;

/// The end of the longest version that starts there and stands before `after`. It ends in no middle of a word:
/// `1.2.3-b` is no version in `1.2.3-bookworm`.
fn version_end(text: &str, at: usize, after: &str, spelling: Spelling) -> Option<usize> {
    let rest = text.get(at..).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))?;
    let run = rest.find(|c| !in_version(c)).unwrap_or(rest.len()).min(LONGEST);
    let splits_word = |end: usize| {
        let inner = rest[..end].ends_with(|c: char| c.is_ascii_alphabetic());
        rest[end..].starts_with(|c: char| c.is_alphabetic() && inner)
            || after.is_empty() && rest[end..].starts_with(char::is_alphanumeric)
    };
    let fits = |end: &usize| {
        rest[*end..].starts_with(after)
            && !splits_word(*end)
            && Version::read(&rest[..*end], spelling).is_ok()
    };
    (1..=run).rev().find(fits).map(|end| at + end)
}

fn in_version(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!+-_".contains(c)
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
    let digit = |c: char| c.is_ascii_digit();
    let mut from = 0;
    while let Some(at) = line[from..].find(digit).map(|at| from + at) {
        let end = version_end(line, at, "", spelling);
        let reads = |end: &usize| {
            Version::read(&line[at..*end], spelling).is_ok_and(|version| version.release().len() >= 3)
        };
        if let Some(end) = end.filter(reads) {
            return Some(at..end);
        }
        let number = |c: char| c.is_ascii_digit() || c == '.';
        from = at + line[at..].find(|c| !number(c)).unwrap_or(line.len() - at);
    }
    None
}

pub(crate) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
#[path = "spots_tests.rs"]
mod tests;
