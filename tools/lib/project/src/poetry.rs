//! Poetry: requirements in its own tables, and poetry.lock with its content hash.

use std::fmt::Write;
use std::ops::Range;

use anyhow::Result;
use document::{PackageName, ProjectPath};
use toml_edit::{Item, TableLike, Value};

use crate::files::sha256;
use crate::find::ProjectPackage;
use crate::locks::{locked, own_entries};
use crate::places::{Place, Spot};
use crate::requirement;
use crate::seal::{Seal, SealKind};
use crate::spots::{inner, parse_toml, without_bom};

/// What a content hash is over: newer releases of Poetry read more.
const HASHES: [SealKind; 3] = [SealKind::Poetry, SealKind::PoetryWithoutGroups, SealKind::PoetryTables];

/// The places of a pin in Poetry's tables of a pyproject.toml.
pub(crate) fn pins(text: &str, root: &Item, offset: usize, pin: (&PackageName, &String)) -> Vec<Spot> {
    let poetry = root.get("tool").and_then(|tool| tool.get("poetry"));
    let groups = poetry.and_then(|poetry| poetry.get("group")).and_then(Item::as_table_like);
    let of_groups = groups.into_iter().flat_map(TableLike::iter).map(|(_, group)| group.get("dependencies"));
    let own = ["dependencies", "dev-dependencies"].map(|table| poetry.and_then(|poetry| poetry.get(table)));
    let tables = own.into_iter().chain(of_groups).flatten().filter_map(Item::as_table_like);
    tables.flat_map(|table| table_pins(text, table, offset, pin)).collect()
}

/// The entries of the project's packages in poetry.lock, and its pins as the lock repeats them.
pub(crate) fn poetry_lock(packages: &[ProjectPackage], path: &ProjectPath, text: &str) -> Result<Vec<Spot>> {
    let toml = parse_toml(path, text)?;
    let offset = text.len() - without_bom(text).len();
    let mut spots = Vec::new();
    let is_own = |source: &Item| source.get("type").and_then(Item::as_str) == Some("directory");
    for (entry, package) in own_entries(packages, toml.as_item(), is_own) {
        spots.extend(locked(text, entry, offset, package));
        if let Some(table) = entry.get("dependencies").and_then(Item::as_table_like) {
            spots.extend(package.pins.iter().flat_map(|pin| table_pins(text, table, offset, pin)));
        }
    }
    Ok(spots)
}

/// The content hash of a poetry.lock; `None` where it is not that of the pyproject.toml.
pub(crate) fn content_hash(
    path: &ProjectPath,
    lock: &str,
    manifest: (&ProjectPath, &str),
) -> Result<Option<Seal>> {
    let toml = parse_toml(path, lock)?;
    let offset = lock.len() - without_bom(lock).len();
    let hash =
        toml.get("metadata").and_then(|metadata| metadata.get("content-hash")).and_then(Item::as_value);
    let Some(range) = hash.and_then(|value| inner(lock, value, offset)) else { return Ok(None) };
    let seal = |kind| Seal { range: range.clone(), kind, manifest: manifest.0.clone() };
    let is_right = |seal: &Seal| seal.digest(manifest.1, lock).as_deref() == Some(&lock[range.clone()]);
    Ok(HASHES.into_iter().map(seal).find(is_right))
}

/// The hash over what concerns dependencies in a pyproject.toml; `None` where Poetry could not make one.
pub(crate) fn content_digest(kind: SealKind, manifest: &str) -> Option<String> {
    let toml = parse_toml(&"pyproject.toml".parse().ok()?, manifest).ok()?;
    let root = toml.as_item();
    let table =
        |path: &[&str]| path.iter().try_fold(root, |item, key| item.get(key)).and_then(Item::as_table_like);
    let reads_project = kind != SealKind::PoetryTables;
    let project = table(&["project"]).filter(|_| reads_project);
    let project = entries(project, &["requires-python", "dependencies", "optional-dependencies"], false)?;
    let groups =
        table(&["dependency-groups"]).filter(|groups| kind == SealKind::Poetry && !groups.is_empty());
    let is_standard = !project.is_empty() || groups.is_some();
    let poetry = table(&["tool", "poetry"]);
    // Before [project] there was no other table: the keys stood alone, and those that are missing counted.
    let mut own = entries(poetry, &["dependencies", "source", "extras", "dev-dependencies"], !is_standard)?;
    own.extend(entries(poetry, &["group"], false)?);
    let content = if is_standard {
        let mut all = vec![("tool".to_owned(), object(vec![("poetry".to_owned(), object(own))]))];
        if !project.is_empty() {
            all.push(("project".to_owned(), object(project)));
        }
        if let Some(groups) = groups {
            all.push(("dependency-groups".to_owned(), table_json(groups)?));
        }
        object(all)
    } else {
        object(own)
    };
    Some(sha256(content.as_bytes()).to_string())
}

