//! The places that carry the version: found in the text of their files, so that an edit touches nothing else.

use std::ops::Range;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath, Version};
use toml_edit::{Document, Item, Value};

use crate::find::{Project, ProjectPackage};
use crate::{files, requirement, toml_text};

/// A file that carries the version, with the places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The file.
    pub path: ProjectPath,
    /// Its text, byte for byte.
    pub text: String,
    /// The places, in the order of the text.
    pub spots: Vec<Spot>,
}

/// One place in a text that holds a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The bytes of the version, without quotes.
    pub range: Range<usize>,
    /// What the place is.
    pub place: Place,
    /// The package whose version it is.
    pub package: Option<PackageName>,
}

/// The kind of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `version` in pyproject.toml.
    Version,
    /// `__version__` in a Python file.
    Module,
    /// The package's own entry in uv.lock.
    Lock,
    /// A dependency on another package of the project, with its operator.
    Pin(PackageName, String),
    /// A place that release.toml names.
    Configured,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Version | Place::Configured => f.write_str("version"),
            Place::Module => f.write_str("__version__"),
            Place::Lock => f.write_str("locked version"),
            Place::Pin(name, _) => write!(f, "pin of {name}"),
        }
    }
}

impl Carrier {
    /// The version as a place spells it.
    pub fn spelled(&self, spot: &Spot) -> &str {
        &self.text[spot.range.clone()]
    }

    /// The line of a place, counted from 1.
    pub fn line(&self, spot: &Spot) -> usize {
        toml_text::place(&self.text, spot.range.start).line
    }
}

impl Project {
    /// Reads every file that carries the version, sorted by path.
    pub fn carriers(&self) -> Result<Vec<Carrier>> {
        self.carriers_read_by(&|path| files::read_text(&path.under(&self.root)))
    }

    /// As [`Project::carriers`], with the texts from elsewhere than the working tree.
    pub fn carriers_read_by(&self, read: &dyn Fn(&ProjectPath) -> Result<String>) -> Result<Vec<Carrier>> {
        let mut found = Finder { project: self, read, carriers: Vec::new() };
        for package in &self.packages {
            found.package(package)?;
        }
        found.locks()?;
        found.configured()?;
        let mut carriers = found.carriers;
        carriers.retain(|carrier| !carrier.spots.is_empty());
        carriers.sort_by(|a, b| a.path.cmp(&b.path));
        for carrier in &mut carriers {
            carrier.spots.sort_by_key(|spot| spot.range.start);
            carrier.spots.dedup_by_key(|spot| spot.range.start);
        }
        Ok(carriers)
    }

    /// The one version that all places hold; where they disagree, an error lists each.
    pub fn version(&self, carriers: &[Carrier]) -> Result<Version> {
        let mut versions: Vec<(Version, String)> = Vec::new();
        for carrier in carriers {
            for spot in &carrier.spots {
                // Only an exact pin has to be the version itself; `>=` may well name an older one.
                if matches!(&spot.place, Place::Pin(_, operator) if operator != "==") {
                    continue;
                }
                let place = format!("{}:{}", carrier.path, carrier.line(spot));
                let version = carrier.spelled(spot).parse::<Version>().with_context(|| place.clone())?;
                versions.push((version, format!("{place} has {} ({})", carrier.spelled(spot), spot.place)));
            }
        }
        let Some((first, _)) = versions.first() else {
            let what = format!("cannot find a version in `{}`", self.root.display());
            return Err(Failure::new(what).hint("give pyproject.toml a `[project] version`").into());
        };
        if versions.iter().all(|(version, _)| version == first) {
            return Ok(first.clone());
        }
        let list: Vec<_> = versions.iter().map(|(_, place)| format!("\n    {place}")).collect();
        let highest = versions.iter().map(|(version, _)| version).max().unwrap_or(first);
        let what =
            format!("cannot tell the version of `{}`: the places disagree{}", self.name, list.concat());
        Err(Failure::new(what)
            .hint(format!("write the released version in each (the highest is {highest})"))
            .into())
    }
}

