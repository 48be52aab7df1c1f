//! An error that several checks report.

use document::Failure;

/// The text of an error and its hint, for each check that meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    message: String,
    hint: Option<String>,
}

impl Told {
    /// What is told of an error.
    pub fn of(error: &anyhow::Error) -> Self {
        Self { message: format!("{error:#}"), hint: Failure::of(error).0.map(str::to_owned) }
    }

    /// The error once more.
    pub fn again(&self) -> anyhow::Error {
        let failure = Failure::new(self.message.as_str());
        match &self.hint {
            Some(hint) => failure.hint(hint.as_str()).into(),
            None => failure.into(),
        }
    }
}