fn entries(
    table: Option<&dyn TableLike>,
    keys: &[&str],
    with_missing: bool,
) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for key in keys {
        match table.and_then(|table| table.get(key)) {
            Some(item) => found.push(((*key).to_owned(), json(item)?)),
            None if with_missing => found.push(((*key).to_owned(), "null".to_owned())),
            None => {}
        }
    }
    Some(found)
}

/// JSON as Python's `json.dumps(…, sort_keys=True)` writes it.
fn json(item: &Item) -> Option<String> {
    match item {
        Item::Value(value) => value_json(value),
        Item::Table(table) => table_json(table),
        Item::ArrayOfTables(tables) => list(tables.iter().map(|table| table_json(table))),
        Item::None => None,
    }
}

fn value_json(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(string(text.value())),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(format!("{:?}", number.value())),
        Value::Boolean(flag) => Some(flag.value().to_string()),
        Value::Datetime(_) => None,
        Value::Array(array) => list(array.iter().map(value_json)),
        Value::InlineTable(table) => table_json(table),
    }
}

fn table_json(table: &dyn TableLike) -> Option<String> {
    let pairs = table.iter().map(|(key, item)| Some((key.to_owned(), json(item)?)));
    Some(object(pairs.collect::<Option<_>>()?))
}

fn object(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{}: {value}", string(key))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn list(elements: impl Iterator<Item = Option<String>>) -> Option<String> {
    Some(format!("[{}]", elements.collect::<Option<Vec<_>>>()?.join(", ")))
}

/// A string with nothing but ASCII in it.
fn string(text: &str) -> String {
    let mut written = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok('"') => written.push_str("\\\""),
            Ok('\\') => written.push_str("\\\\"),
            Ok('\n') => written.push_str("\\n"),
            Ok('\r') => written.push_str("\\r"),
            Ok('\t') => written.push_str("\\t"),
            Ok('\u{8}') => written.push_str("\\b"),
            Ok('\u{c}') => written.push_str("\\f"),
            Ok(c) if c.is_ascii() && c >= ' ' => written.push(c),
            _ => {
                // Writing into a string cannot fail.
                let _ = write!(written, "\\u{unit:04x}");
            }
        }
    }
    written.push('"');
    written
}

/// The places of a pin in one table of dependencies: `name = "^1.2.3"`, `name = { version = "…" }`, or a list of both.
fn table_pins(text: &str, table: &dyn TableLike, offset: usize, pin: (&PackageName, &String)) -> Vec<Spot> {
    let (name, operator) = pin;
    let is_name = |key: &str| PackageName::normalise(key).is_ok_and(|key| key == *name);
    let items = table.iter().filter(|(key, _)| is_name(key)).map(|(_, item)| item);
    let mut ranges = Vec::new();
    for item in items {
        match item.as_array() {
            Some(list) => list.iter().for_each(|value| {
                let version = value.as_inline_table().and_then(|table| table.get("version"));
                ranges.extend(pinned(text, version.unwrap_or(value), offset, operator));
            }),
            None => {
                let version = item.as_table_like().and_then(|table| table.get("version")).unwrap_or(item);
                ranges.extend(version.as_value().and_then(|value| pinned(text, value, offset, operator)));
            }
        }
    }
    let place = |range| Spot {
        range,
        place: Place::Pin(name.clone(), operator.clone()),
        package: None,
        is_plain: false,
    };
    ranges.into_iter().map(place).collect()
}

/// The version behind the operator; Poetry reads a bare version as one behind `==`.
fn pinned(text: &str, value: &Value, offset: usize, operator: &str) -> Option<Range<usize>> {
    let range = inner(text, value, offset)?;
    let written = &text[range.clone()];
    if operator == "==" && written.starts_with(|c: char| c.is_ascii_digit()) {
        return (!written.contains([',', '|', ' ', '*'])).then_some(range);
    }
    let version = requirement::pinned(&format!("x{written}"), operator)?;
    Some(range.start + version.start - 1..range.start + version.end - 1)
}

#[cfg(test)]
#[path = "poetry_tests.rs"]
mod tests;
