//! What was published: each place serves the files of the release, and they install from there.

mod assets;
mod compare;
mod opened;

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use document::{Check, Failure, Publication, PublishedFile, Release};
use project::{Project, TargetSettings};

use crate::plan::{self, Job, Planned, QUICK, Request};
use crate::told::Told;
use crate::validate::Context;

pub use assets::are_there;
pub use compare::{is_kept, is_served, is_stored};
pub use opened::Opened;

/// A place that the release was published to.
#[derive(Debug)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// What was published there, as the document has it.
    pub files: Vec<PublishedFile>,
    kind: Kind,
    location: String,
    url: Option<String>,
    /// Another target is what this one stands for.
    is_rehearsal: bool,
    /// For how long files that are not served yet are waited for.
    wait: Duration,
    opened: OnceLock<Result<Opened, Told>>,
}

/// What a place is, as far as looking at it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An index in a folder.
    Folder,
    /// An index in a bucket.
    Bucket,
    /// An index that a server makes of what is uploaded to it.
    Server,
    /// A release at GitHub.
    GitHub,
}

impl Target {
    fn of(publication: &Publication, project: &Project, wait: Duration) -> Result<Self> {
        let name = &publication.target;
        let kind = kind(&publication.kind).ok_or_else(|| {
            let what =
                format!("cannot check what is at `{name}`: the kind `{}` is unknown", publication.kind);
            Failure::document(what)
                .hint("take the version of Wainwright that made the document, or a newer one")
        })?;
        Ok(Self {
            name: name.clone(),
            files: publication.files.clone(),
            kind,
            location: publication.location.clone(),
            url: publication.url.clone(),
            is_rehearsal: is_rehearsal(project, name),
            wait,
            opened: OnceLock::new(),
        })
    }

    /// A target of release.toml that nothing was published to, for a dry run.
    fn promised(settings: &TargetSettings, project: &Project) -> Option<Self> {
        Some(Self {
            name: settings.name.clone(),
            files: Vec::new(),
            kind: kind(&settings.kind.to_string())?,
            location: String::new(),
            url: settings.url.clone(),
            is_rehearsal: is_rehearsal(project, &settings.name),
            wait: Duration::ZERO,
            opened: OnceLock::new(),
        })
    }

    /// What is there. It is looked at once, for all checks, by the first that asks; the others wait for it.
    pub fn opened(&self, context: &Context) -> Result<&Opened> {
        let opened = self.opened.get_or_init(|| Opened::of(self, context).map_err(|error| Told::of(&error)));
        opened.as_ref().map_err(Told::again)
    }

    /// Says whether a package is installed from it by itself alone, for what else is there is no user's choice.
    pub fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    /// Says whether people install from a URL, which may serve another state than lies in the place.
    fn has_pages(&self) -> bool {
        match self.kind {
            Kind::Folder => self.web_url().is_some(),
            Kind::Bucket | Kind::Server => true,
            Kind::GitHub => false,
        }
    }

    fn web_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| url.starts_with("http"))
    }
}

fn kind(text: &str) -> Option<Kind> {
    match text {
        "directory" => Some(Kind::Folder),
        "pypi" => Some(Kind::Server),
        "github" => Some(Kind::GitHub),
        other => index::Kind::parse(other).map(|_| Kind::Bucket),
    }
}

fn is_rehearsal(project: &Project, name: &str) -> bool {
    project.targets().iter().any(|target| target.rehearse.as_deref() == Some(name))
}

/// The targets that the release was published to, or in a dry run those that it would be.
pub fn targets(project: &Project, release: &Release, request: &Request) -> Result<Vec<Target>> {
    let wanted = request.to;
    let found: Vec<Target> = match &release.publications {
        None if release.dry_run => {
            let targets = project.targets();
            targets.iter().filter_map(|target| Target::promised(target, project)).collect()
        }
        _ => {
            let asked = |one: &&Publication| wanted.is_empty() || wanted.contains(&one.target);
            let all = release.publications()?.iter().filter(asked);
            all.map(|one| Target::of(one, project, request.wait)).collect::<Result<_>>()?
        }
    };
    if let Some(unknown) = wanted.iter().find(|name| found.iter().all(|target| target.name != **name)) {
        let known: Vec<&str> =
            release.publications.iter().flatten().map(|publication| publication.target.as_str()).collect();
        let what = format!("cannot check what is at `{unknown}`: the release was not published there");
        return Err(Failure::usage(what).hint(format!("it was published to: {}", known.join(", "))).into());
    }
    Ok(found.into_iter().filter(|target| wanted.is_empty() || wanted.contains(&target.name)).collect())
}

/// Plans the checks of what is published, sorted by name; reads only.
pub fn plan<'a>(
    project: &'a Project,
    release: &'a Release,
    targets: &'a [Target],
    request: &Request,
) -> Result<Vec<Planned<'a>>> {
    if targets.is_empty() {
        let what = "cannot check what is published: the document has no publication";
        return Err(Failure::new(what).hint("run `distribute` first").into());
    }
    let mut all = Vec::new();
    let mut add = |name: String, job: Job<'a>| all.push(Planned { name, job });
    for target in targets {
        match target.kind {
            Kind::GitHub => add(format!("published assets at {}", target.name), Job::Assets(target)),
            Kind::Server => {}
            Kind::Folder | Kind::Bucket => {
                add(format!("release document at {}", target.name), Job::Kept(target));
            }
        }
    }
    for package in plan::selected(project, release, request.packages)? {
        for target in targets.iter().filter(|target| target.kind != Kind::GitHub) {
            let (name, at) = (&package.name, &target.name);
            if target.kind != Kind::Server {
                add(format!("published files of {name} at {at}"), Job::Stored(package, target));
            }
            if target.has_pages() {
                add(format!("served files of {name} at {at}"), Job::Served(package, target));
            }
            for install in plan::installs(project, release, package, Some(target))? {
                let job = if request.quick { Job::Skip(QUICK) } else { Job::Install(install.clone()) };
                add(install.name(), job);
            }
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// Adds checks to those that were made before; each name stands once.
pub fn merged(before: &[Check], made: Vec<Check>) -> Vec<Check> {
    let is_new = |check: &&Check| made.iter().all(|one| one.name != check.name);
    let mut all: Vec<Check> = before.iter().filter(is_new).cloned().collect();
    all.extend(made);
    all.sort();
    all
}
