//! A plan: what a tool will do, and what it will leave alone.

use std::fmt;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<A> {
    /// An action that changes something.
    Do(A),
    /// Something that is already as it should be.
    Skip {
        /// What is left alone.
        what: String,
        /// Why.
        reason: String,
    },
}

/// How one action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was done, and this is worth saying.
    Noted(String),
    /// It turned out to be done already.
    Skipped(String),
}

impl<A> Step<A> {
    /// A step that leaves something alone, with the reason.
    pub fn skip(what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Step::Skip { what: what.to_string(), reason: reason.to_string() }
    }
}
