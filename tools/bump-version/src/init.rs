//! The first release.toml of a project: what is found in it, each setting with the reason for it.

mod draft;
mod habits;
mod places;

use anyhow::{Context, Result};
use document::Failure;
use filter::{Outcome, Output, Stage, Step};
use project::{ChangelogStyle, Project, ProjectSettings, Settings, Survey, Versioning, files};

use draft::Draft;
use habits::Habits;

/// Writes release.toml, or only prints it in a dry run. One that is there is never replaced.
pub fn run(stage: &Stage) -> Result<Output> {
    let survey = Project::survey(stage.project())?;
    let path = survey.project.root.join("release.toml");
    if path.exists() && !stage.is_dry_run() {
        let what = format!("cannot write `{}`: it is there already", path.display());
        return Err(Failure::new(what)
            .hint("`--dry-run` prints what would be written; move the file away to start again")
            .into());
    }
    let text = text(survey, stage)?;
    Settings::parse(&text).context("cannot write release.toml: what was found contradicts itself")?;
    if stage.is_dry_run() {
        return Ok(Output::Text(text));
    }
    let settings = text.lines().filter(|line| !line.starts_with('#') && line.contains(" = ")).count();
    stage.perform(&[Step::Do(format!("write release.toml with {settings} settings"))], |_| {
        files::replace(&path, text.as_bytes())?;
        Ok(Outcome::Done)
    })?;
    stage.note("read it, commit it, and see the next release with `bump-version patch --dry-run`");
    Ok(Output::Nothing)
}

/// The text of release.toml, with a comment above each setting.
fn text(mut survey: Survey, stage: &Stage) -> Result<String> {
    let habits = Habits::of(&survey)?;
    let found = places::find(&mut survey, &habits)?;
    let project = &survey.project;
    let mut draft = Draft::new();
    let name = shared_name(&survey).unwrap_or_else(|| project.name.clone());
    draft.comment(&format!("The release of {name}; what is as usual is left out."));
    if let Some(foreign) = &project.foreign {
        draft.comment(&format!("Taken over from {} in `{}`.", foreign.tool, foreign.file));
        for problem in &foreign.problems {
            stage.warn(format!("left out: {problem}"));
            draft.comment(&format!("Left out: {problem}"));
        }
        for warning in &foreign.warnings {
            stage.warn(warning);
            draft.comment(&format!("Done otherwise: {warning}"));
        }
        for other in &foreign.others {
            draft.comment(&format!("Not read: {other}"));
        }
    }
    facts(&mut draft, &survey, &habits);
    project_table(&mut draft, &survey, &habits);
    packages(&mut draft, &survey);
    found.write(&mut draft);
    changelog(&mut draft, project, &habits);
    Ok(draft.into_text())
}

/// What was found and needs no setting.
fn facts(draft: &mut Draft, survey: &Survey, habits: &Habits) {
    for (name, range) in &survey.python {
        draft.comment(&format!("`{name}` is for Python {range}."));
    }
    for left_out in &survey.left_out {
        draft.comment(&format!("No package of the release: {left_out}."));
    }
    let usual = Settings::default();
    let settings = &survey.project.settings;
    let is_used = settings.package.is_empty() || settings.package.iter().any(|package| package.tag.is_none());
    if is_used && settings.project.tag == usual.project.tag {
        let foreign = survey.project.foreign.as_ref().and_then(|foreign| foreign.origin("project.tag"));
        let habit = habits.tag.as_ref().map(|habit| habit.why.as_str());
        let why = foreign.or(habit).unwrap_or("nothing says otherwise");
        draft.comment(&format!("Tags are `{}`: {why}.", usual.project.tag));
    }
    let style = habits.style.as_ref().filter(|style| style.value == "keep-a-changelog");
    if let Some(style) = style.filter(|_| settings.changelog.style == usual.changelog.style) {
        draft.comment(&format!("Sections are those of Keep a Changelog: {}.", style.why));
    }
}

