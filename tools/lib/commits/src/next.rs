//! What the commits since the last release make of the version, by the rules of Release Please.

use std::fmt;

use document::{Failure, Part, Spelling, Version};
use project::{AutoSettings, ChangelogSection, CommitForm, Settings};

use crate::{Change, Commit, changes, sections};

/// The next version, as the commits ask for it, each with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A step of the version.
    Step(Part, String),
    /// A version that is named: by a `Release-As` footer, or by the project that was never released.
    Version(Version, String),
    /// None: no commit tells users anything. Each commit with what keeps it from counting, the newest first.
    Nothing(Vec<(Commit, Silence)>),
}

/// Why a commit does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// It follows no convention.
    Unconventional,
    /// The section of its type is hidden.
    Hidden(String),
    /// No section has its type.
    Unknown(String),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::Unconventional => f.write_str("is no Conventional Commit"),
            Silence::Hidden(kind) => write!(f, "`{kind}` is hidden in the changelog"),
            Silence::Unknown(kind) => write!(f, "no section of the changelog has the type `{kind}`"),
        }
    }
}

impl Next {
    /// The version that follows the one that the project carries; `None` where nothing is to release.
    pub fn version(&self, carried: &Version) -> Option<Version> {
        match self {
            Next::Step(part, _) => Some(carried.next(*part)),
            Next::Version(version, _) => Some(version.clone()),
            Next::Nothing(_) => None,
        }
    }
}

/// Decides on the version that follows `carried`, from the commits since the last release, the newest first.
///
/// Something that breaks makes a major step, a feature a minor one, anything else that the changelog shows a patch;
/// below 1.0 the settings may make each one smaller. The newest `Release-As` wins over all.
pub fn next(
    commits: &[Commit],
    settings: &Settings,
    carried: &Version,
    is_released: bool,
) -> Result<Next, Failure> {
    let form = settings.changelog.commits;
    if form != CommitForm::Conventional {
        let what = "cannot tell the next version from the commits: by `commits` of [changelog] they follow no convention that says it";
        return Err(Failure::new(what).hint("name a level: major, minor or patch"));
    }
    let sections = sections(&settings.changelog);
    let read: Vec<(&Commit, Vec<Change>)> = commits.iter().map(|commit| (commit, changes(commit))).collect();
    let all =
        || read.iter().flat_map(|(commit, changes)| changes.iter().map(move |change| (*commit, change)));
    if !all().any(|(_, change)| change.is_shown(&sections)) {
        let silent = read.iter().map(|(commit, changes)| ((*commit).clone(), silence(changes, &sections)));
        return Ok(Next::Nothing(silent.collect()));
    }
    let asked = all().find_map(|(commit, change)| Some((commit, change.release_as.first()?)));
    if let Some((commit, text)) = asked {
        let version = release_as(commit, text)?;
        return Ok(Next::Version(version, format!("`Release-As` of {}", named(commit))));
    }
    if !is_released && carried.release().iter().any(|number| *number > 0) {
        return Ok(Next::Version(carried.clone(), "nothing is released yet".to_owned()));
    }
    let breaks = all().find(|(_, change)| !change.breaking.is_empty());
    let adds = all().find(|(_, change)| matches!(change.kind.as_str(), "feat" | "feature"));
    let shown = all().find(|(_, change)| change.is_shown(&sections));
    let part = part(breaks.is_some(), adds.is_some(), carried, &settings.auto);
    let (what, found) = match (breaks, adds) {
        (Some(found), _) => ("breaks something", Some(found)),
        (None, Some(found)) => ("adds a feature", Some(found)),
        (None, None) => ("is the newest that users notice", shown),
    };
    let reason = found.map(|(commit, _)| format!("{} {what}", named(commit))).unwrap_or_default();
    Ok(Next::Step(part, reason))
}

/// The part that grows.
fn part(breaks: bool, adds: bool, carried: &Version, auto: &AutoSettings) -> Part {
    let before_major = carried.release().first() == Some(&0);
    match (breaks, adds) {
        (true, _) if before_major && auto.bump_minor_pre_major => Part::Minor,
        (true, _) => Part::Major,
        (false, true) if before_major && auto.bump_patch_for_minor_pre_major => Part::Patch,
        (false, true) => Part::Minor,
        (false, false) => Part::Patch,
    }
}

fn release_as(commit: &Commit, text: &str) -> Result<Version, Failure> {
    let text = text.trim().trim_start_matches('v');
    text.parse::<Version>().or_else(|wrong| Version::read(text, Spelling::SemVer).map_err(|_| wrong)).map_err(
        |wrong| {
            let what = format!("cannot follow the `Release-As` of {}: {wrong}", named(commit));
            Failure::new(what).hint("name the version in place of `auto`")
        },
    )
}

