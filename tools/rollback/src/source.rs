//! The document of a release by its tag: from the record of this clone, else from an index that keeps it.

use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, Release, Version};
use filter::Stage;
use github::{GitHub, Releases};
use index::{Bucket, Index, Kept, Location};
use project::{Project, TargetKind, files};

use crate::place::ADVICE;
use crate::target::location;

/// The name of the document among the files of a release at GitHub.
const ASSET: &str = "release.json";

/// Finds the newest document of a release, by its version or its tag, and says where it was.
pub fn find(project: Option<&Project>, wanted: &str, bucket: Option<&str>, stage: &Stage) -> Result<Release> {
    let Some(project) = project else {
        let what =
            format!("cannot find the document of {wanted}: no project is here that says where it is kept");
        return Err(Failure::usage(what)
            .hint("give it on stdin, as in `curl URL/releases/TAG.json | rollback --dry-run`, or run it in a clone")
            .into());
    };
    let tags = tags(project, wanted)?;
    let mut looked = Vec::new();
    let mut found = Vec::new();
    for tag in &tags {
        let record = project.git.state().release(tag);
        if let Some((place, release)) = recorded(&record)? {
            found.push((tag, place, release));
            continue;
        }
        if let Some((place, release)) = published(project, tag, bucket, &mut looked, stage)? {
            found.push((tag, place, release));
        }
    }
    if let [(one, ..), (other, ..), ..] = found.as_slice() {
        let what = format!("cannot tell which release {wanted} is: there are {one} and {other}");
        return Err(Failure::usage(what).hint("name the tag in place of the version").into());
    }
    let Some((_, place, release)) = found.pop() else {
        looked.sort();
        looked.dedup();
        let what = format!(
            "cannot find the document of {wanted}: neither the git directory of this clone has it, nor {}",
            if looked.is_empty() { "any target".to_owned() } else { looked.join(", ") }
        );
        return Err(Failure::new(what)
            .hint("run it in the clone that released it, or give the document on stdin")
            .into());
    };
    stage.note(format_args!("the document of {} is that in {place}", release.version.tag));
    Ok(release)
}

/// The tags that a text may mean: itself, and those of the version that it is.
fn tags(project: &Project, wanted: &str) -> Result<Vec<String>> {
    let mut tags = vec![wanted.to_owned()];
    if let Ok(version) = wanted.parse::<Version>() {
        let parts = project.clone().parts(None)?;
        tags.extend(parts.iter().map(|part| part.tags.tag(&version)));
    }
    tags.sort();
    tags.dedup();
    Ok(tags)
}

/// The last document that is kept in the folder of a release.
fn recorded(folder: &Path) -> Result<Option<(String, Release)>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(None) };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_document = |name: &String| {
        let number = name.split('-').next().unwrap_or_default();
        name.ends_with(".json") && number != "00" && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let Some(last) = names.filter(is_document).max() else { return Ok(None) };
    let path = folder.join(last);
    let bytes = files::read_if_present(&path)?.unwrap_or_default();
    let release = Release::from_json(&bytes).with_context(|| format!("cannot use `{}`", path.display()))?;
    Ok(Some((format!("`{}`", path.display()), release)))
}

/// The document that one of the targets keeps.
fn published(
    project: &Project,
    tag: &str,
    bucket: Option<&str>,
    looked: &mut Vec<String>,
    stage: &Stage,
) -> Result<Option<(String, Release)>> {
    for target in project::in_bucket(project.targets(), bucket)? {
        let Some(location) = location(project, &target) else { continue };
        let own = |kept: Kept| (kept.path.to_string(), kept.release);
        let found = match target.kind {
            TargetKind::Directory => {
                Index::read(&project.root.join(&location)).document(&project.name, tag).map(own)
            }
            TargetKind::S3 | TargetKind::Gcs | TargetKind::Azure => Location::parse(&location)
                .and_then(Bucket::open)
                .and_then(|bucket| bucket.document(&project.name, tag).map(own)),
            TargetKind::Github => {
                attached(&location, tag).map(|release| (format!("{ASSET} of the release {tag}"), release))
            }
            TargetKind::Pypi => continue,
        };
        looked.push(format!("the target `{}`", target.name));
        match found {
            Ok((name, Some(release))) => {
                return Ok(Some((format!("{name} of the target `{}`", target.name), release)));
            }
            Ok((_, None)) => {}
            // Another target may keep it too.
            Err(error) => stage.warn(format_args!("{error:#}")),
        }
    }
    Ok(None)
}

/// The document among the files of a release at GitHub.
fn attached(location: &str, tag: &str) -> Result<Option<Release>> {
    let releases = Releases::of(GitHub::located(location, ADVICE)?);
    for release in releases.find(tag)? {
        let Some(asset) = releases.assets(&release)?.into_iter().find(|asset| asset.name == ASSET) else {
            continue;
        };
        let mut bytes = Vec::new();
        releases.asset(&asset, &mut bytes)?;
        let document = Release::from_json(&bytes);
        return Ok(Some(document.with_context(|| format!("cannot use `{ASSET}` of {}", release.html_url))?));
    }
    Ok(None)
}
