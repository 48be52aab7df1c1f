//! The build backend of a source tree, as pyproject.toml names it (PEP 517, PEP 518).

use std::path::Path;

use toml_edit::{DocumentMut, TableLike};

/// What builds where nothing is named (PEP 517, "Source trees").
const LEGACY: &str = "setuptools.build_meta:__legacy__";
const LEGACY_REQUIRES: &str = "setuptools >= 40.8.0";

/// Backends whose hooks leave nothing behind, so that one process can call several.
const PLAIN: [&str; 4] = ["hatchling.build", "flit_core.buildapi", "poetry.core.masonry.api", "pdm.backend"];

/// A build backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The object with the hooks: `module` or `module:object`.
    pub name: String,
    /// The folders of a backend that is in the tree itself.
    pub path: Vec<String>,
    /// What it needs (PEP 508).
    pub requires: Vec<String>,
}

impl Backend {
    /// The backend of the tree in a folder; `None` where that cannot be told, which a frontend then says better.
    pub fn of(folder: &Path) -> Option<Self> {
        let path = folder.join("pyproject.toml");
        if !path.exists() {
            return folder.join("setup.py").is_file().then(Self::legacy);
        }
        let document: DocumentMut = std::fs::read_to_string(path).ok()?.parse().ok()?;
        let Some(system) = document.get("build-system") else { return Some(Self::legacy()) };
        Self::read(system.as_table_like()?)
    }

    fn read(system: &dyn TableLike) -> Option<Self> {
        let strings = |key: &str| -> Option<Vec<String>> {
            system.get(key)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        };
        let name = match system.get("build-backend") {
            Some(name) => name.as_str()?.to_owned(),
            None => LEGACY.to_owned(),
        };
        let path = if system.contains_key("backend-path") { strings("backend-path")? } else { Vec::new() };
        Some(Self { name, path, requires: strings("requires")? })
    }

    fn legacy() -> Self {
        Self { name: LEGACY.to_owned(), path: Vec::new(), requires: vec![LEGACY_REQUIRES.to_owned()] }
    }

    /// Says whether an environment can be kept for it.
    pub fn can_be_kept(&self) -> bool {
        // What a URL or a path stands for changes unseen. And uv calls its own backend without any Python.
        self.name != "uv_build" && self.requires.iter().all(|requirement| is_by_name(requirement))
    }

    /// Says whether one process can call several of its hooks.
    pub fn is_plain(&self) -> bool {
        self.path.is_empty() && PLAIN.contains(&self.name.as_str())
    }
}

/// Says whether a requirement is met by an index alone.
pub fn is_by_name(requirement: &str) -> bool {
    !requirement.contains(['@', '/', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Backend> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        Backend::of(folder.path())
    }

    #[test]
    fn reads_a_backend_in_any_spelling() {
        let text = "[build-system]\r\n'requires'=['b','a>=1']\r\nbuild-backend=\"own:hooks.all\"\r\nbackend-path=['.']";
        let backend = of(text).unwrap();
        assert_eq!(
            (backend.name.as_str(), backend.path.as_slice()),
            ("own:hooks.all", &[".".to_owned()][..])
        );
        assert_eq!(backend.requires, ["b", "a>=1"]);
        assert_eq!(of("build-system = { requires = [\"b\"] }").unwrap().name, LEGACY);
        assert_eq!(of("build-system = { requires = [\"b\"], build-backend = 'x' }").unwrap().name, "x");
    }

    #[test]
    fn what_names_no_backend_is_built_by_setuptools() {
        assert_eq!(of("[project]\nname = 'a'\n"), Some(Backend::legacy()));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Backend::of(folder.path()), None);
        std::fs::write(folder.path().join("setup.py"), "").unwrap();
        assert_eq!(Backend::of(folder.path()), Some(Backend::legacy()));
    }

    #[test]
    fn leaves_what_is_odd_to_uv() {
        for text in ["[build-system", "[build-system]", "[build-system]\nrequires = [1]", "build-system = 1"]
        {
            assert_eq!(of(text), None, "{text}");
        }
        let kept = |text: &str| of(text).unwrap().can_be_kept();
        assert!(kept("[build-system]\nrequires = [\"hatchling ; python_version > '3'\"]"));
        assert!(!kept("[build-system]\nrequires = [\"a @ https://example.com/a.whl\"]"));
        assert!(!kept("[build-system]\nrequires = [\"uv_build\"]\nbuild-backend = 'uv_build'"));
    }
}
