//! A place with what it holds: its files where they lie, and the pages that people install from.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use document::{Failure, PackageName, PublishedFile, Version};
use filter::Stage;
use index::{Bucket, Index, Listing, Location, Served, ServedFile, simple_url};
use project::TargetSettings;
use uv::index::UserIndex;
use web::Web;

use super::{Kind, Target};
use crate::install::url;
use crate::validate::Context;

/// The longest pause before an index is asked again.
const LONGEST: Duration = Duration::from_secs(15);

/// What is at a target.
#[derive(Debug)]
pub struct Opened {
    /// Where the files lie; `None` for a server that shows its pages alone.
    pub store: Option<Store>,
    /// What people install from; `None` for a folder that no server was named for.
    pub door: Option<Door>,
}

/// Where the files of an index of one's own lie.
#[derive(Debug)]
pub enum Store {
    /// In a folder.
    Folder(Listing),
    /// In a bucket.
    Bucket(Box<Bucket>),
}

/// The pages of an index as they are served.
#[derive(Debug)]
pub struct Door {
    /// The index.
    pub served: Served,
    /// The index in the words of `UV_INDEX`.
    entry: String,
    /// What it serves of each package of the release.
    pages: BTreeMap<PackageName, Vec<ServedFile>>,
    /// Why nobody installs from there; `None` where people do.
    closed: Option<String>,
}

impl Opened {
    pub(super) fn of(target: &Target, context: &Context) -> Result<Self> {
        let root = &context.project.root;
        let own = |url: &str| UserIndex { name: target.name.clone(), url: url.to_owned(), publish_url: None };
        let (store, index, is_promised) = match target.kind {
            Kind::Folder => {
                let listing = Index::read(&root.join(&target.location));
                (Some(Store::Folder(listing)), target.web_url().map(own), true)
            }
            Kind::Bucket => {
                let location = Location::parse(&target.location)?;
                refuse_foreign(&location, target, context)?;
                let (index, is_promised) = (own(&location.public_url()), location.url.is_some());
                (Some(Store::Bucket(Box::new(Bucket::open(location)?))), Some(index), is_promised)
            }
            Kind::Server => (None, Some(uv::index::located(root, &target.location)?), true),
            Kind::GitHub => (None, None, true),
        };
        let door = index.map(|index| Door::open(&index, target, is_promised, context)).transpose()?;
        Ok(Self { store, door })
    }

    /// Why nothing can be installed from there; `None` where it can.
    pub fn closed(&self) -> Option<&str> {
        self.door.as_ref()?.closed.as_deref()
    }

    /// The index in the words of `UV_INDEX`.
    pub fn entry(&self) -> String {
        match (&self.door, &self.store) {
            (Some(door), _) => door.entry.clone(),
            (None, Some(Store::Folder(listing))) => url(&listing.simple()),
            (None, _) => String::new(),
        }
    }

    /// The wheels of a version that installers find there: their names, and the Pythons that they are for.
    pub fn wheels(&self, package: &PackageName, version: &Version) -> Result<Vec<(String, Option<String>)>> {
        let is_wheel = |name: &String| name.ends_with(".whl");
        let all: Vec<_> = match (&self.door, &self.store) {
            (Some(door), _) => {
                let files = door.files(package).iter().filter(|file| file.version.as_ref() == Some(version));
                files.map(|file| (file.file_name.clone(), file.requires_python.clone())).collect()
            }
            (None, Some(Store::Folder(listing))) => {
                let files = listing.files(package)?.into_iter().filter(|file| file.version == *version);
                files.map(|file| (file.file_name, file.requires_python)).collect()
            }
            (None, _) => Vec::new(),
        };
        Ok(all.into_iter().filter(|(name, _)| is_wheel(name)).collect())
    }
}

