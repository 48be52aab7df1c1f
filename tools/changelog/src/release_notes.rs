//! Release notes: what a release is about, what it breaks, how to upgrade, and who made it.

use std::collections::BTreeMap;

use commits::{Commit, Entry};

use crate::section::Group;

/// What a commit adds to release notes beyond its change.
#[derive(Debug, Default)]
pub struct Extras {
    author: String,
    highlights: Vec<String>,
    upgrades: Vec<String>,
    issues: Vec<String>,
}

impl Extras {
    /// Reads the footers `Highlight:`, `Upgrade:` and `Known-issue:`, which may go on over indented lines. The text of a
    /// `BREAKING CHANGE:` footer says how to upgrade too, where the subject says what breaks.
    pub fn of(commit: &Commit, entry: Option<&Entry>) -> Self {
        let mut extras = Self { author: commit.author.clone(), ..Self::default() };
        let mut lines = commit.message.lines().skip(1).peekable();
        while let Some(line) = lines.next() {
            let Some((token, text)) = line.split_once(": ") else { continue };
            let list = match token.to_ascii_lowercase().replace(' ', "-").as_str() {
                "highlight" | "highlights" => &mut extras.highlights,
                "upgrade" | "upgrade-note" | "upgrade-notes" => &mut extras.upgrades,
                "known-issue" | "known-issues" => &mut extras.issues,
                _ => continue,
            };
            let mut text = text.trim().to_owned();
            let goes_on = |line: &&str| line.starts_with([' ', '\t']) && !line.trim().is_empty();
            while let Some(more) = lines.next_if(goes_on) {
                text = format!("{text} {}", more.trim());
            }
            list.push(text);
        }
        let breaking = entry.and_then(|entry| Some((&entry.description, entry.breaking.as_ref()?)));
        extras.upgrades.extend(breaking.filter(|(what, how)| what != how).map(|(_, how)| how.clone()));
        extras
    }
}

/// The groups of release notes around those of the commits' types; none where there is nothing to tell.
pub fn framed<'a>(
    groups: Vec<Group>,
    breaking: String,
    extras: impl Iterator<Item = &'a Extras> + Clone,
) -> Vec<Group> {
    let list = |of: fn(&Extras) -> &Vec<String>| -> String {
        extras.clone().flat_map(of).map(|text| format!("- {text}\n")).collect()
    };
    let named = |heading: &str, lines| vec![(heading.to_owned(), lines)];
    let notes = [
        named("Highlights", list(|extras| &extras.highlights)),
        groups,
        named("Breaking changes", breaking),
        named("Upgrade notes", list(|extras| &extras.upgrades)),
        named("Known issues", list(|extras| &extras.issues)),
    ]
    .concat();
    if notes.iter().all(|(_, lines)| lines.is_empty()) {
        return Vec::new();
    }
    [notes, named("Contributors", people(extras))].concat()
}

/// The authors, those of most commits first. Programs are none.
fn people<'a>(extras: impl Iterator<Item = &'a Extras>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let is_person = |name: &&str| !name.is_empty() && !name.ends_with("[bot]");
    for name in extras.map(|extras| extras.author.as_str()).filter(is_person) {
        *counts.entry(name).or_default() += 1;
    }
    let mut people: Vec<(&str, usize)> = counts.into_iter().collect();
    people.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    people.iter().map(|(name, _)| format!("- {name}\n")).collect()
}
