//! The places of the version that release.toml has to name: those of another tool, and those that would drift.

use std::collections::BTreeSet;

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
    let images = images(&survey.files);
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
            let adopts = !is_told && is_ours(&part, &images, &stray, &version);
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
    let is_image = image(before).is_some();
    let spelling = if is_image { VersionSpelling::ImageTag } else { VersionSpelling::Pep440 };
    let file = |current_only: bool| VersionFile {
        path: path.clone(),
        search: Some(search.clone()),
        key: None,
        count: None,
        current_only,
        lines: None,
        optional: false,
        spelling,
        package: None,
    };
    let works = |file: &VersionFile| {
        let mut trial = project.clone();
        trial.settings.version_file.push(file.clone());
        read(&trial).is_ok_and(|(_, found)| found == *version)
    };
    [file(false), file(true)].into_iter().find(|file| !before.contains("{version}") && works(file))
}

/// Says whether the line tells that the version is the project's: it speaks of a version, or names a package or an
/// image of the project.
fn is_ours(project: &Project, images: &BTreeSet<String>, stray: &Stray, version: &Version) -> bool {
    let text = stray.text.to_lowercase();
    let before = text.split(&version.to_string()).next().unwrap_or_default();
    let names = project.packages.iter().map(|package| package.name.as_str()).chain([project.name.as_str()]);
    let names: Vec<&str> = names.collect();
    let named = |name: &str| {
        let spellings = [name.to_lowercase(), name.to_lowercase().replace('-', "_")];
        let word = before.trim_end_matches(['=', ':', '@', ' ', '-', 'v', '"', '\'', '/']);
        spellings.iter().any(|name| word.ends_with(name.as_str()))
    };
    let is_own_image = image(before).is_some_and(|image| images.contains(image));
    is_own_image || speaks_of_its_version(before, &names) || names.iter().any(|name| named(name))
}

/// What may stand beside `version` in a name such as `ARG APP_VERSION=`, where it is the version of the project.
const OWN: [&str; 22] = [
    "app",
    "application",
    "arg",
    "build",
    "chart",
    "current",
    "docker",
    "env",
    "image",
    "io",
    "kubernetes",
    "label",
    "oci",
    "opencontainers",
    "org",
    "package",
    "pkg",
    "project",
    "release",
    "service",
    "software",
    "version",
];

/// Words before it that speak of a floor or of the past.
const OF_OTHERS: [&str; 9] =
    ["before", "from", "least", "needs", "python", "requires", "since", "until", "with"];

/// Says whether a text such as `ARG VERSION=` speaks of the version of the project.
fn speaks_of_its_version(before: &str, names: &[&str]) -> bool {
    let is_joined = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let Some(at) = before.rfind("version") else { return false };
    let start = before[..at].rfind(|c| !is_joined(c)).map_or(0, |at| at + 1);
    let end = before[at..].find(|c| !is_joined(c)).map_or(before.len(), |length| at + length);
    let is_word = |c: char| !c.is_alphanumeric();
    let is_own = |word: &str| {
        let word = word.strip_suffix("version").unwrap_or(word);
        word.is_empty()
            || OWN.contains(&word)
            || names.iter().any(|name| name.split(['-', '_', '.']).any(|own| own == word))
    };
    before[start..end].split(is_word).all(is_own)
        && !before[..start].split(is_word).any(|word| OF_OTHERS.contains(&word))
}

/// The name of the image whose tag follows: `web` of `image: registry.example/acme/web:`.
fn image(before: &str) -> Option<&str> {
    let start = before.strip_suffix(':')?;
    let word = start.rsplit([' ', '\t', '"', '\'', '=', '`']).next()?;
    let around = &start[..start.len() - word.len()];
    let speaks_of_images = word.contains('/') || around.to_lowercase().contains("image");
    let name = word.rsplit('/').next()?;
    (speaks_of_images && !name.is_empty() && !word.contains("://")).then_some(name)
}

/// The names of the images that are built here, by their Dockerfiles: `web/Dockerfile`, `Dockerfile.web`, `web.Dockerfile`.
fn images(files: &[String]) -> BTreeSet<String> {
    let name = |path: &String| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = folder.rsplit('/').next().unwrap_or_default();
        ["Dockerfile", "Containerfile"].into_iter().find_map(|kind| {
            let own = if file == kind {
                folder
            } else {
                file.strip_prefix(kind)
                    .and_then(|rest| rest.strip_prefix('.'))
                    .or_else(|| file.strip_suffix(kind)?.strip_suffix('.'))?
            };
            (!own.is_empty()).then(|| own.to_lowercase())
        })
    };
    files.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_an_image_names_it() {
        for (before, expected) in [
            ("image: registry.example:5000/acme/web:", Some("web")),
            ("image: \"web:", Some("web")),
            ("FROM acme/web:", Some("web")),
            ("docker run --name=x acme/web:", Some("web")),
            ("release:", None),
            ("image: ", None),
            ("image:", None),
            ("see https://code.example:", None),
        ] {
            assert_eq!(image(before), expected, "{before}");
        }
    }

    #[test]
    fn a_floor_or_the_past_is_not_the_version_of_the_project() {
        let speaks = |before: &str| speaks_of_its_version(before, &["one-flow"]);
        for ours in [
            "arg version=",
            "org.opencontainers.image.version=\"",
            "app.kubernetes.io/version: ",
            "app_version: ",
            "appversion: ",
            "this is version ",
            "flow_version=",
            "__version__ = '",
            "version=\"",
        ] {
            assert!(speaks(ours), "{ours}");
        }
        for other in [
            "minimum-version = \"",
            "required-version = \"",
            "minversion: ",
            "apiversion: ",
            "python_version >= ",
            "since version ",
            "arg wire_version=",
            "release: ",
            "needs wire in version ",
        ] {
            assert!(!speaks(other), "{other}");
        }
    }

    #[test]
    fn a_dockerfile_names_an_image() {
        let files = [
            "Dockerfile",
            "services/Web/Dockerfile",
            "docker/Dockerfile.job",
            "api.Containerfile",
            "a/b.txt",
        ];
        let found = images(&files.map(str::to_owned));
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["api", "job", "web"]);
    }
}
