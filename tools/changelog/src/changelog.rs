//! The notes of a release, and its section in the changelog file.

use std::collections::BTreeMap;

use anyhow::Result;
use commits::since_previous;
use document::{Failure, Notes, NotesEdit, ProjectPath, Release};
use filter::{Outcome, Stage, Step};
use project::{Project, files};

use crate::file::{Changelog, Syntax};
use crate::names;
use crate::section::{Told, Writer};

/// What stands in for notes when no commit tells users anything.
pub const NOTHING: &str = "- No change that users will notice\n";

/// Finds the notes, writes the section, and returns both for the document.
///
/// The new text is made from the file as it stands in the commit that the release starts from, so that a run
/// after a crash makes the same text, and sees that it is written.
pub fn write(project: &Project, release: &Release, stage: &Stage) -> Result<Notes> {
    let style = project.settings.changelog.style;
    let found = committed(project, release)?;
    let path = &found.as_ref().map_or_else(|| project.settings.changelog.path(), |(path, _)| path.clone());
    if release.edits.iter().any(|edit| edit.path == *path) {
        let what = format!("cannot write `{path}`: release.toml names it as a [[version-file]] too");
        return Err(Failure::new(what).hint(format!("take `{path}` out of [[version-file]]")).into());
    }
    let version = &release.version.current;
    let Some((_, before)) = found else {
        let body = generated(project, release, stage)?;
        stage.skip(path, "there is no such file, the notes are in the document alone");
        return Ok(Notes { body, edit: None });
    };
    let changelog = Changelog::new(&before, Syntax::of(path.as_str(), &before));
    if let Some(body) = changelog.section_of(version) {
        stage.skip(path, format!("it has a section for {version} already"));
        return Ok(Notes { body, edit: None });
    }
    let body = match changelog.unreleased() {
        Some(body) => body,
        None => generated(project, release, stage)?,
    };
    let after = changelog.with(&release.version, &body, style, address(project, release)?.as_deref());
    let edit = NotesEdit {
        path: path.clone(),
        before: Some(files::sha256(before.as_bytes())),
        after: files::sha256(after.as_bytes()),
    };
    let action = format!("edit {path}: add the section {version}");
    let now = files::read_text(&path.under(&project.root))?;
    if now == after {
        stage.skip(path, format!("it has the section {version} already"));
        return Ok(Notes { body, edit: Some(edit) });
    }
    let (own, edited) = (changelog.read(&after), changelog.read(&now));
    if let (Some(body), true) = (edited.section_of(version), own.around(version) == edited.around(version)) {
        stage.skip(path, format!("it has the section {version} already, and people have edited it"));
        let edit = NotesEdit { after: files::sha256(now.as_bytes()), ..edit };
        return Ok(Notes { body, edit: Some(edit) });
    }
    if now != before {
        let what = format!("cannot write `{path}`: it has changes that are not committed");
        return Err(Failure::new(what)
            .hint(format!("commit them, or undo them with `git restore {path}`"))
            .into());
    }
    let lock = (!stage.is_dry_run()).then(|| project.git.state().lock()).transpose()?;
    stage.perform(&[Step::Do(action)], |_| {
        files::replace(&path.under(&project.root), after.as_bytes())?;
        Ok(Outcome::Done)
    })?;
    drop(lock);
    Ok(Notes { body, edit: Some(edit) })
}

/// Refuses a changelog, as it stands in the tree, that does not name the version of the release.
pub fn check(project: &Project, release: &Release, stage: &Stage) -> Result<()> {
    let (settings, version) = (&project.settings.changelog, &release.version.current);
    let Some(path) = names::in_tree(settings, &project.root) else {
        let path = settings.path();
        let what = format!("cannot find {version} in `{path}`: the project keeps no such file");
        return Err(Failure::new(what).hint("name the file in release.toml: `path` in [changelog]").into());
    };
    let text = files::read_text(&path.under(&project.root))?;
    if Changelog::new(&text, Syntax::of(path.as_str(), &text)).section_of(version).is_none() {
        let what = format!("cannot find {version} in `{path}`: no section has it in its title");
        return Err(Failure::new(what).hint("bump-version current | changelog").into());
    }
    stage.note(format!("{path} names {version}"));
    Ok(())
}

/// The changelog as it was committed, with the line ends that it has in the tree; `None` when there is none.
fn committed(project: &Project, release: &Release) -> Result<Option<(ProjectPath, String)>> {
    let base = &release.project.base;
    let Some(path) = names::in_commit(&project.settings.changelog, &project.git, base)? else {
        return Ok(None);
    };
    let object = format!("{base}:./{path}");
    let output = project::run_quietly(&mut project.git.command(&["cat-file", "--filters", &object])?)?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        Failure::new(format!("cannot read `{path}`: it is no UTF-8"))
            .hint("convert the file to UTF-8 and commit it")
    })?;
    Ok(Some((path, text)))
}

fn generated(project: &Project, release: &Release, stage: &Stage) -> Result<String> {
    let commits = since_previous(project, release)?;
    let url = address(project, release)?;
    let count = commits.len();
    let writer = Writer::new(&project.settings.changelog, url, &project.root)?;
    let told: Vec<Told> = commits.iter().map(|commit| writer.tell(commit)).collect();
    let section = writer.section(&told);
    warn_of(&section.unknown, stage);
    let body = writer.body(section, &told, Some(&release.version))?;
    if !body.is_empty() {
        return Ok(body);
    }
    let since = release.version.previous_tag.as_deref().unwrap_or("the first commit");
    stage.warn(format!("none of the {count} commits since {since} tells users anything"));
    Ok(NOTHING.to_owned())
}

fn address(project: &Project, release: &Release) -> Result<Option<String>> {
    release.project.remote.as_ref().map_or(Ok(None), |remote| project.git.web_address(remote))
}

/// Names the types of commits that no section has.
pub fn warn_of(unknown: &BTreeMap<String, usize>, stage: &Stage) {
    for (kind, count) in unknown {
        let commits = if *count == 1 { "commit" } else { "commits" };
        stage.warn(format!(
            "{count} {commits} of the type `{kind}` left out: no section of [changelog] names it"
        ));
    }
}
