//! The door: each artifact is read once, and refused where it is not the file that was built.

use std::path::Path;

use document::{Artifact, Failure, Sha256, Sha512};
use rayon::prelude::*;

/// Something that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub cause: String,
}

/// The digests of an artifact that is as it was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Sha256,
    /// SHA-512.
    pub sha512: Sha512,
}

impl Problem {
    /// A problem of that file.
    pub fn new(path: impl ToString, cause: impl ToString) -> Self {
        Self { path: path.to_string(), cause: cause.to_string() }
    }
}

/// Reads the artifacts in parallel, each once; returns their digests in the same order.
pub fn digests(root: &Path, artifacts: &[Artifact]) -> Vec<Result<Digests, Problem>> {
    artifacts.par_iter().map(|artifact| digests_of(root, artifact)).collect()
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

fn digests_of(root: &Path, artifact: &Artifact) -> Result<Digests, Problem> {
    let problem = |cause: String| Err(Problem::new(&artifact.path, cause));
    let path = artifact.path.under(root);
    if !is_file(&path) {
        return problem("it is missing: it was removed after `build-wheels`".to_owned());
    }
    let (sha256, sha512, size) = match distribution::digests(&path) {
        Ok(read) => read,
        Err(error) => return problem(format!("{error:#}")),
    };
    if sha256 != artifact.sha256 {
        let recorded = &artifact.sha256;
        return problem(format!(
            "its SHA-256 is {sha256}, `build-wheels` recorded {recorded}: it changed after `build-wheels`"
        ));
    }
    if size != artifact.size {
        let recorded = artifact.size;
        return problem(format!(
            "its size is {size} bytes, `build-wheels` recorded {recorded}: the document was changed by hand"
        ));
    }
    Ok(Digests { sha256, sha512 })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_folder_in_the_place_of_a_file_is_a_missing_file() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("a.whl")).unwrap();
        let artifact = Artifact {
            path: "a.whl".parse().unwrap(),
            package: "a".parse().unwrap(),
            kind: document::ArtifactKind::Wheel,
            size: 0,
            sha256: "0".repeat(64).parse().unwrap(),
        };
        let problem = digests(root.path(), &[artifact]).remove(0).unwrap_err();
        assert_eq!(problem.cause, "it is missing: it was removed after `build-wheels`");
    }
}
