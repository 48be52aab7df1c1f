//! What holds for any changelog file: the section comes in, and what stands outside of it stays.

use super::tests::{step, with};
use super::*;
use proptest::prelude::*;

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
        let changelog = Changelog::new(&text, Syntax::Markdown);
        // A section that waits for its release keeps its own heading.
        prop_assume!(changelog.sections().iter().all(|section| section.kind() != Title::Pending));
        let body = changelog.unreleased().unwrap_or_else(|| "- New\n".to_owned());
        let written = with(&text, &body);
        let read = Changelog::new(&written, Syntax::Markdown).section_of(&step().current);
        prop_assert_eq!(read.as_deref(), Some(body.as_str()), "{:?}", written);
        // What is left without our heading is the text, where nothing was taken from Unreleased and no link was made.
        let has_unreleased = changelog.sections().iter().any(|section| Title::read(section.title).is_open());
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
        // Comments that stay below Unreleased may have stood among its entries.
        let open = changelog.open(&changelog.sections()).map(|section| changelog.raw(&section));
        let is_mixed = open.is_some_and(|open| {
            let templates = markdown::templates(&open);
            !templates.is_empty() && templates != open
        });
        prop_assert!((is_mixed || kept.starts_with(&head)) && kept.ends_with(&rest), "{:?} {:?}", text, written);
        if !has_unreleased {
            let filled = |lines: &[String]| lines.iter().filter(|line| !line.is_empty()).count();
            prop_assert_eq!(filled(&kept), filled(&head) + filled(&rest), "{:?} {:?}", text, written);
        }
    }

    #[test]
    fn any_text_gets_a_section_in_either_language(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("Changes"), Just("======="), Just("# 0.4.1"), Just("0.5.0 (unreleased)"), Just("-------"), Just("## Next"),
                Just("0.4.1 (2026-01-01)"), Just("~~~"), Just("* ``entry`` `a <b>`_"), Just(""), Just("  indented"), Just(".. note::"),
                Just("## [0.4.2] - Unreleased"), Just("- Nothing changed yet."), Just("é *日本"), Just("\u{feff}"), Just("+---+"), Just("<a id=x></a>"), Just(".. _x:"), Just("### [0.4.0](u)"),
            ],
            0..14,
        ),
        ends in prop::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")], 14),
        odd in "\\PC{0,12}",
    ) {
        let mut text: String = pieces.iter().zip(&ends).map(|(piece, end)| format!("{piece}{end}")).collect();
        text.push_str(&odd);
        for syntax in [Syntax::Markdown, Syntax::Rst] {
            let changelog = Changelog::new(&text, syntax);
            let open = changelog.unreleased();
            let body = open.clone().unwrap_or_else(|| "- New\n".to_owned());
            let written = changelog.with(&step(), &body, ChangelogStyle::Conventional, None);
            let again = Changelog::new(&written, syntax);
            if open.is_none() {
                prop_assert_eq!(again.section_of(&step().current), Some(body), "{:?}", written);
            } else {
                prop_assert!(again.section_of(&step().current).is_some(), "{:?}", written);
            }
            let step = step();
            let missing = [(&step, "- New\n")];
            let missing = if changelog.has(&step.current) { &[] } else { &missing[..] };
            let rebuilt = changelog.with_missing(missing, ChangelogStyle::Conventional, None);
            prop_assert!(Changelog::new(&rebuilt, syntax).has(&step.current), "{:?}", rebuilt);
            for section in changelog.sections() {
                let kept = text[section.start..section.end].trim_end();
                prop_assert!(rebuilt.contains(kept), "{:?} {:?}", kept, rebuilt);
            }
            // Every other section is where it was, word for word.
            for section in changelog.sections().iter().filter(|section| !Title::read(section.title).is_open()) {
                let kept = text[section.start..section.end].trim_end();
                prop_assert!(written.contains(kept), "{:?} {:?}", kept, written);
            }
        }
    }
}
