//! A project that has no release.toml yet, as it is found: its packages, their pins, the settings of another tool.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use document::{Failure, PackageName, ProjectPath, Version};
use toml_edit::{Item, Value};

use crate::files;
use crate::find::{self, Project, name_of};
use crate::finder::{Finder, requirements};
use crate::foreign;
use crate::git::Git;
use crate::requirement;
use crate::settings::{FILE, PackageSettings, Versioning};
use crate::spots::{parse_toml, without_bom};

/// What was found.
#[derive(Debug)]
pub struct Survey {
    /// The project with the settings that it would have; what another tool says and we cannot do is left out.
    pub project: Project,
    /// The tracked files, with paths from the project's root.
    pub files: Vec<String>,
    /// Folders with a Python package that is none of the project's, each with the reason.
    pub left_out: Vec<String>,
    /// `requires-python` of each package that has one.
    pub python: BTreeMap<PackageName, String>,
}

/// Folders whose packages are no part of a release.
const ASIDE: [&str; 10] = [
    "tests",
    "test",
    "testing",
    "examples",
    "example",
    "docs",
    "fixtures",
    "templates",
    "vendor",
    "node_modules",
];

/// A folder with a package.
struct Member {
    path: Option<ProjectPath>,
    name: PackageName,
}

impl Project {
    /// Looks at a project that has no release.toml: the folder, or the nearest one above that is a project.
    pub fn survey(start: Option<&Path>) -> Result<Survey> {
        let start = find::folder(start)?;
        let root = find::find_root(&start).unwrap_or(start);
        let git = Git::open(&root)?;
        let list = git.read(&["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."])?;
        let files: Vec<String> =
            list.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        // A release.toml that is there already is no reason not to look.
        let foreign = if root.join(FILE).is_file() { None } else { foreign::read(&root)? };
        let mut settings = foreign.as_ref().map(|foreign| foreign.settings.clone()).unwrap_or_default();
        let mut left_out = Vec::new();
        if settings.package.is_empty() {
            let members = members(&root, &files, &mut left_out)?;
            if members.iter().any(|member| member.path.is_some()) {
                settings.package = members.iter().map(Member::settings).collect();
            }
        }
        let place = foreign.as_ref().map_or(FILE, |foreign| foreign.file.as_str()).to_owned();
        let mut project = Project::made(root.clone(), git, settings, &place)?;
        project.foreign = foreign;
        let versions = project.own_versions();
        let different: BTreeSet<&Version> = versions.values().collect();
        if different.len() > 1 {
            project.settings.project.versioning = Versioning::Apart;
        }
        let mut python = BTreeMap::new();
        for at in 0..project.packages.len() {
            let path = project.packages[at].inside("pyproject.toml")?;
            let Some(bytes) = files::read_if_present(&path.under(&project.root))? else { continue };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let toml = parse_toml(&path, without_bom(&text))?;
            let requires =
                toml.get("project").and_then(|table| table.get("requires-python")).and_then(Item::as_str);
            python.extend(requires.map(|requires| (project.packages[at].name.clone(), requires.to_owned())));
            let pins = pins(toml.as_item(), &versions);
            let name = project.packages[at].name.clone();
            let own = project.settings.package.iter_mut().find(|own| own.name == name.as_str());
            own.into_iter().for_each(|own| {
                own.pins = pins.iter().map(|(name, operator)| (name.to_string(), operator.clone())).collect();
            });
            project.packages[at].pins = pins;
        }
        Ok(Survey { project, files, left_out, python })
    }

    /// The version of each package, where its files tell it.
    fn own_versions(&self) -> BTreeMap<PackageName, Version> {
        let read = |path: &ProjectPath| files::read_text(&path.under(&self.root));
        let version = |package: &crate::find::ProjectPackage| {
            let mut project = self.clone();
            project.packages = vec![package.clone()];
            let mut found = Finder::new(&project, &read);
            found.package(&project.packages[0]).ok()?;
            Some((package.name.clone(), project.version(&found.carriers).ok()?))
        };
        self.packages.iter().filter_map(version).collect()
    }
}

impl Member {
    fn settings(&self) -> PackageSettings {
        PackageSettings {
            name: self.name.to_string(),
            path: self.path.clone(),
            required_files: Vec::new(),
            imports: None,
            scripts: BTreeMap::new(),
            pins: BTreeMap::new(),
            dist: None,
            tag: None,
            changelog: None,
        }
    }
}

