//! Dependencies in Poetry's own table, where each is a key.

use document::Failure;
use project::ListEdits;
use toml_edit::TableLike;

use super::text::{self, Text};
use super::{Edit, lists};

/// Edits `[tool.poetry.dependencies]`; requirements are given as elsewhere (PEP 508).
pub fn edit(edit: &Edit, text: &mut Text, poetry: &dyn TableLike, edits: &ListEdits) -> Result<(), Failure> {
    let Some(table) = poetry.get("dependencies").and_then(|table| table.as_table_like()) else {
        return Ok(());
    };
    let place = |entry: &str| {
        let wanted = project::requirement_name(entry)?;
        let (_, key, item) = lists::names(table).find(|(name, ..)| *name == wanted)?;
        let (key, _) = table.get_key_value(key)?;
        let (start, end) = (text.range(key.span())?.start, text.range(item.as_value()?.span())?.end);
        Some(start..end)
    };
    let missing = |entry: &str| edit.missing(entry, "dependencies", edit.path.as_str());
    let mut changes = Vec::new();
    for entry in &edits.drop {
        changes.push((text.lines(place(entry).ok_or_else(|| missing(entry))?), String::new()));
    }
    for (entry, new) in &edits.replace {
        changes.push((place(entry).ok_or_else(|| missing(entry))?, line(new)));
    }
    let ends =
        table.iter().filter_map(|(_, item)| text.range(item.as_value()?.span())).map(|range| range.end);
    let last = ends.max();
    changes.into_iter().for_each(|(range, new)| text.splice(range, &new));
    for entry in &edits.add {
        let Some(last) = last else { return Err(missing(entry)) };
        text.append(last, &line(entry));
    }
    Ok(())
}

/// A requirement as Poetry writes it: `name = ">=1"`, or a table where it has more than a version.
fn line(requirement: &str) -> String {
    let (requirement, marker) = match requirement.split_once(';') {
        Some((requirement, marker)) => (requirement, Some(marker.trim())),
        None => (requirement, None),
    };
    let length = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(length);
    let mut rest = rest.trim();
    let mut keys = Vec::new();
    if let Some((extras, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let extras: Vec<String> = extras.split(',').map(|extra| text::string(extra.trim())).collect();
        keys.push(format!("extras = [{}]", extras.join(", ")));
        rest = behind.trim();
    }
    keys.extend(marker.map(|marker| format!("markers = {}", text::string(marker))));
    let version = rest.trim_start_matches('(').trim_end_matches(')').trim();
    let version = if version.is_empty() { "*" } else { version };
    match (rest.strip_prefix('@'), keys.is_empty()) {
        (Some(url), _) => keys.insert(0, format!("url = {}", text::string(url.trim()))),
        (None, true) => return format!("{name} = {}", text::string(version)),
        (None, false) => keys.insert(0, format!("version = {}", text::string(version))),
    }
    format!("{name} = {{ {} }}", keys.join(", "))
}