fn project_table(draft: &mut Draft, survey: &Survey, habits: &Habits) {
    let usual = ProjectSettings::default();
    let (own, foreign) = (&survey.project.settings.project, survey.project.foreign.as_ref());
    let why = |key: &str, habit: &str| {
        foreign.and_then(|foreign| foreign.origin(key)).map_or_else(|| habit.to_owned(), str::to_owned)
    };
    draft.table("[project]");
    if let Some(name) = shared_name(survey) {
        draft.key("what the names of all packages begin with", "name", &name);
    }
    if own.versioning == Versioning::Apart {
        let reason = why("project.versioning", "the packages have different versions");
        draft.key(&reason, "versioning", "apart");
    }
    let tag = habits.tag.as_ref().map_or(&own.tag, |habit| &habit.value);
    if *tag != usual.tag {
        let habit = habits.tag.as_ref().map_or("", |habit| &habit.why);
        draft.key(&why("project.tag", habit), "tag", tag);
    }
    let message = habits.message.as_ref().map_or(&own.commit_message, |habit| &habit.value);
    if *message != usual.commit_message {
        let habit = habits.message.as_ref().map_or("", |habit| &habit.why);
        draft.key(&why("project.commit-message", habit), "commit-message", message);
    }
}

/// The words that the names of several packages begin with, which is the name of the whole.
fn shared_name(survey: &Survey) -> Option<String> {
    let packages = &survey.project.packages;
    let (first, others) = packages.split_first().filter(|(_, others)| !others.is_empty())?;
    let words: Vec<&str> = first.name.as_str().split('-').collect();
    let shared = |count: &usize| {
        let start = words[..*count].join("-");
        let begins = |name: &str| {
            name.strip_prefix(&start).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        others.iter().all(|package| begins(package.name.as_str()))
    };
    let count = (1..=words.len()).rev().find(shared)?;
    let name = words[..count].join("-");
    // The first package's name is taken anyway.
    (survey.project.name != name).then_some(name)
}

fn packages(draft: &mut Draft, survey: &Survey) {
    let project = &survey.project;
    for (at, package) in project.settings.package.iter().enumerate() {
        draft.table("[[package]]");
        let place = package.path.as_ref().map_or("the root".to_owned(), |path| format!("`{path}`"));
        let found = format!("{place} has a package");
        let why = project.foreign.as_ref().and_then(|foreign| foreign.origin(&format!("package.{at}")));
        draft.key(why.unwrap_or(&found), "name", &package.name);
        package.path.iter().for_each(|path| draft.same("path", path.as_str()));
        package.tag.iter().for_each(|tag| draft.same("tag", tag));
        package.changelog.iter().for_each(|path| draft.same("changelog", path.as_str()));
        let pins: Vec<_> =
            package.pins.iter().map(|(name, operator)| (name.as_str(), operator.as_str())).collect();
        if !pins.is_empty() {
            draft.map("its dependencies on packages of this project name their version", "pins", &pins);
        }
    }
}

fn changelog(draft: &mut Draft, project: &Project, habits: &Habits) {
    let own = &project.settings.changelog;
    let foreign = project.foreign.as_ref();
    let why = |key: &str, habit: &str| {
        foreign.and_then(|foreign| foreign.origin(key)).map_or_else(|| habit.to_owned(), str::to_owned)
    };
    draft.table("[changelog]");
    let own_path = own.path.as_ref().map(|path| path.as_str());
    let path = own_path.or_else(|| habits.changelog.as_ref().map(|habit| habit.value.as_str()));
    // These two are looked for under their names anyway.
    if let Some(path) = path.filter(|path| !matches!(*path, "CHANGELOG.md" | "RELEASE_NOTES.md")) {
        let habit = habits.changelog.as_ref().map_or("", |habit| &habit.why);
        draft.key(&why("changelog.path", habit), "path", path);
    }
    let style = habits
        .style
        .as_ref()
        .filter(|_| foreign.is_none_or(|foreign| foreign.origin("changelog.style").is_none()));
    let value = match (style, own.style) {
        (Some(style), _) => style.value.as_str(),
        (None, ChangelogStyle::KeepAChangelog) => "keep-a-changelog",
        (None, ChangelogStyle::Conventional) => "conventional",
        (None, ChangelogStyle::ReleaseNotes) => "release-notes",
    };
    if value != "keep-a-changelog" {
        draft.key(&why("changelog.style", style.map_or("", |style| &style.why)), "style", value);
    }
    if let Some(commits) = &habits.commits {
        draft.key(&commits.why, "commits", &commits.value);
    }
    if let Some(sections) = &own.sections {
        draft.sections(&why("changelog.sections", ""), sections);
    }
    let auto = &project.settings.auto;
    let flags = [
        ("bump-minor-pre-major", auto.bump_minor_pre_major),
        ("bump-patch-for-minor-pre-major", auto.bump_patch_for_minor_pre_major),
    ];
    draft.table("[auto]");
    for (key, _) in flags.iter().filter(|(_, is_on)| *is_on) {
        draft.flag(&why(&format!("auto.{key}"), ""), key);
    }
}
