//! What a release of a package installs: its files, its metadata, and its sources for who reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use distribution::wheel::Wheel;
use distribution::{FileName, Metadata};
use document::Failure;
use tempfile::TempDir;
use walkdir::WalkDir;

/// A release of a package, from its wheel or from where it was installed.
pub struct Snapshot {
    /// What it is, for people.
    pub name: String,
    /// Every file with its size, by the path at which it is found beside other packages, whatever the platform.
    pub files: BTreeMap<String, u64>,
    /// The core metadata.
    pub metadata: Metadata,
    /// Every entry point: its group and its name.
    pub entry_points: BTreeSet<(String, String)>,
    source: Source,
}

enum Source {
    Wheel(Box<Wheel>),
    Installed(TempDir),
}

impl Snapshot {
    /// Reads a wheel: its directory and its metadata, and none of its other members.
    pub fn of_wheel(path: &Path) -> Result<Self> {
        let mut wheel = Wheel::open(path)?;
        let entries = wheel.entries().into_iter();
        let files = entries.filter_map(|entry| Some((installed_path(&entry.name)?, entry.size)));
        let files = files.map(|(path, size)| (portable(&path), size)).collect();
        let metadata = wheel.metadata()?;
        let entry_points = wheel.dist_info_member("entry_points.txt")?;
        let entry_points = entry_points_of(&String::from_utf8_lossy(&entry_points.unwrap_or_default()));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, files, metadata, entry_points, source: Source::Wheel(Box::new(wheel)) })
    }

    /// Reads a folder that holds one installed package and nothing else, as `uv pip install --target` makes it.
    pub fn of_installed(name: String, folder: TempDir) -> Result<Self> {
        let (mut files, mut info) = (BTreeMap::new(), None);
        for entry in WalkDir::new(folder.path()).sort_by_file_name() {
            let entry = entry.context("cannot read what was installed")?;
            let relative = entry.path().strip_prefix(folder.path())?;
            let path = relative.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
            if path.ends_with(".dist-info") && entry.file_type().is_dir() {
                info = Some(entry.path().to_owned());
            }
            // Scripts that the installer wrote, and its lock.
            let is_own = path == ".lock" || path.starts_with("bin/") || path.starts_with("Scripts/");
            if let Some(path) = installed_path(&path).filter(|_| entry.file_type().is_file() && !is_own) {
                files.insert(portable(&path), entry.metadata()?.len());
            }
        }
        let info =
            info.ok_or_else(|| Failure::new("cannot read what was installed: it has no `.dist-info`"))?;
        let metadata = Metadata::parse(&fs::read(info.join("METADATA")).context("cannot read `METADATA`")?)?;
        let entry_points = fs::read(info.join("entry_points.txt")).unwrap_or_default();
        let entry_points = entry_points_of(&String::from_utf8_lossy(&entry_points));
        Ok(Self { name, files, metadata, entry_points, source: Source::Installed(folder) })
    }

    /// The size of all files together, as they are installed.
    pub fn size(&self) -> u64 {
        self.files.values().sum()
    }

    /// Returns a folder with the sources and the stubs, which it unpacks into `folder` where there is none yet.
    pub fn sources(&mut self, folder: &Path) -> Result<PathBuf> {
        match &mut self.source {
            Source::Installed(folder) => Ok(folder.path().to_owned()),
            Source::Wheel(wheel) => {
                fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
                wheel.unpack(folder, |name| installed_path(name).filter(|path| is_source(path)))?;
                Ok(folder.to_owned())
            }
        }
    }
}

/// The version that the name of a wheel, or else its metadata, gives.
pub fn name_of(path: &Path) -> Result<FileName> {
    let file = FileName::of(path)?;
    if file.kind() == document::ArtifactKind::Wheel {
        return Ok(file);
    }
    let what = format!("cannot compare with `{}`: it is an sdist", path.display());
    Err(Failure::usage(what).hint("name the wheel of the release before").into())
}

