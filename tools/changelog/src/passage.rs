//! Sections with their headings, and whole files of them.

use document::VersionStep;
use notes::{Changelog, Syntax, heading};
use project::ChangelogStyle;

/// A section with what its heading tells.
#[derive(Debug)]
pub struct Passage {
    /// The release; `None` for what is not released yet.
    pub step: Option<VersionStep>,
    /// The notes in Markdown, below the heading.
    pub body: String,
}

/// The sections, one below the other.
pub fn joined(passages: &[Passage], style: ChangelogStyle, url: Option<&str>) -> String {
    passages.iter().map(|passage| passage.text(style, url)).collect::<Vec<_>>().join("\n")
}

/// A file in Markdown: a title, the sections, and where the style has them the compare links.
pub fn whole(passages: &[Passage], style: ChangelogStyle, url: Option<&str>) -> String {
    let mut text = format!("# {}\n\n{}", title(style), joined(passages, style, url));
    if let Some(url) = url.filter(|_| style == ChangelogStyle::KeepAChangelog) {
        text.push('\n');
        passages.iter().for_each(|passage| text.push_str(&passage.link(url, passages)));
    }
    text
}

/// The text of a changelog that is not there yet, with these releases and their notes, the highest first.
pub fn new_file(
    releases: &[(&VersionStep, &str)],
    syntax: Syntax,
    style: ChangelogStyle,
    url: Option<&str>,
) -> String {
    if syntax == Syntax::Rst {
        let title = title(style);
        let title = format!("{title}\n{}\n", "=".repeat(title.len()));
        return Changelog::new(&title, syntax).with_missing(releases, style, url);
    }
    // Entries of the next release have a place from the start, which holds none yet.
    let open = (style == ChangelogStyle::KeepAChangelog).then(|| Passage { step: None, body: String::new() });
    let released = |(step, body): &(&VersionStep, &str)| Passage {
        step: Some(VersionStep::clone(step)),
        body: (*body).to_owned(),
    };
    let passages: Vec<Passage> = open.into_iter().chain(releases.iter().map(released)).collect();
    whole(&passages, style, url)
}

fn title(style: ChangelogStyle) -> &'static str {
    match style {
        ChangelogStyle::KeepAChangelog | ChangelogStyle::Conventional => "Changelog",
        ChangelogStyle::ReleaseNotes => "Release notes",
    }
}

impl Passage {
    /// The section with its heading.
    pub fn text(&self, style: ChangelogStyle, url: Option<&str>) -> String {
        let title = match (&self.step, style) {
            (Some(step), _) => heading(step, style, url),
            (None, ChangelogStyle::KeepAChangelog) => "## [Unreleased]".to_owned(),
            (None, ChangelogStyle::Conventional) => "## Unreleased\n".to_owned(),
            (None, ChangelogStyle::ReleaseNotes) => "## Unreleased".to_owned(),
        };
        if self.body.is_empty() { format!("{title}\n") } else { format!("{title}\n\n{}", self.body) }
    }

    /// The definition of the link that the heading of the section is.
    fn link(&self, url: &str, all: &[Self]) -> String {
        match &self.step {
            None => {
                let latest = all.iter().find_map(|passage| passage.step.as_ref());
                let compare = |step: &VersionStep| format!("compare/{}...HEAD", step.tag);
                format!("[Unreleased]: {url}/{}\n", latest.map_or("commits/HEAD".to_owned(), compare))
            }
            Some(VersionStep { current, tag, previous_tag: Some(previous), .. }) => {
                format!("[{current}]: {url}/compare/{previous}...{tag}\n")
            }
            Some(VersionStep { current, tag, previous_tag: None, .. }) => {
                format!("[{current}]: {url}/releases/tag/{tag}\n")
            }
        }
    }
}
