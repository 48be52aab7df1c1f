//! The history as Markdown: what a release now would say, and what all releases before it said.

use std::collections::BTreeMap;

use anyhow::Result;
use commits::{Commit, Era, Next, Tagged, eras, next, since_last_release};
use document::{Failure, Level, Version, VersionStep};
use filter::{Outcome, Stage, Step};
use notes::{Changelog, Syntax, names};
use project::{ChangelogStyle, CommitForm, Repository, Tags, date_of, files};

use crate::changelog::{NOTHING, warn_of};
use crate::passage::{self, Passage};
use crate::section::{Section, Told, Writer};

/// The history of a repository, and the form of its changelog.
pub struct History<'a> {
    repository: &'a Repository,
    url: Option<String>,
    writer: Writer<'a>,
    stage: &'a Stage,
}

impl<'a> History<'a> {
    /// Opens the history of a repository that has a commit.
    pub fn open(repository: &'a Repository, stage: &'a Stage) -> Result<Self> {
        let settings = &repository.settings;
        let url = repository.git.web_address(&settings.project.remote)?;
        let writer = Writer::new(&settings.changelog, url.clone(), &repository.root)?;
        Ok(Self { repository, url, writer, stage })
    }

    /// The sections of a range, the highest release first. Each end is a tag, a version or any revision.
    pub fn range(&self, from: Option<&str>, to: Option<&str>) -> Result<String> {
        let names = self.repository.git.tags(false)?;
        let tags = Tags::read(&self.repository.tags, names.iter().map(String::as_str));
        let end = to.map_or_else(|| self.head(), |to| self.revision(to, &tags, &names))?;
        let Some(from) = from else { return Ok(self.joined(&self.passages(&end, None)?)) };
        let start = self.revision(from, &tags, &names)?;
        let is_start = |(_, tag): &(&Version, &str)| start.strip_prefix("refs/tags/") == Some(*tag);
        let before = tags.all().find(is_start).map(|(version, tag)| (version.clone(), tag.to_owned()));
        let passages = self.passages(&format!("{start}..{end}"), before)?;
        if passages.is_empty() {
            let end = to.unwrap_or("the current commit");
            self.stage.warn(format!("{end} has no commit that {from} has not"));
        }
        Ok(self.joined(&passages))
    }

    /// The whole history as a file: a title, the sections, and where the style has them the compare links.
    pub fn all(&self) -> Result<String> {
        Ok(passage::whole(&self.passages(&self.head()?, None)?, self.style(), self.url.as_deref()))
    }

    /// Writes a section into the file for each release that has none there; what the file holds stays. Without a file
    /// the whole history is written.
    pub fn rebuild(&self) -> Result<()> {
        let settings = &self.repository.settings.changelog;
        let found = names::in_tree(settings, &self.repository.root);
        let path = found.clone().unwrap_or_else(|| settings.path());
        let file = path.under(&self.repository.root);
        let passages = self.passages(&self.head()?, None)?;
        let releases =
            passages.iter().filter_map(|passage| Some((passage.step.as_ref()?, passage.body.as_str())));
        let (releases, text) = if found.is_some() {
            let before = files::read_text(&file)?;
            let changelog = Changelog::new(&before, Syntax::of(path.as_str(), &before));
            let missing: Vec<_> = releases.filter(|(step, _)| !changelog.has(&step.current)).collect();
            let text = changelog.with_missing(&missing, self.style(), self.url.as_deref());
            (missing, text)
        } else {
            let releases: Vec<_> = releases.collect();
            let text = passage::new_file(
                &releases,
                Syntax::of(path.as_str(), ""),
                self.style(),
                self.url.as_deref(),
            );
            (releases, text)
        };
        if releases.is_empty() && found.is_some() {
            self.stage.skip(&path, "it has a section for each release already");
            return Ok(());
        }
        let names: Vec<String> = releases.iter().map(|(step, _)| step.current.to_string()).collect();
        let action = match found {
            Some(_) => format!("edit {path}: add {}", names.join(", ")),
            None => format!("write {path}: the whole history"),
        };
        let lock = (!self.stage.is_dry_run())
            .then(|| self.repository.git.state().lock(|text| self.stage.note(text)))
            .transpose()?;
        self.stage.perform(&[Step::Do(action)], |_| {
            files::replace(&file, text.as_bytes())?;
            Ok(Outcome::Done)
        })?;
        drop(lock);
        Ok(())
    }