/// Parses a TOML file and keeps the places of its values.
pub(crate) fn parse_toml<'a>(path: &ProjectPath, text: &'a str) -> Result<Document<&'a str>> {
    Document::parse(without_bom(text)).map_err(|wrong| {
        let at = wrong.span().map_or(0, |span| span.start);
        let place = toml_text::place(without_bom(text), at);
        let cause = wrong.message().lines().next().unwrap_or("no TOML").to_owned();
        Failure::new(format!("cannot read `{path}:{place}`: {cause}")).hint("mend the TOML there").into()
    })
}

struct Finder<'a> {
    project: &'a Project,
    read: &'a dyn Fn(&ProjectPath) -> Result<String>,
    carriers: Vec<Carrier>,
}

impl Finder<'_> {
    /// The places of one package: its pyproject.toml, its pins, its modules.
    fn package(&mut self, package: &ProjectPackage) -> Result<()> {
        let path = package.inside("pyproject.toml")?;
        let text =
            (self.read)(&path).with_context(|| format!("cannot read the package `{}`", package.name))?;
        let toml = parse_toml(&path, &text)?;
        let offset = text.len() - without_bom(&text).len();
        let root = toml.as_item();
        check_name(root, package, &path)?;
        let mut spots = Vec::new();
        for table in [&["project"][..], &["tool", "poetry"]] {
            let item =
                table.iter().try_fold(root, |item, key| item.get(key)).and_then(|table| table.get("version"));
            spots.extend(
                item.and_then(Item::as_value)
                    .and_then(|value| inner(&text, value, offset))
                    .map(|range| Spot { range, place: Place::Version, package: Some(package.name.clone()) }),
            );
        }
        let own = spots.len();
        for (name, operator) in &package.pins {
            let before = spots.len();
            for value in requirements(root) {
                pin(&text, value, offset, (name, operator), &mut spots);
            }
            if spots.len() == before {
                let what = format!(
                    "cannot follow the pin of `{name}` in `{path}`: no dependency reads `{name}{operator}…`"
                );
                let hint =
                    format!("write the dependency with `{operator}`, or drop it from `pins` in release.toml");
                return Err(Failure::new(what).hint(hint).into());
            }
        }
        let dynamic = hatch_version_file(root).map(|file| package.inside(file)).transpose()?;
        self.carriers.push(Carrier { path: path.clone(), text: text.clone(), spots });
        let modules = self.modules(package, dynamic)?;
        if own == 0 && modules == 0 {
            let what = format!(
                "cannot find the version of `{}`: neither `{path}` nor a module holds it",
                package.name
            );
            return Err(Failure::new(what).hint(format!("give `{path}` a `[project] version`")).into());
        }
        Ok(())
    }

    /// `__version__` where the package's modules keep it. Returns how many there were.
    fn modules(&mut self, package: &ProjectPackage, named: Option<ProjectPath>) -> Result<usize> {
        let mut modules = vec![package.name.in_file_names()];
        let imports = package.imports.iter().flatten().filter_map(|import| import.split('.').next());
        modules.extend(imports.map(str::to_owned));
        modules.sort();
        modules.dedup();
        let mut paths: Vec<ProjectPath> = named.into_iter().collect();
        for module in &modules {
            for folder in [format!("src/{module}"), module.clone()] {
                for file in ["__init__.py", "_version.py", "__about__.py", "version.py"] {
                    paths.push(package.inside(&format!("{folder}/{file}"))?);
                }
            }
        }
        paths.sort();
        paths.dedup();
        let mut found = 0;
        for path in paths {
            if !path.under(&self.project.root).is_file() {
                continue;
            }
            let text = (self.read)(&path)?;
            let spots: Vec<Spot> = assigned_version(&text)
                .map(|range| Spot { range, place: Place::Module, package: Some(package.name.clone()) })
                .into_iter()
                .collect();
            found += spots.len();
            self.carriers.push(Carrier { path, text, spots });
        }
        Ok(found)
    }

    /// The packages' own entries in uv.lock, at the project's root or beside a package.
    fn locks(&mut self) -> Result<()> {
        let mut paths: Vec<ProjectPath> = vec!["uv.lock".parse()?];
        for package in self.project.packages.iter().filter(|package| package.path.is_some()) {
            paths.push(package.inside("uv.lock")?);
        }
        for path in paths {
            if path.under(&self.project.root).is_file() {
                let text = (self.read)(&path)?;
                let spots = self.locked(&path, &text)?;
                self.carriers.push(Carrier { path, text, spots });
            }
        }
        Ok(())
    }

    fn locked(&self, path: &ProjectPath, text: &str) -> Result<Vec<Spot>> {
        let toml = parse_toml(path, text)?;
        let offset = text.len() - without_bom(text).len();
        let entries = toml.get("package").and_then(Item::as_array_of_tables);
        let mut spots = Vec::new();
        for entry in entries.into_iter().flatten() {
            let name =
                entry.get("name").and_then(Item::as_str).and_then(|name| PackageName::normalise(name).ok());
            let Some(package) =
                self.project.packages.iter().find(|package| Some(&package.name) == name.as_ref())
            else {
                continue;
            };
            let source = entry.get("source").and_then(Item::as_table_like);
            // An entry of the same name from an index is somebody else's release of it.
            if !source
                .is_some_and(|s| ["editable", "virtual", "directory"].iter().any(|kind| s.contains_key(kind)))
            {
                continue;
            }
            let version = entry.get("version").and_then(Item::as_value);
            spots.extend(version.and_then(|value| inner(text, value, offset)).map(|range| Spot {
                range,
                place: Place::Lock,
                package: name.clone(),
            }));
            let needed = entry.get("metadata").and_then(|m| m.get("requires-dist")).and_then(Item::as_array);
            for needed in needed.into_iter().flatten().filter_map(Value::as_inline_table) {
                lock_pin(text, offset, package, needed, &mut spots);
            }
        }
        Ok(spots)
    }

    /// The places that release.toml names.
    fn configured(&mut self) -> Result<()> {
        for file in &self.project.settings.version_file {
            let text = match self.carriers.iter().position(|carrier| carrier.path == file.path) {
                Some(at) => self.carriers[at].text.clone(),
                None => (self.read)(&file.path).context("cannot read a [[version-file]] of release.toml")?,
            };
            let ranges = matches(&text, &file.search);
            if ranges.is_empty() {
                let what = format!("cannot find `{}` in `{}`: no text matches", file.search, file.path);
                return Err(Failure::new(what)
                    .hint("mend `search` of that [[version-file]] in release.toml")
                    .into());
            }
            let spots =
                ranges.into_iter().map(|range| Spot { range, place: Place::Configured, package: None });
            match self.carriers.iter_mut().find(|carrier| carrier.path == file.path) {
                Some(carrier) => carrier.spots.extend(spots),
                None => {
                    let spots = spots.collect();
                    self.carriers.push(Carrier { path: file.path.clone(), text, spots });
                }
            }
        }
        Ok(())
    }
}

