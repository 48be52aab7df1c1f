//! The project's own entries in lock files: nothing else in them changes, and no network is asked.

use anyhow::Result;
use document::{PackageName, ProjectPath};
use toml_edit::{Item, Value};

use crate::find::ProjectPackage;
use crate::finder::spot;
use crate::places::{Place, Spot};
use crate::requirement;
use crate::spots::{inner, parse_toml, without_bom};

/// The entries of the project's packages in uv.lock, and its pins as the lock repeats them.
pub(crate) fn uv_lock(packages: &[ProjectPackage], path: &ProjectPath, text: &str) -> Result<Vec<Spot>> {
    let toml = parse_toml(path, text)?;
    let offset = text.len() - without_bom(text).len();
    let entries = toml.get("package").and_then(Item::as_array_of_tables);
    let mut spots = Vec::new();
    for entry in entries.into_iter().flatten() {
        let name =
            entry.get("name").and_then(Item::as_str).and_then(|name| PackageName::normalise(name).ok());
        let Some(package) = packages.iter().find(|package| Some(&package.name) == name.as_ref()) else {
            continue;
        };
        let source = entry.get("source").and_then(Item::as_table_like);
        // An entry of the same name from an index is somebody else's release of it.
        if !source
            .is_some_and(|s| ["editable", "virtual", "directory"].iter().any(|kind| s.contains_key(kind)))
        {
            continue;
        }
        let version = entry.get("version").and_then(Item::as_value);
        spots.extend(version.and_then(|value| inner(text, value, offset)).map(|range| Spot {
            range,
            place: Place::Lock,
            package: name.clone(),
            is_plain: false,
        }));
        let needed = entry.get("metadata").and_then(|m| m.get("requires-dist")).and_then(Item::as_array);
        for needed in needed.into_iter().flatten().filter_map(Value::as_inline_table) {
            lock_pin(text, offset, package, needed, &mut spots);
        }
    }
    Ok(spots)
}

/// The entry of a crate in Cargo.lock; one with a source is somebody else's.
pub(crate) fn crate_lock(
    path: &ProjectPath,
    text: &str,
    name: &str,
    package: &ProjectPackage,
) -> Result<Vec<Spot>> {
    let toml = parse_toml(path, text)?;
    let offset = text.len() - without_bom(text).len();
    let entries = toml.get("package").and_then(Item::as_array_of_tables).into_iter().flatten();
    let own = entries.filter(|entry| {
        entry.get("name").and_then(Item::as_str) == Some(name) && !entry.contains_key("source")
    });
    let values = own.filter_map(|entry| entry.get("version").and_then(Item::as_value));
    let ranges = values.filter_map(|value| inner(text, value, offset));
    Ok(ranges.map(|range| spot(range, Place::Crate, package)).collect())
}

/// A pin as uv.lock repeats it: `{ name = "core", specifier = "==1.2.3" }`.
fn lock_pin(
    text: &str,
    offset: usize,
    package: &ProjectPackage,
    needed: &toml_edit::InlineTable,
    spots: &mut Vec<Spot>,
) {
    let name = needed.get("name").and_then(Value::as_str).and_then(|name| PackageName::normalise(name).ok());
    let Some((name, operator)) = name.as_ref().and_then(|name| package.pins.get_key_value(name)) else {
        return;
    };
    let Some(range) = needed.get("specifier").and_then(|value| inner(text, value, offset)) else { return };
    let version = requirement::pinned(&format!("x{}", &text[range.clone()]), operator);
    spots.extend(version.map(|version| Spot {
        range: range.start + version.start - 1..range.start + version.end - 1,
        place: Place::Pin(name.clone(), operator.clone()),
        package: None,
        is_plain: false,
    }));
}
