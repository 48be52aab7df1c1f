//! Writing files to an object store: once, checked, and without taking more memory than it must.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use document::{Failure, Sha256};
use object_store::{Error, MultipartUpload, PutMode, PutMultipartOptions, UpdateVersion};
use sha2::Digest;
use tokio::task::JoinSet;

use super::explain::Request;
use super::location::Kind;
use super::store::{ATTEMPTS, Head, Store, attributes, is_lost, pause};
use super::stretch::{self, Stretch};

/// Files above this size go up in parts.
const LARGE: u64 = 8 << 20;
/// The least size of a part in S3.
const PART: u64 = 5 << 20;
/// How many parts S3 takes at most.
const MOST_PARTS: u64 = 10_000;

/// What came of creating an object.
#[derive(Debug)]
pub(crate) enum Created {
    /// It is there now, and was read back.
    New(Head),
    /// Something was there already.
    There(Head),
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body<'a> {
    Bytes(&'a [u8]),
    File(&'a Path, u64),
}

impl Store {
    /// Writes an object that is not there yet, and reads it back; one that is there is left as it is.
    ///
    /// A lost answer is no failure: what the server has tells whether it did the work.
    pub(crate) fn create(&self, below: &str, body: Body, sha256: &Sha256) -> Result<Created> {
        let mut attempt = 0;
        loop {
            let written = match body {
                Body::File(path, size) if size > LARGE && self.location.kind == Kind::S3 => {
                    self.put_parts(below, path, size, sha256)?
                }
                Body::File(path, size) => self.put_file(below, path, size, sha256)?,
                Body::Bytes(bytes) => {
                    self.put(below, bytes.to_vec().into(), PutMode::Create, Some(sha256))?
                }
            };
            let is_refused = match &written {
                Ok(_) => false,
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                    true
                }
                Err(error) if is_lost(error) && attempt < ATTEMPTS => true,
                Err(error) => return Err(self.explain(Request::Write, below, error)),
            };
            match self.head(below)? {
                Some(head) if is_refused && matches!(&written, Err(error) if !is_lost(error)) => {
                    return Ok(Created::There(head));
                }
                Some(head) => return self.read_back(below, head, body, sha256).map(Created::New),
                None if attempt < ATTEMPTS => {
                    std::thread::sleep(pause(attempt));
                    attempt += 1;
                }
                None => return Err(self.vanished(below)),
            }
        }
    }

    /// Writes a large file in parts, a few at once; it gets its name in one step when all of them are there.
    fn put_parts(
        &self,
        below: &str,
        path: &Path,
        size: u64,
        sha256: &Sha256,
    ) -> Result<Result<UpdateVersion, Error>> {
        let length = PART.max(size.div_ceil(MOST_PARTS));
        let key = self.key(below)?;
        let options =
            PutMultipartOptions { attributes: attributes(below, Some(sha256)), ..Default::default() };
        let mut upload = match self.runtime.block_on(self.client.put_multipart_opts(&key, options)) {
            Ok(upload) => upload,
            Err(error) => return Ok(Err(error)),
        };
        let sent = self.runtime.block_on(self.send_parts(&mut *upload, path, length, sha256));
        let done = match sent {
            Ok(Ok(())) => Ok(self.runtime.block_on(upload.complete())),
            Ok(Err(error)) => Ok(Err(error)),
            Err(error) => Err(error),
        };
        if !matches!(done, Ok(Ok(_))) {
            // Parts that are left cost their owner money; that they cannot be removed is no second failure.
            let _ = self.runtime.block_on(upload.abort());
        }
        Ok(done?.map(UpdateVersion::from))
    }

    /// Sends the parts of a file, each when it was read once to learn its digest.
    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        path: &Path,
        length: u64,
        sha256: &Sha256,
    ) -> Result<Result<(), Error>> {
        let unreadable = |cause| crate::place::failure("read", path, &cause);
        let mut file = File::open(path).map_err(unreadable)?;
        let mut whole = sha2::Sha256::new();
        let mut parts = JoinSet::new();
        let mut offset = 0;
        loop {
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            let (read, digest) = digest(&mut file, length, &mut whole).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            let part = Stretch::new(path, offset, read, digest, &self.blocks);
            let request = upload.put_part(part.stand_in(Kind::S3));
            parts.spawn(async {
                let _slot = slot;
                (stretch::sending(Arc::clone(&part), request).await, part)
            });
            offset += read;
            if let Some(Ok((Err(error), part))) = parts.try_join_next() {
                return part.failure().map_or(Ok(Err(error)), Err);
            }
        }
        if Sha256::from_bytes(&whole.finalize().into()) != *sha256 {
            return Err(stretch::changed(path));
        }
        while let Some(done) = parts.join_next().await {
            if let Ok((Err(error), part)) = done {
                return part.failure().map_or(Ok(Err(error)), Err);
            }
        }
        Ok(Ok(()))
    }

    /// Writes a file in one request. What is short is read whole.
    fn put_file(
        &self,
        below: &str,
        path: &Path,
        size: u64,
        sha256: &Sha256,
    ) -> Result<Result<UpdateVersion, Error>> {
        if size < stretch::SIZE as u64 {
            let bytes = std::fs::read(path).map_err(|cause| crate::place::failure("read", path, &cause))?;
            if crate::listing::digest_of(&bytes) != *sha256 {
                return Err(stretch::changed(path));
            }
            return self.put(below, bytes.into(), PutMode::Create, Some(sha256));
        }
        let whole = Stretch::new(path, 0, size, sha256.clone(), &self.blocks);
        let payload = whole.stand_in(self.location.kind);
        let write = self.write(below, payload, PutMode::Create, Some(sha256));
        let put = self.runtime.block_on(stretch::sending(Arc::clone(&whole), write))?;
        match whole.failure() {
            Some(failure) if put.is_err() => Err(failure),
            _ => Ok(put),
        }
    }

    fn read_back(&self, below: &str, head: Head, body: Body, sha256: &Sha256) -> Result<Head> {
        let size = match body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File(_, size) => size,
        };
        let is_same = head.object.size == size && head.sha256.as_ref().is_none_or(|found| found == sha256);
        if is_same {
            return Ok(head);
        }
        let found =
            head.sha256.map_or_else(|| format!("{} bytes", head.object.size), |found| found.to_string());
        Err(crate::publish::taken_at(&self.location.name(below), &found, sha256))
    }

    fn vanished(&self, below: &str) -> anyhow::Error {
        Failure::new(format!(
            "cannot read back `{}`: it was written and is not there",
            self.location.name(below)
        ))
        .hint("see that nothing else removes objects of this bucket, and run the same command again")
        .into()
    }
}

/// The length and the digest of the next bytes of a file, which go into the digest of the whole as well.
fn digest(file: &mut File, most: u64, whole: &mut sha2::Sha256) -> io::Result<(u64, Sha256)> {
    let mut part = sha2::Sha256::new();
    let mut block = vec![0; stretch::SIZE];
    let (mut from, mut length) = (file.take(most), 0);
    loop {
        match from.read(&mut block)? {
            0 => return Ok((length, Sha256::from_bytes(&part.finalize().into()))),
            read => {
                let bytes = block.get(..read).unwrap_or_default();
                part.update(bytes);
                whole.update(bytes);
                length += read as u64;
            }
        }
    }
}
