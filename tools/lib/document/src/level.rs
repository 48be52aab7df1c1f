//! What a bump is asked for: the part of the version that grows, and the series of pre-releases before it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// What `bump-version` was asked for; in a document the words of the command line, as in `minor rc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Level {
    /// The first release number.
    Major,
    /// The second release number.
    Minor,
    /// The third release number.
    Patch,
    /// The next pre-release of a series.
    Pre {
        /// Before which release; `None` for the one that the project is on its way to.
        of: Option<Part>,
        /// The series.
        series: Series,
    },
    /// The end of a pre-release: the release that it led to.
    Release,
    /// The next post release.
    Post,
    /// A version that was named in full.
    Explicit,
    /// No bump: the version that the project carries.
    Current,
}

/// A release number by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first one.
    Major,
    /// The second one.
    Minor,
    /// The third one.
    Patch,
}

/// A series of pre-releases, in the order of PEP 440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// `.devN`, below every other one.
    Dev,
    /// `aN`.
    Alpha,
    /// `bN`.
    Beta,
    /// `rcN`.
    Rc,
}

impl Level {
    /// Every level once.
    pub fn all() -> impl Iterator<Item = Self> {
        let parts = [None, Some(Part::Major), Some(Part::Minor), Some(Part::Patch)];
        let pre = parts.into_iter().flat_map(|of| Series::ALL.map(|series| Self::Pre { of, series }));
        let first = [Self::Major, Self::Minor, Self::Patch];
        let last = [Self::Release, Self::Post, Self::Explicit, Self::Current];
        first.into_iter().chain(pre).chain(last)
    }

    /// The part of the version that grows; `None` where it is not that alone.
    pub fn part(self) -> Option<Part> {
        match self {
            Self::Major => Some(Part::Major),
            Self::Minor => Some(Part::Minor),
            Self::Patch => Some(Part::Patch),
            _ => None,
        }
    }
}

impl From<Part> for Level {
    fn from(part: Part) -> Self {
        match part {
            Part::Major => Self::Major,
            Part::Minor => Self::Minor,
            Part::Patch => Self::Patch,
        }
    }
}

impl Series {
    /// Every series, the lowest first.
    pub const ALL: [Self; 4] = [Self::Dev, Self::Alpha, Self::Beta, Self::Rc];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Major => "major",
            Level::Minor => "minor",
            Level::Patch => "patch",
            Level::Pre { of: Some(part), series } => return f.pad(&format!("{part} {series}")),
            Level::Pre { of: None, series } => return series.fmt(f),
            Level::Release => "release",
            Level::Post => "post",
            Level::Explicit => "explicit",
            Level::Current => "current",
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Part::Major => "major",
            Part::Minor => "minor",
            Part::Patch => "patch",
        })
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Series::Dev => "dev",
            Series::Alpha => "alpha",
            Series::Beta => "beta",
            Series::Rc => "rc",
        })
    }
}

impl FromStr for Level {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        Self::all().find(|level| level.to_string() == text).ok_or_else(|| {
            let words: Vec<_> = Self::all().map(|level| format!("`{level}`")).collect();
            Failure::new(format!("cannot read `{text}` as a level"))
                .hint(format!("it is one of {}", words.join(", ")))
        })
    }
}

impl TryFrom<String> for Level {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self, Failure> {
        text.parse()
    }
}

impl From<Level> for String {
    fn from(level: Level) -> String {
        level.to_string()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Level {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Level".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words: Vec<String> = Self::all().map(String::from).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "What `bump-version` was asked for: the words of the command line.",
            "enum": words
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_reads_back() {
        for level in Level::all() {
            assert_eq!(level.to_string().parse::<Level>().unwrap(), level);
        }
        assert_eq!(Level::all().count(), 23);
        assert!("rc minor".parse::<Level>().is_err());
    }
}
