//! The files of one release beside each other: whether their metadata are the same, and fit together.

use std::str::FromStr;

use crate::check::Code::{M042, M043};
use crate::check::Weight;
use crate::requirement::Requirement;
use crate::{FileName, Metadata, Problem};

/// Fields that tell how the metadata were made; an sdist and its wheels may differ in them (PEP 643).
const OWN_FIELDS: [&str; 2] = ["metadata-version", "dynamic"];

/// A wheel or an sdist of a release.
#[derive(Debug)]
pub struct Sibling {
    /// The name that people know it by.
    pub shown: String,
    /// Its file name, taken apart.
    pub file: FileName,
    /// Its core metadata.
    pub metadata: Metadata,
}

/// Lists for each file, by its place in the list, what its metadata have otherwise than those of the first file of its
/// package and version. An index shows the metadata of one file as those of the release.
pub fn differences(files: &[Sibling]) -> Vec<(usize, Problem)> {
    let mut found = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let is_same = |other: &&Sibling| {
            (&other.file.name, &other.file.version) == (&file.file.name, &file.file.version)
        };
        let first = files.iter().find(is_same).filter(|first| !std::ptr::eq(*first, file));
        found.extend(first.into_iter().flat_map(|first| between(file, first)).map(|problem| (at, problem)));
    }
    found
}

/// Lists for each file requirements on a package of the same release that its version does not satisfy.
pub fn unsatisfied(files: &[Sibling]) -> Vec<(usize, Problem)> {
    let mut found = Vec::new();
    for (at, file) in files.iter().enumerate() {
        for text in &file.metadata.requires_dist {
            let Ok(requirement) = Requirement::from_str(text) else { continue };
            let of_it = |other: &&Sibling| other.file.name == requirement.name;
            let mut released = files.iter().filter(of_it).map(|other| &other.file.version).peekable();
            if let Some(version) = released.peek().copied()
                && !released.any(|version| requirement.admits(version))
            {
                let what =
                    format!("it requires `{text}`, and {} {version} is released with it", requirement.name);
                found.push((at, M043.found(what)));
            }
        }
    }
    found
}

/// `Requires-Python` by its clauses, whatever their order and the space between them.
fn range(metadata: &Metadata) -> Option<Vec<String>> {
    let clauses = metadata.requires_python.as_deref()?.split(',');
    let mut clauses: Vec<String> =
        clauses.map(|clause| clause.split_whitespace().collect::<String>()).collect();
    clauses.sort();
    Some(clauses)
}

fn between(file: &Sibling, first: &Sibling) -> Vec<Problem> {
    let (own, other) = (&file.metadata, &first.metadata);
    let shown = &first.shown;
    let (mut hard, mut soft) = (Vec::new(), Vec::new());
    if own.name != other.name || own.version != other.version {
        hard.push("`Name` or `Version`".to_owned());
    }
    if range(own) != range(other) {
        let text = |range: &Option<String>| range.clone().unwrap_or_else(|| "any".to_owned());
        hard.push(format!(
            "`Requires-Python` ({}, there {})",
            text(&own.requires_python),
            text(&other.requires_python)
        ));
    }
    for field in own.fields().union(&other.fields()) {
        let is_told = ["name", "version", "requires-python"].contains(&field.as_str());
        if is_told || OWN_FIELDS.contains(&field.as_str()) {
            continue;
        }
        let sorted = |metadata: &Metadata| {
            let mut values: Vec<String> = metadata.get_all(field).into_iter().map(str::to_owned).collect();
            values.sort();
            values
        };
        if sorted(own) != sorted(other) {
            soft.push(format!("`{field}`"));
        }
    }
    if own.description().trim() != other.description().trim() {
        soft.push("the description".to_owned());
    }
    let problem = |what: &[String], weight| {
        let mut problem =
            M042.found(format!("its metadata differ from those of `{shown}` in {}", what.join(", ")));
        problem.weight = weight;
        problem
    };
    let mut found = Vec::new();
    if !hard.is_empty() {
        found.push(problem(&hard, Weight::Error));
    }
    if !soft.is_empty() {
        found.push(problem(&soft, Weight::Warning));
    }
    found
}
