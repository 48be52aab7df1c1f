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
