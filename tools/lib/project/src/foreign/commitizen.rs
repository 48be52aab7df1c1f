//! Commitizen: `.cz.toml`, `cz.toml` and pyproject.toml.

use std::path::Path;

use anyhow::Result;
use document::ProjectPath;

use super::table::{Table, TomlFile};
use super::{Foreign, version_file};
use crate::settings::{ChangelogSection, ChangelogStyle, VersionFile, VersionSpelling};

/// Settings without which Commitizen only looks at messages, and releases nothing.
const OF_RELEASES: [&str; 4] = ["version", "version_provider", "version_files", "tag_format"];

/// Settings that do something beside the bump.
const EXTRAS: [(&str, &str); 9] = [
    ("pre_bump_hooks", "the hooks are not run; a [[check]] of release.toml runs before a release"),
    ("post_bump_hooks", "the hooks are not run; an [[announcement]] of release.toml runs after a release"),
    ("bump_pattern", "`bump-version auto` reads Conventional Commits"),
    ("bump_map", "`bump-version auto` takes the steps of Conventional Commits"),
    ("prerelease_offset", "a series of pre-releases starts at 1"),
    ("template", "the section is not made from the template"),
    ("gpg_sign", "tags are not signed; the files are, by `sign`"),
    ("ignored_tag_formats", "every tag of the project's form is a release"),
    ("legacy_tag_formats", "tags of these forms are no releases"),
];

/// The groups of Commitizen's own sections.
const SECTIONS: [(&str, &str); 4] =
    [("feat", "Feat"), ("fix", "Fix"), ("refactor", "Refactor"), ("perf", "Perf")];

pub(super) fn read(root: &Path, file: &ProjectPath, text: &str) -> Result<Option<Foreign>> {
    if !text.contains("commitizen") {
        return Ok(None);
    }
    let toml = TomlFile::parse(file, text)?;
    let Some(table) = toml.table(&["tool", "commitizen"]) else { return Ok(None) };
    if !OF_RELEASES.iter().any(|key| table.has(key)) {
        return Ok(None);
    }
    let mut foreign = Foreign::new("commitizen", file);
    places(&mut foreign, root, file, &table);
    names(&mut foreign, &table);
    changelog(&mut foreign, toml.table(&["tool", "commitizen", "change_type_map"]), &table);
    foreign.settings.auto.bump_minor_pre_major = table.is_on("major_version_zero");
    foreign.from("auto.bump-minor-pre-major", table.place("major_version_zero"));
    if table.has("name") && table.text("name") != Some("cz_conventional_commits") {
        foreign.warn(&table.place("name"), "`bump-version auto` reads Conventional Commits");
    }
    for (key, what) in EXTRAS {
        if table.has(key) && !matches!(table.text(key), Some("false" | "0" | "")) {
            foreign.warn(&table.place(key), what);
        }
    }
    Ok(Some(foreign))
}

fn places(foreign: &mut Foreign, root: &Path, file: &ProjectPath, table: &Table) {
    let spelling = match table.text("version_scheme") {
        Some("semver" | "semver2") => {
            foreign.warn(&table.place("version_scheme"), "pre-releases are tagged as PEP 440 has them");
            VersionSpelling::Semver
        }
        _ => VersionSpelling::Pep440,
    };
    let key = |key: &str, path: ProjectPath| VersionFile {
        key: Some(key.to_owned()),
        spelling,
        ..version_file(path)
    };
    let place = table.place("version_provider");
    match table.text("version_provider").unwrap_or("commitizen") {
        "commitizen" if table.has("version") => {
            foreign.add_place(root, key("tool.commitizen.version", file.clone()), &table.place("version"));
        }
        // These are found without being told.
        "commitizen" | "pep621" | "poetry" | "uv" | "npm" => {}
        "cargo" => "Cargo.toml"
            .parse()
            .into_iter()
            .for_each(|path| foreign.add_place(root, key("package.version", path), &place)),
        other => foreign.problem(&place, &format!("`{other}` keeps the version where no file holds it")),
    }
    let place = table.place("version_files");
    for entry in table.items("version_files") {
        let (path, pattern) =
            entry.split_once(':').map_or((entry.as_str(), None), |(path, pattern)| (path, Some(pattern)));
        let pattern = pattern.filter(|pattern| !pattern.is_empty());
        if let Some(wrong) = pattern.filter(|pattern| regex_lite::Regex::new(pattern).is_err()) {
            foreign.problem(&place, &format!("the pattern `{wrong}` of `{path}` is not understood here"));
            continue;
        }
        let lines = pattern.map(str::to_owned);
        let search = Some("{version}".to_owned());
        let found = VersionFile { search, current_only: true, lines, spelling, ..version_file(file.clone()) };
        if path.contains(['*', '?', '[']) {
            foreign.add_places(root, path, &[], &found, &place);
            continue;
        }
        match path.trim_start_matches("./").parse() {
            Ok(path) => foreign.add_place(root, VersionFile { path, ..found }, &place),
            Err(cause) => foreign.problem(&place, &format!("{cause}")),
        }
    }
}

fn names(foreign: &mut Foreign, table: &Table) {
    let place = table.place("tag_format");
    let form = table.text("tag_format").unwrap_or("$version");
    let parts = ["$major.$minor.$patch$prerelease", "${major}.${minor}.${patch}${prerelease}"];
    let tag = parts.iter().fold(form.to_owned(), |tag, parts| tag.replace(parts, "$version"));
    let tag = tag.replace("${version}", "$version").replace("$version", "{version}");
    if tag.contains('$') || tag.matches("{version}").count() != 1 {
        foreign.problem(&place, &format!("the tag `{form}` is not made of `$version` alone"));
    } else {
        foreign.settings.project.tag = tag;
        foreign.from(
            "project.tag",
            if table.has("tag_format") { place } else { "the default of commitizen".to_owned() },
        );
    }
    let place = table.place("bump_message");
    let form = table.text("bump_message").unwrap_or("bump: version $current_version → $new_version");
    let words = [
        ("${current_version}", "{previous}"),
        ("$current_version", "{previous}"),
        ("${new_version}", "{version}"),
        ("$new_version", "{version}"),
    ];
    foreign.settings.project.commit_message =
        words.iter().fold(form.to_owned(), |text, (word, ours)| text.replace(word, ours));
    foreign.from(
        "project.commit-message",
        if table.has("bump_message") { place } else { "the default of commitizen".to_owned() },
    );
}

fn changelog(foreign: &mut Foreign, map: Option<Table>, table: &Table) {
    let place = table.place("changelog_file");
    match table.text("changelog_file").unwrap_or("CHANGELOG.md").parse() {
        Ok(path) => foreign.settings.changelog.path = Some(path),
        Err(cause) => foreign.problem(&place, &cause.to_string()),
    }
    foreign.from("changelog.path", place);
    if !table.is_on("update_changelog_on_bump") {
        return;
    }
    let place = table.place("update_changelog_on_bump");
    foreign.warn(&place, "the section has the form of release-please, with these groups");
    foreign.settings.changelog.style = ChangelogStyle::Conventional;
    let heading =
        |kind: &str, usual: &str| map.as_ref().and_then(|map| map.text(kind)).unwrap_or(usual).to_owned();
    let sections = SECTIONS.iter().map(|(kind, usual)| ChangelogSection {
        kind: (*kind).to_owned(),
        section: heading(kind, usual),
        hidden: false,
    });
    foreign.settings.changelog.sections = Some(sections.collect());
    foreign.from("changelog.style", place.clone());
    foreign.from("changelog.sections", place);
}
