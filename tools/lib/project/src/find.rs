//! The project: found upwards from a folder, with its settings and its packages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{Failure, Level, Package, PackageName, ProjectPath, Release, Version, VersionStep};

use crate::foreign::{self, Foreign};
use crate::git::{Git, TreeState};
use crate::matrix;
use crate::reachable::Reachable;
use crate::settings::{FILE, ScriptCall, Settings, TargetSettings, VariantSettings, Versioning};
use crate::tags::{TagPattern, Tags};

/// A Python project that can be released.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder with release.toml, or with the only pyproject.toml.
    pub root: PathBuf,
    /// What release.toml says, or the settings of another tool where there is none.
    pub settings: Settings,
    /// The other tool that the settings are from.
    pub foreign: Option<Foreign>,
    /// The name for people.
    pub name: String,
    /// The packages that are released at once, sorted by name.
    pub packages: Vec<ProjectPackage>,
    /// The other packages, which version apart from these.
    pub siblings: Vec<ProjectPackage>,
    /// Distributions that release.toml makes from the same trees as [[variant]], sorted by name.
    pub variants: Vec<ProjectPackage>,
    /// The form of the tags.
    pub tags: TagPattern,
    /// The repository.
    pub git: Git,
}

/// A git repository with the settings of its project, whether or not it holds a Python project.
#[derive(Debug)]
pub struct Repository {
    /// The folder with release.toml, or the top of the working tree.
    pub root: PathBuf,
    /// What release.toml says.
    pub settings: Settings,
    /// The form of the tags.
    pub tags: TagPattern,
    /// Where the packages version apart: the folders whose commits are the package's own.
    pub folders: Vec<ProjectPath>,
    /// The repository.
    pub git: Git,
}

/// A distribution package of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectPackage {
    /// The normalised name.
    pub name: PackageName,
    /// The folder with its pyproject.toml; `None` for the project's root.
    pub path: Option<ProjectPath>,
    /// The folder for its wheels and sdists.
    pub dist: ProjectPath,
    /// Files that must be inside the wheel.
    pub required_files: Vec<String>,
    /// Modules that must import; `None` where release.toml does not say.
    pub imports: Option<Vec<String>>,
    /// How the scripts that it installs are tried, where `--help` is not the way.
    pub scripts: BTreeMap<String, ScriptCall>,
    /// The operator of the dependency on each package of the project that follows its version.
    pub pins: BTreeMap<PackageName, String>,
    /// The variant that it is, of the package in the same folder.
    pub variant: Option<VariantSettings>,
}

impl ProjectPackage {
    /// A path inside the package's folder.
    pub fn inside(&self, relative: &str) -> Result<ProjectPath, Failure> {
        self.path.as_ref().map_or_else(|| relative.parse(), |path| path.join(relative))
    }

    /// The package's folder.
    pub fn folder(&self, root: &Path) -> PathBuf {
        self.path.as_ref().map_or_else(|| root.to_path_buf(), |path| path.under(root))
    }
}

impl Project {
    /// Finds the project that holds a folder (default: the current one): the nearest release.toml upwards within
    /// the git repository, else the nearest pyproject.toml.
    pub fn find(start: Option<&Path>) -> Result<Self> {
        let root = find_root(&folder(start)?)?;
        let git = Git::open(&root)?;
        let (settings, foreign) = settings(&root)?;
        let place = foreign.as_ref().map_or(FILE, |foreign| foreign.file.as_str()).to_owned();
        let mut project = Self::made(root, git, settings, &place)?;
        project.foreign = foreign;
        Ok(project)
    }

    /// Finds the project that holds a folder; `None` where there is none, or none that is in a git repository.
    pub fn find_if_any(start: Option<&Path>) -> Result<Option<Self>> {
        let folder = folder(start)?;
        let is_in_git = folder.ancestors().any(|folder| folder.join(".git").exists());
        if !is_in_git || find_root(&folder).is_err() {
            return Ok(None);
        }
        Self::find(start).map(Some)
    }

    /// A project with its settings, which stand in that file.
    pub(crate) fn made(root: PathBuf, git: Git, settings: Settings, place: &str) -> Result<Self> {
        let mut packages = packages(&root, &settings)?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let first =
            settings.package.first().map_or_else(|| packages[0].name.to_string(), |first| first.name.clone());
        let name = settings.project.name.clone().unwrap_or(first);
        let tag = settings.project.tag.replace("{package}", &name);
        let tags = TagPattern::parse(&tag).with_context(|| format!("cannot read {place}"))?;
        let variants = matrix::variants(&settings, &packages)?;
        let siblings = Vec::new();
        Ok(Self { root, settings, foreign: None, name, packages, siblings, variants, tags, git })
    }

