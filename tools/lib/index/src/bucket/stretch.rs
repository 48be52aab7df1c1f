//! Stretches of files as the bodies of requests: read as they go out, so that memory does not grow with the files.
//!
//! The object-store library takes a body that is in memory already. It is given a stand-in, and the stretch that is
//! meant travels beside it, in [`sending`], to where the request goes out.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use document::{Failure, Sha256};
use http_body::{Body, Frame, SizeHint};
use object_store::PutPayload;
use object_store::client::{HttpError, HttpErrorKind, HttpRequestBody};
use sha2::Digest;

use super::location::Kind;
use super::locked;

/// How much is read at once, and no stretch is shorter than that.
pub(crate) const SIZE: usize = 32 << 10;
/// How many blocks of one stretch are on their way at once: the system holds some more.
const AHEAD: usize = 1;
/// What the body of a request begins with that stands for another.
const STAND_IN: &[u8] = b"a stretch of a file goes here";
/// What fills a stand-in up to the length of its stretch.
static REST: [u8; 64 << 10] = [0; 64 << 10];

tokio::task_local! {
    static SENDING: Arc<Stretch>;
}

/// A stretch of a file that goes into one request.
#[derive(Debug)]
pub(crate) struct Stretch {
    path: PathBuf,
    offset: u64,
    pub length: u64,
    pub sha256: Sha256,
    blocks: Blocks,
    fault: OnceLock<Fault>,
}

/// Why a stretch could not go out as it is.
#[derive(Debug)]
enum Fault {
    Unreadable(io::Error),
    Changed,
}

/// Memory that was used and may be used again: what many threads give back to the system stays with each of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocks(Arc<Mutex<Vec<Vec<u8>>>>);

impl Stretch {
    /// The bytes of a file from an offset on, which have this digest.
    pub(crate) fn new(path: &Path, offset: u64, length: u64, sha256: Sha256, blocks: &Blocks) -> Arc<Self> {
        let (path, blocks, fault) = (path.to_owned(), blocks.clone(), OnceLock::new());
        Arc::new(Self { path, offset, length, sha256, blocks, fault })
    }

    /// What the library is given in its place. S3 wants the digest of each body, so that of a short one is quicker; the
    /// others are told its length alone.
    pub(crate) fn stand_in(&self, kind: Kind) -> PutPayload {
        let first = Bytes::from_static(STAND_IN);
        if kind == Kind::S3 {
            return first.into();
        }
        let mut left = self.length.saturating_sub(STAND_IN.len() as u64);
        let rest = std::iter::from_fn(|| {
            let length = left.min(REST.len() as u64);
            left -= length;
            REST.get(..usize::try_from(length).ok().filter(|length| *length > 0)?).map(Bytes::from_static)
        });
        std::iter::once(first).chain(rest).collect()
    }

    /// Why it did not go out, where that is for a reason of this machine.
    pub(crate) fn failure(&self) -> Option<anyhow::Error> {
        Some(match self.fault.get()? {
            Fault::Unreadable(cause) => crate::place::failure("read", &self.path, cause),
            Fault::Changed => changed(&self.path),
        })
    }

    /// Says whether it did not go out for a reason of this machine, which no other attempt mends.
    pub(crate) fn is_faulty(&self) -> bool {
        self.fault.get().is_some()
    }
}

/// Says that a file is not what was built.
pub(crate) fn changed(path: &Path) -> anyhow::Error {
    let what = format!("cannot publish `{}`: it changed since it was built", path.display());
    Failure::new(what).hint("run the release again from `build-wheels`").into()
}

/// Has the requests of a task send a stretch where they have a stand-in.
pub(crate) async fn sending<T>(stretch: Arc<Stretch>, request: impl Future<Output = T>) -> T {
    SENDING.scope(stretch, request).await
}

/// The stretch that a body stands for.
pub(crate) fn meant(body: &HttpRequestBody) -> Option<Arc<Stretch>> {
    let stretch = SENDING.try_with(Arc::clone).ok()?;
    let first = Pin::new(&mut body.clone()).poll_frame(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Some(Ok(frame))) = first else { return None };
    frame.data_ref().is_some_and(|data| data.as_ref() == STAND_IN).then_some(stretch)
}

/// A stretch on its way. Its last bytes go out when all of them have proved to be those that were built.
#[derive(Debug)]
pub(crate) struct Outgoing {
    stretch: Arc<Stretch>,
    file: Option<File>,
    left: u64,
    hash: sha2::Sha256,
    lane: Arc<Lane>,
}

/// The blocks of one stretch that are on their way.
#[derive(Debug)]
struct Lane {
    state: Mutex<(usize, Option<Waker>)>,
    blocks: Blocks,
}

