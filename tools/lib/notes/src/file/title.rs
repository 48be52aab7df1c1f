//! What the title of a section says: a release, one to come, or neither.

use std::ops::Range;

use document::{Version, VersionStep};

/// What a title says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Title {
    /// The entries of a release to come: `[Unreleased]`, `Next release`, `main`.
    Unreleased,
    /// The entries of a release to come that has a version already: `1.4.0 (unreleased)`.
    Pending,
    /// A release.
    Released(Version),
    /// Something else.
    Other,
}

/// Whole titles of entries that are not released yet, in lower case and without what stands around them.
const UNRELEASED: [&str; 15] = [
    "unreleased",
    "unreleased changes",
    "not yet released",
    "next",
    "next release",
    "next version",
    "upcoming",
    "upcoming release",
    "upcoming changes",
    "in development",
    "development",
    "dev",
    "head",
    "main",
    "master",
];

/// What stands in the place of the date before a release.
const NO_DATE: [&str; 9] = [
    "not yet released",
    "in development",
    "not released",
    "yyyy-mm-dd",
    "xxxx-xx-xx",
    "unreleased",
    "upcoming",
    "tbd",
    "dev",
];

impl Title {
    /// Reads a title, without its marks.
    pub fn read(title: &str) -> Self {
        if UNRELEASED.contains(&bare(without_target(title)).to_lowercase().as_str()) {
            return Title::Unreleased;
        }
        let Some((range, version)) = version_in(title) else { return Title::Other };
        match no_date(title, range.end) {
            Some(_) => Title::Pending,
            None => Title::Released(version),
        }
    }

    /// Says whether the section holds what comes into the next release.
    pub fn is_open(&self) -> bool {
        matches!(self, Title::Unreleased | Title::Pending)
    }

    /// Says whether the title is of a release, or of one to come.
    pub fn is_release(&self) -> bool {
        *self != Title::Other
    }
}

/// The version that a title names: `1.3.0` in `[1.3.0] - 2026-03-01`, `[1.3.0](url) (date)`, `v1.3.0 (date)` and
/// `Version 1.3.0: name`.
pub fn version_of(title: &str) -> Option<Version> {
    version_in(title).map(|(_, version)| version)
}

/// Says whether a title is nothing but a version, perhaps with a date or a link.
pub fn is_version_alone(title: &str) -> bool {
    version_in(title).is_some_and(|(range, _)| {
        let rest = title[range.end..].trim_start_matches([']', ' ']);
        rest.is_empty() || rest.starts_with(['(', '-', '–', '—', ':', '/'])
    })
}

/// Says whether a title is a version with nothing behind it.
pub fn has_no_date(title: &str) -> bool {
    version_in(title).is_some_and(|(range, _)| bare(&title[range.end..]).is_empty())
}

/// Says whether a line stands in the place of a date: `Unreleased`.
pub fn is_no_date(line: &str) -> bool {
    NO_DATE.iter().any(|known| bare(line).eq_ignore_ascii_case(known))
}

/// Says whether a line below a title says when that was released, or that it was not yet.
pub fn is_status(line: &str) -> bool {
    let date = bare(line).strip_prefix("Released ").map(|date| date.trim_start_matches("on "));
    is_no_date(line) || date.is_some_and(|date| date.starts_with(|c: char| c.is_ascii_digit()))
}

/// A title like `1.4.0 (unreleased)` with the version and, where it has a place for it, the date of a release.
pub fn dated(title: &str, step: &VersionStep) -> String {
    let Some((version, _)) = version_in(title) else { return title.to_owned() };
    let Some(date) = no_date(title, version.end) else {
        return format!("{}{}{}", &title[..version.start], step.current, &title[version.end..]);
    };
    let (before, between) = (&title[..version.start], &title[version.end..date.start]);
    format!("{before}{}{between}{}{}", step.current, step.date, &title[date.end..])
}