fn check_name(root: &Item, package: &ProjectPackage, path: &ProjectPath) -> Result<()> {
    let name = root.get("project").and_then(|project| project.get("name")).and_then(Item::as_str);
    match name {
        Some(name) if PackageName::normalise(name)? != package.name => {
            let what =
                format!("release.toml names the package `{}`, `{path}` names it `{name}`", package.name);
            Err(Failure::new(what).hint("write the same name in both").into())
        }
        _ => Ok(()),
    }
}

/// Every requirement of a pyproject.toml: dependencies, extras, dependency groups, build requirements.
fn requirements(root: &Item) -> Vec<&Value> {
    let project = root.get("project");
    let single = [
        project.and_then(|p| p.get("dependencies")),
        root.get("build-system").and_then(|b| b.get("requires")),
    ];
    let groups = [project.and_then(|p| p.get("optional-dependencies")), root.get("dependency-groups")];
    let groups = groups.into_iter().flatten().filter_map(Item::as_table_like);
    let lists =
        single.into_iter().flatten().chain(groups.flat_map(|table| table.iter().map(|(_, item)| item)));
    lists.filter_map(Item::as_array).flatten().collect()
}

fn pin(text: &str, value: &Value, offset: usize, pin: (&PackageName, &String), spots: &mut Vec<Spot>) {
    let Some(range) = inner(text, value, offset) else { return };
    let written = &text[range.clone()];
    if requirement::name(written).as_ref() != Some(pin.0) {
        return;
    }
    spots.extend(requirement::pinned(written, pin.1).map(|version| Spot {
        range: range.start + version.start..range.start + version.end,
        place: Place::Pin(pin.0.clone(), pin.1.clone()),
        package: None,
    }));
}

