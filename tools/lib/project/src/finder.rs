//! Finds the places of the version in the files of a project.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath};
use toml_edit::{Item, Value};

use crate::build_settings::Named;
use crate::find::{PACKAGE_FILES, Project, ProjectPackage};
use crate::locks::uv_lock;
use crate::places::{Carrier, Place, Spot};
use crate::poetry::{self, content_hash, poetry_lock};
use crate::python::{self, CfgVersion};
use crate::requirement;
use crate::spots::{inner, parse_toml, without_bom};
use crate::tree::Tree;

/// A search through the files, each read once.
pub(crate) struct Finder<'a> {
    pub(crate) project: &'a Project,
    pub(crate) read: &'a dyn Fn(&ProjectPath) -> Result<String>,
    pub(crate) carriers: Vec<Carrier>,
    pub(crate) tree: Tree,
}

/// The variables that hold a version by habit.
pub(crate) const VARIABLES: [&str; 2] = ["__version__", "VERSION"];

impl<'a> Finder<'a> {
    /// A search that has found nothing yet.
    pub(crate) fn new(project: &'a Project, read: &'a dyn Fn(&ProjectPath) -> Result<String>) -> Self {
        Self { project, read, carriers: Vec::new(), tree: Tree::new(&project.root) }
    }

    /// The places of one package: its pyproject.toml, its pins, setup.py, setup.cfg, and its modules.
    pub(crate) fn package(&mut self, package: &ProjectPackage) -> Result<()> {
        let path = package.inside("pyproject.toml")?;
        let before = self.carriers.len();
        let mut named = Named::default();
        // A project from before pyproject.toml has everything in setup.py or setup.cfg.
        if self.is_file(&path)
            || !self.is_file(&package.inside("setup.py")?) && !self.is_file(&package.inside("setup.cfg")?)
        {
            self.pyproject(package, &path, &mut named)?;
        }
        if let Some(manifest) = &named.manifest {
            self.crate_manifest(package, package.inside(manifest)?)?;
        }
        self.setup_cfg(package, &mut named)?;
        self.setup_py(package)?;
        self.modules(package, &named)?;
        let own = |carrier: &Carrier| carrier.spots.iter().any(|spot| spot.package.is_some());
        if self.carriers[before..].iter().any(own) || self.is_configured(package) {
            return Ok(());
        }
        Err(self.no_version(package, path, &named).into())
    }

    /// That a package has no version, and why.
    fn no_version(&self, package: &ProjectPackage, path: ProjectPath, named: &Named) -> Failure {
        let what = format!("cannot find the version of `{}`:", package.name);
        if let Some(tool) = named.from_git {
            let what = format!("{what} {tool} makes it from git's tags, and no file holds it");
            return Failure::new(what).hint(format!(
                "give `{path}` a static `version` in place of {tool}: a release starts from a file, and ends with the tag"
            ));
        }
        let mut files = PACKAGE_FILES.iter().filter_map(|file| package.inside(file).ok());
        let path = files.find(|file| self.is_file(file)).unwrap_or(path);
        Failure::new(format!("{what} neither `{path}` nor a module holds it")).hint(format!(
            "give `{path}` a static `version`, or name the file that holds it as [[version-file]] in release.toml"
        ))
    }

    fn pyproject(&mut self, package: &ProjectPackage, path: &ProjectPath, named: &mut Named) -> Result<()> {
        let (path, text) =
            self.text(path).with_context(|| format!("cannot read the package `{}`", package.name))?;
        let toml = parse_toml(&path, &text)?;
        let offset = text.len() - without_bom(&text).len();
        let root = toml.as_item();
        check_name(root, package, &path)?;
        let mut spots = Vec::new();
        for table in [["project", "version"].as_slice(), &["tool", "poetry", "version"]] {
            let value = at(root, table).and_then(Item::as_value);
            let range = value.and_then(|value| inner(&text, value, offset));
            spots.extend(range.map(|range| spot(range, Place::Version, package)));
        }
        for (name, operator) in &package.pins {
            let before = spots.len();
            for value in requirements(root) {
                pin(&text, value, offset, (name, operator), &mut spots);
            }
            spots.extend(poetry::pins(&text, root, offset, (name, operator)));
            if spots.len() == before {
                let what = format!(
                    "cannot follow the pin of `{name}` in `{path}`: no dependency reads `{name}{operator}…`"
                );
                let hint =
                    format!("write the dependency with `{operator}`, or drop it from `pins` in release.toml");
                return Err(Failure::new(what).hint(hint).into());
            }
        }
        *named = Named::read(root);
        self.carriers.push(Carrier::new(path, text.clone(), spots));
        Ok(())
    }

    fn setup_cfg(&mut self, package: &ProjectPackage, named: &mut Named) -> Result<()> {
        let Some((path, text)) = self.read_if_file(package.inside("setup.cfg")?)? else { return Ok(()) };
        named.roots.extend(python::cfg_roots(&text));
        match python::cfg_version(&text) {
            None => {}
            Some(CfgVersion::Attribute(attribute)) => named.attributes.push(attribute),
            Some(CfgVersion::File(file)) => named.files.push(file),
            Some(CfgVersion::Here(range)) => {
                let spots = vec![spot(range, Place::Version, package)];
                self.carriers.push(Carrier::new(path, text, spots));
            }
        }
        Ok(())
    }

    fn setup_py(&mut self, package: &ProjectPackage) -> Result<()> {
        let Some((path, text)) = self.read_if_file(package.inside("setup.py")?)? else { return Ok(()) };
        let variables = python::assigned(&text, &VARIABLES).into_iter();
        let mut spots: Vec<Spot> =
            variables.map(|(name, range)| spot(range, Place::Variable(name.to_owned()), package)).collect();
        spots.extend(
            python::version_arguments(&text).into_iter().map(|range| spot(range, Place::Version, package)),
        );
        self.carriers.push(Carrier::new(path, text, spots));
        Ok(())
    }

