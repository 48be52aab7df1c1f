//! The files that a release promises, held against those that it has.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{Artifact, ArtifactKind, Expected, PackageName, PythonVersion, Version};

use crate::name::{FileName, Form, Tag};

/// Lists what is wrong with the files of a release: what is missing, doubled, or no file of the release at all.
///
/// A wheel keeps each promise that one of its tags fits (PEP 425): a pure one those of every Python and platform, one
/// of the stable ABI (`abi3`) those of its Python and all later ones. Fails where a name is none of a wheel or sdist.
pub fn faults(expected: &[Expected], artifacts: &[Artifact], version: &Version) -> Result<Vec<String>> {
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut faults = Vec::new();
    for artifact in artifacts {
        let path = artifact.path.as_str();
        let name = FileName::parse(artifact.path.file_name())?;
        if (&name.name, &name.version) != (&artifact.package, version) {
            let (package, other, found) = (&artifact.package, &name.name, &name.version);
            faults.push(format!("`{path}` is {other} {found}, and the release has {package} {version}"));
            continue;
        }
        let fitting: Vec<&Expected> = expected.iter().filter(|expected| is_for(&name, expected)).collect();
        if fitting.is_empty() {
            faults.push(format!("`{path}` is no file of this release{}", reason(&name, expected)));
        }
        for expected in fitting {
            kept.entry(&expected.id).or_default().push(path);
        }
    }
    for promise in expected {
        match kept.get(promise.id.as_str()).map(Vec::as_slice) {
            None => faults.push(format!("{} is missing", words(promise))),
            Some([_]) => {}
            Some(files) => {
                faults.push(format!("`{}` are more than one file for {}", files.join("`, `"), words(promise)))
            }
        }
    }
    Ok(faults)
}

/// Says whether a file keeps a promise.
pub fn is_for(name: &FileName, expected: &Expected) -> bool {
    if name.name != expected.package || name.kind() != expected.kind {
        return false;
    }
    match &name.form {
        Form::Sdist => true,
        Form::Wheel { tags, .. } => {
            let fits = |tag: &Tag| {
                let platforms = expected.platform.as_ref().map(|platform| &platform.tags);
                expected.python.as_ref().is_none_or(|python| runs_on(tag, python))
                    && platforms.is_none_or(|all| all.iter().any(|one| is_platform(&tag.platform, one)))
            };
            tags.iter().any(fits)
        }
    }
}

/// The promise in words: `the wheel of a for Python 3.12 on linux-x86_64`.
pub fn words(expected: &Expected) -> String {
    let Expected { kind, package, python, platform, .. } = expected;
    let mut text = format!("the {kind} of `{package}`");
    text.extend(python.as_ref().map(|python| format!(" for Python {python}")));
    text.extend(platform.as_ref().map(|platform| format!(" on {}", platform.name)));
    text
}

/// Says whether a version of Python takes wheels of a tag, whatever the platform (PEP 425).
pub fn runs_on(tag: &Tag, python: &PythonVersion) -> bool {
    let (major, minor) = python.numbers();
    let Some((kind, digits)) = tag.python.split_at_checked(2) else { return false };
    let numbers = digits.split_at_checked(1).and_then(|(major, minor)| {
        let minor = if minor.is_empty() { None } else { Some(minor.parse::<u32>().ok()?) };
        Some((major.parse::<u32>().ok()?, minor))
    });
    let Some((tag_major, tag_minor)) = numbers.filter(|(tag_major, _)| *tag_major == major) else {
        return false;
    };
    let exact = tag_minor == Some(minor);
    let earlier = tag_minor.is_none_or(|tag_minor| tag_minor <= minor);
    let abi = tag.abi.as_str();
    match kind {
        "py" => abi == "none" && earlier,
        "cp" if !python.is_pypy() => match abi {
            "none" => exact,
            "abi3" => earlier && !python.is_free_threaded(),
            "abi3t" => earlier,
            // Before Python 3.8 an `m` stood behind the number.
            own => exact && own.trim_end_matches('m') == format!("cp{tag_major}{minor}{}", threads(python)),
        },
        "pp" => python.is_pypy() && exact,
        _ => false,
    }
}

fn threads(python: &PythonVersion) -> &'static str {
    if python.is_free_threaded() { "t" } else { "" }
}

