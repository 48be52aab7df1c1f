//! Verifying: the signatures of a document, or of files that were fetched from anywhere.

use std::path::{Path, PathBuf};

use anyhow::Result;
use document::{Failure, Release, Signature};
use filter::Stage;
use minisign::PublicKey;

use crate::{key, signature};
use distribution::door::{self, Problem};

/// Reads a public key: its text, or the file that holds it.
pub fn public_key(text: &str) -> Result<PublicKey, Failure> {
    if let Some(key) = parse(text) {
        return Ok(key);
    }
    if key::is_key_text(text) {
        let what = "cannot use the public key: the text is that of a secret key";
        return Err(Failure::new(what).hint("make a new key pair: others may have seen this command"));
    }
    let refusal = |cause: String| {
        Failure::new(format!("cannot use the public key `{text}`: {cause}")).hint(
            "give the line that starts with `RW`, or the file that `minisign -G` or `sign --new-key` wrote",
        )
    };
    let found = std::fs::read_to_string(text).map_err(|cause| refusal(cause.to_string()))?;
    found.lines().find_map(parse).ok_or_else(|| refusal("it holds no minisign public key".to_owned()))
}

/// Verifies `FILE.minisig` of each file; every wrong one is named.
pub fn files(stage: &Stage, signer: &PublicKey, files: &[PathBuf]) -> Result<()> {
    let mut problems = Vec::new();
    for file in files {
        let shown = file.display().to_string();
        match verified(signer, file, &signature::path_of(file)) {
            Ok(comment) => stage.note(agreement(&shown, &comment)),
            Err(cause) => problems.push(Problem::new(shown, cause)),
        }
    }
    conclude(&problems)
}

/// Verifies every signature of a document; where there are any, every file of the release must have one.
///
/// A `signer` that is given is the only key that the signatures may be of.
pub fn release(stage: &Stage, root: &Path, release: &Release, signer: Option<&PublicKey>) -> Result<()> {
    release.artifacts()?;
    release.checksums()?;
    let signatures = release.signatures()?;
    let subjects = door::subjects(release);
    let mut problems = door::problems(root, &subjects);
    for signature in signatures {
        match of_document(root, signature, signer) {
            Ok(comment) => stage.note(agreement(signature.path.as_str(), &comment)),
            Err(cause) => problems.push(Problem::new(&signature.path, cause)),
        }
    }
    if signatures.is_empty() && signer.is_none() {
        stage.note("no file is signed: no key was configured when `sign` ran");
        return conclude(&problems);
    }
    for subject in &subjects {
        if !signatures.iter().any(|signature| signature.path == subject.path) {
            problems.push(Problem::new(&subject.path, "the document names no signature of it"));
        }
    }
    conclude(&problems)
}

fn conclude(problems: &[Problem]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let hint = "do not use these files, unless you know what happened to them; `sign` signs them anew";
    Err(door::refusal("verify", problems).hint(hint).into())
}

fn agreement(file: &str, comment: &str) -> String {
    let comment = comment.replace('\t', ", ");
    format!("{file}: the signature is good ({})", comment.escape_debug())
}

fn of_document(root: &Path, recorded: &Signature, signer: Option<&PublicKey>) -> Result<String, String> {
    let Some(key) = parse(&recorded.public_key) else {
        return Err("its public key in the document is no minisign public key".to_owned());
    };
    if let Some(signer) = signer.filter(|signer| signer.to_bytes() != key.to_bytes()) {
        let (found, expected) = (signature::key_id(key.keynum()), signature::key_id(signer.keynum()));
        return Err(format!("the document names the key {found}, not {expected}"));
    }
    verified(&key, &recorded.path.under(root), &recorded.signature.under(root))
}

fn verified(signer: &PublicKey, file: &Path, signature: &Path) -> Result<String, String> {
    let found = signature::read(signature)?;
    signature::verify(signer, &found, file)
}

fn parse(text: &str) -> Option<PublicKey> {
    PublicKey::from_base64(text.trim()).ok().filter(|key| key.to_bytes().starts_with(b"Ed"))
}
