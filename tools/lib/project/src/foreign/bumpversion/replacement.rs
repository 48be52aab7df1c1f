//! What bump2version replaces in a file: carried over where the text around the version stays as it is.

use std::path::Path;

use super::{Configuration, FileTable, has_parts, path, serialize};
use crate::foreign::template::Template;
use crate::foreign::{Foreign, version_file};
use crate::settings::{VersionFile, VersionSpelling};

/// Adds the places of one entry.
pub(super) fn add(
    foreign: &mut Foreign,
    root: &Path,
    configuration: &Configuration,
    entry: &FileTable,
    spelling: VersionSpelling,
) {
    let (main, table) = (&configuration.main, &entry.table);
    let place = format!("`{}:{}` (`{}`)", table.file, table.line, entry.path);
    let is_changelog = is_changelog(&entry.path);
    let text = |key: &str| table.text(key).or_else(|| main.text(key));
    let search = text("search").unwrap_or("{current_version}");
    let replace = text("replace").unwrap_or("{new_version}");
    let forms = if table.has("search") || table.has("replace") { table } else { main };
    let is_on = |key: &str| if table.has(key) { table.is_on(key) } else { main.is_on(key) };
    if is_changelog && !entry.is_pattern {
        foreign.from("changelog.path", format!("{place}; `changelog` writes its section"));
        match path(&entry.path) {
            Ok(path) => foreign.settings.changelog.path = Some(path),
            Err(cause) => foreign.problem(&place, &cause.to_string()),
        }
        return;
    }
    for key in ["include_bumps", "exclude_bumps"] {
        if table.has(key) {
            foreign.warn(&table.place(key), "the file follows every bump");
        }
    }
    if table.has("key_path") {
        return add_key(foreign, root, entry, spelling, &place);
    }
    let (search, lines) = match carried(search, replace, is_on("regex")) {
        Ok(carried) => carried,
        Err(cause) => {
            let key = if table.has("replace") && !table.has("search") { "replace" } else { "search" };
            let at = if forms.has(key) { forms.place(key) } else { place };
            return foreign.problem(&at, &format!("`{}` cannot follow: {cause}", entry.path));
        }
    };
    let spelling = match own_spelling(configuration, entry, spelling) {
        Ok(spelling) => spelling,
        Err(cause) => {
            return foreign
                .problem(&table.place("serialize"), &format!("`{}` cannot follow: {cause}", entry.path));
        }
    };
    // The two tools and their versions name the switches differently.
    let optional =
        ["ignore_missing_version", "ignore_missing_file", "ignore_missing_files"].into_iter().any(is_on);
    let own = version_file(foreign.file.clone());
    let file = VersionFile { search: Some(search), current_only: true, lines, optional, spelling, ..own };
    if entry.is_pattern {
        return foreign.add_places(root, &entry.path, table.items("glob_exclude"), &file, &place);
    }
    match path(&entry.path) {
        Ok(path) => foreign.add_place(root, VersionFile { path, ..file }, &place),
        Err(cause) => foreign.problem(&place, &cause.to_string()),
    }
}

/// A key of a TOML file.
fn add_key(foreign: &mut Foreign, root: &Path, entry: &FileTable, spelling: VersionSpelling, place: &str) {
    let key = entry.table.text("key_path").map(str::to_owned);
    match path(&entry.path) {
        Ok(path) if path.as_str().ends_with(".toml") => {
            foreign.add_place(root, VersionFile { key, spelling, ..version_file(path) }, place);
        }
        Ok(path) => foreign.problem(&entry.table.place("key_path"), &format!("`{path}` is no TOML file")),
        Err(cause) => foreign.problem(place, &cause.to_string()),
    }
}

/// The text around the version, and the pattern of its lines where there is one.
fn carried(search: &str, replace: &str, is_pattern: bool) -> Result<(String, Option<String>), String> {
    let form = |text: &str, field: &str| {
        let template = Template::parse(text).ok_or_else(|| format!("the braces of `{text}` do not match"))?;
        let filled = template.with_version(field, &[]);
        filled.map_err(|field| match field.starts_with("now") || field.starts_with("utcnow") {
            true => "a date is written beside the version".to_owned(),
            false => format!("`{{{field}}}` is no whole version"),
        })
    };
    let (search, replace) = (form(search, "current_version")?, form(replace, "new_version")?);
    let (search, lines) = if is_pattern { plain(&search)? } else { (search, None) };
    if search != replace {
        return Err("the text around the version changes too".to_owned());
    }
    if search.matches("{version}").count() != 1 {
        return Err("the version must stand in it once".to_owned());
    }
    Ok((search, lines))
}

