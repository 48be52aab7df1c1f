//! The notes of a release, grouped for people.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

use commits::{Change, Commit, Entry, changes, entry, sections};
use document::VersionStep;
use project::{ChangelogSection, ChangelogSettings, ChangelogStyle, CommitForm};

use crate::release_notes::{self, Extras};
use crate::release_please;
use crate::template::{self, Notes, Template};

/// The notes, and the types that none of the sections names.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The notes in Markdown; empty when no commit tells users anything.
    pub body: String,
    /// How many commits have each type that no section names.
    pub unknown: BTreeMap<String, usize>,
}

/// A heading, and the lines below it.
pub type Group = (String, String);

/// What the message of a commit tells, as far as the form of the notes needs it.
#[derive(Debug)]
pub struct Told {
    /// The changes, as Release Please reads them.
    changes: Vec<Change>,
    /// The change that the subject names.
    entry: Option<Entry>,
    /// What release notes say beyond the change.
    extras: Option<Extras>,
    /// The commit itself, for a template.
    commit: Option<Commit>,
}

/// Makes notes in the form of the project.
#[derive(Debug)]
pub struct Writer<'a> {
    settings: &'a ChangelogSettings,
    sections: Vec<ChangelogSection>,
    repository: Option<String>,
    template: Option<Template>,
}

impl<'a> Writer<'a> {
    /// A writer; `repository` is its web address, for links, and `root` the folder of the template.
    pub fn new(settings: &'a ChangelogSettings, repository: Option<String>, root: &Path) -> Result<Self> {
        let template = settings.template.as_deref().map(|template| Template::read(template, root));
        let template = template.transpose()?;
        Ok(Self { settings, sections: sections(settings), repository, template })
    }

    /// Reads the message of a commit.
    pub fn tell(&self, commit: &Commit) -> Told {
        let as_release_please = self.writes_as_release_please();
        let is_merge = commit.message.starts_with("Merge ");
        let changes = if as_release_please { changes(commit) } else { Vec::new() };
        let entry = (!as_release_please && !is_merge).then(|| entry(commit, self.settings.commits));
        let is_notes = self.settings.style == ChangelogStyle::ReleaseNotes;
        let extras = (is_notes && !is_merge).then(|| Extras::of(commit, entry.as_ref()));
        let commit = self.template.as_ref().map(|_| commit.clone());
        Told { changes, entry, extras, commit }
    }

    /// Makes the notes from the commits, which come newest first.
    pub fn section(&self, told: &[Told]) -> Section {
        let (sections, repository) = (&self.sections, self.repository.as_deref());
        if self.writes_as_release_please() {
            let changes = || told.iter().flat_map(|told| &told.changes);
            let vanished = changes().filter(|change| change.breaking.is_empty() && !change.is_footer);
            return Section {
                body: release_please::body(changes(), sections, repository),
                unknown: unknown(vanished.map(|change| change.kind.to_lowercase()), sections),
            };
        }
        let entries: Vec<&Entry> = told.iter().filter_map(|told| told.entry.as_ref()).collect();
        let (groups, unknown) = match self.settings.commits {
            CommitForm::Conventional => {
                let vanished =
                    entries.iter().filter(|entry| entry.breaking.is_none() && !entry.kind.is_empty());
                let unknown = unknown(vanished.map(|entry| entry.kind.clone()), sections);
                (by_type(&entries, sections), unknown)
            }
            CommitForm::Area | CommitForm::Plain => {
                (by_area(&entries, self.settings.style, repository), BTreeMap::new())
            }
        };
        let gap = if self.settings.style == ChangelogStyle::Conventional { "\n\n" } else { "\n" };
        let extras = told.iter().filter_map(|told| told.extras.as_ref());
        let groups = match self.settings.style {
            ChangelogStyle::KeepAChangelog if self.settings.commits == CommitForm::Conventional => {
                [vec![("Breaking".to_owned(), what_breaks(&entries))], groups].concat()
            }
            ChangelogStyle::KeepAChangelog | ChangelogStyle::Conventional => groups,
            ChangelogStyle::ReleaseNotes => {
                release_notes::framed(groups, subjects_that_break(&entries), extras)
            }
        };
        Section { body: joined(groups, gap), unknown }
    }

    fn writes_as_release_please(&self) -> bool {
        let form = (self.settings.style, self.settings.commits);
        self.template.is_none() && form == (ChangelogStyle::Conventional, CommitForm::Conventional)
    }

