//! The door: the files that are signed, each refused where it is not the one that the document records.

use std::path::Path;

use document::{Artifact, ChecksumFile, Failure, ProjectPath, Release, Sha256};

/// A file that is signed, as the document records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The file.
    pub path: ProjectPath,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest.
    pub sha256: Sha256,
    /// The tool that recorded it.
    pub recorded_by: &'static str,
}

/// Something that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub cause: String,
}

impl Problem {
    /// A problem of that file.
    pub fn new(path: impl ToString, cause: impl ToString) -> Self {
        Self { path: path.to_string(), cause: cause.to_string() }
    }
}

impl From<&Artifact> for Subject {
    fn from(artifact: &Artifact) -> Self {
        let Artifact { path, size, sha256, .. } = artifact.clone();
        Self { path, size, sha256, recorded_by: "build-wheels" }
    }
}

impl From<&ChecksumFile> for Subject {
    fn from(file: &ChecksumFile) -> Self {
        let ChecksumFile { path, size, sha256, .. } = file.clone();
        Self { path, size, sha256, recorded_by: "checksum" }
    }
}

/// The artifacts and checksum files that a document records, sorted by path; a section may be absent.
pub fn subjects(release: &Release) -> Vec<Subject> {
    let artifacts = release.artifacts.iter().flatten().map(Subject::from);
    let sums = release.checksums.iter().flat_map(|checksums| &checksums.files).map(Subject::from);
    let mut all: Vec<Subject> = artifacts.chain(sums).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Reads every file, and lists those that are not as recorded.
pub fn problems(root: &Path, subjects: &[Subject]) -> Vec<Problem> {
    let problem = |subject: &Subject| Some(Problem::new(&subject.path, fault(root, subject)?));
    subjects.iter().filter_map(problem).collect()
}

/// Turns problems into one error: `cannot <verb> <file>: <cause>`, or a list with a line for each.
pub fn refusal(verb: &str, problems: &[Problem]) -> Failure {
    if let [Problem { path, cause }] = problems {
        return Failure::new(format!("cannot {verb} `{path}`: {cause}"));
    }
    let lines: Vec<String> =
        problems.iter().map(|Problem { path, cause }| format!("\n    `{path}`: {cause}")).collect();
    Failure::new(format!("cannot {verb} the files, {} problems:{}", problems.len(), lines.concat()))
}

/// Says how the bytes of a file differ from what is recorded.
pub fn changed(subject: &Subject, found: &Sha256) -> Option<String> {
    let Subject { sha256, recorded_by, .. } = subject;
    (found != sha256).then(|| {
        format!("its SHA-256 is {found}, `{recorded_by}` recorded {sha256}: it changed after `{recorded_by}`")
    })
}

fn fault(root: &Path, subject: &Subject) -> Option<String> {
    let path = subject.path.under(root);
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Some(format!("it is missing: it was removed after `{}`", subject.recorded_by));
    }
    match distribution::digest(&path) {
        Err(error) => Some(format!("{error:#}")),
        Ok((sha256, _)) if sha256 != subject.sha256 => changed(subject, &sha256),
        Ok((_, size)) if size != subject.size => Some(format!(
            "its size is {size} bytes, `{}` recorded {}: the document was changed by hand",
            subject.recorded_by, subject.size
        )),
        Ok(_) => None,
    }
}
