//! The door of every tool after the build: a file that is not as the document records it is refused, and the step is
//! named after which it changed.

use std::path::Path;

use anyhow::Result;
use document::{Artifact, ChecksumFile, Failure, ProjectPath, Release, Sha256, Sha512};

use crate::{Examined, digest};

/// A file as the document records it.
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
    subjects.iter().filter_map(|subject| subject.read(root, digest).err()).collect()
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

/// Says whether a file is one that can be read to its end; a fifo or a folder is not.
pub fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

impl Subject {
    /// Reads the file once with `read`, which returns its SHA-256, size and whatever else one read gives, and
    /// compares both with the record.
    pub fn read<T: Digested>(
        &self,
        root: &Path,
        read: impl FnOnce(&Path) -> Result<T>,
    ) -> Result<T, Problem> {
        let problem = |cause: String| Problem::new(&self.path, cause);
        let path = self.path.under(root);
        if !is_file(&path) {
            return Err(problem(format!("it is missing: it was removed after `{}`", self.recorded_by)));
        }
        let found = read(&path).map_err(|error| problem(format!("{error:#}")))?;
        if let Some(cause) = self.changed(found.sha256()) {
            return Err(problem(cause));
        }
        if found.size() != self.size {
            let (size, by, recorded) = (found.size(), self.recorded_by, self.size);
            let cause = format!(
                "its size is {size} bytes, `{by}` recorded {recorded}: the document was changed by hand"
            );
            return Err(problem(cause));
        }
        Ok(found)
    }

    /// Says how a digest differs from the one that is recorded.
    pub fn changed(&self, found: &Sha256) -> Option<String> {
        let Subject { sha256, recorded_by, .. } = self;
        (found != sha256).then(|| {
            format!(
                "its SHA-256 is {found}, `{recorded_by}` recorded {sha256}: it changed after `{recorded_by}`"
            )
        })
    }
}

/// What one read of a file has to tell at least.
pub trait Digested {
    /// The SHA-256 digest.
    fn sha256(&self) -> &Sha256;
    /// The size in bytes.
    fn size(&self) -> u64;
}

impl Digested for (Sha256, u64) {
    fn sha256(&self) -> &Sha256 {
        &self.0
    }

    fn size(&self) -> u64 {
        self.1
    }
}

impl Digested for (Sha256, Sha512, u64) {
    fn sha256(&self) -> &Sha256 {
        &self.0
    }

    fn size(&self) -> u64 {
        self.2
    }
}

impl Digested for Examined {
    fn sha256(&self) -> &Sha256 {
        &self.sha256
    }

    fn size(&self) -> u64 {
        self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(sha256: &str, size: u64) -> Subject {
        Subject {
            path: "a.whl".parse().unwrap(),
            size,
            sha256: sha256.parse().unwrap(),
            recorded_by: "build-wheels",
        }
    }

    #[test]
    fn one_problem_is_one_line_and_two_are_a_list() {
        let problems = [Problem::new("a.whl", "it is gone"), Problem::new("b.whl", "it is odd")];
        assert_eq!(refusal("use", &problems[..1]).to_string(), "cannot use `a.whl`: it is gone");
        assert_eq!(
            refusal("use", &problems).to_string(),
            "cannot use the files, 2 problems:\n    `a.whl`: it is gone\n    `b.whl`: it is odd"
        );
    }

    #[test]
    fn names_what_is_missing_changed_or_of_another_size() {
        let root = tempfile::tempdir().unwrap();
        let cause = |subject: Subject| subject.read(root.path(), digest).unwrap_err().cause;
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(cause(subject(empty, 0)), "it is missing: it was removed after `build-wheels`");
        std::fs::create_dir(root.path().join("a.whl")).unwrap();
        assert_eq!(cause(subject(empty, 0)), "it is missing: it was removed after `build-wheels`");
        std::fs::remove_dir(root.path().join("a.whl")).unwrap();
        std::fs::write(root.path().join("a.whl"), "").unwrap();
        assert!(subject(empty, 0).read(root.path(), digest).is_ok());
        assert!(cause(subject(&"0".repeat(64), 0)).ends_with("it changed after `build-wheels`"));
        assert!(cause(subject(empty, 1)).ends_with("the document was changed by hand"));
    }
}
