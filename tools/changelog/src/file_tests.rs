//! Tests of the changelog file.

use super::*;
use document::Level;
use proptest::prelude::*;

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
        assert_eq!(Changelog::new(&written).section_of(&step().current).as_deref(), Some(body), "{written}");
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
    assert_eq!(Changelog::new(text).section_of(&"0.1.0".parse().unwrap()), None);
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
    assert_eq!(Changelog::new(&written).section_of(&step().current).as_deref(), Some("x\n"));
}

#[test]
fn an_empty_unreleased_says_nothing() {
    assert_eq!(Changelog::new("# C\n\n## [Unreleased]\n\n### Added\n\n").unreleased(), None);
    assert_eq!(Changelog::new("# C\n").unreleased(), None);
}

#[test]
fn underlined_titles_are_sections() {
    let text = "Changelog\n=========\n\nUnreleased\n----------\n\n- New\n\n0.4.1 (2026-01-01)\n---\n\n- Old\n\ntable\n---\n";
    let changelog = Changelog::new(text);
    assert_eq!(changelog.unreleased().as_deref(), Some("- New\n"));
    assert_eq!(changelog.section_of(&"0.4.1".parse().unwrap()).as_deref(), Some("- Old\n\ntable\n---\n"));
    assert_eq!(
        with(text, "- New\n"),
        "Changelog\n=========\n\nUnreleased\n----------\n\n## [0.5.0] - 2026-03-01\n\n- New\n\n0.4.1 (2026-01-01)\n---\n\n\
         - Old\n\ntable\n---\n"
    );
}

#[test]
fn a_mark_before_the_first_section_stays_first() {
    assert_eq!(
        with("\u{feff}## 0.4.1\n", "- New\n"),
        "\u{feff}## [0.5.0] - 2026-03-01\n\n- New\n\n## 0.4.1\n"
    );
}

#[test]
fn a_section_that_names_no_version_stays_above() {
    assert_eq!(
        with("# C\n\n## How to read this\n\n## Version 0.4.1: Owl\n", "- New\n"),
        "# C\n\n## How to read this\n\n## [0.5.0] - 2026-03-01\n\n- New\n\n## Version 0.4.1: Owl\n"
    );
}

#[test]
fn headings_and_links_in_comments_and_fences_are_text() {
    let text = "# C\n\n<!--\n## [9.9.9]\n[unreleased]: https://h/o/r/compare/a...b\n-->\n\n~~~\n```\n## 8.8.8\n~~~\n\n## 0.4.1\n";
    assert_eq!(
        with(text, "- New\n"),
        text.replace("## 0.4.1", "## [0.5.0] - 2026-03-01\n\n- New\n\n## 0.4.1")
    );
}

#[test]
fn a_version_gets_its_link_above_that_of_the_release_before() {
    let text = "# C\n\n## [0.4.1]\n\n[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1\n";
    let written = with(text, "- New\n");
    let links =
        "[0.5.0]: https://h/o/r/compare/v0.4.1...v0.5.0\n[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1\n";
    assert!(written.ends_with(links), "{written}");
    assert_eq!(written.matches("[0.5.0]:").count(), 1);
}

proptest! {
    #[test]
    fn every_byte_outside_the_section_and_the_links_stays(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("# Changelog"), Just("## [Unreleased]"), Just("Unreleased"), Just("---"), Just("## [0.4.1] - 2026-01-01"),
                Just("0.4.0"), Just("### Added"), Just("- entry"), Just(""), Just("```"), Just("~~~~ x"), Just("<!--"), Just("-->"),
                Just("[Unreleased]: https://h/o/r/compare/v0.4.1...HEAD"), Just("[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1"),
                Just("[x]: y"), Just("## Notes  "), Just("\u{feff}"), Just("é 日本"), Just("    ## 1"),
            ],
            0..14,
        ),
        ends in prop::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n"), Just(" \n")], 14),
        last in any::<bool>(),
        odd in "\\PC{0,12}",
    ) {
        let mut text: String = pieces.iter().zip(&ends).map(|(piece, end)| format!("{piece}{end}")).collect();
        if last {
            text.push_str(&odd);
        }
        let changelog = Changelog::new(&text);
        let body = changelog.unreleased().unwrap_or_else(|| "- New\n".to_owned());
        let written = with(&text, &body);
        let read = Changelog::new(&written).section_of(&step().current);
        prop_assert_eq!(read.as_deref(), Some(body.as_str()), "{:?}", written);
        // What is left without our heading is the text, where nothing was taken from Unreleased and no link was made.
        let has_unreleased = changelog.sections().iter().any(|section| is_unreleased(section.title));
        let (before, after) = written.split_once("## [0.5.0] - 2026-03-01").unwrap();
        let after = after.replace("\r\n", "\n");
        let rest = after.trim_start_matches('\n').strip_prefix(&body).unwrap();
        let outside = |text: &str| -> Vec<String> {
            let is_ours = |line: &&str| line.starts_with("[Unreleased]:") || line.starts_with("[0.5.0]:");
            text.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect()
        };
        let plain = text.replace("\r\n", "\n");
        let (kept, head) = (outside(&plain), outside(before.replace("\r\n", "\n").trim_end_matches('\n')));
        let rest = outside(rest.trim_start_matches('\n'));
        prop_assert!(kept.starts_with(&head) && kept.ends_with(&rest), "{:?} {:?}", text, written);
        if !has_unreleased {
            let filled = |lines: &[String]| lines.iter().filter(|line| !line.is_empty()).count();
            prop_assert_eq!(filled(&kept), filled(&head) + filled(&rest), "{:?} {:?}", text, written);
        }
    }
}
