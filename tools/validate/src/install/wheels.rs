//! The built wheels of the release, each read and compared with the document once, whoever asks for it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;
use distribution::FileName;
use distribution::wheel::Wheel;
use document::{Artifact, ArtifactKind, PackageName, Release};

use crate::artifacts::unchanged;
use crate::told::Told;

/// The built wheels of a release.
pub struct Wheels<'a> {
    root: &'a Path,
    all: Vec<(&'a Artifact, OnceLock<Result<Built, Told>>)>,
}

/// A wheel that is as it was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The file.
    pub path: PathBuf,
    /// Its name, taken apart.
    pub file_name: FileName,
    /// `Requires-Python` of its metadata.
    pub requires_python: Option<String>,
}

impl<'a> Wheels<'a> {
    /// The wheels of that release; none is read yet.
    pub fn of(root: &'a Path, release: &'a Release) -> Self {
        let wheels = release.artifacts.iter().flatten().filter(|a| a.kind == ArtifactKind::Wheel);
        Self { root, all: wheels.map(|artifact| (artifact, OnceLock::new())).collect() }
    }

    /// The wheels of a package, each as it was built or with what is wrong with it.
    pub fn of_package(&self, package: &PackageName) -> impl Iterator<Item = Result<&Built>> {
        self.all.iter().filter(move |(artifact, _)| artifact.package == *package).map(|one| self.read(one))
    }

    /// The wheels of all other packages that are as they were built.
    pub fn of_others(&self, package: &PackageName) -> impl Iterator<Item = (&PackageName, &Built)> {
        let others = self.all.iter().filter(move |(artifact, _)| artifact.package != *package);
        others.filter_map(|one| Some((&one.0.package, self.read(one).ok()?)))
    }

    fn read<'s>(
        &'s self,
        (artifact, read): &'s (&Artifact, OnceLock<Result<Built, Told>>),
    ) -> Result<&'s Built> {
        let found = read.get_or_init(|| built(self.root, artifact).map_err(|error| Told::of(&error)));
        found.as_ref().map_err(Told::again)
    }
}

fn built(root: &Path, artifact: &Artifact) -> Result<Built> {
    let path = unchanged(root, artifact)?;
    let file_name = FileName::of(&path)?;
    let requires_python = Wheel::open(&path)?.metadata()?.requires_python;
    Ok(Built { path, file_name, requires_python })
}
