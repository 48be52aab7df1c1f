//! The release documents of an index, `releases/<tag>.json`: from them alone a release can be taken back.
//!
//! Projects that share an index may have equal tags. The second of them keeps its document in a folder of its own,
//! `releases/<project>/<tag>.json`.

use anyhow::Result;
use document::{Failure, ProjectPath, Release};

use crate::bucket::{Bucket, Object, busy, pause};
use crate::listing::{names, read};
use crate::{Added, Index, Listing, place};

/// How often a document is joined with what others have put there, before it is given up.
const ATTEMPTS: u32 = 60;

/// Where the document of a release is kept, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The path below the index.
    pub path: ProjectPath,
    /// The document; `None` when the index has none yet.
    pub release: Option<Release>,
}

impl Listing {
    /// Looks for the document of the release of a project with that tag.
    pub fn document(&self, project: &str, tag: &str) -> Result<Kept> {
        let parsed_at = |path: &ProjectPath| {
            let path = path.under(self.root());
            read(&path)?.map(|bytes| parsed(&bytes, &path.display().to_string())).transpose()
        };
        kept(project, tag, parsed_at, |release| release).map(|(path, release)| Kept { path, release })
    }
}

impl Index {
    /// Keeps the document of a release, joined with the one that is there: nothing that it knows is lost.
    ///
    /// The document of another release of the project with the same tag is refused.
    pub fn put_document(&mut self, release: &Release) -> Result<Added> {
        let Kept { path, release: present } = self.document(&release.project.name, &release.version.tag)?;
        let path = path.under(self.root());
        let (text, added) = joined(release, present, &path.display().to_string())?;
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
    /// Looks for the document of the release of a project with that tag.
    pub fn document(&self, project: &str, tag: &str) -> Result<Kept> {
        let (path, found) = self.kept(project, tag)?;
        Ok(Kept { path, release: found.map(|(release, _)| release) })
    }

    /// Keeps the document of a release, joined with the one that is there: nothing that it knows is lost.
    ///
    /// It is written only where it still is what was read. The document of another release of the project with the
    /// same tag is refused.
    pub fn put_document(&self, release: &Release) -> Result<Added> {
        let tag = &release.version.tag;
        for attempt in 0..ATTEMPTS {
            let (path, now) = self.kept(&release.project.name, tag)?;
            let (present, object) = now.unzip();
            let place = self.store().location.name(path.as_str());
            let (text, added) = joined(release, present, &place)?;
            let before = object.as_ref().map(|object| &object.tag);
            if added == Added::Same || self.store().swap(path.as_str(), &text, before)?.is_some() {
                return Ok(added);
            }
            std::thread::sleep(pause(attempt));
        }
        Err(busy(&self.store().location.name(&format!("releases/{tag}.json"))))
    }

    fn kept(&self, project: &str, tag: &str) -> Result<(ProjectPath, Option<(Release, Object)>)> {
        let parsed_at = |path: &ProjectPath| {
            let Some((bytes, object)) = self.store().read(path.as_str())? else { return Ok(None) };
            Ok(Some((parsed(&bytes, &self.store().location.name(path.as_str()))?, object)))
        };
        kept(project, tag, parsed_at, |(release, _)| release)
    }
}

/// The path of a project's document of that tag, and what is there: the folder of the project only where another
/// project has the document of the tag.
fn kept<T>(
    project: &str,
    tag: &str,
    read: impl Fn(&ProjectPath) -> Result<Option<T>>,
    release: impl Fn(&T) -> &Release,
) -> Result<(ProjectPath, Option<T>)> {
    let path = below(tag)?;
    let found = read(&path)?;
    if found.as_ref().is_none_or(|found| release(found).project.name == project) {
        return Ok((path, found));
    }
    let path = below(&format!("{project}/{tag}"))?;
    let found = read(&path)?;
    Ok((path, found))
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
    Release::from_json(bytes).map_err(|failure| {
        // The words of the failure are about a document that is piped.
        let what = format!("cannot read the release document `{place}`: {failure}");
        Failure::new(what).hint("use the version of Wainwright that wrote it, or put the file away").into()
    })
}

/// The text to write, and whether that is a new document, the one that is there, or one in its place.
fn joined(release: &Release, present: Option<Release>, place: &str) -> Result<(String, Added)> {
    let Some(present) = present else { return Ok((release.to_json()?, Added::New)) };
    let all = release.clone().joined_with(&present).map_err(|failure| {
        let hint = failure.given_hint().unwrap_or_default().to_owned();
        anyhow::Error::from(Failure::new(format!("cannot keep `{place}`: {failure}")).hint(hint))
    })?;
    let added = if all == present { Added::Same } else { Added::Joined };
    Ok((all.to_json()?, added))
}
