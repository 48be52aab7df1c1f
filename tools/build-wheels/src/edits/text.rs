//! A TOML text that changes in places, and stays as it is between them.

use std::ops::Range;

use anyhow::Result;
use document::{Failure, ProjectPath};
use toml_edit::{Document, Item, TableLike, Value};

use super::Tables;

/// A text with the changes that will be made.
pub struct Text<'a> {
    text: &'a str,
    /// How long a byte order mark is: the places of values do not count it.
    offset: usize,
    root: &'a Item,
    inserts_at: Option<&'a Value>,
    changes: Vec<(Range<usize>, String)>,
}

/// A text as a TOML string.
pub fn string(text: &str) -> String {
    Value::from(text).to_string()
}

impl<'a> Text<'a> {
    /// Parses a TOML file and keeps the places of its values.
    pub fn parse<'t>(path: &ProjectPath, text: &'t str) -> Result<Document<&'t str>> {
        let toml = text.strip_prefix('\u{feff}').unwrap_or(text);
        Document::parse(toml).map_err(|wrong| {
            let line = wrong.span().map_or(1, |span| line(toml, span.start));
            let cause = wrong.message().lines().next().unwrap_or("no TOML").to_owned();
            Failure::new(format!("cannot read `{path}:{line}`: {cause}")).hint("mend the TOML there").into()
        })
    }

    /// A text without changes; new keys will stand behind the name.
    pub fn new(text: &'a str, root: &'a Item, tables: Tables<'a>) -> Self {
        let offset = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        let name = |table: Option<&'a dyn TableLike>| table?.get("name")?.as_value();
        let inserts_at = name(tables.project).or_else(|| name(tables.poetry));
        Self { text, offset, root, inserts_at, changes: Vec::new() }
    }

    /// A value as it is written.
    pub fn of(&self, value: &Value) -> &'a str {
        self.range(value.span()).and_then(|range| self.text.get(range)).unwrap_or_default()
    }

    /// The line of a place.
    pub fn place(&self, span: Option<Range<usize>>) -> usize {
        line(self.text, self.range(span).map_or(0, |range| range.start))
    }

    /// Replaces a value.
    pub fn replace(&mut self, value: &Value, new: &str) {
        if let Some(range) = self.range(value.span()) {
            self.splice(range, new);
        }
    }

    /// Replaces what stands in a place; lines end as those of the file do.
    pub fn splice(&mut self, range: Range<usize>, new: &str) {
        let new = new.replace("\r\n", "\n");
        self.changes.push((range, if self.text.contains("\r\n") { new.replace('\n', "\r\n") } else { new }));
    }

    /// The place of something, in bytes of the whole text.
    pub fn range(&self, span: Option<Range<usize>>) -> Option<Range<usize>> {
        span.map(|span| span.start + self.offset..span.end + self.offset)
    }

    /// The whole lines that a place is in, with the end of the last one.
    pub fn lines(&self, range: Range<usize>) -> Range<usize> {
        let start = self.text[..range.start].rfind('\n').map_or(self.offset, |at| at + 1);
        start..self.line_end(range.end)
    }

    /// Puts a key behind the line of the name; `None` where there is no name.
    pub fn insert(&mut self, tables: Tables, key: &str, value: &str) -> Option<()> {
        let name = self.range(self.inserts_at?.span())?;
        let is_project = tables.project.is_some_and(|project| project.contains_key("name"));
        let home = if is_project { self.root.get("project") } else { self.root.get("tool")?.get("poetry") };
        if home.is_some_and(Item::is_inline_table) {
            self.splice(name.end..name.end, &format!(", {key} = {value}"));
            return Some(());
        }
        let is_dotted = home.and_then(Item::as_table).is_some_and(toml_edit::Table::is_dotted);
        let prefix = match (is_dotted, is_project) {
            (false, _) => "",
            (true, true) => "project.",
            (true, false) => return None,
        };
        self.append(name.end, &format!("{prefix}{key} = {value}"));
        Some(())
    }

    /// Puts a line behind the line that a place is in.
    pub fn append(&mut self, at: usize, line: &str) {
        let end = self.line_end(at);
        let new = match self.text[..end].ends_with('\n') {
            true => format!("{line}\n"),
            false => format!("\n{line}"),
        };
        self.splice(end..end, &new);
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    /// The text with all changes.
    pub fn edited(mut self) -> String {
        // Keys that are put in the same place keep the order in which they came.
        self.changes.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut edited, mut at) = (String::with_capacity(self.text.len()), 0);
        for (range, new) in self.changes {
            edited.push_str(&self.text[at..range.start.max(at)]);
            edited.push_str(&new);
            at = range.end.max(at);
        }
        edited.push_str(&self.text[at..]);
        edited
    }
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
