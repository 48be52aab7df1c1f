//! The project's own entries in lock files: nothing else in them changes, and no network is asked.

use anyhow::Result;
use document::{PackageName, ProjectPath};
use toml_edit::{Item, Table, Value};

use crate::find::ProjectPackage;
use crate::finder::spot;
use crate::places::{Place, Spot};
use crate::requirement;
use crate::spots::{inner, parse_toml, without_bom};

/// The entries of the project's packages in uv.lock, and its pins as the lock repeats them.
pub(crate) fn uv_lock(packages: &[ProjectPackage], path: &ProjectPath, text: &str) -> Result<Vec<Spot>> {
    let toml = parse_toml(path, text)?;
    let offset = text.len() - without_bom(text).len();
    let is_own =
        |source: &Item| ["editable", "virtual", "directory"].iter().any(|kind| source.get(kind).is_some());
    let mut spots = Vec::new();
    for (entry, package) in own_entries(packages, toml.as_item(), is_own) {
        spots.extend(locked(text, entry, offset, package));
        let needed = entry.get("metadata").and_then(|m| m.get("requires-dist")).and_then(Item::as_array);
        for needed in needed.into_iter().flatten().filter_map(Value::as_inline_table) {
            lock_pin(text, offset, package, needed, &mut spots);
        }
    }
    Ok(spots)
}

/// The entries of the project's packages in a lock file, each with its package.
///
/// An entry of the same name whose source is not of our own is somebody else's release of it.
pub(crate) fn own_entries<'a>(
    packages: &'a [ProjectPackage],
    lock: &'a Item,
    is_own: impl Fn(&Item) -> bool,
) -> Vec<(&'a Table, &'a ProjectPackage)> {
    let own = |entry: &'a Table| {
        let name = PackageName::normalise(entry.get("name")?.as_str()?).ok()?;
        let package = packages.iter().find(|package| package.name == name)?;
        entry.get("source").is_some_and(&is_own).then_some((entry, package))
    };
    let entries = lock.get("package").and_then(Item::as_array_of_tables);
    entries.into_iter().flatten().filter_map(own).collect()
}

/// The version in a package's own entry of a lock file.
pub(crate) fn locked(text: &str, entry: &Table, offset: usize, package: &ProjectPackage) -> Option<Spot> {
    let range = inner(text, entry.get("version")?.as_value()?, offset)?;
    Some(spot(range, Place::Lock, package))
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