/// The packages of the project: those of its uv workspace, the one at its root, or each that there is.
fn members(root: &Path, files: &[String], left_out: &mut Vec<String>) -> Result<Vec<Member>> {
    let is_package_file =
        |path: &str| find::PACKAGE_FILES.contains(&path.rsplit('/').next().unwrap_or_default());
    let folders: BTreeSet<&str> = files
        .iter()
        .filter(|path| is_package_file(path))
        .map(|path| path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .filter(|folder| !folder.split('/').any(|part| ASIDE.contains(&part) || part.starts_with('.')))
        .collect();
    let workspace = workspace(root)?;
    let mut members = Vec::new();
    for folder in folders {
        let path = (!folder.is_empty()).then(|| folder.parse::<ProjectPath>()).transpose()?;
        let at = path.as_ref().map_or_else(|| root.to_path_buf(), |path| path.under(root));
        let Ok(name) = name_of(&at) else { continue };
        if path.is_none() && workspace.as_ref().is_some_and(|workspace| workspace.is_virtual) {
            continue;
        }
        if path.is_some() && workspace.as_ref().is_some_and(|workspace| !workspace.has(folder)) {
            left_out.push(format!("`{folder}` is no member of the workspace"));
            continue;
        }
        members.push(Member { path, name });
    }
    let has_root = members.iter().any(|member| member.path.is_none());
    if workspace.is_none() && has_root {
        let (own, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.path.is_none());
        let others = others.iter().filter_map(|member| member.path.as_ref());
        left_out.extend(others.map(|path| format!("`{path}` stands beside the package at the root")));
        return Ok(own);
    }
    if members.is_empty() {
        let what = format!("cannot find a Python package in `{}`: no file names one", root.display());
        return Err(Failure::new(what)
            .hint("give pyproject.toml a `[project] name`, and add it to git")
            .into());
    }
    Ok(members)
}

/// `[tool.uv.workspace]` of the root.
struct Workspace {
    members: Vec<glob::Pattern>,
    excluded: Vec<glob::Pattern>,
    /// The root itself is no package.
    is_virtual: bool,
}

impl Workspace {
    fn has(&self, folder: &str) -> bool {
        let fits = |patterns: &[glob::Pattern]| patterns.iter().any(|pattern| pattern.matches(folder));
        fits(&self.members) && !fits(&self.excluded)
    }
}

fn workspace(root: &Path) -> Result<Option<Workspace>> {
    let Some(bytes) = files::read_if_present(&root.join("pyproject.toml"))? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let toml = parse_toml(&"pyproject.toml".parse()?, without_bom(&text))?;
    let uv = toml.get("tool").and_then(|tool| tool.get("uv"));
    let Some(table) = uv.and_then(|uv| uv.get("workspace")) else { return Ok(None) };
    let patterns = |key: &str| {
        let list = table.get(key).and_then(Item::as_array).into_iter().flatten().filter_map(Value::as_str);
        list.filter_map(|text| glob::Pattern::new(text.trim_end_matches('/')).ok()).collect()
    };
    let package = uv.and_then(|uv| uv.get("package")).and_then(Item::as_bool);
    let is_virtual = !package.unwrap_or_else(|| toml.get("build-system").is_some());
    Ok(Some(Workspace { members: patterns("members"), excluded: patterns("exclude"), is_virtual }))
}

/// The dependencies on other packages of the project that name the version which these have now.
fn pins(root: &Item, versions: &BTreeMap<PackageName, Version>) -> BTreeMap<PackageName, String> {
    let mut pins = BTreeMap::new();
    for written in requirements(root).into_iter().filter_map(Value::as_str) {
        let Some((name, version)) = requirement::name(written).and_then(|name| versions.get_key_value(&name))
        else {
            continue;
        };
        let follows = |operator: &&str| {
            let found = requirement::pinned(written, operator).map(|range| written[range].parse::<Version>());
            found.is_some_and(|found| found.is_ok_and(|found| found == *version))
        };
        if let Some(operator) = ["==", ">=", "~="].into_iter().find(|operator| follows(operator)) {
            pins.entry(name.clone()).or_insert_with(|| operator.to_owned());
        }
    }
    pins
}
