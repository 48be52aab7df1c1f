//! What a written section says: whether it is what the notes are, and its date.

use document::Version;

use super::{Changelog, Syntax, markdown, rst};

/// What git writes above, between and below two sides of a conflict. A line of `=` alone may underline a title.
const MARKERS: [&str; 3] = ["<<<<<<< ", "||||||| ", ">>>>>>> "];

impl Changelog<'_> {
    /// Says whether the section of a version says the same as notes in Markdown; `None` where there is no section.
    pub fn says(&self, version: &Version, notes: &str) -> Option<bool> {
        let section = self.sections().into_iter().find(|section| section.is_of(version))?;
        let body = self.body(&section);
        let is_same = |body: &str| body.trim() == notes.trim();
        // What is written in one language and read in the other may come back in other words.
        let as_written = || rst::from_markdown(notes, rst::group_mark(self.text));
        let is_written =
            || self.syntax == Syntax::Rst && markdown::normal(&as_written()) == self.raw(&section);
        Some(is_same(&body) || is_same(&self.complete(body.clone())) || is_written())
    }

    /// The date in the heading of a version's section, or in the line below it that says when it was released.
    pub fn date_of(&self, version: &Version) -> Option<&str> {
        let section = self.sections().into_iter().find(|section| section.is_of(version))?;
        let lines = std::iter::once(section.title).chain(section.status);
        let mut words = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '-'));
        words.find(|word| project::is_date(word))
    }

    /// The line of the first marker that an unfinished merge has left, counted from 1.
    pub fn conflict(&self) -> Option<usize> {
        let is_marker = |line: &str| MARKERS.iter().any(|marker| line.starts_with(marker));
        self.text.lines().position(is_marker).map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn knows_the_date_of_a_section_in_each_form() {
        for (text, syntax, date) in [
            ("# C\n\n## [1.3.0] - 2026-03-01\n\n- A\n", Syntax::Markdown, Some("2026-03-01")),
            (
                "## [1.3.0](https://h/o/r/compare/v1.2.3...v1.3.0) (2026-03-01)\n",
                Syntax::Markdown,
                Some("2026-03-01"),
            ),
            ("## 1.3.0\r\n\r\nReleased 2026-03-01\r\n\r\n- A\r\n", Syntax::Markdown, Some("2026-03-01")),
            ("1.3.0 (2026-03-01)\n------------------\n\n- A\n", Syntax::Rst, Some("2026-03-01")),
            ("## 1.3.0\n\n- A\n", Syntax::Markdown, None),
            ("## 1.3.0 (2026-13-01)\n\n- A of 2026-03-01\n", Syntax::Markdown, None),
        ] {
            assert_eq!(Changelog::new(text, syntax).date_of(&version("1.3.0")), date, "{text}");
        }
    }

    #[test]
    fn a_section_says_what_it_says() {
        let text = "\u{feff}# C\r\n\r\n## 1.3.0\r\n\r\n### Added\r\n\r\n- See [a]\r\n\r\n[a]: https://h\r\n";
        let changelog = Changelog::new(text, Syntax::Markdown);
        assert_eq!(
            changelog.says(&version("1.3.0"), "### Added\n\n- See [a]\n\n[a]: https://h\n"),
            Some(true)
        );
        assert_eq!(changelog.says(&version("1.3.0"), "### Added\n\n- See it\n"), Some(false));
        assert_eq!(changelog.says(&version("1.4.0"), ""), None);
        let text = "1.3.0\n-----\n\n- See ``a``\n";
        let changelog = Changelog::new(text, Syntax::Rst);
        assert_eq!(changelog.says(&version("1.3.0"), "- See `a`\n"), Some(true));
        assert_eq!(changelog.says(&version("1.3.0"), "- See `b`\n"), Some(false));
    }

    #[test]
    fn finds_what_a_merge_has_left_and_no_underline() {
        let conflict = |text| Changelog::new(text, Syntax::Rst).conflict();
        assert_eq!(conflict("Changes\n=======\n\n- A\n"), None);
        assert_eq!(conflict("# C\r\n<<<<<<< HEAD\r\n- A\r\n=======\r\n- B\r\n>>>>>>> b\r\n"), Some(2));
    }
}
