//! Which entries of the matrix a run is asked for.

use std::collections::BTreeSet;

use anyhow::Result;
use document::{ArtifactKind, Expected, Failure, PackageName, PythonVersion, Release};
use project::Project;

/// What the arguments narrow a build to; what is empty narrows nothing.
#[derive(Debug, Default)]
pub struct Selection {
    /// The packages, each with its variants.
    pub packages: Vec<String>,
    /// The variants.
    pub variants: Vec<String>,
    /// The Pythons.
    pub pythons: Vec<PythonVersion>,
    /// Whether sdists alone are built.
    pub sdist: bool,
    /// The entries, by their ids.
    pub only: Vec<String>,
}

impl Selection {
    /// Says whether anything is left out.
    pub fn is_narrow(&self) -> bool {
        !(self.packages.is_empty() && self.variants.is_empty()) || self.is_within_packages()
    }

    /// Says whether some files of a package may be left out.
    pub fn is_within_packages(&self) -> bool {
        !self.pythons.is_empty() || self.sdist || !self.only.is_empty()
    }

    /// The entries that are meant, in their order.
    pub fn of<'a>(
        &self,
        project: &Project,
        release: &Release,
        expected: &'a [Expected],
    ) -> Result<Vec<&'a Expected>> {
        let packages = self.packages(project, release)?;
        self.check_variants(project, release)?;
        let variant = |name: &PackageName| project.distribution(name)?.variant.as_ref();
        let mut found: Vec<&Expected> = expected.iter().collect();
        found.retain(|entry| packages.as_ref().is_none_or(|packages| packages.contains(&entry.package)));
        found.retain(|entry| {
            let is_meant = |name| self.variants.contains(name);
            self.variants.is_empty() || variant(&entry.package).is_some_and(|own| is_meant(&own.name))
        });
        self.check_pythons(&found)?;
        self.check_ids(expected)?;
        let is_python =
            |entry: &Expected| entry.python.as_ref().is_some_and(|own| self.pythons.contains(own));
        found.retain(|entry| self.pythons.is_empty() || is_python(entry));
        found.retain(|entry| self.only.is_empty() || self.only.contains(&entry.id));
        found.retain(|entry| !self.sdist || entry.kind == ArtifactKind::Sdist);
        if found.is_empty() && self.sdist {
            let what = "cannot build an sdist: the release has none of what is asked for";
            return Err(Failure::usage(what)
                .hint("set `sdist` of [build] or of the [[variant]] in release.toml")
                .into());
        }
        Ok(found)
    }

    fn packages(&self, project: &Project, release: &Release) -> Result<Option<BTreeSet<PackageName>>> {
        if self.packages.is_empty() {
            return Ok(None);
        }
        let mut wanted = BTreeSet::new();
        for name in &self.packages {
            let named = project.named(std::slice::from_ref(name))?;
            if named.iter().all(|distribution| release.package(&distribution.name).is_none()) {
                let what = format!("cannot build `{name}`: the release document does not hold it");
                return Err(Failure::document(what).hint("start again with `bump-version`").into());
            }
            wanted.extend(named.iter().map(|distribution| distribution.name.clone()));
        }
        Ok(Some(wanted))
    }

    fn check_variants(&self, project: &Project, release: &Release) -> Result<()> {
        for name in &self.variants {
            let known: Vec<&str> =
                project.settings.variant.iter().map(|variant| variant.name.as_str()).collect();
            if !known.contains(&name.as_str()) {
                let what = format!("cannot build the variant `{name}`: release.toml has none of that name");
                return Err(Failure::usage(what).hint(hint("variants", &known)).into());
            }
            let is_own = |package: &&document::Package| package.variant.as_ref() == Some(name);
            if !release.packages.iter().any(|package| is_own(&package)) {
                let what =
                    format!("cannot build the variant `{name}`: the release document does not hold it");
                let hint = format!("start again with `bump-version --with {name}`");
                return Err(Failure::document(what).hint(hint).into());
            }
        }
        Ok(())
    }

    fn check_pythons(&self, entries: &[&Expected]) -> Result<(), Failure> {
        let known: BTreeSet<&PythonVersion> =
            entries.iter().filter_map(|entry| entry.python.as_ref()).collect();
        let Some(unknown) = self.pythons.iter().find(|python| !known.contains(python)) else { return Ok(()) };
        let mut known: Vec<&str> = known.into_iter().map(PythonVersion::as_str).collect();
        known.sort_by_key(|python| python.parse().map(|python: PythonVersion| python.numbers()).ok());
        let what = format!("cannot build for Python {unknown}: the release has no wheel for it");
        Err(Failure::usage(what).hint(hint("Pythons", &known)))
    }

    fn check_ids(&self, expected: &[Expected]) -> Result<(), Failure> {
        let known: Vec<&str> = expected.iter().map(|entry| entry.id.as_str()).collect();
        let Some(unknown) = self.only.iter().find(|id| !known.contains(&id.as_str())) else { return Ok(()) };
        let what = format!("cannot build `{unknown}`: the release has no entry of that name");
        Err(Failure::usage(what).hint(hint("entries", &known)))
    }
}

fn hint(what: &str, known: &[&str]) -> String {
    match known {
        [] => format!("release.toml names no {what}"),
        known => format!("the {what} are: {}", known.join(", ")),
    }
}
