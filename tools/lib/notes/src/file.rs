//! The changelog file: the section spliced in, every other byte left.

mod links;
mod markdown;
mod review;
mod rst;
mod title;

use document::{Version, VersionStep};
use project::ChangelogStyle;

use title::Title;

/// The language of a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Markdown.
    Markdown,
    /// reStructuredText.
    Rst,
}

/// The text of a changelog, with what is asked of it.
#[derive(Debug)]
pub struct Changelog<'a> {
    text: &'a str,
    syntax: Syntax,
    newline: &'static str,
}

/// A section of the file: the heading's lines and what stands below them up to the next one.
#[derive(Debug, Clone, Copy)]
struct Section<'a> {
    start: usize,
    /// Where the first line below the heading starts.
    body_start: usize,
    /// The line below the heading that says when it was released, or that it was not yet.
    status: Option<&'a str>,
    end: usize,
    title: &'a str,
    mark: Mark,
}

/// What makes a title of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// So many `#` before it.
    Hashes(usize),
    /// A line of that character below it, and whether there is one above it too.
    Underline(char, bool),
}

impl Syntax {
    /// The language of a file: by the end of its name, else by what it holds.
    pub fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        let has_hashes = || text.lines().any(|line| line.starts_with("# ") || line.starts_with("## "));
        match name.rsplit_once('.').map(|(_, end)| end) {
            Some("rst") => Syntax::Rst,
            Some("md" | "markdown") => Syntax::Markdown,
            _ if text.trim().is_empty() || has_hashes() => Syntax::Markdown,
            _ => Syntax::Rst,
        }
    }
}

impl<'a> Changelog<'a> {
    /// Reads a changelog; its line ends are those of its first line.
    pub fn new(text: &'a str, syntax: Syntax) -> Self {
        let newline = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        Self { text, syntax, newline }
    }

