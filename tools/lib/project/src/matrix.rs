//! The matrix of builds: which distributions there are, for which Pythons and platforms, and how each is built.

use std::collections::BTreeMap;

use anyhow::Result;
use document::{ArtifactKind, Expected, Failure, Package, PackageName, Platform, PythonVersion};

use crate::find::{Project, ProjectPackage};
use crate::settings::{ConfigSetting, Exclusion, PlatformSettings, Settings, VariantSettings};

/// How the wheels of one distribution are built: what [build] says, and its variant over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Settings of the build backend.
    pub config_settings: BTreeMap<String, ConfigSetting>,
    /// The command that builds the wheel, where the build backend alone does not.
    pub run: Option<String>,
    /// Arguments of `auditwheel repair`, where it runs.
    pub auditwheel: Option<Vec<String>>,
    /// Whether there is an sdist.
    pub sdist: bool,
}

impl Project {
    /// Everything that the project's trees can be built into: each package, and each variant of one.
    ///
    /// A variant with the name of its package stands in its place.
    pub fn distributions(&self) -> impl Iterator<Item = &ProjectPackage> {
        let plain =
            |package: &&ProjectPackage| self.variants.iter().all(|variant| variant.name != package.name);
        self.packages.iter().filter(plain).chain(&self.variants)
    }

    /// The distribution of that name.
    pub fn distribution(&self, name: &PackageName) -> Option<&ProjectPackage> {
        self.distributions().find(|distribution| distribution.name == *name)
    }

