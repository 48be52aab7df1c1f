//! The spellings of a version outside Python: SemVer 2.0, which Helm charts take too, and tags of images.

use pep440_rs::LocalSegment;

use crate::{Failure, Series, Version};

/// How a place spells a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// PEP 440, normalised: `1.3.0rc1`, `0.4.0.post1`.
    Pep440,
    /// SemVer 2.0, as the charts of Helm must be: `1.3.0-rc.1`, `0.4.0+post.1`.
    SemVer,
    /// SemVer as the tag of an image, where `_` stands for `+`: `0.4.0_post.1`.
    ImageTag,
}

/// The most characters that the tag of an image has (OCI distribution specification 1.1).
const IMAGE_TAG_LENGTH: usize = 128;

impl Version {
    /// The version in that spelling; what the spelling cannot hold is an error that names it.
    ///
    /// SemVer orders as PEP 440 does with two exceptions: `-dev.N` comes after `-alpha.N` and `-beta.N`, and what
    /// stands after the `+` (post releases and local parts) has no order.
    pub fn spelled(&self, spelling: Spelling) -> Result<String, Failure> {
        match spelling {
            Spelling::Pep440 => Ok(self.to_string()),
            Spelling::SemVer => self.to_semver(),
            Spelling::ImageTag => self.to_image_tag(),
        }
    }

    /// Reads a version in that spelling.
    pub fn read(text: &str, spelling: Spelling) -> Result<Self, Failure> {
        match spelling {
            Spelling::Pep440 => text.parse(),
            Spelling::SemVer => Self::from_semver(text),
            Spelling::ImageTag => Self::from_semver(&text.replacen('_', "+", 1)),
        }
    }

    fn to_semver(&self) -> Result<String, Failure> {
        let refusal = |what: &str| {
            Failure::new(format!("cannot write {self} as SemVer: it has no place for {what}"))
                .hint("release a version such as 1.3.0, 1.3.0rc1 or 1.3.0.post1")
        };
        if self.epoch() != 0 {
            return Err(refusal(&format!("the epoch `{}!`", self.epoch())));
        }
        if self.release().len() > 3 {
            return Err(refusal(&format!("{} release numbers", self.release().len())));
        }
        let number = |at: usize| self.release().get(at).copied().unwrap_or(0);
        let mut text = format!("{}.{}.{}", number(0), number(1), number(2));
        match (self.pre(), self.dev()) {
            // SemVer puts `-rc.1.dev.2` after `-rc.1`, where PEP 440 has it before.
            (Some(_), Some(dev)) => return Err(refusal(&format!("`.dev{dev}` of a pre-release"))),
            (None, Some(dev)) if self.is_postrelease() => {
                return Err(refusal(&format!("`.dev{dev}` of a post release")));
            }
            (Some((series, number)), None) => text.push_str(&format!("-{series}.{number}")),
            (None, Some(dev)) => text.push_str(&format!("-{}.{dev}", Series::Dev)),
            (None, None) => {}
        }
        let local: Vec<String> = self.local().iter().map(ToString::to_string).collect();
        if self.post().is_none()
            && let [LocalSegment::String(first), LocalSegment::Number(_), ..] = self.local()
            && first == "post"
        {
            return Err(refusal(&format!(
                "the local part `+{}`: it would read as a post release",
                local.join(".")
            )));
        }
        let post = self.post().map(|number| format!("post.{number}"));
        let build: Vec<String> = post.into_iter().chain(local).collect();
        if !build.is_empty() {
            text.push_str(&format!("+{}", build.join(".")));
        }
        Ok(text)
    }

    fn to_image_tag(&self) -> Result<String, Failure> {
        let tag = self.to_semver()?.replace('+', "_");
        if tag.len() > IMAGE_TAG_LENGTH {
            let what = format!(
                "cannot write {self} as the tag of an image: it would have {} characters, {IMAGE_TAG_LENGTH} are allowed",
                tag.len()
            );
            return Err(Failure::new(what).hint("release a shorter version"));
        }
        Ok(tag)
    }

