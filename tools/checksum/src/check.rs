//! Checking: the files of a document, or those that checksum files list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use document::{Artifact, ChecksumAlgorithm, ChecksumFile, Checksums, Failure, Release};
use filter::Stage;
use project::files;
use rayon::prelude::*;

use crate::digests::digests;
use crate::sums::{self, Digest, Entry, Malformed};
use distribution::door::{self, Problem};

/// Checks the files that each checksum file lists, as `sha256sum -c` does; every wrong one is named.
pub fn files(stage: &Stage, listings: &[PathBuf]) -> Result<()> {
    let mut problems = Vec::new();
    for listing in listings {
        let text = files::read_text(listing)?;
        let entries = sums::parse(&text).map_err(|Malformed { line, cause }| {
            Failure::new(format!("cannot read `{}:{line}`: {cause}", listing.display()))
                .hint("name a file that `sha256sum`, `sha512sum` or `checksum` wrote")
        })?;
        let folder = listing.parent().unwrap_or(Path::new(""));
        let found: Vec<Problem> =
            entries.par_iter().filter_map(|entry| problem_of(listing, folder, entry)).collect();
        if found.is_empty() {
            stage.note(agreement(&listing.display().to_string(), entries.len()));
        }
        problems.extend(found);
    }
    conclude(&problems, "get the files again; whoever listed them had other bytes")
}

/// Checks that artifacts and checksum files are as the document records them, and that they agree.
pub fn release(stage: &Stage, root: &Path, release: &Release) -> Result<()> {
    let (artifacts, checksums) = (release.artifacts()?, release.checksums()?);
    let mut problems = artifact_problems(root, artifacts, checksums);
    for file in &checksums.files {
        let found = sums_problems(root, file, artifacts, checksums)?;
        if found.is_empty() {
            let count = artifacts.iter().filter(|artifact| lists(file, artifact)).count();
            stage.note(agreement(file.path.as_str(), count));
        }
        problems.extend(found);
    }
    conclude(&problems, "run `build-wheels` again, and the tools after it")
}

fn conclude(problems: &[Problem], hint: &str) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(door::refusal("confirm", problems).hint(hint).into()) }
}

fn agreement(listing: &str, count: usize) -> String {
    let files = if count == 1 { "file agrees" } else { "files agree" };
    format!("{listing}: {count} {files}")
}

fn problem_of(listing: &Path, folder: &Path, entry: &Entry) -> Option<Problem> {
    let path = folder.join(&entry.name);
    let problem = |cause: String| Some(Problem::new(path.display(), cause));
    let place = format!("{}:{}", listing.display(), entry.line);
    if !door::is_file(&path) {
        return problem(format!("it is missing, `{place}` lists it"));
    }
    let read = match entry.digest {
        Digest::Sha256(_) => distribution::digest(&path).map(|(sha256, _)| Digest::Sha256(sha256)),
        Digest::Sha512(_) => distribution::digests(&path).map(|(_, sha512, _)| Digest::Sha512(sha512)),
    };
    match read {
        Err(error) => problem(format!("{error:#}")),
        Ok(digest) if digest == entry.digest => None,
        Ok(digest) => {
            let (algorithm, found, listed) = (digest.algorithm(), digest.as_str(), entry.digest.as_str());
            problem(format!("its {algorithm} is {found}, `{place}` lists {listed}"))
        }
    }
}

fn artifact_problems(root: &Path, artifacts: &[Artifact], checksums: &Checksums) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (artifact, digests) in artifacts.iter().zip(digests(root, artifacts)) {
        let recorded = checksums.sha512.get(&artifact.path);
        match digests {
            Err(problem) => problems.push(problem),
            Ok(digests) if recorded == Some(&digests.sha512) => {}
            Ok(digests) => {
                let recorded = recorded.map_or("none", |recorded| recorded.as_str());
                let cause = format!("its SHA-512 is {}, `checksum` recorded {recorded}", digests.sha512);
                problems.push(Problem::new(&artifact.path, cause));
            }
        }
        for algorithm in [ChecksumAlgorithm::Sha256, ChecksumAlgorithm::Sha512] {
            let here = |file: &&ChecksumFile| file.algorithm == algorithm && lists(file, artifact);
            if checksums.files.iter().find(here).is_none() {
                let cause = format!("the document records no {} beside it", sums::file_name(algorithm));
                problems.push(Problem::new(&artifact.path, cause));
            }
        }
    }
    problems
}

/// Says whether a checksum file stands in the folder of an artifact, and so must list it.
fn lists(file: &ChecksumFile, artifact: &Artifact) -> bool {
    file.path.parent() == artifact.path.parent()
}

fn sums_problems(
    root: &Path,
    file: &ChecksumFile,
    artifacts: &[Artifact],
    checksums: &Checksums,
) -> Result<Vec<Problem>> {
    let problem = |cause: String| Problem::new(&file.path, cause);
    let Some(bytes) = files::read_if_present(&file.path.under(root))? else {
        return Ok(vec![problem("it is missing: it was removed after `checksum`".to_owned())]);
    };
    let mut problems = Vec::new();
    let sha256 = files::sha256(&bytes);
    if sha256 != file.sha256 || bytes.len() as u64 != file.size {
        problems.push(problem(format!(
            "its SHA-256 is {sha256}, `checksum` recorded {}: it changed after `checksum`",
            file.sha256
        )));
    }
    let entries = match sums::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(entries) => entries,
        Err(Malformed { line, cause }) => {
            problems.push(problem(format!("line {line}: {cause}")));
            return Ok(problems);
        }
    };
    let here = artifacts.iter().filter(|artifact| lists(file, artifact));
    let mut expected: BTreeMap<&str, Option<&str>> = here
        .map(|artifact| {
            let digits = match file.algorithm {
                ChecksumAlgorithm::Sha256 => Some(artifact.sha256.as_str()),
                ChecksumAlgorithm::Sha512 => checksums.sha512.get(&artifact.path).map(|d| d.as_str()),
            };
            (artifact.path.file_name(), digits)
        })
        .collect();
    for Entry { line, digest, name } in &entries {
        match expected.remove(name.as_str()) {
            None => problems.push(problem(format!("line {line}: `{name}` is no file of the release"))),
            Some(digits) if digits == Some(digest.as_str()) => {}
            Some(_) => problems
                .push(problem(format!("line {line}: the digest of `{name}` is not the one in the document"))),
        }
    }
    problems.extend(expected.keys().map(|name| problem(format!("it does not list `{name}`"))));
    Ok(problems)
}
