//! The release documents of an index, `releases/<tag>.json`: from them alone a release can be taken back.

use anyhow::{Context, Result};
use document::{Failure, ProjectPath, Release};

use crate::bucket::{Bucket, busy, pause};
use crate::listing::{names, read};
use crate::{Added, Index, Listing, place};

/// How often a document is joined with what others have put there, before it is given up.
const ATTEMPTS: u32 = 60;

impl Listing {
    /// Returns the document of the release with that tag; `None` when the index has none.
    pub fn document(&self, tag: &str) -> Result<Option<Release>> {
        let path = below(tag)?.under(self.root());
        read(&path)?.map(|bytes| parsed(&bytes, &path.display().to_string())).transpose()
    }
}

impl Index {
    /// Keeps the document of a release, joined with the one that is there: nothing that it knows is lost.
    ///
    /// The document of another release with the same tag is refused.
    pub fn put_document(&mut self, release: &Release) -> Result<Added> {
        let path = below(&release.version.tag)?.under(self.root());
        let (text, added) = joined(release, read(&path)?.as_deref(), &path.display().to_string())?;
        if added != Added::Same {
            let folder = path.parent().unwrap_or(self.root());
            place::make_folder(self.root(), folder)?;
            place::sweep(folder, &names(folder)?)?;
            place::replace(&path, folder, text.as_bytes())?;
        }
        Ok(added)
    }
}

impl Bucket {
    /// Returns the document of the release with that tag; `None` when the index has none.
    pub fn document(&self, tag: &str) -> Result<Option<Release>> {
        let below = below(tag)?;
        let found = self.store().read(below.as_str())?;
        found.map(|(bytes, _)| parsed(&bytes, &self.store().location.name(below.as_str()))).transpose()
    }

    /// Keeps the document of a release, joined with the one that is there: nothing that it knows is lost.
    ///
    /// It is written only where it still is what was read. The document of another release with the same tag is
    /// refused.
    pub fn put_document(&self, release: &Release) -> Result<Added> {
        let below = below(&release.version.tag)?;
        let place = self.store().location.name(below.as_str());
        for attempt in 0..ATTEMPTS {
            let now = self.store().read(below.as_str())?;
            let (text, added) = joined(release, now.as_ref().map(|(bytes, _)| bytes.as_slice()), &place)?;
            let before = now.as_ref().map(|(_, object)| &object.tag);
            if added == Added::Same || self.store().swap(below.as_str(), &text, before)?.is_some() {
                return Ok(added);
            }
            std::thread::sleep(pause(attempt));
        }
        Err(busy(&place))
    }
}

/// Where the document of a tag lies below the index; a tag with a `/` in it is a folder in a folder.
fn below(tag: &str) -> Result<ProjectPath> {
    let path = format!("releases/{tag}.json").parse::<ProjectPath>();
    path.map_err(|_| {
        Failure::document(format!(
            "cannot keep a release document for the tag `{}`: it is no path",
            tag.escape_debug()
        ))
        .hint("name the tag as git does, without `..` and without a `/` at its ends")
        .into()
    })
}

fn parsed(bytes: &[u8], place: &str) -> Result<Release> {
    Release::from_json(bytes).with_context(|| format!("cannot read the release document `{place}`"))
}

/// The text to write, and whether that is a new document, the one that is there, or one in its place.
fn joined(release: &Release, present: Option<&[u8]>, place: &str) -> Result<(String, Added)> {
    let Some(bytes) = present else { return Ok((release.to_json()?, Added::New)) };
    let present = parsed(bytes, place)?;
    let all = release.clone().joined_with(&present).map_err(|failure| {
        let hint = failure.given_hint().unwrap_or_default().to_owned();
        anyhow::Error::from(Failure::new(format!("cannot keep `{place}`: {failure}")).hint(hint))
    })?;
    let text = all.to_json()?;
    let added = if text.as_bytes() == bytes { Added::Same } else { Added::Joined };
    Ok((text, added))
}
