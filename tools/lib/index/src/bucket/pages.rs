//! The pages of an index in a bucket: read, made and swapped, and made again where somebody else was quicker.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use document::{Failure, PackageName};

use super::store::{Object, pause};
use super::{Bucket, locked};
use crate::listing::Listed;
use crate::page::{self, RootPage};
use crate::publish::printed;

/// How often a page is made before it is given up: more often than anybody has publishers.
const ATTEMPTS: u32 = 120;

/// An object as it was read.
pub(super) type Read = Option<(Vec<u8>, Object)>;

impl Bucket {
    /// Writes the pages of packages, those of one wave after those of the wave before, and then those that list the
    /// packages. Returns the paths below the index that changed.
    pub fn write_pages(&self, waves: &[Vec<PackageName>]) -> Result<Vec<String>> {
        let mut changed = Vec::new();
        let mut filled = BTreeMap::new();
        for wave in waves {
            for (package, done) in wave.iter().zip(self.each(wave, |package| self.write_project(package))?) {
                filled.insert(package.clone(), done.0);
                changed.extend(done.1);
            }
        }
        changed.extend(self.write_root(&filled)?);
        changed.sort();
        Ok(changed)
    }

    /// Says whether the pages that list the packages, and those of these packages, are what the files make them.
    pub fn has_current_pages(&self, packages: &[PackageName]) -> Result<bool> {
        let mut all: BTreeSet<PackageName> = self.packages()?.into_iter().collect();
        let root = self.pages("simple/")?;
        let listed = listed(&root[0].1);
        // A package that the list does not have yet was published since.
        all.extend(listed.into_iter().filter(|name| !packages.contains(name)));
        let all: Vec<PackageName> = all.into_iter().collect();
        let texts = [printed(page::root_json(&all))?, page::root_html(&all)];
        if !are(&root, &texts) {
            return Ok(false);
        }
        let done = self.each(packages, |package| {
            let now = self.pages(&format!("simple/{package}/"))?;
            let files = self.merged(package, &entries(&now[0].1))?;
            if files.is_empty() && now.iter().all(|(_, read)| read.is_none()) {
                return Ok(true);
            }
            Ok(are(&now, &self.texts(package, &files)?))
        })?;
        Ok(done.into_iter().all(|is_current| is_current))
    }

    /// Every package that the list or the root page knows.
    pub fn everything(&self) -> Result<Vec<PackageName>> {
        let mut all: BTreeSet<PackageName> = self.packages()?.into_iter().collect();
        all.extend(listed(&self.store.read("simple/index.json")?));
        Ok(all.into_iter().collect())
    }

    /// Writes the pages of one package; says whether it has files, and which pages changed.
    fn write_project(&self, package: &PackageName) -> Result<(bool, Vec<String>)> {
        let folder = format!("simple/{package}/");
        let mut changed = BTreeSet::new();
        for attempt in 0..ATTEMPTS {
            let now = self.pages_at(&folder, attempt)?;
            let files = self.merged(package, &entries(&now[0].1))?;
            self.complete_metadata(package)?;
            if files.is_empty() && now.iter().all(|(_, read)| read.is_none()) {
                return Ok((false, Vec::new()));
            }
            if self.swap_all(&now, &self.texts(package, &files)?, &mut changed)? {
                locked(&self.written).insert(package.clone(), files.clone());
                return Ok((!files.is_empty(), changed.into_iter().collect()));
            }
            std::thread::sleep(pause(attempt));
        }
        Err(busy(&self.store.location.name(&folder)))
    }

    /// Writes the pages that list the packages; `filled` says which of this run's have files.
    fn write_root(&self, filled: &BTreeMap<PackageName, bool>) -> Result<Vec<String>> {
        let mut changed = BTreeSet::new();
        for attempt in 0..ATTEMPTS {
            let now = self.pages_at("simple/", attempt)?;
            let mut names: BTreeSet<PackageName> = self.packages()?.into_iter().collect();
            names.extend(filled.iter().filter(|(_, has_files)| **has_files).map(|(name, _)| name.clone()));
            for name in listed(&now[0].1) {
                // Published since this run has listed, or left behind by one that was cut short.
                if !names.contains(&name) && !self.page(&name)?.is_empty() {
                    names.insert(name);
                }
            }
            let emptied: Vec<_> =
                filled.iter().filter(|(name, has)| !**has && !names.contains(*name)).collect();
            let names: Vec<PackageName> = names.into_iter().collect();
            let texts = [printed(page::root_json(&names))?, page::root_html(&names)];
            if self.swap_all(&now, &texts, &mut changed)? {
                // Somebody may have filled a package again before it was taken from the list.
                let refilled = self.each(&emptied, |(name, _)| Ok(!self.page(name)?.is_empty()))?;
                if !refilled.contains(&true) {
                    return Ok(changed.into_iter().collect());
                }
            }
            std::thread::sleep(pause(attempt));
        }
        Err(busy(&self.store.location.name("simple/")))
    }

