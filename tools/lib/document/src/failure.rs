//! The error of the house style: what failed, where, why, and one thing to do about it.

use std::fmt;

/// How a tool ends. This is the only table of exit codes; the README repeats it and a test compares the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The job is done; a skip with a reason is done.
    Done = 0,
    /// The job failed.
    Failed = 1,
    /// Wrong usage: arguments that cannot be understood.
    Usage = 2,
    /// The release document cannot be used: absent, truncated, foreign, newer, or without a section.
    Document = 3,
}

impl Exit {
    /// Every exit code with its meaning, in order.
    pub const TABLE: [(Exit, &'static str); 4] = [
        (Exit::Done, "done; a skip with a reason is done"),
        (Exit::Failed, "the job failed"),
        (Exit::Usage, "wrong usage"),
        (Exit::Document, "the release document cannot be used"),
    ];
}

/// An error with its hint and the exit code that it leads to; the root of an `anyhow` chain.
///
/// The message reads `cannot <verb> <what> `<where>`: <cause>`, in lower case and without a full stop.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A job that failed (exit code 1).
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit: Exit::Failed }
    }

    /// Arguments that contradict each other or the project (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// A release document that cannot be used (exit code 3).
    pub fn document(message: impl Into<String>) -> Self {
        Self { exit: Exit::Document, ..Self::new(message) }
    }

    /// Adds the one command or flag that mends it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns its hint.
    pub fn given_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the hint and the exit code of the first [`Failure`] in an error's chain.
    pub fn of(error: &anyhow::Error) -> (Option<&str>, Exit) {
        let found = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
        found.map_or((None, Exit::Failed), |failure| (failure.hint.as_deref(), failure.exit))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn finds_the_hint_below_any_context() {
        let failed: Result<(), Failure> = Err(Failure::document("cannot read `x`").hint("try y"));
        let error = failed.context("inner").context("outer").unwrap_err();
        assert_eq!(Failure::of(&error), (Some("try y"), Exit::Document));
        assert_eq!(format!("{error:#}"), "outer: inner: cannot read `x`");
    }

    #[test]
    fn any_other_error_is_a_failed_job() {
        assert_eq!(Failure::of(&anyhow::anyhow!("x")), (None, Exit::Failed));
    }
}
