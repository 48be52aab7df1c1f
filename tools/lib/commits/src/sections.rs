//! The sections of a changelog, and the types of the changes that come into each.

use project::{ChangelogSection, ChangelogSettings, ChangelogStyle};

/// The groups of Keep a Changelog 1.1.
const KEEP_A_CHANGELOG: [(&str, &str); 8] = [
    ("feat", "Added"),
    ("feature", "Added"),
    ("perf", "Changed"),
    ("refactor", "Changed"),
    ("revert", "Changed"),
    ("", "Changed"),
    ("fix", "Fixed"),
    ("security", "Security"),
];

/// The sections of Release Please 17 for a Python project (`release-type: python`).
const CONVENTIONAL: [(&str, &str); 12] = [
    ("feat", "Features"),
    ("fix", "Bug Fixes"),
    ("perf", "Performance Improvements"),
    ("deps", "Dependencies"),
    ("revert", "Reverts"),
    ("docs", "Documentation"),
    ("style", "-Styles"),
    ("chore", "-Miscellaneous Chores"),
    ("refactor", "-Code Refactoring"),
    ("test", "-Tests"),
    ("build", "-Build System"),
    ("ci", "-Continuous Integration"),
];

/// The groups of release notes that come from the types of commits.
const RELEASE_NOTES: [(&str, &str); 8] = [
    ("feat", "Features"),
    ("feature", "Features"),
    ("fix", "Fixes"),
    ("security", "Fixes"),
    ("revert", "Fixes"),
    ("perf", "Improvements"),
    ("refactor", HIDDEN),
    ("", "Improvements"),
];

/// The types that tell users nothing, in these two.
const SILENT: [(&str, &str); 8] = [
    ("build", HIDDEN),
    ("chore", HIDDEN),
    ("ci", HIDDEN),
    ("deps", HIDDEN),
    ("docs", HIDDEN),
    ("style", HIDDEN),
    ("test", HIDDEN),
    ("tests", HIDDEN),
];

/// A heading that starts with a minus is hidden.
const HIDDEN: &str = "-Other";

/// The sections of release.toml, else those of the style.
pub fn sections(settings: &ChangelogSettings) -> Vec<ChangelogSection> {
    let own: &[(&str, &str)] = match (&settings.sections, settings.style) {
        (Some(sections), _) => return sections.clone(),
        (None, ChangelogStyle::KeepAChangelog) => &KEEP_A_CHANGELOG,
        (None, ChangelogStyle::Conventional) => &CONVENTIONAL,
        (None, ChangelogStyle::ReleaseNotes) => &RELEASE_NOTES,
    };
    // Release Please has a heading for each type, which an asked-for version shows.
    let silent: &[(&str, &str)] = if settings.style == ChangelogStyle::Conventional { &[] } else { &SILENT };
    let section = |(kind, heading): &(&str, &str)| ChangelogSection {
        kind: (*kind).to_owned(),
        section: heading.trim_start_matches('-').to_owned(),
        hidden: heading.starts_with('-'),
    };
    own.iter().chain(silent).map(section).collect()
}
