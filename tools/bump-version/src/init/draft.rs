//! The text of a release.toml as it grows: tables that hold something, each key with its reason above.

use std::fmt::Write as _;

use project::ChangelogSection;
use toml_edit::Value;

/// A text in the making.
#[derive(Debug, Default)]
pub struct Draft {
    text: String,
    /// The heading of a table that holds nothing yet.
    heading: Option<String>,
}

impl Draft {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a table, which is written with its first key.
    pub fn table(&mut self, heading: &str) {
        self.heading = Some(heading.to_owned());
    }

    /// Writes a comment; within a table that holds nothing yet it stands above the table.
    pub fn comment(&mut self, text: &str) {
        for line in text.lines() {
            // TOML has no control characters in comments.
            let clean: String =
                line.chars().filter(|c| (!c.is_control() || *c == '\t') && *c != '\u{feff}').collect();
            self.push(&format!("# {clean}"));
        }
    }

    /// Writes an empty line.
    pub fn gap(&mut self) {
        self.heading = None;
        self.push("");
    }

    /// Writes a key with a text, below the reason for it.
    pub fn key(&mut self, why: &str, key: &str, value: &str) {
        self.open();
        self.comment(why);
        self.same(key, value);
    }

    /// Writes a key with a text, for the same reason as the one before.
    pub fn same(&mut self, key: &str, value: &str) {
        self.open();
        self.push(&format!("{key} = {}", quoted(value)));
    }

    /// Writes a number for the same reason as the key before.
    pub fn number(&mut self, key: &str, value: usize) {
        self.push(&format!("{key} = {value}"));
    }

    /// Switches something on, for a reason.
    pub fn flag(&mut self, why: &str, key: &str) {
        self.open();
        self.comment(why);
        self.switch(key);
    }

    /// Switches something on, for the same reason as the key before.
    pub fn switch(&mut self, key: &str) {
        self.push(&format!("{key} = true"));
    }

    /// Writes a key with a small table.
    pub fn map(&mut self, why: &str, key: &str, pairs: &[(&str, &str)]) {
        self.open();
        self.comment(why);
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{key} = {}", quoted(value))).collect();
        self.push(&format!("{key} = {{ {} }}", pairs.join(", ")));
    }

    /// Writes the sections of a changelog.
    pub fn sections(&mut self, why: &str, sections: &[ChangelogSection]) {
        self.open();
        self.comment(why);
        self.push("sections = [");
        for ChangelogSection { kind, section, hidden } in sections {
            let hidden = if *hidden { ", hidden = true" } else { "" };
            self.push(&format!("    {{ type = {}, section = {}{hidden} }},", quoted(kind), quoted(section)));
        }
        self.push("]");
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    fn open(&mut self) {
        if let Some(heading) = self.heading.take() {
            let gap = if self.text.is_empty() { "" } else { "\n" };
            // Writing to a text cannot fail.
            let _ = writeln!(self.text, "{gap}{heading}");
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().trim().to_owned()
}
