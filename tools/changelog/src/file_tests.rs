//! Tests of the changelog file.

use super::*;
use document::Level;

const KEEP: &str = "# Changelog\n\nIntro.\n\n## [Unreleased]\n\n### Added\n\n- New\n\n### Fixed\n\n## [0.4.1] - 2026-01-01\n\n- Old\n\n\
    [Unreleased]: https://h/o/r/compare/v0.4.1...HEAD\n[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1\n";

fn step() -> VersionStep {
    VersionStep {
        previous: Some("0.4.1".parse().unwrap()),
        previous_tag: Some("v0.4.1".to_owned()),
        current: "0.5.0".parse().unwrap(),
        tag: "v0.5.0".to_owned(),
        level: Level::Minor,
        date: "2026-03-01".to_owned(),
    }
}

fn with(text: &str, body: &str) -> String {
    Changelog::new(text).with(&step(), body, ChangelogStyle::KeepAChangelog, None)
}

#[test]
fn unreleased_becomes_the_section_and_empty_groups_go() {
    let body = Changelog::new(KEEP).unreleased().unwrap();
    assert_eq!(body, "### Added\n\n- New\n");
    assert_eq!(
        with(KEEP, &body),
        "# Changelog\n\nIntro.\n\n## [Unreleased]\n\n## [0.5.0] - 2026-03-01\n\n### Added\n\n- New\n\n\
         ## [0.4.1] - 2026-01-01\n\n- Old\n\n[Unreleased]: https://h/o/r/compare/v0.5.0...HEAD\n\
         [0.5.0]: https://h/o/r/compare/v0.4.1...v0.5.0\n[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1\n"
    );
}

#[test]
fn what_was_written_is_read_back() {
    let body = "### Added\n\n- New\n";
    for text in
        [KEEP, "# Changelog\n", "", "\u{feff}# C\r\n\r\n## 0.4.1\r\n\r\n- Old\r\n", "# C\n\n## Unreleased\n"]
    {
        let written = with(text, body);
        assert_eq!(Changelog::new(&written).section_of("0.5.0").as_deref(), Some(body), "{written}");
    }
}

#[test]
fn keeps_line_ends_and_byte_order_mark() {
    let written = with("\u{feff}# C\r\n\r\n## 0.4.1\r\n\r\n- Old\r\n", "- New\n");
    assert_eq!(
        written,
        "\u{feff}# C\r\n\r\n## [0.5.0] - 2026-03-01\r\n\r\n- New\r\n\r\n## 0.4.1\r\n\r\n- Old\r\n"
    );
}

#[test]
fn without_unreleased_the_section_goes_above_the_newest() {
    assert_eq!(
        with("# C\n\n## 0.4.1\n\n- Old\n", "- New\n"),
        "# C\n\n## [0.5.0] - 2026-03-01\n\n- New\n\n## 0.4.1\n\n- Old\n"
    );
    assert_eq!(with("# C\n", "- New\n"), "# C\n\n## [0.5.0] - 2026-03-01\n\n- New\n");
    assert_eq!(with("", "- New\n"), "## [0.5.0] - 2026-03-01\n\n- New\n");
}

#[test]
fn a_heading_in_a_code_fence_is_no_section() {
    let text = "# C\n\n## [Unreleased]\n\n```\n## [0.1.0]\n```\n\n## 0.4.1\n";
    assert!(Changelog::new(text).unreleased().unwrap().contains("## [0.1.0]"));
    assert_eq!(Changelog::new(text).section_of("0.1.0"), None);
}

#[test]
fn conventional_headings_carry_the_compare_link() {
    let written = Changelog::new("# Changelog\n").with(
        &step(),
        "x\n",
        ChangelogStyle::Conventional,
        Some("https://h/o/r"),
    );
    assert_eq!(
        written,
        "# Changelog\n\n## [0.5.0](https://h/o/r/compare/v0.4.1...v0.5.0) (2026-03-01)\n\n\nx\n"
    );
    assert_eq!(Changelog::new(&written).section_of("0.5.0").as_deref(), Some("x\n"));
}

#[test]
fn an_empty_unreleased_says_nothing() {
    assert_eq!(Changelog::new("# C\n\n## [Unreleased]\n\n### Added\n\n").unreleased(), None);
    assert_eq!(Changelog::new("# C\n").unreleased(), None);
}
