//! The places of a file that hold the version of the project, among other versions that stand there.

use std::ops::Range;

use anyhow::{Context, Result};
use document::Version;

use crate::settings::VersionFile;

/// The places where a text has the `search` of a [[version-file]] with that version in it.
pub(crate) fn held(text: &str, file: &VersionFile, version: &Version) -> Result<Vec<Range<usize>>> {
    let search = file.search.as_deref().unwrap_or("{version}");
    let (before, after) = search.split_once("{version}").unwrap_or((search, ""));
    let spelled = version.spelled(file.spelling.into())?;
    let lines =
        file.lines.as_deref().map(regex_lite::Regex::new).transpose().context("cannot use `lines`")?;
    let mut wanted = format!("{before}{spelled}{after}");
    let mut start = before.len();
    // Settings are written with the line ends of their own file.
    if text.contains("\r\n") {
        wanted = wanted.replace("\r\n", "\n").replace('\n', "\r\n");
        start += before.matches('\n').count() - before.matches("\r\n").count();
    }
    let found = text.match_indices(&wanted).map(|(at, _)| at + start..at + start + spelled.len());
    Ok(found
        .filter(|range| is_whole(text, range))
        .filter(|range| lines.as_ref().is_none_or(|lines| lines.is_match(line_at(text, range.start))))
        .collect())
}

/// Says whether a version stands there, and not a part of a longer one.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let mut before = text[..range.start].chars().rev();
    let longer_before = match before.next() {
        Some('.' | '!') => digit(before.next()),
        c => digit(c),
    };
    let mut after = text[range.end..].chars();
    let longer_after = match after.next() {
        Some('.') => digit(after.next()),
        c => c.is_some_and(|c| c.is_ascii_alphanumeric()),
    };
    !longer_before && !longer_after
}

/// The line of an offset, without its end.
fn line_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[start..].lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, search: &str, lines: Option<&str>) -> Vec<usize> {
        let file = VersionFile {
            path: "x".parse().unwrap(),
            search: Some(search.to_owned()),
            key: None,
            count: None,
            current_only: true,
            lines: lines.map(str::to_owned),
            optional: false,
            package: None,
            spelling: crate::VersionSpelling::Pep440,
        };
        let ranges = held(text, &file, &"1.2.3".parse().unwrap()).unwrap();
        ranges.into_iter().map(|range| range.start).collect()
    }

    #[test]
    fn finds_the_version_and_no_longer_one() {
        assert_eq!(found("1.2.3 11.2.3 1.2.30 1.2.3.4 1.2.3rc1 0.1.2.3 v1.2.3.", "{version}", None), [0, 46]);
        assert_eq!(found("é1.2.3\r\nx-1.2.3.tar.gz", "{version}", None), [2, 11]);
        assert_eq!(found("a\r\n1.2.3\r\nb", "a\n{version}\nb", None), [3]);
        assert_eq!(found("v = 1.2.3; w = 1.2.3; v = 1.2.4", "v = {version}", None), [4]);
    }

    #[test]
    fn looks_only_at_the_lines_that_fit() {
        let text = "version = 1.2.3\r\nneeds = 1.2.3\r\nthe version is 1.2.3";
        assert_eq!(found(text, "{version}", Some("^version")), [10]);
        assert_eq!(found(text, "{version}", Some("version")), [10, 47]);
        assert_eq!(found(text, "{version}", Some(r"1\.2\.3$")), [10, 25, 47]);
    }
}
