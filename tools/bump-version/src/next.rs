//! Which version comes next.

use std::str::FromStr;

use document::{Failure, Level, Version};

/// What was asked for on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A step from the version that the project carries.
    Level(Level),
    /// That version.
    Version(Version),
}

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "major" => Ok(Self::Level(Level::Major)),
            "minor" => Ok(Self::Level(Level::Minor)),
            "patch" => Ok(Self::Level(Level::Patch)),
            "current" => Ok(Self::Level(Level::Current)),
            other => other.parse().map(Self::Version).map_err(|wrong: Failure| {
                format!("{wrong}\n\nhint: say major, minor, patch, current, or a version such as 1.3.0")
            }),
        }
    }
}

impl Request {
    /// The level as the document records it.
    pub fn level(&self) -> Level {
        match self {
            Self::Level(level) => *level,
            Self::Version(_) => Level::Explicit,
        }
    }

    /// The version that follows `current`. The number of release parts is kept.
    ///
    /// A pre-release is finished by the level that it leads to: `patch`, `minor` and `major` of 2.0.0rc1 are 2.0.0.
    pub fn after(&self, current: &Version) -> Version {
        let level = match self {
            Self::Version(version) => return version.clone(),
            Self::Level(Level::Current | Level::Explicit) => return current.clone(),
            Self::Level(level) => *level,
        };
        let at = match level {
            Level::Major => 0,
            Level::Minor => 1,
            _ => 2,
        };
        let mut numbers = current.release().to_vec();
        numbers.resize(numbers.len().max(at + 1), 0);
        let leads_here =
            current.is_prerelease() && !current.is_postrelease() && numbers[at + 1..].iter().all(|n| *n == 0);
        if !leads_here {
            numbers[at] += 1;
            numbers[at + 1..].fill(0);
        }
        current.with_release(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_as_semver_and_npm_do() {
        for (current, level, expected) in [
            ("1.2.3", "major", "2.0.0"),
            ("1.2.3", "minor", "1.3.0"),
            ("1.2.3", "patch", "1.2.4"),
            ("0.3.9", "minor", "0.4.0"),
            ("1.2", "patch", "1.2.1"),
            ("1.2", "minor", "1.3"),
            ("7", "major", "8"),
            ("1.2.3.4", "minor", "1.3.0.0"),
            ("2.0.0rc1", "major", "2.0.0"),
            ("2.0.0rc1", "patch", "2.0.0"),
            ("1.3.0rc1", "minor", "1.3.0"),
            ("1.3.0rc1", "major", "2.0.0"),
            ("1.3.1rc1", "minor", "1.4.0"),
            ("0.4.0.post1", "patch", "0.4.1"),
            ("1!1.0", "major", "1!2.0"),
            ("1.2.3", "current", "1.2.3"),
            ("1.2.3", "1.9.0rc2", "1.9.0rc2"),
        ] {
            let request: Request = level.parse().unwrap();
            assert_eq!(request.after(&current.parse().unwrap()).to_string(), expected, "{current} {level}");
        }
    }

    #[test]
    fn refuses_what_is_neither_level_nor_version() {
        assert!("mior".parse::<Request>().unwrap_err().contains("say major, minor, patch"));
    }
}
