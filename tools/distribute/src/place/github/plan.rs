//! What is missing at GitHub: the draft, its files, and what is in the way of them.

use anyhow::{Context, Result};
use document::{Failure, Release as Document};
use github::{Asset, NewAsset, Release, Releases};
use tempfile::NamedTempFile;

use super::assets::{DOCUMENT, Load};
use super::words::Words;
use crate::shipment::Shipment;

/// What is to be done, and what is as it should be.
#[derive(Debug)]
pub struct Plan {
    /// The release that is there: published, or a draft of an earlier run or by hand.
    pub release: Option<Release>,
    /// Drafts that earlier runs have left beside it.
    pub spare: Vec<Release>,
    /// The files that are missing, each with what stands in its place.
    pub uploads: Vec<Upload>,
    /// What people should know.
    pub notes: Vec<String>,
    /// What the page says.
    pub words: Words,
    /// The document on its way.
    document: NamedTempFile,
}

/// A file that is missing.
#[derive(Debug)]
pub struct Upload {
    /// What it is part of in the words of the plan.
    pub group: String,
    /// The file.
    pub new: NewAsset,
    /// What has its name there, and is removed first.
    pub stale: Option<Asset>,
}

impl Plan {
    /// Compares what is there with what shall be. Only a draft loses anything: what is public has been downloaded.
    pub fn make(
        releases: &Releases,
        shipment: &Shipment,
        loads: &[Load],
        words: Words,
        all: Vec<Release>,
    ) -> Result<Self> {
        let tag = &shipment.document.version.tag;
        let of_tag: Vec<Release> = all.into_iter().filter(|release| release.tag_name == *tag).collect();
        let (release, spare) = chosen(releases, of_tag, loads, &words)?;
        let there = release.as_ref().map_or(Ok(Vec::new()), |release| releases.assets(release))?;
        let document = NamedTempFile::new().context("cannot make a temporary file for the document")?;
        let mut plan = Self { release, spare, uploads: Vec::new(), notes: Vec::new(), words, document };
        plan.add_document(releases, shipment, &there)?;
        for Load { group, asset, .. } in loads {
            plan.add(releases, group, asset, there.iter().find(|known| known.name == asset.name))?;
        }
        if let Some(release) = plan.release.as_ref().filter(|release| plan.words.differ_from(release)) {
            plan.notes.push(format!("the notes at {} stay as somebody has written them", release.html_url));
        }
        Ok(plan)
    }

    /// Says whether the release is a draft still, or is not there.
    pub fn is_hidden(&self) -> bool {
        self.release.as_ref().is_none_or(|release| release.draft)
    }

    fn add(&mut self, releases: &Releases, group: &str, new: &NewAsset, there: Option<&Asset>) -> Result<()> {
        let Some(asset) = there else {
            return self.put(releases, group, new, None);
        };
        if releases.holds(asset, new)? {
            return Ok(());
        }
        if !self.is_hidden() && asset.is_whole() {
            let repository = releases.repository().repository();
            let found = asset.sha256().map_or_else(|| releases.read_digest(asset), Ok)?;
            let what = format!(
                "cannot publish `{}` to `{repository}`: it is public there with other bytes (SHA-256 {found}, here {})",
                new.name, new.sha256
            );
            let hint = "release a higher version; what is public is never replaced";
            return Err(Failure::new(what).hint(hint).into());
        }
        self.put(releases, group, new, Some(asset))
    }

    fn put(&mut self, releases: &Releases, group: &str, new: &NewAsset, stale: Option<&Asset>) -> Result<()> {
        if let Some(release) = self.release.as_ref().filter(|release| release.is_immutable()) {
            let repository = releases.repository().repository();
            let what = format!(
                "cannot publish `{}` to `{repository}`: the release `{}` is immutable, and has no such file",
                new.name, release.tag_name
            );
            return Err(Failure::new(what).hint("release a higher version, with all its files").into());
        }
        self.uploads.push(Upload { group: group.to_owned(), new: new.clone(), stale: stale.cloned() });
        Ok(())
    }

