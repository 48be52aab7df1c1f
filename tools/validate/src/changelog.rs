//! The changelog: no merge is unfinished in it, and it says of the release what the document does, with its date.

use anyhow::Result;
use document::{Failure, Release};
use notes::{Changelog, Syntax, names};
use project::files;

use crate::validate::{Context, Verdict};

/// Checks the changelog against the notes of the release.
pub fn agrees(context: &Context) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let edit = release.notes.as_ref().and_then(|notes| notes.edit.as_ref());
    let in_tree = || names::in_tree(&project.settings.changelog, &project.root);
    let Some(path) = edit.map(|edit| edit.path.clone()).or_else(in_tree) else {
        return Ok(Verdict::Skipped("the project keeps no changelog".to_owned()));
    };
    let text = files::read_text(&path.under(&project.root))?;
    let changelog = Changelog::new(&text, Syntax::of(path.as_str(), &text));
    if let Some(line) = changelog.conflict() {
        let what = format!("cannot release with `{path}:{line}`: an unfinished merge has left its markers");
        return Err(Failure::new(what).hint("resolve the conflict, and commit the changelog").into());
    }
    let Release { version: step, notes, .. } = release;
    let version = &step.current;
    let Some(notes) = notes else {
        return Ok(Verdict::Skipped("the document has no notes yet".to_owned()));
    };
    match changelog.says(version, &notes.body) {
        Some(true) => {}
        // Where nothing was written there need be none: git ignores the file, or it came after the notes.
        None if edit.is_none() => {
            return Ok(Verdict::Skipped(format!(
                "{path} has no section of {version}, the notes are in the document alone"
            )));
        }
        said => {
            let what = match said {
                None => "it has no section of it",
                Some(_) => "its section says something else than the notes of the document",
            };
            let what = format!("cannot release {version} with `{path}`: {what}");
            return Err(Failure::new(what).hint("run `changelog` again, and all that follows it").into());
        }
    }
    // A section that stood there before may well be older than the release.
    let date = changelog.date_of(version).filter(|_| edit.is_some());
    if let Some(other) = date.filter(|date| *date != step.date) {
        let what = format!(
            "cannot release {version} with `{path}`: its section has the date {other}, the release {}",
            step.date
        );
        return Err(Failure::new(what).hint(format!("write {} there, and commit it", step.date)).into());
    }
    Ok(Verdict::Passed(format!("{path} says of {version} what the notes do")))
}
