//! bump2version and bump-my-version: `.bumpversion.cfg`, `.bumpversion.toml`, setup.cfg and pyproject.toml.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use document::{Failure, ProjectPath, Version};

use super::table::{Table, TomlFile};
use super::template::Template;
use super::{Foreign, ini, version_file};
use crate::settings::{VersionFile, VersionSpelling};

mod replacement;
mod serialize;

pub(super) use replacement::escaped;

/// The settings, from either kind of file.
struct Configuration {
    main: Table,
    files: Vec<FileTable>,
    parts: BTreeMap<String, Table>,
    /// The place of the version in the file itself.
    own: Option<VersionFile>,
}

/// What is to be done in a file, or in each that a pattern fits.
struct FileTable {
    path: String,
    is_pattern: bool,
    table: Table,
}

/// Settings that do something beside the bump.
const EXTRAS: [(&str, &str); 8] = [
    ("setup_hooks", "the hooks are not run"),
    ("pre_commit_hooks", "the hooks are not run; a [[check]] of release.toml runs before a release"),
    ("post_commit_hooks", "the hooks are not run; an [[announcement]] of release.toml runs after a release"),
    ("commit_args", "git gets no other arguments"),
    ("sign_tags", "tags are not signed; the files are, by `sign`"),
    ("moveable_tags", "tags are never moved"),
    ("tag_message", "the notes of the release are the message of the tag"),
    ("scm_info", "it is not used"),
];

/// Reads `.bumpversion.cfg` or setup.cfg.
pub(super) fn read_ini(root: &Path, file: &ProjectPath, text: &str) -> Result<Option<Foreign>> {
    if !text.contains("[bumpversion]") {
        // That file has no other use, so that the settings are there and would be passed over.
        if file.as_str() == ".bumpversion.cfg" {
            let what = format!("cannot read `{file}`: it has no section `[bumpversion]`");
            return Err(Failure::new(what).hint("mend its first line, or remove the file").into());
        }
        return Ok(None);
    }
    let mut configuration =
        Configuration { main: Table::default(), files: Vec::new(), parts: BTreeMap::new(), own: None };
    for (name, table) in ini::sections(file, text)? {
        let mut words = name.splitn(3, ':');
        let (Some("bumpversion"), kind, path) = (words.next(), words.next(), words.next()) else { continue };
        match (kind.unwrap_or_default(), path) {
            ("", None) => configuration.main = table,
            ("part", Some(part)) => drop(configuration.parts.insert(part.to_owned(), table)),
            // A suffix in brackets tells two sections of one file apart: `file(title):README.md`.
            (kind, Some(path)) if kind.starts_with("file") || kind.starts_with("glob") => {
                let (path, is_pattern) = (path.trim().to_owned(), kind.starts_with("glob"));
                configuration.files.push(FileTable { path, is_pattern, table });
            }
            _ => {}
        }
    }
    if let Some(entry) =
        configuration.main.entries.get("current_version").filter(|entry| !entry.text.is_empty())
    {
        let line = text.lines().nth(entry.line - 1).unwrap_or_default();
        let key = &line[..line.find(&entry.text).unwrap_or(line.len())];
        let search = Some(format!("{key}{{version}}"));
        configuration.own = Some(VersionFile { search, ..version_file(file.clone()) });
    }
    // The old form: names of files between spaces, without tables of their own.
    let table = Table { entries: BTreeMap::new(), ..configuration.main.clone() };
    let names = configuration.main.items("files").iter().flat_map(|line| line.split_whitespace());
    let named =
        names.map(|path| FileTable { path: path.to_owned(), is_pattern: false, table: table.clone() });
    configuration.files.extend(named.collect::<Vec<_>>());
    Ok(Some(convert("bump2version", root, file, &configuration)))
}

