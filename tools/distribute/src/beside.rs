//! A signature that is on an index already: one of ours from an earlier run, or something else.

use std::fs;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use document::Failure;
use minisign::{PublicKey, SignatureBox};

use crate::parcel::File;

/// The bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// Refuses what lies where the signature of a file belongs and does not verify it: it would stay, and be told as ours.
///
/// Signatures differ each time they are made, so one of other bytes is as good where it verifies.
pub fn refuse_foreign(file: &File, present: &[u8], place: &str) -> Result<()> {
    let (Some(ours), Some(name), Some(signer)) = (&file.signature, file.signature_name(), &file.signer)
    else {
        return Ok(());
    };
    let is_same = fs::read(ours).with_context(|| format!("cannot read `{}`", ours.display()))? == present;
    if is_same || verifies(file, present, signer)? {
        return Ok(());
    }
    let what = format!(
        "cannot publish `{}` to `{place}`: `{name}` is there already, and is no signature of it with the key {signer}",
        file.path
    );
    Err(Failure::new(what).hint("remove it from the index, and run the same command again").into())
}

fn verifies(file: &File, present: &[u8], signer: &str) -> Result<bool> {
    let text = String::from_utf8_lossy(present);
    // The library takes a global signature of any length, and then reads beyond its end.
    let global = text.lines().nth(3).and_then(|line| BASE64_STANDARD.decode(line.trim()).ok());
    if global.is_none_or(|global| global.len() != SIGNATURE_BYTES) {
        return Ok(false);
    }
    let (Ok(found), Ok(key)) = (SignatureBox::from_string(&text), PublicKey::from_base64(signer)) else {
        return Ok(false);
    };
    let source = fs::File::open(&file.source).with_context(|| format!("cannot read `{}`", file.path))?;
    Ok(found.keynum() == key.keynum() && minisign::verify(&key, &found, source, true, false, true).is_ok())
}
