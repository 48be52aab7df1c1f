//! Tests of the places that carry the version.

use super::*;

fn at<'a>(text: &'a str, ranges: &[Range<usize>]) -> Vec<&'a str> {
    ranges.iter().map(|range| &text[range.clone()]).collect()
}

#[test]
fn a_pattern_finds_each_version_between_its_texts() {
    let text = "LABEL version=\"1.2.3\" x\nLABEL version=\"1.2.3rc1\"\nversion=\"none\"\n";
    assert_eq!(at(text, &matches(text, "version=\"{version}\"", Spelling::Pep440)), ["1.2.3", "1.2.3rc1"]);
    assert_eq!(
        at("image:1.2.3-slim", &matches("image:1.2.3-slim", "image:{version}-slim", Spelling::Pep440)),
        ["1.2.3"]
    );
    assert!(matches("äöü", "{version}", Spelling::Pep440).is_empty());
}

#[test]
fn a_pattern_is_anchored_to_its_first_word() {
    for (text, pattern, expected) in [
        ("minimum-version = \"1.2.3\"\nversion = \"1.2.3\"", "version = \"{version}\"", 1),
        ("python_version=\"1.2.3\"\nPYVERSION=\"1.2.3\"", "version=\"{version}\"", 0),
        ("LABEL org.opencontainers.image.version=\"1.2.3\"", "version=\"{version}\"", 1),
        ("{\"minimum-version\": \"1.2.3\"}", "version\": \"{version}\"", 0),
        ("{\"version\": \"1.2.3\"}", "version\": \"{version}\"", 1),
        ("my-image:1.2.3 image:1.2.3", "image:{version}", 1),
        ("my/image:1.2.3", "image:{version}", 1),
        ("demo-v1.2.3.tar.gz", "v{version}.tar.gz", 1),
        ("dev1.2.3 v1.2.3", "v{version}", 1),
        ("x1.2.3 1.2.3. .1.2.3", "{version}", 1),
        ("größe=1.2.3 e=1.2.3", "e={version}", 1),
    ] {
        assert_eq!(matches(text, pattern, Spelling::Pep440).len(), expected, "{pattern} in {text}");
    }
    let place = |text| within_a_word(text, "version=\"{version}\"", Spelling::Pep440);
    assert_eq!(place("x\npython_version=\"1.2.3\""), Some(9));
    assert_eq!(place("version=\"1.2.3\""), None);
}

#[test]
fn a_version_is_found_without_its_v_and_without_the_words_behind_it() {
    for (text, expected) in [
        ("image: demo:v1.2.3", "1.2.3"),
        ("image: demo:1.2.3-bookworm", "1.2.3"),
        ("image: demo:1.2.3-alpine3.20", "1.2.3"),
        ("image: demo:1.2.3-slim", "1.2.3"),
        ("image: demo:1.2.3rc1-cuda", "1.2.3rc1"),
    ] {
        assert_eq!(at(text, &matches(text, "demo:{version}", Spelling::Pep440)), [expected], "{text}");
        assert_eq!(
            at(text, &annotated(&format!("{text} # x-release-please-version"), Spelling::Pep440)),
            [expected]
        );
    }
    let long = format!("demo:{}", "1".repeat(100_000));
    assert!(matches(&long, "demo:{version}", Spelling::Pep440).is_empty());
}

#[test]
fn a_value_is_found_inside_its_quotes() {
    let text = "\u{feff}[project]\nversion = '1.2.3' # \"1.2.3\"\n";
    let path = "pyproject.toml".parse().unwrap();
    let toml = parse_toml(&path, text).unwrap();
    let value = toml["project"]["version"].as_value().unwrap();
    let range = inner(text, value, 3).unwrap();
    assert_eq!((&text[range.clone()], &text[range.start - 1..range.start]), ("1.2.3", "'"));
}

#[test]
fn broken_toml_is_named_with_its_place() {
    let error = parse_toml(&"a/pyproject.toml".parse().unwrap(), "[project]\nname = \n").unwrap_err();
    assert!(format!("{error:#}").starts_with("cannot read `a/pyproject.toml:2:"), "{error:#}");
}

#[test]
fn annotated_lines_hold_the_version() {
    let text = "a = 1.2.3\nb = '1.2.3' # x-release-please-version\n# x-release-please-start-version\nimage: x:v1.2.3-rc.1\n\
                port 80\n# x-release-please-end\nc: 9.9.9\n";
    assert_eq!(at(text, &annotated(text, Spelling::SemVer)), ["1.2.3", "1.2.3-rc.1"]);
}
