//! What was published: each index serves the files of the release, and they install from there.

use std::path::PathBuf;

use anyhow::Result;
use distribution::FileName;
use document::{Check, Failure, PublishedFile, Release};
use index::Index;
use project::{Project, ProjectPackage};

use crate::plan::{self, Job, Planned, QUICK, Request};
use crate::validate::{Context, Verdict};

/// An index that the release was published to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// The folder of the index.
    pub root: PathBuf,
    /// What was published there, as the document has it.
    pub files: Vec<PublishedFile>,
}

/// The targets that the release was published to, or in a dry run those that it would be.
pub fn targets(project: &Project, release: &Release, wanted: &[String]) -> Result<Vec<Target>> {
    let made = |name: &str, location: &str, files: Vec<PublishedFile>| Target {
        name: name.to_owned(),
        root: project.root.join(location),
        files,
    };
    let found: Vec<Target> = match &release.publications {
        None if release.dry_run => {
            let targets = project.targets();
            let folders = targets.iter().filter_map(|target| Some((&target.name, target.folder()?)));
            folders.map(|(name, folder)| made(name, folder, Vec::new())).collect()
        }
        _ => {
            let (folders, others): (Vec<_>, Vec<_>) =
                release.publications()?.iter().partition(|one| one.kind == "directory");
            let asked = |name: &String| wanted.is_empty() && folders.is_empty() || wanted.contains(name);
            if let Some(other) = others.iter().find(|one| asked(&one.target)) {
                let what = format!(
                    "cannot check what is at `{}`: it is no index in a folder, but of the kind `{}`",
                    other.target, other.kind
                );
                let hint =
                    "install from it as `distribute` has said, or name a target in a folder with `--to`";
                return Err(Failure::usage(what).hint(hint).into());
            }
            folders.iter().map(|one| made(&one.target, &one.location, one.files.clone())).collect()
        }
    };
    if let Some(unknown) = wanted.iter().find(|name| found.iter().all(|target| target.name != **name)) {
        let known: Vec<&str> = found.iter().map(|target| target.name.as_str()).collect();
        let what = format!("cannot check what is at `{unknown}`: the release was not published there");
        return Err(Failure::usage(what).hint(format!("it was published to: {}", known.join(", "))).into());
    }
    Ok(found.into_iter().filter(|target| wanted.is_empty() || wanted.contains(&target.name)).collect())
}

/// Plans the checks of what is published, sorted by name; reads only.
pub fn plan<'a>(
    project: &'a Project,
    release: &'a Release,
    targets: &'a [Target],
    request: &Request,
) -> Result<Vec<Planned<'a>>> {
    if targets.is_empty() {
        let what = "cannot check what is published: the document has no publication";
        return Err(Failure::new(what).hint("run `distribute` first").into());
    }
    let mut all = Vec::new();
    for package in plan::selected(project, release, request.packages)? {
        for target in targets {
            let name = format!("published files of {} at {}", package.name, target.name);
            all.push(Planned { name, job: Job::Published(package, target) });
            for install in plan::installs(project, release, package, Some(target))? {
                let name = install.name();
                all.push(Planned {
                    name,
                    job: if request.quick { Job::Skip(QUICK) } else { Job::Install(install) },
                });
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Checks that an index serves the files of a package as the document has them, and no others of this version.
pub fn is_served(context: &Context, package: &ProjectPackage, target: &Target) -> Result<Verdict> {
    let (release, name) = (context.release, &package.name);
    let index = Index::read(&target.root);
    let mut wrong = Vec::new();
    let mut ours: Vec<&str> = Vec::new();
    for file in target.files.iter().filter(|file| file.package.as_ref() == Some(name)) {
        let path = file.path.under(&target.root);
        let shown = file.path.as_str().rsplit('/').next().unwrap_or_default();
        ours.push(shown);
        if !distribution::door::is_file(&path) {
            wrong.push(format!("`{shown}` is missing there"));
            continue;
        }
        let (found, _) = distribution::digest(&path)?;
        if found != file.sha256 {
            wrong.push(format!(
                "`{shown}` has the SHA-256 {found} there, and `distribute` published {}",
                file.sha256
            ));
        }
    }
    for artifact in release.artifacts()?.iter().filter(|artifact| artifact.package == *name) {
        let file = artifact.path.as_str().rsplit('/').next().unwrap_or_default();
        let published =
            target.files.iter().find(|published| published.path.as_str().ends_with(&format!("/{file}")));
        match published {
            None => wrong.push(format!("`{file}` was not published there")),
            Some(published) if published.sha256 != artifact.sha256 => wrong.push(format!(
                "`{file}` was built with the SHA-256 {}, and published with {}",
                artifact.sha256, published.sha256
            )),
            Some(_) => {}
        }
    }
    for file in index.files(name)?.iter().filter(|file| file.version == release.version.current) {
        if let Some(reason) = &file.yanked {
            let reason = if reason.is_empty() { "without a reason" } else { reason };
            wrong.push(format!("`{}` is yanked: {reason}", file.file_name));
        }
        if !ours.contains(&file.file_name.as_str()) {
            wrong.push(format!("`{}` is no file of this release", file.file_name));
        }
    }
    if wrong.is_empty() && !index.has_current_pages(std::slice::from_ref(name))? {
        wrong.push("its pages do not list what lies there".to_owned());
    }
    if wrong.is_empty() {
        let count = ours.iter().filter(|file| FileName::parse(file).is_ok()).count();
        return Ok(Verdict::Passed(format!("{count} wheels and sdists with their hashes")));
    }
    let what = format!("cannot trust `{name}` at `{}`: {}", target.name, wrong.join("; "));
    Err(Failure::new(what)
        .hint(format!("run `distribute --to {} --package {name}` again", target.name))
        .into())
}

/// Adds checks to those that were made before; each name stands once.
pub fn merged(before: &[Check], made: Vec<Check>) -> Vec<Check> {
    let is_new = |check: &&Check| made.iter().all(|one| one.name != check.name);
    let mut all: Vec<Check> = before.iter().filter(is_new).cloned().collect();
    all.extend(made);
    all.sort();
    all
}
