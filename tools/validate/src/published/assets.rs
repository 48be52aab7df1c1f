//! The assets of a release at GitHub, compared with the document.

use anyhow::Result;
use document::{Failure, PublishedFile};
use github::{Advice, Asset, GitHub, Releases};

use super::Target;
use crate::validate::{Context, Verdict};

/// What to do where GitHub does not tell.
const ADVICE: Advice = Advice {
    token: "renew the token in GH_TOKEN or GITHUB_TOKEN",
    rights: "give the token the right `contents: read` of the repository",
    later: "run `validate --published` again then",
    again: "run `validate --published` again",
};

/// Checks that the release at GitHub has the assets that the document names, with their bytes, that people see it, and that
/// its tag is at the commit of the release.
pub fn are_there(context: &Context, target: &Target) -> Result<Verdict> {
    let (release, name) = (context.release, &target.name);
    let tag = &release.version.tag;
    let own = context.project.targets();
    GitHub::refuse_foreign(&target.location, own.iter().filter_map(|own| own.api.as_deref()))?;
    let releases = Releases::of(GitHub::located(&target.location, ADVICE)?);
    let repository = releases.repository().repository().to_owned();
    let failed = |wrong: &[String]| {
        let what = format!("cannot trust the release `{tag}` of `{repository}`: {}", wrong.join("; "));
        Failure::new(what).hint(format!("run `distribute --to {name}` again"))
    };
    let mut found = releases.find(tag)?;
    // A draft that an earlier run has left says nothing where the release itself is there.
    found.sort_by_key(|one| one.draft);
    let Some(made) = found.first() else { return Err(failed(&["there is none".to_owned()]).into()) };
    let mut wrong = Vec::new();
    if made.draft {
        wrong.push("it is a draft, which nobody sees".to_owned());
    }
    let commit = release.commit.as_ref().map(|commit| commit.id.to_string());
    match releases.repository().commit_of_tag(tag)? {
        None => wrong.push("the repository has no such tag".to_owned()),
        Some(there) if commit.as_ref().is_some_and(|commit| *commit != there) => {
            wrong.push(format!("its tag is at {there}"));
        }
        Some(_) => {}
    }
    let assets = releases.assets(made)?;
    for file in &target.files {
        wrong.extend(problem(&releases, &assets, file)?);
    }
    if wrong.is_empty() {
        let count = target.files.len();
        return Ok(Verdict::Passed(format!("{count} assets with their hashes, {}", made.html_url)));
    }
    Err(failed(&wrong).into())
}

/// What is wrong with the asset of a published file, if anything is.
fn problem(releases: &Releases, assets: &[Asset], file: &PublishedFile) -> Result<Option<String>> {
    let name = file.path.file_name();
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        return Ok(Some(format!("`{name}` is missing there")));
    };
    if !asset.is_whole() {
        return Ok(Some(format!("`{name}` has not arrived as a whole")));
    }
    let there = match asset.sha256() {
        Some(sha256) => sha256,
        None => releases.read_digest(asset)?,
    };
    let published = &file.sha256;
    Ok((there != *published)
        .then(|| format!("`{name}` has the SHA-256 {there} there, and `distribute` published {published}")))
}
