//! The names of distribution files and what they say: package, version, build number, tags.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use document::{ArtifactKind, Failure, PackageName, Version};

use crate::platform;

/// The name of a wheel (PEP 427) or an sdist (PEP 625), taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The package, normalised (PEP 503).
    pub name: PackageName,
    /// The version (PEP 440).
    pub version: Version,
    /// Wheel or sdist, with what only a wheel's name says.
    pub form: Form,
    stem: String,
}

/// What the name of a distribution file says beyond package and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A wheel: `{name}-{version}(-{build})?-{python}-{abi}-{platform}.whl` (PEP 427).
    Wheel {
        /// The build number, a tie-breaker that starts with a digit.
        build: Option<String>,
        /// The tags, expanded, sorted and without repetition (PEP 425).
        tags: Vec<Tag>,
    },
    /// An sdist: `{name}-{version}.tar.gz` (PEP 625).
    Sdist,
}

/// One compatibility tag (PEP 425), such as `py3-none-any`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The Python implementation and version: `py3`, `cp312`.
    pub python: String,
    /// The ABI: `none`, `abi3`, `cp312`.
    pub abi: String,
    /// The platform: `any`, `manylinux_2_17_x86_64`.
    pub platform: String,
}

impl FileName {
    /// Takes a file name apart; refuses what is neither a wheel nor an sdist.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(rest) = text.strip_suffix(".whl") {
            return parse_wheel(text, rest);
        }
        if let Some(stem) = text.strip_suffix(".tar.gz") {
            return parse_sdist(text, stem);
        }
        Err(refusal(text, "it ends neither in `.whl` nor in `.tar.gz`"))
    }

    /// Takes the last part of a path apart.
    pub fn of(path: &Path) -> Result<Self> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some(name) => Self::parse(name),
            None => Err(refusal(&path.display().to_string(), "its name is not UTF-8")),
        }
    }

    /// Wheel or sdist, in the words of the release document.
    pub fn kind(&self) -> ArtifactKind {
        match self.form {
            Form::Wheel { .. } => ArtifactKind::Wheel,
            Form::Sdist => ArtifactKind::Sdist,
        }
    }

    /// The part `{name}-{version}` as the file spells it; `.dist-info` and the sdist's folder start with it.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The part `{name}-{version}` in the normalised form: lower case, `_` for `-` (PEP 427, PEP 625).
    pub fn normalised_stem(&self) -> String {
        format!("{}-{}", self.name.in_file_names(), self.version)
    }

    /// Says whether package and version are spelled in the normalised form.
    pub fn is_normalised(&self) -> bool {
        self.stem == self.normalised_stem()
    }

    /// The expanded tags of a wheel, sorted; empty for an sdist.
    pub fn tags(&self) -> &[Tag] {
        match &self.form {
            Form::Wheel { tags, .. } => tags,
            Form::Sdist => &[],
        }
    }

    /// Says whether it is a wheel whose every tag asks for no ABI and any platform.
    pub fn is_pure(&self) -> bool {
        !self.tags().is_empty() && self.tags().iter().all(|tag| tag.abi == "none" && tag.platform == "any")
    }

    /// The platforms in a wheel's tags that PyPI refuses, such as `linux_x86_64`.
    pub fn platforms_refused_by_pypi(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.tags().iter().map(|tag| tag.platform.as_str()).collect();
        found.retain(|platform| !platform::is_on_pypi(platform));
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Tag {
    /// Expands a compressed tag set (PEP 425): `py2.py3-none-any` is two tags. `None` when it is no tag set.
    pub fn expand(text: &str) -> Option<Vec<Tag>> {
        let parts: Vec<&str> = text.split('-').collect();
        let [pythons, abis, platforms] = parts.as_slice() else { return None };
        let part_ok =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let mut tags = Vec::new();
        for python in pythons.split('.') {
            for abi in abis.split('.') {
                for platform in platforms.split('.') {
                    if ![python, abi, platform].into_iter().all(part_ok) {
                        return None;
                    }
                    tags.push(Tag { python: python.into(), abi: abi.into(), platform: platform.into() });
                }
            }
        }
        tags.sort();
        tags.dedup();
        Some(tags)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.python, self.abi, self.platform)
    }
}