/// Says whether a file is Python source or a stub.
pub fn is_source(path: &str) -> bool {
    path.ends_with(".py") || path.ends_with(".pyi")
}

/// Where a member of a wheel is installed, below the folder for modules; `None` for what has no place there, for a
/// folder, and for what the build backend writes about the wheel.
fn installed_path(member: &str) -> Option<String> {
    let (top, rest) = member.split_once('/').unwrap_or(("", member));
    if rest.is_empty() || rest.ends_with('/') {
        return None;
    }
    if top.ends_with(".data") {
        let (scheme, inner) = rest.split_once('/')?;
        return matches!(scheme, "purelib" | "platlib" | "data").then(|| inner.to_owned());
    }
    if top.ends_with(".dist-info") {
        // Beside METADATA is where they were before PEP 639.
        let is_licence =
            ["LICEN", "COPYING", "NOTICE", "AUTHORS"].iter().any(|start| rest.starts_with(start));
        let path = rest.strip_prefix("licenses/").or(is_licence.then_some(rest))?;
        // What ends in `.rst` today may end in `.md` tomorrow.
        let path = [".txt", ".md", ".rst"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
        return Some(format!(".dist-info/licenses/{path}"));
    }
    Some(member.to_owned())
}

/// The path without what names the platform and the ABI in it (PEP 3149), and the digests of bundled libraries.
fn portable(path: &str) -> String {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let slash = if folder.is_empty() { "" } else { "/" };
    if folder.ends_with(".libs") || folder.ends_with(".dylibs") {
        let name = file.split(['-', '.']).next().unwrap_or(file);
        return format!("{folder}{slash}{name}");
    }
    for end in [".so", ".pyd"] {
        if file.ends_with(end) {
            let name = file.split('.').next().unwrap_or(file);
            return format!("{folder}{slash}{name}.so");
        }
    }
    path.to_owned()
}

/// Every entry point in the text of `entry_points.txt`: its group and its name.
fn entry_points_of(text: &str) -> BTreeSet<(String, String)> {
    let (mut group, mut found) = (String::new(), BTreeSet::new());
    for line in text.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';'])) {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.trim().clone_into(&mut group);
        } else if let Some((name, _)) = line.split_once('=') {
            found.insert((group.clone(), name.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_known_by_where_they_are_installed() {
        for (member, expected) in [
            ("a/b.py", Some("a/b.py")),
            ("one.py", Some("one.py")),
            ("a/", None),
            ("a-1.data/purelib/a/b.py", Some("a/b.py")),
            ("a-1.data/scripts/run", None),
            ("a-1.dist-info/METADATA", None),
            ("a-1.dist-info/licenses/LICENSE", Some(".dist-info/licenses/LICENSE")),
            ("a-1.dist-info/LICENSE.rst", Some(".dist-info/licenses/LICENSE")),
        ] {
            assert_eq!(installed_path(member).as_deref(), expected, "{member}");
        }
    }

    #[test]
    fn a_file_is_the_same_one_on_each_platform() {
        for (path, expected) in [
            ("a/_x.cpython-312-x86_64-linux-gnu.so", "a/_x.so"),
            ("_x.cp312-win_amd64.pyd", "_x.so"),
            ("a/_x.abi3.so", "a/_x.so"),
            ("a.libs/libfoo-0a1b2c3d.so.1.2", "a.libs/libfoo"),
            ("a.libs/libbar-0a1b2c3d.1.so", "a.libs/libbar"),
            ("a/b.py", "a/b.py"),
        ] {
            assert_eq!(portable(path), expected);
        }
    }

    #[test]
    fn reads_entry_points_by_their_groups() {
        let found = entry_points_of("# x\n[console_scripts]\na = b:c\n\n[ b.plugins ]\nx=y\n  more\n");
        let expected = [("b.plugins", "x"), ("console_scripts", "a")];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())).into());
    }
}
