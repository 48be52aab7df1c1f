//! Writing files to an object store: once, checked, and without taking more memory than it must.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Condvar, Mutex};

use anyhow::Result;
use document::{Failure, Sha256};
use object_store::{Error, PutMode, PutMultipartOptions, UpdateVersion};
use sha2::Digest;

use super::explain::Request;
use super::location::Kind;
use super::store::{ATTEMPTS, Head, Store, attributes, is_lost, pause};
use super::traffic::in_pieces;
use crate::listing::digest_of;

/// Files above this size go up in parts.
const LARGE: u64 = 32 << 20;
/// The size of a part.
const PART: usize = 8 << 20;
/// How many bytes of files are in memory at once.
const BUDGET: u64 = 64 << 20;

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

/// Bytes of memory that are held for a while.
struct Hold<'a>(&'a (Mutex<u64>, Condvar), u64);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        if let Ok(mut used) = self.0.0.lock() {
            *used -= self.1;
        }
        self.0.1.notify_all();
    }
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
                    self.put_parts(below, path, sha256)?
                }
                Body::File(path, size) => {
                    let _hold = self.hold(size);
                    let bytes =
                        std::fs::read(path).map_err(|cause| crate::place::failure("read", path, &cause))?;
                    if digest_of(&bytes) != *sha256 {
                        return Err(changed(path, sha256));
                    }
                    self.put(below, in_pieces(bytes), PutMode::Create, Some(sha256))?
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
    fn put_parts(&self, below: &str, path: &Path, sha256: &Sha256) -> Result<Result<UpdateVersion, Error>> {
        let _hold = self.hold(3 * PART as u64);
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
                let mut part = Vec::with_capacity(PART);
                (&mut file).take(PART as u64).read_to_end(&mut part).map_err(unreadable)?;
                if part.is_empty() {
                    break;
                }
                hash.update(&part);
                parts.spawn(upload.put_part(in_pieces(part)));
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

    /// Waits until that much memory is free; a file that is larger than all of it comes alone.
    fn hold(&self, size: u64) -> Hold<'_> {
        if let Ok(mut used) = self.budget.0.lock() {
            while *used > 0 && *used + size > BUDGET {
                match self.budget.1.wait(used) {
                    Ok(woken) => used = woken,
                    Err(_) => break,
                }
            }
        }
        if let Ok(mut used) = self.budget.0.lock() {
            *used += size;
        }
        Hold(&self.budget, size)
    }
}

fn changed(path: &Path, sha256: &Sha256) -> anyhow::Error {
    let what = format!(
        "cannot publish `{}`: it changed while it was read, it was built with {sha256}",
        path.display()
    );
    Failure::new(what).hint("run the release again from `build-wheels`").into()
}
