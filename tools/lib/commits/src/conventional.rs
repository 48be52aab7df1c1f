//! Conventional Commits as Release Please reads them: one message may tell of several changes.

mod grammar;

use std::sync::LazyLock;

use project::ChangelogSection;
use regex_lite::Regex;

use crate::Commit;
use grammar::{BodyPart, Footer, Message, Unreadable};

/// One change, as a part of a commit's message tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The commit's id.
    pub id: String,
    /// The type as it is written: `feat`, `fix`, …
    pub kind: String,
    /// The scope in parentheses.
    pub scope: Option<String>,
    /// The text behind the colon.
    pub subject: String,
    /// Type, scope, `!` and subject.
    pub header: String,
    /// What breaks.
    pub breaking: Vec<String>,
    /// The versions that `Release-As` footers ask for.
    pub release_as: Vec<String>,
    /// The numbers of the issues that footers refer to.
    pub references: Vec<String>,
    /// Whether it is a footer that reads like a commit, as `Signed-off-by: …` does too.
    pub is_footer: bool,
}

impl Change {
    /// What breaks, each in the words of the message; the summary where it says so without a footer.
    pub fn what_breaks(&self) -> Vec<&str> {
        static HEADER: LazyLock<Regex> = LazyLock::new(|| literal(r"^\w*(?:\(.*\))?!: (.*)$"));
        if self.breaking.is_empty() {
            // Nearly no header gets as far as the pattern, which takes longer than all else that is asked of it.
            let header = Some(&self.header).filter(|header| header.contains("!: "));
            let found = header.and_then(|header| HEADER.captures(header)).and_then(|found| found.get(1));
            return found.map(|text| text.as_str()).into_iter().collect();
        }
        self.breaking.iter().map(String::as_str).collect()
    }

    /// The section of its type.
    pub fn section<'a>(&self, sections: &'a [ChangelogSection]) -> Option<&'a ChangelogSection> {
        let kind = self.kind.to_lowercase();
        sections.iter().find(|section| section.kind == kind)
    }

    /// Says whether users are told of it: its section is shown, something breaks, or a version is asked for.
    pub fn is_shown(&self, sections: &[ChangelogSection]) -> bool {
        static VERSION: LazyLock<Regex> = LazyLock::new(|| literal(r"^\w*@?[0-9]+\.[0-9]+\.[0-9A-Za-z]+"));
        self.section(sections).is_some_and(|section| !section.hidden)
            || !self.what_breaks().is_empty()
            || self.release_as.iter().any(|version| VERSION.is_match(version))
    }
}

/// The changes that a commit's message tells of; none where it follows no convention.
pub fn changes(commit: &Commit) -> Vec<Change> {
    let message = overriding(&commit.message).unwrap_or(&commit.message);
    let read = split(message).into_iter().filter_map(|part| {
        let mut found = Vec::new();
        read(&part, &commit.id, false, &mut found).ok().map(|()| found)
    });
    read.flatten().collect()
}

/// What stands between `BEGIN_COMMIT_OVERRIDE` and `END_COMMIT_OVERRIDE`. Release Please looks for it in the text of
/// the pull request, which a squashed commit carries as its message.
fn overriding(message: &str) -> Option<&str> {
    let text = message.split("BEGIN_COMMIT_OVERRIDE").nth(1)?;
    let text = grammar::trim(text.split("END_COMMIT_OVERRIDE").next().unwrap_or_default());
    (!text.is_empty()).then_some(text)
}

/// Splits a message at the paragraphs that start with a known type, and takes the nested commits out of it.
fn split(message: &str) -> Vec<String> {
    let mut parts = message.split("BEGIN_NESTED_COMMIT");
    let mut outer = parts.next().unwrap_or_default().to_owned();
    let mut nested = Vec::new();
    for part in parts {
        let (inner, rest) = part.split_once("END_NESTED_COMMIT").unwrap_or((part, ""));
        nested.push(inner.to_owned());
        outer.push_str(rest);
    }
    let mut messages = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(found) = outer[at..].find(['\r', '\n']) {
        at += found;
        let gap = gap(&outer[at..]);
        if gap > 0 && is_typed(&outer[at + gap..]) {
            messages.push(outer[start..at].to_owned());
            at += gap;
            start = at;
        } else {
            at += 1;
        }
    }
    messages.push(outer[start..].to_owned());
    messages.retain(|message| !message.is_empty());
    messages.extend(nested);
    messages
}

