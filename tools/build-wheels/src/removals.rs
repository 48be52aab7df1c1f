//! The files of earlier builds that `--clean` takes away.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use distribution::FileName;
use distribution::expected::is_for;
use document::{Artifact, Expected, PackageName, ProjectPath, Release};
use filter::Step;
use project::Project;

use crate::plan::{Action, Request};

/// The files of earlier builds directly in the dist folders, sorted; what is in `stay` stays, and what
/// a narrowed run does not build.
pub fn removals(
    project: &Project,
    release: &Release,
    request: &Request,
    selected: &[&Expected],
    stay: &[&Artifact],
) -> Result<Vec<Step<Action>>> {
    let names: BTreeSet<&PackageName> = selected.iter().map(|entry| &entry.package).collect();
    let own = release.packages.iter().filter(|package| names.contains(&package.name));
    let folders: BTreeSet<&ProjectPath> = own.map(|package| &package.dist).collect();
    let selection = &request.selection;
    let is_built = |name: &str| {
        let signed = name.strip_suffix(".minisig").unwrap_or(name);
        // A checksum file lists all, and is stale.
        matches!(signed, "SHA256SUMS" | "SHA512SUMS")
            || !selection.is_narrow()
            || FileName::parse(signed).is_ok_and(|file| match selection.is_within_packages() {
                true => selected.iter().any(|entry| is_for(&file, entry)),
                false => names.contains(&file.name),
            })
    };
    let mut steps = Vec::new();
    for folder in folders {
        let mut files = files_in(&folder.under(&project.root))?;
        files.retain(|name| is_output(name) && is_built(name));
        files.sort();
        for name in files {
            let path = folder.join(&name)?;
            if stay.iter().all(|artifact| artifact.path != path) {
                steps.push(Step::Do(Action::Remove(path)));
            }
        }
    }
    Ok(steps)
}

/// The names of the plain files directly in a folder; none where there is no folder.
fn files_in(folder: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    };
    match list() {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names.with_context(|| format!("cannot list `{}`", folder.display())),
    }
}

fn is_output(name: &str) -> bool {
    [".whl", ".tar.gz", ".minisig"].iter().any(|end| name.ends_with(end))
        || matches!(name, "SHA256SUMS" | "SHA512SUMS")
}
