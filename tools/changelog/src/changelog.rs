//! The notes of a release, and its section in the changelog file.

use std::collections::BTreeMap;

use anyhow::Result;
use commits::since_previous;
use document::{Failure, Notes, NotesEdit, ProjectPath, Release};
use filter::{Outcome, Stage, Step};
use project::{Project, files};

use crate::address::web_address;
use crate::file::Changelog;
use crate::section::{Section, Told, Writer};

/// Names that changelogs have elsewhere.
const OTHER_NAMES: [&str; 5] = ["CHANGES.md", "HISTORY.md", "NEWS.md", "docs/CHANGELOG.md", "changelog.md"];

/// What stands in for notes when no commit tells users anything.
pub const NOTHING: &str = "- No change that users will notice\n";

/// Finds the notes, writes the section, and returns both for the document.
///
/// The new text is made from the file as it stands in the commit that the release starts from, so that a run
/// after a crash makes the same text, and sees that it is written.
pub fn write(project: &Project, release: &Release, stage: &Stage) -> Result<Notes> {
    let (path, style) = (&project.settings.changelog.path, project.settings.changelog.style);
    if release.edits.iter().any(|edit| edit.path == *path) {
        let what = format!("cannot write `{path}`: release.toml names it as a [[version-file]] too");
        return Err(Failure::new(what).hint(format!("take `{path}` out of [[version-file]]")).into());
    }
    let version = &release.version.current;
    let Some(before) = committed(project, release, path)? else {
        let body = generated(project, release, stage)?;
        stage.skip(path, "there is no such file, the notes are in the document alone");
        if let Some(other) = OTHER_NAMES.into_iter().find(|name| project.root.join(name).is_file()) {
            stage.warn(format!("`{other}` stays as it is: name it as `[changelog] path` in release.toml if it is the changelog"));
        }
        return Ok(Notes { body, edit: None });
    };
    let changelog = Changelog::new(&before);
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
    let (path, version) = (&project.settings.changelog.path, &release.version.current);
    let file = path.under(&project.root);
    if !file.exists() {
        let what = format!("cannot find {version} in `{path}`: the project keeps no such file");
        return Err(Failure::new(what).hint("name the file in release.toml: `path` in [changelog]").into());
    }
    if Changelog::new(&files::read_text(&file)?).section_of(version).is_none() {
        let what = format!("cannot find {version} in `{path}`: no section has it in its title");
        return Err(Failure::new(what).hint("bump-version current | changelog").into());
    }
    stage.note(format!("{path} names {version}"));
    Ok(())
}

/// The changelog as it was committed, with the line ends that it has in the tree; `None` when there is none.
fn committed(project: &Project, release: &Release, path: &ProjectPath) -> Result<Option<String>> {
    let object = format!("{}:./{path}", release.project.base);
    let output = project::run_quietly(&mut project.git.command(&["cat-file", "--filters", &object])?)?;
    if !output.status.success() {
        return Ok(None);
    }
    String::from_utf8(output.stdout).map(Some).map_err(|_| {
        Failure::new(format!("cannot read `{path}`: it is no UTF-8"))
            .hint("convert the file to UTF-8 and commit it")
            .into()
    })
}

fn generated(project: &Project, release: &Release, stage: &Stage) -> Result<String> {
    let commits = since_previous(project, release)?;
    let url = address(project, release)?;
    let count = commits.len();
    let writer = Writer::new(&project.settings.changelog, url);
    let told: Vec<Told> = commits.iter().map(|commit| writer.tell(commit)).collect();
    let Section { body, unknown } = writer.section(&told);
    warn_of(&unknown, stage);
    if !body.is_empty() {
        return Ok(body);
    }
    let since = release.version.previous_tag.as_deref().unwrap_or("the first commit");
    stage.warn(format!("none of the {count} commits since {since} tells users anything"));
    Ok(NOTHING.to_owned())
}

fn address(project: &Project, release: &Release) -> Result<Option<String>> {
    release.project.remote.as_ref().map_or(Ok(None), |remote| web_address(&project.git, remote))
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
