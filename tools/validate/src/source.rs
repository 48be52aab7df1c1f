//! The files of a wheel against the source tree: what the package has in the commit, and the wheel has not.

use std::collections::BTreeSet;

use anyhow::Result;
use distribution::wheel::Wheel;
use distribution::{Code, Problem};
use document::{Artifact, Package};

use crate::validate::Context;

/// Folders below the one of pyproject.toml in which import packages usually stand.
const FOLDERS: [&str; 4] = ["src/", "", "python/", "lib/"];
/// Endings of files that a package is built from, and that need not be in the wheel.
const SOURCES: [&str; 14] =
    [".c", ".cc", ".cpp", ".cu", ".cxx", ".f", ".f90", ".h", ".hpp", ".in", ".pxd", ".pxi", ".pyx", ".rs"];
/// Endings of files that a build makes.
const BUILT: [&str; 5] = [".so", ".pyd", ".dylib", ".dll", ".pyc"];
/// Modules that builds write the version into.
const VERSION_MODULES: [&str; 5] =
    ["__about__.py", "__version__.py", "_version.py", "_version.pyi", "version.py"];
/// How many files are named; the rest is counted.
const NAMED: usize = 5;

/// Lists what the wheel lacks of its packages' files in the commit, and what it has beside them.
pub fn problems(context: &Context, artifact: &Artifact, wheel: &Wheel) -> Result<Vec<Problem>> {
    let Some(package) = context.release.package(&artifact.package) else { return Ok(Vec::new()) };
    let Tracked { files: tracked, submodules } = tracked(context, package)?;
    let entries = wheel.entries();
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let tops: BTreeSet<&str> = names
        .iter()
        .filter_map(|name| Some(name.split_once('/')?.0))
        .filter(|top| !top.contains('-'))
        .collect();
    let mut found = Vec::new();
    for top in tops {
        let inside = format!("{top}/");
        let begins =
            |folder: &&&str| tracked.iter().any(|path| path.starts_with(&format!("{folder}{inside}")));
        let Some(folder) = FOLDERS.iter().find(begins) else { continue };
        let below = |path: &'_ String| path.strip_prefix(folder).map(str::to_owned);
        let source: BTreeSet<String> =
            tracked.iter().filter_map(below).filter(|path| path.starts_with(&inside)).collect();
        let lacking = source.iter().filter(|path| !names.contains(path.as_str()) && belongs_in_wheels(path));
        let lacking: Vec<&str> = lacking.map(String::as_str).collect();
        if !lacking.is_empty() {
            found.push(Code::W101.found(format!("the wheel lacks {} of the commit", list(&lacking))));
        }
        let own = names.iter().filter(|name| name.starts_with(&inside) && !name.ends_with('/'));
        let is_of_submodule = |name: &str| {
            let mut inside =
                submodules.iter().filter_map(|path| name.strip_prefix(path.strip_prefix(folder)?));
            inside.any(|rest| rest.starts_with('/'))
        };
        let is_extra = |name: &&str| !source.contains(*name) && !is_built(name) && !is_of_submodule(name);
        let extra: Vec<&str> = own.copied().filter(is_extra).collect();
        if !extra.is_empty() {
            found.push(Code::W102.found(format!("the wheel has {}, and the commit has not", list(&extra))));
        }
    }
    Ok(found)
}

/// What git tracks of a package's folder, as paths below it.
#[derive(Default)]
struct Tracked {
    files: BTreeSet<String>,
    /// The folders of submodules, whose files are tracked elsewhere.
    submodules: BTreeSet<String>,
}

/// What is in the package's folder in the release commit, or before there is one in git's index.
fn tracked(context: &Context, package: &Package) -> Result<Tracked> {
    let folder = package.path.as_ref().map(|path| format!("{path}/")).unwrap_or_default();
    let place = if folder.is_empty() { "." } else { folder.as_str() };
    let commit = context.release.commit.as_ref().map(|commit| commit.id.to_string());
    let arguments = match &commit {
        Some(commit) => vec!["ls-tree", "-r", "-z", commit.as_str(), "--", place],
        None => vec!["ls-files", "--stage", "-z", "--", place],
    };
    let mut tracked = Tracked::default();
    context.project.git.records(&arguments, |line| {
        let Some((entry, path)) = line.split_once('\t') else { return };
        let kind = if entry.starts_with("160000 ") { &mut tracked.submodules } else { &mut tracked.files };
        kind.extend(path.strip_prefix(&folder).filter(|path| !path.is_empty()).map(str::to_owned));
    })?;
    Ok(tracked)
}

/// Says whether a file of the source is one that people expect in the wheel.
fn belongs_in_wheels(path: &str) -> bool {
    let mut parts = path.split('/');
    let base = path.rsplit('/').next().unwrap_or(path);
    let is_source = SOURCES.iter().any(|end| base.ends_with(end));
    !is_source && !base.starts_with('.') && !parts.any(|part| matches!(part, "test" | "tests"))
}

/// Says whether a file of the wheel is one that builds make.
fn is_built(path: &str) -> bool {
    let base = path.rsplit('/').next().unwrap_or(path);
    BUILT.iter().any(|end| base.ends_with(end)) || VERSION_MODULES.contains(&base)
}

fn list(names: &[&str]) -> String {
    let rest = names.len().saturating_sub(NAMED);
    let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
