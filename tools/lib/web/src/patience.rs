//! When a request is made again, and after which pause.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::Answer;

/// How often a request is made at most.
pub(crate) const ATTEMPTS: u32 = 6;
/// The longest wait that a server may ask for, in seconds.
const LONGEST: u64 = 60;

/// How long to wait before the request is made again after this answer; `None` where the answer counts.
///
/// Who is told to wait (429, 503 with `Retry-After`) was not served. After other 5xx nobody knows.
pub(crate) fn after(answer: &Answer, is_repeatable: bool, attempt: u32) -> Option<Duration> {
    let asked = answer.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok());
    let asked = asked.filter(|seconds| *seconds <= LONGEST).map(Duration::from_secs);
    match answer.status {
        429 | 503 if answer.header("retry-after").is_some() => asked,
        429 => Some(pause(attempt)),
        500 | 502..=504 if is_repeatable => Some(pause(attempt)),
        _ => None,
    }
}

/// Says whether a request that nobody answered is made again: where nothing was sent, or where twice does not matter.
pub(crate) fn is_worth_a_try(cause: &ureq::Error, is_repeatable: bool) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    match cause {
        ureq::Error::Io(cause) if matches!(cause.kind(), NotFound | PermissionDenied) => false,
        ureq::Error::Io(cause) if cause.kind() == ConnectionRefused => true,
        ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::Protocol(_) => is_repeatable,
        _ => false,
    }
}

/// How long to wait before the next attempt: twice as long each time, and never two of us in step.
pub(crate) fn pause(attempt: u32) -> Duration {
    let most = 100_u64 << attempt.min(5);
    Duration::from_millis(most / 2 + RandomState::new().hash_one(attempt) % most)
}