    /// The variables and files that hold the version: where the settings of the build say, and where it is usual.
    fn modules(&mut self, package: &ProjectPackage, named: &Named) -> Result<()> {
        for (path, variables) in python_files(package, named) {
            let Some((path, text)) = self.read_if_file(path)? else { continue };
            let variables: Vec<&str> = variables.into_iter().collect();
            let found = python::assigned(&text, &variables).into_iter();
            let spots =
                found.map(|(name, range)| spot(range, Place::Variable(name.to_owned()), package)).collect();
            self.carriers.push(Carrier::new(path, text, spots));
        }
        for file in &named.files {
            let Some((path, text)) = self.read_if_file(package.inside(file)?)? else { continue };
            let spots =
                python::alone(&text).map(|range| spot(range, Place::Version, package)).into_iter().collect();
            self.carriers.push(Carrier::new(path, text, spots));
        }
        Ok(())
    }

    /// Says whether release.toml names a file in the package's folder that holds the version.
    fn is_configured(&self, package: &ProjectPackage) -> bool {
        let inside = |file: &str| {
            let below = |path: &ProjectPath| {
                file.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            package.path.as_ref().is_none_or(below)
        };
        self.project.settings.version_file.iter().any(|file| inside(file.path.as_str()))
    }

    pub(crate) fn is_file(&self, path: &ProjectPath) -> bool {
        self.tree.is_file(path.as_str())
    }

    pub(crate) fn read_if_file(&self, path: ProjectPath) -> Result<Option<(ProjectPath, String)>> {
        if !self.is_file(&path) {
            return Ok(None);
        }
        self.text(&path).map(Some)
    }

    /// Reads a file; the path is that of the file where links lead.
    pub(crate) fn text(&self, path: &ProjectPath) -> Result<(ProjectPath, String)> {
        let path = self.tree.real(path)?;
        let text = (self.read)(&path)?;
        Ok((path, text))
    }

    /// The packages' own entries in uv.lock and poetry.lock, at the project's root or beside a package.
    pub(crate) fn locks(&mut self) -> Result<()> {
        let mut folders = vec![None];
        folders.extend(
            self.project.packages.iter().map(|package| package.path.as_ref()).filter(Option::is_some),
        );
        for folder in folders {
            let inside = |file: &str| folder.map_or_else(|| file.parse(), |folder| folder.join(file));
            if let Some((path, text)) = self.read_if_file(inside("uv.lock")?)? {
                let spots = uv_lock(&self.project.packages, &path, &text)?;
                self.carriers.push(Carrier::new(path, text, spots));
            }
            if let Some((path, text)) = self.read_if_file(inside("poetry.lock")?)? {
                let spots = poetry_lock(&self.project.packages, &path, &text)?;
                let manifest = inside("pyproject.toml")?;
                let manifest = self.carriers.iter().find(|carrier| carrier.path == manifest);
                let is_pin = |spot: &Spot| matches!(spot.place, Place::Pin(..));
                let pinned = manifest.filter(|manifest| manifest.spots.iter().any(is_pin));
                let seal =
                    pinned.map(|manifest| content_hash(&path, &text, (&manifest.path, &manifest.text)));
                let seal = seal.transpose()?.flatten();
                self.carriers.push(Carrier { seal, ..Carrier::new(path, text, spots) });
            }
        }
        Ok(())
    }
}

/// The Python files in which a version stands by habit or by the settings of the build, each with its variables.
fn python_files<'n>(package: &ProjectPackage, named: &'n Named) -> BTreeMap<ProjectPath, BTreeSet<&'n str>> {
    let mut files: BTreeMap<ProjectPath, BTreeSet<&str>> = BTreeMap::new();
    let mut add = |file: &str, variables: &[&'n str]| {
        // What the settings name outside of the project is nobody's.
        if let Ok(path) = package.inside(file.trim_start_matches("./")) {
            files.entry(path).or_default().extend(variables);
        }
    };
    let own = ["src/".to_owned(), String::new()];
    let roots = named.roots.iter().map(|root| format!("{}/", root.trim_end_matches('/')));
    let folders: Vec<String> = own.into_iter().chain(roots).collect();
    let below = |name: &str| folders.iter().map(|folder| format!("{folder}{name}")).collect::<Vec<_>>();
    let imports = package.imports.iter().flatten().filter_map(|import| import.split('.').next());
    let names = imports.map(str::to_owned).chain([package.name.in_file_names()]);
    for module in names.flat_map(|name| below(&name)).chain(named.packages.iter().cloned()) {
        for file in ["/__init__.py", "/_version.py", "/__about__.py", "/version.py", ".py"] {
            add(&format!("{module}{file}"), &VARIABLES);
        }
    }
    for file in &named.modules {
        add(file, &VARIABLES);
    }
    for attribute in &named.attributes {
        let Some((module, variable)) = attribute.rsplit_once('.') else { continue };
        for module in below(&module.replace('.', "/")) {
            for file in [format!("{module}.py"), format!("{module}/__init__.py")] {
                add(&file, &[variable]);
            }
        }
    }
    files
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
pub(crate) fn requirements(root: &Item) -> Vec<&Value> {
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
        is_plain: false,
    }));
}

/// The item at a path of keys.
pub(crate) fn at<'a>(root: &'a Item, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(root, |item, key| item.get(key))
}

pub(crate) fn spot(range: Range<usize>, place: Place, package: &ProjectPackage) -> Spot {
    Spot { range, place, package: Some(package.name.clone()), is_plain: false }
}
