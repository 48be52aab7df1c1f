//! A table of a tool's settings, from TOML or INI: each key with its text, its list and its line.

use std::collections::BTreeMap;

use anyhow::Result;
use document::ProjectPath;
use toml_edit::{Document, Item, TableLike, Value};

use crate::spots::parse_toml;
use crate::toml_text;

/// A table, with the place where it starts.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) entries: BTreeMap<String, Entry>,
}

/// The value of a key: as one text, and as a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) items: Vec<String>,
    pub(super) line: usize,
}

impl Table {
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(|entry| entry.text.as_str())
    }

    pub(super) fn items(&self, key: &str) -> &[String] {
        self.entries.get(key).map_or(&[], |entry| entry.items.as_slice())
    }

    /// Says whether a switch is on, as Python's tools read it.
    pub(super) fn is_on(&self, key: &str) -> bool {
        self.text(key)
            .is_some_and(|text| ["true", "yes", "on", "1"].contains(&text.to_ascii_lowercase().as_str()))
    }

    /// The place of a key, or that of the table, with the key: `` `.bumpversion.cfg:3` (`tag_name`)``.
    pub(super) fn place(&self, key: &str) -> String {
        let line = self.entries.get(key).map_or(self.line, |entry| entry.line);
        format!("`{}:{line}` (`{key}`)", self.file)
    }

    /// Says whether a key has a value that is not empty.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|entry| !entry.text.is_empty() || !entry.items.is_empty())
    }
}

/// A TOML file, in which the tables know their lines.
pub(super) struct TomlFile<'a> {
    file: &'a ProjectPath,
    text: &'a str,
    document: Document<&'a str>,
}

impl<'a> TomlFile<'a> {
    pub(super) fn parse(file: &'a ProjectPath, text: &'a str) -> Result<Self> {
        Ok(Self { file, text, document: parse_toml(file, text)? })
    }

    /// The table at a path of keys.
    pub(super) fn table(&self, path: &[&str]) -> Option<Table> {
        self.item(path)
            .and_then(Item::as_table_like)
            .map(|table| self.read(table, self.item(path).and_then(Item::span)))
    }

    /// Each table of a list of tables, written in either way.
    pub(super) fn tables(&self, path: &[&str]) -> Vec<Table> {
        match self.item(path) {
            Some(Item::ArrayOfTables(tables)) => {
                tables.iter().map(|table| self.read(table, table.span())).collect()
            }
            Some(Item::Value(Value::Array(array))) => {
                let tables = array.iter().filter_map(|value| Some((value.as_inline_table()?, value.span())));
                tables.map(|(table, span)| self.read(table, span)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The tables below a path, with their keys.
    pub(super) fn named_tables(&self, path: &[&str]) -> BTreeMap<String, Table> {
        let Some(below) = self.item(path).and_then(Item::as_table_like) else { return BTreeMap::new() };
        let tables = below
            .iter()
            .filter_map(|(key, item)| Some((key.to_owned(), self.read(item.as_table_like()?, item.span()))));
        tables.collect()
    }

    fn item(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self.document.as_item(), |item, key| item.get(key))
    }

    fn line(&self, span: Option<std::ops::Range<usize>>) -> usize {
        span.map_or(1, |span| toml_text::place(self.text, span.start).line)
    }

    fn read(&self, table: &dyn TableLike, span: Option<std::ops::Range<usize>>) -> Table {
        let entries = table.iter().filter_map(|(key, item)| {
            let value = item.as_value()?;
            let items = match value {
                Value::Array(array) => array.iter().map(written).collect(),
                value => vec![written(value)],
            };
            let text = if value.is_array() { items.join("\n") } else { written(value) };
            Some((key.to_owned(), Entry { text, items, line: self.line(value.span()) }))
        });
        Table { file: self.file.to_string(), line: self.line(span), entries: entries.collect() }
    }
}

/// A value as a tool would print it.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string().trim().to_owned(), str::to_owned)
}
