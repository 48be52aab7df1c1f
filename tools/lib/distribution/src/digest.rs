//! Digests of files, read in blocks.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use document::{Sha256, Sha512};
use sha2::Digest;

use crate::unreadable;

/// Large enough that the cost of a system call does not show beside that of hashing.
const BLOCK: usize = 256 * 1024;

/// Returns the SHA-256 digest (FIPS 180-4) and the size in bytes of a file, in constant memory.
pub fn digest(path: &Path) -> Result<(Sha256, u64)> {
    let mut sha256 = sha2::Sha256::new();
    let size = each_block(path, |block| sha256.update(block))?;
    Ok((Sha256::from_bytes(&sha256.finalize().into()), size))
}

/// Returns the SHA-256 and SHA-512 digests (FIPS 180-4) and the size in bytes of a file that is read once.
pub fn digests(path: &Path) -> Result<(Sha256, Sha512, u64)> {
    let (mut sha256, mut sha512) = (sha2::Sha256::new(), sha2::Sha512::new());
    let size = each_block(path, |block| {
        sha256.update(block);
        sha512.update(block);
    })?;
    Ok((Sha256::from_bytes(&sha256.finalize().into()), Sha512::from_bytes(&sha512.finalize().into()), size))
}

fn each_block(path: &Path, mut take: impl FnMut(&[u8])) -> Result<u64> {
    let mut file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
    let mut block = vec![0; BLOCK];
    let mut size = 0;
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(size),
            Ok(length) => {
                take(&block[..length]);
                size += length as u64;
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(unreadable(path, &cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree_with_the_published_vector() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let (sha256, size) = digest(&path).unwrap();
        assert_eq!(sha256.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let (again, sha512, again_size) = digests(&path).unwrap();
        assert_eq!((again, again_size), (sha256, size));
        assert!(sha512.as_str().starts_with("ddaf35a193617aba"));
        assert_eq!(size, 3);
    }

    #[test]
    fn a_file_beyond_one_block_is_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zeros");
        std::fs::write(&path, vec![0; BLOCK * 2 + 1]).unwrap();
        assert_eq!(digest(&path).unwrap().1, BLOCK as u64 * 2 + 1);
    }

    #[test]
    fn an_absent_file_is_named() {
        let error = digest(Path::new("no-such.whl")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read `no-such.whl`: "), "{error}");
    }
}
