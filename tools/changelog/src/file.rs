//! The changelog file: the section spliced in, every other byte left.

use document::VersionStep;
use project::ChangelogStyle;

/// The text of a changelog, with what is asked of it.
#[derive(Debug)]
pub struct Changelog<'a> {
    text: &'a str,
    newline: &'static str,
}

/// A section of the file: the heading's line and what stands below it up to the next one.
#[derive(Debug, Clone, Copy)]
struct Section<'a> {
    start: usize,
    body_start: usize,
    end: usize,
    title: &'a str,
}

impl<'a> Changelog<'a> {
    /// Reads a changelog; its line ends are those of its first line.
    pub fn new(text: &'a str) -> Self {
        let newline = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        Self { text, newline }
    }

    /// The entries below `[Unreleased]`, without groups that hold none; `None` when there are none.
    pub fn unreleased(&self) -> Option<String> {
        let section = self.sections().into_iter().find(|section| is_unreleased(section.title))?;
        let body = filled_groups(&self.text[section.body_start..section.end]);
        (!body.is_empty()).then_some(body)
    }

    /// The body of the section of a version, where the file has one already.
    pub fn section_of(&self, version: &str) -> Option<String> {
        let names = |section: &Section<'_>| version_of(section.title) == version;
        let section = self.sections().into_iter().find(names)?;
        Some(normal(&self.text[section.body_start..section.end]))
    }

    /// The text with the section of a release in its place: below `[Unreleased]`, which keeps no entry, else
    /// above the newest section.
    pub fn with(
        &self,
        step: &VersionStep,
        body: &str,
        style: ChangelogStyle,
        repository: Option<&str>,
    ) -> String {
        let sections = self.sections();
        let section = format!("{}\n\n{body}", heading(step, style, repository)).replace('\n', self.newline);
        let newline = self.newline;
        let unreleased = sections.iter().find(|section| is_unreleased(section.title));
        let (before, after) = match (unreleased, sections.first()) {
            (Some(found), _) => {
                let kept = self.text[found.start..found.body_start].trim_end();
                (format!("{}{kept}{newline}{newline}", &self.text[..found.start]), &self.text[found.end..])
            }
            (None, Some(first)) => (self.text[..first.start].to_owned(), &self.text[first.start..]),
            (None, None) => {
                let end = self.links_start(self.text.len());
                let head = self.text[..end].trim_end();
                let gap = if head.trim_start_matches('\u{feff}').is_empty() {
                    String::new()
                } else {
                    newline.repeat(2)
                };
                (format!("{head}{gap}"), &self.text[end..])
            }
        };
        let gap = if after.trim().is_empty() { "" } else { newline };
        let text = format!("{before}{section}{gap}{}", after.trim_start_matches(['\r', '\n']));
        match style {
            ChangelogStyle::KeepAChangelog => with_links(&text, step, newline),
            ChangelogStyle::Conventional => text,
        }
    }

    /// The `##` sections in the order of the file; headings inside code fences are none.
    fn sections(&self) -> Vec<Section<'a>> {
        let mut sections: Vec<Section<'a>> = Vec::new();
        let (mut at, mut fenced) = (0, false);
        for line in self.text.split_inclusive('\n') {
            fenced ^= line.trim_start().starts_with("```");
            if let Some(title) = line.strip_prefix("## ").filter(|_| !fenced) {
                if let Some(last) = sections.last_mut() {
                    last.end = at;
                }
                let end = self.text.len();
                sections.push(Section { start: at, body_start: at + line.len(), end, title: title.trim() });
            }
            at += line.len();
        }
        if let Some(last) = sections.last_mut() {
            last.end = self.links_start(last.end).max(last.body_start);
        }
        sections
    }

    /// Where the block of link definitions at the foot starts; `end` when there is none.
    fn links_start(&self, end: usize) -> usize {
        let mut start = end;
        let mut at = end;
        for line in self.text[..end].split_inclusive('\n').rev() {
            at -= line.len();
            if is_link(line) {
                start = at;
            } else if !line.trim().is_empty() {
                break;
            }
        }
        start
    }
}

/// The heading of a release's section.
fn heading(step: &VersionStep, style: ChangelogStyle, repository: Option<&str>) -> String {
    let (version, date) = (&step.current, &step.date);
    match (style, repository, &step.previous_tag) {
        (ChangelogStyle::KeepAChangelog, ..) => format!("## [{version}] - {date}"),
        (ChangelogStyle::Conventional, Some(url), Some(previous)) => {
            format!("## [{version}]({url}/compare/{previous}...{}) ({date})\n", step.tag)
        }
        (ChangelogStyle::Conventional, ..) => format!("## {version} ({date})\n"),
    }
}

/// Keeps the compare links at the foot right: `[Unreleased]` starts at the new tag, which gets a link of its own.
fn with_links(text: &str, step: &VersionStep, newline: &str) -> String {
    let mut out = String::with_capacity(text.len() + 128);
    for line in text.split_inclusive('\n') {
        let Some((label, url)) = line.split_once("]:").filter(|_| is_link(line)) else {
            out.push_str(line);
            continue;
        };
        let compare = url
            .trim()
            .split_once("/compare/")
            .and_then(|(base, range)| Some((base, range.split_once("...")?)));
        match compare {
            Some((base, (from, to))) if label[1..].eq_ignore_ascii_case("unreleased") => {
                let from = step.previous_tag.as_deref().unwrap_or(from);
                out.push_str(&format!("{label}]: {base}/compare/{}...{to}{newline}", step.tag));
                out.push_str(&format!("[{}]: {base}/compare/{from}...{}", step.current, step.tag));
                out.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
            }
            _ => out.push_str(line),
        }
    }
    out
}

fn is_link(line: &str) -> bool {
    line.starts_with('[') && line.find("]:").is_some_and(|at| !line[1..at].contains(['[', ']']))
}

fn is_unreleased(title: &str) -> bool {
    title.trim_matches(['[', ']']).eq_ignore_ascii_case("unreleased")
}

/// The version that a heading names: `1.3.0` in `[1.3.0] - 2026-03-01`, `[1.3.0](url) (date)` and `v1.3.0 (date)`.
fn version_of(title: &str) -> &str {
    let title = title.trim_start_matches('[').trim_start_matches('v');
    title.split([']', ' ', '(']).next().unwrap_or_default()
}

/// A body with plain line ends, no empty lines around it and one newline at its end.
fn normal(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let body = body.trim_matches(['\n', ' ', '\t']);
    if body.is_empty() { String::new() } else { format!("{body}\n") }
}

/// The body without `###` groups that hold nothing.
fn filled_groups(body: &str) -> String {
    let body = normal(body);
    let mut groups: Vec<String> = vec![String::new()];
    for line in body.split_inclusive('\n') {
        if line.starts_with("### ") {
            groups.push(String::new());
        }
        groups.last_mut().into_iter().for_each(|group| group.push_str(line));
    }
    let holds =
        |group: &&String| group.lines().any(|line| !line.trim().is_empty() && !line.starts_with("### "));
    let kept: Vec<&str> = groups.iter().filter(holds).map(|group| group.trim_end()).collect();
    if kept.is_empty() { String::new() } else { format!("{}\n", kept.join("\n\n")) }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
