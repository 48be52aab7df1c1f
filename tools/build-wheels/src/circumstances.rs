//! What changes uv's choice of an interpreter and of versions: variables, settings, and files of the project.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use document::PackageName;
use toml_edit::{DocumentMut, Item, TableLike};

/// Variables that mean the same for `uv build` and for an environment that is made beside it.
const KNOWN: [&str; 25] = [
    "UV",
    "UV_CACHE_DIR",
    "UV_COMPILE_BYTECODE",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_CONCURRENT_INSTALLS",
    "UV_DEFAULT_INDEX",
    "UV_EXCLUDE_NEWER",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_RETRIES",
    "UV_HTTP_TIMEOUT",
    "UV_INDEX",
    "UV_INDEX_STRATEGY",
    "UV_INDEX_URL",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_LINK_MODE",
    "UV_NATIVE_TLS",
    "UV_NO_PROGRESS",
    "UV_OFFLINE",
    "UV_PYTHON",
    "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR",
    "UV_PYTHON_PREFERENCE",
    "UV_SYSTEM_PYTHON",
];
/// How the names of variables start that come with one of those, or have no say here.
const KNOWN_STARTS: [&str; 3] = ["UV_INDEX_", "UV_PUBLISH_", "UV_TOOL_"];
/// Other variables that decide which interpreter uv finds.
const OTHERS: [&str; 6] =
    ["PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_VERSION", "PYENV_ROOT", "XDG_CONFIG_HOME"];
/// Settings of uv that have no say in what a build is made with.
const HARMLESS: [&str; 11] = [
    "build-backend",
    "cache-keys",
    "conflicts",
    "default-groups",
    "dependency-groups",
    "dev-dependencies",
    "environments",
    "managed",
    "package",
    "required-environments",
    "workspace",
];

/// Settings of the user's that mean the same for `uv build` and for an environment that is made beside it.
const SHARED: [&str; 12] = [
    "allow-insecure-host",
    "cache-dir",
    "exclude-newer",
    "extra-index-url",
    "find-links",
    "index",
    "index-strategy",
    "index-url",
    "keyring-provider",
    "native-tls",
    "python-downloads",
    "python-preference",
];

/// What is there, and the names that the project takes from elsewhere than an index.
#[derive(Debug, Default)]
pub struct Circumstances {
    lines: BTreeSet<String>,
    sources: BTreeSet<String>,
}

impl Circumstances {
    /// Looks at the variables, and at the files in these folders and above; `None` where something there may
    /// change a build in ways that only `uv build` knows.
    pub fn of(folders: &[&Path], variables: &BTreeMap<String, String>) -> Option<Self> {
        let mut found = Self::default();
        found.variables(variables)?;
        let all: BTreeSet<&Path> = folders.iter().flat_map(|folder| folder.ancestors()).collect();
        for folder in all {
            found.files(folder)?;
        }
        let user = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let user = user.or_else(|| env::home_dir().map(|home| home.join(".config")));
        for place in user.into_iter().chain(["/etc/xdg".into(), "/etc".into()]) {
            found.shared(&place.join("uv/uv.toml"))?;
        }
        Some(found)
    }

    /// What there is, as a text that is the same in each copy of a project.
    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Says whether an index alone decides what these requirements stand for.
    pub fn leave(&self, requirements: &[String]) -> bool {
        requirements.iter().all(|requirement| !self.sources.contains(&name_of(requirement)))
    }

    fn variables(&mut self, own: &BTreeMap<String, String>) -> Option<()> {
        let inherited = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let mut all: BTreeMap<_, _> = inherited.collect();
        all.extend(own.iter().map(|(name, value)| (name.clone(), value.into())));
        for (name, value) in all {
            if name.starts_with("UV_") || OTHERS.contains(&name.as_str()) {
                let is_known = |known: &str| name == known;
                let starts = KNOWN_STARTS.iter().any(|start| name.starts_with(start));
                if name.starts_with("UV_") && !starts && !KNOWN.iter().copied().any(is_known) {
                    return None;
                }
                self.lines.insert(format!("{name}={value:?}"));
            }
        }
        Some(())
    }

