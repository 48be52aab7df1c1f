//! What goes out in one run, the same to every place.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{PackageName, Publication, PublishedFile, Release};
use project::{Lock, Project};

use crate::parcel::{File, Parcel};

/// The files of a release, with all that a place needs to know about them.
#[derive(Debug)]
pub struct Shipment<'a> {
    /// The project.
    pub project: &'a Project,
    /// The files, those of dependencies before those of dependents.
    pub parcels: Vec<Parcel>,
    /// Every file that was uploaded is read back from its first byte to its last.
    pub is_paranoid: bool,
    /// Held while files go out, also by programs that outlive this one; `None` where nothing is written.
    pub lock: Option<Lock>,
    /// The release document as it will be when everything is out; what is in it follows from the plan alone.
    pub document: Release,
}

impl Shipment<'_> {
    /// The packages that something goes out of, sorted.
    pub fn names(&self) -> Vec<PackageName> {
        let mut names: Vec<_> = self.parcels.iter().map(|parcel| parcel.package.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The wheels and sdists, each with the parcel that it is part of.
    pub fn files(&self) -> impl Iterator<Item = (&Parcel, &File)> {
        self.parcels.iter().flat_map(|parcel| parcel.files.iter().map(move |file| (parcel, file)))
    }

    /// The wheels and sdists as an index has them, below its `simple/`, sorted.
    pub fn in_index(&self) -> Result<Vec<PublishedFile>> {
        let published = |(parcel, file): (&Parcel, &File)| {
            let path = format!("simple/{}/{}", parcel.package, file.name()).parse()?;
            Ok(PublishedFile { path, package: Some(parcel.package.clone()), sha256: file.sha256.clone() })
        };
        let mut files = self.files().map(published).collect::<Result<Vec<_>>>()?;
        files.sort();
        Ok(files)
    }

    /// Enters what a run publishes into the document, beside what earlier runs have.
    pub fn enter(&mut self, made: Vec<Publication>) {
        self.document.publications =
            Some(merged(self.document.publications.take().unwrap_or_default(), made));
    }
}

/// Adds publications to those of earlier runs: one for each target and location, sorted, each file once.
fn merged(before: Vec<Publication>, made: Vec<Publication>) -> Vec<Publication> {
    // A target that moved has left files behind, which `rollback` must find.
    let mut all: BTreeMap<(String, String), Publication> = BTreeMap::new();
    for publication in before.into_iter().chain(made) {
        let key = (publication.target.clone(), publication.location.clone());
        let Some(known) = all.get_mut(&key) else {
            all.insert(key, publication);
            continue;
        };
        known.files.retain(|file| publication.files.iter().all(|new| new.path != file.path));
        known.files.extend(publication.files);
        known.files.sort();
    }
    all.into_values().collect()
}
