//! The bytes that go to a store and come from it, told piece by piece to whoever shows them.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use object_store::client::HttpError;

type Hearer = Box<dyn Fn(i64) + Send + Sync>;

/// Who hears of bytes; nobody at first.
#[derive(Clone, Default)]
pub(crate) struct Traffic(Arc<OnceLock<Hearer>>);

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic").field("is_heard", &self.0.get().is_some()).finish()
    }
}

impl Traffic {
    /// Has somebody hear of bytes; the first who asks stays.
    pub(crate) fn hear(&self, hearer: impl Fn(i64) + Send + Sync + 'static) {
        let _ = self.0.set(Box::new(hearer));
    }

    /// Tells of bytes; of a negative number where they have gone in vain.
    pub(crate) fn tell(&self, bytes: i64) {
        if let Some(hear) = self.0.get() {
            hear(bytes);
        }
    }
}

/// The body of a request, which tells of its bytes as they go out.
pub(crate) struct Told<B> {
    body: B,
    traffic: Traffic,
    sent: Arc<AtomicI64>,
}

impl<B> Told<B> {
    /// A body, and the count of what has gone out of it.
    pub(crate) fn new(body: B, traffic: &Traffic) -> (Self, Arc<AtomicI64>) {
        let sent = Arc::new(AtomicI64::new(0));
        (Self { body, traffic: traffic.clone(), sent: Arc::clone(&sent) }, sent)
    }
}

impl<B: Body<Data = Bytes, Error = HttpError> + Unpin> Body for Told<B> {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let bytes = i64::try_from(frame.data_ref().map_or(0, |data| data.len())).unwrap_or_default();
            self.sent.fetch_add(bytes, Ordering::Relaxed);
            self.traffic.tell(bytes);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
