//! The words for people who use the project: what was taken back, what was not, and what to do.

use std::path::Path;

use anyhow::{Context, Result};
use document::{Failure, Fate, Release, Withdrawal};
use project::{Project, TagPattern, files};

/// Refuses a file that cannot be written, before anything is taken back; a dry run writes nothing to find out.
pub fn check(path: &Path, is_dry: bool) -> Result<()> {
    let what = || format!("cannot write the announcement to `{}`", path.display());
    if path.is_dir() {
        return Err(Failure::new(format!("{}: it is a folder", what())).hint("name a file in it").into());
    }
    if !is_dry {
        let folder = files::folder_of(path);
        std::fs::create_dir_all(folder).and_then(|()| files::new_file_in(folder)).with_context(what)?;
    }
    Ok(())
}

/// Writes the announcement.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let what = || format!("cannot write the announcement to `{}`", path.display());
    files::replace(path, text.as_bytes()).with_context(what)
}

/// Says whether the release before was taken back as well, as far as the clone knows.
pub fn is_previous_gone(project: Option<&Project>, release: &Release) -> Result<bool> {
    let (Some(project), Some(tag)) = (project, &release.version.previous_tag) else { return Ok(false) };
    let memory = project.git.resolve(&format!("refs/tags/{}", TagPattern::withdrawn(tag)))?;
    Ok(memory.is_some())
}

/// The announcement in Markdown, ready to paste.
pub fn text(
    release: &Release,
    withdrawals: &[Withdrawal],
    reason: Option<&str>,
    is_previous_gone: bool,
) -> String {
    let version = &release.version.current;
    let mut text = format!("# {} {version} was taken back\n", release.project.name);
    if let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        text += &format!("\n{reason}\n");
    }
    text += &format!("\nPlease do not install {version}, and replace it where you have it.");
    if let Some(previous) = release.version.previous.as_ref().filter(|_| is_previous_gone) {
        text += &format!(" The release before it, {previous}, was taken back as well.\n");
    } else if let Some(previous) = &release.version.previous {
        let pins = requirements(release, &format!("=={previous}"));
        text += &format!(" The release before it is {previous}:\n\n    pip install {pins}\n");
    } else {
        text += " There is no release before it.\n";
    }
    let all = requirements(release, &format!("!={version}"));
    text += &format!(
        "\nA requirement that allows every other version is {all}. The number {version} is not used again: what \
         mends it has a higher one.\n"
    );
    let is_public = |entry: &&Withdrawal| {
        !["commit ", "version ", "edit of "].iter().any(|start| entry.what.starts_with(start))
    };
    for (title, fate) in [("Taken back", Fate::Withdrawn), ("Not taken back", Fate::Kept)] {
        let lines: String = withdrawals
            .iter()
            .filter(|entry| entry.fate == fate)
            .filter(is_public)
            .map(|entry| format!("- {}: {}\n", entry.what, entry.detail))
            .collect();
        if !lines.is_empty() {
            text += &format!("\n{title}:\n\n{lines}");
        }
    }
    text
}

fn requirements(release: &Release, range: &str) -> String {
    let all = release.packages.iter().map(|package| format!("\"{}{range}\"", package.name));
    all.collect::<Vec<_>>().join(" ")
}
