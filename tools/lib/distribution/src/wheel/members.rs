//! Members that a wheel seldom means to have: byte code, folders of the project, files that run at start, secrets.

use std::collections::BTreeSet;

use super::Wheel;
use crate::check::Code::{W024, W027, W030, W033};
use crate::{Problem, secrets};

/// Top folders that belong to a project's tree, and meet those of other packages once they are installed.
pub(super) const PROJECT_FOLDERS: [&str; 12] = [
    "benchmarks",
    "build",
    "dist",
    "doc",
    "docs",
    "example",
    "examples",
    "node_modules",
    "src",
    "test",
    "tests",
    "venv",
];

/// Lists what is odd about the members by their names, and what is wrong with `entry_points.txt`.
pub(super) fn problems(wheel: &mut Wheel) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut tops = BTreeSet::new();
    for member in &wheel.layout.members {
        let name = member.name.as_str();
        let base = name.rsplit('/').next().unwrap_or(name);
        if name.ends_with(".pyc") || name.ends_with(".pyo") {
            found.push(W027.found(format!("`{name}` is byte code, which installers write themselves")));
        }
        if name.ends_with(".pth") && is_in_root(name) {
            found.push(W033.found(format!("`{name}` is read whenever Python starts")));
        }
        if secrets::is_named_like_one(base) {
            found.push(W033.found(format!("`{name}` has a name under which secrets are kept")));
        }
        tops.extend(name.split_once('/').map(|(top, _)| top).filter(|top| PROJECT_FOLDERS.contains(top)));
    }
    for top in tops {
        found.push(W030.found(format!("`{top}` is installed as a top folder, beside every other package")));
    }
    found.extend(entry_points(wheel));
    found
}

/// Says whether a file is installed at the root of purelib or platlib.
fn is_in_root(name: &str) -> bool {
    match name.split_once(".data/") {
        Some((_, inner)) => {
            matches!(inner.split_once('/'), Some(("purelib" | "platlib", file)) if !file.contains('/'))
        }
        None => !name.contains('/'),
    }
}

/// Lists what is wrong with `entry_points.txt` (Entry points specification), where there is one.
fn entry_points(wheel: &mut Wheel) -> Vec<Problem> {
    let member = format!("{}/entry_points.txt", wheel.dist_info());
    if !wheel.contains(&member) {
        return Vec::new();
    }
    let text = match wheel.read(&member).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return vec![W024.found(format!("`{member}` is not UTF-8"))],
        Err(problem) => return vec![problem],
    };
    let mut found = Vec::new();
    let (mut group, mut seen) = (None, BTreeSet::new());
    for (number, line) in text.lines().enumerate() {
        let mut fault = |what: &str| {
            found.push(W024.found(format!("`{member}`: line {}, `{}`, {what}", number + 1, line.trim())));
        };
        let text = line.trim();
        // An indented line goes on with the value before it, as INI files have it.
        if text.is_empty()
            || text.starts_with(['#', ';'])
            || (group.is_some() && line.starts_with([' ', '\t']))
        {
            continue;
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            group = Some(name.trim());
            if !seen.insert((name.trim(), None)) {
                fault("is there twice");
            }
            continue;
        }
        let name = text.split_once('=').map(|(name, _)| name.trim());
        match (group, name) {
            (None, _) => fault("stands before the first group"),
            (_, None | Some("")) => fault("is not of the form `name = object`"),
            (Some("console_scripts" | "gui_scripts"), Some(name)) if !is_script_name(name) => {
                fault("names a script with other characters than letters, digits, `_`, `.` and `-`");
            }
            (Some(group), Some(_)) if !seen.insert((group, name)) => fault("is there twice"),
            _ => {}
        }
    }
    found
}

fn is_script_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
}
