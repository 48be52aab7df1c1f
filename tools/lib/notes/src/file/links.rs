//! The links that compare releases, at the foot of a changelog in the form of Keep a Changelog.

use document::{Version, VersionStep};

use super::markdown::{Line, is_link, lines};
use super::title::version_of;
use super::{Changelog, Syntax};

/// Keeps the compare links at the foot right: `[Unreleased]` starts at the new tag, and the new version gets a link
/// of its own, below that of `[Unreleased]` or above that of the release before.
pub fn with_links(text: &str, step: &VersionStep, is_newest: bool, newline: &str) -> String {
    let lines = lines(text);
    let sections = Changelog::new(text, Syntax::Markdown).sections();
    let own = sections.iter().find(|section| section.is_of(&step.current));
    // A link that people wrote among the entries is theirs.
    let is_entry =
        |line: &&Line<'_>| own.is_some_and(|section| (section.body_start..section.end).contains(&line.start));
    let outside = lines.iter().filter(|line| !line.is_open && !is_entry(line));
    let mut links: Vec<_> = outside.filter_map(Compare::read).collect();
    if links.iter().any(|link| link.names(&step.current)) {
        return text.to_owned();
    }
    // Only the newest release is where the unreleased changes start.
    links.retain(|link| is_newest || !link.label.eq_ignore_ascii_case("unreleased"));
    links.sort_by_key(|link| !link.label.eq_ignore_ascii_case("unreleased"));
    let previous = |link: &&Compare<'_>| step.previous.as_ref().is_some_and(|version| link.names(version));
    let Some(link) =
        links.iter().find(|link| link.label.eq_ignore_ascii_case("unreleased") || previous(link))
    else {
        return text.to_owned();
    };
    let Compare { label, base, from, to, line } = link;
    let is_unreleased = label.eq_ignore_ascii_case("unreleased");
    let from = step.previous_tag.as_deref().unwrap_or(from);
    let own = format!("[{}]: {base}/compare/{from}...{}", step.current, step.tag);
    let end = line.start + line.text.len();
    let line_end = &line.text[line.text.trim_end_matches(['\r', '\n']).len()..];
    if is_unreleased {
        let unreleased = format!("[{label}]: {base}/compare/{}...{to}{newline}", step.tag);
        return format!("{}{unreleased}{own}{line_end}{}", &text[..line.start], &text[end..]);
    }
    format!("{}{own}{newline}{}", &text[..line.start], &text[line.start..])
}

/// Notes with the definitions in a file of the links that they refer to and do not define.
pub fn with_definitions(notes: String, text: &str) -> String {
    let lower = notes.to_lowercase();
    let mut known: Vec<String> = definitions(&notes).into_iter().map(|(label, _)| label).collect();
    let mut found = String::new();
    for (label, line) in definitions(text) {
        // Of two definitions the first counts.
        if lower.contains(&label) && !known.contains(&label) {
            found.push_str(&format!("{line}\n"));
            known.push(label);
        }
    }
    if found.is_empty() { notes } else { format!("{notes}\n{found}") }
}

/// The definitions of links: the label in lower case and in brackets, and the line.
fn definitions(text: &str) -> Vec<(String, &str)> {
    let links = lines(text).into_iter().filter(|line| !line.is_open && is_link(line.text));
    let label = |line: &str| line.split_once("]:").map(|(label, _)| format!("{}]", label.to_lowercase()));
    links.filter_map(|line| Some((label(line.text)?, line.text.trim_end()))).collect()
}

/// A link that compares two tags: `[1.3.0]: https://host/owner/name/compare/v1.2.0...v1.3.0`.
struct Compare<'a> {
    label: &'a str,
    base: &'a str,
    from: &'a str,
    to: &'a str,
    line: &'a Line<'a>,
}

impl<'a> Compare<'a> {
    fn read(line: &'a Line<'a>) -> Option<Self> {
        let (label, url) = line.text.split_once("]:").filter(|_| is_link(line.text))?;
        let (base, range) = url.trim().split_once("/compare/")?;
        let (from, to) = range.split_once("...")?;
        Some(Self { label: &label[1..], base, from, to, line })
    }

    fn names(&self, version: &Version) -> bool {
        version_of(self.label).as_ref() == Some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_take_the_definitions_of_their_links_along() {
        let text = "- A [#5], [b][B]\n\n[#5]: u/5\n[b]: u/b\r\n[#6]: u/6\n[#5]: late\n";
        let complete = |notes: &str| with_definitions(notes.to_owned(), text);
        assert_eq!(complete("- A [#5], [b][B]\n"), "- A [#5], [b][B]\n\n[#5]: u/5\n[b]: u/b\n");
        assert_eq!(complete("- A #5\n"), "- A #5\n");
        assert_eq!(complete("- [#6]\n\n[#6]: mine\n"), "- [#6]\n\n[#6]: mine\n");
    }
}
