//! An object store as an index needs it: what is published is written once, and pages change hands by comparing first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use document::{Failure, Sha256};
use futures_util::TryStreamExt;
use object_store::client::HttpError;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, Error, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};
use sha2::Digest;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::clock::Clock;
use super::connect;
use super::credentials::Source;
use super::explain::{self, Request};
use super::location::{Kind, Location};
use super::stretch::Blocks;
use super::traffic::Traffic;
use super::wire::{SERVED, TrailingSlash};

/// The attribute in which an object carries the digest that it was published with.
const RECORDED: &str = "sha256";
/// How often a request is made again whose answer was lost.
pub(super) const ATTEMPTS: u32 = 8;

/// How many parts of large files go up at once.
const PARTS: usize = 16;

/// One bucket, with the rights to it.
#[derive(Debug)]
pub(crate) struct Store {
    pub location: Location,
    pub source: Source,
    clock: Clock,
    pub(super) traffic: Traffic,
    pub(super) client: Arc<dyn ObjectStore>,
    pub(super) runtime: Runtime,
    pub(super) blocks: Blocks,
    /// How many more parts of large files may go up.
    pub(super) slots: Arc<Semaphore>,
    /// Whether keys that end in `/` are kept beside what is below them.
    keeps_slashes: AtomicBool,
}

/// One object as a list has it.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, as the server has it (RFC 3339, UTC).
    pub modified: String,
    /// What a swap must name.
    pub tag: Tag,
}

/// What is known about an object without reading it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub object: Object,
    /// The digest that the server computed, else the one that was recorded when it was published.
    pub sha256: Option<Sha256>,
}

/// The state of an object, which changes when it is written.
#[derive(Debug, Clone)]
pub(crate) struct Tag(UpdateVersion);

impl Object {
    /// Says whether this is a text, of which these bytes were read.
    ///
    /// Servers that keep folders as such have one where others have a key that ends in `/`: nothing can be written
    /// there, and the tag, of no parts at all, is that of no object.
    pub(crate) fn is(&self, read: &[u8], text: &str) -> bool {
        let is_folder =
            || self.tag.0.e_tag.as_deref().is_some_and(|tag| tag.trim_matches('"').ends_with("-0"));
        read == text.as_bytes() || (read.is_empty() && is_folder())
    }
}

