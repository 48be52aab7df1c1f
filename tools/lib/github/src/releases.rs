//! The releases of a repository: found, made, changed, taken back.

use std::io::Write;
use std::time::Duration;

use document::Failure;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Asset, GitHub, Release};

/// How often a request is made whose answer is lost, and how often is looked whether it has been heard.
pub(crate) const ATTEMPTS: u32 = 4;
const LOOKS: u32 = 3;

/// The releases of a repository.
#[derive(Debug, Clone)]
pub struct Releases {
    pub(crate) github: GitHub,
}

impl Releases {
    /// The releases of that repository.
    pub fn of(github: GitHub) -> Self {
        Self { github }
    }

    /// The repository.
    pub fn repository(&self) -> &GitHub {
        &self.github
    }

    /// All releases that the token may see, drafts among them only where it may write.
    pub fn all(&self) -> Result<Vec<Release>, Failure> {
        let what = self.what("list the releases", "of");
        let Some(listed) = self.github.list("releases", None)? else {
            let cause = "there is no such repository, or the token may not see it (404)";
            return Err(self.github.failure(&what, cause).hint(self.github.advice().rights));
        };
        listed.into_iter().map(|release| self.typed(release, &what)).collect()
    }

    /// The releases of a tag: the published one, and drafts, which GitHub finds by no tag; the oldest first.
    pub fn find(&self, tag: &str) -> Result<Vec<Release>, Failure> {
        let mut found = self.all()?;
        found.retain(|release| release.tag_name == tag);
        found.sort_by_key(|release| (release.draft, release.id));
        Ok(found)
    }

    /// The release of that number; `None` where it is not there any more.
    pub fn get(&self, id: u64) -> Result<Option<Release>, Failure> {
        let found = self.github.get(&format!("releases/{id}"))?;
        found.map(|release| self.typed(release, &self.what("read a release", "of"))).transpose()
    }

    /// Makes a release with those fields where there is none of the tag. A lost answer ends in one release as well.
    pub fn create(&self, tag: &str, fields: &Value) -> Result<Release, Failure> {
        let what = self.what(&format!("make a draft of the release `{tag}`"), "in");
        let mut fields = fields.clone();
        fields["tag_name"] = json!(tag);
        let request = self.github.request("POST", &self.github.address("releases"));
        let request = request.bytes("application/json", fields.to_string());
        for attempt in 1.. {
            let answer = self.github.send(&request, &what);
            let lost = match answer {
                Ok(answer) if answer.status < 500 => {
                    return self.typed(self.github.read(&answer, &what)?, &what);
                }
                Ok(answer) => self.github.refusal(&answer, &what),
                Err(failure) => failure,
            };
            if let Some(made) = self.look_for(tag)? {
                return Ok(made);
            }
            if attempt == ATTEMPTS {
                return Err(lost);
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Changes fields of a release, and returns what it is now.
    pub fn edit(&self, release: &Release, fields: &Value) -> Result<Release, Failure> {
        let what = self.what(&format!("change the release `{}`", release.tag_name), "of");
        let request = self.github.request("PATCH", &self.address(release)).repeatable();
        let request = request.bytes("application/json", fields.to_string());
        self.typed(self.github.read(&self.github.send(&request, &what)?, &what)?, &what)
    }

    /// Makes a draft of a published release, so that nobody sees it any more. One that is a draft stays one.
    pub fn to_draft(&self, release: &Release) -> Result<Release, Failure> {
        if release.is_immutable() {
            let what = self.what(&format!("make a draft of the release `{}`", release.tag_name), "of");
            let hint = "take it back with `--delete`; its tag cannot be used again then";
            return Err(self.github.failure(&what, "it is immutable").hint(hint));
        }
        self.edit(release, &json!({ "draft": true }))
    }

    /// Deletes a release with its assets; the tag stays. One that is not there any more is deleted.
    pub fn delete(&self, release: &Release) -> Result<(), Failure> {
        let what = self.what(&format!("delete the release `{}`", release.tag_name), "of");
        self.remove(&self.address(release), &what)
    }

    /// The assets of a release, all pages of them.
    pub fn assets(&self, release: &Release) -> Result<Vec<Asset>, Failure> {
        let what = self.what(&format!("list the files of the release `{}`", release.tag_name), "of");
        let listed = self.github.list(&format!("releases/{}/assets", release.id), None)?.unwrap_or_default();
        listed.into_iter().map(|asset| self.typed(asset, &what)).collect()
    }

    /// Reads an asset, block by block.
    pub fn asset(&self, asset: &Asset, to: &mut dyn Write) -> Result<(), Failure> {
        let what = self.what(&format!("download `{}`", asset.name), "from a release of");
        let request = self.github.request("GET", &self.address_of(asset));
        self.github.fetch(&request.header("accept", "application/octet-stream"), to, &what)
    }

    /// Deletes an asset; one that is not there any more is deleted.
    pub fn delete_asset(&self, asset: &Asset) -> Result<(), Failure> {
        let what = self.what(&format!("delete `{}`", asset.name), "from a release of");
        self.remove(&self.address_of(asset), &what)
    }

    /// Refuses a token that may not write releases. Nothing is written: notes that GitHub makes are kept nowhere, and
    /// take the same right.
    pub fn check_access(&self, tag: &str) -> Result<(), Failure> {
        let what = self.what("make a release", "in");
        let request = self.github.request("POST", &self.github.address("releases/generate-notes"));
        let fields = json!({ "tag_name": tag, "previous_tag_name": tag });
        let answer =
            self.github.send(&request.bytes("application/json", fields.to_string()).repeatable(), &what)?;
        match answer.status {
            401 | 403 | 404 | 429 => Err(self.github.refusal(&answer, &what)),
            // Whatever else it says is about the notes.
            _ => Ok(()),
        }
    }

    /// The draft that a lost answer may have told of. GitHub lists what is new a moment later.
    fn look_for(&self, tag: &str) -> Result<Option<Release>, Failure> {
        for look in 0..LOOKS {
            if let Some(made) = self.find(tag)?.into_iter().next() {
                return Ok(Some(made));
            }
            std::thread::sleep(Duration::from_millis(500 << look));
        }
        Ok(None)
    }

    fn remove(&self, address: &str, what: &str) -> Result<(), Failure> {
        let answer = self.github.send(&self.github.request("DELETE", address), what)?;
        if answer.is_success() || answer.status == 404 {
            return Ok(());
        }
        Err(self.github.refusal(&answer, what))
    }

    pub(crate) fn typed<T: DeserializeOwned>(&self, json: Value, what: &str) -> Result<T, Failure> {
        serde_json::from_value(json)
            .map_err(|cause| self.github.failure(what, &format!("the answer cannot be read: {cause}")))
    }

    pub(crate) fn what(&self, verb: &str, preposition: &str) -> String {
        format!("{verb} {preposition} `{}` at {}", self.github.repository(), self.github.api())
    }

    fn address(&self, release: &Release) -> String {
        self.github.address(&format!("releases/{}", release.id))
    }

    fn address_of(&self, asset: &Asset) -> String {
        self.github.address(&format!("releases/assets/{}", asset.id))
    }
}
