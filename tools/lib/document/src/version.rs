//! One version with the meaning of PEP 440.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{LocalSegment, Prerelease, PrereleaseKind};
use serde::{Deserialize, Serialize};

use crate::{Failure, Part, Series};

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

    /// The epoch (`1` for `1!2.0`), 0 where none is written.
    pub fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    /// The series of an alpha, a beta or a release candidate and the number in it.
    pub fn pre(&self) -> Option<(Series, u64)> {
        let pre = self.0.pre()?;
        let series = match pre.kind {
            PrereleaseKind::Alpha => Series::Alpha,
            PrereleaseKind::Beta => Series::Beta,
            PrereleaseKind::Rc => Series::Rc,
        };
        Some((series, pre.number))
    }

    /// The number of a post release.
    pub fn post(&self) -> Option<u64> {
        self.0.post()
    }

    /// The number of a development release.
    pub fn dev(&self) -> Option<u64> {
        self.0.dev()
    }

    pub(crate) fn local(&self) -> &[LocalSegment] {
        self.0.local()
    }

    /// The final release that a pre-release leads to and a post release follows.
    #[must_use]
    pub fn base(&self) -> Self {
        self.with_release(self.release().iter().copied())
    }

    /// The same version as that pre-release of its series; without any dev part where the series is not dev.
    #[must_use]
    pub fn with_pre(&self, series: Series, number: u64) -> Self {
        let version = self.0.clone();
        let kind = match series {
            Series::Dev => return Self(version.with_dev(Some(number))),
            Series::Alpha => PrereleaseKind::Alpha,
            Series::Beta => PrereleaseKind::Beta,
            Series::Rc => PrereleaseKind::Rc,
        };
        Self(version.with_dev(None).with_pre(Some(Prerelease { kind, number })))
    }

    /// The same version as that post release of it; `None` takes the post part away.
    #[must_use]
    pub fn with_post(&self, number: Option<u64>) -> Self {
        Self(self.0.clone().with_post(number))
    }

    /// The same version without its dev part.
    #[must_use]
    pub fn without_dev(&self) -> Self {
        Self(self.0.clone().with_dev(None))
    }

    /// The final release that a part leads to; the number of release numbers is kept where it can be.
    ///
    /// A pre-release is finished by the part that it leads to: each part of 2.0.0rc1 leads to 2.0.0.
    #[must_use]
    pub fn next(&self, part: Part) -> Self {
        let at = match part {
            Part::Major => 0,
            Part::Minor => 1,
            Part::Patch => 2,
        };
        let mut numbers = self.release().to_vec();
        numbers.resize(numbers.len().max(at + 1), 0);
        let leads_here = self.leads_to_a_release() && numbers[at + 1..].iter().all(|number| *number == 0);
        if !leads_here {
            numbers[at] += 1;
            numbers[at + 1..].fill(0);
        }
        self.with_release(numbers)
    }

    /// Says whether a release is still to come: it is a pre-release, and none of a post release.
    pub fn leads_to_a_release(&self) -> bool {
        self.is_prerelease() && !self.is_postrelease()
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

    /// Reads any spelling that `packaging` reads, and refuses `2.1.0-1`, which SemVer reads otherwise, and numbers
    /// of 2^64 - 1 and more, which nobody gives out.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let refusal = |why: &str| Failure::new(format!("cannot read `{text}` as a version: {why}"));
        // Python's `\s`, which `packaging` allows around a version, is wider than what pep440_rs skips.
        let bare = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
        let version = pep440_rs::Version::from_str(bare).map_err(|cause| {
            refusal(&one_line(&cause.to_string()))
                .hint("write it as PEP 440 does, as in `1.3.0`, `1.3.0rc1` or `1.3.0.post1`")
        })?;
        if let Some((before, number)) = implicit_post(bare) {
            return Err(refusal(&format!(
                "PEP 440 reads the post release `{version}`, SemVer the pre-release `{number}` of `{before}`"
            ))
            .hint(format!("write `{version}` for the post release, or `…rcN` for a pre-release")));
        }
        // pep440_rs orders the highest dev number as no dev part, and a longer local number as text.
        let too_big = |number: &u64| *number == u64::MAX;
        let numbers =
            [Some(version.epoch()), version.pre().map(|pre| pre.number), version.post(), version.dev()];
        let local_too_big = |part: &LocalSegment| match part {
            LocalSegment::Number(number) => too_big(number),
            LocalSegment::String(text) => text.bytes().all(|b| b.is_ascii_digit()),
        };
        if numbers.iter().flatten().chain(version.release()).any(too_big)
            || version.local().iter().any(local_too_big)
        {
            return Err(refusal("a number in it is too big").hint("release a version with smaller numbers"));
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

/// Finds a post release that is spelt as a bare `-N` (PEP 440, "implicit post releases"): what stands before the
/// dash, and what behind it. After a letter (`rc-1`) the dash separates the number of that word.
fn implicit_post(text: &str) -> Option<(&str, &str)> {
    let public = text.split('+').next().unwrap_or_default();
    let bytes = public.as_bytes();
    let dash = (1..bytes.len()).find(|at| {
        bytes[*at] == b'-'
            && !bytes[at - 1].is_ascii_alphabetic()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
    })?;
    Some((&public[..dash], &public[dash + 1..]))
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
            message.contains("post release `2.1.0.post1`") && message.contains("pre-release `1` of `2.1.0`"),
            "{message}"
        );
        for ambiguous in ["1.0rc1-2", "2.1.0-1.dev3", "2.1.0-1+local", "1.0a--1", " 2.1.0-1 "] {
            assert!(ambiguous.parse::<Version>().is_err(), "{ambiguous}");
        }
        assert!("1.0-rc-1".parse::<Version>().is_ok());
    }

    #[test]
    fn refuses_numbers_that_cannot_be_ordered() {
        let most = u64::MAX;
        for text in [format!("{most}.0"), format!("1.dev{most}"), format!("1+{most}"), format!("1+{most}0")] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!(format!("1.dev{}", most - 1).parse::<Version>().is_ok());
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