/// Refuses a server that would be shown a token and that the document alone names.
fn refuse_foreign(location: &Location, target: &Target, context: &Context) -> Result<(), Failure> {
    let own = context.project.targets();
    let foreign = location.foreign_server(own.iter().filter_map(|own| own.endpoint.as_deref()));
    foreign.map_or(Ok(()), |server| {
        let what = format!(
            "cannot look at `{}`: the credentials go to no server that a document alone names, as {server}",
            target.name
        );
        Err(Failure::new(what).hint("write it into release.toml as the `endpoint` of a target"))
    })
}

impl Opened {
    /// The URL of the first file of a version that is wanted, with its digest where the pages say it (PEP 508).
    pub fn link(
        &self,
        package: &PackageName,
        version: &Version,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut files = self.door.as_ref()?.files(package).iter();
        let file = files.find(|file| file.version.as_ref() == Some(version) && is_wanted(&file.file_name))?;
        let digest = file.sha256.as_ref().map(|sha256| format!("#sha256={sha256}")).unwrap_or_default();
        Some(format!("{}{digest}", file.url))
    }
}

impl Door {
    fn open(index: &UserIndex, target: &Target, is_promised: bool, context: &Context) -> Result<Self> {
        let (project, stage) = (context.project, context.stage);
        let mut served = Served::at(&index.url, Web::new())?;
        let is_ours = |own: &TargetSettings| {
            own.name == target.name
                && match target.kind {
                    Kind::Folder => own.url.as_deref().map(simple_url) == Some(simple_url(&index.url)),
                    _ => own.is_server_at(&target.location),
                }
        };
        let login = uv::index::login_at(&project.root, index, project.targets().iter().any(is_ours))?;
        if let Some((user, password)) = &login {
            served = served.with_login(user, password);
        }
        // By its name uv finds who may read it.
        let entry = if login.is_some() { format!("{}={}", index.name, index.url) } else { index.url.clone() };
        let mut door = Self { served, entry, pages: BTreeMap::new(), closed: None };
        match door.look(target, stage, if is_promised { target.wait } else { Duration::ZERO }) {
            Err(error) if is_promised => return Err(error),
            Err(error) => door.closed = Some(format!("{error:#}")),
            Ok(()) if !is_promised && door.pages.values().all(Vec::is_empty) => {
                door.closed = Some(format!("{} shows nobody its pages without credentials", door.served));
            }
            Ok(()) => {}
        }
        Ok(door)
    }

    /// The files of a package as they are served.
    pub fn files(&self, package: &PackageName) -> &[ServedFile] {
        self.pages.get(package).map(Vec::as_slice).unwrap_or_default()
    }

    /// Asks for the pages, and again while files are missing from them and there is time left.
    fn look(&mut self, target: &Target, stage: &Stage, wait: Duration) -> Result<()> {
        let end = Instant::now() + wait;
        let mut before = usize::MAX;
        let mut pause = Duration::from_secs(1);
        loop {
            let absent = self.absent(&target.files);
            let packages: BTreeSet<PackageName> =
                absent.iter().filter_map(|file| file.package.clone()).collect();
            for package in packages {
                let files = self.served.files(&package)?.unwrap_or_default();
                self.pages.insert(package, files);
            }
            let absent = self.absent(&target.files).len();
            let left = end.saturating_duration_since(Instant::now());
            if absent == 0 || left.is_zero() {
                return Ok(());
            }
            if absent != before {
                let files = if absent == 1 { "1 file".to_owned() } else { format!("{absent} files") };
                stage.note(format!("waiting for {files} that `{}` does not serve yet", target.name));
            }
            before = absent;
            std::thread::sleep(pause.min(left));
            pause = LONGEST.min(pause * 2);
        }
    }

    fn absent<'a>(&self, published: &'a [PublishedFile]) -> Vec<&'a PublishedFile> {
        let is_there = |file: &&PublishedFile| {
            let Some(package) = &file.package else { return true };
            self.files(package).iter().any(|one| one.file_name == file.path.file_name())
        };
        published.iter().filter(|file| !is_there(file)).collect()
    }
}
