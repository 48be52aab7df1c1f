//! A release at GitHub: a draft until everything else is public, with all that the release consists of.

mod assets;
mod plan;
mod source;
mod words;

use std::sync::OnceLock;

use anyhow::Result;
use document::{Failure, PackageName, Publication, PublishedFile, Version};
use filter::Stage;
use github::{Advice, GitHub, NewAsset, Release, Releases};
use project::{Project, TargetSettings};
use rayon::prelude::*;

use self::plan::{Plan, Upload};
use self::source::Source;
use self::words::Words;
use super::{Part, Place, Site};
use crate::shipment::Shipment;

/// How many files are on their way at once.
const LANES: usize = 4;

/// What to do where GitHub refuses.
const ADVICE: Advice = Advice {
    token: "renew the token in GH_TOKEN or GITHUB_TOKEN",
    rights: "give the token the right `contents: write` of the repository; a workflow has it by `permissions`",
    later: "run `distribute` again then; it goes on where it stopped",
    again: "run `distribute` again; it goes on where it stopped",
};

/// The releases of a repository, with what is done there.
#[derive(Debug)]
pub struct OnGitHub {
    site: Site,
    target: TargetSettings,
    releases: Releases,
    source: OnceLock<Source>,
    tag: String,
    plan: Option<Plan>,
    made: OnceLock<Release>,
}

impl OnGitHub {
    /// The repository of a target; without a name that of the remote.
    pub fn of(project: &Project, target: &TargetSettings) -> Result<Self> {
        let remote = &project.settings.project.remote;
        let (api, repository) = (target.api.as_deref(), target.repository.as_deref());
        let github = GitHub::named(&project.git, remote, api, repository, ADVICE)?;
        let site = Site { name: target.name.clone(), kind: target.kind, location: github.location() };
        let releases = Releases::of(github);
        let (target, source, made) = (target.clone(), OnceLock::new(), OnceLock::new());
        Ok(Self { site, target, releases, source, tag: String::new(), plan: None, made })
    }

    /// The sources, packed once; `None` while there is no tag, in a dry run.
    fn source(&self, shipment: &Shipment) -> Result<Option<&Source>> {
        let Some(tag) = &shipment.document.tag else { return Ok(None) };
        if let Some(source) = self.source.get() {
            return Ok(Some(source));
        }
        let source = Source::pack(shipment, tag)?;
        Ok(Some(self.source.get_or_init(|| source)))
    }

    /// Without its tag GitHub would make one, at the end of the main branch.
    fn check_tag(&self, shipment: &Shipment) -> Result<()> {
        let Some(tag) = &shipment.document.tag else { return Ok(()) };
        let github = self.releases.repository();
        let wrong = |why: String, hint: &str| {
            let (name, repository) = (&tag.name, github.repository());
            let what = format!("cannot publish the release `{name}` to `{repository}`: {why}");
            Err(Failure::new(what).hint(hint).into())
        };
        match github.commit_of_tag(&tag.name)? {
            None => wrong("the repository has no such tag".to_owned(), "push it: run `tag-release` again"),
            Some(commit) if commit != tag.commit.as_str() => wrong(
                format!("its tag is at {commit}, and the release is {}", tag.commit),
                "see which one is right; a tag is never moved",
            ),
            Some(_) => Ok(()),
        }
    }

