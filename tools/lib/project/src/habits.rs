//! Places of the version beyond a package's own files, found where they usually stand: `src/__init__.py`, package.json
//! and charts.
//!
//! Such a place follows the version where it holds it now. Where it holds another one it is let alone: a web client or
//! a chart may well have versions of its own.

use std::collections::BTreeSet;

use anyhow::Result;
use document::{ProjectPath, Spelling, Version};

use crate::find::ProjectPackage;
use crate::finder::{Finder, VARIABLES};
use crate::keyed::{ValuePlace, json_value};
use crate::places::{Carrier, Place, Spot};
use crate::python;

/// The lock files of npm, which stand beside package.json.
const NODE_LOCKS: [&str; 2] = ["package-lock.json", "npm-shrinkwrap.json"];

impl Finder<'_> {
    /// The places of usual kinds at the project's root and in the folders of its packages.
    pub(crate) fn habits(&mut self) -> Result<()> {
        let project = self.project;
        let (mut seen, mut charts) = (BTreeSet::new(), BTreeSet::new());
        let packages = project.packages.iter().map(Some);
        // Where the packages version apart, what stands at the root is nobody's.
        let root = project.siblings.is_empty().then_some(None);
        for package in packages.chain(root) {
            let path = package.and_then(|package| package.path.as_ref());
            let Some(version) = self.held(package).filter(|_| seen.insert(path)) else { continue };
            let home = Home { path, package, version };
            self.source_folder(&home)?;
            self.node_manifest(&home)?;
            self.charts(&home, &mut charts)?;
        }
        Ok(())
    }

    /// The version that the places of a package hold, and so its usual places; the project's where it has none.
    fn held(&self, package: Option<&ProjectPackage>) -> Option<Version> {
        let mut places = self.carriers.iter().flat_map(|carrier| {
            let strict = carrier.spots.iter().filter(|spot| !matches!(spot.place, Place::Pin(..)));
            strict.map(move |spot| (carrier, spot))
        });
        let own = |spot: &Spot| package.is_some_and(|package| spot.package.as_ref() == Some(&package.name));
        let (carrier, spot) = places.clone().find(|(_, spot)| own(spot)).or_else(|| places.next())?;
        carrier.version(spot).ok()
    }

    /// The variables in `src/__init__.py`, where the folder of the sources is the package itself.
    fn source_folder(&mut self, home: &Home) -> Result<()> {
        let Some((path, text)) = self.read_if_file(home.inside("src/__init__.py")?)? else { return Ok(()) };
        let mut module = Carrier::new(path, text, Vec::new());
        for (name, range) in python::assigned(&module.text.clone(), &VARIABLES) {
            home.put(&mut module, ValuePlace { range, is_plain: false }, name, Spelling::Pep440);
        }
        self.add(module);
        Ok(())
    }

    /// The version in package.json, and the same in npm's lock file beside it.
    fn node_manifest(&mut self, home: &Home) -> Result<()> {
        let Some((path, text)) = self.read_if_file(home.inside("package.json")?)? else { return Ok(()) };
        let version = json_value(&path, &text, &["version"])?;
        let mut manifest = Carrier::new(path, text, Vec::new());
        if let Some(range) = version {
            home.sort(&mut manifest, ValuePlace { range, is_plain: false }, "version");
        }
        let follows = !manifest.spots.is_empty();
        self.add(manifest);
        for lock in NODE_LOCKS.iter().filter(|_| follows) {
            let Some((path, text)) = self.read_if_file(home.inside(lock)?)? else { continue };
            let places = [
                json_value(&path, &text, &["version"])?,
                json_value(&path, &text, &["packages", "", "version"])?,
            ];
            let mut carrier = Carrier::new(path, text, Vec::new());
            for range in places.into_iter().flatten() {
                home.sort(&mut carrier, ValuePlace { range, is_plain: false }, "locked version");
            }
            self.add(carrier);
        }
        Ok(())
    }

    /// Adds a file with its usual places. Those that release.toml names are known already, and strict.
    pub(crate) fn add(&mut self, mut found: Carrier) {
        let Some(known) = self.carriers.iter_mut().find(|carrier| carrier.path == found.path) else {
            self.carriers.push(found);
            return;
        };
        let is_new = |spot: &Spot| known.spots.iter().all(|strict| strict.range.start != spot.range.start);
        found.spots.retain(is_new);
        found.apart.retain(is_new);
        known.spots.extend(found.spots);
        known.apart.extend(found.apart);
        known.seal = known.seal.take().or(found.seal);
    }
}

/// A folder in which usual places are looked for, with the version that they would hold.
pub(crate) struct Home<'a> {
    path: Option<&'a ProjectPath>,
    package: Option<&'a ProjectPackage>,
    version: Version,
}

impl Home<'_> {
    /// A path inside the folder.
    pub(crate) fn inside(&self, relative: &str) -> Result<ProjectPath> {
        Ok(self.path.map_or_else(|| relative.parse(), |path| path.join(relative))?)
    }

    /// The folder as text; empty for the project's root.
    pub(crate) fn folder(&self) -> &str {
        self.path.map_or("", ProjectPath::as_str)
    }

    /// Puts a place of a file where it belongs: what holds the version follows it. Says whether it does.
    pub(crate) fn sort(&self, carrier: &mut Carrier, value: ValuePlace, name: &str) -> bool {
        let ValuePlace { range, is_plain } = value;
        let written = &carrier.text[range.clone()];
        let skipped = usize::from(written.starts_with(['v', 'V']));
        let written = &written[skipped..];
        let is_semver = Version::read(written, Spelling::SemVer).is_ok();
        let spelling = if is_semver { Spelling::SemVer } else { Spelling::Pep440 };
        let range = range.start + skipped..range.end;
        self.put(carrier, ValuePlace { range, is_plain: is_plain && skipped == 0 }, name, spelling)
    }

    /// Puts a place where it belongs that spells the version in that way.
    fn put(&self, carrier: &mut Carrier, value: ValuePlace, name: &str, spelling: Spelling) -> bool {
        let ValuePlace { range, is_plain } = value;
        let follows =
            Version::read(&carrier.text[range.clone()], spelling).is_ok_and(|held| held == self.version);
        let spot = Spot {
            range,
            place: Place::Usual(name.to_owned(), spelling),
            package: self.package.map(|package| package.name.clone()),
            is_plain,
        };
        if follows {
            carrier.spots.push(spot)
        } else {
            carrier.apart.push(spot)
        }
        follows
    }
}
