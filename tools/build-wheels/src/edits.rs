//! What a [[variant]] changes of pyproject.toml: in the clean checkout that is built, and nowhere else.

mod lists;
mod poetry;
#[cfg(test)]
mod tests;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath};
use project::{ListEdits, Project, ProjectPackage, VariantSettings, files};
use toml_edit::{Document, Item, TableLike};

use text::Text;

/// Edits the pyproject.toml of a variant in a checkout, and returns where it is if it has changed; a package that is
/// no variant is left as it is.
pub fn apply(root: &Path, project: &Project, distribution: &ProjectPackage) -> Result<Option<PathBuf>> {
    let Some(variant) = &distribution.variant else { return Ok(None) };
    let path = distribution.folder(root).join("pyproject.toml");
    let shown = distribution.inside("pyproject.toml")?;
    let base = project.packages.iter().find(|package| package.path == distribution.path);
    let base = base.map_or(&distribution.name, |package| &package.name);
    let before = files::read_if_present(&path)?.map(|_| files::read_text(&path)).transpose()?;
    let before = before.unwrap_or_default();
    // A script of the project may read the name from its environment, and the built file tells whether it did.
    let names_itself = !variant.env.is_empty() || project.recipe(distribution).run.is_some();
    let edit = Edit { path: &shown, base, name: &distribution.name, variant, names_itself };
    let after = edit.of(&before)?;
    if after == before {
        return Ok(None);
    }
    // A link may lead out of the checkout.
    if path.is_symlink() {
        std::fs::remove_file(&path).with_context(|| format!("cannot replace `{}`", path.display()))?;
    }
    std::fs::write(&path, after).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(Some(path))
}

/// The changes of one variant.
struct Edit<'a> {
    path: &'a ProjectPath,
    base: &'a PackageName,
    name: &'a PackageName,
    variant: &'a VariantSettings,
    names_itself: bool,
}

/// The tables that hold the metadata.
#[derive(Clone, Copy)]
struct Tables<'a> {
    project: Option<&'a dyn TableLike>,
    poetry: Option<&'a dyn TableLike>,
}

