//! Lists of texts: keywords, classifiers and requirements.

use document::PackageName;
use project::ListEdits;
use toml_edit::{Array, Item, TableLike, Value};

use super::text::{self, Text};

/// Returns an array with its edits. An entry that is to be dropped or replaced and is not there is the error.
///
/// A requirement is meant by its whole text or by its name.
pub fn edited(array: &str, edits: &ListEdits, by_name: bool) -> Result<String, String> {
    let mut value: Value = array.parse().map_err(|_| array.to_owned())?;
    let Some(list) = value.as_array_mut() else { return Err(array.to_owned()) };
    for entry in &edits.drop {
        let count = list.len();
        (0..count).rev().for_each(|at| {
            if list.get(at).is_some_and(|own| is_meant(own, entry, by_name)) {
                remove(list, at);
            }
        });
        if list.len() == count {
            return Err(entry.clone());
        }
    }
    for (entry, new) in &edits.replace {
        let places: Vec<usize> = (0..list.len())
            .filter(|at| list.get(*at).is_some_and(|own| is_meant(own, entry, by_name)))
            .collect();
        let Some((first, others)) = places.split_first() else { return Err(entry.clone()) };
        list.replace(*first, new.as_str());
        // What a marker had split is one entry now.
        others.iter().rev().for_each(|at| remove(list, *at));
    }
    edits.add.iter().for_each(|entry| push(list, entry));
    Ok(value.to_string())
}

fn is_meant(own: &Value, entry: &str, by_name: bool) -> bool {
    let Some(own) = own.as_str() else { return false };
    let same_name = || {
        let name = PackageName::normalise(entry).ok();
        name.is_some() && name == project::requirement_name(own)
    };
    own == entry || (by_name && same_name())
}

/// Removes an entry with the comment in its own line; that of the line before stands in front of it, and stays.
fn remove(list: &mut Array, at: usize) {
    let entry = list.remove(at);
    let [before, behind] = [entry.decor().prefix(), entry.decor().suffix()]
        .map(|text| text.and_then(|text| text.as_str()).unwrap_or_default().to_owned());
    let joined = |next: &str| match (before.split_once('\n'), next.split_once('\n')) {
        (Some((comment, _)), Some((_, rest))) => format!("{comment}\n{rest}"),
        _ => next.to_owned(),
    };
    if let Some(next) = list.get_mut(at) {
        let prefix = next.decor().prefix().and_then(|text| text.as_str()).unwrap_or_default();
        let is_one_line = !before.contains('\n') && !prefix.contains('\n');
        let prefix = if is_one_line { before.clone() } else { joined(prefix) };
        next.decor_mut().set_prefix(prefix);
    } else if list.trailing_comma() {
        let trailing = joined(list.trailing().as_str().unwrap_or_default());
        list.set_trailing(trailing);
    } else if let Some(last) = at.checked_sub(1).and_then(|last| list.get_mut(last)) {
        last.decor_mut().set_suffix(joined(&behind));
    }
}

/// Adds an entry in the way in which the list is written; one that is there is not added again.
fn push(list: &mut Array, entry: &str) {
    if list.iter().any(|own| own.as_str() == Some(entry)) {
        return;
    }
    let mut value = Value::from(entry);
    let before = list.iter().last().and_then(|last| last.decor().prefix()?.as_str().map(str::to_owned));
    let indent = match before.as_deref() {
        // What stands before the comment of the last entry is none of the new one's.
        Some(before) if before.contains('\n') => {
            before.rsplit('\n').next().map(|indent| format!("\n{indent}"))
        }
        Some(_) => Some(" ".to_owned()),
        None => None,
    };
    // A comment in the last line stays with the last entry, whether it stands before or behind a comma.
    let kept = list.get_mut(list.len().wrapping_sub(1)).map(|last| {
        let suffix = last.decor().suffix().and_then(|suffix| suffix.as_str()).unwrap_or_default().to_owned();
        last.decor_mut().set_suffix("");
        suffix
    });
    let kept = kept.unwrap_or_default();
    let trailing = list.trailing().as_str().unwrap_or_default().to_owned();
    let mut comment = kept.trim_end().to_owned();
    if let Some((behind, rest)) = trailing.split_once('\n').filter(|_| list.trailing_comma()) {
        list.set_trailing(format!("\n{rest}"));
        comment.push_str(behind);
    }
    let indent = indent.unwrap_or_default();
    let line_end = if comment.is_empty() || indent.starts_with('\n') { "" } else { "\n" };
    let prefix = format!("{comment}{line_end}{indent}");
    let suffix = if kept.contains('\n') { "\n" } else { "" };
    value.decor_mut().set_prefix(prefix);
    value.decor_mut().set_suffix(suffix);
    list.push_formatted(value);
}

/// Lets extras that name their own distribution, as `all = ["name[a,b]"]` does, name the variant.
pub fn rename_self(text: &mut Text, project: Option<&dyn TableLike>, base: &PackageName, name: &PackageName) {
    let extras = project.and_then(|project| project.get("optional-dependencies")?.as_table_like());
    let entries =
        extras.into_iter().flat_map(|extras| extras.iter()).filter_map(|(_, extra)| extra.as_array());
    for value in entries.flatten() {
        let Some(own) = value.as_str() else { continue };
        if base != name && project::requirement_name(own).as_ref() == Some(base) {
            let length =
                own.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(own.len());
            text.replace(value, &text::string(&format!("{name}{}", &own[length..])));
        }
    }
}

/// The items of a table with their keys' names.
pub fn names(table: &dyn TableLike) -> impl Iterator<Item = (PackageName, &str, &Item)> {
    table.iter().filter_map(|(key, item)| Some((PackageName::normalise(key).ok()?, key, item)))
}
