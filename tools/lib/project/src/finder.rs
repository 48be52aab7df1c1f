//! Finds the places of the version in the files of a project.

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath};
use toml_edit::{Item, Value};

use crate::find::{Project, ProjectPackage};
use crate::places::{Carrier, Place, Spot};
use crate::requirement;
use crate::spots::{assigned_version, inner, matches, parse_toml, without_bom};

/// A search through the files, each read once.
pub(crate) struct Finder<'a> {
    pub(crate) project: &'a Project,
    pub(crate) read: &'a dyn Fn(&ProjectPath) -> Result<String>,
    pub(crate) carriers: Vec<Carrier>,
}

impl Finder<'_> {
    /// The places of one package: its pyproject.toml, its pins, its modules.
    pub(crate) fn package(&mut self, package: &ProjectPackage) -> Result<()> {
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
    pub(crate) fn locks(&mut self) -> Result<()> {
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
    pub(crate) fn configured(&mut self) -> Result<()> {
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