/// A pin as uv.lock repeats it: `{ name = "core", specifier = "==1.2.3" }`.
fn lock_pin(
    text: &str,
    offset: usize,
    package: &ProjectPackage,
    needed: &toml_edit::InlineTable,
    spots: &mut Vec<Spot>,
) {
    let name = needed.get("name").and_then(Value::as_str).and_then(|name| PackageName::normalise(name).ok());
    let Some((name, operator)) = name.as_ref().and_then(|name| package.pins.get_key_value(name)) else {
        return;
    };
    let Some(range) = needed.get("specifier").and_then(|value| inner(text, value, offset)) else { return };
    let version = requirement::pinned(&format!("x{}", &text[range.clone()]), operator);
    spots.extend(version.map(|version| Spot {
        range: range.start + version.start - 1..range.start + version.end - 1,
        place: Place::Pin(name.clone(), operator.clone()),
        package: None,
    }));
}

fn hatch_version_file(root: &Item) -> Option<&str> {
    ["tool", "hatch", "version", "path"]
        .iter()
        .try_fold(root, |item, key| item.get(key))
        .and_then(Item::as_str)
}

/// The bytes inside the quotes of a string value. An escape in it means that it is no version, and `None`.
fn inner(text: &str, value: &Value, offset: usize) -> Option<Range<usize>> {
    let content = value.as_str()?;
    let span = value.span()?;
    let span = span.start + offset..span.end + offset;
    let at = text.get(span.clone())?.find(content)?;
    let range = span.start + at..span.start + at + content.len();
    (!content.is_empty() && !content.contains('\\')).then_some(range)
}

/// The version in `__version__ = "…"` at the start of a line, with or without a type.
fn assigned_version(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let Some(rest) = without_bom(line).strip_prefix("__version__") else { continue };
        let Some((annotation, value)) = rest.split_once('=') else { continue };
        if !(annotation.trim().is_empty() || annotation.trim_start().starts_with(':')) {
            continue;
        }
        let value = value.trim_start();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let at = from + (line.len() - value.len()) + 1;
        let length = text[at..].find(quote)?;
        return Some(at..at + length).filter(|range| text[range.clone()].parse::<Version>().is_ok());
    }
    None
}

/// The versions that stand where a pattern has `{version}`.
fn matches(text: &str, pattern: &str) -> Vec<Range<usize>> {
    let (before, after) = pattern.split_once("{version}").unwrap_or((pattern, ""));
    let in_version = |c: char| c.is_ascii_alphanumeric() || ".!+-_".contains(c);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) =
        text.get(from..).and_then(|rest| rest.find(before)).map(|at| from + at + before.len())
    {
        let run = text[at..].find(|c| !in_version(c)).unwrap_or(text.len() - at);
        // What follows may itself begin with letters of a version, so the longest version that fits is taken.
        let end = (1..=run)
            .rev()
            .map(|length| at + length)
            .find(|end| text[*end..].starts_with(after) && text[at..*end].parse::<Version>().is_ok());
        found.extend(end.map(|end| at..end));
        let next = text[at..].chars().next().map_or(1, char::len_utf8);
        from = end.unwrap_or(at + next);
    }
    found
}

fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
#[path = "places_tests.rs"]
mod tests;