/// The text that a regular expression stands for, where it stands for one, and a pattern for the ends of its line.
fn plain(pattern: &str) -> Result<(String, Option<String>), String> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let (starts, inner) = (inner.len() < pattern.len(), inner);
    let body = inner.strip_suffix('$').filter(|body| !body.ends_with('\\')).unwrap_or(inner);
    let ends = body.len() < inner.len();
    let mut text = String::new();
    for (at, part) in body.split("{version}").enumerate() {
        text.push_str(if at > 0 { "{version}" } else { "" });
        let mut characters = part.chars();
        while let Some(c) = characters.next() {
            match c {
                '\\' => match characters.next() {
                    Some(escaped) if !escaped.is_alphanumeric() => text.push(escaped),
                    _ => return Err(format!("the pattern `{pattern}` fits several texts")),
                },
                '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '|' | '^' | '$' | '{' | '}' => {
                    return Err(format!("the pattern `{pattern}` fits several texts"));
                }
                c => text.push(c),
            }
        }
    }
    let anchored = starts || ends;
    if anchored && text.contains('\n') {
        return Err(format!("the pattern `{pattern}` is bound to several lines"));
    }
    let around: Vec<String> = text.split("{version}").map(escaped).collect();
    let lines =
        format!("{}{}{}", if starts { "^" } else { "" }, around.join(r"\S+"), if ends { "$" } else { "" });
    Ok((text, anchored.then_some(lines)))
}

/// A text as a regular expression that fits nothing else.
pub(in crate::foreign) fn escaped(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$#&-~".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The spelling of a file with forms of its own; one with fewer parts than the version is none.
fn own_spelling(
    configuration: &Configuration,
    entry: &FileTable,
    spelling: VersionSpelling,
) -> Result<VersionSpelling, String> {
    let forms = entry.table.items("serialize");
    let Some(last) = forms.last() else { return Ok(spelling) };
    let parts = |form: &String| {
        let made = serialize::made(form, &configuration.parts)?;
        let count = |text: &String| (1..6).find(|parts| has_parts(text, *parts));
        Ok::<_, String>(made.first().and_then(count))
    };
    let whole = configuration.main.items("serialize").last().map(parts).transpose()?.unwrap_or(Some(3));
    if parts(last)? != whole {
        return Err(format!("`{last}` is no whole version"));
    }
    let found = serialize::read(forms, &configuration.parts);
    found.differs.map_or(Ok(found.spelling), Err)
}

/// Says whether a file is a changelog, which gets a section and no other edit.
fn is_changelog(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let text =
        name.ends_with(".md") || name.ends_with(".rst") || name.ends_with(".txt") || !name.contains('.');
    text && ["changelog", "changes", "history", "news", "release_notes"]
        .iter()
        .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(search: &str, replace: &str, is_pattern: bool, cause: &str) {
        assert_eq!(carried(search, replace, is_pattern).unwrap_err(), cause, "{search}");
    }

    #[test]
    fn carries_what_only_exchanges_the_version() {
        let plain = carried("v = \"{current_version}\"", "v = \"{new_version}\"", false).unwrap();
        assert_eq!(plain, ("v = \"{version}\"".to_owned(), None));
        let (search, lines) =
            carried("^__version__ = '{current_version}'$", "__version__ = '{new_version}'", true).unwrap();
        assert_eq!(search, "__version__ = '{version}'");
        assert_eq!(lines.unwrap(), r"^__version__ = '\S+'$");
        let (search, lines) = carried(r"a\.b\[{current_version}\]", "a.b[{new_version}]", true).unwrap();
        assert_eq!((search.as_str(), lines), ("a.b[{version}]", None));
    }

    #[test]
    fn refuses_what_changes_more() {
        is_refused(
            "a {current_version}",
            "b {new_version}",
            false,
            "the text around the version changes too",
        );
        is_refused(
            "{now:%Y} {current_version}",
            "{now:%Y} {new_version}",
            false,
            "a date is written beside the version",
        );
        is_refused("{current_major}", "{new_major}", false, "`{current_major}` is no whole version");
        is_refused("date: .*", "date: x", true, "the pattern `date: .*` fits several texts");
        is_refused("x", "x", false, "the version must stand in it once");
    }
}
