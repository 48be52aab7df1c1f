//! release.toml: every key with its default, and errors that name line, column and the nearest key.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, PackageName, ProjectPath, Spelling};
use serde::Deserialize;

use crate::toml_text::place;

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
    /// Commands that must succeed before anything is published.
    pub check: Vec<CheckSettings>,
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
    /// The form of the git tags.
    pub tag: String,
    /// The git remote that branch and tag are pushed to.
    pub remote: String,
    /// The subject of the release commit, with `{version}`.
    pub commit_message: String,
    /// The folder for wheels, sdists, checksum files and signatures.
    #[cfg_attr(test, schemars(with = "String"))]
    pub dist: ProjectPath,
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
    /// Modules that must import in a clean environment; the package's own name where it is left out.
    pub imports: Option<Vec<String>>,
    /// Dependencies on packages of this project that follow its version, with their operator: `==`, `>=` or `~=`.
    #[serde(default)]
    pub pins: BTreeMap<String, String>,
    /// The folder for this package's wheels and sdists; the project's where it is left out.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub dist: Option<ProjectPath>,
}

/// `[[version-file]]`: by `search`, by `key`, or by the annotations in the file where neither is given.
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
    /// The key of a TOML file, with dots: `tool.demo.version`.
    pub key: Option<String>,
    /// How many places there must be; any number from one where it is left out.
    pub count: Option<usize>,
    /// How the version is spelled there: as Python does where it is left out.
    #[serde(default)]
    pub spelling: VersionSpelling,
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
    /// The file.
    #[cfg_attr(test, schemars(with = "String"))]
    pub path: ProjectPath,
    /// The form of a section.
    pub style: ChangelogStyle,
    /// How the subjects of commits are written.
    pub commits: CommitForm,
    /// The group of each type of commit, in the order of the groups; the style's own where it is left out.
    pub sections: Option<Vec<ChangelogSection>>,
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
}

/// `[[check]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckSettings {
    /// The name.
    pub name: String,
    /// The command, run by the shell in the project's root.
    pub run: String,
    /// The coverage report that the command leaves, and the least coverage.
    pub coverage: Option<Coverage>,
    /// Left out by `validate --quick`.
    #[serde(default)]
    pub slow: bool,
}

/// The coverage that a check must reach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coverage {
    /// The report in Cobertura's XML form, as `coverage xml` writes it.
    #[cfg_attr(test, schemars(with = "String"))]
    pub report: ProjectPath,
    /// The least line coverage in percent.
    pub minimum: u8,
}

/// `[sign]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SignSettings {
    /// The file with the minisign secret key; `~/` is the home folder. `WAINWRIGHT_SIGN_KEY` in the environment wins.
    pub key: Option<String>,
}

/// `[[target]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetSettings {
    /// The name for `distribute --to`.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// For a directory: the folder, relative to the project's root or absolute.
    pub path: String,
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TargetKind {
    /// An index in a folder.
    Directory,
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
}

impl Default for ProjectSettings {
    fn default() -> Self {
        Self {
            name: None,
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
            path: known_path("CHANGELOG.md"),
            style: ChangelogStyle::KeepAChangelog,
            commits: CommitForm::Conventional,
            sections: None,
        }
    }
}

impl TargetSettings {
    /// The target of a project that names none: an index in `dist/index`.
    pub(crate) fn embedded(dist: &ProjectPath) -> Self {
        Self { name: "index".to_owned(), kind: TargetKind::Directory, path: format!("{dist}/index") }
    }
}

impl Settings {
    /// Reads release.toml in the project's root; a project without one has the defaults.
    pub fn read(root: &Path) -> Result<Self> {
        match crate::files::read_if_present(&root.join(FILE))? {
            None => Ok(Self::default()),
            Some(_) => {
                Self::parse(&crate::files::read_text(&root.join(FILE))?).context("cannot read the settings")
            }
        }
    }

