//! One version with the meaning of PEP 440.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// A version as PEP 440 defines it: equality, order and the normalised spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(pep440_rs::Version);

impl Version {
    /// The release numbers: `[1, 3, 0]` for `1.3.0rc1`.
    pub fn release(&self) -> &[u64] {
        self.0.release()
    }

    /// Says whether an installer takes it only when asked to: alpha, beta, release candidate or dev.
    pub fn is_prerelease(&self) -> bool {
        self.0.any_prerelease()
    }

    /// Says whether it is a post release (`0.4.0.post1`).
    pub fn is_postrelease(&self) -> bool {
        self.0.is_post()
    }

    /// Says whether it carries a local part (`1.0+cu121`), which no public index takes.
    pub fn is_local(&self) -> bool {
        self.0.is_local()
    }

    /// A final release of the same epoch with other release numbers.
    #[must_use]
    pub fn with_release(&self, numbers: impl IntoIterator<Item = u64>) -> Self {
        Self(pep440_rs::Version::new(numbers).with_epoch(self.0.epoch()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl FromStr for Version {
    type Err = Failure;

    /// Reads any spelling that PEP 440 allows, and refuses `2.1.0-1`, which SemVer reads otherwise.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let version = pep440_rs::Version::from_str(text).map_err(|cause| {
            Failure::new(format!("cannot read `{text}` as a version: {}", one_line(&cause.to_string())))
                .hint("write it as PEP 440 does, as in `1.3.0`, `1.3.0rc1` or `1.3.0.post1`")
        })?;
        if implicit_post(text) {
            return Err(Failure::new(format!(
                "cannot read `{text}` as a version: PEP 440 reads the post release `{version}`, SemVer a pre-release"
            ))
            .hint(format!("write `{version}` for the post release, or `…rcN` for a pre-release")));
        }
        Ok(Self(version))
    }
}

impl TryFrom<String> for Version {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self, Failure> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A version in the normalised spelling of PEP 440.",
            "pattern": r"^([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*((a|b|rc)(0|[1-9][0-9]*))?(\.post(0|[1-9][0-9]*))?(\.dev(0|[1-9][0-9]*))?(\+[a-z0-9]+(\.[a-z0-9]+)*)?$"
        })
    }
}

/// Says whether the text spells a post release as a bare `-N` (PEP 440, "implicit post releases").
fn implicit_post(text: &str) -> bool {
    let public = text.trim().split('+').next().unwrap_or_default();
    public.rsplit_once('-').is_some_and(|(before, number)| {
        !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
            && before.bytes().last().is_some_and(|b| b.is_ascii_digit())
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_normalised_spelling() {
        for (written, normal) in [
            ("v1.0", "1.0"),
            ("1.3.0-RC.1", "1.3.0rc1"),
            ("0.4.0-post1", "0.4.0.post1"),
            ("1!2.0.DEV3", "1!2.0.dev3"),
        ] {
            assert_eq!(written.parse::<Version>().unwrap().to_string(), normal);
        }
    }

    #[test]
    fn refuses_a_bare_dash_number_and_names_both_readings() {
        let message = "2.1.0-1".parse::<Version>().unwrap_err().to_string();
        assert!(
            message.contains("post release `2.1.0.post1`") && message.contains("SemVer a pre-release"),
            "{message}"
        );
        assert!("1.0rc1-2".parse::<Version>().is_err());
        assert!("1.0-rc-1".parse::<Version>().is_ok());
    }

    #[test]
    fn orders_as_m20_says() {
        let sorted = ["0.3.9", "0.4.0rc1", "0.4.0", "0.4.0.post1", "0.4.0.post2", "0.4.1", "0.5.0"];
        let versions: Vec<Version> = sorted.iter().map(|v| v.parse().unwrap()).collect();
        assert!(versions.is_sorted());
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_back_the_same(text in "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\\.post[0-9])?(\\.dev[0-9])?") {
            let version: Version = text.parse().unwrap();
            proptest::prop_assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<Version>();
        }
    }
}
