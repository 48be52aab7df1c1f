//! The places of the version that release.toml has to name: those of another tool, and those that would drift.

use anyhow::Result;
use document::{ProjectPath, Version};
use project::{Project, Survey, TagPattern, VersionFile, VersionSpelling};

use super::draft::Draft;
use super::habits::Habits;
use crate::strays::{self, Stray};

/// The places, with the reason for each.
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<(VersionFile, String)>,
    /// Places that hold the version, and that nobody has named or that may mean another.
    others: Vec<Stray>,
}

/// Finds them; the project gets the form of its tags first, so that the version is found as it will be.
pub fn find(survey: &mut Survey, habits: &Habits) -> Result<Places> {
    let project = &mut survey.project;
    if let Some(tag) = &habits.tag {
        project.settings.project.tag.clone_from(&tag.value);
        project.tags = TagPattern::parse(&tag.value.replace("{package}", &project.name))?;
    }
    let mut found = Places::default();
    let named = std::mem::take(&mut project.settings.version_file);
    for (at, file) in named.into_iter().enumerate() {
        let foreign = project.foreign.as_ref();
        let why =
            foreign.and_then(|foreign| foreign.origin(&format!("version-file.{at}"))).unwrap_or_default();
        if !is_found_anyway(project, &file) {
            found.files.push((file.clone(), why.to_owned()));
        }
    }
    project.settings.version_file = found.files.iter().map(|(file, _)| file.clone()).collect();
    // Where another tool names the places, a release goes on doing what that tool did, and the rest is for people.
    let is_told = project.foreign.is_some();
    // Where the packages version apart, each has strays of its own.
    for part in project.clone().parts(None)? {
        let Ok((carriers, version)) = read(&part) else { continue };
        let search = strays::search(&part, &version)?;
        for stray in strays::find(&part, &carriers, &version, search)?.strays {
            let adopts = !is_told && is_ours(&part, &stray, &version);
            let Some(file) = adopts.then(|| place(&part, &stray, &version)).flatten() else {
                found.others.push(stray);
                continue;
            };
            if found.files.iter().all(|(other, _)| *other != file) {
                let why = format!("line {} holds {version}: `{}`", stray.line, stray.text);
                found.files.push((file, why));
            }
        }
    }
    Ok(found)
}

impl Places {
    /// Writes each as [[version-file]], and the others as comments.
    pub fn write(&self, draft: &mut Draft) {
        for (file, why) in &self.files {
            draft.table("[[version-file]]");
            draft.key(why, "path", file.path.as_str());
            file.search.iter().for_each(|search| draft.same("search", search));
            file.key.iter().for_each(|key| draft.same("key", key));
            file.lines.iter().for_each(|lines| draft.same("lines", lines));
            file.count.iter().for_each(|count| draft.number("count", *count));
            match file.spelling {
                VersionSpelling::Pep440 => {}
                VersionSpelling::Semver => draft.same("spelling", "semver"),
                VersionSpelling::ImageTag => draft.same("spelling", "image-tag"),
            }
            file.package.iter().for_each(|package| draft.same("package", package));
            if file.current_only {
                draft.switch("current-only");
            }
            if file.optional {
                draft.switch("optional");
            }
        }
        if self.others.is_empty() {
            return;
        }
        draft.gap();
        draft.comment(
            "These hold the version too, and stay as they are; a [[version-file]] would make them follow:",
        );
        for Stray { path, line, text } in &self.others {
            draft.comment(&format!("{path}:{line}: {text}"));
        }
    }
}

fn read(project: &Project) -> Result<(Vec<project::Carrier>, Version)> {
    let carriers = project.carriers()?;
    let version = project.version(&carriers)?;
    Ok((carriers, version))
}

/// Says whether the places of a file are found without being told.
fn is_found_anyway(project: &Project, file: &VersionFile) -> bool {
    let spots = |project: &Project| {
        let mut spots = Vec::new();
        for part in project.clone().parts(None).ok()? {
            let own = part.carriers().ok()?.into_iter().filter(|carrier| carrier.path == file.path);
            spots.extend(own.flat_map(|carrier| carrier.spots.into_iter().map(|spot| spot.range)));
        }
        Some(spots)
    };
    let mut with = project.clone();
    with.settings.version_file = vec![file.clone()];
    spots(project).is_some_and(|found| !found.is_empty() && Some(found) == spots(&with))
}

/// A [[version-file]] that holds what a stray holds and nothing else.
fn place(project: &Project, stray: &Stray, version: &Version) -> Option<VersionFile> {
    let spelled = version.to_string();
    let at = stray.text.find(&spelled)?;
    let (before, after) = (&stray.text[..at], &stray.text[at + spelled.len()..]);
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\'' | '`' | '<'));
    let search = format!("{before}{{version}}{}", quote.map(String::from).unwrap_or_default());
    let path: ProjectPath = stray.path.parse().ok()?;
    let file = |current_only: bool| VersionFile {
        path: path.clone(),
        search: Some(search.clone()),
        key: None,
        count: None,
        current_only,
        lines: None,
        optional: false,
        spelling: VersionSpelling::Pep440,
        package: None,
    };
    let works = |file: &VersionFile| {
        let mut trial = project.clone();
        trial.settings.version_file.push(file.clone());
        read(&trial).is_ok_and(|(_, found)| found == *version)
    };
    [file(false), file(true)].into_iter().find(|file| !before.contains("{version}") && works(file))
}

/// Says whether the line tells that the version is the project's: it speaks of a version, or names a package.
fn is_ours(project: &Project, stray: &Stray, version: &Version) -> bool {
    let text = stray.text.to_lowercase();
    let before = text.split(&version.to_string()).next().unwrap_or_default();
    let names = project.packages.iter().map(|package| package.name.as_str()).chain([project.name.as_str()]);
    let named = |name: &str| {
        let spellings = [name.to_lowercase(), name.to_lowercase().replace('-', "_")];
        let word = before.trim_end_matches(['=', ':', '@', ' ', '-', 'v', '"', '\'', '/']);
        spellings.iter().any(|name| word.ends_with(name.as_str()))
    };
    before.contains("version") || names.into_iter().any(named)
}
