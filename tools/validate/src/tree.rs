//! The working tree: nothing in it is changed but by the release, and every place has its version.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{Failure, ProjectPath, Sha256};
use project::{Place, files};

use crate::validate::{Context, Verdict};

/// How many changed files are named; the rest is counted.
const NAMED: usize = 10;

/// Checks that the tree has no changes but the release's own, outputs, and coverage reports.
pub fn is_clean(context: &Context) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let state = project.git.tree_state()?;
    // Before the commit the edits of the release are the very changes that it is about to commit.
    let mut own: BTreeMap<&str, &Sha256> = BTreeMap::new();
    if release.commit.is_none() {
        own.extend(release.edits.iter().map(|edit| (edit.path.as_str(), &edit.after)));
        let notes = release.notes.iter().filter_map(|notes| notes.edit.as_ref());
        own.extend(notes.map(|edit| (edit.path.as_str(), &edit.after)));
    }
    let reports: Vec<&str> = project
        .settings
        .check
        .iter()
        .filter_map(|check| Some(check.coverage.as_ref()?.report.as_str()))
        .collect();
    let (mut edits, mut foreign) = (0, Vec::new());
    for path in project.real_changes(&state) {
        if reports.contains(&path.as_str()) {
            continue;
        }
        match own.get(path.as_str()) {
            Some(after) if is_as_edited(context, &path, after)? => edits += 1,
            _ => foreign.push(path),
        }
    }
    if foreign.is_empty() {
        let detail = if edits == 0 { "no changes" } else { "no changes but those of the release" };
        return Ok(Verdict::Passed(detail.to_owned()));
    }
    let count = foreign.len();
    let mut named: Vec<String> = foreign.into_iter().take(NAMED).collect();
    if count > NAMED {
        named.push(format!("{} more", count - NAMED));
    }
    let what = format!("cannot release a changed tree: not committed: {}", named.join(", "));
    Err(Failure::new(what).hint("commit or stash the changes, or pass `--allow-dirty`").into())
}

/// Checks that every place has one version, and that it is the release's.
pub fn has_one_version(context: &Context) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let carriers = project.carriers()?;
    let found = project.version(&carriers)?;
    let wanted = &release.version.current;
    let mut wrong: Vec<String> = Vec::new();
    if found != *wanted {
        wrong.push(format!("the files have {found}"));
    }
    let others = release.packages.iter().filter(|package| package.version != *wanted);
    wrong.extend(others.map(|package| format!("the document's `{}` has {}", package.name, package.version)));
    if !wrong.is_empty() {
        let what = format!("cannot release {wanted}: {}", wrong.join(", "));
        return Err(Failure::new(what)
            .hint("check out the release's commit, or start with `bump-version`")
            .into());
    }
    let places: usize = carriers.iter().map(|carrier| carrier.spots.len()).sum();
    let files = carriers.len();
    let detail = format!(
        "{wanted} in {places} {} of {files} {}",
        if places == 1 { "place" } else { "places" },
        if files == 1 { "file" } else { "files" },
    );
    Ok(Verdict::Passed(detail))
}

/// Checks that the manifest of Release Please has the release's version.
pub fn has_one_manifest(context: &Context) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let Some(path) = project.manifest() else {
        return Ok(Verdict::Skipped("the project has no manifest of Release Please".to_owned()));
    };
    let wanted = &release.version.current;
    let (mut entries, mut wrong) = (0, Vec::new());
    for carrier in project.carriers()?.iter().filter(|carrier| carrier.path.as_str() == path) {
        let spots = carrier.spots.iter().filter(|spot| matches!(spot.place, Place::Manifest(_)));
        for spot in spots {
            entries += 1;
            if carrier.version(spot).ok().as_ref() != Some(wanted) {
                wrong.push(format!("{path}:{} has {}", carrier.line(spot), carrier.spelled(spot)));
            }
        }
    }
    if entries == 0 {
        return Ok(Verdict::Skipped(format!("{path} names no package of this release")));
    }
    if wrong.is_empty() {
        return Ok(Verdict::Passed(format!("{path} has {wanted}")));
    }
    Err(Failure::new(format!("cannot release {wanted}: {}", wrong.join(", ")))
        .hint("start with `bump-version`, which writes the manifest too")
        .into())
}

fn is_as_edited(context: &Context, path: &str, after: &Sha256) -> Result<bool> {
    let path: ProjectPath = path.parse()?;
    let bytes = files::read_if_present(&path.under(&context.project.root))?;
    Ok(bytes.is_some_and(|bytes| files::sha256(&bytes) == *after))
}
