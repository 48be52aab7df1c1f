//! What a project has always done: the form of its tags, its changelog, the subjects of its commits.

use std::collections::BTreeMap;

use anyhow::Result;
use document::Version;
use project::{Survey, Versioning, files};

/// A value with the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Habit {
    /// The value.
    pub value: String,
    /// Why it is taken.
    pub why: String,
}

/// The habits that were found; another tool's settings go before them.
#[derive(Debug, Default)]
pub struct Habits {
    /// The form of the tags.
    pub tag: Option<Habit>,
    /// The message of the release commit.
    pub message: Option<Habit>,
    /// The path of the changelog.
    pub changelog: Option<Habit>,
    /// The style of its sections.
    pub style: Option<Habit>,
    /// The form of the subjects, where they are no Conventional Commits.
    pub commits: Option<Habit>,
}

/// Names of changelogs, the most usual first.
const CHANGELOGS: [&str; 11] = [
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "CHANGES.md",
    "CHANGES.rst",
    "HISTORY.md",
    "HISTORY.rst",
    "NEWS.md",
    "docs/CHANGELOG.md",
    "docs/changelog.md",
    "changelog.md",
    "RELEASE_NOTES.md",
];

/// The fewest commits that make a habit.
const FEW: usize = 5;

impl Habits {
    /// Looks at the tags, the changelog and the last commits.
    pub fn of(survey: &Survey) -> Result<Self> {
        let git = &survey.project.git;
        let mut habits = Self::default();
        let last = if survey.project.foreign.is_none() { tags(survey, &mut habits)? } else { None };
        if let Some((tag, version)) = last {
            let subject = git.ask(&["log", "-1", "--format=%s", &tag])?.unwrap_or_default();
            let usual = subject.len() < 60 && subject.matches(&version).count() == 1;
            habits.message = usual.then(|| Habit {
                value: subject.replace(&version, "{version}"),
                why: format!("the commit of {tag} reads so"),
            });
        }
        let has = |path: &str| survey.files.iter().any(|file| file == path);
        let own = survey.project.settings.changelog.path.as_ref().map(|path| path.as_str());
        let path = own.filter(|path| has(path)).or_else(|| CHANGELOGS.into_iter().find(|path| has(path)));
        if let Some(path) = path {
            habits.changelog = Some(Habit { value: path.to_owned(), why: format!("`{path}` is there") });
            let text = files::read_text(&survey.project.root.join(path)).unwrap_or_default();
            habits.style = style(&text, path);
        }
        let subjects = git.ask(&["log", "-200", "--no-merges", "--format=%s"])?.unwrap_or_default();
        habits.commits = commits(&subjects.lines().collect::<Vec<_>>());
        Ok(habits)
    }
}

/// Finds the usual form of the tags; returns the highest of that form, with its version as it is written.
fn tags(survey: &Survey, habits: &mut Habits) -> Result<Option<(String, String)>> {
    let project = &survey.project;
    let names = project.git.tags(false)?;
    let mut forms: BTreeMap<String, Vec<(Version, String, String)>> = BTreeMap::new();
    for name in names.iter().filter(|name| !name.starts_with("withdrawn/")) {
        let Some((before, written, version)) = split(name) else { continue };
        let mut before = before.to_owned();
        if project.settings.project.versioning == Versioning::Apart {
            let own = project.packages.iter().find(|package| before.starts_with(package.name.as_str()));
            let Some(own) = own else { continue };
            before = before.replacen(own.name.as_str(), "{package}", 1);
        }
        forms.entry(before).or_default().push((version, name.clone(), written.to_owned()));
    }
    let Some((before, mut tags)) = forms.into_iter().max_by_key(|(_, tags)| tags.len()) else {
        return Ok(None);
    };
    tags.sort();
    let count = tags.len();
    let Some((_, last, written)) = tags.pop() else { return Ok(None) };
    let why = match count {
        1 => format!("the tag {last} has this form"),
        _ => format!("{count} tags have this form, the last is {last}"),
    };
    habits.tag = Some(Habit { value: format!("{before}{{version}}"), why });
    Ok(Some((last, written)))
}

/// What stands before the version in a tag, and the version.
fn split(tag: &str) -> Option<(&str, &str, Version)> {
    let starts = tag.char_indices().filter(|(at, c)| {
        let inside = tag[..*at].chars().next_back().is_some_and(|c| c.is_ascii_digit() || c == '.');
        c.is_ascii_digit() && !inside
    });
    let versions = starts.filter_map(|(at, _)| {
        let version: Version = tag[at..].parse().ok()?;
        (version.release().len() > 1).then_some((&tag[..at], &tag[at..], version))
    });
    versions.into_iter().next()
}