    /// Reads the text of a release.toml.
    pub fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml_edit::de::from_str(text).map_err(|wrong| refusal(text, &wrong))?;
        settings.check()?;
        Ok(settings)
    }

    /// Refuses what the types cannot: names that stand twice, pins with an operator that is none.
    fn check(&self) -> Result<(), Failure> {
        unique("target", self.target.iter().map(|target| &target.name))?;
        unique("check", self.check.iter().map(|check| &check.name))?;
        unique("announcement", self.announcement.iter().map(|announcement| &announcement.name))?;
        self.changelog.check()?;
        let mut names = Vec::new();
        for package in &self.package {
            names.push(PackageName::normalise(&package.name)?.to_string());
            for (pinned, operator) in &package.pins {
                PackageName::normalise(pinned)?;
                if !matches!(operator.as_str(), "==" | ">=" | "~=") {
                    let what =
                        format!("release.toml: `pins` of `{}`: `{operator}` is no operator", package.name);
                    return Err(Failure::new(what).hint("use `==`, `>=` or `~=`"));
                }
            }
        }
        unique("package", names.iter())?;
        for file in &self.version_file {
            let wrong = |why: &str, hint: &str| {
                Err(Failure::new(format!("release.toml: the [[version-file]] `{}` {why}", file.path))
                    .hint(hint))
            };
            match (&file.search, &file.key) {
                (Some(_), Some(_)) => return wrong("has both `search` and `key`", "keep one of them"),
                (Some(search), None) if search.matches("{version}").count() != 1 => {
                    let hint = "write the text around the version, as in 'version=\"{version}\"'";
                    return wrong("must hold `{version}` once in its `search`", hint);
                }
                (None, Some(_)) if !file.path.as_str().ends_with(".toml") => {
                    return wrong(
                        "has a `key`, and is no TOML file",
                        "use `search` for files of another kind",
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl ChangelogSettings {
    /// Refuses sections that no commit could come into.
    fn check(&self) -> Result<(), Failure> {
        let mut seen = std::collections::BTreeSet::new();
        for ChangelogSection { kind, section, .. } in self.sections.iter().flatten() {
            if !seen.insert(kind) {
                let what = format!("release.toml: two `sections` of [changelog] have the type `{kind}`");
                return Err(Failure::new(what).hint("give each type one section"));
            }
            if *kind != kind.to_lowercase() {
                let what = format!("release.toml: `sections` of [changelog]: the type `{kind}` has capitals");
                return Err(Failure::new(what).hint(format!("write `{}`", kind.to_lowercase())));
            }
            if section.trim().is_empty() || section.contains(['\n', '\r']) {
                let what =
                    format!("release.toml: `sections` of [changelog]: `{kind}` has no heading of one line");
                return Err(Failure::new(what).hint("name the heading, as in `section = \"Features\"`"));
            }
        }
        Ok(())
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let message = format!("release.toml: two [[{what}]] have the name `{name}`");
            return Err(Failure::new(message).hint("give each a name of its own"));
        }
    }
    Ok(())
}

/// Turns a reader's error into `release.toml:line:column: cause`, with the nearest key for an unknown one.
fn refusal(text: &str, wrong: &toml_edit::de::Error) -> Failure {
    let place = wrong.span().map_or(FILE.to_owned(), |span| format!("{FILE}:{}", place(text, span.start)));
    let message = wrong.message().lines().next().unwrap_or("cannot be read").to_owned();
    let failure = Failure::new(format!("{place}: {message}"));
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let nearest =
        quoted.max_by(|a, b| strsim::jaro_winkler(a, unknown).total_cmp(&strsim::jaro_winkler(b, unknown)));
    match nearest {
        Some(known) if message.starts_with("unknown ") => failure.hint(format!("did you mean `{known}`?")),
        _ => failure.hint("the keys of release.toml are listed in tools/lib/project/release.schema.json"),
    }
}

/// A default path; the literal is known to be one.
fn known_path(text: &str) -> ProjectPath {
    #[expect(clippy::unwrap_used, reason = "a literal that a test reads")]
    text.parse().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String) {
        let error = Settings::parse(text).unwrap_err();
        (format!("{error:#}"), Failure::of(&error).0.unwrap_or_default().to_owned())
    }

    #[test]
    fn an_empty_file_has_every_default() {
        let settings = Settings::parse("").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.project.tag, "v{version}");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_key() {
        let (error, hint) = refused("[project]\nname = \"x\"\n\n[[chekc]]\nname = \"a\"\n");
        assert!(error.starts_with("release.toml:4:3: unknown field `chekc`"), "{error}");
        assert_eq!(hint, "did you mean `check`?");
        let (error, hint) = refused("[[package]]\nname = \"x\"\nrequired_files = []\n");
        assert!(error.starts_with("release.toml:3:1: unknown field `required_files`"), "{error}");
        assert_eq!(hint, "did you mean `required-files`?");
    }

    #[test]
    fn a_wrong_type_and_broken_toml_have_their_place() {
        assert!(refused("[project]\ntag = 3\n").0.starts_with("release.toml:2:7: "));
        assert!(refused("[project\n").0.starts_with("release.toml:1:9: "));
        let (error, hint) = refused("[[target]]\nname = \"a\"\nkind = \"directroy\"\npath = \"x\"\n");
        assert!(error.starts_with("release.toml:3:8: unknown variant `directroy`"), "{error}");
        assert_eq!(hint, "did you mean `directory`?");
    }

    #[test]
    fn refuses_two_of_one_name_and_wrong_operators() {
        assert!(
            refused("[[package]]\nname = \"a_b\"\n[[package]]\nname = \"a-b\"\n")
                .0
                .contains("the name `a-b`")
        );
        assert!(
            refused("[[package]]\nname = \"a\"\npins = { b = \"=\" }\n").0.contains("`=` is no operator")
        );
        assert!(
            refused("[[version-file]]\npath = \"a\"\nsearch = \"x\"\n")
                .0
                .contains("must hold `{version}` once")
        );
    }

    #[test]
    fn refuses_sections_that_no_commit_could_come_into() {
        for (sections, expected) in [
            (r#"{ type = "a", section = "A" }, { type = "a", section = "B" }"#, "have the type `a`"),
            (r#"{ type = "Feat", section = "A" }"#, "the type `Feat` has capitals"),
            (r#"{ type = "feat", section = " " }"#, "`feat` has no heading of one line"),
        ] {
            let (error, _) = refused(&format!("[changelog]\nsections = [{sections}]\n"));
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Settings)).unwrap();
        text.push('\n');
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/release.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == text,
            "the schema is stale; run the test with UPDATE_SCHEMAS=1 and commit the file"
        );
    }
}
