//! release.toml: every key, with its default.

mod build;
mod build_text;
mod drift;
mod gates;
mod github;
mod pypi;
mod target;

use std::collections::BTreeMap;

use document::{ProjectPath, Spelling};
use serde::Deserialize;

pub use build::{BuildSettings, ConfigSetting, Exclusion, ListEdits, PlatformSettings, VariantSettings};
pub use drift::{DriftLevel, DriftSettings};
pub use gates::{CheckSettings, CiDemand, Coverage, Percent, ProblemLevel, ScriptCall, ValidateSettings};
pub use github::is_repository;
pub use target::{TargetKind, TargetSettings, in_bucket};

/// The name of the settings file, at the root of the project.
pub(crate) const FILE: &str = "release.toml";

/// The settings of a project. An ordinary project with one pyproject.toml needs none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Settings {
    /// The project as a whole.
    pub project: ProjectSettings,
    /// The distribution packages; none means the one whose pyproject.toml stands at the root.
    pub package: Vec<PackageSettings>,
    /// Places of the version beyond those that are found without being told.
    pub version_file: Vec<VersionFile>,
    /// The changelog.
    pub changelog: ChangelogSettings,
    /// The next version from the commits: `bump-version auto`.
    pub auto: AutoSettings,
    /// How wheels and sdists are built.
    pub build: BuildSettings,
    /// The platforms that wheels are built for; none means the one that builds them.
    pub platform: Vec<PlatformSettings>,
    /// Other distributions from the same trees.
    pub variant: Vec<VariantSettings>,
    /// Commands that must succeed before anything is published.
    pub check: Vec<CheckSettings>,
    /// What `validate` asks for.
    pub validate: ValidateSettings,
    /// Signatures.
    pub sign: SignSettings,
    /// Where the files are published, in this order; none means a folder, `dist/index`.
    pub target: Vec<TargetSettings>,
    /// Who is told, in this order.
    pub announcement: Vec<AnnouncementSettings>,
}

/// `[project]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProjectSettings {
    /// The name for people; the first package's name where it is left out.
    pub name: Option<String>,
    /// Whether the packages are released together, with one version, or each with a version of its own.
    pub versioning: Versioning,
    /// The form of the git tags. Where the packages version apart, `{package}` in it is the package's name; without it
    /// the name comes first, as in `{package}-v{version}`.
    pub tag: String,
    /// The git remote that branch and tag are pushed to.
    pub remote: String,
    /// The message of the release commit, with `{version}`, and with `{package}` where the packages version apart;
    /// `{previous}` is the version before, and `{branch}` the branch.
    pub commit_message: String,
    /// The folder for wheels, sdists, checksum files and signatures.
    #[cfg_attr(test, schemars(with = "String"))]
    pub dist: ProjectPath,
}

/// Which packages of a project are released at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Versioning {
    /// All of them, with one version.
    #[default]
    Together,
    /// One at a time, each with its own version, tags, changelog and commits.
    Apart,
}

/// `[[package]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PackageSettings {
    /// The name, as in its pyproject.toml in any spelling.
    pub name: String,
    /// The folder with its pyproject.toml; the project's root where it is left out.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub path: Option<ProjectPath>,
    /// Files that must be inside the wheel.
    #[serde(default)]
    pub required_files: Vec<String>,
    /// Modules that must import in a clean environment; its outermost packages and modules where it is left out.
    pub imports: Option<Vec<String>>,
    /// How `validate` tries the scripts that the package installs, where `--help` is not the way: by other arguments,
    /// as in `{ serve = "--version" }`, or with `false` not at all.
    #[serde(default)]
    pub scripts: BTreeMap<String, ScriptCall>,
    /// Dependencies on packages of this project that follow its version, with their operator: `==`, `>=` or `~=`,
    /// or `^` or `~` in the tables of Poetry.
    #[serde(default)]
    pub pins: BTreeMap<String, String>,
    /// The folder for this package's wheels and sdists; the project's where it is left out.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub dist: Option<ProjectPath>,
    /// Where the packages version apart: the form of this one's tags; the project's where it is left out.
    pub tag: Option<String>,
    /// Where the packages version apart: this one's changelog; where it is left out, the file of the project's name
    /// in the package's folder, or the one of the usual names that is there.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub changelog: Option<ProjectPath>,
}

/// `[[version-file]]`: by `search`, by `key`, by both, or by the annotations in the file where neither is given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VersionFile {
    /// The file. Without `search` and `key` its lines with `x-release-please-version`, and those between
    /// `x-release-please-start-version` and `x-release-please-end`, hold the version.
    #[cfg_attr(test, schemars(with = "String"))]
    pub path: ProjectPath,
    /// The text around the version, with `{version}` in its place.
    pub search: Option<String>,
    /// The key in a TOML, YAML or JSON file, with dots; the elements of a list are counted from 0, and what is no
    /// plain word stands in quotes: `services.0.labels."app.kubernetes.io/version"`. Each document of a YAML file that
    /// has the key is a place. With `search` too, the pattern holds within the value: `image` with `demo:{version}`.
    pub key: Option<String>,
    /// How many places there must be; any number from one where it is left out.
    pub count: Option<usize>,
    /// Only places that hold the version of the project belong to it; other versions that the `search` fits stay.
    #[serde(default)]
    pub current_only: bool,
    /// Only lines in which this regular expression is found are looked at; it needs `current-only`.
    pub lines: Option<String>,
    /// The file, or the place in it, may be missing.
    #[serde(default)]
    pub optional: bool,
    /// How the version is spelled there: as Python does where it is left out.
    #[serde(default)]
    pub spelling: VersionSpelling,
    /// Where the packages version apart: the package whose version it is; the one that the file lies in where it is
    /// left out.
    pub package: Option<String>,
}

