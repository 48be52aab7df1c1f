//! Publishing to an index in a bucket: all files at once, and then the pages, those of dependencies first.

use anyhow::{Context, Result};
use filter::{Stage, Step};
use index::Bucket;

use crate::order;
use crate::parcel::{File, Parcel};
use crate::place::{Action, names};

/// Says of each parcel whether every file of it is there with its signature.
pub fn held(bucket: &Bucket, parcels: &[Parcel]) -> Result<Vec<bool>> {
    bucket.each(parcels, |parcel| {
        let mut holds_all = !parcel.files.is_empty();
        for file in &parcel.files {
            holds_all &= bucket.has(&parcel.package, file.name(), &file.sha256)?;
            if let Some(signature) = file.signature_name() {
                holds_all &= bucket.has_side_file(&parcel.package, &signature)?;
            }
        }
        Ok(holds_all)
    })
}

/// Carries a plan out. Nobody sees a file before its page lists it, so files go up in any order, many at once.
pub fn carry_out(
    bucket: &Bucket,
    parcels: &[Parcel],
    plan: &[Step<Action>],
    is_paranoid: bool,
    stage: &Stage,
) -> Result<()> {
    let mut wanted: Vec<&Parcel> = Vec::new();
    let mut pages = None;
    for step in plan {
        match step {
            Step::Skip { what, reason } => stage.skip(what, reason),
            Step::Do(action @ Action::Publish { parcel, .. }) => {
                stage.action(action);
                wanted.push(parcel);
            }
            Step::Do(action @ Action::WritePages { .. }) => pages = Some(action),
        }
    }
    let files: Vec<(&Parcel, &File)> =
        wanted.iter().flat_map(|parcel| parcel.files.iter().map(|file| (*parcel, file))).collect();
    let done = bucket.each(&files, |(parcel, file)| {
        publish(bucket, parcel, file, is_paranoid).with_context(|| format!("cannot publish `{}`", file.path))
    })?;
    done.iter().for_each(|line| stage.note(line));
    if let Some(action) = pages {
        stage.action(action);
        // Also those of packages whose files are all there: a killed run may have left them unwritten.
        bucket.write_pages(&order::waves(parcels, &names(parcels)))?;
    }
    Ok(())
}

fn publish(bucket: &Bucket, parcel: &Parcel, file: &File, is_paranoid: bool) -> Result<String> {
    let package = &parcel.package;
    bucket.add(package, &file.source, file.name(), &file.sha256, is_paranoid)?;
    if let (Some(from), Some(name)) = (&file.signature, file.signature_name()) {
        // Signatures differ each time they are made; one that is there verifies the same bytes.
        bucket.add_side_file(package, from, &name)?;
    }
    let signed = if file.signature.is_some() { "with its signature" } else { "without a signature" };
    Ok(format!("{} {signed}", file.name()))
}
