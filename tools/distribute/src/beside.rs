//! What is on an index already where files of a release, their metadata and their signatures belong: ours, from an
//! earlier run, or something else.

use std::fs;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use distribution::wheel::Wheel;
use document::Failure;
use minisign::{PublicKey, SignatureBox};

use crate::parcel::{File, Parcel};

/// The bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// Says whether an index has every file of a parcel with its signature, as `has` says of a file and `beside` of the bytes
/// of a file beside it. What is there and is not ours is refused, before anything is written.
pub fn holds(
    parcel: &Parcel,
    place: &str,
    has: impl Fn(&File) -> Result<bool>,
    beside: impl Fn(&str) -> Result<Option<Vec<u8>>>,
) -> Result<bool> {
    let mut holds_all = !parcel.files.is_empty();
    for file in &parcel.files {
        let is_there = has(file)?;
        holds_all &= is_there;
        let metadata = format!("{}.metadata", file.name());
        if !is_there
            && file.name().ends_with(".whl")
            && let Some(present) = beside(&metadata)?
            && Wheel::open(&file.source)?.metadata_bytes()? != present
        {
            return Err(foreign(file, place, &metadata, "holds other metadata").into());
        }
        if let Some(signature) = file.signature_name() {
            let present = beside(&signature)?;
            holds_all &= present.is_some();
            present.map_or(Ok(()), |present| refuse_signature(file, &present, place))?;
        }
    }
    Ok(holds_all)
}

fn foreign(file: &File, place: &str, name: &str, fault: &str) -> Failure {
    let what = format!("cannot publish `{}` to `{place}`: `{name}` is there already, and {fault}", file.path);
    Failure::new(what).hint("remove it from the index, and run the same command again")
}

/// Refuses what lies where the signature of a file belongs and does not verify it: it would stay, and be told as ours.
///
/// Signatures differ each time they are made, so one of other bytes is as good where it verifies.
fn refuse_signature(file: &File, present: &[u8], place: &str) -> Result<()> {
    let (Some(ours), Some(name), Some(signer)) = (&file.signature, file.signature_name(), &file.signer)
    else {
        return Ok(());
    };
    let is_same = fs::read(ours).with_context(|| format!("cannot read `{}`", ours.display()))? == present;
    if is_same || verifies(file, present, signer)? {
        return Ok(());
    }
    Err(foreign(file, place, &name, &format!("is no signature of it with the key {signer}")).into())
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
