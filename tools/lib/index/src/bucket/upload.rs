//! Writing files to an object store: once, checked, and without taking more memory than it must.

use std::fs::File;
use std::path::Path;

use anyhow::Result;
use document::{Failure, Sha256};
use object_store::{Error, PutMode, PutMultipartOptions, UpdateVersion};
use sha2::Digest;

use super::explain::Request;
use super::location::Kind;
use super::store::{ATTEMPTS, Head, Store, attributes, is_lost, pause};

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
                Body::File(path, size) => {
                    let read = File::open(path).and_then(|mut file| self.blocks.read(&mut file, size));
                    let payload = read.map_err(|cause| crate::place::failure("read", path, &cause))?;
                    let mut hash = sha2::Sha256::new();
                    payload.iter().for_each(|block| hash.update(block));
                    if Sha256::from_bytes(&hash.finalize().into()) != *sha256 {
                        return Err(changed(path, sha256));
                    }
                    self.put(below, payload, PutMode::Create, Some(sha256))?
                }
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
        let unreadable = |cause| crate::place::failure("read", path, &cause);
        let mut file = File::open(path).map_err(unreadable)?;
        let options =
            PutMultipartOptions { attributes: attributes(below, Some(sha256)), ..Default::default() };
        let mut upload = match self.runtime.block_on(self.client.put_multipart_opts(&key, options)) {
            Ok(upload) => upload,
            Err(error) => return Ok(Err(error)),
        };
        let sent: Result<Result<(), Error>> = self.runtime.block_on(async {
            let mut parts = tokio::task::JoinSet::new();
            let mut hash = sha2::Sha256::new();
            loop {
                let part = self.blocks.read(&mut file, length).map_err(unreadable)?;
                if part.content_length() == 0 {
                    break;
                }
                part.iter().for_each(|block| hash.update(block));
                parts.spawn(upload.put_part(part));
                if parts.len() > 1
                    && let Some(Ok(Err(error))) = parts.join_next().await
                {
                    return Ok(Err(error));
                }
            }
            while let Some(part) = parts.join_next().await {
                if let Ok(Err(error)) = part {
                    return Ok(Err(error));
                }
            }
            if Sha256::from_bytes(&hash.finalize().into()) != *sha256 {
                return Err(changed(path, sha256));
            }
            Ok(Ok(()))
        });
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

fn changed(path: &Path, sha256: &Sha256) -> anyhow::Error {
    let what = format!(
        "cannot publish `{}`: it changed while it was read, it was built with {sha256}",
        path.display()
    );
    Failure::new(what).hint("run the release again from `build-wheels`").into()
}