    /// The body of a section, by the template where the project has one.
    pub fn body(&self, section: Section, told: &[Told], step: Option<&VersionStep>) -> Result<String> {
        let Some(template) = &self.template else { return Ok(section.body) };
        let mut notes = Notes::of(step, self.repository.as_deref());
        let commits = || told.iter().filter_map(|told| told.commit.as_ref().map(|commit| (told, commit)));
        notes.commits = commits().map(|(_, commit)| raw(commit)).collect();
        let all = commits().filter_map(|(told, commit)| Some(template_entry(told.entry.as_ref()?, commit)));
        let all: Vec<template::Entry<'_>> = all.collect();
        notes.breaking = all.iter().filter(|entry| entry.breaking.is_some()).cloned().collect();
        let shown: Vec<(&str, &str)> = match self.settings.commits {
            CommitForm::Conventional => {
                let shown = self.sections.iter().filter(|section| !section.hidden);
                shown.map(|section| (section.kind.as_str(), section.section.as_str())).collect()
            }
            CommitForm::Area | CommitForm::Plain => {
                let areas: BTreeSet<&str> = all.iter().map(|entry| entry.kind).collect();
                areas.into_iter().map(|area| (area, area)).collect()
            }
        };
        for (_, name) in &shown {
            let belongs = |entry: &&template::Entry<'_>| shown.contains(&(entry.kind, name));
            let entries: Vec<_> = all.iter().filter(belongs).cloned().collect();
            if !entries.is_empty() && notes.groups.iter().all(|group| group.name != *name) {
                notes.groups.push(template::Group { name, entries });
            }
        }
        template.write(&notes)
    }
}

fn template_entry<'a>(entry: &'a Entry, commit: &'a Commit) -> template::Entry<'a> {
    template::Entry {
        kind: &entry.kind,
        scope: entry.scope.as_deref(),
        description: &entry.description,
        breaking: entry.breaking.as_deref(),
        issues: template::issues(&commit.message),
        commit: raw(commit),
    }
}

fn raw(commit: &Commit) -> template::Raw<'_> {
    template::Raw {
        id: &commit.id,
        short_id: commit.short(),
        author: &commit.author,
        subject: commit.subject(),
        message: &commit.message,
    }
}

fn unknown(kinds: impl Iterator<Item = String>, sections: &[ChangelogSection]) -> BTreeMap<String, usize> {
    let mut unknown = BTreeMap::new();
    for kind in kinds.filter(|kind| sections.iter().all(|section| section.kind != *kind)) {
        *unknown.entry(kind).or_default() += 1;
    }
    unknown
}

/// One group for each heading.
fn by_type(entries: &[&Entry], sections: &[ChangelogSection]) -> Vec<Group> {
    let shown: Vec<_> = sections.iter().filter(|section| !section.hidden).collect();
    let mut headings: Vec<&str> = Vec::new();
    for section in &shown {
        if !headings.contains(&section.section.as_str()) {
            headings.push(&section.section);
        }
    }
    let group = |heading: &str| {
        let belongs = |entry: &&&Entry| {
            shown.iter().any(|section| section.section == heading && section.kind == entry.kind)
        };
        let line = |entry: &&Entry| format!("- {}{}\n", scope(entry), entry.description);
        (heading.to_owned(), entries.iter().filter(belongs).map(line).collect())
    };
    headings.into_iter().map(group).collect()
}

/// The entries without an area first, then one group for each area in alphabetical order.
fn by_area(entries: &[&Entry], style: ChangelogStyle, repository: Option<&str>) -> Vec<Group> {
    let mut areas: BTreeMap<&str, String> = BTreeMap::new();
    for entry in entries {
        let short = &entry.id[..entry.id.len().min(7)];
        let line = match (style, repository) {
            (ChangelogStyle::Conventional, None) => format!("* {} ({short})\n", entry.description),
            (ChangelogStyle::Conventional, Some(url)) => {
                format!("* {} ([{short}]({url}/commit/{}))\n", entry.description, entry.id)
            }
            _ => format!("- {}\n", entry.description),
        };
        areas.entry(&entry.kind).or_default().push_str(&line);
    }
    areas.into_iter().map(|(area, lines)| (area.to_owned(), lines)).collect()
}

/// What breaks, in the words of the commits.
fn what_breaks(entries: &[&Entry]) -> String {
    let line = |entry: &&Entry| Some(format!("- {}{}\n", scope(entry), entry.breaking.as_ref()?));
    entries.iter().filter_map(line).collect()
}