    /// Reads another state of the same file.
    pub fn read<'b>(&self, text: &'b str) -> Changelog<'b> {
        Changelog::new(text, self.syntax)
    }

    /// The entries below `[Unreleased]` in Markdown, without groups that hold none; `None` when there are none.
    pub fn unreleased(&self) -> Option<String> {
        let section = self.open(&self.sections())?;
        let body = markdown::filled_groups(&self.body(&section));
        let nothing = body.trim().trim_start_matches(['-', '*', ' ']).to_lowercase();
        let is_empty = nothing.is_empty() || nothing.starts_with("nothing changed yet");
        (!is_empty).then_some(body)
    }

    /// Says whether the file has a section of a version.
    pub fn has(&self, version: &Version) -> bool {
        self.sections().iter().any(|section| section.is_of(version))
    }

    /// The body of the section of a version in Markdown, where the file has one already.
    pub fn section_of(&self, version: &Version) -> Option<String> {
        let section = self.sections().into_iter().find(|section| section.is_of(version))?;
        Some(self.body(&section))
    }

    /// The text with the section of a release in its place: below `[Unreleased]`, which keeps no entry, else
    /// above the newest section. A section `1.4.0 (unreleased)` gets its date.
    pub fn with(
        &self,
        step: &VersionStep,
        body: &str,
        style: ChangelogStyle,
        repository: Option<&str>,
    ) -> String {
        let sections = self.sections();
        let newline = self.newline;
        let open = self.open(&sections);
        let is_pending = |section: &Section<'_>| section.kind() == Title::Pending;
        let newest = sections.iter().find(|section| matches!(section.kind(), Title::Released(_)));
        let heading = match open.filter(is_pending) {
            Some(section) => section.dated(step),
            None => self.heading(newest.or(open.as_ref()), step, style, repository),
        };
        let body = match (self.syntax, open) {
            // What people wrote stays in their words.
            (Syntax::Rst, Some(section)) if self.unreleased().as_deref() == Some(body) => {
                markdown::normal(&rst::filled_groups(&self.raw(&section)))
            }
            (Syntax::Rst, _) => rst::from_markdown(body, rst::group_mark(self.text)),
            (Syntax::Markdown, _) => body.to_owned(),
        };
        let section = format!("{heading}\n\n{body}").replace('\n', newline);
        let (before, after) = match (open, newest.or(sections.first())) {
            (Some(found), _) if is_pending(&found) => {
                (self.text[..found.start].to_owned(), &self.text[found.end..])
            }
            (Some(found), _) => (self.emptied(&found), &self.text[found.end..]),
            (None, Some(first)) => {
                let place = anchored(self.text, first.start);
                (self.text[..place].to_owned(), &self.text[place..])
            }
            (None, None) => {
                let end = self.foot();
                let head = self.text[..end].trim_end_matches(['\r', '\n']);
                let is_empty = head.trim_start_matches('\u{feff}').is_empty();
                let gap = if is_empty { String::new() } else { newline.repeat(2) };
                (format!("{head}{gap}"), &self.text[end..])
            }
        };
        let gap = if after.trim().is_empty() { "" } else { newline };
        let text = format!("{before}{section}{gap}{}", after.trim_start_matches(['\r', '\n']));
        match (self.syntax, style) {
            (Syntax::Markdown, ChangelogStyle::KeepAChangelog) => {
                links::with_links(&text, step, true, newline)
            }
            _ => text,
        }
    }

    /// The text with a section for each release that has none, in the order of the versions. The releases come with
    /// their notes, the highest first.
    pub fn with_missing(
        &self,
        releases: &[(&VersionStep, &str)],
        style: ChangelogStyle,
        repository: Option<&str>,
    ) -> String {
        let sections = self.sections();
        let released: Vec<(Version, &Section<'a>)> = sections
            .iter()
            .filter_map(|section| match section.kind() {
                Title::Released(version) => Some((version, section)),
                _ => None,
            })
            .collect();
        let open = self.open(&sections);
        let newest = released.first().map(|(_, section)| *section).or(open.as_ref());
        let (mut text, mut at) = (String::new(), 0);
        let newline = self.newline;
        for (step, body) in releases {
            let below = released.iter().find(|(version, _)| *version < step.current);
            let last = sections.last().map_or_else(|| self.foot(), |section| section.end);
            let place = below.map_or(last, |(_, section)| anchored(self.text, section.start));
            text.push_str(&self.text[at..place.max(at)]);
            at = place.max(at);
            let gap = newline.repeat(2);
            let is_start = text.trim_start_matches('\u{feff}').is_empty();
            if !is_start && !text.ends_with(&gap) {
                text.push_str(if text.ends_with('\n') { newline } else { &gap });
            }
            let body = match self.syntax {
                Syntax::Rst => rst::from_markdown(body, rst::group_mark(self.text)),
                Syntax::Markdown => (*body).to_owned(),
            };
            let heading = self.heading(newest, step, style, repository);
            let section = format!("{heading}\n\n{}\n", body.trim_end()).replace('\n', newline);
            text.push_str(&section);
            if !self.text[at..].is_empty() && !self.text[at..].starts_with(newline) {
                text.push_str(newline);
            }
        }
        text.push_str(&self.text[at..]);
        let has_links = self.syntax == Syntax::Markdown && style == ChangelogStyle::KeepAChangelog;
        let has_links = has_links && text.contains("/compare/");
        for (step, _) in releases.iter().rev().filter(|_| has_links) {
            let is_newest = released.iter().all(|(version, _)| *version < step.current);
            text = links::with_links(&text, step, is_newest, newline);
        }
        text
    }

    /// Notes with the definitions of their links that stand elsewhere in the file, for they are read without it too.
    pub fn complete(&self, notes: String) -> String {
        match self.syntax {
            Syntax::Markdown => links::with_definitions(notes, self.text),
            Syntax::Rst => notes,
        }
    }

    /// What stands before and behind the section of a version.
    pub fn around(&self, version: &Version) -> Option<(&'a str, &'a str)> {
        let section = self.sections().into_iter().find(|section| section.is_of(version))?;
        Some((&self.text[..section.start], &self.text[section.end..]))
    }

    fn sections(&self) -> Vec<Section<'a>> {
        let mut sections = match self.syntax {
            Syntax::Markdown => markdown::sections(self.text),
            Syntax::Rst => rst::sections(self.text),
        };
        for section in sections.iter_mut().filter(|section| title::has_no_date(section.title)) {
            let mut lines = self.text[section.body_start..section.end].lines();
            let first = lines.find(|line| !line.trim().is_empty());
            section.status = first.filter(|line| title::is_status(line));
        }
        sections
    }

    /// The section of what is not released yet.
    fn open(&self, sections: &[Section<'a>]) -> Option<Section<'a>> {
        sections.iter().copied().find(|section| section.kind().is_open())
    }

    /// Where a section goes in a file that has none.
    fn foot(&self) -> usize {
        match self.syntax {
            Syntax::Markdown => markdown::links_start(self.text, self.text.len()),
            Syntax::Rst => self.text.len(),
        }
    }

    /// The body of a section with plain line ends, in the language of the file.
    fn raw(&self, section: &Section<'_>) -> String {
        let body = &self.text[section.body_start..section.end];
        let entries = section.status.and_then(|status| body.split_once(status));
        markdown::normal(entries.map_or(body, |(_, entries)| entries))
    }

    /// The body of a section in Markdown.
    fn body(&self, section: &Section<'_>) -> String {
        match self.syntax {
            Syntax::Markdown => self.raw(section),
            Syntax::Rst => rst::to_markdown(&self.raw(section)),
        }
    }

    /// The text up to the end of a section that keeps no entry, but the comments that say what to write there.
    fn emptied(&self, open: &Section<'_>) -> String {
        let newline = self.newline;
        let raw = self.raw(open);
        let templates = match self.syntax {
            Syntax::Markdown => markdown::templates(&raw),
            Syntax::Rst => String::new(),
        };
        // Where nothing else stands there, not even its empty lines change.
        let end = if templates == raw { open.end } else { open.body_start };
        let mut kept = self.text[..end].trim_end_matches(['\r', '\n']).to_owned();
        kept.push_str(&newline.repeat(2));
        if templates != raw && !templates.is_empty() {
            kept.push_str(&format!("{}\n\n", templates.trim_end()).replace('\n', newline));
        }
        kept
    }

    /// The heading of a new section, at the level of the newest one.
    fn heading(
        &self,
        newest: Option<&Section<'_>>,
        step: &VersionStep,
        style: ChangelogStyle,
        repository: Option<&str>,
    ) -> String {
        match (self.syntax, newest.map(|section| section.mark)) {
            (Syntax::Rst, mark) => {
                let mark = mark.unwrap_or_else(|| rst::free_mark(self.text));
                mark.title(&format!("{} ({})", step.current, step.date))
            }
            (Syntax::Markdown, Some(Mark::Hashes(1))) => heading(step, style, repository).split_off(1),
            (Syntax::Markdown, _) => heading(step, style, repository),
        }
    }
}

impl Section<'_> {
    fn is_of(&self, version: &Version) -> bool {
        self.kind() == Title::Released(version.clone())
    }

    /// What the title says, or the line below it where that has the date.
    fn kind(&self) -> Title {
        match Title::read(self.title) {
            Title::Released(_) if self.status.is_some_and(title::is_no_date) => Title::Pending,
            kind => kind,
        }
    }

    /// The heading of a section that waits for its release, with the version and the date.
    fn dated(&self, step: &VersionStep) -> String {
        let heading = self.mark.title(&title::dated(self.title, step));
        match self.status.filter(|status| title::is_no_date(status)) {
            Some(_) => format!("{heading}\n\nReleased {}", step.date),
            None => heading,
        }
    }
}

