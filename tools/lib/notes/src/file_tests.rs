//! Tests of the changelog file.

use super::*;
use document::Level;

const KEEP: &str = "# Changelog\n\nIntro.\n\n## [Unreleased]\n\n### Added\n\n- New\n\n### Fixed\n\n## [0.4.1] - 2026-01-01\n\n- Old\n\n\
    [Unreleased]: https://h/o/r/compare/v0.4.1...HEAD\n[0.4.1]: https://h/o/r/compare/v0.4.0...v0.4.1\n";

pub(super) fn step() -> VersionStep {
    VersionStep {
        previous: Some("0.4.1".parse().unwrap()),
        previous_tag: Some("v0.4.1".to_owned()),
        current: "0.5.0".parse().unwrap(),
        tag: "v0.5.0".to_owned(),
        level: Level::Minor,
        date: "2026-03-01".to_owned(),
    }
}

fn markdown(text: &str) -> Changelog<'_> {
    Changelog::new(text, Syntax::Markdown)
}

fn with_rst(text: &str, body: &str) -> String {
    Changelog::new(text, Syntax::Rst).with(&step(), body, ChangelogStyle::KeepAChangelog, None)
}

pub(super) fn with(text: &str, body: &str) -> String {
    Changelog::new(text, Syntax::Markdown).with(&step(), body, ChangelogStyle::KeepAChangelog, None)
}

#[test]
fn unreleased_becomes_the_section_and_empty_groups_go() {
    let body = Changelog::new(KEEP, Syntax::Markdown).unreleased().unwrap();
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
        assert_eq!(
            Changelog::new(&written, Syntax::Markdown).section_of(&step().current).as_deref(),
            Some(body),
            "{written}"
        );
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
    assert!(Changelog::new(text, Syntax::Markdown).unreleased().unwrap().contains("## [0.1.0]"));
    assert_eq!(Changelog::new(text, Syntax::Markdown).section_of(&"0.1.0".parse().unwrap()), None);
}

#[test]
fn conventional_headings_carry_the_compare_link() {
    let written = Changelog::new("# Changelog\n", Syntax::Markdown).with(
        &step(),
        "x\n",
        ChangelogStyle::Conventional,
        Some("https://h/o/r"),
    );
    assert_eq!(
        written,
        "# Changelog\n\n## [0.5.0](https://h/o/r/compare/v0.4.1...v0.5.0) (2026-03-01)\n\n\nx\n"
    );
    assert_eq!(
        Changelog::new(&written, Syntax::Markdown).section_of(&step().current).as_deref(),
        Some("x\n")
    );
}

#[test]
fn an_empty_unreleased_says_nothing() {
    assert_eq!(
        Changelog::new("# C\n\n## [Unreleased]\n\n### Added\n\n", Syntax::Markdown).unreleased(),
        None
    );
    assert_eq!(Changelog::new("# C\n", Syntax::Markdown).unreleased(), None);
}

#[test]
fn comments_that_say_what_to_write_stay_below_unreleased() {
    let hints = "<!-- all -->\n\n### Highlights\n\n<!-- big\nchanges -->\n";
    let file = |entries: &str| format!("# Changes\n\n## Unreleased\n\n{hints}{entries}\n## 0.4.1\n\n- Old\n");
    assert_eq!(markdown(&file("")).unreleased(), None);
    let section = "## [0.5.0] - 2026-03-01\n\n- New\n";
    let released = |section: &str| file("").replace("## 0.4.1", &format!("{section}\n## 0.4.1"));
    assert_eq!(with(&file(""), "- New\n"), released(section));
    let text = file("\n### Style\n\n<!-- how -->\n\n- New <!-- ? -->\n");
    let body = markdown(&text).unreleased().unwrap();
    assert_eq!(body, "### Style\n\n<!-- how -->\n\n- New <!-- ? -->\n");
    assert_eq!(with(&text, &body), released(&format!("## [0.5.0] - 2026-03-01\n\n{body}")));
}

