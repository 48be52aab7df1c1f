//! Git tags as versions: the project's pattern, the versions that were released, and those that were taken back.
//!
//! A history seldom has one form of tags. Where the pattern is `v{version}` or `{version}`, a tag of the other form is
//! a release too; where two tags name one version, the one that the pattern writes stands for it.

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
        Self::withdrawn(&self.tag(version))
    }

    /// The tag that remembers that what had that tag was taken back.
    pub fn withdrawn(tag: &str) -> String {
        format!("{WITHDRAWN}{tag}")
    }

    /// Every tag that stands for a version as it is written today: in the project's form, and in the other one.
    pub fn tags(&self, version: &Version) -> Vec<String> {
        let forms = std::iter::once(self.clone()).chain(self.other_form());
        forms.map(|form| form.tag(version)).collect()
    }

    /// `v{version}` for `{version}`, and the other way round.
    fn other_form(&self) -> Option<Self> {
        let before = match self.before.as_str() {
            "v" => "",
            "" => "v",
            _ => return None,
        };
        self.after.is_empty().then(|| Self { before: before.to_owned(), after: String::new() })
    }

    /// The version of a tag of any form that this history may have, with how far the form is from the project's:
    /// 0 as it is written today, 1 for another spelling of the version, 2 for the pattern with or without `v`.
    fn version_in_history(&self, tag: &str) -> Option<(Version, u8)> {
        if let Some(version) = self.version(tag) {
            let distance = u8::from(self.tag(&version) != tag);
            return Some((version, distance));
        }
        let version = self.other_form()?.version(tag)?;
        // A lone number is a date or a count of builds, and no version.
        (version.release().len() > 1).then_some((version, 2))
    }

    /// The version of a tag; `None` when the tag is not of this form. The whole tag must match.
    pub fn version(&self, tag: &str) -> Option<Version> {
        tag.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?.parse().ok()
    }
}

