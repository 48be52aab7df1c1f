//! The places that files of a release are taken back from, one kind each.

mod github;
mod own;
mod pypi;
mod untouched;

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use document::{Release, Withdrawal};
use filter::Stage;
use index::{Kind, Location};
use project::Project;

use crate::memory::Memory;
use crate::target::Target;
pub use github::ADVICE;
use github::OnGitHub;
use own::Own;
use pypi::Pypi;
use untouched::Untouched;

/// How files are taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// They stay for those who name them exactly, and are chosen by nobody else (PEP 592).
    Yank(String),
    /// They may be chosen again.
    Unyank,
    /// They are removed.
    Delete,
}

/// What every place needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The clone that the tool runs in, where there is one.
    pub project: Option<&'a Project>,
    /// The release.
    pub release: &'a Release,
    /// What earlier runs have taken back.
    pub memory: &'a Memory,
    /// How files are taken back.
    pub manner: &'a Manner,
}

/// One place, planned.
pub trait Place: fmt::Debug {
    /// What becomes of each file of the release that is or was there; empty where none was ever given out.
    fn withdrawals(&self) -> &[Withdrawal];

    /// Why the tag of the release cannot be deleted, where something there holds it.
    fn holds_tag(&self) -> Option<&str> {
        None
    }

    /// Refuses a place that nothing can be changed in, before anything is changed anywhere.
    fn check_access(&self) -> Result<()> {
        Ok(())
    }

    /// Carries the plan out, or says it in a dry run.
    fn carry_out(&self, stage: &Stage) -> Result<()>;

    /// Waits for what people must do by hand, when all else is done, for that long.
    fn settle(&mut self, _patience: Duration, _stage: &Stage) -> Result<()> {
        Ok(())
    }
}

/// Plans what is done to a target. Reads only.
///
/// Where the document says that files were published, an index of one's own and a GitHub that cannot be asked are an
/// error: they would go on giving them out. What only a person can change, or holds nothing known, stops nothing.
pub fn plan(target: Target, circumstances: &Circumstances) -> Result<Box<dyn Place>> {
    let is_stated = target.files.iter().any(|file| file.is_stated);
    match looked_at(&target, circumstances) {
        Err(cause) if !is_stated => Ok(Box::new(Untouched::unseen(&target, circumstances, &cause))),
        planned => planned,
    }
}

fn looked_at(target: &Target, circumstances: &Circumstances) -> Result<Box<dyn Place>> {
    Ok(match target.kind.as_str() {
        "directory" => match Own::in_folder(target, circumstances)? {
            Some(place) => Box::new(place),
            None => {
                let reason = format!(
                    "`{}` is a path from the project, and no clone of it is here; run it where that is",
                    target.location
                );
                Box::new(Untouched::new(target, &reason))
            }
        },
        "github" => Box::new(OnGitHub::plan(target, circumstances)?),
        "pypi" => Box::new(Pypi::plan(target.clone(), circumstances)?),
        kind if Kind::parse(kind).is_some() => {
            let own = circumstances.project.map(Project::targets).unwrap_or_default();
            let location = Location::parse(&target.location)?;
            match location.foreign_server(own.iter().filter_map(|own| own.endpoint.as_deref())) {
                None => Box::new(Own::in_bucket(target, circumstances)?),
                Some(server) => {
                    let reason = format!(
                        "the credentials go to no server that a document alone names, as {server}; \
                         run it where release.toml has it as the `endpoint` of a target"
                    );
                    Box::new(Untouched::new(target, &reason))
                }
            }
        }
        kind => {
            let reason = format!("this build cannot take anything back from a target of the kind `{kind}`");
            Box::new(Untouched::new(target, &reason))
        }
    })
}