/// The changes that break something.
fn subjects_that_break(entries: &[&Entry]) -> String {
    let breaking = entries.iter().filter(|entry| entry.breaking.is_some());
    breaking.map(|entry| format!("- {}{}\n", scope(entry), entry.description)).collect()
}

/// The groups that hold something, each below its heading; one without a name has none.
fn joined(groups: Vec<Group>, gap: &str) -> String {
    let filled = groups.into_iter().filter(|(_, lines)| !lines.is_empty());
    let text = |(heading, lines): Group| {
        if heading.is_empty() { lines } else { format!("### {heading}\n\n{lines}") }
    };
    filled.map(text).collect::<Vec<_>>().join(gap)
}

fn scope(entry: &Entry) -> String {
    entry.scope.as_ref().map(|scope| format!("**{scope}:** ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(messages: &[&str]) -> Vec<Commit> {
        let commit = |message: &&str| Commit {
            id: "0123456789abcdef".to_owned(),
            message: (*message).to_owned(),
            ..Commit::default()
        };
        messages.iter().map(commit).collect()
    }

    fn from_commits(commits: &[Commit], settings: &ChangelogSettings, repository: Option<&str>) -> Section {
        let writer = Writer::new(settings, repository.map(str::to_owned), Path::new("")).unwrap();
        let told: Vec<Told> = commits.iter().map(|commit| writer.tell(commit)).collect();
        writer.section(&told)
    }

    fn settings(style: ChangelogStyle, commits: CommitForm) -> ChangelogSettings {
        ChangelogSettings { style, commits, ..ChangelogSettings::default() }
    }

    #[test]
    fn groups_by_type_and_leaves_out_what_tells_users_nothing() {
        let commits = commits(&[
            "chore: tidy",
            "fix(io): close the file",
            "feat: add x\n\nBREAKING CHANGE: y is gone",
            "Plain words",
            "improve: z",
            "Merge branch 'x'",
        ]);
        let kept = settings(ChangelogStyle::KeepAChangelog, CommitForm::Conventional);
        let section = from_commits(&commits, &kept, None);
        assert_eq!(
            section.body,
            "### Breaking\n\n- y is gone\n\n### Added\n\n- add x\n\n### Changed\n\n- Plain words\n\n\
             ### Fixed\n\n- **io:** close the file\n"
        );
        assert_eq!(section.unknown, BTreeMap::from([("improve".to_owned(), 1)]));
        let conventional = settings(ChangelogStyle::Conventional, CommitForm::Conventional);
        let section = from_commits(&commits, &conventional, Some("https://h/o/r"));
        assert_eq!(
            section.body,
            "### ⚠ BREAKING CHANGES\n\n* y is gone\n\n### Features\n\n\
             * add x ([0123456](https://h/o/r/commit/0123456789abcdef))\n\n\n### Bug Fixes\n\n\
             * **io:** close the file ([0123456](https://h/o/r/commit/0123456789abcdef))\n"
        );
        assert_eq!(section.unknown, BTreeMap::from([("improve".to_owned(), 1)]));
        assert_eq!(from_commits(&commits[..1], &conventional, None).body, "");
    }

    #[test]
    fn sections_of_release_toml_replace_those_of_the_style() {
        let mut settings = settings(ChangelogStyle::KeepAChangelog, CommitForm::Conventional);
        let section = |kind: &str, section: &str, hidden| ChangelogSection {
            kind: kind.to_owned(),
            section: section.to_owned(),
            hidden,
        };
        settings.sections = Some(vec![section("improve", "Better", false), section("docs", "D", true)]);
        let section = from_commits(&commits(&["docs: a", "improve: b", "feat: c", "Plain"]), &settings, None);
        assert_eq!(section.body, "### Better\n\n- b\n");
        assert_eq!(section.unknown, BTreeMap::from([("feat".to_owned(), 1)]));
    }

    #[test]
    fn areas_are_groups_and_plain_subjects_have_none() {
        let commits = commits(&["[Store] a", "b", "[CLI] c", "Merge pull request #1 from x/y"]);
        let area = settings(ChangelogStyle::KeepAChangelog, CommitForm::Area);
        assert_eq!(from_commits(&commits, &area, None).body, "- b\n\n### CLI\n\n- c\n\n### Store\n\n- a\n");
        let plain = settings(ChangelogStyle::Conventional, CommitForm::Plain);
        assert_eq!(
            from_commits(&commits, &plain, None).body,
            "* [Store] a (0123456)\n* b (0123456)\n* [CLI] c (0123456)\n"
        );
    }
}
