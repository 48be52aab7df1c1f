//! The notes of a release, grouped for people.

use project::ChangelogStyle;

use crate::commits::Entry;

/// The groups of Keep a Changelog 1.1 and the commit types that go into each. Other types tell users nothing.
const KEEP_A_CHANGELOG: [(&str, &[&str]); 4] = [
    ("Added", &["feat", "feature"]),
    ("Changed", &["perf", "refactor", "revert", ""]),
    ("Fixed", &["fix"]),
    ("Security", &["security"]),
];

/// The groups that Release Please shows by default.
const CONVENTIONAL: [(&str, &[&str]); 4] = [
    ("Features", &["feat", "feature"]),
    ("Bug Fixes", &["fix"]),
    ("Performance Improvements", &["perf"]),
    ("Reverts", &["revert"]),
];

/// Returns the notes in Markdown; empty when no commit tells users anything.
///
/// `commit_url` is what a commit's id is appended to for a link.
pub fn from_commits(entries: &[Entry], style: ChangelogStyle, commit_url: Option<&str>) -> String {
    let (groups, bullet) = match style {
        ChangelogStyle::KeepAChangelog => (KEEP_A_CHANGELOG, "-"),
        ChangelogStyle::Conventional => (CONVENTIONAL, "*"),
    };
    let mut parts = Vec::new();
    let breaking: Vec<_> =
        entries.iter().filter_map(|entry| entry.breaking.as_ref().map(|text| (entry, text))).collect();
    if !breaking.is_empty() {
        let heading = if style == ChangelogStyle::Conventional { "⚠ BREAKING CHANGES" } else { "Breaking" };
        let lines = breaking.iter().map(|(entry, text)| format!("{bullet} {}{text}\n", scope(entry)));
        parts.push(format!("### {heading}\n\n{}", lines.collect::<String>()));
    }
    for (heading, kinds) in groups {
        let lines: String = entries
            .iter()
            .filter(|entry| kinds.contains(&entry.kind.as_str()))
            .map(|entry| {
                format!("{bullet} {}{}{}\n", scope(entry), entry.description, link(entry, style, commit_url))
            })
            .collect();
        if !lines.is_empty() {
            parts.push(format!("### {heading}\n\n{lines}"));
        }
    }
    let gap = if style == ChangelogStyle::Conventional { "\n\n" } else { "\n" };
    parts.join(gap)
}

fn scope(entry: &Entry) -> String {
    entry.scope.as_ref().map(|scope| format!("**{scope}:** ")).unwrap_or_default()
}

fn link(entry: &Entry, style: ChangelogStyle, commit_url: Option<&str>) -> String {
    if style != ChangelogStyle::Conventional {
        return String::new();
    }
    let short = &entry.id[..entry.id.len().min(7)];
    commit_url.map_or_else(|| format!(" ({short})"), |url| format!(" ([{short}]({url}{}))", entry.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, scope: Option<&str>, description: &str, breaking: Option<&str>) -> Entry {
        Entry {
            kind: kind.to_owned(),
            scope: scope.map(str::to_owned),
            description: description.to_owned(),
            breaking: breaking.map(str::to_owned),
            id: "0123456789abcdef".to_owned(),
        }
    }

    #[test]
    fn groups_by_type_and_leaves_out_what_tells_users_nothing() {
        let entries = [
            entry("chore", None, "tidy", None),
            entry("fix", Some("io"), "close the file", None),
            entry("feat", None, "add x", Some("y is gone")),
            entry("", None, "Plain words", None),
        ];
        assert_eq!(
            from_commits(&entries, ChangelogStyle::KeepAChangelog, None),
            "### Breaking\n\n- y is gone\n\n### Added\n\n- add x\n\n### Changed\n\n- Plain words\n\n\
             ### Fixed\n\n- **io:** close the file\n"
        );
        let conventional = from_commits(&entries, ChangelogStyle::Conventional, Some("https://h/c/"));
        assert!(
            conventional.starts_with("### ⚠ BREAKING CHANGES\n\n* y is gone\n\n\n### Features\n"),
            "{conventional}"
        );
        assert!(
            conventional.contains("* add x ([0123456](https://h/c/0123456789abcdef))\n"),
            "{conventional}"
        );
        assert_eq!(from_commits(&entries[..1], ChangelogStyle::Conventional, None), "");
    }
}
