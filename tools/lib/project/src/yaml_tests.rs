//! Tests of the places of values in YAML.

use super::*;

fn at<'a>(text: &'a str, path: &[&str]) -> Vec<Option<&'a str>> {
    let documents = parse_yaml(&"x.yaml".parse().unwrap(), text).unwrap();
    let found = documents.iter().filter_map(|document| document.at(path)?.scalar());
    found.map(|scalar| scalar.range.clone().map(|range| &text[range])).collect()
}

#[test]
fn a_value_is_found_where_it_stands() {
    let text = "\u{feff}# ä\r\nversion: &v1.2.3 \"1.2.3\" # \"1.2.3\"\r\ntag: *v1.2.3\r\na: {b: [0, !!str  '1.2.3'], \"c.d/e\": 1.10}\r\n\
                list:\r\n- name: 1.2.3\r\n  version: >-\r\n    1.2.3\r\n- version:\r\n    1.2.3";
    for (path, expected) in [
        (["version"].as_slice(), "1.2.3"),
        (&["tag"], "1.2.3"),
        (&["a", "b", "1"], "1.2.3"),
        (&["a", "c.d/e"], "1.10"),
        (&["list", "0", "version"], "1.2.3"),
        (&["list", "1", "version"], "1.2.3"),
    ] {
        assert_eq!(at(text, path), [Some(expected)], "{path:?}");
    }
    let documents = parse_yaml(&"x.yaml".parse().unwrap(), text).unwrap();
    let range = documents[0].get("version").unwrap().scalar().unwrap().range.clone().unwrap();
    assert_eq!(&text[range.start - 2..range.end + 1], " \"1.2.3\"", "not the anchor");
    assert_eq!(at(text, &["list", "2", "version"]), []);
    assert_eq!(at(text, &["version", "deeper"]), []);
}

#[test]
fn each_document_of_a_file_is_read_and_merged_keys_count() {
    let text = "%YAML 1.2\n---\na: 1\n---\nbase: &b {version: 1.2.3}\nown:\n  <<: *b\nboth:\n  <<: [*b, {x: 2}]\n...\n---\na: 3\n";
    assert_eq!(at(text, &["a"]), [Some("1"), Some("3")]);
    assert_eq!(at(text, &["own", "version"]), [Some("1.2.3")]);
    assert_eq!(at(text, &["both", "x"]), [Some("2")]);
}

#[test]
fn a_value_with_escapes_or_folds_has_no_place() {
    assert_eq!(at("a: \"1.2\\u002e3\"", &["a"]), [None]);
    assert_eq!(at("a: 1.2.3\n  x", &["a"]), [None]);
    assert_eq!(at("a:\nb: ''", &["a"]), [None]);
}

#[test]
fn what_is_no_yaml_is_named_with_its_place() {
    let path = "deploy/x.yaml".parse().unwrap();
    let error = |text: &str| parse_yaml(&path, text).unwrap_err().to_string();
    assert!(
        error("a: 1\nb: [1\nc: 2").starts_with("cannot read `deploy/x.yaml:3:"),
        "{}",
        error("a: 1\nb: [1\nc: 2")
    );
    assert!(error(&"[".repeat(5000)).contains("recursion limit exceeded"));
    assert!(error(&"- ".repeat(5000)).contains("deep"), "{}", error(&"- ".repeat(5000)));
    assert!(error("a: *b").contains("x.yaml:1:4"), "{}", error("a: *b"));
}

#[test]
fn letters_that_read_as_a_number_are_known() {
    assert!(["1", "1.10", "2024.12", "1_000"].iter().all(|text| is_number(text)));
    assert!(!["1.2.3", "1.10rc1", "v1", "inf", "1!2.0"].iter().any(|text| is_number(text)));
}