/// A block on its way, which comes back when it has gone out.
struct Block {
    bytes: Vec<u8>,
    lane: Arc<Lane>,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        locked(&self.lane.blocks.0).push(bytes);
        let mut state = locked(&self.lane.state);
        state.0 -= 1;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

impl Lane {
    /// A block to fill, when there is room for one more.
    fn poll(self: &Arc<Self>, context: &Context<'_>) -> Poll<Block> {
        let mut state = locked(&self.state);
        if state.0 == AHEAD {
            state.1 = Some(context.waker().clone());
            return Poll::Pending;
        }
        state.0 += 1;
        let bytes = locked(&self.blocks.0).pop().unwrap_or_else(|| Vec::with_capacity(SIZE));
        Poll::Ready(Block { bytes, lane: Arc::clone(self) })
    }
}

impl Outgoing {
    pub(crate) fn new(stretch: Arc<Stretch>) -> Self {
        let lane = Lane { state: Mutex::default(), blocks: stretch.blocks.clone() };
        let (left, hash) = (stretch.length, sha2::Sha256::new());
        Self { stretch, file: None, left, hash, lane: Arc::new(lane) }
    }

    fn fill(&mut self, block: &mut Block) -> Result<(), Fault> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = File::open(&self.stretch.path).map_err(Fault::Unreadable)?;
                file.seek(SeekFrom::Start(self.stretch.offset)).map_err(Fault::Unreadable)?;
                self.file.insert(file)
            }
        };
        let most = self.left.min(SIZE as u64);
        let read = file.take(most).read_to_end(&mut block.bytes).map_err(Fault::Unreadable)?;
        self.hash.update(&block.bytes);
        self.left -= read as u64;
        let is_changed = if self.left == 0 {
            Sha256::from_bytes(&self.hash.clone().finalize().into()) != self.stretch.sha256
        } else {
            (read as u64) < most
        };
        if is_changed { Err(Fault::Changed) } else { Ok(()) }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut block = std::task::ready!(self.lane.poll(context));
        let filled = self.fill(&mut block);
        Poll::Ready(Some(match filled {
            Ok(()) => Ok(Frame::data(Bytes::from_owner(block))),
            Err(fault) => {
                let _ = self.stretch.fault.set(fault);
                Err(HttpError::new(HttpErrorKind::Unknown, io::Error::other("the file cannot be sent")))
            }
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::digest_of;

    /// A file, and its bytes from 7 on as a stretch.
    fn scene(length: usize) -> (tempfile::NamedTempFile, Vec<u8>, Arc<Stretch>) {
        let bytes: Vec<u8> = (0..7 + length).map(|at| (at % 251) as u8).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        let sent = bytes[7..].to_vec();
        let stretch = Stretch::new(file.path(), 7, length as u64, digest_of(&sent), &Blocks::default());
        (file, sent, stretch)
    }

    fn poll(outgoing: &mut Outgoing) -> Poll<Option<Result<Bytes, HttpError>>> {
        let polled = Pin::new(outgoing).poll_frame(&mut Context::from_waker(Waker::noop()));
        polled.map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())))
    }

    #[test]
    fn a_stretch_goes_out_in_few_blocks_of_memory() {
        let (_file, bytes, stretch) = scene(5 * SIZE + 3);
        let mut outgoing = Outgoing::new(Arc::clone(&stretch));
        let (mut sent, mut held) = (Vec::new(), Vec::new());
        loop {
            match poll(&mut outgoing) {
                Poll::Ready(Some(block)) => held.push(block.unwrap()),
                Poll::Ready(None) => break,
                Poll::Pending => {
                    assert_eq!(held.len(), AHEAD);
                    sent.extend(held.remove(0));
                }
            }
        }
        held.drain(..).for_each(|block| sent.extend(block));
        assert_eq!((sent == bytes, locked(&stretch.blocks.0).len()), (true, AHEAD));
        assert!(stretch.failure().is_none());
    }

    #[test]
    fn the_last_bytes_of_a_file_that_changed_stay_here() {
        for (change, expected) in [
            (7 + 2 * SIZE + 1, "it changed since it was built"),
            (7 + 2 * SIZE, "it changed since it was built"),
            (0, "cannot read"),
        ] {
            let (file, bytes, stretch) = scene(2 * SIZE + 1);
            if change == 0 {
                std::fs::remove_file(file.path()).unwrap();
            } else {
                let mut other = [&[0; 7][..], &bytes].concat();
                other[10] ^= 1;
                std::fs::write(file.path(), &other[..change]).unwrap();
            }
            let mut outgoing = Outgoing::new(Arc::clone(&stretch));
            let mut sent = 0;
            while let Poll::Ready(Some(Ok(block))) = poll(&mut outgoing) {
                sent += block.len();
            }
            assert!(sent < bytes.len() && stretch.is_faulty());
            let failure = stretch.failure().unwrap().to_string();
            assert!(failure.contains(expected), "{failure}");
        }
    }

    #[test]
    fn a_stand_in_is_known_by_the_task_that_sends_it() {
        let (_file, _, stretch) = scene(3 * REST.len());
        let body = |kind| HttpRequestBody::from(stretch.stand_in(kind));
        assert_eq!(body(Kind::S3).content_length(), STAND_IN.len());
        assert_eq!(body(Kind::Azure).content_length() as u64, stretch.length);
        assert!(meant(&body(Kind::S3)).is_none());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(sending(Arc::clone(&stretch), async {
            (meant(&body(Kind::Gcs)).is_some(), meant(&HttpRequestBody::empty()).is_some())
        }));
        assert_eq!(found, (true, false));
    }
}
