//! How wheels and sdists are built: [build], [[platform]] and [[variant]].

use std::collections::BTreeMap;

use document::{Platform, PythonVersion};
use serde::Deserialize;

/// `[build]`: what every build has in common.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BuildSettings {
    /// The versions of Python that wheels are built with, as in `["3.12", "3.13t", "pypy3.10"]`; one that uv finds where
    /// none is named. A wheel that serves several of them, or any, is built once.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    pub pythons: Vec<PythonVersion>,
    /// Whether an sdist of each package is built, and its wheels from the sdist. A [[variant]] has a key of its own.
    pub sdist: bool,
    /// Entries of the matrix that are left out: those that have all that one of these says.
    pub exclude: Vec<Exclusion>,
    /// Environment variables of the builds.
    pub env: BTreeMap<String, String>,
    /// Settings that the build backend gets (PEP 517, `config_settings`).
    pub config_settings: BTreeMap<String, ConfigSetting>,
    /// A command that builds the wheel, where this takes more than the build backend: run by the shell in the package's
    /// folder of a clean checkout, with `{python}` for the interpreter and `{dist}` for the folder that it leaves one
    /// wheel in.
    pub run: Option<String>,
    /// Arguments of `auditwheel repair`, which then runs on each built wheel: as in `["--plat", "manylinux_2_28_x86_64"]`.
    pub auditwheel: Option<Vec<String>>,
    /// The most builds that run at once; by the machine's cores and memory where it is left out.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub jobs: Option<usize>,
}

/// One of `exclude` in `[build]`; a key that is left out fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Exclusion {
    /// The package, as the wheel names it.
    pub package: Option<String>,
    /// The name of the [[variant]].
    pub variant: Option<String>,
    /// The version of Python.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub python: Option<PythonVersion>,
    /// The name of the [[platform]].
    pub platform: Option<String>,
}

/// A setting of a build backend: a text, or several under one name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ConfigSetting {
    /// One text.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// `[[platform]]`: where wheels are built, and for what. Without any there is one wheel of each package and Python, for
/// the machine that builds it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlatformSettings {
    /// The name: `linux-x86_64`, `linux-aarch64`, `musllinux-x86_64`, `macos-arm64`, `windows-x86_64`, …
    pub name: String,
    /// The platform tags that its wheels may have, with `*` for any text, as in `["manylinux_2_28_x86_64"]`; those that
    /// the name stands for where it is left out.
    pub tags: Option<Vec<String>>,
    /// The machine that builds them on GitHub Actions (`runs-on`); the usual one of the name where it is left out.
    pub runner: Option<String>,
}

/// `[[variant]]`: another distribution from the tree of a package, which is changed for it in the clean checkout alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VariantSettings {
    /// The name, for `build-wheels --variant`.
    pub name: String,
    /// The package whose tree it is built from; the project's only one where it is left out.
    pub package: Option<String>,
    /// The name of the distribution; that of the package with `-` and the variant's name where it is left out. With the
    /// package's own name, the variant stands in the place of the package as its tree has it.
    pub distribution: Option<String>,
    /// What is added to the description (`[project] description`).
    pub description_suffix: Option<String>,
    /// What is added to the keywords.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Changes of the classifiers.
    #[serde(default)]
    pub classifiers: ListEdits,
    /// Changes of the dependencies.
    #[serde(default)]
    pub dependencies: ListEdits,
    /// `[project] requires-python` in place of the package's.
    pub requires_python: Option<String>,
    /// Environment variables of its builds, beside those of [build].
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Settings that the build backend gets, beside those of [build].
    #[serde(default)]
    pub config_settings: BTreeMap<String, ConfigSetting>,
    /// The command that builds its wheel, in place of that of [build].
    pub run: Option<String>,
    /// Arguments of `auditwheel repair`, in place of those of [build].
    pub auditwheel: Option<Vec<String>>,
    /// The versions of Python, in place of those of [build].
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub pythons: Option<Vec<PythonVersion>>,
    /// The names of its platforms; all of them where it is left out.
    pub platforms: Option<Vec<String>>,
    /// Whether it has an sdist of its own.
    #[serde(default)]
    pub sdist: bool,
    /// Whether it is released only where `bump-version --with NAME` asks for it.
    #[serde(default)]
    pub optional: bool,
    /// Distributions of this project with files of the same names, which nobody installs beside it.
    #[serde(default)]
    pub conflicts: Vec<String>,
}

/// Changes of a list of texts. Each entry that is named must be there; a dependency may be named by its name alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListEdits {
    /// Entries that are left out.
    pub drop: Vec<String>,
    /// Entries with what stands in their place.
    pub replace: BTreeMap<String, String>,
    /// Entries that are added at the end.
    pub add: Vec<String>,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self {
            pythons: Vec::new(),
            sdist: true,
            exclude: Vec::new(),
            env: BTreeMap::new(),
            config_settings: BTreeMap::new(),
            run: None,
            auditwheel: None,
            jobs: None,
        }
    }
}

/// The names of platforms that stand for tags (PEP 425, PEP 600, PEP 656), and the runners of GitHub Actions.
const KNOWN: [(&str, &[&str], &str); 10] = [
    ("linux-x86_64", &["manylinux*_x86_64", "linux_x86_64"], "ubuntu-latest"),
    ("linux-aarch64", &["manylinux*_aarch64", "linux_aarch64"], "ubuntu-24.04-arm"),
    ("linux-i686", &["manylinux*_i686", "linux_i686"], "ubuntu-latest"),
    ("musllinux-x86_64", &["musllinux_*_x86_64"], "ubuntu-latest"),
    ("musllinux-aarch64", &["musllinux_*_aarch64"], "ubuntu-24.04-arm"),
    ("macos-x86_64", &["macosx_*_x86_64", "macosx_*_universal2"], "macos-15-intel"),
    ("macos-arm64", &["macosx_*_arm64", "macosx_*_universal2"], "macos-latest"),
    ("windows-x86_64", &["win_amd64"], "windows-latest"),
    ("windows-x86", &["win32"], "windows-latest"),
    ("windows-arm64", &["win_arm64"], "windows-11-arm"),
];

impl PlatformSettings {
    /// The platform with its tags; `None` where it names none, and the name stands for none.
    pub(crate) fn platform(&self) -> Option<Platform> {
        let known = || self.known().map(|(_, tags, _)| tags.iter().map(|tag| (*tag).to_owned()).collect());
        let tags = self.tags.clone().or_else(known)?;
        Some(Platform { name: self.name.clone(), tags })
    }

    /// The machine of GitHub Actions that builds for it.
    pub fn runner(&self) -> &str {
        self.runner
            .as_deref()
            .or_else(|| self.known().map(|(_, _, runner)| runner))
            .unwrap_or("ubuntu-latest")
    }

    fn known(&self) -> Option<(&'static str, &'static [&'static str], &'static str)> {
        KNOWN.into_iter().find(|(name, _, _)| *name == self.name)
    }

    /// The names that stand for tags.
    pub(crate) fn known_names() -> impl Iterator<Item = &'static str> {
        KNOWN.into_iter().map(|(name, _, _)| name)
    }
}
