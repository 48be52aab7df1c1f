//! What a release at GitHub says: its title, its notes, and what it counts for.

use anyhow::Result;
use github::Release;
use project::{Tags, TargetSettings, Versioning};
use serde_json::{Value, json};

use crate::shipment::Shipment;

/// The most characters of notes that GitHub takes.
const NOTES: usize = 125_000;

/// What the page of a release shows.
#[derive(Debug)]
pub struct Words {
    /// The title.
    pub title: String,
    /// The notes in Markdown; a link to the changelog ends those that are too long.
    pub notes: String,
    is_prerelease: bool,
    is_latest: bool,
    category: Option<String>,
}

impl Words {
    /// The words for a release, beside the others of the repository, whose page is at that address.
    pub fn of(shipment: &Shipment, target: &TargetSettings, all: &[Release], page: &str) -> Result<Self> {
        let step = &shipment.document.version;
        Ok(Self {
            title: target.title_of(&name(shipment), &step.current, &step.tag),
            notes: notes(shipment, page),
            is_prerelease: step.current.is_prerelease(),
            is_latest: target.latest != Some(false) && is_highest(shipment, all)?,
            category: target.discussion_category.clone(),
        })
    }

    /// The fields of a draft.
    pub fn draft(&self) -> Value {
        json!({ "name": self.title, "body": self.notes, "draft": true, "prerelease": self.is_prerelease })
    }

    /// The fields that make a draft public. Words that somebody has written on it stay.
    pub fn publication(&self, draft: &Release) -> Value {
        let mut fields = json!({
            "draft": false,
            "prerelease": self.is_prerelease,
            "make_latest": if self.is_latest { "true" } else { "false" },
        });
        let is_empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        if is_empty(&draft.name) {
            fields["name"] = json!(self.title);
        }
        if is_empty(&draft.body) {
            fields["body"] = json!(self.notes);
        }
        if let Some(category) = &self.category {
            fields["discussion_category_name"] = json!(category);
        }
        fields
    }

    /// Says whether somebody has written other notes on a release. GitHub stores the ends of lines in its own way.
    pub fn differ_from(&self, release: &Release) -> bool {
        let lines =
            |text: &str| text.trim().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        let there = release.body.as_deref().unwrap_or_default();
        !there.trim().is_empty() && lines(there) != lines(&self.notes)
    }

    /// How the release is shown, behind "publish the release".
    pub fn rank(&self) -> &'static str {
        match (self.is_prerelease, self.is_latest) {
            (true, _) => " as a pre-release",
            (false, true) => " as the latest one",
            (false, false) => "",
        }
    }
}

/// The name for people: that of the package where each is released alone.
pub fn name(shipment: &Shipment) -> String {
    let document = &shipment.document;
    match document.packages.as_slice() {
        [one] if shipment.project.settings.project.versioning == Versioning::Apart => one.name.to_string(),
        _ => document.project.name.clone(),
    }
}

fn notes(shipment: &Shipment, page: &str) -> String {
    let Some(notes) = &shipment.document.notes else { return String::new() };
    let link = notes.edit.as_ref().map(|edit| {
        let prefix = shipment.project.git.prefix();
        let path = format!("{}/{prefix}{}", shipment.document.version.tag, edit.path);
        format!("{page}/blob/{}", web::encoded_path(&path))
    });
    notes.within(NOTES, link.as_deref())
}

/// Says whether no release is higher: no tag of the project's form here, and no release there. A pre-release never
/// counts, on either side.
fn is_highest(shipment: &Shipment, all: &[Release]) -> Result<bool> {
    let current = &shipment.document.version.current;
    if current.is_prerelease() {
        return Ok(false);
    }
    let mut names = shipment.project.git.tags(false)?;
    names.extend(all.iter().filter(|release| !release.draft).map(|release| release.tag_name.clone()));
    let tags = Tags::read(&shipment.project.tags, names.iter().map(String::as_str));
    Ok(tags.all().all(|(version, _)| version <= current || version.is_prerelease()))
}
