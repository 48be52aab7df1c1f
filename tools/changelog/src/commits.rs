//! The commits since the last release, by the rules of Conventional Commits 1.0.

use anyhow::Result;
use document::Release;
use project::Project;

/// One change, as its commit tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The type: `feat`, `fix`, …; empty for a commit of another form.
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

/// Reads the commits between the previous release and the base of this one, newest first, with one git process.
pub fn since_previous(project: &Project, release: &Release) -> Result<Vec<Entry>> {
    let base = release.project.base.as_str();
    let range = match &release.version.previous_tag {
        Some(tag) => format!("refs/tags/{tag}..{base}"),
        None => base.to_owned(),
    };
    let text = project.git.read(&["log", "-z", "--no-merges", "--format=%H%n%B", &range, "--"])?;
    Ok(text
        .split('\0')
        .filter_map(|commit| commit.split_once('\n'))
        .map(|(id, message)| entry(id, message))
        .collect())
}

fn entry(id: &str, message: &str) -> Entry {
    let message = message.trim();
    let subject = message.lines().next().unwrap_or_default().trim();
    let plain = || Entry {
        kind: String::new(),
        scope: None,
        description: subject.to_owned(),
        breaking: None,
        id: id.to_owned(),
    };
    let Ok(commit) = git_conventional::Commit::parse(message) else { return plain() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_type_scope_and_what_breaks() {
        let found =
            entry("a", "feat(cli)!: add a flag\n\nBody.\n\nBREAKING CHANGE: the old\n flag is gone\n");
        assert_eq!((found.kind.as_str(), found.scope.as_deref()), ("feat", Some("cli")));
        assert_eq!(found.description, "add a flag");
        assert_eq!(found.breaking.as_deref(), Some("the old flag is gone"));
        assert_eq!(entry("a", "fix!: x").breaking.as_deref(), Some("x"));
    }

    #[test]
    fn a_plain_subject_has_no_type() {
        let found = entry("a", "Make it faster\n\nfeat: not the subject");
        assert_eq!((found.kind.as_str(), found.description.as_str()), ("", "Make it faster"));
    }
}