/// How a [[version-file]] spells the version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum VersionSpelling {
    /// As PEP 440 has it: `1.3.0rc1`, `0.4.0.post1`.
    #[default]
    Pep440,
    /// As SemVer 2.0 has it, and so charts: `1.3.0-rc.1`, `0.4.0+post.1`.
    Semver,
    /// As the tag of an image, where `_` stands for `+`: `0.4.0_post.1`.
    ImageTag,
}

impl From<VersionSpelling> for Spelling {
    fn from(spelling: VersionSpelling) -> Self {
        match spelling {
            VersionSpelling::Pep440 => Spelling::Pep440,
            VersionSpelling::Semver => Spelling::SemVer,
            VersionSpelling::ImageTag => Spelling::ImageTag,
        }
    }
}

/// `[changelog]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangelogSettings {
    /// The file, in Markdown or by the end of its name in reStructuredText. Where it is left out, CHANGELOG.md, for
    /// release notes RELEASE_NOTES.md, or the one that is there of CHANGES.md, HISTORY.md, NEWS.md, their like in other
    /// endings and in docs/. A file that is named, or of release notes, is made where there is none.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub path: Option<ProjectPath>,
    /// Where the packages version apart: the folder of the one that is released, which its changelog stands in.
    #[serde(skip)]
    pub folder: Option<ProjectPath>,
    /// The form of a section.
    pub style: ChangelogStyle,
    /// How the subjects of commits are written.
    pub commits: CommitForm,
    /// The group of each type of commit, in the order of the groups; the style's own where it is left out.
    pub sections: Option<Vec<ChangelogSection>>,
    /// A Jinja template for the notes below the heading of a release: a file, or the text itself where it holds `{{` or
    /// `{%`. What it may use is listed in tools/README.md.
    pub template: Option<String>,
}

/// How the subjects of commits are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CommitForm {
    /// Conventional Commits 1.0: `feat(cli): add a flag`; the types are the groups.
    Conventional,
    /// `[Area] add a flag`; the areas are the groups.
    Area,
    /// In any way: one list without groups.
    Plain,
}

/// One of `sections` in `[changelog]`, as in Release Please's `changelog-sections`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangelogSection {
    /// The type of the commits, in lower case.
    #[serde(rename = "type")]
    pub kind: String,
    /// The heading of their group.
    pub section: String,
    /// Left out, unless something breaks.
    #[serde(default)]
    pub hidden: bool,
}

/// The form of a section of the changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ChangelogStyle {
    /// Keep a Changelog 1.1: `## [1.3.0] - 2026-03-01` with Added, Changed, Fixed, …
    KeepAChangelog,
    /// Conventional Commits: `## [1.3.0] (2026-03-01)` with Features, Bug Fixes, …
    Conventional,
    /// Release notes: `## 1.3.0 (2026-03-01)` with Highlights, Features, Fixes, Breaking changes, Upgrade notes, Known
    /// issues, Contributors; its file is RELEASE_NOTES.md.
    ReleaseNotes,
}

/// `[auto]`: smaller steps below 1.0, as Release Please has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AutoSettings {
    /// What breaks makes a minor step below 1.0, in place of 1.0.
    pub bump_minor_pre_major: bool,
    /// A feature makes a patch below 1.0, in place of a minor step.
    pub bump_patch_for_minor_pre_major: bool,
}

/// `[sign]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SignSettings {
    /// The file with the minisign secret key; `~/` is the home folder. `WAINWRIGHT_SIGN_KEY` in the environment wins.
    pub key: Option<String>,
}

/// `[[announcement]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AnnouncementSettings {
    /// The name.
    pub name: String,
    /// The command that sends it, run by the shell in the project's root: the text in Markdown on its stdin, and
    /// `SUBJECT`, `VERSION` and `TAG` in its environment.
    pub run: String,
    /// The most characters that the place takes, as 2000 for Discord or 40000 for Slack: a longer text is cut between
    /// entries, and ends with a link to the full notes.
    #[cfg_attr(test, schemars(range(min = 200)))]
    pub limit: Option<usize>,
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            name: None,
            versioning: Versioning::Together,
            tag: "v{version}".to_owned(),
            remote: "origin".to_owned(),
            commit_message: "chore: release {version}".to_owned(),
            dist: known_path("dist"),
        }
    }
}

impl Default for ChangelogSettings {
    fn default() -> Self {
        Self {
            path: None,
            folder: None,
            style: ChangelogStyle::KeepAChangelog,
            commits: CommitForm::Conventional,
            sections: None,
            template: None,
        }
    }
}

impl ChangelogSettings {
    /// The file, or the one that it is by default.
    pub fn path(&self) -> ProjectPath {
        let usual = match self.style {
            ChangelogStyle::KeepAChangelog | ChangelogStyle::Conventional => "CHANGELOG.md",
            ChangelogStyle::ReleaseNotes => "RELEASE_NOTES.md",
        };
        self.path.clone().unwrap_or_else(|| self.inside(usual).unwrap_or_else(|| known_path(usual)))
    }

    /// A file of that name in the folder that the changelog stands in; `None` where it is no path of the project.
    pub fn inside(&self, name: &str) -> Option<ProjectPath> {
        self.folder.as_ref().map_or_else(|| name.parse(), |folder| folder.join(name)).ok()
    }

    /// Says whether a release makes the file where there is none: it is named, or its style is that of a file of its own.
    pub fn is_wanted(&self) -> bool {
        self.path.is_some() || self.style == ChangelogStyle::ReleaseNotes
    }
}

/// A default path; the literal is known to be one.
fn known_path(text: &str) -> ProjectPath {
    #[expect(clippy::unwrap_used, reason = "a literal that a test reads")]
    text.parse().unwrap()
}