    /// The section of the next release, from the entries in the file, else from the commits since the last one.
    pub fn unreleased(&self) -> Result<String> {
        let settings = &self.repository.settings.changelog;
        let (last, commits) = match since_last_release(self.repository) {
            // Asked for its reason only where it fails, for that costs a process.
            Err(error) => return Err(self.head().err().unwrap_or(error)),
            Ok(found) => found,
        };
        let version = self.next_version(&commits, last.as_ref())?;
        let written = match names::in_tree(settings, &self.repository.root) {
            Some(path) => {
                let text = files::read_text(&path.under(&self.repository.root))?;
                Changelog::new(&text, Syntax::of(path.as_str(), &text)).unreleased()
            }
            None => None,
        };
        let count = commits.len();
        let step = version.map(|version| self.step(version, last.clone(), project::today()));
        let body = match written {
            Some(written) => written,
            None => {
                let told: Vec<Told> = commits.iter().map(|commit| self.writer.tell(commit)).collect();
                let section = self.writer.section(&told);
                warn_of(&section.unknown, self.stage);
                self.writer.body(section, &told, step.as_ref())?
            }
        };
        if body.is_empty() {
            let since = last.as_ref().map_or("the first commit", |(_, tag)| tag);
            self.stage.warn(format!("none of the {count} commits since {since} tells users anything"));
            return Ok(String::new());
        }
        Ok(Passage { step, body }.text(self.style(), self.url.as_deref()))
    }

    /// The version that `bump-version auto` takes, where the commits say it and the project carries the last release.
    fn next_version(&self, commits: &[Commit], last: Option<&Tagged>) -> Result<Option<Version>> {
        let settings = &self.repository.settings;
        if settings.changelog.commits != CommitForm::Conventional {
            return Ok(None);
        }
        let nothing_yet = "0.0.0".parse()?;
        let carried = last.map_or(&nothing_yet, |(version, _)| version);
        let asked: Next = next(commits, settings, carried, last.is_some())?;
        Ok(asked.version(carried))
    }

    /// The sections of a range; the lowest release of them follows `before`.
    fn passages(&self, range: &str, before: Option<Tagged>) -> Result<Vec<Passage>> {
        let repository = self.repository;
        if repository.git.is_shallow() {
            self.stage.warn("the clone is shallow: commits before its end are missing here, fetch them with `git fetch --unshallow`");
        }
        let eras = eras(repository, range, |commit| self.writer.tell(&commit))?;
        let mut unknown = BTreeMap::new();
        let mut passages = Vec::new();
        let sections = self.sections(&eras);
        for (at, (Era { release, commits }, section)) in eras.iter().zip(sections).enumerate() {
            for (kind, count) in &section.unknown {
                *unknown.entry(kind.clone()).or_default() += count;
            }
            let below = eras[at + 1..].iter().find_map(|era| era.release.as_ref());
            let below = below.map(|below| (below.version.clone(), below.tag.clone())).or(before.clone());
            let step = release.as_ref().map(|release| VersionStep {
                tag: release.tag.clone(),
                ..self.step(release.version.clone(), below, date_of(release.time))
            });
            let body = self.writer.body(section, commits, step.as_ref())?;
            let body = if body.is_empty() { NOTHING.to_owned() } else { body };
            passages.push(Passage { step, body });
        }
        warn_of(&unknown, self.stage);
        Ok(passages)
    }

    /// The notes of each era, made by two threads: git has ended, and a core is free.
    fn sections(&self, eras: &[Era<Told>]) -> Vec<Section> {
        let count: usize = eras.iter().map(|era| era.commits.len()).sum();
        let mut seen = 0;
        let is_below = |era: &Era<Told>| {
            seen += era.commits.len();
            seen > count / 2
        };
        let (above, below) = eras.split_at(eras.iter().position(is_below).unwrap_or(0));
        let write = |eras: &[Era<Told>]| -> Vec<Section> {
            eras.iter().map(|era| self.writer.section(&era.commits)).collect()
        };
        std::thread::scope(|scope| {
            let above = scope.spawn(|| write(above));
            let below = write(below);
            let mut sections = above.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sections.extend(below);
            sections
        })
    }

    fn step(&self, current: Version, previous: Option<Tagged>, date: String) -> VersionStep {
        let (previous, previous_tag) = previous.unzip();
        let tag = self.repository.tags.tag(&current);
        VersionStep { previous, previous_tag, current, tag, level: Level::Current, date }
    }

    fn joined(&self, passages: &[Passage]) -> String {
        passage::joined(passages, self.style(), self.url.as_deref())
    }

    fn style(&self) -> ChangelogStyle {
        self.repository.settings.changelog.style
    }

    fn head(&self) -> Result<String> {
        let found = self.repository.git.resolve("HEAD")?;
        found.map(|id| id.to_string()).ok_or_else(|| {
            let folder = self.repository.root.display();
            let what = format!("cannot read the history of `{folder}`: the repository has no commit yet");
            Failure::new(what).hint("commit the project first").into()
        })
    }

    fn revision(&self, wanted: &str, tags: &Tags, names: &[String]) -> Result<String> {
        if names.iter().any(|name| name == wanted) {
            return Ok(format!("refs/tags/{wanted}"));
        }
        let version = wanted.parse().ok();
        if let Some(tag) = version.and_then(|version: Version| tags.released(&version)) {
            return Ok(format!("refs/tags/{tag}"));
        }
        let found = self.repository.git.resolve(&format!("{wanted}^{{commit}}"))?;
        found.map(|id| id.to_string()).ok_or_else(|| {
            let what = format!(
                "cannot find `{wanted}` in the history: no tag, no released version and no commit has that name"
            );
            Failure::usage(what).hint("name a tag as `git tag --list` shows it").into()
        })
    }
}
