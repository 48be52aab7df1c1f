//! Commits: any message tells of some changes, in its own words.

use commits::{Commit, changes, entry, sections};
use project::{CommitForm, Settings};

/// Reads a message in every form. Returns how many changes it tells of.
pub fn check(text: &str) -> usize {
    let commit = Commit { id: "0123456789abcdef".to_owned(), message: text.to_owned(), ..Commit::default() };
    let shown = sections(&Settings::default().changelog);
    let found = changes(&commit);
    for change in &found {
        assert!(!change.kind.is_empty() && change.header.starts_with(&change.kind), "{change:?}");
        assert!(change.header.ends_with(&change.subject), "{change:?}");
        assert!(!change.subject.contains(['\r', '\n']), "{change:?}");
        // What stands around a nested commit comes together in one line.
        let is_whole = !change.is_footer && !text.contains("BEGIN_NESTED_COMMIT");
        assert!(!is_whole || text.contains(&change.subject), "{change:?}");
        assert!(change.references.iter().all(|number| text.contains(number)), "{change:?}");
        assert!(change.breaking.is_empty() || change.is_shown(&shown), "{change:?}");
    }
    for form in [CommitForm::Conventional, CommitForm::Area, CommitForm::Plain] {
        let entry = entry(&commit, form);
        assert!(text.contains(&entry.description), "{entry:?}");
        assert!(text.to_lowercase().contains(&entry.kind.to_lowercase()), "{entry:?}");
        assert!(entry.scope.iter().all(|scope| text.contains(scope)), "{entry:?}");
    }
    assert!(text.contains(commit.subject()));
    found.len()
}
