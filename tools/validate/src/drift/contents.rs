//! What two releases of a package install, compared without a look into their sources.

use std::collections::{BTreeMap, BTreeSet};

use distribution::readable_size;
use document::PackageName;

use super::finding::{Change, Code};
use super::requirements;
use super::snapshot::{Snapshot, is_source};

/// More files than these of one folder are told as the folder.
const NAMED: usize = 3;

/// Growth below this many bytes is nobody's concern, whatever it is in percent.
const SLIGHT: u64 = 64 << 10;

/// Lists what changed in the files, the size, the metadata, the entry points and the top-level modules.
///
/// `limit` is the growth in percent that is allowed, and `own` are the packages that are released together.
pub fn compare(old: &Snapshot, new: &Snapshot, limit: u32, own: &BTreeSet<PackageName>) -> Vec<Change> {
    let lacks = |of: &Snapshot, other: &Snapshot| -> Vec<String> {
        of.files.keys().filter(|path| !other.files.contains_key(*path)).cloned().collect()
    };
    let mut found = files(Code::D001, &lacks(old, new), old);
    found.extend(files(Code::D002, &lacks(new, old), new));
    found.extend(growth(old, new, limit));
    found.extend(requirements::compare(&old.metadata, &new.metadata, own));
    for (group, name) in old.entry_points.difference(&new.entry_points) {
        found.push(Code::D009.change(name, format!("is gone from `{group}`")));
    }
    let (before, after) = (top_modules(old), top_modules(new));
    let gone = before.difference(&after).filter(|module| !module.starts_with('_'));
    found.extend(gone.map(|module| Code::D010.change(module, "cannot be imported any more")));
    found
}

/// The modules that stand beside those of other packages.
pub fn top_modules(snapshot: &Snapshot) -> BTreeSet<String> {
    let modules = snapshot.files.keys().filter(|path| is_source(path) || path.ends_with(".so"));
    let names = modules.filter_map(|path| match path.split_once('/') {
        Some((top, _)) => Some(top),
        None => path.split('.').next(),
    });
    let is_name = |name: &&str| {
        !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    names.filter(is_name).map(str::to_owned).collect()
}

/// The modules of machine code that no source and no stub describes.
pub fn opaque_modules(snapshot: &Snapshot) -> Vec<String> {
    let machine_code = snapshot.files.keys().filter_map(|path| path.strip_suffix(".so"));
    let described =
        |path: &str| ["py", "pyi"].iter().any(|end| snapshot.files.contains_key(&format!("{path}.{end}")));
    machine_code.filter(|path| !described(path)).map(|path| path.replace('/', ".")).collect()
}

/// One change for each file, or for the folder where it has many of them.
fn files(code: Code, paths: &[String], of: &Snapshot) -> Vec<Change> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        folders.entry(path.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default().push(path);
    }
    let mut found = Vec::new();
    for (folder, paths) in folders {
        let size = |path: &str| of.files.get(path).copied().unwrap_or_default();
        if paths.len() <= NAMED || folder.is_empty() {
            found.extend(paths.into_iter().map(|path| (path.to_owned(), readable_size(size(path)))));
        } else {
            let all = readable_size(paths.iter().map(|path| size(path)).sum());
            found.push((format!("{folder}/"), format!("{} files, {all}", paths.len())));
        }
    }
    let is_inner = |part: &str| part.starts_with('_') && part != "__init__.py";
    let is_private =
        |path: &str| path.split('/').any(|part| is_inner(part) || matches!(part, "test" | "tests"));
    let change = |(path, size): (String, String)| {
        let is_private = is_private(&path);
        Change { is_private, ..code.change(path, size) }
    };
    found.into_iter().map(change).collect()
}

/// Says by how much the files have grown, where it is more than the limit, and where most of it lies.
fn growth(old: &Snapshot, new: &Snapshot, limit: u32) -> Option<Change> {
    let (before, after) = (old.size(), new.size());
    let more = after.saturating_sub(before);
    if more <= SLIGHT || u128::from(more) * 100 <= u128::from(before) * u128::from(limit) {
        return None;
    }
    let grown = |path: &String, size: u64| size.saturating_sub(old.files.get(path).copied().unwrap_or(0));
    let most = new.files.iter().map(|(path, size)| (grown(path, *size), path)).max()?;
    let percent = u128::from(more) * 100 / u128::from(before.max(1));
    let (before, after) = (readable_size(before), readable_size(after));
    let message =
        format!("{before} before, {percent} % more; {} of it in `{}`", readable_size(most.0), most.1);
    Some(Code::D003.change(after, message))
}