/// Reads `.bumpversion.toml` or pyproject.toml.
pub(super) fn read_toml(root: &Path, file: &ProjectPath, text: &str) -> Result<Option<Foreign>> {
    if !text.contains("bumpversion") {
        return Ok(None);
    }
    let toml = TomlFile::parse(file, text)?;
    let Some(main) = toml.table(&["tool", "bumpversion"]) else { return Ok(None) };
    let files = toml.tables(&["tool", "bumpversion", "files"]).into_iter().filter_map(|table| {
        let (path, is_pattern) = match (table.text("glob"), table.text("filename")) {
            (Some(pattern), _) => (pattern.to_owned(), true),
            (None, path) => (path?.to_owned(), false),
        };
        Some(FileTable { path: path.replace("{repo_root}/", ""), is_pattern, table })
    });
    let key = Some("tool.bumpversion.current_version".to_owned());
    let own = main.has("current_version").then(|| VersionFile { key, ..version_file(file.clone()) });
    let parts = toml.named_tables(&["tool", "bumpversion", "parts"]);
    let configuration = Configuration { files: files.collect(), parts, own, main };
    Ok(Some(convert("bump-my-version", root, file, &configuration)))
}

fn convert(tool: &'static str, root: &Path, file: &ProjectPath, configuration: &Configuration) -> Foreign {
    let main = &configuration.main;
    let mut foreign = Foreign::new(tool, file);
    let spelling = spelling(&mut foreign, configuration);
    if let Some(own) = &configuration.own {
        foreign.add_place(root, VersionFile { spelling, ..own.clone() }, &main.place("current_version"));
    }
    for entry in &configuration.files {
        replacement::add(&mut foreign, root, configuration, entry, spelling);
    }
    names(&mut foreign, main);
    for (key, what) in EXTRAS {
        if main.has(key)
            && !["false", "[]"].contains(&main.text(key).unwrap_or_default().to_lowercase().as_str())
        {
            foreign.warn(&main.place(key), what);
        }
    }
    foreign
}

/// The form of the tags and the message of the commit.
fn names(foreign: &mut Foreign, main: &Table) {
    foreign.from("project.tag", format!("the default of {}", foreign.tool));
    if let Some(text) = main.text("tag_name") {
        let place = main.place("tag_name");
        match Template::parse(text).map(|form| form.with_version("new_version", &[])) {
            Some(Ok(tag)) if tag.matches("{version}").count() == 1 => {
                foreign.settings.project.tag = tag;
                foreign.from("project.tag", place);
            }
            _ => foreign.problem(&place, &format!("the tag `{text}` is not made of `{{new_version}}` alone")),
        }
    }
    let default = "Bump version: {current_version} → {new_version}";
    let place = main.place("message");
    let text = main.text("message").unwrap_or(default);
    let words = [("current_version", "{previous}")];
    match Template::parse(text).map(|form| form.with_version("new_version", &words)) {
        Some(Ok(message)) => {
            foreign.settings.project.commit_message = message;
            let from = if main.has("message") { place } else { format!("the default of {}", foreign.tool) };
            foreign.from("project.commit-message", from);
        }
        Some(Err(field)) => foreign.warn(&place, &format!("a message cannot hold `{{{field}}}` here")),
        None => foreign.warn(&place, "the braces do not match"),
    }
}

/// How the version is spelled, with a warning where no spelling here is that of every form.
fn spelling(foreign: &mut Foreign, configuration: &Configuration) -> VersionSpelling {
    let main = &configuration.main;
    let forms = main.items("serialize");
    let found = serialize::read(forms, &configuration.parts);
    if let Some(cause) = found.differs {
        foreign.warn(&main.place("serialize"), &cause);
    }
    // The number of parts is that of the version itself, so only a wrong reading of it matters.
    if main.has("parse") && forms.is_empty() {
        foreign
            .warn(&main.place("parse"), "the version is read as PEP 440 has it, whatever the pattern says");
    }
    found.spelling
}

/// A path that may be written as this folder's: `./README.md`.
fn path(text: &str) -> Result<ProjectPath, document::Failure> {
    text.trim_start_matches("./").parse()
}

/// Says whether a version is that of a release with that number of parts.
fn has_parts(text: &str, parts: usize) -> bool {
    text.parse::<Version>().is_ok_and(|version| version.release().len() == parts)
}
