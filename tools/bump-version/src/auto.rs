//! `auto`: the goal that the commits since the last release ask for.

use anyhow::Result;
use commits::{Commit, Next, Silence, next, since};
use document::{CommitId, Failure, Level, Series, Version};
use project::{Project, Reachable};

use crate::next::Goal;

/// How many commits are named one by one.
const NAMED: usize = 20;

/// What the commits ask for.
#[derive(Debug)]
pub enum Asked {
    /// That goal, with the reason.
    For(Goal, String),
    /// Nothing: no commit tells users anything.
    Nothing(Nothing),
}

/// That there is nothing to release, with each commit since the last release and why it does not count.
#[derive(Debug)]
pub struct Nothing {
    name: String,
    since: String,
    commits: Vec<(Commit, Silence)>,
    /// The release that waits behind the pre-release which the project carries.
    awaited: Option<Version>,
}

/// Reads the commits since the last release that `head` has, and says what they ask for.
pub fn ask(
    project: &Project,
    series: Option<Series>,
    carried: &Version,
    reachable: &Reachable,
    head: &CommitId,
) -> Result<Asked> {
    let previous = project.previous(reachable, carried, None)?.map(|(_, tag)| tag);
    let commits = since(project, previous, head)?;
    Ok(match next(&commits, &project.settings, carried, previous.is_some())? {
        Next::Version(version, reason) => {
            let reason = format!("{version}: {reason}");
            Asked::For(Goal::Version(version), reason)
        }
        Next::Step(part, reason) => {
            let level = series.map_or(Level::from(part), |series| Level::Pre { of: Some(part), series });
            Asked::For(Goal::Level(level), format!("{level}: {reason}"))
        }
        Next::Nothing(commits) => Asked::Nothing(Nothing {
            name: project.name.clone(),
            since: previous.unwrap_or("the first commit").to_owned(),
            commits,
            awaited: carried.leads_to_a_release().then(|| carried.base()),
        }),
    })
}

impl Nothing {
    /// That there is no commit since that tag.
    pub fn since(project: &Project, tag: &str) -> Self {
        Self { name: project.name.clone(), since: tag.to_owned(), commits: Vec::new(), awaited: None }
    }

    /// The reason in a few words.
    pub fn summary(&self) -> String {
        match self.commits.len() {
            0 => format!("there is no commit since {}", self.since),
            1 => format!("the one commit since {} tells users nothing", self.since),
            count => format!("none of the {count} commits since {} tells users anything", self.since),
        }
    }

    /// The commits, a line for each, with what keeps it from counting.
    pub fn lines(&self) -> Vec<String> {
        let named = self.commits.iter().take(NAMED);
        let mut lines: Vec<String> =
            named.map(|(commit, why)| format!("{} {}: {why}", commit.short(), commit.subject())).collect();
        if self.commits.len() > NAMED {
            lines.push(format!("and {} more", self.commits.len() - NAMED));
        }
        lines
    }
}

impl From<Nothing> for Failure {
    fn from(nothing: Nothing) -> Failure {
        let lines: String = nothing.lines().iter().map(|line| format!("\n    {line}")).collect();
        let what = format!("cannot release `{}`: {}{lines}", nothing.name, nothing.summary());
        Failure::new(what).hint(match &nothing.awaited {
            Some(awaited) => format!("say release in place of auto for {awaited}"),
            None if nothing.commits.is_empty() => "commit a change first".to_owned(),
            None => "name a level in place of `auto`, or end quietly with `--allow-none`".to_owned(),
        })
    }
}
