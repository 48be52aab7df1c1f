//! Putting many files in their places at once: all are written, then brought to the disk together, and only then named.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use tempfile::TempPath;

use crate::place::{self, failure};

/// From how many files on the whole file system is brought to the disk at once: one at a time, a few of them take as
/// long as all together.
#[cfg(target_os = "linux")]
const MANY: usize = 32;

/// Files that are written and have no name yet; they are gone when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Batch(Vec<(TempPath, PathBuf)>);

impl Batch {
    /// Writes a file below a folder, for a name that nothing has or that it takes from another file.
    ///
    /// With `date` it is as old as that.
    pub(crate) fn add(&mut self, target: PathBuf, bytes: &[u8], date: Option<SystemTime>) -> Result<()> {
        let folder = target.parent().unwrap_or(Path::new(""));
        let file = place::written(bytes, folder)?;
        if let Some(date) = date {
            let dated = file.as_file().set_modified(date);
            dated.map_err(|cause| failure("write", file.path(), &cause))?;
        }
        // Without the open file: there may be more of them than one process may have open.
        self.0.push((file.into_temp_path(), target));
        Ok(())
    }

    /// Writes a page when its bytes differ from those that are there; says whether they did.
    pub(crate) fn replace(
        &mut self,
        target: PathBuf,
        bytes: &[u8],
        date: Option<SystemTime>,
    ) -> Result<bool> {
        if crate::listing::read(&target)?.is_some_and(|present| present == bytes) {
            return Ok(false);
        }
        self.add(target, bytes, date).map(|()| true)
    }

    /// Gives the files of batches their names, in the order in which they were added, and returns where they are.
    pub(crate) fn finish(root: &Path, batches: Vec<Self>) -> Result<Vec<PathBuf>> {
        let files: Vec<(TempPath, PathBuf)> = batches.into_iter().flat_map(|batch| batch.0).collect();
        settle(root, files.iter().map(|(file, _)| file.as_ref()))?;
        let mut placed = Vec::new();
        for (file, target) in files {
            file.persist(&target).map_err(|refused| failure("write", &target, &refused.error))?;
            placed.push(target);
        }
        let mut folders: Vec<&Path> = placed.iter().filter_map(|target| target.parent()).collect();
        folders.dedup();
        settle(root, folders.into_iter().filter(|_| cfg!(unix)))?;
        Ok(placed)
    }
}

/// Brings files or folders to the disk.
fn settle<'a>(root: &Path, paths: impl Iterator<Item = &'a Path>) -> Result<()> {
    let paths: Vec<&Path> = paths.collect();
    #[cfg(target_os = "linux")]
    if paths.len() >= MANY {
        let synced = File::open(root).and_then(|root| Ok(rustix::fs::syncfs(root)?));
        return synced.map_err(|cause| failure("write", root, &cause));
    }
    let sync = |path: &&Path| {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|cause| failure("write", path, &cause))
    };
    paths.iter().try_for_each(sync)
}