impl Tags {
    /// Reads the tags that are versions of the project; the others are none of its business.
    pub fn read<'a>(pattern: &TagPattern, names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut released, mut withdrawn) = (BTreeMap::new(), BTreeMap::new());
        for name in names {
            let (tags, tag) = match name.strip_prefix(WITHDRAWN) {
                Some(tag) => (&mut withdrawn, tag),
                None => (&mut released, name),
            };
            let Some((version, distance)) = pattern.version_in_history(tag) else { continue };
            let best = tags.entry(version).or_insert((distance, name));
            *best = (*best).min((distance, name));
        }
        let named = |tags: BTreeMap<Version, (u8, &str)>| {
            tags.into_iter().map(|(version, (_, name))| (version, name.to_owned())).collect()
        };
        Self { released: named(released), withdrawn: named(withdrawn) }
    }

    /// The highest released version below `limit` with its tag. Below a release it is a release: whoever has that one
    /// has not seen what came with the candidates between them.
    pub fn highest_below(&self, limit: Option<&Version>) -> Option<(&Version, &str)> {
        let counts = |version: &Version| {
            limit.is_none_or(|limit| version < limit && (limit.is_prerelease() || !version.is_prerelease()))
        };
        let below = self.released.iter().filter(|(version, _)| counts(version));
        below.map(|(version, tag)| (version, tag.as_str())).next_back()
    }

    /// The released versions with their tags, the lowest first.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (&Version, &str)> {
        self.released.iter().map(|(version, tag)| (version, tag.as_str()))
    }

    /// Says whether a tag is one of these.
    pub(crate) fn has(&self, tag: &str) -> bool {
        self.released.values().chain(self.withdrawn.values()).any(|known| known == tag)
    }

    /// A released version with the tag that it was released as.
    pub fn find(&self, version: &Version) -> Option<(&Version, &str)> {
        self.released.get_key_value(version).map(|(version, tag)| (version, tag.as_str()))
    }

    /// The tag that a version was released as.
    pub fn released(&self, version: &Version) -> Option<&str> {
        self.released.get(version).map(String::as_str)
    }

    /// The number of the last post release of a version, released or taken back; `None` where it has none.
    pub fn last_post(&self, version: &Version) -> Option<u64> {
        let of = version.without_dev().with_post(None);
        let used = self.released.keys().chain(self.withdrawn.keys());
        let posts = used.filter(|used| used.dev().is_none() && used.with_post(None) == of);
        posts.filter_map(Version::post).max()
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

    #[test]
    fn before_a_release_stands_a_release_and_before_a_candidate_the_last_one() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let tags = Tags::read(&pattern, ["v1.2.0", "v1.2.0.post1", "v1.3.0rc1", "v1.3.0-RC2", "v1.3.0"]);
        for (limit, expected) in [
            ("1.3.1", Some("v1.3.0")),
            ("1.3.0", Some("v1.2.0.post1")),
            ("1.3.0rc3", Some("v1.3.0-RC2")),
            ("1.3.0rc2", Some("v1.3.0rc1")),
            ("1.3.0rc1", Some("v1.2.0.post1")),
            ("1.2.0", None),
        ] {
            let found = tags.highest_below(Some(&version(limit))).map(|(_, tag)| tag);
            assert_eq!(found, expected, "{limit}");
        }
    }

    #[test]
    fn reads_every_form_of_a_mixed_history() {
        let names = [
            "1.2.3",
            "v1.2.4",
            "2024.12.01",
            "v0.3.11-rc1",
            "v2.1.0-1",
            "20241201",
            "core/v9.0.0",
            "nightly",
            "withdrawn/1.3.0",
        ];
        for pattern in ["v{version}", "{version}"] {
            let tags = Tags::read(&TagPattern::parse(pattern).unwrap(), names);
            for (text, tag) in [
                ("1.2.3", "1.2.3"),
                ("1.2.4", "v1.2.4"),
                ("2024.12.1", "2024.12.01"),
                ("0.3.11rc1", "v0.3.11-rc1"),
            ] {
                assert_eq!(tags.released(&version(text)), Some(tag), "{pattern}");
            }
            assert_eq!(tags.withdrawn(&version("1.3.0")), Some("withdrawn/1.3.0"), "{pattern}");
            assert_eq!(tags.released.len(), if pattern == "{version}" { 5 } else { 4 }, "{tags:?}");
        }
        let tags = Tags::read(&TagPattern::parse("core/v{version}").unwrap(), names);
        assert_eq!(tags.released.keys().collect::<Vec<_>>(), [&version("9.0.0")]);
    }

    #[test]
    fn names_a_version_in_both_forms() {
        for (pattern, tags) in [
            ("v{version}", vec!["v1.0.0", "1.0.0"]),
            ("{version}", vec!["1.0.0", "v1.0.0"]),
            ("core/v{version}", vec!["core/v1.0.0"]),
            ("v{version}-final", vec!["v1.0.0-final"]),
        ] {
            assert_eq!(TagPattern::parse(pattern).unwrap().tags(&version("1.0.0")), tags);
        }
    }

    #[test]
    fn of_two_tags_for_one_version_the_one_in_the_projects_form_stands() {
        for (pattern, tag) in [("v{version}", "v1.0.0"), ("{version}", "1.0.0")] {
            let pattern = TagPattern::parse(pattern).unwrap();
            for names in [["1.0.0", "v1.0.0"], ["v1.0.0", "1.0.0"]] {
                assert_eq!(Tags::read(&pattern, names).released(&version("1.0")), Some(tag));
            }
        }
        let pattern = TagPattern::parse("v{version}").unwrap();
        for names in [["v1.0.0-rc1", "v1.0.0rc1"], ["v1.0.0rc1", "v1.0.0-rc1"]] {
            assert_eq!(Tags::read(&pattern, names).released(&version("1.0rc1")), Some("v1.0.0rc1"));
        }
    }

    #[test]
    fn counts_the_post_releases_that_were_used() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let names = ["v0.4.0", "v0.4.0.post1", "withdrawn/v0.4.0.post2", "v0.4.0.post3.dev1", "v0.4.1.post7"];
        let tags = Tags::read(&pattern, names);
        for (of, last) in [("0.4.0", Some(2)), ("0.4.0.post1", Some(2)), ("0.4.1", Some(7)), ("0.5.0", None)]
        {
            assert_eq!(tags.last_post(&version(of)), last, "{of}");
        }
    }
}
