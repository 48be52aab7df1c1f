//! The section as Release Please 17 writes it: groups, order, links and white space.

use std::sync::LazyLock;

use commits::Change;
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use project::ChangelogSection;
use regex_lite::{Captures, Regex};

/// One line of the section, with the group that it stands in.
struct Line {
    group: String,
    /// What the lines of a group are sorted by.
    key: String,
    text: String,
}

/// Returns the section below its heading; empty when no change is shown.
///
/// `repository` is its web address, for links.
pub fn body<'a>(
    changes: impl Iterator<Item = &'a Change>,
    sections: &[ChangelogSection],
    repository: Option<&str>,
) -> String {
    let mut notes = String::new();
    let mut lines = Vec::new();
    for change in changes {
        if !change.is_shown(sections) {
            continue;
        }
        for text in breaking(change, repository) {
            notes.push_str(&format!("* {}{text}\n", bold(change)));
        }
        lines.push(line(
            change,
            change.section(sections).map_or(&change.kind, |section| &section.section),
            repository,
        ));
    }
    if !notes.is_empty() {
        notes = format!("### ⚠ BREAKING CHANGES\n\n{notes}\n");
    }
    let mut parts = Vec::new();
    let collator = alphabet();
    for group in groups(&lines, sections) {
        let mut lines: Vec<&Line> = lines.iter().filter(|line| line.group == group).collect();
        lines.sort_by(|a, b| collator.compare(&a.key, &b.key));
        let lines: String = lines.iter().map(|line| line.text.as_str()).collect();
        parts.push(format!("### {group}\n\n{lines}"));
    }
    format!("{notes}{}", parts.join("\n\n"))
}

/// The groups that have a line, those of unknown types first, the others in the order of the sections.
fn groups<'a>(lines: &'a [Line], sections: &[ChangelogSection]) -> Vec<&'a str> {
    let mut groups: Vec<&str> = Vec::new();
    for line in lines {
        if !groups.contains(&line.group.as_str()) {
            groups.push(&line.group);
        }
    }
    groups.sort_by_key(|group| sections.iter().position(|section| section.section == *group));
    groups
}

/// What breaks, with its first pull request as a link.
fn breaking(change: &Change, repository: Option<&str>) -> Vec<String> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| literal(r"\(#([0-9]+)\)"));
    let Some(url) = repository.filter(|_| !change.breaking.is_empty()) else {
        return change.what_breaks().into_iter().map(str::to_owned).collect();
    };
    let link = |text: &String| NUMBER.replace(text, format!("([#$1]({url}/issues/$1))")).into_owned();
    change.breaking.iter().map(link).collect()
}

fn line(change: &Change, group: &str, repository: Option<&str>) -> Line {
    let (subject, linked) = linked(&escaped(&change.subject), repository);
    let scope = scope(change);
    let short = &change.id[..change.id.len().min(7)];
    let commit = match repository {
        Some(url) => format!("[{short}]({url}/commit/{})", change.id),
        None => short.to_owned(),
    };
    let shown = if subject.is_empty() { &change.header } else { &subject };
    let mut text = format!("* {}{shown} ({commit})", bold(change));
    let references: Vec<_> = change.references.iter().filter(|number| !linked.contains(number)).collect();
    if !references.is_empty() {
        text.push_str(", refs");
    }
    for number in references {
        text.push_str(&match repository {
            Some(url) => format!(" [#{number}]({url}/issues/{number})"),
            None => format!(" #{number}"),
        });
    }
    text.push('\n');
    Line { group: group.to_owned(), key: format!("{scope}{subject}"), text }
}

/// The scope; `*` stands for none.
fn scope(change: &Change) -> &str {
    change.scope.as_deref().filter(|scope| *scope != "*").unwrap_or_default()
}

fn bold(change: &Change) -> String {
    match scope(change) {
        "" => String::new(),
        scope => format!("**{scope}:** "),
    }
}

/// The text with `<` and `>` as HTML entities, except in spans of code.
fn escaped(text: &str) -> String {
    if !text.contains(['<', '>']) {
        return text.to_owned();
    }
    static MARKUP: LazyLock<Regex> = LazyLock::new(|| literal(r"``[^`].*[^`]``|`[^`]*`|<|>"));
    let replace = |found: &Captures<'_>| match &found[0] {
        "<" => "&lt;".to_owned(),
        ">" => "&gt;".to_owned(),
        code => code.to_owned(),
    };
    MARKUP.replace_all(text, replace).into_owned()
}

/// The text with its issues and users as links, and the numbers of the issues.
fn linked(text: &str, repository: Option<&str>) -> (String, Vec<String>) {
    static USER: LazyLock<Regex> = LazyLock::new(|| literal("@([a-z0-9](?:-?[a-z0-9/]){0,38})"));
    let (mut linked, mut numbers, mut rest) = (String::with_capacity(text.len()), Vec::new(), text);
    while let Some(at) = rest.find('#') {
        let number = &rest[at + 1..];
        let number = &number[..number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len())];
        linked.push_str(&rest[..at]);
        rest = &rest[at + 1 + number.len()..];
        match repository.filter(|_| !number.is_empty()) {
            Some(url) => linked.push_str(&format!("[#{number}]({url}/issues/{number})")),
            None => linked.extend(["#", number]),
        }
        if !number.is_empty() {
            numbers.push(number.to_owned());
        }
    }
    linked.push_str(rest);
    let Some(url) = repository.filter(|_| text.contains('@')) else { return (linked, numbers) };
    let host = url.match_indices('/').nth(2).map_or(url, |(end, _)| &url[..end]);
    let replace = |found: &Captures<'_>| {
        let (start, user) = (found.get(0).map_or(0, |whole| whole.start()), &found[1]);
        let is_address = linked[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if is_address || user.contains('/') {
            return found[0].to_owned();
        }
        format!("[@{user}]({host}/{user})")
    };
    (USER.replace_all(&linked, replace).into_owned(), numbers)
}

/// The order of words that JavaScript's `localeCompare` has: the root collation of Unicode (UTS #10).
fn alphabet() -> CollatorBorrowed<'static> {
    #[expect(clippy::unwrap_used, reason = "the data of the root collation is compiled in")]
    Collator::try_new(Default::default(), CollatorOptions::default()).unwrap()
}

/// Compiles a pattern that stands in the code.
fn literal(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "the patterns are literals, and each is met by a test")]
    Regex::new(pattern).unwrap()
}
