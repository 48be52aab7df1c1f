//! The changelog file: the section spliced in, every other byte left.

use document::{Version, VersionStep};
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
    pub fn section_of(&self, version: &Version) -> Option<String> {
        let names = |section: &Section<'_>| version_of(section.title).as_ref() == Some(version);
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
        let newest = sections.iter().find(|section| version_of(section.title).is_some());
        let (before, after) = match (unreleased, newest.or(sections.first())) {
            (Some(found), _) => {
                let kept = self.text[..found.body_start].trim_end_matches(['\r', '\n']);
                (format!("{kept}{newline}{newline}"), &self.text[found.end..])
            }
            (None, Some(first)) => (self.text[..first.start].to_owned(), &self.text[first.start..]),
            (None, None) => {
                let end = self.links_start(self.text.len());
                let head = self.text[..end].trim_end_matches(['\r', '\n']);
                let is_empty = head.trim_start_matches('\u{feff}').is_empty();
                let gap = if is_empty { String::new() } else { newline.repeat(2) };
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

    /// The `##` sections in the order of the file, and those whose title is underlined with `---`; what stands in
    /// code fences and comments is none.
    fn sections(&self) -> Vec<Section<'a>> {
        let mut sections: Vec<Section<'a>> = Vec::new();
        let mut before = [("", true), ("", true)];
        for Line { start, text, is_open } in self.lines() {
            let title = text.strip_prefix("## ").filter(|_| !is_open).map(|title| (start, title));
            let above = before[0].0;
            let title_start = start - before[1].0.len();
            let starts = above.trim().is_empty()
                || above.starts_with('#')
                || sections.last().is_some_and(|section| section.body_start == title_start);
            let underlined = is_underline(text) && !is_open && starts && is_title(before[1]);
            let title = title.or_else(|| underlined.then_some((title_start, before[1].0)));
            if let Some((title_start, title)) = title {
                if let Some(last) = sections.last_mut() {
                    last.end = title_start;
                }
                let (body_start, end) = (start + text.len(), self.text.len());
                sections.push(Section { start: title_start, body_start, end, title: title.trim() });
            }
            before = [before[1], (text, is_open)];
        }
        if let Some(last) = sections.last_mut() {
            last.end = self.links_start(last.end).max(last.body_start);
        }
        sections
    }

    /// The lines, the first without its byte order mark, each with whether it stands in a code fence or a comment. A
    /// block that nothing closes is text: it would hide every release below it.
    fn lines(&self) -> Vec<Line<'a>> {
        let mut lines: Vec<Line<'a>> = Vec::new();
        let mut start = self.text.len() - self.text.trim_start_matches('\u{feff}').len();
        for text in self.text[start..].split_inclusive('\n') {
            lines.push(Line { start, text, is_open: false });
            start += text.len();
        }
        let mut at = 0;
        while at < lines.len() {
            let block = Block::start(lines[at].text);
            let end =
                block.and_then(|block| lines[at + 1..].iter().position(|line| block.ends_at(line.text)));
            let next = at + end.map_or(1, |length| length + 2);
            lines[at..next].iter_mut().for_each(|line| line.is_open = end.is_some());
            at = next;
        }
        lines
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
pub fn heading(step: &VersionStep, style: ChangelogStyle, repository: Option<&str>) -> String {
    let (version, date) = (&step.current, &step.date);
    match (style, repository, &step.previous_tag) {
        (ChangelogStyle::KeepAChangelog, ..) => format!("## [{version}] - {date}"),
        (ChangelogStyle::Conventional, Some(url), Some(previous)) => {
            format!("## [{version}]({url}/compare/{previous}...{}) ({date})\n", step.tag)
        }
        (ChangelogStyle::Conventional, ..) => format!("## {version} ({date})\n"),
    }
}

/// Keeps the compare links at the foot right: `[Unreleased]` starts at the new tag, and the new version gets a link
/// of its own, below that of `[Unreleased]` or above that of the release before.
fn with_links(text: &str, step: &VersionStep, newline: &str) -> String {
    let changelog = Changelog::new(text);
    let lines = changelog.lines();
    let sections = changelog.sections();
    let own = sections.iter().find(|section| version_of(section.title).as_ref() == Some(&step.current));
    // A link that people wrote among the entries is theirs.
    let is_entry =
        |line: &&Line<'_>| own.is_some_and(|section| (section.body_start..section.end).contains(&line.start));
    let outside = lines.iter().filter(|line| !line.is_open && !is_entry(line));
    let mut links: Vec<_> = outside.filter_map(Compare::read).collect();
    if links.iter().any(|link| link.names(&step.current)) {
        return text.to_owned();
    }
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

fn is_link(line: &str) -> bool {
    line.starts_with('[') && line.find("]:").is_some_and(|at| !line[1..at].contains(['[', ']']))
}

fn is_unreleased(title: &str) -> bool {
    title.trim_matches(['[', ']']).eq_ignore_ascii_case("unreleased")
}

/// The version that a heading names: `1.3.0` in `[1.3.0] - 2026-03-01`, `[1.3.0](url) (date)`, `v1.3.0 (date)` and
/// `Version 1.3.0: name`.
fn version_of(title: &str) -> Option<Version> {
    let words = ["version ", "release "];
    let start = words
        .iter()
        .find(|word| title.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    let title = title[start.map_or(0, |word| word.len())..].trim_start_matches(['[', ' ']);
    let title = title.strip_prefix(['v', 'V']).unwrap_or(title);
    title.split([']', ' ', '(', ':', ',']).next()?.parse().ok()
}

/// Says whether a line underlines a title of the second level.
fn is_underline(line: &str) -> bool {
    let line = line.trim_end();
    !line.is_empty() && line.bytes().all(|byte| byte == b'-')
}

/// Says whether a line, with whether it stands in a block, is a title that may be underlined.
fn is_title((line, is_open): (&str, bool)) -> bool {
    let title = line.trim();
    !is_open
        && !is_link(line)
        && !line.starts_with("## ")
        && (is_unreleased(title) || version_of(title).is_some())
}

/// A line of the file.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    start: usize,
    text: &'a str,
    /// Whether it stands in a code fence or a comment.
    is_open: bool,
}

/// What Markdown reads no headings in.
#[derive(Debug, Clone, Copy)]
enum Block<'a> {
    /// A fence of code, with the characters that open it.
    Fence(&'a str),
    /// A comment of HTML.
    Comment,
}

impl<'a> Block<'a> {
    /// The block that a line starts and does not end.
    fn start(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        if line.len() - text.len() > 3 {
            return None;
        }
        if let Some(comment) = text.strip_prefix("<!--") {
            return (!comment.contains("-->")).then_some(Block::Comment);
        }
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let (fence, info) = text.split_at(text.len() - text.trim_start_matches(mark).len());
        (fence.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some(Block::Fence(fence))
    }

    fn ends_at(self, line: &str) -> bool {
        match self {
            Block::Fence(fence) => {
                let text = line.trim();
                text.starts_with(fence) && text.trim_start_matches(&fence[..1]).is_empty()
            }
            Block::Comment => line.contains("-->"),
        }
    }
}

/// A body with plain line ends, no empty lines around it and one newline at its end.
fn normal(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let body = body.trim_end_matches(['\n', ' ', '\t']);
    // The indent of the first entry stays: without it, indented text could turn into a heading.
    let filled = body.len() - body.trim_start_matches(['\n', ' ', '\t']).len();
    let body = &body[body[..filled].rfind('\n').map_or(0, |end| end + 1)..];
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
    let kept = kept.join("\n\n");
    match kept.lines().last() {
        None => kept,
        // Without the empty group below it, a link among the entries would turn into one of the foot.
        Some(last) if is_link(last) => body,
        Some(_) => format!("{kept}\n"),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