    /// The distributions that are meant by these names, sorted: a package with all of its variants, or one variant alone.
    pub fn named(&self, names: &[String]) -> Result<Vec<&ProjectPackage>> {
        let mut found = Vec::new();
        for name in names {
            let wanted = PackageName::normalise(name)?;
            if let Some(package) = self.packages.iter().find(|package| package.name == wanted) {
                let is_own = |other: &&ProjectPackage| other.path == package.path;
                let variants = self.variants.iter().filter(|variant| is_own(variant));
                found.extend(self.distribution(&wanted).into_iter().chain(variants));
            } else if let Some(variant) = self.distribution(&wanted) {
                found.push(variant);
            } else {
                return Err(self
                    .package(name)
                    .map(drop)
                    .err()
                    .unwrap_or_else(|| Failure::usage(name).into()));
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup();
        Ok(found)
    }

    /// Asks for variants that are not released otherwise.
    pub fn with_variants(mut self, names: &[String]) -> Result<Self, Failure> {
        for name in names {
            let known: Vec<&str> =
                self.settings.variant.iter().map(|variant| variant.name.as_str()).collect();
            if !known.contains(&name.as_str()) {
                let what = format!("cannot release the variant `{name}`: release.toml has none of that name");
                let hint = match known.is_empty() {
                    true => "add a [[variant]] to release.toml".to_owned(),
                    false => format!("the variants are: {}", known.join(", ")),
                };
                return Err(Failure::usage(what).hint(hint));
            }
            let wanted = self.settings.variant.iter_mut().filter(|variant| variant.name == *name);
            wanted.for_each(|variant| variant.optional = false);
            let built = self.variants.iter_mut().filter_map(|package| package.variant.as_mut());
            built.filter(|variant| variant.name == *name).for_each(|variant| variant.optional = false);
        }
        Ok(self)
    }

    /// The files that the matrix promises of these packages, sorted by id.
    ///
    /// Whether a wheel serves several Pythons only its build tells, so that each Python is promised one.
    pub fn expected(&self, packages: &[Package]) -> Result<Vec<Expected>> {
        let mut all = Vec::new();
        for package in packages {
            let Some(distribution) = self.distribution(&package.name) else {
                let what =
                    format!("cannot build `{}`: release.toml has no such package or variant", package.name);
                return Err(Failure::document(what).hint("start again with `bump-version`").into());
            };
            all.extend(self.expected_of(distribution));
        }
        all.sort();
        Ok(all)
    }

    fn expected_of(&self, distribution: &ProjectPackage) -> Vec<Expected> {
        let Settings { build, platform, .. } = &self.settings;
        let name = &distribution.name;
        let variant = distribution.variant.as_ref();
        let mut all = Vec::new();
        if self.recipe(distribution).sdist {
            all.push(Expected {
                id: format!("{name}.sdist"),
                package: name.clone(),
                kind: ArtifactKind::Sdist,
                python: None,
                platform: None,
            });
        }
        let pythons = variant.and_then(|variant| variant.pythons.as_ref()).unwrap_or(&build.pythons);
        let is_own = |platform: &&PlatformSettings| {
            let own = variant.and_then(|variant| variant.platforms.as_ref());
            own.is_none_or(|own| own.contains(&platform.name))
        };
        let platforms: Vec<Platform> =
            platform.iter().filter(is_own).filter_map(PlatformSettings::platform).collect();
        for python in axis(pythons) {
            for platform in axis(&platforms) {
                let is_out = |exclusion: &Exclusion| exclusion.fits(distribution, python, platform);
                if build.exclude.iter().any(is_out) {
                    continue;
                }
                let mut id = format!("{name}.wheel");
                id.extend(python.map(|python| format!("-{python}")));
                id.extend(platform.map(|platform| format!("-{}", platform.name)));
                let (python, platform) = (python.cloned(), platform.cloned());
                all.push(Expected { id, package: name.clone(), kind: ArtifactKind::Wheel, python, platform });
            }
        }
        all
    }

    /// How a distribution is built.
    pub fn recipe(&self, distribution: &ProjectPackage) -> Recipe {
        let build = &self.settings.build;
        let mut recipe = Recipe {
            env: build.env.clone(),
            config_settings: build.config_settings.clone(),
            run: build.run.clone(),
            auditwheel: build.auditwheel.clone(),
            sdist: build.sdist,
        };
        if let Some(variant) = &distribution.variant {
            recipe.env.extend(variant.env.clone());
            recipe.config_settings.extend(variant.config_settings.clone());
            recipe.run = variant.run.clone().or(recipe.run);
            recipe.auditwheel = variant.auditwheel.clone().or(recipe.auditwheel);
            recipe.sdist = variant.sdist;
        }
        recipe
    }
}

/// One axis of the matrix; one that is not there is a single point.
fn axis<T>(points: &[T]) -> impl Iterator<Item = Option<&T>> {
    let none = points.is_empty().then_some(None);
    points.iter().map(Some).chain(none)
}

impl Exclusion {
    fn fits(
        &self,
        distribution: &ProjectPackage,
        python: Option<&PythonVersion>,
        platform: Option<&Platform>,
    ) -> bool {
        let normal = |name: &String| PackageName::normalise(name).ok();
        let variant = distribution.variant.as_ref().map(|variant| &variant.name);
        self.package.as_ref().is_none_or(|name| normal(name).as_ref() == Some(&distribution.name))
            && self.variant.as_ref().is_none_or(|name| Some(name) == variant)
            && self.python.as_ref().is_none_or(|version| Some(version) == python)
            && self.platform.as_ref().is_none_or(|name| Some(name) == platform.map(|platform| &platform.name))
    }
}

/// The variants of these packages, each as a package of its own name.
pub(crate) fn variants(settings: &Settings, packages: &[ProjectPackage]) -> Result<Vec<ProjectPackage>> {
    let mut made: Vec<ProjectPackage> = Vec::new();
    for variant in &settings.variant {
        let package = base(variant, packages)?;
        let name = match &variant.distribution {
            Some(name) => PackageName::normalise(name)?,
            None => PackageName::normalise(&format!("{}-{}", package.name, variant.name))?,
        };
        let is_taken = packages.iter().any(|other| other.name == name && other.name != package.name)
            || made.iter().any(|other| other.name == name);
        if is_taken {
            let what = format!(
                "release.toml: the [[variant]] `{}` makes `{name}`, as another entry does",
                variant.name
            );
            return Err(Failure::new(what).hint("give it a `distribution` of its own").into());
        }
        made.push(ProjectPackage { name, variant: Some(variant.clone()), ..package.clone() });
    }
    made.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(made)
}

/// The package that a variant is built from.
fn base<'a>(variant: &VariantSettings, packages: &'a [ProjectPackage]) -> Result<&'a ProjectPackage> {
    let wrong = |why: String| {
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let what = format!("release.toml: the [[variant]] `{}` {why}", variant.name);
        Failure::new(what).hint(format!("name one with `package`; the packages are: {}", names.join(", ")))
    };
    match (&variant.package, packages) {
        (None, [package]) => Ok(package),
        (None, _) => Err(wrong("does not say which package it is built from".to_owned()).into()),
        (Some(name), packages) => {
            let wanted = PackageName::normalise(name)?;
            let found = packages.iter().find(|package| package.name == wanted);
            found.ok_or_else(|| {
                wrong(format!("is built from `{name}`, which is no package of the project")).into()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATRIX: &str = "[build]\npythons = ['3.12', '3.13']\nexclude = [{ python = '3.13', platform = 'linux-aarch64' }]\n\
        [build.env]\nA = '1'\nB = '2'\n\
        [[platform]]\nname = 'linux-x86_64'\n[[platform]]\nname = 'linux-aarch64'\n\
        [[package]]\nname = 'engine'\n\
        [[variant]]\nname = 'non-cuda'\nplatforms = ['linux-x86_64']\nenv = { B = '3' }\n\
        [[variant]]\nname = 'cuda13'\noptional = true\npythons = ['3.13']\nsdist = true\nplatforms = ['linux-x86_64']\n";

    fn project(settings: &str) -> Result<(tempfile::TempDir, Project)> {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let run = std::process::Command::new("git").args(arguments).current_dir(folder.path()).status();
            assert!(run.unwrap().success());
        };
        git(&["init", "-q"]);
        std::fs::write(folder.path().join("pyproject.toml"), "[project]\nname = 'engine'\nversion = '1.0'\n")
            .unwrap();
        std::fs::write(folder.path().join("release.toml"), settings).unwrap();
        git(&["add", "-A"]);
        git(&["-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit", "-qm", "a"]);
        let project = Project::find(Some(folder.path()))?;
        Ok((folder, project))
    }

    fn ids(project: &Project) -> Vec<String> {
        let release = project.current().unwrap();
        project.expected(&release.packages).unwrap().into_iter().map(|expected| expected.id).collect()
    }

    #[test]
    fn each_python_on_each_platform_is_promised_a_wheel_of_each_distribution() {
        let (_folder, project) = project(MATRIX).unwrap();
        let plain = [
            "engine-non-cuda.wheel-3.12-linux-x86_64",
            "engine-non-cuda.wheel-3.13-linux-x86_64",
            "engine.sdist",
            "engine.wheel-3.12-linux-aarch64",
            "engine.wheel-3.12-linux-x86_64",
            "engine.wheel-3.13-linux-x86_64",
        ];
        assert_eq!(ids(&project), plain);
        let with = project.with_variants(&["cuda13".to_owned()]).unwrap();
        assert_eq!(
            ids(&with),
            [&["engine-cuda13.sdist", "engine-cuda13.wheel-3.13-linux-x86_64"], &plain[..]].concat()
        );
    }

    #[test]
    fn without_a_matrix_there_is_one_wheel_and_an_sdist() {
        let (_folder, project) = project("").unwrap();
        assert_eq!(ids(&project), ["engine.sdist", "engine.wheel"]);
    }

    #[test]
    fn a_variant_builds_on_what_all_builds_have() {
        let (_folder, project) = project(MATRIX).unwrap();
        let recipe = |name: &str| project.recipe(project.distribution(&name.parse().unwrap()).unwrap());
        let env =
            |name: &str| recipe(name).env.into_iter().map(|(key, value)| key + &value).collect::<String>();
        assert_eq!((env("engine"), env("engine-non-cuda")), ("A1B2".to_owned(), "A1B3".to_owned()));
        assert_eq!(
            ["engine", "engine-non-cuda", "engine-cuda13"].map(|name| recipe(name).sdist),
            [true, false, true]
        );
    }

    #[test]
    fn a_package_is_named_with_its_variants_and_a_variant_alone() {
        let (_folder, project) = project(MATRIX).unwrap();
        let named = |name: &str| -> Vec<String> {
            let named = project.named(&[name.to_owned()]).unwrap();
            named.into_iter().map(|distribution| distribution.name.to_string()).collect()
        };
        assert_eq!(named("Engine"), ["engine", "engine-cuda13", "engine-non-cuda"]);
        assert_eq!(named("engine.non_cuda"), ["engine-non-cuda"]);
        let error = project.named(&["motor".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "cannot find the package `motor` in `engine`");
    }

    #[test]
    fn a_variant_with_the_name_of_its_package_stands_in_its_place() {
        let (_folder, project) = project("[[variant]]\nname = 'cuda'\ndistribution = 'Engine'\n").unwrap();
        assert_eq!(ids(&project), ["engine.wheel"]);
        let release = project.current().unwrap();
        assert_eq!(release.packages[0].variant.as_deref(), Some("cuda"));
    }

    #[test]
    fn refuses_variants_that_cannot_be_told_apart() {
        let refusal = |settings: &str| format!("{:#}", project(settings).unwrap_err());
        let two =
            "[[variant]]\nname = 'a'\ndistribution = 'x'\n[[variant]]\nname = 'b'\ndistribution = 'X'\n";
        assert!(refusal(two).contains("the [[variant]] `b` makes `x`, as another entry does"));
        let lost = "[[variant]]\nname = 'a'\npackage = 'motor'\n";
        assert!(refusal(lost).contains("is built from `motor`, which is no package of the project"));
        let (_folder, project) = project(MATRIX).unwrap();
        let error = project.with_variants(&["cuda14".to_owned()]).unwrap_err().to_string();
        assert_eq!(error, "cannot release the variant `cuda14`: release.toml has none of that name");
    }
}
