//! The `extra-files` of Release Please: by a key, or by annotations.

use std::path::Path;

use document::ProjectPath;
use serde_json::Value;

use super::Component;
use crate::foreign::{Foreign, version_file};
use crate::settings::VersionFile;

/// Annotations that stand for less or more than a version.
const PARTS: [&str; 5] = ["major", "minor", "patch", "version-date", "date"];

/// Adds each of the extra files, and the file of a simple package.
pub(super) fn add(foreign: &mut Foreign, root: &Path, component: &Component<'_>, owner: Option<&str>) {
    let owned = |file: VersionFile| VersionFile { package: owner.map(str::to_owned), ..file };
    if component.text("release-type") == Some("simple") {
        let name = component.text("version-file").unwrap_or("version.txt");
        match component.inside(name) {
            Ok(path) => {
                let search = Some("{version}".to_owned());
                foreign.add_place(
                    root,
                    owned(VersionFile { search, ..version_file(path) }),
                    &component.place("version-file"),
                );
            }
            Err(cause) => foreign.problem(&component.place("version-file"), &cause.to_string()),
        }
    }
    // Both lists count: the files of a package, and those of all packages where it has none of its own.
    for file in component.value("extra-files").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| file.get(key).and_then(Value::as_str);
        let Some(written) = file.as_str().or_else(|| text("path")) else {
            foreign.problem(&component.place("extra-files"), "an entry has no `path`");
            continue;
        };
        let place = component.source.place(written, Some(component.path));
        // The project's own entries in lock files are found without being told.
        if written.ends_with(".lock") {
            continue;
        }
        let path = match component.inside(written) {
            Ok(path) => path,
            Err(cause) => {
                foreign.problem(&place, &cause.to_string());
                continue;
            }
        };
        let is_pattern = file.get("glob").and_then(Value::as_bool).unwrap_or_default();
        let kind = if file.is_string() { by_name(written) } else { text("type").unwrap_or("generic") };
        let places = places(kind, text("jsonpath"), file.is_string(), &path);
        match places {
            Err(cause) => foreign.problem(&place, &cause),
            Ok(files) => {
                for file in files.into_iter().map(owned) {
                    if is_pattern {
                        foreign.add_places(root, path.as_str(), &[], &file, &place);
                    } else {
                        foreign.add_place(root, file, &place);
                    }
                }
                refuse_parts(foreign, root, &path, &place);
            }
        }
    }
}

/// The kind of a file that is named without one.
fn by_name(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("json") => "json",
        Some("yaml" | "yml") => "yaml",
        Some("toml") => "toml",
        Some("xml") => "xml",
        _ => "generic",
    }
}

/// The places in a file. One that is named without a kind has a `version` at its top, annotations, or both.
fn places(
    kind: &str,
    jsonpath: Option<&str>,
    is_plain: bool,
    path: &ProjectPath,
) -> Result<Vec<VersionFile>, String> {
    let file = || version_file(path.clone());
    match kind {
        "generic" => Ok(vec![file()]),
        "toml" | "json" | "yaml" => {
            let key = key(if is_plain { "$.version" } else { jsonpath.ok_or("it has no `jsonpath`")? })?;
            let keyed = VersionFile { key: Some(key), optional: is_plain, ..file() };
            let annotated = VersionFile { optional: true, ..file() };
            Ok(if is_plain { vec![keyed, annotated] } else { vec![keyed] })
        }
        other => Err(format!("the version in a file of the type `{other}` cannot be changed")),
    }
}

/// The key of a JSONPath such as `$.a.b` or `$['a'][0]`; one that may fit several places has none.
fn key(jsonpath: &str) -> Result<String, String> {
    let refused = || format!("`{jsonpath}` is no path of plain keys");
    let mut rest = jsonpath.strip_prefix('$').ok_or_else(refused)?;
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let (key, after) = match rest.strip_prefix('.') {
            Some(name) => name.split_at(name.find(['.', '[']).unwrap_or(name.len())),
            None => rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).ok_or_else(refused)?,
        };
        let unquoted = ['\'', '"'].into_iter().find_map(|quote| key.strip_prefix(quote)?.strip_suffix(quote));
        let is_number = key.chars().all(|c| c.is_ascii_digit());
        let name = if rest.starts_with('[') && !is_number { unquoted.ok_or_else(refused)? } else { key };
        if name.is_empty() || name.contains(['*', '@', '?', '^', '~', '\'', '"', '\\']) {
            return Err(refused());
        }
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        keys.push(if is_plain { name.to_owned() } else { format!("\"{name}\"") });
        rest = after;
    }
    if keys.is_empty() { Err(refused()) } else { Ok(keys.join(".")) }
}

/// A line that gets a part of the version, or a date, would stay as it is.
fn refuse_parts(foreign: &mut Foreign, root: &Path, path: &ProjectPath, place: &str) {
    let Ok(text) = std::fs::read_to_string(path.under(root)) else { return };
    for part in PARTS {
        if text.contains(&format!("x-release-please-{part}"))
            || text.contains(&format!("x-release-please-start-{part}"))
        {
            foreign.problem(
                place,
                &format!("`{path}` has `x-release-please-{part}`, which is no whole version"),
            );
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths_of_plain_keys_and_no_other() {
        for (jsonpath, expected) in [
            ("$.version", "version"),
            ("$.a.b-c.d", "a.b-c.d"),
            ("$['a'].b[\"c\"][0].d", "a.b.c.0.d"),
            ("$.metadata.labels['app/v.1']", "metadata.labels.\"app/v.1\""),
        ] {
            assert_eq!(key(jsonpath).unwrap(), expected);
        }
        for wrong in
            ["version", "$", "$..version", "$.a[*].b", "$.a.*", "$[a]", "$.p[?(@.name=='x')].version"]
        {
            assert_eq!(key(wrong).unwrap_err(), format!("`{wrong}` is no path of plain keys"));
        }
    }
}