/// The length of the two line ends that a text starts with; 0 where it does not.
fn gap(text: &str) -> usize {
    let end = |text: &str| {
        let rest = text.strip_prefix('\r').unwrap_or(text);
        rest.starts_with('\n').then(|| text.len() - rest.len() + 1)
    };
    let both = end(text).and_then(|first| Some(first + end(&text[first..])?));
    both.unwrap_or(0)
}

/// Says whether a text starts with a known type, perhaps with a scope, and a colon. The scope ends at any `)` of the
/// line that a colon follows.
fn is_typed(text: &str) -> bool {
    const TYPES: [&str; 11] =
        ["feat", "fix", "docs", "style", "refactor", "perf", "test", "build", "ci", "chore", "revert"];
    let Some(rest) = TYPES.iter().find_map(|kind| text.strip_prefix(kind)) else { return false };
    let line = rest.split(['\r', '\n']).next().unwrap_or_default();
    line.starts_with(": ") || line.starts_with('(') && line.contains("): ")
}

/// Reads one message: first the footers that read like commits, then the message itself.
fn read(message: &str, id: &str, is_footer: bool, found: &mut Vec<Change>) -> Result<(), Unreadable> {
    let message = grammar::parse(message)?;
    for footer in &message.footers {
        if let Some(text) = as_message(footer) {
            // Most footers do not read like a commit, and that is no error.
            let _ = read(&text, id, true, found);
        }
    }
    let body: String = message
        .body
        .iter()
        .map(|part| match part {
            BodyPart::Text(text) => text,
            BodyPart::Breaking => "",
        })
        .collect();
    let releases = message
        .footers
        .iter()
        .filter(|footer| footer.kind.is_some_and(|kind| kind.eq_ignore_ascii_case("release-as")));
    let scope = message.scope.map(|scope| format!("({scope})")).unwrap_or_default();
    let bang = if message.breaking { "!" } else { "" };
    found.push(Change {
        id: id.to_owned(),
        kind: message.kind.to_owned(),
        scope: message.scope.map(str::to_owned),
        subject: message.subject.to_owned(),
        header: format!("{}{scope}{bang}: {}", message.kind, message.subject),
        breaking: breaking(&message, &body),
        release_as: releases.map(|footer| paragraph(footer.last())).collect(),
        references: message.footers.iter().filter_map(reference).collect(),
        is_footer,
    });
    Ok(())
}

/// What breaks: the last of the `!` of the summary, the body from its `BREAKING CHANGE:` on, and the last line of a
/// `BREAKING CHANGE` footer; then a `BREAKING-CHANGE:` within a line of the body.
fn breaking(message: &Message<'_>, body: &str) -> Vec<String> {
    static WITHIN: LazyLock<Regex> =
        LazyLock::new(|| literal("BREAKING-CHANGE:[\\s\u{a0}\u{feff}]*([^\\r\\n]+)"));
    let mut text = if message.breaking { message.subject.to_owned() } else { String::new() };
    if let Some(marker) = message.body.iter().position(|part| *part == BodyPart::Breaking) {
        let after = message.body[marker..].iter().filter_map(|part| match part {
            BodyPart::Text(text) => Some(*text),
            BodyPart::Breaking => None,
        });
        text = after.collect();
    }
    for footer in message.footers.iter().filter(|footer| footer.breaking.contains("BREAKING")) {
        text = footer.last().to_owned();
    }
    let mut notes = Vec::new();
    if !text.is_empty() {
        notes.push(paragraph(&text));
    }
    let body = Some(body).filter(|body| body.contains("BREAKING-CHANGE:"));
    let within = body.and_then(|body| WITHIN.captures(body)).map(|found| grammar::trim(&found[1]).to_owned());
    if let Some(within) = within.filter(|text| !text.is_empty()) {
        match notes.first_mut() {
            Some(note) => *note = format!("{note}\n{within}"),
            None => notes.push(within),
        }
    }
    notes
}

/// The first paragraph on one line; from a list or a fourth-level heading on, line by line and indented.
fn paragraph(text: &str) -> String {
    let mut out = String::new();
    let mut is_list = false;
    for (index, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let starts_list = ["#### ", "* ", "- "].iter().any(|start| line.starts_with(start));
        if index > 0 && starts_list && !is_list {
            out = format!("{}\n", grammar::trim(&out));
            is_list = true;
        }
        if line.is_empty() {
            break;
        }
        out.push_str(&if is_list { format!("    {line}\n") } else { format!("{line} ") });
    }
    grammar::trim(&out).to_owned()
}

