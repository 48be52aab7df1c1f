//! What earlier runs have taken back: without it a second run could not tell that from what never was there.

use std::path::PathBuf;

use anyhow::{Context, Result};
use document::{CommitId, Fate, Release, Withdrawal};
use project::{Project, files};
use serde::{Deserialize, Serialize};

use crate::facts::Made;

/// What this clone has set out to take back of one release.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    base: Option<CommitId>,
    commit: Option<CommitId>,
    withdrawals: Vec<Withdrawal>,
    /// What the document says that was taken back, perhaps by another machine.
    #[serde(skip)]
    told: Vec<Withdrawal>,
    /// The release commit where the document names none.
    pub found: Option<Made>,
    /// A change of the working tree that is under way.
    pub moving: Option<Moving>,
}

/// A change of the working tree from one commit to the content of another tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moving {
    /// The commit that was checked out.
    pub from: CommitId,
    /// The tree that the files become.
    pub to: CommitId,
}

impl Memory {
    /// Reads the memory of a release; that of another one under the same tag is forgotten. Without a clone only the
    /// document remembers.
    pub fn read(project: Option<&Project>, release: &Release) -> Result<Self> {
        let told = release.withdrawals.clone().unwrap_or_default();
        let base = Some(release.project.base.clone());
        let commit = release.commit.as_ref().map(|commit| commit.id.clone());
        let fresh = Self { base, commit, told, ..Self::default() };
        let Some(path) = project.map(|project| path(project, release)) else { return Ok(fresh) };
        let Some(bytes) = files::read_if_present(&path)? else { return Ok(fresh) };
        let known: Self = serde_json::from_slice(&bytes).with_context(|| {
            format!("cannot read what the last rollback has left in `{}`", path.display())
        })?;
        let is_same = known.base == fresh.base && known.commit == fresh.commit;
        Ok(if is_same { Self { told: fresh.told, ..known } } else { fresh })
    }

    /// What an earlier run has taken back, or set out to.
    pub fn of(&self, what: &str) -> Option<&Withdrawal> {
        let mut all = self.withdrawals.iter().chain(&self.told);
        all.find(|known| known.what == what && known.fate == Fate::Withdrawn)
    }

    /// The entry of something that is not there: taken back by an earlier run, or never there.
    pub fn gone(&self, what: String, detail: impl Into<String>) -> Withdrawal {
        let known = self.of(&what).cloned();
        known.unwrap_or_else(|| Withdrawal { what, fate: Fate::Absent, detail: detail.into() })
    }

    /// Remembers what this run sets out to do, before it does any of it.
    pub fn keep(&mut self, project: &Project, release: &Release, withdrawals: &[Withdrawal]) -> Result<()> {
        self.withdrawals.retain(|known| withdrawals.iter().all(|new| new.what != known.what));
        self.withdrawals.extend(withdrawals.iter().cloned());
        self.write(project, release)
    }

    /// Remembers a change of the working tree before it is made, and forgets it when it is.
    pub fn move_tree(&mut self, project: &Project, release: &Release, moving: Option<Moving>) -> Result<()> {
        self.moving = moving;
        self.write(project, release)
    }

    fn write(&self, project: &Project, release: &Release) -> Result<()> {
        files::replace(&path(project, release), &serde_json::to_vec_pretty(self)?)
    }
}

fn path(project: &Project, release: &Release) -> PathBuf {
    project.git.state().release(&release.version.tag).join("withdrawing.json")
}

/// The entry of something that is taken back now.
pub fn withdrawn(what: String, detail: impl Into<String>) -> Withdrawal {
    Withdrawal { what, fate: Fate::Withdrawn, detail: detail.into() }
}
