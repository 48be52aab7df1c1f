//! The settings of the tool that released the project before, read where there is no release.toml.
//!
//! Each tool has a file of its own here. What a tool says and a release here cannot do is a problem where it would
//! leave a file behind or name the release otherwise, and a warning where it changes less.

mod bumpversion;
mod commitizen;
mod ini;
mod release_please;
mod semantic_release;
mod table;
mod template;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use document::{Failure, ProjectPath};

use crate::files;
use crate::settings::{Settings, VersionFile};
use crate::spots::without_bom;

/// Files of tools whose folder is the root of a project, as one with a release.toml is.
pub(crate) const ROOT_FILES: [&str; 4] =
    [".bumpversion.cfg", ".bumpversion.toml", "release-please-config.json", ".release-please-config.json"];

/// The settings of another tool, as those of release.toml.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The name of the tool.
    pub tool: &'static str,
    /// The file that holds its settings.
    pub file: ProjectPath,
    /// What they are in release.toml.
    pub settings: Settings,
    /// Where each setting comes from: `project.tag`, or `version-file.0` for the first [[version-file]].
    pub origins: BTreeMap<String, String>,
    /// What is done in another way here, or not at all.
    pub warnings: Vec<String>,
    /// What would leave a file behind or give a release another name.
    pub problems: Vec<String>,
    /// Files with settings of other tools, which were passed over.
    pub others: Vec<String>,
}

/// A reader of one tool's settings in one file: nothing where the file has none of that tool.
type Reader = fn(&Path, &ProjectPath, &str) -> Result<Option<Foreign>>;

/// Where settings are looked for, in this order: the first file that has some counts. Where the tools themselves know
/// several files, it is their own order.
const READERS: [(&str, Reader); 11] = [
    (".bumpversion.cfg", bumpversion::read_ini),
    (".bumpversion.toml", bumpversion::read_toml),
    ("setup.cfg", bumpversion::read_ini),
    ("pyproject.toml", bumpversion::read_toml),
    (".cz.toml", commitizen::read),
    ("cz.toml", commitizen::read),
    ("pyproject.toml", commitizen::read),
    ("release-please-config.json", release_please::read),
    (".release-please-config.json", release_please::read),
    ("releaserc.toml", semantic_release::read),
    ("pyproject.toml", semantic_release::read),
];

/// Reads the settings of the first tool that has some in the project's root.
pub fn read(root: &Path) -> Result<Option<Foreign>> {
    let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut found: Option<Foreign> = None;
    for (name, reader) in READERS {
        let text = match texts.get(name) {
            Some(text) => text,
            None => {
                let path = root.join(name);
                let text = path.is_file().then(|| files::read_text(&path)).transpose()?;
                texts.entry(name).or_insert(text)
            }
        };
        let Some(text) = text else { continue };
        match &mut found {
            None => found = reader(root, &name.parse()?, without_bom(text))?,
            // What is passed over need not be right.
            Some(first) => {
                let other = reader(root, &name.parse()?, without_bom(text));
                first
                    .others
                    .extend(other.ok().flatten().map(|other| format!("{} ({})", other.file, other.tool)));
            }
        }
    }
    Ok(found)
}

