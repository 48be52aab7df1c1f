//! What a wheel puts on the import path: modules and packages, and how many of them.

use std::collections::BTreeSet;

use super::Wheel;
use super::members::PROJECT_FOLDERS;
use crate::check::Code::{W029, W031};
use crate::{Metadata, Problem};

/// Lists what is odd about the top of the import path: no module at all, files that are none, several packages.
pub(super) fn problems(wheel: &Wheel, metadata: Option<&Metadata>) -> Vec<Problem> {
    let data = format!("{}.data", wheel.file_name().stem());
    let info = wheel.dist_info();
    let (mut found, mut tops) = (Vec::new(), BTreeSet::new());
    let mut stubs = Vec::new();
    let mut installs_something = false;
    for name in wheel.layout.members.iter().map(|member| member.name.as_str()) {
        let Some(inner) = on_import_path(name, &info, &data) else {
            let is_data = name.strip_prefix(&data).is_some_and(|rest| !rest.ends_with('/'));
            installs_something |= is_data;
            continue;
        };
        installs_something |= !inner.ends_with('/');
        match inner.split_once('/') {
            Some((top, _)) => tops.extend(Some(top)),
            None if inner.ends_with(".pth") => {}
            None if inner == "__init__.py" => {
                found.push(W029.found(format!("`{name}` makes a package of the whole import path")));
            }
            None if is_module(inner) => tops.extend(inner.split('.').next()),
            None => match inner.strip_suffix(".pyi") {
                Some(module) => stubs.push((name, module)),
                None => found.push(no_module(name)),
            },
        }
    }
    // The stub of a module stands beside it.
    found.extend(stubs.iter().filter(|(_, module)| !tops.contains(module)).map(|(name, _)| no_module(name)));
    // A distribution that only requires others has nothing to install, and means it.
    let is_bundle = metadata.is_some_and(|metadata| !metadata.requires_dist.is_empty());
    if !installs_something && !is_bundle {
        found.push(W029.found("the wheel installs no file but its own metadata"));
    }
    let tops: Vec<&str> = tops.iter().copied().filter(|top| counts(top, &tops)).collect();
    if tops.len() > 1 {
        found.push(W031.found(format!(
            "the wheel installs {} top packages: `{}`",
            tops.len(),
            tops.join("`, `")
        )));
    }
    found
}

fn no_module(name: &str) -> Problem {
    W029.found(format!("`{name}` lies on the import path, and is no module"))
}

/// The place of a member below purelib or platlib; `None` for what is installed elsewhere.
pub(super) fn on_import_path<'a>(name: &'a str, info: &str, data: &str) -> Option<&'a str> {
    let (top, rest) = name.split_once('/').unwrap_or((name, ""));
    if top == data {
        return rest.strip_prefix("purelib/").or_else(|| rest.strip_prefix("platlib/"));
    }
    (top != info).then_some(name)
}

/// Says whether the name of a file is that of a module, in Python or compiled.
fn is_module(name: &str) -> bool {
    let stem = [".py", ".pyd", ".so"].iter().find_map(|end| name.strip_suffix(end));
    stem.is_some_and(|stem| !stem.is_empty())
}

/// Says whether a top package is one that people import: not a private one, stubs, bundled libraries, mypyc's own, or
/// a folder of the project that another check names.
fn counts(top: &str, all: &BTreeSet<&str>) -> bool {
    let is_own_stub = top.strip_suffix("-stubs").is_some_and(|base| all.contains(base));
    let is_told = PROJECT_FOLDERS.contains(&top);
    !top.starts_with('_')
        && !is_told
        && ![".libs", "__mypyc"].iter().any(|end| top.ends_with(end))
        && !is_own_stub
}