fn silence(changes: &[Change], sections: &[ChangelogSection]) -> Silence {
    let Some(change) = changes.iter().find(|change| !change.is_footer) else {
        return Silence::Unconventional;
    };
    let kind = change.kind.to_lowercase();
    if change.section(sections).is_some() { Silence::Hidden(kind) } else { Silence::Unknown(kind) }
}

/// The commit for people: `0123456 feat: say more`.
fn named(commit: &Commit) -> String {
    format!("{} `{}`", commit.short(), commit.subject())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::parse(&format!("[changelog]\nstyle = \"conventional\"\n{text}")).unwrap()
    }

    fn decide(messages: &[&str], settings: &Settings, carried: &str) -> Next {
        let commits: Vec<Commit> = messages
            .iter()
            .map(|message| Commit {
                id: "0123456789".to_owned(),
                message: (*message).to_owned(),
                ..Commit::default()
            })
            .collect();
        next(&commits, settings, &carried.parse().unwrap(), true).unwrap()
    }

    fn version(messages: &[&str], settings: &Settings, carried: &str) -> String {
        let carried_version = carried.parse().unwrap();
        decide(messages, settings, carried).version(&carried_version).unwrap().to_string()
    }

    #[test]
    fn the_biggest_change_decides() {
        let usual = settings("");
        for (messages, expected) in [
            (["fix: a", "docs: b"].as_slice(), "1.2.4"),
            (&["docs: b", "feat: a", "fix: c"], "1.3.0"),
            (&["fix!: a", "feat: b"], "2.0.0"),
            (&["chore: a\n\nBREAKING CHANGE: b"], "2.0.0"),
            (&["Merge\n\nfeat: a\n\nfix: b", "feature: c"], "1.3.0"),
        ] {
            assert_eq!(version(messages, &usual, "1.2.3"), expected, "{messages:?}");
        }
        assert_eq!(
            version(&["docs: a"], &usual, "1.2.3"),
            "1.2.4",
            "docs is a section that Python projects show"
        );
    }

    #[test]
    fn below_one_the_settings_make_steps_smaller() {
        let both = settings("[auto]\nbump-minor-pre-major = true\nbump-patch-for-minor-pre-major = true\n");
        for (messages, usually, smaller) in [
            (["feat!: a"], "1.0.0", "0.6.0"),
            (["feat: a"], "0.6.0", "0.5.3"),
            (["fix: a"], "0.5.3", "0.5.3"),
        ] {
            assert_eq!(version(&messages, &settings(""), "0.5.2"), usually);
            assert_eq!(version(&messages, &both, "0.5.2"), smaller);
        }
        assert_eq!(version(&["feat!: a"], &both, "1.5.2"), "2.0.0");
    }

    #[test]
    fn the_newest_release_as_wins() {
        let messages = ["chore: a\n\nRelease-As: 3.0.0-rc.1", "feat!: b\n\nRelease-As: 9.0.0"];
        assert_eq!(version(&messages, &settings(""), "1.2.3"), "3.0.0rc1");
        let commit = Commit {
            id: "0123456789".to_owned(),
            message: "fix: a\n\nRelease-As: 2.1.0-1".to_owned(),
            ..Commit::default()
        };
        let failure = next(&[commit], &settings(""), &"1.2.3".parse().unwrap(), true).unwrap_err();
        assert!(failure.to_string().contains("the `Release-As` of 0123456 `fix: a`"), "{failure}");
    }

    #[test]
    fn says_of_each_commit_why_it_does_not_count() {
        let Next::Nothing(silent) = decide(&["ci: a", "Make it", "wip(x): b"], &settings(""), "1.2.3") else {
            panic!("there is nothing to release");
        };
        let why: Vec<String> = silent.iter().map(|(_, why)| why.to_string()).collect();
        assert_eq!(
            why,
            [
                "`ci` is hidden in the changelog",
                "is no Conventional Commit",
                "no section of the changelog has the type `wip`"
            ]
        );
    }

    #[test]
    fn a_project_that_was_never_released_starts_with_the_version_that_it_carries() {
        let commit =
            Commit { id: "0123456789".to_owned(), message: "feat: a".to_owned(), ..Commit::default() };
        let first = |carried: &str| {
            let carried = carried.parse().unwrap();
            let next = next(std::slice::from_ref(&commit), &settings(""), &carried, false).unwrap();
            next.version(&carried).unwrap().to_string()
        };
        assert_eq!(first("0.1.0"), "0.1.0");
        assert_eq!(first("0.0.0"), "0.1.0", "0.0.0 stands for no version");
    }

    #[test]
    fn commits_of_another_form_say_nothing_of_the_version() {
        let failure = next(&[], &settings("commits = \"area\""), &"1.0".parse().unwrap(), true).unwrap_err();
        assert!(failure.to_string().contains("they follow no convention"), "{failure}");
    }
}