/// Says whether a platform tag is one that a pattern allows; `any` serves every platform.
fn is_platform(tag: &str, pattern: &str) -> bool {
    if tag == "any" {
        return true;
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| tag.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Why a file keeps no promise, as far as its name tells.
fn reason(name: &FileName, expected: &[Expected]) -> String {
    let same = |expected: &&Expected| (&expected.package, expected.kind) == (&name.name, name.kind());
    let own: Vec<&Expected> = expected.iter().filter(same).collect();
    let package: &PackageName = &name.name;
    match (own.as_slice(), name.kind()) {
        ([], ArtifactKind::Wheel) => format!(": it has no wheels of `{package}`"),
        ([], ArtifactKind::Sdist) => format!(": it has no sdist of `{package}`"),
        (own, _) => {
            let tags: Vec<String> = name.tags().iter().map(Tag::to_string).collect();
            let wanted: Vec<&str> = own.iter().map(|expected| expected.id.as_str()).collect();
            format!(": its tags {} fit none of {}", tags.join(", "), wanted.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::{Platform, Sha256};

    fn runs(tag: &str, python: &str) -> bool {
        runs_on(&Tag::expand(tag).unwrap()[0], &python.parse().unwrap())
    }

    #[test]
    fn a_tag_serves_the_pythons_that_packaging_gives_it() {
        for (tag, python, fits) in [
            ("py3-none-any", "3.12", true),
            ("py3-none-any", "pypy3.10", true),
            ("py2-none-any", "3.12", false),
            ("py310-none-any", "3.12", true),
            ("py313-none-any", "3.12", false),
            ("cp312-cp312-linux_x86_64", "3.12", true),
            ("cp312-cp312-linux_x86_64", "3.13", false),
            ("cp312-cp312-linux_x86_64", "3.12t", false),
            ("cp37-cp37m-linux_x86_64", "3.7", true),
            ("cp313-cp313t-linux_x86_64", "3.13t", true),
            ("cp313-cp313t-linux_x86_64", "3.13", false),
            ("cp39-abi3-linux_x86_64", "3.12", true),
            ("cp39-abi3-linux_x86_64", "3.8", false),
            ("cp39-abi3-linux_x86_64", "3.13t", false),
            ("cp39-abi3-linux_x86_64", "pypy3.10", false),
            ("cp312-none-any", "3.12", true),
            ("cp312-none-any", "3.13", false),
            ("pp310-pypy310_pp73-linux_x86_64", "pypy3.10", true),
            ("pp310-pypy310_pp73-linux_x86_64", "3.10", false),
            ("x-none-any", "3.10", false),
        ] {
            assert_eq!(runs(tag, python), fits, "{tag} on {python}");
        }
    }

    #[test]
    fn a_pattern_allows_platforms() {
        assert!(is_platform("manylinux_2_28_x86_64", "manylinux*_x86_64") && is_platform("any", "win32"));
        assert!(is_platform("win32", "win32") && is_platform("macosx_11_0_arm64", "macosx_*_arm64"));
        assert!(!is_platform("musllinux_1_2_x86_64", "manylinux*_x86_64") && !is_platform("win32x", "win32"));
        assert!(!is_platform("manylinux_2_28_aarch64", "manylinux*_x86_64") && !is_platform("ab", "ab*b"));
    }

    fn expected(python: Option<&str>, platform: Option<&str>) -> Expected {
        let python: Option<PythonVersion> = python.map(|python| python.parse().unwrap());
        let id = format!(
            "a.wheel{}{}",
            python.as_ref().map_or("", |python| python.as_str()),
            platform.unwrap_or("")
        );
        let platform =
            platform.map(|name| Platform { name: name.to_owned(), tags: vec![format!("*_{name}")] });
        Expected { id, package: "a".parse().unwrap(), kind: ArtifactKind::Wheel, python, platform }
    }

    fn artifact(name: &str) -> Artifact {
        let file = FileName::parse(name).unwrap();
        let path = format!("dist/{name}").parse().unwrap();
        Artifact {
            path,
            package: "a".parse().unwrap(),
            kind: file.kind(),
            size: 1,
            sha256: Sha256::from_bytes(&[7; 32]),
        }
    }

    fn found(expected: &[Expected], names: &[&str]) -> Vec<String> {
        let artifacts: Vec<Artifact> = names.iter().map(|name| artifact(name)).collect();
        faults(expected, &artifacts, &"1".parse().unwrap()).unwrap()
    }

    #[test]
    fn one_wheel_may_keep_several_promises() {
        let matrix = [expected(Some("3.12"), None), expected(Some("3.13"), None)];
        assert_eq!(found(&matrix, &["a-1-py3-none-any.whl"]), [""; 0]);
        assert_eq!(found(&matrix, &["a-1-cp312-abi3-win32.whl"]), [""; 0]);
        assert_eq!(found(&matrix, &["a-1-cp312-cp312-win32.whl", "a-1-cp313-cp313-win32.whl"]), [""; 0]);
    }

    #[test]
    fn names_what_is_missing_doubled_or_foreign() {
        let matrix = [expected(Some("3.12"), Some("x86")), expected(Some("3.13"), Some("x86"))];
        let wheel = |python: &str, platform: &str| format!("a-1-cp{python}-cp{python}-linux_{platform}.whl");
        assert_eq!(
            found(&matrix, &[&wheel("312", "x86")]),
            ["the wheel of `a` for Python 3.13 on x86 is missing"]
        );
        let both = [wheel("312", "x86"), "a-1-cp312-abi3-linux_x86.whl".to_owned()];
        assert_eq!(
            found(&matrix, &[&both[0], &both[1]]),
            [format!(
                "`dist/{}`, `dist/{}` are more than one file for the wheel of `a` for Python 3.12 on x86",
                both[0], both[1]
            )]
        );
        let other = wheel("312", "arm");
        assert_eq!(
            found(&matrix[..1], &[&other, "a-1.tar.gz"]),
            [
                format!(
                    "`dist/{other}` is no file of this release: its tags cp312-cp312-linux_arm fit none of a.wheel3.12x86"
                ),
                "`dist/a-1.tar.gz` is no file of this release: it has no sdist of `a`".to_owned(),
                "the wheel of `a` for Python 3.12 on x86 is missing".to_owned(),
            ]
        );
        assert_eq!(
            found(&matrix[..1], &["a-2-py3-none-any.whl"]),
            [
                "`dist/a-2-py3-none-any.whl` is a 2, and the release has a 1",
                "the wheel of `a` for Python 3.12 on x86 is missing"
            ]
        );
    }
}