    fn from_semver(text: &str) -> Result<Self, Failure> {
        let semver = semver::Version::parse(text).map_err(|cause| {
            Failure::new(format!("cannot read `{text}` as SemVer: {cause}"))
                .hint("write it as SemVer 2.0 does, as in `1.3.0` or `1.3.0-rc.1`")
        })?;
        let release = format!("{}.{}.{}", semver.major, semver.minor, semver.patch);
        let mut pep440 = release.clone();
        if !semver.pre.is_empty() {
            pep440.push_str(&format!("-{}", semver.pre));
            // PEP 440 decides what a series is; what it reads otherwise than SemVer has no version of its own.
            let read: Self = pep440.parse()?;
            if read.is_postrelease() {
                let what = format!(
                    "cannot read `{text}` as a version: SemVer reads the pre-release `{}` of {release}, PEP 440 the post release `{read}`",
                    semver.pre
                );
                return Err(Failure::new(what).hint(format!(
                    "write `{release}+post.{}` for the post release, or `{release}-rc.N` for a pre-release",
                    read.post().unwrap_or(1)
                )));
            }
            if read.pre().is_some() && read.dev().is_some() {
                let what = format!(
                    "cannot read `{text}` as a version: SemVer has it after the pre-release that it names, PEP 440 reads `{read}`, which is before"
                );
                return Err(Failure::new(what).hint("leave out its dev part"));
            }
        }
        let mut build = semver.build.split('.').filter(|part| !part.is_empty()).peekable();
        let mut after: Vec<&str> = Vec::new();
        if let Some(first) = build.next() {
            match build.peek() {
                Some(number) if first == "post" && number.bytes().all(|b| b.is_ascii_digit()) => {
                    pep440.push_str(&format!(".post{number}"));
                    build.next();
                }
                _ => after.push(first),
            }
        }
        after.extend(build);
        if !after.is_empty() {
            pep440.push_str(&format!("+{}", after.join(".")));
        }
        pep440.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn refused(result: Result<impl std::fmt::Debug, Failure>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn semver_and_back() {
        for (pep440, semver, image) in [
            ("1.3.0", "1.3.0", "1.3.0"),
            ("1.3.0rc1", "1.3.0-rc.1", "1.3.0-rc.1"),
            ("1.3.0a1", "1.3.0-alpha.1", "1.3.0-alpha.1"),
            ("1.3.0b2", "1.3.0-beta.2", "1.3.0-beta.2"),
            ("1.3.0.dev4", "1.3.0-dev.4", "1.3.0-dev.4"),
            ("0.4.0.post1", "0.4.0+post.1", "0.4.0_post.1"),
            ("1.3.0rc1.post2", "1.3.0-rc.1+post.2", "1.3.0-rc.1_post.2"),
            ("1.3.0+cu121", "1.3.0+cu121", "1.3.0_cu121"),
            ("1.3.0.post1+post.2", "1.3.0+post.1.post.2", "1.3.0_post.1.post.2"),
            ("2024.12.1", "2024.12.1", "2024.12.1"),
        ] {
            let version = version(pep440);
            for (spelling, text) in
                [(Spelling::Pep440, pep440), (Spelling::SemVer, semver), (Spelling::ImageTag, image)]
            {
                assert_eq!(version.spelled(spelling).unwrap(), text);
                assert_eq!(Version::read(text, spelling).unwrap().to_string(), pep440, "{text}");
            }
        }
        assert_eq!(version("1.3").spelled(Spelling::SemVer).unwrap(), "1.3.0");
        assert_eq!(Version::read("0.3.11-rc1", Spelling::SemVer).unwrap(), version("0.3.11rc1"));
    }

    #[test]
    fn names_what_semver_cannot_hold() {
        for (pep440, named) in [
            ("1!2.0", "the epoch `1!`"),
            ("1.2.3.4", "4 release numbers"),
            ("1.0rc1.dev2", "`.dev2` of a pre-release"),
            ("1.0.post1.dev2", "`.dev2` of a post release"),
            ("1.0+post.1", "the local part `+post.1`"),
        ] {
            let message = refused(version(pep440).spelled(Spelling::SemVer));
            assert!(message.contains(named), "{message}");
        }
        let long = format!("1.0.0+{}", "a".repeat(130));
        assert!(refused(version(&long).spelled(Spelling::ImageTag)).contains("136 characters"));
    }

    #[test]
    fn refuses_semver_that_reads_otherwise_in_pep_440() {
        for text in ["2.1.0-1", "2.1.0-1.dev2", "2.1.0-post.1", "2.1.0-alpha.1.post.2"] {
            let message = refused(Version::read(text, Spelling::SemVer));
            assert!(message.contains("the post release `2.1.0") && message.contains("SemVer"), "{message}");
        }
        assert!(refused(Version::read("1.0.0-rc.1.dev.2", Spelling::SemVer)).contains("before"));
        for text in ["1.0.0-nightly", "1.0", "1.0.0rc1", "v1.0.0", "1.0.0-01"] {
            assert!(Version::read(text, Spelling::SemVer).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            for spelling in [Spelling::SemVer, Spelling::ImageTag] {
                let _ = Version::read(&text, spelling);
            }
        }
    }
}
