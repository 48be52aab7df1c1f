//! The bump: the next version, refused or written into every place.

use std::fmt;

use anyhow::Result;
use commits::since_previous;
use document::{CommitId, Failure, Level, Release, Version};
use filter::Stage;
use project::{CONFIG, Carrier, Place, Project, Reachable, Running, STATUS, Spot, TAGS, Tags};

use crate::auto::{self, Asked, Nothing};
use crate::edit::{Rewrite, Wanted};
use crate::journal::Journal;
use crate::next::{Goal, Request};
use crate::remarks::{Remark, held_by_post, unlisted, untagged};
use crate::strays::{self, Stray};
use crate::used;

/// What a request leads to.
#[derive(Debug)]
pub enum Planned {
    /// A bump.
    Bump(Box<Bump>),
    /// No release: `auto` found nothing to release.
    Nothing(Nothing),
}

/// A bump that was found to be allowed.
#[derive(Debug)]
pub struct Bump {
    /// The document that it starts.
    pub release: Release,
    rewrites: Vec<Rewrite>,
    strays: Vec<Stray>,
    carried: Version,
    head: CommitId,
    remarks: Vec<Remark>,
}

impl Planned {
    /// Nothing in place of a bump that would hold no commit, as where a schedule starts a release twice.
    pub fn unless_empty(self, project: &Project) -> Result<Self> {
        let Self::Bump(bump) = &self else { return Ok(self) };
        let Some(tag) = &bump.release.version.previous_tag else { return Ok(self) };
        let is_empty = since_previous(project, &bump.release)?.is_empty();
        Ok(if is_empty { Self::Nothing(Nothing::since(project, tag)) } else { self })
    }
}

/// One changed place, in the words of the plan.
struct ChangePlace<'a>(&'a Rewrite, &'a document::Change);

impl fmt::Display for ChangePlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(rewrite, change) = self;
        write!(f, "edit {}:{}: {} {} -> {}", rewrite.path, change.line, change.what, change.from, change.to)
    }
}

/// Decides on the next version and on every edit. Reads only.
pub fn plan(project: &Project, request: &Request, date: String) -> Result<Planned> {
    let git = &project.git;
    let (status, tags, config) = (git.start(&STATUS)?, git.start(&TAGS)?, git.start(&CONFIG)?);
    let bumps = *request != Request::Named(Goal::Level(Level::Current));
    // Where no bump waits for its commit the files are read while git is at work.
    let clean = if bumps && Journal::is_there(project) {
        None
    } else {
        Some(Carried::read(project, &Journal::default(), bumps)?)
    };
    let state = git.tree_state_of(status)?;
    let Some(head) = state.head.clone() else {
        let what = format!("cannot release `{}`: the repository has no commit yet", project.name);
        return Err(Failure::new(what).hint("commit the project first").into());
    };
    let journal = if clean.is_some() { Journal::default() } else { Journal::read(project, Some(&head))? };
    let read = clean.map_or_else(|| Carried::read(project, &journal, bumps), Ok)?;
    let Carried { mut carriers, carried, search } = read;
    let names = tags.read()?;
    git.config_of(config)?;
    let all = Tags::read(&project.tags, names.lines());
    let reachable = Reachable::among(&all, git, &project.tags);
    if bumps {
        refuse_shallow(project, &reachable)?;
    }
    let mut remarks = Vec::new();
    let goal = match request {
        Request::Named(goal) => goal.clone(),
        Request::Auto(series) => match auto::ask(project, *series, &carried, &reachable, &head)? {
            Asked::For(goal, reason) => {
                remarks.push(Remark::Note(reason));
                goal
            }
            Asked::Nothing(nothing) => return Ok(Planned::Nothing(nothing)),
        },
    };
    let wanted = goal.after(&carried, all.last_post(&carried))?;
    if bumps {
        refuse_tree(project, &state, &journal)?;
        journal.refuse_edits(project)?;
        refuse_nobody(project)?;
        used::refuse(&all, &reachable, &carried, &wanted)?;
    }
    let found = search.map(|search| strays::find(project, &carriers, &carried, search));
    let found = found.transpose()?.unwrap_or_default();
    let is_out = |carrier: &Carrier| !found.tracks(carrier) && !journal.covers(carrier.path.as_str());
    let out: Vec<Carrier> = carriers.extract_if(.., |carrier| bumps && is_out(carrier)).collect();
    refuse_ignored(project, &carriers, &out)?;
    let siblings = project.pinned_siblings(&|path| journal.text_before(project, path))?;
    let rewrites = Wanted { version: &wanted, siblings: &siblings }.rewrites(&carriers)?;
    let previous = project.previous(&reachable, &carried, Some(&wanted))?;
    let mut release = project.release_of(&state, previous, wanted.clone(), goal.level(), date)?;
    release.edits = rewrites.iter().map(|rewrite| rewrite.edit.clone()).collect();
    if bumps {
        remarks.extend(unlisted(project, &carriers));
        remarks.extend(untagged(project, &reachable, &carried, previous)?);
        remarks.extend(held_by_post(project, &wanted, previous, &head)?);
    }
    Ok(Planned::Bump(Box::new(Bump { release, rewrites, strays: found.strays, carried, head, remarks })))
}

/// The files that carry the version, as they are before any bump.
struct Carried {
    carriers: Vec<Carrier>,
    carried: Version,
    /// The search for strays, where one is wanted.
    search: Option<Running>,
}

impl Carried {
    fn read(project: &Project, journal: &Journal, bumps: bool) -> Result<Self> {
        let carriers = project.carriers_read_by(&|path| journal.text_before(project, path))?;
        let carried = project.version(&carriers)?;
        let search = bumps.then(|| strays::search(project, &carried)).transpose()?;
        Ok(Self { carriers, carried, search })
    }
}