impl Store {
    /// Makes ready to talk to a bucket; nothing is asked of it yet.
    pub(crate) fn open(location: Location) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let wires = connect::Wires::default();
        let (client, location, source) = connect::connect(location, &wires)?;
        let (clock, traffic) = wires;
        let keeps_slashes = AtomicBool::new(location.kind == Kind::S3);
        let (blocks, slots) = (Blocks::default(), Arc::new(Semaphore::new(PARTS)));
        Ok(Self { location, source, clock, traffic, client, runtime, blocks, slots, keeps_slashes })
    }

    /// Lists what is below a folder of the index, by path below the index.
    pub(crate) fn list(&self, folder: &str) -> Result<BTreeMap<String, Object>> {
        let prefix = self.key(folder)?;
        let above = self.location.key("").len();
        let listed = self.runtime.block_on(async {
            let mut found = BTreeMap::new();
            let mut stream = self.client.list(Some(&prefix));
            while let Some(meta) = stream.try_next().await? {
                let below = meta.location.as_ref().get(above..).unwrap_or_default().to_owned();
                found.insert(below, object(meta));
            }
            Ok(found)
        });
        listed.map_err(|error| self.explain(Request::List, folder, &error))
    }

    /// Reads a small object whole; `None` when there is none.
    pub(crate) fn read(&self, below: &str) -> Result<Option<(Vec<u8>, Object)>> {
        let key = self.key(below)?;
        let read = self.again(|| {
            self.runtime.block_on(async {
                let mut options = GetOptions::default();
                if below.ends_with('/') {
                    options.extensions.insert(TrailingSlash);
                }
                let got = self.client.get_opts(&key, options).await?;
                let object = object(got.meta.clone());
                Ok((got.bytes().await?.to_vec(), object))
            })
        });
        self.present(Request::Read, below, read)
    }

    /// What is known about an object; `None` when there is none.
    pub(crate) fn head(&self, below: &str) -> Result<Option<Head>> {
        let key = self.key(below)?;
        let read = self.again(|| {
            let options = GetOptions { head: true, ..GetOptions::default() };
            let got = self.runtime.block_on(self.client.get_opts(&key, options))?;
            let attribute = |name: &'static str| got.attributes.get(&Attribute::Metadata(name.into()));
            // Of an upload in parts the sum is one of other sums, which not every server marks as such.
            let is_whole = got.meta.e_tag.as_ref().is_none_or(|tag| !tag.contains('-'));
            let sha256 = attribute(SERVED)
                .filter(|_| is_whole)
                .and_then(|sum| served(sum.as_ref()))
                .or_else(|| attribute(RECORDED)?.as_ref().parse().ok());
            Ok(Head { sha256, object: object(got.meta) })
        });
        self.present(Request::Read, below, read)
    }

    /// Reads an object from its start to its end, block by block, and returns the digest of its bytes.
    pub(crate) fn stream(
        &self,
        below: &str,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<Option<Sha256>> {
        let key = self.key(below)?;
        let mut sha256 = sha2::Sha256::new();
        let got = self.runtime.block_on(self.client.get(&key));
        let Some(got) = self.present(Request::Read, below, got)? else { return Ok(None) };
        let mut blocks = got.into_stream();
        loop {
            let block = self.runtime.block_on(blocks.try_next());
            match block.map_err(|error| self.explain(Request::Read, below, &error))? {
                Some(block) => {
                    sha256.update(&block);
                    self.traffic.tell(i64::try_from(block.len()).unwrap_or_default());
                    take(&block)?;
                }
                None => return Ok(Some(Sha256::from_bytes(&sha256.finalize().into()))),
            }
        }
    }

    /// Writes a page where it still is what it was; the state that it has then, or `None` where somebody was quicker.
    pub(crate) fn swap(&self, below: &str, text: &str, before: Option<&Tag>) -> Result<Option<Tag>> {
        let mode = before.map_or(PutMode::Create, |tag| PutMode::Update(tag.0.clone()));
        match self.put(below, text.as_bytes().to_vec().into(), mode, None)? {
            Ok(put) => Ok(Some(Tag(put))),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
                Ok(None)
            }
            // Whether it was done is seen when the page is read again.
            Err(error) if is_lost(&error) => Ok(None),
            Err(error) => Err(self.explain(Request::Write, below, &error)),
        }
    }

    /// Removes an object; one that is not there is no failure.
    pub(crate) fn delete(&self, below: &str) -> Result<()> {
        let key = self.key(below)?;
        let deleted = self.again(|| self.runtime.block_on(self.client.delete(&key)));
        self.present(Request::Delete, below, deleted).map(|_| ())
    }

    /// Says whether the store keeps keys that end in `/` beside what is below them, as far as is known by now.
    pub(crate) fn has_slash_keys(&self) -> bool {
        self.keeps_slashes.load(Ordering::Relaxed)
    }

    /// Says whether the server keeps a folder where a key that ends in `/` belongs: it says that something is there,
    /// and does not list it.
    pub(crate) fn is_folder(&self, below: &str) -> Result<bool> {
        let is_folder = !self.list(below)?.contains_key(below.trim_end_matches('/'));
        if is_folder {
            self.keeps_slashes.store(false, Ordering::Relaxed);
        }
        Ok(is_folder)
    }

    pub(crate) fn explain(&self, request: Request, below: &str, error: &Error) -> anyhow::Error {
        explain::failure(&self.location, &self.source, &self.clock, request, below, error).into()
    }

    /// Writes an object in one request. The outer result is that of this machine, the inner one that of the store.
    pub(crate) fn put(
        &self,
        below: &str,
        payload: PutPayload,
        mode: PutMode,
        sha256: Option<&Sha256>,
    ) -> Result<Result<UpdateVersion, Error>> {
        self.runtime.block_on(self.write(below, payload, mode, sha256))
    }

    pub(super) async fn write(
        &self,
        below: &str,
        payload: PutPayload,
        mode: PutMode,
        sha256: Option<&Sha256>,
    ) -> Result<Result<UpdateVersion, Error>> {
        let key = self.key(below.trim_end_matches('/'))?;
        let mut options = PutOptions { mode, attributes: attributes(below, sha256), ..PutOptions::default() };
        if below.ends_with('/') {
            options.extensions.insert(TrailingSlash);
        }
        let put = self.client.put_opts(&key, payload, options).await;
        Ok(put.map(UpdateVersion::from))
    }

    pub(super) fn key(&self, below: &str) -> Result<Key> {
        let key = self.location.key(below);
        Key::parse(key.trim_end_matches('/')).map_err(|cause| {
            Failure::new(format!("cannot use `{}` as a key: {cause}", key.escape_debug()))
                .hint("name the prefix in release.toml with plain names")
                .into()
        })
    }

    /// Makes a request again whose answer was lost, which is only for those that change nothing when repeated.
    fn again<T>(&self, mut request: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        for attempt in 0..ATTEMPTS {
            match request() {
                Err(error) if is_lost(&error) => std::thread::sleep(pause(attempt)),
                done => return done,
            }
        }
        request()
    }

    fn present<T>(&self, request: Request, below: &str, done: Result<T, Error>) -> Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(ref error @ Error::NotFound { ref source, .. })
                if source.to_string().contains("NoSuchBucket") =>
            {
                Err(self.explain(request, below, error))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.explain(request, below, &error)),
        }
    }
}

