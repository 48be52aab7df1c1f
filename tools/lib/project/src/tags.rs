//! Git tags as versions: the project's pattern, the versions that were released, and those that were taken back.

use std::collections::BTreeMap;

use document::{Failure, Version};

/// The folder of the tags that remember versions that were taken back: `withdrawn/v1.2.3`.
///
/// A version that was published is used for ever. A tag is what every clone has, on every branch, without the
/// network, so it is where that is remembered.
const WITHDRAWN: &str = "withdrawn/";

/// The form of a project's tags, with `{version}` once in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPattern {
    before: String,
    after: String,
}

/// The versions that a repository has tags for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    released: BTreeMap<Version, String>,
    withdrawn: BTreeMap<Version, String>,
}

impl TagPattern {
    /// Reads a pattern such as `v{version}`.
    pub fn parse(pattern: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::new(format!("cannot use the tag pattern `{pattern}`: {why}"))
                .hint("write it like `v{version}`")
        };
        let Some((before, after)) = pattern.split_once("{version}") else {
            return Err(wrong("it does not hold `{version}`"));
        };
        if after.contains("{version}") {
            return Err(wrong("it holds `{version}` twice"));
        }
        if before.starts_with(WITHDRAWN) {
            return Err(wrong("tags below `withdrawn/` remember versions that were taken back"));
        }
        // The rules of git-check-ref-format(1), as far as a pattern can break them.
        let bad = |c: char| c.is_ascii_control() || " ~^:?*[\\{}".contains(c);
        let whole = format!("{before}1{after}");
        let part_bad = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
        if whole.chars().any(bad)
            || whole.split('/').any(part_bad)
            || whole.contains("..")
            || whole.contains("@{")
        {
            return Err(wrong("git does not allow such a tag"));
        }
        if whole.starts_with('-') || whole.ends_with('.') {
            return Err(wrong("git does not allow such a tag"));
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The tag of a version.
    pub fn tag(&self, version: &Version) -> String {
        format!("{}{version}{}", self.before, self.after)
    }

    /// The tag that remembers a version that was taken back.
    pub fn withdrawn_tag(&self, version: &Version) -> String {
        format!("{WITHDRAWN}{}", self.tag(version))
    }

    /// The version of a tag; `None` when the tag is not of this form. The whole tag must match.
    pub fn version(&self, tag: &str) -> Option<Version> {
        tag.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?.parse().ok()
    }
}

impl Tags {
    /// Reads the tags that are of the project's form; the others are none of its business.
    pub fn read<'a>(pattern: &TagPattern, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut tags = Self::default();
        for name in names {
            if let Some(version) = name.strip_prefix(WITHDRAWN).and_then(|tag| pattern.version(tag)) {
                tags.withdrawn.insert(version, name.to_owned());
            } else if let Some(version) = pattern.version(name) {
                tags.released.insert(version, name.to_owned());
            }
        }
        tags
    }

    /// The highest released version below `limit` with its tag.
    pub fn highest_below(&self, limit: Option<&Version>) -> Option<(&Version, &str)> {
        let below = self.released.iter().filter(|(version, _)| limit.is_none_or(|limit| *version < limit));
        below.map(|(version, tag)| (version, tag.as_str())).next_back()
    }

    /// The tag that a version was released as.
    pub fn released(&self, version: &Version) -> Option<&str> {
        self.released.get(version).map(String::as_str)
    }

    /// The tag that remembers that a version was taken back.
    pub fn withdrawn(&self, version: &Version) -> Option<&str> {
        self.withdrawn.get(version).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_matches_the_whole_tag() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        assert_eq!(pattern.version("v1.2.3"), Some(version("1.2.3")));
        for foreign in ["vfoo", "1.2.3", "xv1.2.3", "v1.2.3-extra", "v"] {
            assert_eq!(pattern.version(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn refuses_patterns_that_git_or_we_cannot_use() {
        for wrong in [
            "v",
            "{version}{version}",
            "v {version}",
            "withdrawn/{version}",
            "-{version}",
            "a//{version}",
            "{version}.lock",
        ] {
            assert!(TagPattern::parse(wrong).is_err(), "{wrong}");
        }
        assert!(TagPattern::parse("core/v{version}").is_ok());
    }

    #[test]
    fn tells_released_from_withdrawn() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let tags = Tags::read(&pattern, ["v0.4.0", "v0.10.0", "withdrawn/v0.11.0", "nightly"]);
        assert_eq!(tags.highest_below(None), Some((&version("0.10.0"), "v0.10.0")));
        assert_eq!(tags.highest_below(Some(&version("0.10.0"))), Some((&version("0.4.0"), "v0.4.0")));
        assert_eq!(tags.withdrawn(&version("0.11.0")), Some("withdrawn/v0.11.0"));
        assert_eq!(tags.released(&version("0.11.0")), None);
    }
}
