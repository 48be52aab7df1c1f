//! A release as GitHub has it, and the files that hang on it.

use document::Sha256;
use serde::Deserialize;

/// A release of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Its number.
    pub id: u64,
    /// The tag that it is of. Several drafts may be of one tag, and one published release.
    pub tag_name: String,
    /// The title.
    pub name: Option<String>,
    /// The notes in Markdown.
    pub body: Option<String>,
    /// Nobody sees it but who may write to the repository.
    pub draft: bool,
    /// It is not offered as a release to everybody.
    pub prerelease: bool,
    /// Its page for people.
    pub html_url: String,
    pub(crate) upload_url: String,
    immutable: Option<bool>,
}

/// A file that hangs on a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Asset {
    /// Its number.
    pub id: u64,
    /// Its name, which GitHub may have changed.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    state: Option<String>,
    digest: Option<String>,
}

impl Release {
    /// Says whether nothing about its files can be changed any more.
    pub fn is_immutable(&self) -> bool {
        self.immutable == Some(true)
    }
}

impl Asset {
    /// Says whether all of it has arrived; an upload that broke off leaves one behind that has not.
    pub fn is_whole(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == "uploaded")
    }

    /// Its digest, where the server tells it; older servers do not.
    pub fn sha256(&self) -> Option<Sha256> {
        self.digest.as_deref()?.strip_prefix("sha256:")?.parse().ok()
    }
}
