//! Settings, our own and those of other tools: what is read stays within the project, and leads to edits or a refusal.

use std::collections::BTreeMap;
use std::fs;
use std::sync::OnceLock;

use document::Version;
use project::Project;
use tempfile::TempDir;

use crate::edit::Wanted;

/// The files that settings may name.
const FILES: [(&str, &str); 4] = [
    ("pyproject.toml", "[project]\nname = \"wagon\"\nversion = \"1.2.3\"\n"),
    ("wagon/__init__.py", "__version__ = \"1.2.3\"\n"),
    ("a.txt", "wagon 1.2.3\r\nv1.2.3 # x-release-please-version"),
    ("a.yaml", "image: wagon:1.2.3\nversion: 1.2.3\n"),
];

/// Reads a project that has a file of settings with that text. Returns whether that could be read.
pub fn check(file: &str, text: &str) -> bool {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join(".git")).expect("a repository");
        fs::create_dir(folder.path().join("wagon")).expect("a module");
        for (path, text) in FILES {
            fs::write(folder.path().join(path), text).expect("a file");
        }
        folder
    });
    fs::write(folder.path().join(file), text).expect("the settings");
    let Ok(project) = Project::find(Some(folder.path())) else { return false };
    let next: Version = "1.10".parse().expect("a version");
    let tag = project.tags.tag(&next);
    assert_eq!(project.tags.version(&tag).as_ref(), Some(&next), "{tag}");
    for file in &project.settings.version_file {
        let path = file.path.under(&project.root);
        assert!(path.starts_with(&project.root) && !file.path.as_str().contains(".."), "{file:?}");
        assert!(project.foreign.is_none() || file.optional || path.is_file(), "{file:?}");
    }
    // What the settings name may be anything, so that a refusal is right as well.
    if let Ok(carriers) = project.carriers() {
        let _ = project.version(&carriers);
        let _ = Wanted { version: &next, siblings: &BTreeMap::new() }.rewrites(&carriers);
    }
    true
}
