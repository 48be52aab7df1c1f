//! The checksum files: which there will be, what stands in them, and their section of the document.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use anyhow::Result;
use document::{
    Artifact, ChecksumAlgorithm, ChecksumFile, Checksums, Failure, ProjectPath, Promise, Release,
};
use filter::{Outcome, Step};
use project::files;

use crate::digests::{Digests, digests};
use crate::sums;
use distribution::door;

const ALGORITHMS: [ChecksumAlgorithm; 2] = [ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Sha512];

/// What will be written, and what the document will say of it.
#[derive(Debug)]
pub struct Plan {
    /// The files, sorted by folder.
    pub steps: Vec<Step<SumsFile>>,
    /// The section; `None` while nothing is built, in a dry run.
    pub checksums: Option<Checksums>,
}

/// A checksum file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SumsFile {
    path: ProjectPath,
    text: Option<String>,
}

impl fmt::Display for SumsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write {}", self.path)
    }
}

/// Reads the artifacts and decides which checksum files to write; nothing is changed.
///
/// The document of a dry run may lack the artifacts: the plan then speaks of those that it promises.
pub fn plan(root: &Path, release: &Release) -> Result<Plan> {
    let built = if release.dry_run { release.artifacts.as_ref() } else { Some(release.artifacts()?) };
    let read = built.map(|artifacts| read(root, artifacts)).transpose()?;
    let mut steps = Vec::new();
    let mut files = Vec::new();
    for folder in folders(release)? {
        for algorithm in ALGORITHMS {
            let path = inside(folder.as_ref(), sums::file_name(algorithm))?;
            let text = read.as_ref().map(|read| text(folder.as_ref(), algorithm, read));
            if let Some(text) = &text {
                let (size, sha256) = (text.len() as u64, files::sha256(text.as_bytes()));
                files.push(ChecksumFile { path: path.clone(), algorithm, size, sha256 });
            }
            let file = SumsFile { path, text };
            steps.push(if is_written(root, &file)? {
                Step::skip(&file.path, "it lists these digests already")
            } else {
                Step::Do(file)
            });
        }
    }
    files.sort();
    let sha512 = |read: Vec<(&Artifact, Digests)>| {
        read.into_iter().map(|(artifact, digests)| (artifact.path.clone(), digests.sha512)).collect()
    };
    Ok(Plan { steps, checksums: read.map(|read| Checksums { sha512: sha512(read), files }) })
}

/// Writes one checksum file.
pub fn write(root: &Path, file: &SumsFile) -> Result<Outcome> {
    let Some(text) = &file.text else {
        return Err(Failure::new(format!("cannot write `{}`: nothing is built yet", file.path)).into());
    };
    files::replace(&file.path.under(root), text.as_bytes())?;
    Ok(Outcome::Done)
}

fn read<'a>(root: &Path, artifacts: &'a [Artifact]) -> Result<Vec<(&'a Artifact, Digests)>> {
    let (mut read, mut problems) = (Vec::new(), Vec::new());
    for (artifact, digests) in artifacts.iter().zip(digests(root, artifacts)) {
        match digests {
            Ok(digests) => read.push((artifact, digests)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(read);
    }
    Err(door::refusal("use", &problems).hint("run `build-wheels` again, and the tools after it").into())
}

/// The folders that hold files of the release; `None` is the project's root.
fn folders(release: &Release) -> Result<BTreeSet<Option<ProjectPath>>> {
    let folder = |promise: Promise| Ok(promise.pattern.parse::<ProjectPath>()?.parent());
    release.promises().into_iter().map(folder).collect()
}

fn text(folder: Option<&ProjectPath>, algorithm: ChecksumAlgorithm, read: &[(&Artifact, Digests)]) -> String {
    let here = read.iter().filter(|(artifact, _)| artifact.path.parent().as_ref() == folder);
    let mut listed: Vec<(&str, &str)> = here
        .map(|(artifact, digests)| {
            let digits = match algorithm {
                ChecksumAlgorithm::Sha256 => digests.sha256.as_str(),
                ChecksumAlgorithm::Sha512 => digests.sha512.as_str(),
            };
            (artifact.path.file_name(), digits)
        })
        .collect();
    listed.sort_unstable();
    listed.into_iter().map(|(name, digits)| sums::line(digits, name)).collect()
}

fn inside(folder: Option<&ProjectPath>, name: &str) -> Result<ProjectPath, Failure> {
    folder.map_or_else(|| name.parse(), |folder| folder.join(name))
}

fn is_written(root: &Path, file: &SumsFile) -> Result<bool> {
    let Some(text) = &file.text else { return Ok(false) };
    Ok(files::read_if_present(&file.path.under(root))?.as_deref() == Some(text.as_bytes()))
}
