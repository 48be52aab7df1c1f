//! The version of the crate that maturin builds: in its Cargo.toml or that of its workspace, and in Cargo.lock.

use std::ops::Range;

use anyhow::Result;
use document::ProjectPath;
use toml_edit::{Item, Value};

use crate::find::ProjectPackage;
use crate::finder::{Finder, at, spot};
use crate::locks::crate_lock;
use crate::places::{Carrier, Place};
use crate::spots::{inner, parse_toml, without_bom};

/// What a Cargo.toml says.
struct Manifest {
    path: ProjectPath,
    text: String,
    name: Option<String>,
    /// The place of the crate's version.
    own: Option<Range<usize>>,
    /// The place of the version that members may have from their workspace.
    shared: Option<Range<usize>>,
    /// Whether the crate has the version of its workspace.
    inherits: bool,
    members: Vec<String>,
}

impl Finder<'_> {
    /// The version of a crate, and the entries in the Cargo.lock beside or above it. A version that the crate has from
    /// its workspace is that of all members that have it from there.
    pub(crate) fn crate_manifest(&mut self, package: &ProjectPackage, path: ProjectPath) -> Result<()> {
        let Some(manifest) = self.read_manifest(path)? else { return Ok(()) };
        let Some(name) = manifest.name else { return Ok(()) };
        let above = folders_above(&manifest.path);
        let mut names = vec![name];
        let mut found = manifest.own.map(|range| (manifest.path, manifest.text, range));
        for folder in above.iter().filter(|_| manifest.inherits) {
            let Some(workspace) = self.read_manifest(format!("{folder}Cargo.toml").parse()?)? else {
                continue;
            };
            let Some(range) = workspace.shared.clone() else { continue };
            names.extend(self.heirs(&workspace, folder)?);
            found = Some((workspace.path, workspace.text, range));
            break;
        }
        let Some((path, text, range)) = found else { return Ok(()) };
        self.carriers.push(Carrier::new(path, text, vec![spot(range, Place::Crate, package)]));
        for folder in &above {
            let lock = format!("{folder}Cargo.lock").parse()?;
            let Some((lock, text)) = self.read_if_file(lock)? else { continue };
            let mut spots = Vec::new();
            for name in &names {
                spots.extend(crate_lock(&lock, &text, name, package)?);
            }
            self.carriers.push(Carrier::new(lock, text, spots));
            break;
        }
        Ok(())
    }

    fn read_manifest(&self, path: ProjectPath) -> Result<Option<Manifest>> {
        let Some((path, text)) = self.read_if_file(path)? else { return Ok(None) };
        let toml = parse_toml(&path, &text)?;
        let offset = text.len() - without_bom(&text).len();
        let item = |keys: &[&str]| at(toml.as_item(), keys);
        let place = |keys: &[&str]| inner(&text, item(keys)?.as_value()?, offset);
        let members = item(&["workspace", "members"]).and_then(Item::as_array);
        let members = members.into_iter().flatten().filter_map(Value::as_str);
        Ok(Some(Manifest {
            name: item(&["package", "name"]).and_then(Item::as_str).map(str::to_owned),
            own: place(&["package", "version"]),
            shared: place(&["workspace", "package", "version"]),
            inherits: item(&["package", "version", "workspace"]).and_then(Item::as_bool) == Some(true),
            members: members.map(str::to_owned).collect(),
            path,
            text: text.clone(),
        }))
    }

    /// The names of the members of a workspace that have its version.
    fn heirs(&self, workspace: &Manifest, folder: &str) -> Result<Vec<String>> {
        let mut folders = vec![String::new()];
        for member in &workspace.members {
            let member = member.trim_start_matches("./").trim_end_matches('/');
            match member.strip_suffix('*') {
                Some(above) => {
                    let inside = self.tree.folders_in(format!("{folder}{above}").trim_end_matches('/'));
                    folders.extend(inside.iter().map(|name| format!("{above}{name}/")));
                }
                None => folders.push(format!("{member}/")),
            }
        }
        let mut names = Vec::new();
        for member in folders {
            // A member outside of the project is nobody's.
            let Ok(path) = format!("{folder}{member}Cargo.toml").parse() else { continue };
            let heir = self.read_manifest(path)?.filter(|member| member.inherits);
            names.extend(heir.and_then(|heir| heir.name));
        }
        Ok(names)
    }
}

/// The folders that hold a file, from the nearest to the project's root, each with `/` at its end.
fn folders_above(path: &ProjectPath) -> Vec<String> {
    let ends = path.as_str().rmatch_indices('/').map(|(at, _)| at + 1);
    ends.chain([0]).map(|end| path.as_str()[..end].to_owned()).collect()
}