/// Checks that all places hold one version, and names the places that nobody has configured.
pub fn check(project: &Project, stage: &Stage) -> Result<()> {
    let carriers = project.carriers()?;
    let version = project.version(&carriers)?;
    let places: usize = carriers.iter().map(|carrier| carrier.spots.len()).sum();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (places, files) = (count(places, "place"), count(carriers.len(), "file"));
    stage.note(format!("{} {version} in {places} of {files}", project.name));
    for carrier in project.apart()? {
        for spot in &carrier.apart {
            let (path, line, held) = (&carrier.path, carrier.line(spot), carrier.spelled(spot));
            stage.note(format!("{path}:{line} has {held} ({}) and does not follow {version}", spot.place));
        }
    }
    let search = strays::search(project, &version)?;
    strays::report(&strays::find(project, &carriers, &version, search)?.strays, &version, stage);
    Ok(())
}

/// Writes the edits, all or none, and says each.
pub fn apply(project: &Project, bump: &Bump, stage: &Stage) -> Result<()> {
    strays::report(&bump.strays, &bump.carried, stage);
    let current: &Version = &bump.release.version.current;
    bump.remarks.iter().for_each(|remark| remark.say(stage));
    if bump.rewrites.is_empty() {
        stage.skip("version files", format!("they carry {current} already"));
        return Ok(());
    }
    let written = |rewrite: &Rewrite| {
        std::fs::read(rewrite.path.under(&project.root)).is_ok_and(|now| now == rewrite.after.as_bytes())
    };
    if bump.rewrites.iter().all(written) {
        stage.skip("version files", format!("they are bumped to {current} already"));
        return Ok(());
    }
    let places =
        bump.rewrites.iter().flat_map(|file| file.edit.changes.iter().map(move |change| (file, change)));
    stage.actions(places.map(|(file, change)| ChangePlace(file, change)));
    if stage.is_dry_run() {
        return Ok(());
    }
    let _lock = project.git.state().lock(|text| stage.note(text))?;
    let journal = Journal::read(project, Some(&bump.head))?;
    journal.refuse_edits(project)?;
    for rewrite in &bump.rewrites {
        let now = journal.text_before(project, &rewrite.path)?;
        if now != rewrite.before {
            let what = format!("cannot bump `{}`: it changed while the bump was planned", rewrite.path);
            return Err(Failure::new(what).hint("run it again").into());
        }
    }
    journal.write(project, &bump.head, &bump.rewrites)
}

/// Says that the settings are those of another tool, and what of them is done in another way.
pub fn report_foreign(project: &Project, stage: &Stage) {
    let Some(foreign) = &project.foreign else { return };
    stage.note(format!("no release.toml: the settings are those of {} in `{}`", foreign.tool, foreign.file));
    for warning in &foreign.warnings {
        stage.warn(warning);
    }
}

/// Refuses a history that was cut off above the last release: nobody can tell from it what was released, and what since.
fn refuse_shallow(project: &Project, reachable: &Reachable) -> Result<()> {
    if !project.git.is_shallow() || reachable.highest_below(None)?.is_some() {
        return Ok(());
    }
    let what =
        format!("cannot release `{}`: this clone is shallow, and its history shows no release", project.name);
    Err(Failure::new(what).hint("run `git fetch --unshallow --tags` first").into())
}

/// Refuses files that git does not track, unless others hold the version and these are made again from them: a lock
/// file or a manifest that is found by itself, and a module that a build writes.
fn refuse_ignored(project: &Project, tracked: &[Carrier], out: &[Carrier]) -> Result<(), Failure> {
    let is_made = |spot: &Spot| matches!(spot.place, Place::Lock | Place::Usual(..) | Place::Variable(_));
    let is_kept = tracked
        .iter()
        .flat_map(|carrier| &carrier.spots)
        .any(|spot| !matches!(spot.place, Place::Lock | Place::Pin(..)));
    let needed = out.iter().find(|carrier| !is_kept || !carrier.spots.iter().all(is_made));
    let Some(path) = needed.map(|carrier| &carrier.path) else { return Ok(()) };
    let what =
        format!("cannot release `{}`: `{path}` holds the version, and git does not track it", project.name);
    Err(Failure::new(what)
        .hint(format!("run `git add --force {path}` and commit it, or leave it out of release.toml")))
}

/// Refuses a bump that nobody could commit.
fn refuse_nobody(project: &Project) -> Result<()> {
    if project.git.knows_committer()? {
        return Ok(());
    }
    let what = format!("cannot release `{}`: git does not know who commits", project.name);
    let hint = "run `git config user.name NAME` and `git config user.email MAIL`";
    Err(Failure::new(what).hint(hint).into())
}

/// Refuses a tree in which a release commit would hold more than the release, or belong to no branch.
fn refuse_tree(project: &Project, state: &project::TreeState, journal: &Journal) -> Result<(), Failure> {
    if state.branch.is_none() {
        let what = format!(
            "cannot release `{}`: the head is detached, the release commit would be on no branch",
            project.name
        );
        return Err(Failure::new(what).hint("run `git switch BRANCH` first"));
    }
    let changed: Vec<_> =
        project.real_changes(state).into_iter().filter(|path| !journal.covers(path)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let more =
        if changed.len() > 10 { format!("\n    and {} more", changed.len() - 10) } else { String::new() };
    let list: String = changed.iter().take(10).map(|path| format!("\n    {path}")).collect();
    let what = format!(
        "cannot release `{}`: the working tree has changes that are not committed{list}{more}",
        project.name
    );
    Err(Failure::new(what).hint("commit them, put them away with `git stash -u`, or list them in .gitignore"))
}
