//! Release Please's manifest: the version that each package was last released as, by the package's folder.

use anyhow::Result;
use document::{ProjectPath, Spelling, Version};

use crate::find::Project;
use crate::finder::Finder;
use crate::keyed::json_value;
use crate::places::{Carrier, Place, Spot};
use crate::reachable::Reachable;
use crate::settings::Versioning;

/// Its names, at the root of the project.
const NAMES: [&str; 2] = [".release-please-manifest.json", "release-please-manifest.json"];

impl Project {
    /// The manifest, where the project has one.
    pub fn manifest(&self) -> Option<&'static str> {
        NAMES.into_iter().find(|name| self.root.join(name).is_file())
    }

    /// The release before `next`, with its tag: the version that the project carries where a manifest says that it is
    /// released and a tag of the history names it, else the highest of the history, which before a release is no
    /// pre-release.
    ///
    /// `next` is `None` where the next version is still to be told.
    pub fn previous<'a>(
        &self,
        reachable: &'a Reachable<'_>,
        carried: &Version,
        next: Option<&Version>,
    ) -> Result<Option<(&'a Version, &'a str)>> {
        let by_manifest = next.is_none_or(|next| carried < next) && self.manifest().is_some();
        match if by_manifest { reachable.find(carried)? } else { None } {
            Some(found) => Ok(Some(found)),
            None => reachable.highest_below(next),
        }
    }
}

impl Finder<'_> {
    /// The entries of the packages in the manifest, or the one of the root, which stands for them all.
    pub(crate) fn manifest(&mut self) -> Result<()> {
        let project = self.project;
        let Some(path) = project.manifest() else { return Ok(()) };
        let path: ProjectPath = path.parse()?;
        let (path, text) = self.text(&path)?;
        let mut spots = Vec::new();
        let mut add = |folder: &str| -> Result<()> {
            let Some(range) = json_value(&path, &text, &[folder])? else { return Ok(()) };
            // It is written as SemVer, but may have been written by hand.
            let is_semver = Version::read(&text[range.clone()], Spelling::SemVer).is_ok();
            let spelling = if is_semver { Spelling::SemVer } else { Spelling::Pep440 };
            let place = Place::Manifest(spelling);
            spots.push(Spot { range, place, package: None, is_plain: false });
            Ok(())
        };
        for package in &project.packages {
            add(package.path.as_ref().map_or(".", ProjectPath::as_str))?;
        }
        let has_root = project.packages.iter().any(|package| package.path.is_none());
        if !has_root && project.settings.project.versioning == Versioning::Together {
            add(".")?;
        }
        self.carriers.push(Carrier::new(path, text, spots));
        Ok(())
    }
}