    /// The pages of a folder as they are: JSON, HTML, and HTML under the key of the folder itself.
    ///
    /// JSON is read last. Whoever changes it afterwards writes the HTML afterwards too, which then is not any more
    /// what was read here: so HTML never stays behind the JSON that it is made from.
    fn pages(&self, folder: &str) -> Result<Vec<(String, Read)>> {
        let mut pages = vec![format!("{folder}index.html")];
        pages.extend(Some(folder.to_owned()).filter(|_| self.store.has_slash_keys()));
        let mut read = Vec::new();
        for page in pages.into_iter().chain([format!("{folder}index.json")]) {
            // What is not listed may be a folder, which some servers fail to read.
            let is_listed = self.objects.contains_key(page.trim_end_matches('/'));
            let now = match self.store.read(&page) {
                Err(_) if page.ends_with('/') && !is_listed => None,
                now => now?,
            };
            read.push((page, now));
        }
        read.rotate_right(1);
        Ok(read)
    }

    /// The pages of a folder; at first those that the list does not have are taken for absent, which costs nothing:
    /// a swap finds out.
    fn pages_at(&self, folder: &str, attempt: u32) -> Result<Vec<(String, Read)>> {
        let json = format!("{folder}index.json");
        if attempt > 0
            || self.objects.contains_key(&json)
            || self.objects.contains_key(&format!("{folder}index.html"))
        {
            return self.pages(folder);
        }
        let mut pages = vec![(json, None), (format!("{folder}index.html"), None)];
        pages.extend(Some((folder.to_owned(), None)).filter(|_| self.store.has_slash_keys()));
        Ok(pages)
    }

    fn texts(&self, package: &PackageName, files: &[Listed]) -> Result<[String; 2]> {
        Ok([
            printed(page::project_json(package, files))?,
            page::project_html(package, files, Some(&self.url)),
        ])
    }

    /// Swaps pages that differ, JSON first; false where one was changed by somebody else since it was read.
    fn swap_all(
        &self,
        now: &[(String, Read)],
        texts: &[String; 2],
        changed: &mut BTreeSet<String>,
    ) -> Result<bool> {
        for ((path, read), text) in now.iter().zip([&texts[0], &texts[1], &texts[1]]) {
            let before = match read {
                Some((bytes, object)) if object.is(bytes, text) => continue,
                read => read.as_ref().map(|(_, object)| &object.tag),
            };
            if self.store.swap(path, text, before)?.is_some() {
                changed.insert(path.clone());
            } else if before.is_some() || !path.ends_with('/') || !self.store.is_folder(path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Says whether pages are these texts.
fn are(now: &[(String, Read)], texts: &[String; 2]) -> bool {
    let texts = [&texts[0], &texts[1], &texts[1]];
    let is = |read: &Read, text: &str| read.as_ref().is_some_and(|(bytes, object)| object.is(bytes, text));
    now.iter().zip(texts).all(|((_, read), text)| is(read, text))
}

/// What a page lists; nothing where it is absent or damaged.
pub(super) fn entries(read: &Read) -> Vec<Listed> {
    let page = read.as_ref().and_then(|(bytes, _)| serde_json::from_slice::<page::ProjectPage>(bytes).ok());
    page.map(page::ProjectPage::into_listed).unwrap_or_default()
}

/// The packages of a root page; none where it is absent or damaged.
fn listed(read: &Read) -> Vec<PackageName> {
    let page = read.as_ref().and_then(|(bytes, _)| serde_json::from_slice::<RootPage>(bytes).ok());
    page.map(RootPage::into_names).unwrap_or_default()
}

/// The error of a page that never stays as it was read.
pub(crate) fn busy(place: &str) -> anyhow::Error {
    Failure::new(format!("cannot write the page `{place}`: others change it faster than it can be read"))
        .hint("run the same command again")
        .into()
}

/// The error of a file that goes away while it is read.
pub(super) fn moved(place: &str) -> anyhow::Error {
    Failure::new(format!("cannot read `{place}`: it was removed while it was read"))
        .hint("run the same command again")
        .into()
}
