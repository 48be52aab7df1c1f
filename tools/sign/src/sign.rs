//! Signing: which files will be signed, their signatures, and their section of the document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Result;
use document::{Failure, ProjectPath, Release, Signature};
use filter::{Outcome, Step};
use project::{Project, files};

use crate::key::{self, KEY_VARIABLE, Key};
use crate::signature;
use distribution::door::{self, Problem, Subject};

/// What `checksum` writes into each folder; a dry run has no document of it that could say so.
const PROMISED_SUMS: [&str; 2] = ["SHA256SUMS", "SHA512SUMS"];

/// What will be signed, and what the document will say of it.
pub struct Plan {
    /// The signatures to make: of the artifacts in the order of the promises, then of the checksum files.
    pub steps: Vec<Step<Signing>>,
    /// The section, sorted by path.
    pub signatures: Vec<Signature>,
}

/// The signatures of the files that keep one promise.
pub struct Signing {
    pattern: String,
    requests: Vec<Request>,
}

/// One signature to make.
struct Request {
    key: Rc<Key>,
    file: PathBuf,
    subject: Subject,
    comment: String,
}

impl fmt::Display for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sign {}", self.pattern)
    }
}

/// Reads the files and the signatures that are there already, and decides what to sign; nothing is changed.
///
/// The document of a dry run may lack the files: the plan then speaks of those that it promises.
pub fn plan(project: &Project, release: &Release) -> Result<Plan> {
    if !release.dry_run {
        release.artifacts()?;
        release.checksums()?;
    }
    let subjects = door::subjects(release);
    let problems = door::problems(&project.root, &subjects);
    if !problems.is_empty() {
        let hint = "run the tool that recorded it again, and the tools after it";
        return Err(door::refusal("sign", &problems).hint(hint).into());
    }
    let Some(key) = key::configured(project)? else {
        let reason = format!("no key is configured: set `[sign] key` in release.toml or {KEY_VARIABLE}");
        return Ok(Plan { steps: vec![Step::skip("signatures", reason)], signatures: Vec::new() });
    };
    let key = Rc::new(key);
    let mut steps = Vec::new();
    let mut signatures = Vec::new();
    for (pattern, subjects) in promised(release)? {
        let mut requests = Vec::new();
        let promised_only = subjects.is_empty();
        for subject in subjects {
            signatures.push(entry(&key, &subject.path)?);
            let request = request(&key, &project.root, release, subject)?;
            if request.is_met() {
                let what = format!("{}.minisig", request.subject.path);
                steps.push(Step::skip(what, "it verifies with this key already"));
            } else {
                requests.push(request);
            }
        }
        if promised_only || !requests.is_empty() {
            steps.push(Step::Do(Signing { pattern, requests }));
        }
    }
    signatures.sort();
    Ok(Plan { steps, signatures })
}

/// Makes signatures, and verifies each as it then stands on the disk.
pub fn apply(signing: &Signing) -> Result<Outcome> {
    let mut replaced = Vec::new();
    for request in &signing.requests {
        let there = signature::path_of(&request.file).exists();
        request.meet().map_err(|cause| {
            door::refusal("sign", &[Problem::new(&request.subject.path, cause)])
                .hint("run `sign` again when nothing else works on the files")
        })?;
        if there {
            replaced.push(format!("{}.minisig", request.subject.path));
        }
    }
    if replaced.is_empty() {
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Noted(format!("replaced {}, which did not verify with this key", replaced.join(", "))))
}

impl Request {
    /// Says whether a signature is there that this key made, of these bytes, in the form that would be made.
    fn is_met(&self) -> bool {
        let Ok(found) = signature::read(&signature::path_of(&self.file)) else { return false };
        found.is_prehashed() && signature::verify(&self.key.public, &found, &self.file).is_ok()
    }

    fn meet(&self) -> Result<(), String> {
        let untrusted = format!("signature of {}", self.subject.path.file_name());
        let (text, sha256) = signature::make(&self.key, &self.file, &self.comment, &untrusted)?;
        // The bytes that were signed may be others than those that the door has seen.
        if let Some(changed) = self.subject.changed(&sha256) {
            return Err(changed);
        }
        let path = signature::path_of(&self.file);
        files::replace(&path, text.as_bytes()).map_err(|error| format!("{error:#}"))?;
        let written = signature::read(&path)?;
        signature::verify(&self.key.public, &written, &self.file).map(|_| ())
    }
}

/// The files to sign under the words of their promise, artifacts first; without files where none is known yet.
fn promised(release: &Release) -> Result<Vec<(String, Vec<Subject>)>> {
    let mut artifacts: BTreeMap<_, Vec<Subject>> =
        release.promises().into_iter().map(|promise| (promise, Vec::new())).collect();
    for artifact in release.artifacts.iter().flatten() {
        artifacts.entry(artifact.promise(&release.version.current)).or_default().push(artifact.into());
    }
    let mut sums: BTreeMap<ProjectPath, Vec<Subject>> = BTreeMap::new();
    match &release.checksums {
        Some(checksums) => {
            sums.extend(checksums.files.iter().map(|file| (file.path.clone(), vec![file.into()])));
        }
        None => {
            let parent = |pattern: &str| pattern.parse().map(|path: ProjectPath| path.parent());
            let folders: BTreeSet<Option<ProjectPath>> =
                artifacts.keys().map(|promise| parent(&promise.pattern)).collect::<Result<_, _>>()?;
            for folder in folders {
                for name in PROMISED_SUMS {
                    let path = folder.as_ref().map_or_else(|| name.parse(), |folder| folder.join(name))?;
                    sums.insert(path, Vec::new());
                }
            }
        }
    }
    let artifacts = artifacts.into_iter().map(|(promise, subjects)| (promise.pattern, subjects));
    let sums = sums.into_iter().map(|(path, subjects)| (path.to_string(), subjects));
    Ok(artifacts.chain(sums).collect())
}

fn entry(key: &Key, path: &ProjectPath) -> Result<Signature, Failure> {
    let signature = format!("{path}.minisig").parse()?;
    Ok(Signature { path: path.clone(), signature, public_key: key.public.to_base64() })
}

/// The comment is signed with the file and holds no time, so that it says the same at every run.
fn request(key: &Rc<Key>, root: &Path, release: &Release, subject: Subject) -> Result<Request> {
    let name = subject.path.file_name();
    if name.chars().any(char::is_control) {
        let what = format!("cannot sign `{}`: its name holds a control character", name.escape_default());
        return Err(Failure::new(what).hint("rename the file").into());
    }
    let comment = format!("file:{name}\tversion:{}\tsha256:{}", release.version.current, subject.sha256);
    Ok(Request { key: Rc::clone(key), file: subject.path.under(root), subject, comment })
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    #[test]
    fn bytes_that_changed_after_the_door_are_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair().unwrap();
        let file = folder.path().join("a.whl");
        std::fs::write(&file, "after").unwrap();
        let subject = Subject {
            path: "a.whl".parse().unwrap(),
            size: 5,
            sha256: files::sha256(b"seen before"),
            recorded_by: "build-wheels",
        };
        let key = Rc::new(Key { secret: sk, public: pk });
        let mut request = Request { key, file, subject, comment: "file:a.whl".to_owned() };
        let cause = request.meet().unwrap_err();
        assert!(cause.ends_with("it changed after `build-wheels`"), "{cause}");
        assert!(!folder.path().join("a.whl.minisig").exists());
        request.subject.sha256 = files::sha256(b"after");
        request.meet().unwrap();
        assert!(request.is_met());
    }
}
