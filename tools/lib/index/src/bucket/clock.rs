//! How far the clock of this machine is from that of the server, which refuses what is signed at another time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// A difference that no server forgives: Amazon's limit and that of Azure are 15 minutes, Google's is less.
const UNFORGIVEN: i64 = 5 * 60;

/// What the answers of a server tell about the time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Takes note of the header `Date` of an answer that has just come.
    pub(crate) fn note(&self, date: &str) {
        if let Ok(server) = DateTime::parse_from_rfc2822(date) {
            self.0.store((Utc::now() - server.to_utc()).num_seconds(), Ordering::Relaxed);
        }
    }

    /// How wrong this machine's clock is, for people; `None` where a server may live with it.
    pub(crate) fn difference(&self) -> Option<String> {
        let seconds = self.0.load(Ordering::Relaxed);
        (seconds.abs() >= UNFORGIVEN).then(|| {
            let minutes = (seconds.abs() + 30) / 60;
            let (span, unit) = match minutes {
                0..120 => (minutes, "minutes"),
                120..2880 => (minutes / 60, "hours"),
                _ => (minutes / 1440, "days"),
            };
            format!("{span} {unit} {}", if seconds > 0 { "ahead" } else { "behind" })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_when_it_matters() {
        let told = |seconds: i64| {
            let clock = Clock::default();
            clock.note(&(Utc::now() - chrono::TimeDelta::seconds(seconds)).to_rfc2822());
            clock.difference()
        };
        assert_eq!(told(0), None);
        assert_eq!(told(-60), None);
        assert_eq!(told(20 * 60).as_deref(), Some("20 minutes ahead"));
        assert_eq!(told(-3 * 3600).as_deref(), Some("3 hours behind"));
        assert_eq!(told(9 * 86400).as_deref(), Some("9 days ahead"));
    }

    #[test]
    fn what_is_no_date_changes_nothing() {
        let clock = Clock::default();
        clock.note("yesterday");
        assert_eq!(clock.difference(), None);
        clock.note("Sun, 06 Nov 1994 08:49:37 GMT");
        assert!(clock.difference().is_some_and(|text| text.ends_with("days ahead")));
    }
}
