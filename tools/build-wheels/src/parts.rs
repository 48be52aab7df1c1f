//! The documents that jobs have written, each of which built a part of one release.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{Artifact, Expected, Failure, Release};
use serde_json::Value;
use walkdir::WalkDir;

/// The document of one job.
pub struct Part {
    /// Where it was read, as the caller names it.
    pub path: PathBuf,
    /// The folder that was named, and holds it; the document itself where that was.
    top: PathBuf,
    /// The document.
    pub release: Release,
}

impl Part {
    /// The folders in which a job's files come to lie when they are handed on together: that of the document, and
    /// those above it within the one that was named, for a document may lie in a folder of the project.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let own = self.path.parent().unwrap_or(Path::new(""));
        let above = own.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.top));
        std::iter::once(own).chain(above)
    }

    /// The built files.
    pub fn artifacts(&self) -> &[Artifact] {
        self.release.artifacts.as_deref().unwrap_or_default()
    }

    /// The files that the release promises.
    pub fn expected(&self) -> &[Expected] {
        self.release.expected.as_deref().unwrap_or_default()
    }

    fn read((path, top): (PathBuf, PathBuf)) -> Result<Self> {
        let text = std::fs::read(&path).map_err(|cause| {
            Failure::new(format!("cannot read `{}`: {cause}", path.display()))
                .hint("name the documents of the jobs, or the folder that they were downloaded into")
        })?;
        let read = || -> Result<Release, Failure> {
            let release = Release::from_json(&text)?;
            if release.dry_run {
                return Err(Failure::document("it is of a dry run, which has built nothing")
                    .hint("run the jobs without `--dry-run`"));
            }
            release.expected()?;
            release.artifacts()?;
            Ok(release)
        };
        let release = read().with_context(|| format!("cannot collect `{}`", path.display()))?;
        Ok(Self { path, top, release })
    }
}

/// Reads the documents; a folder stands for every `.json` file in it and below. They must all tell of one release.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Part>> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(documents(path)?.into_iter().map(|file| (file, path.clone())));
    }
    files.sort();
    files.dedup_by(|a, b| a.0 == b.0);
    let parts = files.into_iter().map(Part::read).collect::<Result<Vec<Part>>>()?;
    if let Some((first, others)) = parts.split_first() {
        let whole = shared(first)?;
        for other in others {
            refuse_other(first, &whole, other)?;
        }
    }
    Ok(parts)
}

fn documents(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(path) {
        let entry = entry.with_context(|| format!("cannot list `{}`", path.display()))?;
        if entry.file_type().is_file() && entry.path().extension().is_some_and(|end| end == "json") {
            found.push(entry.into_path());
        }
    }
    if found.is_empty() {
        let what = format!("cannot collect `{}`: no .json file is in it", path.display());
        return Err(Failure::new(what)
            .hint("hand on the document of each job together with its files")
            .into());
    }
    Ok(found)
}

/// What the documents of one release have in common: everything but what a job has built.
fn shared(part: &Part) -> Result<Value> {
    let mut value = serde_json::to_value(&part.release)?;
    value["artifacts"] = Value::Null;
    Ok(value)
}

fn refuse_other(first: &Part, whole: &Value, other: &Part) -> Result<()> {
    let Some((place, one, two)) = difference(whole, &shared(other)?, "") else { return Ok(()) };
    let what = format!(
        "cannot collect `{}`: it tells of another release than `{}`: `{place}` is {two}, not {one}",
        other.path.display(),
        first.path.display()
    );
    Err(Failure::document(what).hint("hand the same document to every job").into())
}

/// The place of the first difference, and what either has there.
fn difference(one: &Value, two: &Value, place: &str) -> Option<(String, String, String)> {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            let inside = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
            // Both were read into the same types, and have the same keys but in maps.
            let null = Value::Null;
            let mut keys: Vec<&String> = one.keys().chain(two.keys()).collect();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                difference(one.get(key).unwrap_or(&null), two.get(key).unwrap_or(&null), &inside(key))
            })
        }
        (Value::Array(one), Value::Array(two)) => {
            let null = Value::Null;
            (0..one.len().max(two.len())).find_map(|at| {
                let [one, two] = [one, two].map(|all| all.get(at).unwrap_or(&null));
                difference(one, two, &format!("{place}[{at}]"))
            })
        }
        (one, two) => (one != two).then(|| (place.to_owned(), shown(one), shown(two))),
    }
}

/// A value in an error: whole where it is short, else its beginning.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named_with_both_values() {
        let one = json!({ "version": { "current": "1.2", "tag": "v1.2" }, "list": [1, { "id": "a" }] });
        assert_eq!(difference(&one, &one, ""), None);
        for (two, expected) in [
            (
                json!({ "version": { "current": "1.3", "tag": "v1.3" }, "list": [1, { "id": "a" }] }),
                ("version.current", "\"1.2\"", "\"1.3\""),
            ),
            (
                json!({ "version": { "current": "1.2", "tag": "v1.2" }, "list": [1, { "id": "b" }] }),
                ("list[1].id", "\"a\"", "\"b\""),
            ),
            (
                json!({ "version": { "current": "1.2", "tag": "v1.2" }, "list": [1] }),
                ("list[1]", "{\"id\":\"a\"}", "null"),
            ),
            (
                json!({ "version": null, "list": [1, { "id": "a" }] }),
                ("version", "{\"current\":\"1.2\",\"tag\":\"v1.2\"}", "null"),
            ),
        ] {
            let (place, one, two) = difference(&one, &two, "").unwrap();
            assert_eq!((place.as_str(), one.as_str(), two.as_str()), expected);
        }
        assert_eq!(shown(&json!("é".repeat(100))).chars().count(), 81);
    }
}
