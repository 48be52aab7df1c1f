//! Markdown as far as a changelog needs it: headings, code fences, comments and link definitions.

use super::title::{Title, is_version_alone};
use super::{Mark, Section, anchored, is_anchor};

/// The highest level of a heading that any release has.
const LOWEST: usize = 3;

/// A heading, and where its section could start.
struct Heading<'a> {
    start: usize,
    body_start: usize,
    level: usize,
    title: &'a str,
    underline: Option<char>,
}

/// The sections in the order of the file: those at the level of the releases, and each release at another level. What
/// stands in code fences and comments is none.
pub fn sections(text: &str) -> Vec<Section<'_>> {
    let headings = headings(text);
    let is_release =
        |heading: &&Heading<'_>| heading.level < LOWEST && Title::read(heading.title).is_release();
    let usual = headings.iter().find(is_release).map_or(2, |heading| heading.level);
    let starts = |heading: &&Heading<'_>| {
        let is_release = match heading.level {
            LOWEST => heading.title.starts_with('[') && is_version_alone(heading.title),
            _ => Title::read(heading.title).is_release(),
        };
        heading.level == usual || is_release
    };
    let mut sections: Vec<Section<'_>> = Vec::new();
    for heading in headings.iter().filter(starts) {
        if let Some(last) = sections.last_mut() {
            last.end = anchored(text, heading.start).max(last.body_start);
        }
        let mark = heading.underline.map_or(Mark::Hashes(heading.level), |line| Mark::Underline(line, false));
        sections.push(Section {
            start: heading.start,
            body_start: heading.body_start,
            status: None,
            end: text.len(),
            title: heading.title,
            mark,
        });
    }
    if let Some(last) = sections.last_mut() {
        last.end = links_start(text, last.end).max(last.body_start);
    }
    sections
}

fn headings(text: &str) -> Vec<Heading<'_>> {
    let mut headings: Vec<Heading<'_>> = Vec::new();
    let mut before = [("", true), ("", true)];
    for Line { start, text: line, is_open } in lines(text) {
        let hashes = line.len() - line.trim_start_matches('#').len();
        let title = line[hashes..].strip_prefix(' ').filter(|_| !is_open && (1..=LOWEST).contains(&hashes));
        // A first-level title that only begins with a version is that of the file.
        let title = title.map(str::trim).filter(|title| {
            hashes > 1 || is_version_alone(title) || !matches!(Title::read(title), Title::Released(_))
        });
        let (above, title_start) = (before[0].0, start - before[1].0.len());
        let starts = above.trim().is_empty()
            || above.starts_with('#')
            || headings.last().is_some_and(|heading| heading.body_start == title_start);
        let body_start = start + line.len();
        let underline = underline(line).filter(|_| !is_open && starts && is_title(before[1]));
        if let Some(title) = title {
            headings.push(Heading { start, body_start, level: hashes, title, underline: None });
        } else if underline.is_some() {
            let level = if underline == Some('=') { 1 } else { 2 };
            let title = before[1].0.trim();
            headings.push(Heading { start: title_start, body_start, level, title, underline });
        }
        before = [before[1], (line, is_open)];
    }
    headings
}

/// The character that a line underlines a title with.
fn underline(line: &str) -> Option<char> {
    let line = line.trim_end();
    let mark = line.chars().next().filter(|mark| matches!(mark, '-' | '='))?;
    line.trim_start_matches(mark).is_empty().then_some(mark)
}

/// Says whether a line, with whether it stands in a block, is a title that may be underlined.
fn is_title((line, is_open): (&str, bool)) -> bool {
    !is_open && !is_link(line) && !line.starts_with('#') && Title::read(line.trim()).is_release()
}

/// The lines, the first without its byte order mark, each with whether it stands in a code fence or a comment. A
/// block that nothing closes is text: it would hide every release below it.
pub fn lines(whole: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut start = whole.len() - whole.trim_start_matches('\u{feff}').len();
    for text in whole[start..].split_inclusive('\n') {
        lines.push(Line { start, text, is_open: false });
        start += text.len();
    }
    let mut at = 0;
    while at < lines.len() {
        let block = Block::start(lines[at].text);
        let end = block.and_then(|block| lines[at + 1..].iter().position(|line| block.ends_at(line.text)));
        let next = at + end.map_or(1, |length| length + 2);
        lines[at..next].iter_mut().for_each(|line| line.is_open = end.is_some());
        at = next;
    }
    lines
}

/// Where the block of link definitions at the foot starts; `end` when there is none.
pub fn links_start(text: &str, end: usize) -> usize {
    let mut start = end;
    let mut at = end;
    for line in text[..end].split_inclusive('\n').rev() {
        at -= line.len();
        if is_link(line) {
            start = at;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    start
}

/// Says whether a line defines a link.
pub fn is_link(line: &str) -> bool {
    line.starts_with('[') && line.find("]:").is_some_and(|at| !line[1..at].contains(['[', ']']))
}

/// A line of the file.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Where it starts.
    pub start: usize,
    /// Its text, with its end.
    pub text: &'a str,
    /// Whether it stands in a code fence or a comment.
    pub is_open: bool,
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
pub fn normal(body: &str) -> String {
    let body = body.replace("\r\n", "\n");
    let body = body.trim_end_matches(['\n', ' ', '\t']);
    // The indent of the first entry stays: without it, indented text could turn into a heading.
    let filled = body.len() - body.trim_start_matches(['\n', ' ', '\t']).len();
    let body = &body[body[..filled].rfind('\n').map_or(0, |end| end + 1)..];
    if body.is_empty() { String::new() } else { format!("{body}\n") }
}

/// The body without `###` groups that hold nothing, or comments alone.
pub fn filled_groups(body: &str) -> String {
    let body = normal(body);
    let kept: Vec<String> = groups(&body).into_iter().filter(|group| holds(&uncommented(group))).collect();
    let kept: Vec<&str> = kept.iter().map(|group| group.trim_end()).collect();
    let kept = kept.join("\n\n");
    match kept.lines().last() {
        None => kept,
        // Without the empty group below it, a link among the entries would turn into one of the foot, and an anchor
        // into that of the next release.
        Some(last) if is_link(last) || is_anchor(last) => body,
        Some(_) => format!("{kept}\n"),
    }
}

/// The groups of a body that hold comments alone: they say what is to be written there, for every release anew.
pub fn templates(body: &str) -> String {
    let body = normal(body);
    let is_template = |group: &String| holds(group) && !holds(&uncommented(group));
    groups(&body).into_iter().filter(is_template).collect()
}

/// What stands before the first `###` group, and each of them with its heading. A heading in a block is text.
fn groups(body: &str) -> Vec<String> {
    let lines = lines(body);
    // A byte order mark is a part of no line.
    let mut groups: Vec<String> = vec![body[..lines.first().map_or(0, |line| line.start)].to_owned()];
    for line in lines {
        if line.text.starts_with("### ") && !line.is_open {
            groups.push(String::new());
        }
        groups.last_mut().into_iter().for_each(|group| group.push_str(line.text));
    }
    groups
}

fn holds(group: &str) -> bool {
    group.lines().any(|line| !line.trim().is_empty() && !line.starts_with("### "))
}

/// A text without comments.
fn uncommented(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, comment)) = rest.split_once("<!--") {
        let Some((_, after)) = comment.split_once("-->") else { break };
        kept.push_str(before);
        rest = after;
    }
    kept + rest
}
