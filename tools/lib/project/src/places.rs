//! The places that carry the version: found in the text of their files, so that an edit touches nothing else.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath, Spelling, Version};

use crate::find::{Project, ProjectPackage};
use crate::finder::Finder;
use crate::seal::Seal;
use crate::settings::VersionFile;
use crate::yaml::is_number;
use crate::{files, toml_text};

/// A file that carries the version, with the places in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The file.
    pub path: ProjectPath,
    /// Its text, byte for byte.
    pub text: String,
    /// The places, in the order of the text.
    pub spots: Vec<Spot>,
    /// Places of a usual kind that hold another version than the project, and are let alone: what they belong to has
    /// versions of its own, or has drifted.
    pub apart: Vec<Spot>,
    /// A digest that changes with the places.
    pub seal: Option<Seal>,
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
    /// Whether it is a YAML value without quotes, where what reads as a number would be one.
    pub is_plain: bool,
}

/// The kind of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `version` in pyproject.toml, setup.cfg or setup.py, or a file that holds nothing else.
    Version,
    /// A variable of a Python file: `__version__`, `VERSION`.
    Variable(String),
    /// The package's own entry in uv.lock.
    Lock,
    /// A dependency on another package of the project, with its operator.
    Pin(PackageName, String),
    /// `version` in the Cargo.toml of a crate that is the package's extension, or its own entry in Cargo.lock.
    Crate,
    /// A place of a usual kind in a file that is not Python's, by its key, with its spelling.
    Usual(String, Spelling),
    /// A package's entry in Release Please's manifest, with the spelling that it has there.
    Manifest(Spelling),
    /// A place that release.toml names, with the spelling that it has there.
    Configured(Spelling),
}

impl Place {
    /// How the version is spelled there.
    pub fn spelling(&self) -> Spelling {
        match self {
            Place::Crate => Spelling::SemVer,
            Place::Usual(_, spelling) | Place::Manifest(spelling) | Place::Configured(spelling) => *spelling,
            _ => Spelling::Pep440,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Version | Place::Configured(_) => f.write_str("version"),
            Place::Crate => f.write_str("version of the crate"),
            Place::Manifest(_) => f.write_str("released version"),
            Place::Variable(name) | Place::Usual(name, _) => f.write_str(name),
            Place::Lock => f.write_str("locked version"),
            Place::Pin(name, _) => write!(f, "pin of {name}"),
        }
    }
}

impl Carrier {
    /// A file with its places.
    pub fn new(path: ProjectPath, text: String, spots: Vec<Spot>) -> Self {
        Self { path, text, spots, apart: Vec::new(), seal: None }
    }

    /// The version as a place spells it.
    pub fn spelled(&self, spot: &Spot) -> &str {
        &self.text[spot.range.clone()]
    }

    /// The version that a place holds.
    pub fn version(&self, spot: &Spot) -> Result<Version, Failure> {
        Version::read(self.spelled(spot), spot.place.spelling())
    }

    /// What a place holds once it holds a version. `1.10` without quotes is the number 1.1 in YAML, and gets them.
    pub fn written(&self, spot: &Spot, version: &Version) -> Result<String, Failure> {
        let text = version.spelled(spot.place.spelling())?;
        Ok(if spot.is_plain && is_number(&text) { format!("\"{text}\"") } else { text })
    }

    /// The line of a place, counted from 1.
    pub fn line(&self, spot: &Spot) -> usize {
        self.line_at(spot.range.start)
    }

    /// The line of a byte, counted from 1.
    pub fn line_at(&self, byte: usize) -> usize {
        toml_text::place(&self.text, byte).line
    }
}

impl Project {
    /// Reads every file that carries the version, sorted by path.
    pub fn carriers(&self) -> Result<Vec<Carrier>> {
        self.carriers_read_by(&|path| files::read_text(&path.under(&self.root)))
    }

    /// As [`Project::carriers`], with the texts from elsewhere than the working tree.
    pub fn carriers_read_by(&self, read: &dyn Fn(&ProjectPath) -> Result<String>) -> Result<Vec<Carrier>> {
        let mut carriers = self.search(read)?;
        carriers.retain(|carrier| !carrier.spots.is_empty() || carrier.seal.is_some());
        Ok(carriers)
    }

    /// Reads every file with a place of a usual kind that does not follow the version, for it holds another one.
    pub fn apart(&self) -> Result<Vec<Carrier>> {
        let mut carriers = self.search(&|path| files::read_text(&path.under(&self.root)))?;
        carriers.retain(|carrier| !carrier.apart.is_empty());
        Ok(carriers)
    }

    fn search(&self, read: &dyn Fn(&ProjectPath) -> Result<String>) -> Result<Vec<Carrier>> {
        let mut found = Finder::new(self, read);
        for package in &self.packages {
            found.package(package)?;
        }
        found.locks()?;
        found.manifest()?;
        found.configured()?;
        found.habits()?;
        let mut carriers = found.carriers;
        carriers.sort_by(|a, b| a.path.cmp(&b.path));
        // Two searches may lead to one file, as to the Cargo.lock of two crates: it is written once, with all places.
        carriers.dedup_by(|again, first| {
            let is_same = again.path == first.path;
            if is_same {
                first.spots.append(&mut again.spots);
                first.apart.append(&mut again.apart);
                first.seal = first.seal.take().or(again.seal.take());
            }
            is_same
        });
        for carrier in &mut carriers {
            carrier.spots.sort_by_key(|spot| spot.range.start);
            carrier.spots.dedup_by_key(|spot| spot.range.start);
        }
        Ok(carriers)
    }

    /// The versions of the siblings that the packages pin: a pin on what versions apart follows the sibling's.
    pub fn pinned_siblings(
        &self,
        read: &dyn Fn(&ProjectPath) -> Result<String>,
    ) -> Result<BTreeMap<PackageName, Version>> {
        let mut versions = BTreeMap::new();
        for name in self.packages.iter().flat_map(|package| package.pins.keys()) {
            let Some(sibling) = self.siblings.iter().find(|sibling| sibling.name == *name) else { continue };
            let mut project = self.clone();
            project.packages = vec![ProjectPackage { pins: BTreeMap::new(), ..sibling.clone() }];
            let mut found = Finder::new(&project, read);
            found.package(&project.packages[0])?;
            versions.insert(name.clone(), project.version(&found.carriers)?);
        }
        Ok(versions)
    }

    /// Says whether a package is one of those that are released at once.
    fn has(&self, name: &PackageName) -> bool {
        self.packages.iter().any(|package| package.name == *name)
    }

    /// Where the settings name a file of the version, in words.
    pub(crate) fn named_by(&self, file: &VersionFile) -> String {
        let other = self.foreign.as_ref().and_then(|foreign| foreign.origin_of(file));
        other.map_or_else(|| format!("the [[version-file]] `{}` in release.toml", file.path), str::to_owned)
    }

    /// The one version that all places hold; where they disagree, an error lists each.
    pub fn version(&self, carriers: &[Carrier]) -> Result<Version> {
        let mut versions: Vec<(Version, String)> = Vec::new();
        for carrier in carriers {
            for spot in &carrier.spots {
                // Only an exact pin has to be the version itself; `>=` may well name an older one.
                let follows = match &spot.place {
                    Place::Pin(name, operator) => operator == "==" && self.has(name),
                    _ => true,
                };
                if !follows {
                    continue;
                }
                let place = format!("{}:{}", carrier.path, carrier.line(spot));
                let version = carrier.version(spot).with_context(|| place.clone())?;
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