    fn bring(&self, plan: &Plan, shipment: &Shipment, stage: &Stage) -> Result<()> {
        let (tag, place) = (&self.tag, &self.site.name);
        plan.notes.iter().for_each(|note| stage.note(note));
        let making = format!("make a draft of the release `{tag}` on {place}");
        match &plan.release {
            Some(release) => stage.skip(making, format!("there is one already, {}", release.html_url)),
            None => stage.action(making),
        }
        stage.actions(plan.spare.iter().map(|draft| {
            format!("delete the draft {} on {place}, which an earlier run has left", draft.html_url)
        }));
        for group in assets::groups(shipment) {
            let upload = format!("upload {group} to {place}");
            // Before the tag, in a dry run, nothing is known of the files but what they will be.
            if shipment.document.tag.is_none() || plan.uploads.iter().any(|upload| upload.group == group) {
                stage.action(upload);
            } else {
                stage.skip(upload, "it is there already, with the same bytes");
            }
        }
        for Upload { new, .. } in plan.uploads.iter().filter(|upload| upload.stale.is_some()) {
            stage.note(format!("{} takes the place of other bytes in the draft", new.name));
        }
        if stage.is_dry_run() {
            return Ok(());
        }
        let release = match &plan.release {
            Some(release) => release.clone(),
            None => self.releases.create(tag, &plan.words.draft())?,
        };
        plan.spare.iter().try_for_each(|draft| self.releases.delete(draft))?;
        self.upload(&release, &plan.uploads, shipment.is_paranoid)?;
        self.made.get_or_init(|| release);
        Ok(())
    }

    /// The release document goes first: from it alone can be taken back what a run leaves that is cut short.
    fn upload(&self, release: &Release, uploads: &[Upload], is_paranoid: bool) -> Result<()> {
        let put = |Upload { new, stale, .. }: &Upload| -> Result<()> {
            stale.iter().try_for_each(|asset| self.releases.delete_asset(asset))?;
            self.releases.upload(release, new)?;
            if is_paranoid { self.read_back(release, new) } else { Ok(()) }
        };
        let (first, rest) = uploads.split_at(uploads.len().min(1));
        first.iter().try_for_each(put)?;
        let lanes = rayon::ThreadPoolBuilder::new().num_threads(LANES).build()?;
        lanes.install(|| rest.par_iter().try_for_each(put))
    }

    /// Reads a file back to its last byte, whatever GitHub tells of it.
    fn read_back(&self, release: &Release, new: &NewAsset) -> Result<()> {
        let there = self.releases.assets(release)?;
        let asset = there.iter().find(|asset| asset.name == new.name);
        let found = asset.map(|asset| self.releases.read_digest(asset)).transpose()?;
        if found.as_ref() == Some(&new.sha256) {
            return Ok(());
        }
        let found = found.map_or("nothing".to_owned(), |found| format!("SHA-256 {found}"));
        let (name, sha256) = (&new.name, &new.sha256);
        let what =
            format!("cannot publish `{name}` to `{}`: {found} is served, and not {sha256}", self.site.name);
        Err(Failure::new(what).hint(ADVICE.again).into())
    }

    /// Refuses a category of discussions that is not there, of which GitHub would say so at the last step alone.
    fn check_category(&self) -> Result<()> {
        let Some(wanted) = &self.target.discussion_category else { return Ok(()) };
        let github = self.releases.repository();
        let Some(known) = github.discussion_categories()? else { return Ok(()) };
        if known.contains(wanted) {
            return Ok(());
        }
        let what = format!(
            "cannot open a discussion in `{wanted}` of `{}`: there is no such category",
            github.repository()
        );
        let hint = match known.as_slice() {
            [] => "turn the discussions of the repository on, or drop `discussion-category`".to_owned(),
            known => format!("the categories are: {}", known.join(", ")),
        };
        Err(Failure::new(what).hint(hint).into())
    }

    fn reveal(&self, plan: &Plan, shipment: &Shipment, stage: &Stage) -> Result<()> {
        let (tag, place) = (&self.tag, &self.site.name);
        let publishing = format!("publish the release `{tag}` on {place}");
        if !plan.is_hidden() {
            stage.skip(publishing, "it is public already");
            return Ok(());
        }
        stage.action(format!("{publishing}{}", plan.words.rank()));
        let Some(made) = self.made.get().filter(|_| !stage.is_dry_run()) else { return Ok(()) };
        let draft = self.whole(made, shipment)?;
        let release = self.releases.edit(&draft, &plan.words.publication(&draft))?;
        stage.note(format!("the release is at {}", release.html_url));
        Ok(())
    }

