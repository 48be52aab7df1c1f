//! Changelogs: the section of a release comes in, and every byte outside of it stays.

use document::{Level, VersionStep};
use notes::{Changelog, Syntax};
use project::ChangelogStyle;

const STYLES: [ChangelogStyle; 3] =
    [ChangelogStyle::KeepAChangelog, ChangelogStyle::Conventional, ChangelogStyle::ReleaseNotes];

/// Writes a section into a Markdown file. Returns whether it is a file without the version.
pub fn check_markdown(text: &str) -> bool {
    check(text, Syntax::Markdown)
}

/// Writes a section into a file of reStructuredText. Returns whether it is a file without the version.
pub fn check_rst(text: &str) -> bool {
    check(text, Syntax::Rst)
}

fn check(text: &str, syntax: Syntax) -> bool {
    let step = step();
    let changelog = Changelog::new(text, syntax);
    if changelog.has(&step.current) {
        return false;
    }
    let open = changelog.unreleased();
    let body = open.clone().unwrap_or_else(|| "- New\n".to_owned());
    for style in STYLES {
        let written = changelog.with(&step, &body, style, Some("https://h/o/r"));
        let rebuilt = changelog.with_missing(&[(&step, "- New\n")], style, Some("https://h/o/r"));
        // A carriage return that ends no line is taken for a part of a line end at the seam: nobody writes one today.
        if text.replace("\r\n", "").contains('\r') {
            continue;
        }
        let again = changelog.read(&written);
        assert!(again.has(&step.current), "{written:?}");
        if open.is_none() || syntax == Syntax::Markdown {
            assert_eq!(again.section_of(&step.current).as_ref(), Some(&body), "{written:?}");
        }
        stays(text, again.around(&step.current), open.as_deref());
        let again = changelog.read(&rebuilt);
        assert!(again.has(&step.current), "{rebuilt:?}");
        stays(text, again.around(&step.current), Some(""));
    }
    true
}

/// What stands around the section is the text, but for links, line ends at the seam and what was not released.
fn stays(text: &str, around: Option<(&str, &str)>, open: Option<&str>) {
    let Some((before, after)) = around else { panic!("no section") };
    // What was not released gets the line ends of the file, which may have several.
    let is_mixed = text.contains("\r\n") && text.replace("\r\n", "").contains('\n');
    let plain = |text: &str| {
        let text = without_links(text);
        if is_mixed { text.replace("\r\n", "\n") } else { text }
    };
    let (text, before, after) = (plain(text), plain(before), plain(after));
    let before = before.trim_end_matches(['\r', '\n']);
    let mut after = after.trim_start_matches(['\r', '\n']);
    // An anchor that was not released is read as that of what stands below, where nothing else stands between.
    while open.is_some() && ["<a name=", "<a id=", ".. _"].iter().any(|anchor| after.starts_with(anchor)) {
        let end = after.find('\n').unwrap_or(after.len());
        after = after[end..].trim_start_matches(['\r', '\n']);
    }
    assert!(text.starts_with(before), "{text:?} {before:?}");
    // What was not released gets the end of its last line, and text of it may read as a title where it stands now.
    let end = |text: &str| if open.is_some() { text.trim_end().len() } else { text.len() };
    assert!(text[..end(&text)].ends_with(&after[..end(after)]), "{text:?} {after:?}");
    if open.is_none() && !could_be_open(&text) {
        let between = text.len().checked_sub(before.len() + after.len());
        let between = between.map(|length| &text[before.len()..before.len() + length]);
        assert!(between.is_some_and(|between| between.trim().is_empty()), "{text:?} {before:?} {after:?}");
    }
}

/// Says whether a text may have a section of what is not released, in which empty groups go.
fn could_be_open(text: &str) -> bool {
    const WORDS: [&str; 9] = ["release", "next", "upcoming", "dev", "head", "main", "master", "tbd", "-xx"];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word)) || text.contains("-mm-dd")
}

/// The text without the links that compare tags.
fn without_links(text: &str) -> String {
    let is_link = |line: &&str| line.starts_with('[') && line.contains("/compare/");
    text.split_inclusive('\n').filter(|line| !is_link(line)).collect()
}

fn step() -> VersionStep {
    VersionStep {
        previous: "1.2.3".parse().ok(),
        previous_tag: Some("v1.2.3".to_owned()),
        current: "7919.0.1".parse().expect("a version"),
        tag: "v7919.0.1".to_owned(),
        level: Level::Minor,
        date: "2026-03-01".to_owned(),
    }
}
