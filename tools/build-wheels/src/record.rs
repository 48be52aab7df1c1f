//! The builds that were finished from one commit, so that a build that was cut short goes on where it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use document::{Artifact, CommitId, Expected, Failure, Package, PackageName};
use project::{Git, files};

/// The finished builds of one commit: the files of each package.
pub struct Record {
    path: PathBuf,
    packages: BTreeMap<PackageName, Vec<Artifact>>,
}

impl Record {
    /// Reads the record of a commit; one that is not there is empty.
    pub fn read(git: &Git, commit: &CommitId) -> Result<Self> {
        let path = git.state().folder().join("builds").join(format!("{commit}.json"));
        let Some(bytes) = files::read_if_present(&path)? else {
            return Ok(Self { path, packages: BTreeMap::new() });
        };
        let packages = serde_json::from_slice(&bytes).map_err(|cause| {
            Failure::new(format!("cannot read the record of builds `{}`: {cause}", path.display()))
                .hint(format!("run `rm '{}'`, and build again", path.display()))
        })?;
        Ok(Self { path, packages })
    }

    /// The files that were built of a package.
    pub fn files(&self, package: &PackageName) -> &[Artifact] {
        self.packages.get(package).map_or(&[], Vec::as_slice)
    }

    /// The files of a package's finished build, when each still lies where it is promised with the same bytes.
    pub fn intact(
        &self,
        package: &Package,
        expected: &[Expected],
        root: &Path,
    ) -> Result<Option<Vec<Artifact>>> {
        let files = self.files(&package.name);
        let is_elsewhere = |file: &Artifact| file.path.parent().as_ref() != Some(&package.dist);
        if files.iter().any(is_elsewhere)
            || !distribution::expected::faults(expected, files, &package.version)?.is_empty()
        {
            return Ok(None);
        }
        for file in files {
            if !lies_there(file, root)? {
                return Ok(None);
            }
        }
        Ok(Some(files.to_vec()))
    }

    /// Adds the finished build of a package.
    pub fn add(&mut self, package: &PackageName, files: Vec<Artifact>) -> Result<()> {
        self.packages.insert(package.clone(), files);
        let mut text = serde_json::to_string_pretty(&self.packages)?;
        text.push('\n');
        files::replace(&self.path, text.as_bytes())
    }
}

/// Says whether a file lies in its place with the bytes that it was built with.
fn lies_there(file: &Artifact, root: &Path) -> Result<bool> {
    let path = file.path.under(root);
    if !path.metadata().is_ok_and(|found| found.is_file() && found.len() == file.size) {
        return Ok(false);
    }
    Ok(distribution::digest(&path)?.0 == file.sha256)
}