    /// The draft as it is now, with all its files: others may have been at work meanwhile.
    fn whole(&self, made: &Release, shipment: &Shipment) -> Result<Release> {
        let (tag, repository) = (&self.tag, self.releases.repository().repository());
        let gone = |why: String| {
            let what = format!("cannot publish the release `{tag}` of `{repository}`: {why}");
            Failure::new(what).hint(ADVICE.again)
        };
        let draft = self.releases.get(made.id)?;
        let draft = draft.ok_or_else(|| gone("its draft is not there any more".to_owned()))?;
        let there = self.releases.assets(&draft)?;
        let source = self.source(shipment)?;
        for load in source.map_or(Ok(Vec::new()), |source| assets::loads(shipment, source))? {
            let new = &load.asset;
            let is_there = there.iter().any(|asset| {
                asset.name == new.name
                    && asset.is_whole()
                    && asset.size == new.size
                    && asset.sha256().is_none_or(|sha256| sha256 == new.sha256)
            });
            if !is_there {
                return Err(gone(format!("`{}` is not there any more", new.name)).into());
            }
        }
        Ok(draft)
    }
}

impl Place for OnGitHub {
    fn site(&self) -> &Site {
        &self.site
    }

    fn versions(&self, _: &PackageName) -> Result<Option<Vec<Version>>> {
        Ok(None)
    }

    fn url(&self) -> Option<String> {
        Some(format!("{}/releases", self.releases.repository().page()))
    }

    fn files(&self, shipment: &Shipment) -> Result<Vec<PublishedFile>> {
        let Some(source) = self.source(shipment)? else { return Ok(Vec::new()) };
        let tag = &shipment.document.version.tag;
        let published = |load: assets::Load| {
            let path = format!("{tag}/{}", load.asset.name).parse()?;
            Ok(PublishedFile { path, package: load.package, sha256: load.asset.sha256 })
        };
        let mut files =
            assets::loads(shipment, source)?.into_iter().map(published).collect::<Result<Vec<_>>>()?;
        files.sort();
        Ok(files)
    }

    fn plan(&mut self, shipment: &Shipment) -> Result<()> {
        // A repository that is not there has no tag either: so it is looked for first.
        let all = self.releases.all()?;
        self.check_tag(shipment)?;
        let source = self.source(shipment)?;
        let loads = source.map_or(Ok(Vec::new()), |source| assets::loads(shipment, source))?;
        assets::check(&loads, &self.site.name)?;
        self.check_category()?;
        let page = self.releases.repository().page();
        let words = Words::of(shipment, &self.target, &all, &page)?;
        self.plan = Some(Plan::make(&self.releases, shipment, &loads, words, all)?);
        self.tag = shipment.document.version.tag.clone();
        Ok(())
    }

    fn has_work(&self) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|plan| plan.is_hidden() || !plan.uploads.is_empty() || !plan.spare.is_empty())
    }

    fn check_access(&self) -> Result<()> {
        Ok(self.releases.check_access(&self.tag)?)
    }

    fn carry_out(&self, part: Part, shipment: &Shipment, stage: &Stage) -> Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        match part {
            Part::Files => self.bring(plan, shipment, stage),
            Part::Reveal => self.reveal(plan, shipment, stage),
        }
    }

    fn advice(&self, _: &Shipment) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn rebuild(&mut self, stage: &Stage) -> Result<()> {
        stage.skip(format!("write the pages of {}", self.site.name), "GitHub writes its own");
        Ok(())
    }

    fn publication(&self, shipment: &Shipment) -> Result<Publication> {
        let Site { name, kind, location } = self.site.clone();
        let url = Some(self.releases.repository().page_of(&shipment.document.version.tag));
        let (kind, files) = (kind.to_string(), self.files(shipment)?);
        Ok(Publication { target: name, kind, location, url, files })
    }
}
