//! What is done to an index of one's own, in a folder or in a bucket.

use std::fmt;

use anyhow::Result;
use filter::{Stage, Step};

use crate::shipment::Shipment;

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Publish the files of the parcel at that place of the shipment, with their metadata and signatures.
    Publish { at: usize, pattern: String, place: String },
    /// Write the pages that list the files, which is what makes them visible.
    WritePages { place: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish { pattern, place, .. } => write!(f, "publish {pattern} to {place}"),
            Self::WritePages { place } => write!(f, "write the pages of {place}"),
        }
    }
}

/// The steps, from what of each parcel is there already; the pages come last, so that they never list what is not there.
pub fn steps(
    shipment: &Shipment,
    place: &str,
    held: Vec<bool>,
    has_current_pages: impl FnOnce() -> Result<bool>,
) -> Result<Vec<Step<Action>>> {
    let is_complete = held.iter().all(|is_held| *is_held);
    let mut steps = Vec::new();
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