    /// The package of that name, in any spelling.
    pub fn package(&self, name: &str) -> Result<&ProjectPackage> {
        let wanted = PackageName::normalise(name)?;
        self.packages.iter().find(|package| package.name == wanted).ok_or_else(|| {
            let known = self.names();
            let what = format!("cannot find the package `{name}` in `{}`", self.name);
            Failure::usage(what).hint(format!("the packages are: {}", known.join(", "))).into()
        })
    }

    /// The targets, in the order of publication; an index in a folder where release.toml names none.
    pub fn targets(&self) -> Vec<TargetSettings> {
        if self.settings.target.is_empty() {
            return vec![TargetSettings::embedded(&self.settings.project.dist)];
        }
        self.settings.target.clone()
    }

    /// Says whether a path is an output of a release, which never counts as a change of the tree.
    pub fn is_output(&self, path: &str) -> bool {
        let all = self.packages.iter().chain(&self.siblings);
        let mut folders = all.map(|package| &package.dist).chain([&self.settings.project.dist]);
        folders.any(|dist| {
            path.strip_prefix(dist.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The changed files that are no outputs of a release.
    pub fn real_changes(&self, state: &TreeState) -> Vec<String> {
        state.changed.iter().filter(|path| !self.is_output(path)).cloned().collect()
    }

    /// The release document of the project as it stands, without a bump.
    pub fn current(&self) -> Result<Release> {
        self.refuse_several()?;
        let state = self.git.tree_state()?;
        let carriers = self.carriers()?;
        let version = self.version(&carriers)?;
        let tags = self.git.tags(false)?;
        let tags = Tags::read(&self.tags, tags.iter().map(String::as_str));
        let reachable = Reachable::among(&tags, &self.git, &self.tags);
        let previous = self.previous(&reachable, &version, Some(&version))?;
        self.release_of(&state, previous, version.clone(), Level::Current, crate::today())
    }

    /// A release document with the sections that the project and a version give, and no edits.
    pub fn release_of(
        &self,
        state: &TreeState,
        previous: Option<(&Version, &str)>,
        version: Version,
        level: Level,
        date: String,
    ) -> Result<Release> {
        let Some(base) = state.head.clone() else {
            let what = format!("cannot release `{}`: the repository has no commit yet", self.name);
            return Err(Failure::new(what).hint("commit the project first").into());
        };
        let remote = &self.settings.project.remote;
        let remote = self.git.config()?.has_remote(remote).then(|| remote.clone());
        let package = |package: &ProjectPackage| Package {
            name: package.name.clone(),
            path: package.path.clone(),
            version: version.clone(),
            dist: package.dist.clone(),
            variant: package.variant.as_ref().map(|variant| variant.name.clone()),
        };
        let is_wanted =
            |package: &&ProjectPackage| package.variant.as_ref().is_none_or(|variant| !variant.optional);
        let mut packages: Vec<Package> = self.distributions().filter(is_wanted).map(package).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Release {
            format: document::FORMAT,
            dry_run: false,
            project: document::Project {
                name: self.name.clone(),
                base,
                branch: state.branch.clone(),
                remote,
            },
            packages,
            version: VersionStep {
                previous: previous.map(|(version, _)| version.clone()),
                previous_tag: previous.map(|(_, tag)| tag.to_owned()),
                tag: self.tags.tag(&version),
                current: version,
                level,
                date,
            },
            edits: Vec::new(),
            notes: None,
            commit: None,
            expected: None,
            artifacts: None,
            checks: None,
            checksums: None,
            signatures: None,
            tag: None,
            publications: None,
            announcements: None,
            withdrawals: None,
        })
    }
}

impl Repository {
    /// Finds the repository that holds a folder (default: the current one), with the settings of the nearest
    /// release.toml upwards within it; of a project whose packages version apart the part of that package.
    pub fn find(start: Option<&Path>, package: Option<&str>) -> Result<Self> {
        let start = folder(start)?;
        let is_root = |folder: &&Path| folder.join(FILE).is_file() || folder.join(".git").exists();
        let root = start.ancestors().find(is_root).unwrap_or(&start).to_path_buf();
        let (settings, foreign) = settings(&root)?;
        let tag = &settings.project.tag;
        if package.is_some() || settings.project.versioning == Versioning::Apart || tag.contains("{package}")
        {
            let project = Project::find(Some(&start))?.released(package)?;
            let folders = project.folders().into_iter().cloned().collect();
            let Project { root, settings, tags, git, .. } = project;
            return Ok(Self { root, settings, tags, folders, git });
        }
        let place = foreign.as_ref().map_or(FILE, |foreign| foreign.file.as_str());
        let tags = TagPattern::parse(tag).with_context(|| format!("cannot read {place}"))?;
        let git = Git::open(&root)?;
        Ok(Self { root, settings, tags, folders: Vec::new(), git })
    }
}

/// The settings of release.toml, else those of the tool that released the project before.
fn settings(root: &Path) -> Result<(Settings, Option<Foreign>)> {
    let own = root.join(FILE).is_file();
    let foreign = if own { None } else { foreign::read(root)?.map(Foreign::usable).transpose()? };
    let settings = match &foreign {
        Some(foreign) => foreign.settings.clone(),
        None => Settings::read(root)?,
    };
    Ok((settings, foreign))
}

/// The folder that was asked for, as a whole path.
pub(crate) fn folder(start: Option<&Path>) -> Result<PathBuf, Failure> {
    let start = start.unwrap_or(Path::new("."));
    start.canonicalize().map_err(|cause| {
        Failure::new(format!("cannot open the folder `{}`: {cause}", start.display()))
            .hint("name the project's folder with `--project DIR`")
    })
}

/// The files that make a folder a Python package's; each may name it.
pub(crate) const PACKAGE_FILES: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];

pub(crate) fn find_root(start: &Path) -> Result<PathBuf> {
    let (mut nearest, mut foreign) = (None, None);
    for folder in start.ancestors() {
        if folder.join(FILE).is_file() {
            return Ok(folder.to_path_buf());
        }
        // A folder with its own settings of another tool is a project as one with a release.toml is.
        if foreign.is_none() && foreign::ROOT_FILES.iter().any(|file| folder.join(file).is_file()) {
            foreign = Some(folder.to_path_buf());
        }
        if nearest.is_none() && PACKAGE_FILES.iter().any(|file| folder.join(file).is_file()) {
            nearest = Some(folder.to_path_buf());
        }
        // A release.toml above the repository belongs to another project.
        if folder.join(".git").exists() {
            break;
        }
    }
    foreign.or(nearest).ok_or_else(|| {
        let what = format!(
            "cannot find a project in `{}` or above: no release.toml, pyproject.toml, setup.cfg or setup.py",
            start.display()
        );
        Failure::new(what).hint("run it inside a Python project, or name one with `--project DIR`").into()
    })
}

fn packages(root: &Path, settings: &Settings) -> Result<Vec<ProjectPackage>> {
    if settings.package.is_empty() {
        return Ok(vec![ProjectPackage {
            name: name_of(root)?,
            path: None,
            dist: settings.project.dist.clone(),
            required_files: Vec::new(),
            imports: None,
            scripts: BTreeMap::new(),
            pins: BTreeMap::new(),
            variant: None,
        }]);
    }
    let names: Vec<PackageName> = settings
        .package
        .iter()
        .map(|package| PackageName::normalise(&package.name))
        .collect::<Result<_, _>>()?;
    let mut packages = Vec::new();
    for (package, name) in settings.package.iter().zip(&names) {
        let mut pins = BTreeMap::new();
        for (pinned, operator) in &package.pins {
            let pinned = PackageName::normalise(pinned)?;
            if !names.contains(&pinned) {
                let what = format!(
                    "release.toml: `pins` of `{name}` names `{pinned}`, which is no package of the project"
                );
                return Err(Failure::new(what)
                    .hint(format!("add a [[package]] for `{pinned}`, or drop the pin"))
                    .into());
            }
            pins.insert(pinned, operator.clone());
        }
        packages.push(ProjectPackage {
            name: name.clone(),
            path: package.path.clone(),
            dist: package.dist.clone().unwrap_or_else(|| settings.project.dist.clone()),
            required_files: package.required_files.clone(),
            imports: package.imports.clone(),
            scripts: package.scripts.clone(),
            pins,
            variant: None,
        });
    }
    Ok(packages)
}

/// The name of the only package, from the first of its files that tells it.
pub(crate) fn name_of(root: &Path) -> Result<PackageName> {
    for file in PACKAGE_FILES {
        let Some(text) = crate::files::read_if_present(&root.join(file))? else { continue };
        let text = String::from_utf8_lossy(&text);
        if let Some(name) = name_in(file, &text)? {
            return Ok(PackageName::normalise(&name)?);
        }
    }
    let what = format!("cannot tell the package's name in `{}`: no `[project] name`", root.display());
    Err(Failure::new(what).hint("name the packages in a release.toml there, as [[package]]").into())
}

fn name_in(file: &str, text: &str) -> Result<Option<String>> {
    match file {
        "setup.cfg" => Ok(crate::python::cfg_value(text, "name").map(|range| text[range].to_owned())),
        "setup.py" => {
            Ok(crate::python::arguments(text, "name").first().map(|range| text[range.clone()].to_owned()))
        }
        _ => {
            let parsed = crate::spots::parse_toml(&file.parse()?, text)?;
            let name = |path: &[&str]| path.iter().try_fold(parsed.as_item(), |item, key| item.get(key));
            let name = name(&["project", "name"]).or_else(|| name(&["tool", "poetry", "name"]));
            Ok(name.and_then(toml_edit::Item::as_str).map(str::to_owned))
        }
    }
}