#[test]
fn underlined_titles_are_sections() {
    let text = "Changelog\n=========\n\nUnreleased\n----------\n\n- New\n\n0.4.1 (2026-01-01)\n---\n\n- Old\n\ntable\n---\n";
    let changelog = Changelog::new(text, Syntax::Markdown);
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

#[test]
fn releases_may_be_headings_of_the_first_level() {
    let text = "# Changelog\n\n# 0.4.1 (2026-01-01)\n\n## Notes\n\n- Old\n";
    assert_eq!(
        with(text, "- New\n"),
        "# Changelog\n\n# [0.5.0] - 2026-03-01\n\n- New\n\n# 0.4.1 (2026-01-01)\n\n## Notes\n\n- Old\n"
    );
    let old = markdown(text).section_of(&"0.4.1".parse().unwrap());
    assert_eq!(old.as_deref(), Some("## Notes\n\n- Old\n"));
    let mixed = "# [0.4.0](url) (2025-02-01)\n\n- A\n\n### [0.3.1](url) (2025-01-01)\n\n- B\n\n## 0.3.0\n\n### 1.0 is near\n";
    for (version, body) in [("0.4.0", "- A\n"), ("0.3.1", "- B\n"), ("0.3.0", "### 1.0 is near\n")] {
        assert_eq!(markdown(mixed).section_of(&version.parse().unwrap()).as_deref(), Some(body));
    }
    let titled = "# 2.0 release notes\n\n## 0.4.1\n";
    assert!(with(titled, "- New\n").starts_with("# 2.0 release notes\n\n## [0.5.0]"));
}

#[test]
fn the_next_release_has_many_names() {
    for title in ["Next release", "Upcoming", "HEAD", "main", "(unreleased)", "Unreleased changes"] {
        let text = format!("# C\n\n## {title}\n\n- New\n\n## 0.4.1\n");
        assert_eq!(markdown(&text).unreleased().as_deref(), Some("- New\n"), "{title}");
        let written = with(&text, "- New\n");
        assert_eq!(written, format!("# C\n\n## {title}\n\n## [0.5.0] - 2026-03-01\n\n- New\n\n## 0.4.1\n"));
    }
}

#[test]
fn a_section_that_waits_for_its_release_gets_the_date() {
    let text = "Changes\n=======\n\n0.5.0 (unreleased)\n------------------\n\n- New\n\n\n0.4.1 (2026-01-01)\n------------------\n";
    assert_eq!(markdown(text).section_of(&step().current), None);
    let body = markdown(text).unreleased().unwrap();
    let expected = "Changes\n=======\n\n0.5.0 (2026-03-01)\n------------------\n\n- New\n\n0.4.1 (2026-01-01)\n------------------\n";
    assert_eq!(with(text, &body), expected);
    assert_eq!(
        with("# C\n\n## [0.4.2] - Unreleased\n\n- Nothing changed yet.\n", "- New\n"),
        "# C\n\n## [0.5.0] - 2026-03-01\n\n- New\n"
    );
    assert_eq!(markdown("## 1.0 (unreleased)\n\n- Nothing changed yet.\n").unreleased(), None);
}

#[test]
fn the_date_may_stand_below_the_title() {
    let text = "Version 0.5.0\n-------------\n\nUnreleased\n\n-   New. :pr:`1`\n\n\nVersion 0.4.1\n-------------\n\nReleased 2026-01-01\n\n-   Old\n";
    let read = Changelog::new(text, Syntax::Rst);
    assert_eq!(read.section_of(&step().current), None);
    let body = read.unreleased().unwrap();
    assert_eq!(body, "-   New. :pr:`1`\n");
    let written = read.with(&step(), &body, ChangelogStyle::KeepAChangelog, None);
    assert_eq!(written, text.replace("Unreleased", "Released 2026-03-01").replace("\n\n\n", "\n\n"));
    assert_eq!(read.read(&written).section_of(&step().current), Some(body));
    let markdown = "## 0.4.9\n\n*Unreleased*\n\n- New\n";
    assert_eq!(with(markdown, "- New\n"), "## 0.5.0\n\nReleased 2026-03-01\n\n- New\n");
}

#[test]
fn restructured_text_keeps_its_titles() {
    let text = "=======\nHistory\n=======\n\n0.4.1 (2026-01-01)\n------------------\n\n* Old ``code``\n\nFixes\n~~~~~\n\n* `a <b>`_\n";
    let body = "### Added\n\n- **io:** see [#1](u/1) and `x_y` of a_ or *b*\n";
    let written = Changelog::new(text, Syntax::Rst).with(&step(), body, ChangelogStyle::KeepAChangelog, None);
    let section = "0.5.0 (2026-03-01)\n------------------\n\nAdded\n~~~~~\n\n\
         - **io:** see `#1 <u/1>`__ and ``x_y`` of a\\_ or \\*b\\*\n\n";
    assert_eq!(written, text.replace("0.4.1 (", &format!("{section}0.4.1 (")));
    let read = Changelog::new(&written, Syntax::Rst);
    assert_eq!(read.section_of(&step().current).as_deref(), Some(body));
    let old = read.section_of(&"0.4.1".parse().unwrap());
    assert_eq!(old.as_deref(), Some("* Old `code`\n\n### Fixes\n\n* [a](b)\n"));
}

#[test]
fn groups_of_restructured_text_are_marked_as_those_of_the_releases_below() {
    let text =
        "=\nX\n=\n\n.. start\n\nx 0.4.1 (2026-01-01)\n====================\n\nBugfixes\n--------\n\n- y\n";
    let section = "0.5.0 (2026-03-01)\n==================\n\nAdded\n-----\n\n- New\n\n";
    let expected = text.replace("x 0.4.1", &format!("{section}x 0.4.1"));
    assert_eq!(with_rst(text, "### Added\n\n- New\n"), expected);
}

#[test]
fn the_underline_of_a_title_is_not_the_line_above_the_next() {
    let text = "Changes\n=======\n0.4.1\n=====\n\n* Old\n";
    let section = "0.5.0 (2026-03-01)\n==================\n\n- New\n\n";
    assert_eq!(with_rst(text, "- New\n"), text.replace("0.4.1", &format!("{section}0.4.1")));
    let too_short = "0.4.10\n---\n0.4.1\n-----\n\n* Old\n";
    let written = with_rst(too_short, "- New\n");
    assert!(written.starts_with(too_short), "{written}");
}

#[test]
fn an_unreleased_section_of_restructured_text_keeps_its_words() {
    let text = "Changes\r\n=======\r\n\r\n0.5.0 (unreleased)\r\n==================\r\n\r\n* Use :func:`x` and |y|\r\n";
    let read = Changelog::new(text, Syntax::of("CHANGES", text));
    let body = read.unreleased().unwrap();
    let written = read.with(&step(), &body, ChangelogStyle::KeepAChangelog, None);
    assert_eq!(written, text.replace("unreleased", "2026-03-01"));
    assert_eq!(with_rst("", "- New\n"), "0.5.0 (2026-03-01)\n------------------\n\n- New\n");
}

#[test]
fn an_anchor_stays_with_its_heading() {
    let text = "# C\n\n## [Unreleased]\n\n- New\n\n<a name=\"0.4.1\"></a>\n## 0.4.1\n";
    assert_eq!(markdown(text).unreleased().as_deref(), Some("- New\n"));
    let expected = text.replace("- New", "## [0.5.0] - 2026-03-01\n\n- New");
    assert_eq!(with(text, "- New\n"), expected);
    let text = "News\n====\n\n.. _v0.4.1:\n\n0.4.1\n-----\n\n* Old\n";
    let expected = text.replace(".. _", "0.5.0 (2026-03-01)\n------------------\n\n- New\n\n.. _");
    assert_eq!(with_rst(text, "- New\n"), expected);
}

#[test]
fn an_anchor_above_an_empty_group_stays_with_the_entries() {
    let text = "# C\n\n## [Unreleased]\n\n- New\n\n<a id=\"new\"></a>\n\n### Fixed\n\n## 0.4.1\n";
    let body = markdown(text).unreleased().unwrap();
    let written = with(text, &body);
    assert_eq!(markdown(&written).section_of(&step().current), Some(body), "{written}");
    let text = "1.0 (unreleased)\n----------------\n\n* New\n\n.. _new:\n\nFixed\n~~~~~\n\n0.4.1\n-----\n";
    let body = Changelog::new(text, Syntax::Rst).unreleased().unwrap();
    let expected = text
        .replace("1.0 (unreleased)", "0.5.0 (2026-03-01)")
        .replace("\n----------------\n", "\n------------------\n");
    assert_eq!(with_rst(text, &body), expected);
}

#[test]
fn a_byte_order_mark_among_the_entries_stays() {
    let text = "# C\n\n## [Unreleased]\n\n\u{feff}\n- New\n";
    let body = markdown(text).unreleased();
    assert_eq!(body.as_deref(), Some("\u{feff}\n- New\n"));
    assert_eq!(markdown(&with(text, "\u{feff}\n- New\n")).section_of(&step().current), body);
}

#[test]
fn the_language_of_a_file_is_told_by_its_name_or_its_text() {
    for (path, text, syntax) in [
        ("CHANGES.rst", "# x\n", Syntax::Rst),
        ("docs/NEWS.MD", "x\n=\n", Syntax::Markdown),
        ("NEWS", "## 1.0\n", Syntax::Markdown),
        ("CHANGES.txt", "1.0\n---\n", Syntax::Rst),
        ("NEWS", "", Syntax::Markdown),
    ] {
        assert_eq!(Syntax::of(path, text), syntax, "{path}");
    }
}
