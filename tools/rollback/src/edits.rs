//! A bump that was never committed: its files go back to what the base commit has.

use anyhow::{Context, Result};
use document::{Fate, ProjectPath, Release, Sha256, Withdrawal};
use filter::Step;
use project::{Lock, Project, files};

use crate::facts::{Facts, blob};
use crate::memory::{Memory, withdrawn};

/// A file with its digests before and after the bump; one that the bump made has none before.
type EditedFile<'a> = (&'a ProjectPath, Option<&'a Sha256>, &'a Sha256);

/// Plans what becomes of each edited file: a step, and an entry of the document.
pub fn plan(
    project: &Project,
    release: &Release,
    facts: &Facts,
    memory: &Memory,
) -> Result<Vec<(Step<ProjectPath>, Withdrawal)>> {
    let mut edited: Vec<EditedFile> =
        release.edits.iter().map(|edit| (&edit.path, Some(&edit.before), &edit.after)).collect();
    let notes = release.notes.iter().filter_map(|notes| notes.edit.as_ref());
    edited.extend(notes.map(|edit| (&edit.path, edit.before.as_ref(), &edit.after)));
    edited.sort();
    edited.into_iter().map(|file| plan_file(project, release, facts, memory, file)).collect()
}

fn plan_file(
    project: &Project,
    release: &Release,
    facts: &Facts,
    memory: &Memory,
    (path, before, after): EditedFile,
) -> Result<(Step<ProjectPath>, Withdrawal)> {
    let base = &release.project.base;
    let what = format!("edit of {path}");
    let now = files::read_if_present(&path.under(&project.root))?;
    let digest = now.as_deref().map(files::sha256);
    let keep = |reason: String| {
        let step = Step::skip(format!("restore {path}"), &reason);
        (step, Withdrawal { what: what.clone(), fate: Fate::Kept, detail: reason })
    };
    if digest.as_ref() == before {
        let reason = "it is as it was before the bump";
        return Ok((Step::skip(format!("restore {path}"), reason), memory.gone(what, reason)));
    }
    if facts.head.as_ref() != Some(base) {
        return Ok(keep(format!("{} is not checked out any more", base.short())));
    }
    // A write that was cut short leaves an empty file.
    let is_torn = now.as_ref().is_some_and(Vec::is_empty);
    if digest.as_ref() != Some(after) && !is_torn {
        return Ok(keep("it was changed after the bump".to_owned()));
    }
    Ok((Step::Do(path.clone()), withdrawn(what, format!("restored from {}", base.short()))))
}

/// Restores a file from the base commit, or removes one that is not in there. The index forgets the edit first: once
/// the file is as it was, nothing leads the next run here.
pub fn restore(project: &Project, release: &Release, path: &ProjectPath, lock: &Lock) -> Result<()> {
    let target = path.under(&project.root);
    project.git.write(lock, &["reset", "--quiet", "--", path.as_str()])?;
    match blob(project, &release.project.base, path.as_str())? {
        Some(bytes) => files::replace(&target, &bytes),
        None => std::fs::remove_file(&target).with_context(|| format!("cannot remove `{path}`")),
    }
}