    /// Adds the release document, joined with the one that is there. It is a record, and no part of the release, so it
    /// may change as long as GitHub allows it.
    fn add_document(&mut self, releases: &Releases, shipment: &Shipment, there: &[Asset]) -> Result<()> {
        let there = there.iter().find(|asset| asset.name == DOCUMENT);
        let mut text = shipment.document.to_json()?;
        if let (Some(release), Some(asset)) = (&self.release, there.filter(|asset| asset.is_whole())) {
            let mut bytes = Vec::new();
            releases.asset(asset, &mut bytes)?;
            match Document::from_json(&bytes) {
                Ok(earlier) => text = joined(shipment, &earlier, release)?,
                // One that was cut short in a draft of ours tells nothing.
                Err(_) if release.draft => {}
                Err(cause) => {
                    let place = format!("`{DOCUMENT}` of {}", release.html_url);
                    return Err(cause).with_context(|| format!("cannot read {place}"));
                }
            }
            if text.as_bytes() == bytes {
                return Ok(());
            }
            if release.is_immutable() {
                self.notes.push(format!("{DOCUMENT} stays as it is: the release is immutable"));
                return Ok(());
            }
        }
        let path = self.document.path();
        std::fs::write(path, &text).with_context(|| format!("cannot write `{}`", path.display()))?;
        let (sha256, size) = distribution::digest(path)?;
        let (name, source) = (DOCUMENT.to_owned(), path.to_path_buf());
        self.put(releases, DOCUMENT, &NewAsset { name, label: None, source, size, sha256 }, there)
    }
}

/// The document with what the one at GitHub knows beside it; one of other files or another commit is refused.
fn joined(shipment: &Shipment, earlier: &Document, release: &Release) -> Result<String, Failure> {
    let both = shipment.document.clone().joined_with(earlier).map_err(|failure| {
        let page = &release.html_url;
        if release.draft {
            let hint =
                "delete the draft where the files here are the right ones; nobody has got any of its files";
            return Failure::new(format!("cannot complete the draft {page}: {failure}")).hint(hint);
        }
        let hint = failure.given_hint().unwrap_or_default().to_owned();
        Failure::new(format!("cannot keep `{DOCUMENT}` of {page}: {failure}")).hint(hint)
    })?;
    both.to_json()
}

/// The release of the tag, and drafts that earlier runs have left beside it. A draft that holds anything that is not
/// ours is nobody's to delete.
fn chosen(
    releases: &Releases,
    of_tag: Vec<Release>,
    loads: &[Load],
    words: &Words,
) -> Result<(Option<Release>, Vec<Release>)> {
    let (drafts, published): (Vec<Release>, Vec<Release>) =
        of_tag.into_iter().partition(|release| release.draft);
    if published.is_empty() && drafts.len() < 2 {
        return Ok((drafts.into_iter().next(), Vec::new()));
    }
    let is_ours = |name: &str| name == DOCUMENT || loads.iter().any(|load| load.asset.name == name);
    let mut own = Vec::new();
    let mut foreign = Vec::new();
    for draft in drafts {
        let assets = releases.assets(&draft)?;
        let is_own = !words.differ_from(&draft) && assets.iter().all(|asset| is_ours(&asset.name));
        if is_own { own.push((assets.len(), draft)) } else { foreign.push(draft) }
    }
    // Of several the one that has most of the files is kept, and of those the oldest.
    own.sort_by_key(|(count, draft)| (std::cmp::Reverse(*count), draft.id));
    let mut own = own.into_iter().map(|(_, draft)| draft);
    match (published.into_iter().next(), foreign.len()) {
        (Some(release), 0) => Ok((Some(release), own.collect())),
        (None, 0) => Ok((own.next(), own.collect())),
        (release, _) => {
            let rest = release.into_iter().chain(own);
            let pages = foreign.iter().map(|draft| draft.html_url.clone());
            let pages: Vec<String> = pages.chain(rest.map(|release| release.html_url)).collect();
            let what = format!(
                "cannot tell which one is the release `{}` of `{}`: {}",
                foreign[0].tag_name,
                releases.repository().repository(),
                pages.join(", ")
            );
            Err(Failure::new(what)
                .hint("delete the drafts that are not wanted, and run `distribute` again")
                .into())
        }
    }
}