fn parse_wheel(text: &str, rest: &str) -> Result<FileName> {
    let parts: Vec<&str> = rest.split('-').collect();
    let (name, version, build, tags) = match parts.as_slice() {
        [name, version, python, abi, platform] => (name, version, None, [*python, *abi, *platform]),
        [name, version, build, python, abi, platform] => {
            (name, version, Some(*build), [*python, *abi, *platform])
        }
        parts => {
            let count = parts.len();
            return Err(refusal(
                text,
                &format!("a wheel's name has 5 or 6 parts between `-`, and this has {count}"),
            ));
        }
    };
    if let Some(build) = build
        && !build.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err(refusal(text, &format!("the build number `{build}` does not start with a digit")));
    }
    let joined = tags.join("-");
    let tags =
        Tag::expand(&joined).ok_or_else(|| refusal(text, &format!("`{joined}` is not a set of tags")))?;
    Ok(FileName {
        name: PackageName::normalise(name).map_err(|cause| refusal(text, &cause.to_string()))?,
        version: version.parse().map_err(|cause: Failure| refusal(text, &cause.to_string()))?,
        form: Form::Wheel { build: build.map(str::to_owned), tags },
        stem: format!("{name}-{version}"),
    })
}

fn parse_sdist(text: &str, stem: &str) -> Result<FileName> {
    let Some((name, version)) = stem.rsplit_once('-') else {
        return Err(refusal(text, "no `-` stands between a name and a version"));
    };
    Ok(FileName {
        name: PackageName::normalise(name).map_err(|cause| refusal(text, &cause.to_string()))?,
        version: version.parse().map_err(|cause: Failure| refusal(text, &cause.to_string()))?,
        form: Form::Sdist,
        stem: stem.to_owned(),
    })
}

fn refusal(text: &str, cause: &str) -> anyhow::Error {
    Failure::new(format!("cannot read `{text}` as the name of a wheel or an sdist: {cause}"))
        .hint("name it `{name}-{version}-{python}-{abi}-{platform}.whl` or `{name}-{version}.tar.gz`")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        FileName::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn takes_a_wheel_apart() {
        let file = FileName::parse("da_vinci-0.5.0-1a-py2.py3-none-any.whl").unwrap();
        assert_eq!((file.name.as_str(), file.version.to_string().as_str()), ("da-vinci", "0.5.0"));
        let Form::Wheel { build, .. } = &file.form else { panic!("not a wheel") };
        assert_eq!(build.as_deref(), Some("1a"));
        let tags: Vec<String> = file.tags().iter().map(Tag::to_string).collect();
        assert_eq!(tags, ["py2-none-any", "py3-none-any"]);
        assert!(file.is_pure() && file.is_normalised());
        assert_eq!(file.kind(), ArtifactKind::Wheel);
    }

    #[test]
    fn takes_an_sdist_apart() {
        let file = FileName::parse("da_vinci-0.5.0rc1.tar.gz").unwrap();
        assert_eq!((file.name.as_str(), file.version.to_string().as_str()), ("da-vinci", "0.5.0rc1"));
        assert_eq!((file.kind(), file.is_pure(), file.is_normalised()), (ArtifactKind::Sdist, false, true));
    }

    #[test]
    fn knows_the_normalised_spelling() {
        for (text, stem) in [
            ("Da_Vinci-0.5.0-py3-none-any.whl", "da_vinci-0.5.0"),
            ("da.vinci-0.5.0-py3-none-any.whl", "da_vinci-0.5.0"),
            ("da_vinci-0.5.0.post01-py3-none-any.whl", "da_vinci-0.5.0.post1"),
            ("da-vinci-0.5.0.tar.gz", "da_vinci-0.5.0"),
        ] {
            let file = FileName::parse(text).unwrap();
            assert!(!file.is_normalised(), "{text}");
            assert_eq!(file.normalised_stem(), stem);
        }
    }

    #[test]
    fn knows_which_platforms_travel() {
        let file = FileName::parse("a-1-cp312-abi3-linux_x86_64.manylinux_2_17_x86_64.whl").unwrap();
        assert_eq!(file.platforms_refused_by_pypi(), ["linux_x86_64"]);
        assert!(!file.is_pure());
        assert!(FileName::parse("a-1-py3-none-any.whl").unwrap().platforms_refused_by_pypi().is_empty());
    }

    #[test]
    fn refuses_other_names_with_their_fault() {
        assert!(refused("a-1.zip").contains("it ends neither in `.whl` nor in `.tar.gz`"));
        assert!(refused("a-1-py3-none.whl").contains("5 or 6 parts between `-`, and this has 4"));
        assert!(refused("a-1-x1-py3-none-any.whl").contains("build number `x1` does not start with a digit"));
        assert!(refused("a-1-py3..py2-none-any.whl").contains("is not a set of tags"));
        assert!(refused("a-one-py3-none-any.whl").contains("cannot read `one` as a version"));
        assert!(refused("a b-1-py3-none-any.whl").contains("cannot use `a b` as a package name"));
        assert!(refused("a.tar.gz").contains("no `-` stands between"));
        assert!(refused("../a-1.tar.gz").contains("as a package name"));
    }
}
