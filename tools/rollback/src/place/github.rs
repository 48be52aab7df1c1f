//! A release at GitHub: made a draft again, which nobody sees, or deleted with its files.

use std::fmt;

use anyhow::Result;
use document::{Fate, Withdrawal};
use filter::{Outcome, Stage, Step};
use github::{Advice, GitHub, Release, Releases};
use project::Project;

use super::{Circumstances, Manner, Place};
use crate::memory::withdrawn;
use crate::target::Target;

/// What to do where GitHub refuses.
pub const ADVICE: Advice = Advice {
    token: "renew the token in GH_TOKEN or GITHUB_TOKEN",
    rights: "give the token the right `contents: write` of the repository; a workflow has it by `permissions`",
    later: "run `rollback` again then; what is taken back already is skipped",
    again: "run `rollback` again; what is taken back already is skipped",
};

const DRAFT: &str = "it is a draft, which nobody sees";

/// The releases of one tag in a repository.
#[derive(Debug)]
pub struct OnGitHub {
    releases: Releases,
    tag: String,
    steps: Vec<Step<Action>>,
    withdrawals: Vec<Withdrawal>,
    /// Why the tag cannot be deleted.
    hold: Option<String>,
}

/// What is done.
#[derive(Debug)]
enum Action {
    /// Make the release a draft.
    Hide { release: Release, target: String },
    /// Delete the release with its files.
    Delete { release: Release, target: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hide { release, target } => {
                write!(f, "make the release {} on {target} a draft, which nobody sees", release.tag_name)
            }
            Self::Delete { release, target } => {
                let what = if release.draft { "draft of the release" } else { "release" };
                write!(f, "delete the {what} {} on {target}, with its files", release.tag_name)
            }
        }
    }
}

impl OnGitHub {
    /// Looks what releases of the tag are there.
    pub fn plan(target: &Target, circumstances: &Circumstances) -> Result<Self> {
        let tag = circumstances.release.version.tag.clone();
        let is_stated = target.files.iter().any(|file| file.is_stated);
        let own = circumstances.project.map(Project::targets).unwrap_or_default();
        GitHub::refuse_foreign(&target.location, own.iter().filter_map(|own| own.api.as_deref()))?;
        let releases = Releases::of(GitHub::located(&target.location, ADVICE)?);
        let found = releases.find(&tag)?;
        let (steps, withdrawals) = Default::default();
        let mut place = Self { releases, tag, steps, withdrawals, hold: None };
        let what = format!("release {} on {}", place.tag, target.name);
        let is_known = is_stated || circumstances.memory.of(&what).is_some();
        if found.is_empty() && is_known {
            let why = "it is not there any more";
            place.steps.push(Step::skip(place.hiding(target), why));
            place.withdrawals.push(circumstances.memory.gone(what.clone(), why));
        }
        let entries: Vec<Withdrawal> = found
            .into_iter()
            .map(|release| place.plan_release(release, target, &what, circumstances))
            .collect();
        // Of several, what is still seen is what counts.
        let kept = entries.iter().find(|entry| entry.fate == Fate::Kept);
        if *circumstances.manner != Manner::Unyank {
            place.withdrawals.extend(kept.or(entries.first()).cloned());
        }
        Ok(place)
    }

    fn plan_release(
        &mut self,
        release: Release,
        target: &Target,
        what: &str,
        circumstances: &Circumstances,
    ) -> Withdrawal {
        let (what, name) = (what.to_owned(), target.name.clone());
        let (step, entry) = match circumstances.manner {
            Manner::Unyank => {
                let why = match release.draft {
                    true => "an owner does that in the browser, where its tag is there",
                    false => "it is public",
                };
                let step = Step::skip(format!("show the release {} on {name} again", self.tag), why);
                (step, withdrawn(what, DRAFT))
            }
            Manner::Delete => (
                Step::Do(Action::Delete { release, target: name }),
                withdrawn(what, "deleted with its files"),
            ),
            Manner::Yank(_) if release.draft => {
                (Step::skip(self.hiding(target), "it is one already"), withdrawn(what, DRAFT))
            }
            Manner::Yank(_) if release.is_immutable() => {
                let why = "it is immutable: it can be deleted (`--delete`), and not hidden";
                self.hold = Some(format!("the immutable release on {name} holds it"));
                let entry = Withdrawal { what, fate: Fate::Kept, detail: why.to_owned() };
                (Step::skip(self.hiding(target), why), entry)
            }
            Manner::Yank(_) => (Step::Do(Action::Hide { release, target: name }), withdrawn(what, DRAFT)),
        };
        self.steps.push(step);
        entry
    }

    fn hiding(&self, target: &Target) -> String {
        format!("make the release {} on {} a draft", self.tag, target.name)
    }
}

impl Place for OnGitHub {
    fn withdrawals(&self) -> &[Withdrawal] {
        &self.withdrawals
    }

    fn holds_tag(&self) -> Option<&str> {
        self.hold.as_deref()
    }

    fn check_access(&self) -> Result<()> {
        let has_work = self.steps.iter().any(|step| matches!(step, Step::Do(_)));
        if has_work { Ok(self.releases.check_access(&self.tag)?) } else { Ok(()) }
    }

    fn carry_out(&self, stage: &Stage) -> Result<()> {
        stage.perform(&self.steps, |action| {
            match action {
                Action::Hide { release, .. } => self.releases.to_draft(release).map(drop)?,
                Action::Delete { release, .. } => self.releases.delete(release)?,
            }
            Ok(Outcome::Done)
        })
    }
}