/// How long to wait before the next attempt: twice as long each time, and never two publishers in step.
pub(crate) fn pause(attempt: u32) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let most = 50_u64 << attempt.min(4);
    Duration::from_millis(most / 2 + RandomState::new().hash_one(attempt) % most)
}

/// Says whether it is unknown what the server did: the answer did not arrive.
pub(super) fn is_lost(error: &Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = next {
        if cause.is::<HttpError>() {
            return true;
        }
        next = cause.source();
    }
    false
}

fn object(meta: object_store::ObjectMeta) -> Object {
    let modified = meta.last_modified.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    Object { size: meta.size, modified, tag: Tag(UpdateVersion { e_tag: meta.e_tag, version: meta.version }) }
}

/// The digest in a checksum of S3; that of an upload in parts is one of other digests, and says nothing here.
fn served(sum: &str) -> Option<Sha256> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(sum).ok()?;
    Some(Sha256::from_bytes(&bytes.try_into().ok()?))
}

/// How an object is served: what it is, how long it may be kept, and its digest for the next reader.
pub(super) fn attributes(below: &str, sha256: Option<&Sha256>) -> Attributes {
    let name = below.rsplit('/').next().unwrap_or_default();
    let (kind, keep) = match name {
        _ if below.starts_with("releases/") => ("application/json", PAGE),
        "" | "index.html" => ("text/html; charset=utf-8", PAGE),
        "index.json" => ("application/vnd.pypi.simple.v1+json", PAGE),
        name if name.ends_with(".whl") => ("application/octet-stream", FILE),
        name if name.ends_with(".tar.gz") => ("application/gzip", FILE),
        name if name.ends_with(".yanked") => ("text/plain; charset=utf-8", PAGE),
        _ => ("text/plain; charset=utf-8", FILE),
    };
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, kind.into());
    attributes.insert(Attribute::CacheControl, keep.into());
    if let Some(sha256) = sha256 {
        attributes.insert(Attribute::Metadata(RECORDED.into()), sha256.to_string().into());
    }
    attributes
}

/// A published file never changes.
const FILE: &str = "public, max-age=31536000, immutable";
/// A page is asked for again soon.
const PAGE: &str = "public, max-age=60";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::digest_of;

    #[test]
    fn a_checksum_of_the_server_is_a_digest_and_one_of_parts_is_not() {
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(served(empty), Some(digest_of(b"")));
        assert_eq!(served(&format!("{empty}-2")), None);
    }

    #[test]
    fn pages_are_kept_for_a_short_time_and_files_for_ever() {
        let keep = |below| attributes(below, None).get(&Attribute::CacheControl).unwrap().to_string();
        assert_eq!(keep("simple/a/"), PAGE);
        assert_eq!(keep("simple/a/index.json"), PAGE);
        assert_eq!(keep("releases/v1.json"), PAGE);
        assert_eq!(keep("simple/a/a-1-py3-none-any.whl.metadata"), FILE);
    }
}
