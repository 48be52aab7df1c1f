//! The files of a project's tree, each folder listed once: to ask for one file after the other costs more.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use document::{Failure, ProjectPath};

/// What stands in a folder, by name.
type Folder = BTreeMap<String, Entry>;

/// A file or a folder.
#[derive(Debug, Clone, Copy)]
struct Entry {
    is_folder: bool,
    is_link: bool,
}

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

    /// Says whether a path, relative to the root, is a file that a commit of the project can hold: one of a submodule
    /// or another working tree in it is none.
    pub(crate) fn is_file(&self, path: &str) -> bool {
        self.entry(path).is_some_and(|entry| !entry.is_folder) && self.repository_of(path).is_none()
    }

    /// The path itself, or where links in it lead: a commit holds a change only there.
    pub(crate) fn real(&self, path: &ProjectPath) -> Result<ProjectPath, Failure> {
        let no_commit =
            |why: String| Failure::new(format!("cannot bump `{path}`: {why}, and no commit holds it"));
        let mut real = path.clone();
        let is_link = |part: &str| self.entry(part).is_some_and(|entry| entry.is_link);
        if prefixes(path.as_str()).any(is_link) {
            let file = path.under(&self.root);
            let (Ok(target), Ok(root)) = (file.canonicalize(), self.root.canonicalize()) else {
                return Ok(real);
            };
            let inside = target
                .strip_prefix(&root)
                .ok()
                .and_then(|inside| inside.to_str()?.replace('\\', "/").parse().ok());
            real = inside.ok_or_else(|| {
                no_commit(format!("it is a link to `{}`, outside the project", target.display()))
                    .hint("put a file in its place, or leave it out of the release")
            })?;
        }
        match self.repository_of(real.as_str()) {
            Some(folder) => Err(no_commit(format!("`{folder}` is a git repository of its own"))
                .hint("release that one by itself, and leave its files out of release.toml")),
            None => Ok(real),
        }
    }

    /// The names of the folders in a folder, sorted; none where it does not exist.
    pub(crate) fn folders_in(&self, folder: &str) -> Vec<String> {
        let folder = self.folder(folder);
        folder.iter().filter(|(_, entry)| entry.is_folder).map(|(name, _)| name.clone()).collect()
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.folder(folder).get(name).copied()
    }

    /// The folder of the submodule or the other working tree that holds a path.
    fn repository_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let (folder, _) = path.rsplit_once('/')?;
        prefixes(folder).find(|folder| self.folder(folder).contains_key(".git"))
    }

    /// What stands in a folder; nothing where there is no such folder.
    fn folder(&self, path: &str) -> Rc<Folder> {
        if let Some(folder) = self.folders.borrow().get(path) {
            return Rc::clone(folder);
        }
        let above = (!path.is_empty()).then(|| path.rsplit_once('/').unwrap_or(("", path)));
        let is_there = above
            .is_none_or(|(above, name)| self.folder(above).get(name).is_some_and(|entry| entry.is_folder));
        let folder = Rc::new(if is_there { self.list(path) } else { Folder::new() });
        self.folders.borrow_mut().insert(path.to_owned(), Rc::clone(&folder));
        folder
    }

    fn list(&self, path: &str) -> Folder {
        let Ok(entries) = std::fs::read_dir(self.root.join(path)) else { return Folder::new() };
        let read = |entry: std::fs::DirEntry| {
            let kind = entry.file_type().ok()?;
            // What a link leads to is what counts.
            let is_link = kind.is_symlink();
            let is_folder = if is_link { entry.path().is_dir() } else { kind.is_dir() };
            let is_there = !is_link || entry.path().exists();
            is_there.then_some((entry.file_name().into_string().ok()?, Entry { is_folder, is_link }))
        };
        entries.filter_map(|entry| read(entry.ok()?)).collect()
    }
}

/// The folders above a path, from the outermost, and the path itself.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| &path[..end])
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
        for path in ["folder/VERSION", "file", "real/VERSION"] {
            assert_eq!(tree.real(&path.parse().unwrap()).unwrap().as_str(), "real/VERSION");
        }
        assert_eq!(tree.real(&"absent".parse().unwrap()).unwrap().as_str(), "absent");
    }

    #[cfg(unix)]
    #[test]
    fn what_no_commit_holds_is_no_file() {
        let top = tempfile::tempdir().unwrap();
        let (project, outside) = (top.path().join("project"), top.path().join("VERSION"));
        std::fs::create_dir_all(project.join("sub/src")).unwrap();
        for file in [&outside, &project.join("sub/.git"), &project.join("sub/src/VERSION")] {
            std::fs::write(file, "").unwrap();
        }
        std::os::unix::fs::symlink(&outside, project.join("link")).unwrap();
        let tree = Tree::new(&project);
        assert!(!tree.is_file("sub/src/VERSION"));
        let refused = |path: &str| tree.real(&path.parse().unwrap()).unwrap_err().to_string();
        let error = refused("sub/src/VERSION");
        assert!(error.contains("`sub` is a git repository of its own, and no commit holds it"), "{error}");
        let error = refused("link");
        assert!(error.starts_with("cannot bump `link`: it is a link to `"), "{error}");
    }
}
