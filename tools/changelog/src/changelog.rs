//! The notes of a release, and its section in the changelog file.

use std::collections::BTreeMap;

use anyhow::Result;
use commits::since_previous;
use document::{CommitId, Failure, Notes, NotesEdit, ProjectPath, Release, Sha256, Version};
use filter::{Outcome, Stage, Step};
use notes::{Changelog, Syntax, names};
use project::{ChangelogStyle, Project, files};

use crate::passage;
use crate::section::{Told, Writer};

/// What stands in for notes when no commit tells users anything.
pub const NOTHING: &str = "- No change that users will notice\n";

/// Finds the notes, writes the section, and returns both for the document.
///
/// The new text is made from the file as it stands in the commit that the release starts from, so that a run
/// after a crash makes the same text, and sees that it is written. A file that the project asks for and that is not
/// there yet is made.
pub fn write(project: &Project, release: &Release, stage: &Stage) -> Result<Notes> {
    let settings = &project.settings.changelog;
    let (path, before) = match committed(project, release)? {
        Some((path, before)) => (path, Some(before)),
        None => (settings.path(), None),
    };
    if release.edits.iter().any(|edit| edit.path == path) {
        let what = format!("cannot write `{path}`: release.toml names it as a [[version-file]] too");
        return Err(Failure::new(what).hint(format!("take `{path}` out of [[version-file]]")).into());
    }
    let reason = if before.is_none() { why_without(project, &path)? } else { None };
    if let Some(reason) = reason {
        stage.skip(&path, format!("{reason}, the notes are in the document alone"));
        return Ok(Notes { body: generated(project, release, stage)?, edit: None });
    }
    let version = &release.version.current;
    let changelog = before.as_deref().unwrap_or_default();
    let changelog = Changelog::new(changelog, Syntax::of(path.as_str(), changelog));
    if let Some(body) = changelog.section_of(version) {
        stage.skip(&path, format!("it has a section for {version} already"));
        return Ok(Notes { body: changelog.complete(body), edit: None });
    }
    let body = match changelog.unreleased() {
        Some(body) => body,
        None => generated(project, release, stage)?,
    };
    let after = text_after(project, release, &path, before.as_deref(), &body)?;
    let action = match &before {
        Some(_) => format!("edit {path}: add the section {version}"),
        None => format!("write {path}: a new file with the section {version}"),
    };
    let edit = NotesEdit {
        path,
        before: before.as_ref().map(|before| files::sha256(before.as_bytes())),
        after: files::sha256(after.as_bytes()),
    };
    let texts = Texts { changelog: &changelog, before: before.as_deref(), after: &after, version };
    Ok(match put(project, stage, &edit, texts, action)? {
        Some(Edited { body, after }) => Notes { body, edit: Some(NotesEdit { after, ..edit }) },
        None => Notes { body: changelog.complete(body), edit: Some(edit) },
    })
}

/// The texts of the file.
struct Texts<'a> {
    changelog: &'a Changelog<'a>,
    /// As it was committed; `None` where there was none.
    before: Option<&'a str>,
    after: &'a str,
    version: &'a Version,
}

/// What people made of the section.
struct Edited {
    body: String,
    after: Sha256,
}

/// Writes the file, unless it is written; people may have edited the section since.
fn put(
    project: &Project,
    stage: &Stage,
    NotesEdit { path, .. }: &NotesEdit,
    Texts { changelog, before, after, version }: Texts<'_>,
    action: String,
) -> Result<Option<Edited>> {
    let file = path.under(&project.root);
    let now = if file.exists() { Some(files::read_text(&file)?) } else { None };
    if now.as_deref() == Some(after) {
        stage.skip(path, format!("it has the section {version} already"));
        return Ok(None);
    }
    if let Some(now) = &now {
        let (own, edited) = (changelog.read(after), changelog.read(now));
        if let (Some(body), true) =
            (edited.section_of(version), own.around(version) == edited.around(version))
        {
            stage.skip(path, format!("it has the section {version} already, and people have edited it"));
            let body = edited.complete(body);
            return Ok(Some(Edited { body, after: files::sha256(now.as_bytes()) }));
        }
    }
    if now.as_deref() != before {
        let (cause, hint) = match before {
            Some(_) => (
                "it has changes that are not committed",
                format!("commit them, or undo them with `git restore {path}`"),
            ),
            None => (
                "it is there and not committed",
                "move it away, or commit it and start again with `bump-version`".to_owned(),
            ),
        };
        return Err(Failure::new(format!("cannot write `{path}`: {cause}")).hint(hint).into());
    }
    let lock =
        (!stage.is_dry_run()).then(|| project.git.state().lock(|text| stage.note(text))).transpose()?;
    stage.perform(&[Step::Do(action)], |_| {
        files::replace(&file, after.as_bytes())?;
        Ok(Outcome::Done)
    })?;
    drop(lock);
    Ok(None)
}

/// Why a project without a changelog stays without one: nothing asks for the file, or no commit could hold it.
fn why_without(project: &Project, path: &ProjectPath) -> Result<Option<&'static str>> {
    if !project.settings.changelog.is_wanted() {
        return Ok(Some("there is no such file"));
    }
    let is_ignored = project.git.ask(&["check-ignore", "--quiet", "--", path.as_str()])?.is_some();
    Ok(is_ignored.then_some("git ignores it"))
}

/// The text of the file with the section.
fn text_after(
    project: &Project,
    release: &Release,
    path: &ProjectPath,
    before: Option<&str>,
    body: &str,
) -> Result<String> {
    let style = project.settings.changelog.style;
    // Into a file that is there, one style alone writes a link of its own.
    let has_link = before.is_none() || style == ChangelogStyle::Conventional;
    let url = if has_link { address(project, release)? } else { None };
    let syntax = Syntax::of(path.as_str(), before.unwrap_or_default());
    let step = &release.version;
    Ok(match before {
        Some(before) => Changelog::new(before, syntax).with(step, body, style, url.as_deref()),
        None => passage::new_file(&[(step, body)], syntax, style, url.as_deref()),
    })
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
    let (settings, base) = (&project.settings.changelog, &release.project.base);
    // The first name nearly always is the one, and then no other is asked for.
    let first = settings.path();
    if let Some(text) = text_in(project, base, &first)? {
        return Ok(Some((first, text)));
    }
    let Some(path) = names::in_commit(settings, &project.git, base)? else { return Ok(None) };
    Ok(text_in(project, base, &path)?.map(|text| (path, text)))
}

/// The text of a file in a commit; `None` where there is no such file.
fn text_in(project: &Project, commit: &CommitId, path: &ProjectPath) -> Result<Option<String>> {
    let object = format!("{commit}:./{path}");
    let output = project::run_quietly(&mut project.git.command(&["cat-file", "--filters", &object])?)?;
    if !output.status.success() {
        return Ok(None);
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        Failure::new(format!("cannot read `{path}`: it is no UTF-8"))
            .hint("convert the file to UTF-8 and commit it")
    })?;
    Ok(Some(text))
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
