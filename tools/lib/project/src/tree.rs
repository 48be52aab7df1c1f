//! The files of a project's tree, each folder listed once: to ask for one file after the other costs more.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What stands in a folder: each name with whether it is a folder itself.
type Folder = BTreeMap<String, bool>;

/// The tree below a project's root, as far as it was asked for.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    folders: RefCell<HashMap<String, Rc<Folder>>>,
}

impl Tree {
    /// The tree below that folder.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), folders: RefCell::default() }
    }

    /// Says whether a path, relative to the root, is a file.
    pub(crate) fn is_file(&self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.folder(folder).get(name) == Some(&false)
    }

    /// The names of the folders in a folder, sorted; none where it does not exist.
    pub(crate) fn folders_in(&self, folder: &str) -> Vec<String> {
        let folder = self.folder(folder);
        folder.iter().filter(|(_, is_folder)| **is_folder).map(|(name, _)| name.clone()).collect()
    }

    /// What stands in a folder; nothing where there is no such folder.
    fn folder(&self, path: &str) -> Rc<Folder> {
        if let Some(folder) = self.folders.borrow().get(path) {
            return Rc::clone(folder);
        }
        let above = (!path.is_empty()).then(|| path.rsplit_once('/').unwrap_or(("", path)));
        let is_there = above.is_none_or(|(above, name)| self.folder(above).get(name) == Some(&true));
        let folder = Rc::new(if is_there { self.list(path) } else { Folder::new() });
        self.folders.borrow_mut().insert(path.to_owned(), Rc::clone(&folder));
        folder
    }

    fn list(&self, path: &str) -> Folder {
        let Ok(entries) = std::fs::read_dir(self.root.join(path)) else { return Folder::new() };
        let read = |entry: std::fs::DirEntry| {
            let kind = entry.file_type().ok()?;
            // What a link leads to is what counts.
            let is_folder = if kind.is_symlink() { entry.path().is_dir() } else { kind.is_dir() };
            let is_there = !kind.is_symlink() || entry.path().exists();
            is_there.then_some((entry.file_name().into_string().ok()?, is_folder))
        };
        entries.filter_map(|entry| read(entry.ok()?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_files_folders_and_where_links_lead() {
        let top = tempfile::tempdir().unwrap();
        let path = |name: &str| top.path().join(name);
        std::fs::create_dir_all(path("src/demo")).unwrap();
        std::fs::write(path("src/demo/__init__.py"), "").unwrap();
        let tree = Tree::new(top.path());
        assert!(tree.is_file("src/demo/__init__.py"));
        for absent in ["src", "src/demo", "src/demo/x.py", "src/other/x.py", "src/demo/__init__.py/x", "x.py"]
        {
            assert!(!tree.is_file(absent), "{absent}");
        }
        assert_eq!(tree.folders_in("src"), ["demo"]);
        assert_eq!(tree.folders_in(""), ["src"]);
        assert_eq!(tree.folders_in("none"), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_what_it_leads_to() {
        use std::os::unix::fs::symlink;
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir(top.path().join("real")).unwrap();
        std::fs::write(top.path().join("real/VERSION"), "").unwrap();
        for (to, name) in [("real", "folder"), ("real/VERSION", "file"), ("gone", "broken")] {
            symlink(to, top.path().join(name)).unwrap();
        }
        let tree = Tree::new(top.path());
        assert!(tree.is_file("folder/VERSION") && tree.is_file("file"));
        assert!(!tree.is_file("folder") && !tree.is_file("broken"));
        assert_eq!(tree.folders_in(""), ["folder", "real"]);
    }
}
