//! What is done to an index of one's own, in a folder or in a bucket.

use std::fmt;
use std::time::SystemTime;

use anyhow::Result;
use document::{Failure, ProjectPath};
use filter::{Stage, Step};
use index::{Kept, Limits, Listed, Offered, ServedFile};

use crate::shipment::Shipment;

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Keep the release document, from which alone the release can be taken back: before the first file, for a run may
    /// be cut short.
    KeepDocument { path: ProjectPath, place: String },
    /// Publish the files of the parcel at that place of the shipment, with their metadata and signatures.
    Publish { at: usize, pattern: String, place: String },
    /// Write the pages that list the files, which is what makes them visible.
    WritePages { place: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeepDocument { path, place } => write!(f, "keep {path} at {place}"),
            Self::Publish { pattern, place, .. } => write!(f, "publish {pattern} to {place}"),
            Self::WritePages { place } => write!(f, "write the pages of {place}"),
        }
    }
}

/// The steps, from the document and from what of each parcel is there already; the pages come last, so that they never list what is not there.
pub fn steps(
    shipment: &Shipment,
    place: &str,
    kept: Kept,
    held: Vec<bool>,
    has_current_pages: impl FnOnce() -> Result<bool>,
) -> Result<Vec<Step<Action>>> {
    let is_complete = held.iter().all(|is_held| *is_held);
    let document = &shipment.document;
    let keep = Action::KeepDocument { path: kept.path, place: place.to_owned() };
    let is_kept = match &kept.release {
        Some(present) => document.clone().joined_with(present)? == *present,
        None => false,
    };
    let mut steps = vec![if is_kept { Step::skip(keep, "it is there already") } else { Step::Do(keep) }];
    for (at, (parcel, is_held)) in shipment.parcels.iter().zip(held).enumerate() {
        let action = Action::Publish { at, pattern: parcel.pattern.clone(), place: place.to_owned() };
        steps.push(if is_held {
            Step::skip(action, "it is there already, with the same bytes")
        } else {
            Step::Do(action)
        });
    }
    let pages = Action::WritePages { place: place.to_owned() };
    steps.push(if is_complete && has_current_pages()? {
        Step::skip(pages, "they list these files already")
    } else {
        Step::Do(pages)
    });
    Ok(steps)
}

/// Refuses a version that the index has other files of, or that was yanked there; `present` are the files of each
/// package. What is not built yet is judged when it is.
pub fn refuse_unready(shipment: &Shipment, place: &str, present: Vec<Vec<Listed>>) -> Result<()> {
    for (package, present) in shipment.names().iter().zip(present) {
        let files = shipment.files().filter(|(parcel, _)| parcel.package == *package);
        // Sizes have no limit here.
        let offered: Vec<Offered> = files
            .map(|(_, file)| Offered { file_name: file.name(), sha256: &file.sha256, size: 0 })
            .collect();
        if offered.is_empty() {
            continue;
        }
        let present: Vec<ServedFile> = present.into_iter().map(ServedFile::from).collect();
        let version = &shipment.document.version.current;
        let faults = index::readiness(&present, version, &offered, &Limits::NONE, SystemTime::now());
        if let Some(first) = faults.first() {
            let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let what = format!("cannot publish `{package}` {version} to `{place}`: {}", list.join("; "));
            return Err(Failure::new(what).hint(first.hint()).into());
        }
    }
    Ok(())
}

/// Says whether one of the steps changes something.
pub fn has_work<A>(steps: &[Step<A>]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Do(_)))
}

/// Has every page written again, unless this is a dry run; `write` returns the paths that changed.
pub fn rebuild(place: &str, stage: &Stage, write: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
    stage.action(format!("write every page of {place} from the files that are there"));
    if !stage.is_dry_run() {
        let changed = write()?.len();
        stage.note(format!("{changed} of its pages and metadata files were not as they should be"));
    }
    Ok(())
}