fn version_in(title: &str) -> Option<(Range<usize>, Version)> {
    // A sign of joy may stand before the words.
    let text = title.trim_start_matches(|c: char| !c.is_ascii() || c == ' ');
    let words = ["version ", "release "];
    let word = words
        .iter()
        .find(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    let rest = &text[word.map_or(0, |word| word.len())..];
    let (range, version) = version_at(rest).or_else(|| version_behind_name(rest))?;
    let start = title.len() - rest.len();
    Some((range.start + start..range.end + start, version))
}

/// The version behind the name of the project, where it cannot be taken for that of something else: `Python 3.13` may
/// be what the entries below are about.
fn version_behind_name(text: &str) -> Option<(Range<usize>, Version)> {
    let (name, rest) = text.split_once(' ')?;
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let (range, version) = version_at(rest).filter(|_| is_name)?;
    let behind = bare(&rest[range.end..]);
    let is_date = behind.len() >= 8 && behind.chars().all(|c| c.is_ascii_digit() || "-./".contains(c));
    let is_to_come = NO_DATE.iter().any(|known| behind.eq_ignore_ascii_case(known));
    let is_long = behind.is_empty() && rest[range.clone()].matches('.').count() > 1;
    let start = name.len() + 1;
    (is_date || is_to_come || is_long).then(|| (range.start + start..range.end + start, version))
}

/// The version that a text starts with.
fn version_at(text: &str) -> Option<(Range<usize>, Version)> {
    let rest = text.trim_start_matches(['[', ' ']);
    let rest = rest.strip_prefix(['v', 'V']).unwrap_or(rest);
    let version = rest.split([']', ' ', '(', ':', ',']).next()?;
    let start = text.len() - rest.len();
    Some((start..start + version.len(), version.parse().ok()?))
}

/// The title without the target of the link that the whole of it is.
fn without_target(title: &str) -> &str {
    title.split_once("](").filter(|(_, target)| target.ends_with(')')).map_or(title, |(label, _)| label)
}

/// Where the place of the date is, behind the version.
fn no_date(title: &str, version_end: usize) -> Option<Range<usize>> {
    let rest = &title[version_end..];
    let word = bare(rest);
    let start = version_end + rest.find(word).filter(|_| !word.is_empty())?;
    NO_DATE.iter().any(|known| word.eq_ignore_ascii_case(known)).then(|| start..start + word.len())
}

/// A text without the brackets, dashes and pictures around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || !c.is_ascii() || "[]()-:*_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::Level;

    #[test]
    fn tells_what_is_released_from_what_is_to_come() {
        for text in [
            "[Unreleased]",
            "Unreleased",
            "unreleased changes",
            "Next release",
            "Next",
            "Upcoming",
            "HEAD",
            "main",
            "(unreleased)",
            "*Unreleased*",
            "[Unreleased](https://h/o/r/compare/1.2.3...HEAD)",
            "🚀 Unreleased",
            "dev",
        ] {
            assert_eq!(Title::read(text), Title::Unreleased, "{text}");
        }
        for text in [
            "1.4.0 (unreleased)",
            "[1.4.0] - Unreleased",
            "v1.4 - YYYY-MM-DD",
            "Version 1.4.0 [TBD]",
            "pytest 1.4 (unreleased)",
        ] {
            assert_eq!(Title::read(text), Title::Pending, "{text}");
        }
        for text in [
            "1.4.0",
            "[1.4.0] - 2026-01-01",
            "v1.4.0 (2026-01-01)",
            "1.4: the unreleased album",
            "🎉 v1.4.0 (2026-01-01)",
            "pytest 1.4.0 (2026-01-01)",
            "da-vinci v1.4.0",
            "pytest 1.4 - 2026-01-01",
        ] {
            assert!(matches!(Title::read(text), Title::Released(_)), "{text}");
        }
        for text in [
            "Python 3.12",
            "Python 3.12.1 is needed",
            "Moving to 1.4.0",
            "🎉 Thanks",
            "How to read this",
            "Next steps for users",
            "maintenance",
            "",
            "é",
        ] {
            assert_eq!(Title::read(text), Title::Other, "{text}");
        }
        assert!(is_version_alone("1.4 - 2026-01-01") && is_version_alone("[1.4](url) (date)"));
        assert!(!is_version_alone("2.0 migration guide"));
    }

    #[test]
    fn a_pending_title_gets_version_and_date() {
        let step = VersionStep {
            previous: None,
            previous_tag: None,
            current: "1.5.0".parse().unwrap(),
            tag: "v1.5.0".to_owned(),
            level: Level::Minor,
            date: "2026-03-01".to_owned(),
        };
        for (title, expected) in [
            ("1.4.0 (unreleased)", "1.5.0 (2026-03-01)"),
            ("[v1.4.0] - Unreleased", "[v1.5.0] - 2026-03-01"),
            ("🎉 pytest 1.4.0 (unreleased)", "🎉 pytest 1.5.0 (2026-03-01)"),
            ("Version 1.5.0dev0 – *in development*", "Version 1.5.0 – *2026-03-01*"),
        ] {
            assert_eq!(dated(title, &step), expected);
        }
    }
}
