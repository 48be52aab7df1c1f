//! One package of a project whose packages version apart: what it calls its own of the settings.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath, Release};

use crate::find::{Project, ProjectPackage};
use crate::settings::{Settings, VersionFile, Versioning};
use crate::tags::TagPattern;

impl Project {
    /// The part of the project that is released at once: the package of that name where the packages version apart,
    /// else all of them.
    ///
    /// A name is refused where it would tear apart what is released together, and its absence where it is needed.
    pub fn released(self, package: Option<&str>) -> Result<Self> {
        let apart = self.settings.project.versioning == Versioning::Apart;
        match package {
            None => self.refuse_several().map(|()| self),
            Some(name) if apart => {
                let name = self.package(name)?.name.clone();
                self.refuse_shared_tags(&name)?;
                self.component(&name)
            }
            Some(name) => {
                let name = &self.package(name)?.name;
                if self.packages.len() == 1 {
                    return Ok(self);
                }
                let what = format!(
                    "cannot release `{name}` alone: the packages of `{}` are released together, with one version",
                    self.name
                );
                let hint = "leave `--package` out, or give each package its own version: `versioning = \"apart\"` in [project]";
                Err(Failure::usage(what).hint(hint).into())
            }
        }
    }

    /// Every part of the project that is released at once, or the one of that package.
    pub fn parts(self, package: Option<&str>) -> Result<Vec<Self>> {
        if package.is_some() || self.settings.project.versioning == Versioning::Together {
            return Ok(vec![self.released(package)?]);
        }
        self.packages.iter().map(|package| self.clone().component(&package.name)).collect()
    }

    /// The document, where it tells of this project, with the part of the project that it releases.
    ///
    /// A repository may hold several projects, and a document of another one would release, publish or take back the
    /// wrong files.
    pub fn of(self, release: Release) -> Result<(Self, Release)> {
        let own = |package: &document::Package| self.distribution(&package.name).is_some();
        if !release.packages.iter().any(own) {
            let what = format!(
                "cannot use the release document: it is of the project `{}`, and this is `{}`",
                release.project.name, self.name
            );
            return Err(Failure::document(what)
                .hint("run it in the folder of that project, or name the folder with `--project DIR`")
                .into());
        }
        if self.settings.project.versioning == Versioning::Together {
            return Ok((self, release));
        }
        let folders: BTreeSet<_> = release.packages.iter().map(|package| &package.path).collect();
        let bases = self.packages.iter().filter(|package| folders.contains(&package.path));
        let bases: Vec<PackageName> = bases.map(|package| package.name.clone()).collect();
        let [name] = bases.as_slice() else {
            let what = format!(
                "cannot use the release document: it releases {} packages of `{}`, which version apart",
                bases.len(),
                self.name
            );
            return Err(Failure::document(what)
                .hint("start again with `bump-version --package NAME`")
                .into());
        };
        Ok((self.component(name)?, release))
    }

    /// Refuses a project of which only one package at a time can be released, and none is chosen.
    pub(crate) fn refuse_several(&self) -> Result<()> {
        let is_whole = self.siblings.is_empty();
        if self.settings.project.versioning == Versioning::Together || !is_whole {
            return Ok(());
        }
        let what = format!("cannot tell which package of `{}` is meant: they version apart", self.name);
        Err(Failure::usage(what)
            .hint(format!("say `bump-version --package {}`", self.names().join("|")))
            .into())
    }

