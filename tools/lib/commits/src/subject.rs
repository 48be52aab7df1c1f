//! The change that the subject of a commit names, in the form that the project has.

use project::CommitForm;

use crate::Commit;

/// One change, as the subject of its commit tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The type (`feat`, `fix`, …) or the area; empty for a commit of another form.
    pub kind: String,
    /// The scope in parentheses.
    pub scope: Option<String>,
    /// The description: the subject without type and scope.
    pub description: String,
    /// What breaks, where something does.
    pub breaking: Option<String>,
    /// The commit's id.
    pub id: String,
}

/// The change that the subject of a commit names.
pub fn entry(commit: &Commit, form: CommitForm) -> Entry {
    let message = commit.message.trim();
    let subject = message.lines().next().unwrap_or_default().trim();
    match form {
        CommitForm::Conventional => conventional(message, subject, &commit.id),
        CommitForm::Area => {
            let (area, description) = area(subject).unwrap_or_default();
            let description = if area.is_empty() { subject } else { description };
            Entry { kind: area.to_owned(), ..plain(description, &commit.id) }
        }
        CommitForm::Plain => plain(subject, &commit.id),
    }
}

fn conventional(message: &str, subject: &str, id: &str) -> Entry {
    let Ok(commit) = git_conventional::Commit::parse(message) else { return plain(subject, id) };
    Entry {
        kind: commit.type_().as_str().to_ascii_lowercase(),
        scope: commit.scope().map(|scope| scope.as_str().to_owned()),
        description: commit.description().trim().to_owned(),
        breaking: commit
            .breaking_description()
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")),
        id: id.to_owned(),
    }
}

fn plain(subject: &str, id: &str) -> Entry {
    let (kind, scope, breaking) = (String::new(), None, None);
    Entry { kind, scope, description: subject.to_owned(), breaking, id: id.to_owned() }
}

/// Area and description of `[Area] description`; further brackets belong to the description.
fn area(subject: &str) -> Option<(&str, &str)> {
    let (area, description) = subject.strip_prefix('[')?.split_once(']')?;
    let (area, description) = (area.trim(), description.trim_start_matches(':').trim());
    (!area.is_empty() && !description.is_empty()).then_some((area, description))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(message: &str, form: CommitForm) -> Entry {
        entry(&Commit { id: "a".to_owned(), message: message.to_owned(), ..Commit::default() }, form)
    }

    #[test]
    fn reads_type_scope_and_what_breaks() {
        let text = "feat(cli)!: add a flag\n\nBody.\n\nBREAKING CHANGE: the old\n flag is gone\n";
        let found = of(text, CommitForm::Conventional);
        assert_eq!((found.kind.as_str(), found.scope.as_deref()), ("feat", Some("cli")));
        assert_eq!(found.description, "add a flag");
        assert_eq!(found.breaking.as_deref(), Some("the old flag is gone"));
        assert_eq!(of("fix!: x", CommitForm::Conventional).breaking.as_deref(), Some("x"));
    }

    #[test]
    fn a_plain_subject_has_no_type() {
        let found = of("Make it faster\n\nfeat: not the subject", CommitForm::Conventional);
        assert_eq!((found.kind.as_str(), found.description.as_str()), ("", "Make it faster"));
        let found = of("feat: x", CommitForm::Plain);
        assert_eq!((found.kind.as_str(), found.description.as_str()), ("", "feat: x"));
    }

    #[test]
    fn an_area_stands_in_brackets_before_the_subject() {
        for (subject, area, description) in [
            ("[Store] Fix a leak (#12)", "Store", "Fix a leak (#12)"),
            ("[Store][TE]: Fix it", "Store", "[TE]: Fix it"),
            ("[]: x", "", "[]: x"),
            ("[Store]", "", "[Store]"),
            ("Fix [it]", "", "Fix [it]"),
        ] {
            let found = of(subject, CommitForm::Area);
            assert_eq!((found.kind.as_str(), found.description.as_str()), (area, description), "{subject}");
        }
    }
}
