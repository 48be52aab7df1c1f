//! What people should know of a bump that is allowed.

use anyhow::Result;
use commits::{Commit, changes, since};
use document::{CommitId, Version};
use filter::Stage;
use project::{Carrier, CommitForm, Place, Project, Reachable, Spot};

/// How many commits are named one by one.
const NAMED: usize = 20;

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Worth knowing.
    Note(String),
    /// Amiss, and no reason to stop.
    Warning(String),
}

impl Remark {
    /// Says it.
    pub fn say(&self, stage: &Stage) {
        match self {
            Remark::Note(text) => stage.note(text),
            Remark::Warning(text) => stage.warn(text),
        }
    }
}

/// Says that a manifest has no entry for what is released: Release Please would give it no release.
pub fn unlisted(project: &Project, carriers: &[Carrier]) -> Option<Remark> {
    let manifest = project.manifest()?;
    let is_entry = |spot: &Spot| matches!(spot.place, Place::Manifest(_));
    if carriers.iter().any(|carrier| carrier.spots.iter().any(is_entry)) {
        return None;
    }
    let name = &project.name;
    Some(Remark::Warning(format!(
        "{manifest} has no entry for `{name}`, and so its version stands nowhere in it"
    )))
}

/// Says that a manifest and the tags tell different stories.
pub fn untagged(
    project: &Project,
    reachable: &Reachable,
    carried: &Version,
    previous: Option<(&Version, &str)>,
) -> Result<Option<Remark>> {
    let Some((manifest, (_, tag))) = project.manifest().zip(previous) else { return Ok(None) };
    Ok(reachable.find(carried)?.is_none().then(|| {
        Remark::Warning(format!(
            "{manifest} says that {carried} is released, and no tag of this branch names it: the changes are told since {tag}"
        ))
    }))
}

/// Says what a post release holds beside the release that it mends: one that is not cut from its tag ships what was
/// not to be released yet.
pub fn held_by_post(
    project: &Project,
    wanted: &Version,
    previous: Option<(&Version, &str)>,
    head: &CommitId,
) -> Result<Vec<Remark>> {
    let Some((_, tag)) = previous.filter(|_| wanted.is_postrelease()) else { return Ok(Vec::new()) };
    let commits = since(project, Some(tag), head)?;
    let mut remarks: Vec<Remark> = commits
        .iter()
        .take(NAMED)
        .map(|commit| {
            let named = format!("{wanted} holds {} {}", commit.short(), commit.subject());
            if adds_or_breaks(commit, project.settings.changelog.commits) {
                let cut = format!("a post release is for mending (PEP 440), and is cut from {tag}");
                Remark::Warning(format!("{named}: {cut}"))
            } else {
                Remark::Note(named)
            }
        })
        .collect();
    if commits.len() > NAMED {
        remarks.push(Remark::Note(format!("{wanted} holds {} commits more", commits.len() - NAMED)));
    }
    Ok(remarks)
}

fn adds_or_breaks(commit: &Commit, form: CommitForm) -> bool {
    form == CommitForm::Conventional
        && changes(commit).iter().any(|change| {
            !change.what_breaks().is_empty() || matches!(change.kind.as_str(), "feat" | "feature")
        })
}