    /// Refuses a package whose tags are those of another one too: a release of one would pass for one of the other.
    fn refuse_shared_tags(&self, name: &PackageName) -> Result<()> {
        let forms = self.packages.iter().map(|package| Ok((&package.name, tags(&self.settings, package)?)));
        let forms = forms.collect::<Result<Vec<_>>>()?;
        let own = forms.iter().find(|(package, _)| *package == name);
        let is_shared = |(package, form): &&(&PackageName, TagPattern)| {
            *package != name && own.is_some_and(|(_, own)| own == form)
        };
        let Some((other, _)) = forms.iter().find(is_shared) else { return Ok(()) };
        let what = format!(
            "cannot release `{name}`: its tags have the same form as those of `{other}`, and they version apart"
        );
        let hint = match &self.foreign {
            Some(foreign) => format!(
                "give each a `component` in `{}`, or run `cargo xtask init` and give each a `tag`",
                foreign.file
            ),
            None => "give each a `tag` of its own in its [[package]] of release.toml".to_owned(),
        };
        Err(Failure::new(what).hint(hint).into())
    }

    /// The names of the packages.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.packages.iter().map(|package| package.name.as_str()).collect()
    }

    /// The project of one package: its tags, its changelog, its places of the version.
    pub(crate) fn component(mut self, name: &PackageName) -> Result<Self> {
        let (own, others) = self.packages.into_iter().partition(|package| package.name == *name);
        (self.packages, self.siblings) = (own, others);
        self.variants.retain(|variant| self.packages.iter().any(|own| own.path == variant.path));
        self.name = name.to_string();
        let Some(package) = self.packages.first() else { return Ok(self) };
        self.tags = tags(&self.settings, package)?;
        let settings = &mut self.settings;
        settings.changelog.path = changelog(settings, package)?;
        settings.changelog.folder.clone_from(&package.path);
        let message = &mut settings.project.commit_message;
        if !message.contains("{package}") {
            *message = message.replace("{version}", "{package} {version}");
        }
        *message = message.replace("{package}", name.as_str());
        let siblings = &self.siblings;
        settings.version_file.retain(|file| owner(file, package, siblings).is_some_and(|own| own == *name));
        Ok(self)
    }

    /// The folders whose commits the release tells of; none for all.
    pub fn folders(&self) -> Vec<&ProjectPath> {
        if self.settings.project.versioning == Versioning::Together {
            return Vec::new();
        }
        self.packages.iter().filter_map(|package| package.path.as_ref()).collect()
    }
}

/// The form of the tags of a package.
fn tags(settings: &Settings, package: &ProjectPackage) -> Result<TagPattern> {
    let own =
        settings.package.iter().find(|own| is_of(&own.name, &package.name)).and_then(|own| own.tag.as_ref());
    let pattern = match own {
        Some(tag) => tag.clone(),
        None if settings.project.tag.contains("{package}") => settings.project.tag.clone(),
        None => format!("{{package}}-{}", settings.project.tag),
    };
    TagPattern::parse(&pattern.replace("{package}", package.name.as_str()))
        .context("cannot read release.toml")
}

/// The changelog of a package; `None` where the settings name none.
fn changelog(settings: &Settings, package: &ProjectPackage) -> Result<Option<ProjectPath>> {
    let own = settings.package.iter().find(|own| is_of(&own.name, &package.name));
    let of_project = settings.changelog.path.as_ref();
    match own.and_then(|own| own.changelog.as_ref()) {
        Some(path) => Ok(Some(path.clone())),
        None => Ok(of_project.map(|path| package.inside(path.as_str())).transpose()?),
    }
}

/// The package whose version a file holds: the one that it names, else the one that it lies in.
fn owner(file: &VersionFile, package: &ProjectPackage, siblings: &[ProjectPackage]) -> Option<PackageName> {
    if let Some(named) = &file.package {
        return PackageName::normalise(named).ok();
    }
    let depth = |package: &ProjectPackage| match &package.path {
        None => Some(0),
        Some(path) => {
            let inside =
                file.path.as_str().strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
            inside.then_some(path.as_str().len())
        }
    };
    let all = siblings.iter().chain([package]);
    let holders = all.filter_map(|package| Some((depth(package)?, &package.name)));
    holders.max_by_key(|(depth, _)| *depth).map(|(_, name)| name.clone())
}

fn is_of(written: &str, name: &PackageName) -> bool {
    PackageName::normalise(written).is_ok_and(|written| written == *name)
}