/// The style of a changelog by its headings.
fn style(text: &str, path: &str) -> Option<Habit> {
    if path == "RELEASE_NOTES.md" {
        return Some(Habit { value: "release-notes".to_owned(), why: format!("`{path}` is there") });
    }
    let headings = || text.lines().map(str::trim_end).filter(|line| line.starts_with("## "));
    let is_conventional = |line: &&str| {
        line.ends_with(')') && line.contains(" (") && line.contains(|c: char| c.is_ascii_digit())
    };
    let is_kept = |line: &&str| line.to_lowercase().starts_with("## [unreleased]") || line.contains("] - ");
    let habit = |value: &str, line: &str| {
        Some(Habit { value: value.to_owned(), why: format!("`{path}` has headings such as `{line}`") })
    };
    match (headings().find(is_kept), headings().find(is_conventional)) {
        (Some(line), _) => habit("keep-a-changelog", line),
        (None, Some(line)) => habit("conventional", line),
        (None, None) => None,
    }
}

/// The form of the subjects, where most are no Conventional Commits.
fn commits(subjects: &[&str]) -> Option<Habit> {
    if subjects.len() < FEW {
        return None;
    }
    let count = |is: fn(&str) -> bool| subjects.iter().filter(|subject| is(subject)).count();
    let (conventional, areas) = (count(is_conventional), count(has_area));
    let most = subjects.len() / 2;
    if conventional > most {
        return None;
    }
    let (value, fitting) =
        if areas > most { ("area", areas) } else { ("plain", subjects.len() - conventional - areas) };
    let of = subjects.len();
    let why = match value {
        "area" => format!("{fitting} of the last {of} commits start with `[Area]`"),
        _ => format!("only {conventional} of the last {of} commits are Conventional Commits"),
    };
    Some(Habit { value: value.to_owned(), why })
}

fn is_conventional(subject: &str) -> bool {
    let Some((kind, _)) = subject.split_once(": ") else { return false };
    let kind = kind.trim_end_matches('!');
    let name = kind.split_once('(').map_or(kind, |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())
}

fn has_area(subject: &str) -> bool {
    subject.strip_prefix('[').and_then(|rest| rest.split_once("] ")).is_some_and(|(area, _)| !area.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_form_and_a_version() {
        let parts = |tag: &'static str| split(tag).map(|(before, written, _)| (before, written));
        assert_eq!(parts("v1.2.3"), Some(("v", "1.2.3")));
        assert_eq!(parts("wagon2-v1.2.3-rc1"), Some(("wagon2-v", "1.2.3-rc1")));
        assert_eq!(parts("release/1.2"), Some(("release/", "1.2")));
        assert_eq!(parts("20241201"), None);
        assert_eq!(parts("nightly"), None);
    }

    #[test]
    fn headings_tell_the_style() {
        let of = |text: &str| style(text, "C.md").map(|habit| habit.value);
        assert_eq!(
            of("# C\n\n## [Unreleased]\n\n## 1.0 (2026-01-01)\n").as_deref(),
            Some("keep-a-changelog")
        );
        assert_eq!(of("# C\r\n\r\n## [1.0.0] - 2026-01-01\r\n").as_deref(), Some("keep-a-changelog"));
        assert_eq!(of("## [1.0.0](https://x.example/y) (2026-01-01)\n").as_deref(), Some("conventional"));
        assert_eq!(of("# C\n\n## Version one\n"), None);
    }

    #[test]
    fn subjects_tell_the_form_of_commits() {
        assert_eq!(commits(&["feat: a", "fix(b): c", "d", "feat!: e", "ci: f"]), None);
        let area = commits(&["[Store] a", "[CI] b", "[Docs] c", "d", "feat: e"]).unwrap();
        assert_eq!(
            (area.value.as_str(), area.why.as_str()),
            ("area", "3 of the last 5 commits start with `[Area]`")
        );
        let plain = commits(&["a", "b", "C: d", "e", "feat: f"]).unwrap();
        assert_eq!(
            (plain.value.as_str(), plain.why.as_str()),
            ("plain", "only 1 of the last 5 commits are Conventional Commits")
        );
        assert_eq!(commits(&["a", "b"]), None);
    }
}