impl Mark {
    /// A title with that mark.
    fn title(self, title: &str) -> String {
        match self {
            Mark::Hashes(count) => format!("{} {title}", "#".repeat(count)),
            Mark::Underline(character, is_above) => {
                let line = character.to_string().repeat(title.chars().count());
                if is_above { format!("{line}\n{title}\n{line}") } else { format!("{title}\n{line}") }
            }
        }
    }
}

/// Where a section starts with the anchors above its heading, which belong to it: `<a name="1.3.0"></a>`, `.. _v1.3.0:`.
fn anchored(text: &str, start: usize) -> usize {
    let above = text[..start].trim_end();
    let line_start = above.rfind('\n').map_or(0, |end| end + 1);
    let line = above[line_start..].trim_start_matches('\u{feff}');
    let before = above[..above.len() - line.len()].trim_start_matches('\u{feff}');
    let stands_free = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
    if is_anchor(line) && stands_free { anchored(text, above.len() - line.len()) } else { start }
}

/// Says whether a line begins with an anchor.
fn is_anchor(line: &str) -> bool {
    ["<a name=", "<a id=", ".. _"].iter().any(|anchor| line.starts_with(anchor))
}

/// The first line of notes in Markdown that would start a section of its own.
pub fn starts_a_section(body: &str) -> Option<&str> {
    let section = markdown::sections(body).into_iter().next()?;
    body[section.start..].lines().next()
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
        (ChangelogStyle::ReleaseNotes, ..) => format!("## {version} ({date})"),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "file_properties.rs"]
mod properties;
