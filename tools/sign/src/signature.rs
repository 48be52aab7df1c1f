//! One signature: made, read and verified, in the format of minisign 0.11.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use document::Sha256;
use minisign::{PublicKey, SignatureBox};
use sha2::Digest;

use crate::key::Key;

/// The bytes of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;

/// The file that holds the signature of a file: `FILE.minisig`.
pub fn path_of(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

/// The number of a key, as the `minisign` command prints it: little-endian, without leading zeros.
pub fn key_id(number: &[u8]) -> String {
    format!("{:X}", number.iter().rev().fold(0, |id: u64, byte| id << 8 | u64::from(*byte)))
}

/// Signs a file that is read once; returns the text of the signature and the digest of the bytes that it is for.
pub fn make(key: &Key, file: &Path, trusted: &str, untrusted: &str) -> Result<(String, Sha256), String> {
    let file = File::open(file).map_err(|cause| cause.to_string())?;
    let mut reader = Hashing { file, hash: sha2::Sha256::new() };
    let signature =
        minisign::sign(Some(&key.public), &key.secret, &mut reader, Some(trusted), Some(untrusted))
            .map_err(|cause| cause.to_string())?;
    Ok((signature.into_string(), Sha256::from_bytes(&reader.hash.finalize().into())))
}

/// Reads a signature; what cannot be one is an error that says why.
pub fn read(path: &Path) -> Result<SignatureBox, String> {
    let shown = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => format!("it has no signature, `{shown}` is missing"),
        _ => format!("cannot read `{shown}`: {cause}"),
    })?;
    parse(&text).ok_or_else(|| format!("`{shown}` is no minisign signature"))
}

/// Verifies a file and the trusted comment against a public key; returns the trusted comment.
pub fn verify(signer: &PublicKey, signature: &SignatureBox, file: &Path) -> Result<String, String> {
    if signature.keynum() != signer.keynum() {
        let (made_by, expected) = (key_id(signature.keynum()), key_id(signer.keynum()));
        return Err(format!("it is signed with the key {made_by}, not with {expected}"));
    }
    let file = File::open(file).map_err(|cause| format!("cannot read it: {cause}"))?;
    minisign::verify(signer, signature, file, true, false, true)
        .and_then(|()| signature.trusted_comment())
        .map_err(|_| "its signature is for other bytes, another comment or another key".to_owned())
}

/// The `minisign` crate takes a global signature of any length, and then reads beyond its end.
fn parse(text: &str) -> Option<SignatureBox> {
    let global = STANDARD.decode(text.lines().nth(3)?.trim()).ok()?;
    SignatureBox::from_string(text).ok().filter(|_| global.len() == SIGNATURE_BYTES)
}

/// A file whose digest is taken while it is read.
struct Hashing {
    file: File,
    hash: sha2::Sha256,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    fn key() -> Key {
        let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair().unwrap();
        Key { secret: sk, public: pk }
    }

    #[test]
    fn a_signature_is_verified_with_its_own_key_and_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.whl");
        std::fs::write(&file, "bytes").unwrap();
        let key = key();
        let (text, sha256) = make(&key, &file, "file:a.whl\tversion:1", "signature of a.whl").unwrap();
        assert_eq!(sha256, project::files::sha256(b"bytes"));
        assert!(text.starts_with("untrusted comment: signature of a.whl\nRU"), "{text}");
        let signature = parse(&text).unwrap();
        assert!(signature.is_prehashed());
        assert_eq!(verify(&key.public, &signature, &file).unwrap(), "file:a.whl\tversion:1");
        let other = self::key().public;
        let refused = verify(&other, &signature, &file).unwrap_err();
        let (made_by, expected) = (key_id(key.public.keynum()), key_id(other.keynum()));
        assert_eq!(refused, format!("it is signed with the key {made_by}, not with {expected}"));
        let forged = parse(&text.replace("version:1", "version:2")).unwrap();
        assert!(verify(&key.public, &forged, &file).unwrap_err().contains("another comment"));
        std::fs::write(&file, "other").unwrap();
        assert!(verify(&key.public, &signature, &file).unwrap_err().contains("for other bytes"));
    }

    #[test]
    fn what_is_no_signature_is_refused_without_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.whl");
        std::fs::write(&file, "bytes").unwrap();
        let text = make(&key(), &file, "x", "y").unwrap().0;
        let global = text.lines().nth(3).unwrap();
        for wrong in ["", "x", &text.replace(global, "AAAA"), &text.replace(global, ""), &text[..120]] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
        let path = path_of(&file);
        assert_eq!(read(&path).err().unwrap(), "it has no signature, `a.whl.minisig` is missing");
        std::fs::write(&path, "x").unwrap();
        assert_eq!(read(&path).err().unwrap(), "`a.whl.minisig` is no minisign signature");
    }

    #[test]
    fn the_number_of_a_key_is_printed_as_minisign_does() {
        assert_eq!(key_id(&[0x97, 0xce, 0x24, 0x60, 0x3a, 0x35, 0x0b, 0x7a]), "7A0B353A6024CE97");
        assert_eq!(key_id(&[0x77, 0x6e, 0x40, 0x41, 0xff, 0xae, 0x99, 0x0c]), "C99AEFF41406E77");
    }
}