impl Foreign {
    fn new(tool: &'static str, file: &ProjectPath) -> Self {
        Self {
            tool,
            file: file.clone(),
            settings: Settings::default(),
            origins: BTreeMap::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The settings, where a release here does all that they say.
    pub fn usable(mut self) -> Result<Self, Failure> {
        if self.problems.is_empty() {
            return Ok(self);
        }
        Err(Failure::new(self.problems.remove(0))
            .hint("`cargo xtask init` writes a release.toml, in which that can be left out"))
    }

    /// Where a file of the version is named, for people.
    pub(crate) fn origin_of(&self, file: &VersionFile) -> Option<&str> {
        let at = self.settings.version_file.iter().position(|own| own == file)?;
        self.origin(&format!("version-file.{at}"))
    }

    /// Where a setting comes from, for people.
    pub fn origin(&self, setting: &str) -> Option<&str> {
        self.origins.get(setting).map(String::as_str)
    }

    /// Remembers where a setting comes from.
    fn from(&mut self, setting: &str, place: impl Into<String>) {
        self.origins.insert(setting.to_owned(), place.into());
    }

    fn warn(&mut self, place: &str, what: &str) {
        self.warnings.push(format!("{place}: {what}"));
    }

    fn problem(&mut self, place: &str, what: &str) {
        self.problems.push(format!("cannot release as {place} says: {what}"));
    }

    /// Adds a place of the version; a file that is not there is a problem.
    fn add_place(&mut self, root: &Path, file: VersionFile, place: &str) {
        if !file.optional && !file.path.under(root).is_file() {
            self.problem(place, &format!("there is no file `{}`", file.path));
            return;
        }
        if self.settings.version_file.contains(&file) {
            return;
        }
        self.from(&format!("version-file.{}", self.settings.version_file.len()), place);
        self.settings.version_file.push(file);
    }

    /// Adds each file that a pattern of paths fits.
    fn add_places(
        &mut self,
        root: &Path,
        pattern: &str,
        excluded: &[String],
        file: &VersionFile,
        place: &str,
    ) {
        match paths(root, pattern, excluded) {
            Err(cause) => self.problem(place, &cause),
            Ok(paths) if paths.is_empty() && !file.optional => {
                self.problem(place, &format!("no file fits `{pattern}`"));
            }
            Ok(paths) => {
                for path in paths {
                    self.add_place(root, VersionFile { path, ..file.clone() }, place);
                }
            }
        }
    }
}

/// The files that a pattern fits, sorted.
fn paths(root: &Path, pattern: &str, excluded: &[String]) -> Result<Vec<ProjectPath>, String> {
    let wrong = |cause: glob::PatternError| format!("`{pattern}` is no pattern of paths: {cause}");
    let excluded: Vec<glob::Pattern> = excluded
        .iter()
        .map(|excluded| glob::Pattern::new(excluded))
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    let whole = format!("{}/{pattern}", glob::Pattern::escape(&root.to_string_lossy()));
    let found = glob::glob(&whole).map_err(wrong)?.flatten().filter(|path| path.is_file());
    let relative = found.filter_map(|path| {
        path.strip_prefix(root).ok().map(|path| path.to_string_lossy().replace('\\', "/"))
    });
    let wanted = relative.filter(|path| !excluded.iter().any(|excluded| excluded.matches(path)));
    wanted.map(|path| path.parse().map_err(|wrong: Failure| wrong.to_string())).collect()
}

/// A [[version-file]] of nothing but its path.
fn version_file(path: ProjectPath) -> VersionFile {
    VersionFile {
        path,
        search: None,
        key: None,
        count: None,
        current_only: false,
        lines: None,
        optional: false,
        package: None,
        spelling: crate::settings::VersionSpelling::Pep440,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts that are nearly the settings of one of the tools.
    fn noise() -> impl Strategy<Value = String> {
        let parts = proptest::sample::select(vec![
            "[bumpversion]",
            "[bumpversion:file:a.txt]",
            "[bumpversion:glob:*]",
            "[tool.bumpversion]",
            "[[tool.bumpversion.files]]",
            "current_version",
            "search",
            "replace",
            "serialize",
            "tag_name",
            "filename",
            "regex = true",
            "[tool.commitizen]",
            "version_files",
            "version",
            "[tool.semantic_release]",
            "version_variables",
            "\"a.txt:version:tf\"",
            "{current_version}",
            "{new_version",
            "}",
            "{",
            "$version",
            "^",
            "$",
            "\\",
            "[",
            "]",
            "=",
            " = ",
            ":",
            "\n",
            "\r\n",
            "\n    ",
            "\"",
            "'''",
            "é",
            "1.2.3",
            "{\"packages\": {\".\": {\"extra-files\": [",
            "\"x\"",
            "{\"path\": \"a.txt\"}",
            "]}}}",
            "\"$.a['b']\"",
        ]);
        proptest::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_settings_are_too_odd_for_a_reader(text in noise()) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("a.txt"), &text).unwrap();
            for (name, reader) in READERS {
                // Refusing is right as well; what is read stays within the project.
                if let Ok(Some(foreign)) = reader(folder.path(), &name.parse().unwrap(), &text) {
                    for file in &foreign.settings.version_file {
                        prop_assert!(file.optional || file.path.under(folder.path()).is_file(), "{file:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_file_counts_and_the_others_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        write("pyproject.toml", "[tool.commitizen]\nversion = \"1.0\"\n[tool.semantic_release]\n");
        assert_eq!(read(folder.path()).unwrap().unwrap().tool, "commitizen");
        write(".bumpversion.cfg", "[bumpversion]\ncurrent_version = 1.0\n");
        write("release-please-config.json", "no JSON");
        let foreign = read(folder.path()).unwrap().unwrap();
        assert_eq!(foreign.tool, "bump2version");
        assert_eq!(
            foreign.others,
            ["pyproject.toml (commitizen)", "pyproject.toml (python-semantic-release)"]
        );
    }
}