/// The number of the issue in `Closes #5` and `Refs: #5`.
fn reference(footer: &Footer<'_>) -> Option<String> {
    let lines = || std::iter::once(footer.first).chain(footer.continued.iter().map(|(_, line)| *line));
    let refers = footer.separator == " #" || lines().any(|line| line.starts_with('#'));
    let last = footer.last();
    let number = last.strip_prefix('#').unwrap_or(last);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (refers && is_number).then(|| number.to_owned())
}

/// The footer as the message of a commit of its own; `None` for one without a type.
fn as_message(footer: &Footer<'_>) -> Option<String> {
    let mut text = footer.kind?.to_owned();
    if let Some(scope) = footer.scope {
        text.push_str(&format!("({scope})"));
    }
    text.push_str(footer.breaking);
    if footer.separator == ":" {
        text.push_str(": ");
    }
    text.push_str(footer.first);
    for (newline, line) in &footer.continued {
        text.push_str(newline);
        text.push_str(line);
    }
    Some(text)
}

/// Compiles a pattern that stands in the code.
fn literal(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "the patterns are literals, and each is met by a test")]
    Regex::new(pattern).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str) -> Vec<Change> {
        changes(&Commit { id: "0123456789".to_owned(), message: message.to_owned(), ..Commit::default() })
    }

    fn kinds(message: &str) -> Vec<String> {
        of(message).into_iter().map(|change| format!("{}: {}", change.kind, change.subject)).collect()
    }

    #[test]
    fn one_message_tells_of_several_changes() {
        assert_eq!(kinds("feat: a\n\nfix(io): b\n\ndocs: c"), ["feat: a", "fix: b", "docs: c"]);
        assert_eq!(kinds("feat: a\n\nBody.\n\nperf!: b\nCloses #5"), ["perf: b", "feat: a"]);
        assert_eq!(
            kinds("feat: a\n\nBEGIN_NESTED_COMMIT\nfix: b\nEND_NESTED_COMMIT\nMore."),
            ["feat: a", "fix: b"]
        );
        assert_eq!(kinds("Merge it\n\nBEGIN_COMMIT_OVERRIDE\nfix: b\nEND_COMMIT_OVERRIDE\n"), ["fix: b"]);
    }

    #[test]
    fn a_part_starts_below_an_empty_line_with_a_type_that_is_known() {
        for (text, length) in
            [("\n\nx", 2), ("\r\n\r\n", 4), ("\n\r\n", 3), ("\nx", 0), ("\r\r\n", 0), ("", 0)]
        {
            assert_eq!(gap(text), length, "{text:?}");
        }
        for typed in ["fix: a", "feat(a): b", "ci(): b", "docs(a)b): c", "perf(é): d"] {
            assert!(is_typed(typed), "{typed}");
        }
        for other in
            ["fix:a", "fixes: a", "feat(a\nb): c", "feat(a) : b", "feature: a", "feat!: a", " fix: a", ""]
        {
            assert!(!is_typed(other), "{other}");
        }
    }

    #[test]
    fn what_breaks_comes_from_anywhere_in_the_message() {
        let breaking = |message: &str| of(message).pop().map(|change| change.breaking).unwrap_or_default();
        assert_eq!(breaking("feat!: a"), ["a"]);
        assert_eq!(breaking("feat: a\n\nBREAKING CHANGE: b\nmore\n- c\n- d"), ["b more\n    - c\n    - d"]);
        assert_eq!(breaking("feat: a\n\nx BREAKING-CHANGE: b"), ["b"]);
        assert_eq!(breaking("feat: a\n\nText.\n\nBREAKING-CHANGE: b"), ["b"]);
        assert_eq!(breaking("feat: a"), Vec::<String>::new());
    }

    #[test]
    fn footers_name_issues_and_the_version_to_release() {
        let change = of("fix: a\n\nCloses #5\nRefs: #7\nRelease-As: 2.0.0\nFixes #1, #2").pop().unwrap();
        assert_eq!(change.references, ["5", "7"]);
        assert_eq!(change.release_as, ["2.0.0"]);
    }
}