impl Edit<'_> {
    /// The text of pyproject.toml with the changes.
    fn of(&self, before: &str) -> Result<String> {
        let parsed = Text::parse(self.path, before)?;
        let root = parsed.as_item();
        let tables = tables(root);
        let mut text = Text::new(before, root, tables);
        self.name(&mut text, tables)?;
        self.description(&mut text, tables)?;
        self.list(&mut text, tables, "keywords", &added(&self.variant.keywords))?;
        self.list(&mut text, tables, "classifiers", &self.variant.classifiers)?;
        self.requires_python(&mut text, tables)?;
        self.dependencies(&mut text, tables)?;
        lists::rename_self(&mut text, tables.project, self.base, self.name);
        let after = text.edited();
        self.check(&after)?;
        Ok(after)
    }

    fn name(&self, text: &mut Text, tables: Tables) -> Result<(), Failure> {
        let mut found = false;
        for table in [tables.project, tables.poetry].into_iter().flatten() {
            let Some(name) = table.get("name").and_then(Item::as_value) else { continue };
            found = true;
            let is_right = |text: &str| PackageName::normalise(text).is_ok_and(|own| own == *self.name);
            if !name.as_str().is_some_and(is_right) {
                text.replace(name, &text::string(self.name.as_str()));
            }
        }
        if found || self.name == self.base || self.names_itself {
            return Ok(());
        }
        let why = format!("`{}` does not name the distribution, and no other file is edited", self.path);
        Err(self.refusal(&why).hint(
            "move the name from setup.py or setup.cfg to [project], or let setup.py read it from `env` of the [[variant]]",
        ))
    }

    fn description(&self, text: &mut Text, tables: Tables) -> Result<(), Failure> {
        let Some(suffix) = &self.variant.description_suffix else { return Ok(()) };
        self.refuse_dynamic(text, tables, "description")?;
        for table in self.homes(tables, "description")? {
            match table.get("description").and_then(Item::as_value) {
                Some(value) => {
                    let old = value.as_str().unwrap_or_default();
                    text.replace(value, &text::string(&format!("{old}{suffix}")));
                }
                None => self.insert(text, tables, "description", &text::string(suffix.trim_start()))?,
            }
        }
        Ok(())
    }

    fn requires_python(&self, text: &mut Text, tables: Tables) -> Result<(), Failure> {
        let Some(range) = &self.variant.requires_python else { return Ok(()) };
        let new = text::string(range);
        self.refuse_dynamic(text, tables, "requires-python")?;
        let of_poetry =
            tables.poetry.and_then(|poetry| poetry.get("dependencies")?.get("python")?.as_value());
        if let Some(value) = of_poetry {
            text.replace(value, &new);
        }
        match tables.project.and_then(|project| project.get("requires-python")?.as_value()) {
            Some(value) => text.replace(value, &new),
            None if of_poetry.is_none()
                || tables.project.is_some_and(|project| project.contains_key("name")) =>
            {
                self.insert(text, tables, "requires-python", &new)?;
            }
            None => {}
        }
        Ok(())
    }

    fn dependencies(&self, text: &mut Text, tables: Tables) -> Result<(), Failure> {
        let edits = &self.variant.dependencies;
        let is_poetry = |table: &dyn TableLike| table.get("dependencies").is_some_and(Item::is_table_like);
        match (tables.project, tables.poetry) {
            (project, Some(poetry)) if *edits != ListEdits::default() && is_poetry(poetry) => {
                if project.is_none_or(|project| !project.contains_key("dependencies")) {
                    return poetry::edit(self, text, poetry, edits);
                }
                self.list(text, Tables { poetry: None, ..tables }, "dependencies", edits)
            }
            _ => self.list(text, tables, "dependencies", edits),
        }
    }

    fn list(&self, text: &mut Text, tables: Tables, key: &str, edits: &ListEdits) -> Result<(), Failure> {
        if *edits == ListEdits::default() {
            return Ok(());
        }
        self.refuse_dynamic(text, tables, key)?;
        for table in self.homes(tables, key)? {
            let value = table.get(key).and_then(Item::as_value);
            match (value, edits.drop.iter().chain(edits.replace.keys()).next()) {
                (None, Some(first)) => return Err(self.missing(first, key, &self.path.to_string())),
                (None, None) => {
                    let all: Vec<String> = edits.add.iter().map(|entry| text::string(entry)).collect();
                    self.insert(text, tables, key, &format!("[{}]", all.join(", ")))?;
                }
                (Some(value), _) => {
                    let place = format!("{}:{}", self.path, text.place(value.span()));
                    let is_name = key == "dependencies";
                    let new = lists::edited(text.of(value), edits, is_name)
                        .map_err(|entry| self.missing(&entry, key, &place))?;
                    text.replace(value, &new);
                }
            }
        }
        Ok(())
    }

    /// The tables that a field is edited in: those that have it, else the one with the name.
    fn homes<'t>(&self, tables: Tables<'t>, key: &str) -> Result<Vec<&'t dyn TableLike>, Failure> {
        let all = [tables.project, tables.poetry];
        let holding: Vec<_> = all.into_iter().flatten().filter(|table| table.contains_key(key)).collect();
        if !holding.is_empty() {
            return Ok(holding);
        }
        let named = all.into_iter().flatten().find(|table| table.contains_key("name"));
        let why = || format!("`{}` has no table with the name, and its `{key}` cannot be edited", self.path);
        let hint = "move the metadata from setup.py or setup.cfg to [project]";
        named.map(|table| vec![table]).ok_or_else(|| self.refusal(&why()).hint(hint))
    }

    fn insert(&self, text: &mut Text, tables: Tables, key: &str, value: &str) -> Result<(), Failure> {
        let why = || format!("`{}` has no place for a `{key}`", self.path);
        let done = text.insert(tables, key, value);
        done.ok_or_else(|| self.refusal(&why()).hint("write [project] as a table with its `name`"))
    }

    fn refuse_dynamic(&self, text: &Text, tables: Tables, key: &str) -> Result<(), Failure> {
        let dynamic = tables.project.and_then(|project| project.get("dynamic")?.as_array());
        let found = dynamic.into_iter().flatten().find(|entry| entry.as_str() == Some(key));
        let Some(entry) = found else { return Ok(()) };
        let why =
            format!("`{}:{}` says that the build gives the `{key}`", self.path, text.place(entry.span()));
        let hint =
            format!("state `{key}` in [project], or let the build read it from `env` of the [[variant]]");
        Err(self.refusal(&why).hint(hint))
    }

    fn missing(&self, entry: &str, key: &str, place: &str) -> Failure {
        let hint = format!(
            "mend `drop` and `replace` in `{key}` of the [[variant]] `{}` in release.toml",
            self.variant.name
        );
        self.refusal(&format!("`{place}` has no `{entry}` in its `{key}`")).hint(hint)
    }

    fn refusal(&self, why: &str) -> Failure {
        Failure::new(format!("cannot make the variant `{}` of `{}`: {why}", self.variant.name, self.base))
    }

    /// What no form of TOML that people write should bring about is refused all the same.
    fn check(&self, after: &str) -> Result<()> {
        let parsed: Document<&str> = Text::parse(self.path, after)?;
        let project = tables(parsed.as_item()).project;
        let name = project.and_then(|project| project.get("name")?.as_str());
        match name.map(PackageName::normalise) {
            Some(Ok(name)) if name != *self.name => {
                let why = format!("`{}` would still name `{name}`", self.path);
                Err(self.refusal(&why).hint("write [project] as a table with its `name`").into())
            }
            _ => Ok(()),
        }
    }
}

fn added(entries: &[String]) -> ListEdits {
    ListEdits { add: entries.to_vec(), ..ListEdits::default() }
}

fn tables(root: &Item) -> Tables<'_> {
    Tables {
        project: root.get("project").and_then(Item::as_table_like),
        poetry: root.get("tool").and_then(|tool| tool.get("poetry")).and_then(Item::as_table_like),
    }
}