    fn files(&mut self, folder: &Path) -> Option<()> {
        if folder.join("uv.toml").exists() {
            return None;
        }
        for name in [".python-version", ".python-versions"] {
            if let Ok(text) = fs::read_to_string(folder.join(name)) {
                self.lines.insert(format!("{name} {text:?}"));
            }
        }
        let path = folder.join("pyproject.toml");
        if !path.exists() {
            return Some(());
        }
        let document: DocumentMut = fs::read_to_string(path).ok()?.parse().ok()?;
        let requires = document.get("project").and_then(|project| project.get("requires-python"));
        if let Some(requires) = requires.and_then(Item::as_str) {
            self.lines.insert(format!("requires-python {requires:?}"));
        }
        match document.get("tool").and_then(|tool| tool.get("uv")) {
            Some(settings) => self.settings(settings.as_table_like()?),
            None => Some(()),
        }
    }

    fn settings(&mut self, settings: &dyn TableLike) -> Option<()> {
        for (key, value) in settings.iter() {
            if key == "sources" {
                self.sources.extend(value.as_table_like()?.iter().map(|(name, _)| name_of(name)));
            } else if !HARMLESS.contains(&key) {
                return None;
            }
        }
        Some(())
    }

    /// The settings of the user, or of the machine.
    fn shared(&mut self, path: &Path) -> Option<()> {
        if !path.exists() {
            return Some(());
        }
        let text = fs::read_to_string(path).ok()?;
        let document: DocumentMut = text.parse().ok()?;
        let is_known = |key: &str| SHARED.contains(&key);
        self.lines.insert(format!("{text:?}"));
        document.iter().all(|(key, _)| is_known(key)).then_some(())
    }
}

/// The name in a requirement, normalised (PyPA: "Names and normalization").
fn name_of(requirement: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = requirement.trim_start().chars().take_while(|c| is_of_name(*c)).collect();
    PackageName::normalise(&name).map_or(name, |name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pyproject: &str) -> Option<Circumstances> {
        let mut found = Circumstances::default();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pyproject.toml"), pyproject).unwrap();
        found.files(folder.path()).map(|()| found)
    }

    #[test]
    fn settings_that_change_a_build_are_left_to_uv() {
        assert!(of("[tool.uv]\npackage = false\n[tool.uv.workspace]\nmembers = [\"a\"]\n").is_some());
        for text in [
            "build-constraint-dependencies = ['a<1']",
            "exclude-newer = '2026-01-01'",
            "index = []",
            "new = 1",
        ] {
            assert!(of(&format!("[tool.uv]\r\n{text}\r\n")).is_none(), "{text}");
        }
        assert!(of("[tool.uv").is_none());
    }

    #[test]
    fn a_requirement_with_a_source_of_its_own_is_left_to_uv() {
        let found = of("tool.uv.sources.Our_Backend = { workspace = true }").unwrap();
        assert!(found.leave(&["hatchling>=1".to_owned()]));
        assert!(!found.leave(&["hatchling".to_owned(), " our.backend[x]>=1".to_owned()]));
    }

    #[test]
    fn an_unknown_variable_of_uv_is_left_to_it() {
        let variables = |name: &str| {
            let own = BTreeMap::from([(name.to_owned(), "x".to_owned())]);
            let mut found = Circumstances::default();
            found.variables(&own).map(|()| found.text())
        };
        assert!(variables("UV_INDEX").unwrap().contains("UV_INDEX=\"x\"\n"));
        assert!(!variables("OXEN").unwrap().contains("OXEN"));
        assert_eq!(variables("UV_CONSTRAINT"), None);
        assert_eq!(variables("UV_BUILD_CONSTRAINT"), None);
    }
}
