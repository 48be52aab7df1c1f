//! What other programs have left in an index, and what would be lost if pages were made from its files.

use std::path::Path;

use anyhow::Result;
use document::{Failure, PackageName};
use url::Url;

use crate::bucket::Bucket;
use crate::listing::{Listed, Listing, read};
use crate::served::links;

/// A base for links that lead nowhere: only the last part of each counts.
const NOWHERE: &str = "file:///simple/package/";
/// How many losses are told.
const MOST: usize = 5;

impl Listing {
    /// The files of packages, each with all that its page will say. Refuses what cannot be listed, and the pages of
    /// another program that list what the pages of these files, and of those that are to come, would not.
    pub fn survey(&self, packages: &[PackageName], coming: &[&str]) -> Result<Vec<Vec<Listed>>> {
        let page = |name: Option<&PackageName>| {
            let folder = name.map_or_else(|| self.simple(), |name| self.folder(name));
            let html = folder.join("index.html");
            let is_ours = folder.join("index.json").exists();
            let found = if is_ours { None } else { read(&html)? };
            Ok(found.map(|text| (format!("{}/", folder.display()), text)))
        };
        let all: Vec<Vec<Listed>> = packages.iter().map(|name| self.files(name)).collect::<Result<_>>()?;
        refuse_losses(packages, &all, coming, || self.packages(), page)?;
        Ok(all)
    }
}

impl Bucket {
    /// The files of packages, each with all that its page will say. Refuses what cannot be listed, and the pages of
    /// another program that list what the pages of these files, and of those that are to come, would not.
    pub fn survey(&self, packages: &[PackageName], coming: &[&str]) -> Result<Vec<Vec<Listed>>> {
        let page = |name: Option<&PackageName>| {
            let folder = name.map_or_else(|| "simple/".to_owned(), |name| format!("simple/{name}/"));
            if self.is_listed(&format!("{folder}index.json")) {
                return Ok(None);
            }
            // In S3 the key of the folder itself may be the only page; a list has it without the `/`.
            let pages = [format!("{folder}index.html"), folder.clone()];
            let Some(page) = pages.iter().find(|page| self.is_listed(page.trim_end_matches('/'))) else {
                return Ok(None);
            };
            let found = self.store().read(page)?;
            Ok(found.map(|(text, _)| (self.store().location.name(&folder), text)))
        };
        let all = self.each(packages, |name| {
            let has_page = self.is_listed(&format!("simple/{name}/index.json"));
            self.merged(name, &if has_page { self.page(name)? } else { Vec::new() })
        })?;
        refuse_losses(packages, &all, coming, || self.packages(), page)?;
        Ok(all)
    }
}

/// Refuses to replace pages, of a package or with `None` of all, that list what is in no folder of the index.
fn refuse_losses(
    packages: &[PackageName],
    files: &[Vec<Listed>],
    coming: &[&str],
    filled: impl FnOnce() -> Result<Vec<PackageName>>,
    page: impl Fn(Option<&PackageName>) -> Result<Option<(String, Vec<u8>)>>,
) -> Result<()> {
    for (package, files) in packages.iter().zip(files) {
        if let Some((place, html)) = page(Some(package))? {
            refuse(&place, &lost_files(package, files, coming, &html))?;
        }
    }
    let Some((place, html)) = page(None)? else { return Ok(()) };
    let filled = filled()?;
    let is_kept = |name: &PackageName| packages.contains(name) || filled.contains(name);
    let lost = links::folders(&html).into_iter().filter(|name| !is_kept(name));
    refuse(&place, &lost.map(|name| format!("`{name}`, of which no file is here")).collect::<Vec<_>>())
}

/// What a page lists and the files do not make good: files that are elsewhere, and the marks of yanked ones.
fn lost_files(package: &PackageName, files: &[Listed], coming: &[&str], html: &[u8]) -> Vec<String> {
    let Some(linked) = Url::parse(NOWHERE).ok().and_then(|base| links::read(html, &base, package).ok())
    else {
        return Vec::new();
    };
    let lost = linked.into_iter().filter(|link| link.version.is_some()).filter_map(|link| {
        let name = &link.file_name;
        match files.iter().find(|file| file.file_name == *name) {
            None if coming.contains(&name.as_str()) => None,
            None => Some(format!("`{name}`, which is not in that folder as a wheel or a `.tar.gz`")),
            Some(file) if link.yanked.is_some() && file.yanked.is_none() => {
                Some(format!("`{name}` as yanked, of which `{name}.yanked` beside it does not tell"))
            }
            Some(_) => None,
        }
    });
    lost.collect()
}

fn refuse(place: &str, lost: &[String]) -> Result<()> {
    if lost.is_empty() {
        return Ok(());
    }
    let more = match lost.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let list = lost.iter().take(MOST).cloned().collect::<Vec<_>>().join("; ");
    let what = format!(
        "cannot replace the page of `{place}`: another program has made it, and it lists {list}{more}"
    );
    let hint = "put what it lists into the folder of its package; or publish into another folder; or drop what is not there with `distribute --rebuild-index`";
    Err(Failure::new(what).hint(hint).into())
}

/// The error of a file that no page can list, with its place in the index where it was read from another one.
pub(crate) fn unlistable(error: &anyhow::Error, read_from: &Path, place: &str) -> anyhow::Error {
    let what = format!("{error:#}").replace(&read_from.display().to_string(), place);
    Failure::new(what)
        .hint("remove it from the index: nobody can install it; or put a whole one in its place")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_lists_and_the_folder_has_not_is_told() {
        let listed = |file_name: &str, yanked: Option<&str>| Listed {
            file_name: file_name.to_owned(),
            version: "1.0".parse().unwrap(),
            size: 1,
            sha256: "ab".repeat(32).parse().unwrap(),
            requires_python: None,
            metadata: None,
            yanked: yanked.map(str::to_owned),
            uploaded: None,
        };
        let html = b"<a href='../../packages/a-0.9.tar.gz'>x</a><a href=a-1.0.tar.gz data-yanked>x</a>\
            <a href=a-1.1.tar.gz>x</a><a href=a-1.2.tar.gz>x</a><a href=a-1.0.zip>x</a><a href='../'>up</a><a href=README.txt>x</a>";
        let files = [listed("a-1.0.tar.gz", None), listed("a-1.1.tar.gz", None)];
        let lost = lost_files(&"a".parse().unwrap(), &files, &["a-1.2.tar.gz"], html);
        assert_eq!(
            lost,
            [
                "`a-0.9.tar.gz`, which is not in that folder as a wheel or a `.tar.gz`",
                "`a-1.0.tar.gz` as yanked, of which `a-1.0.tar.gz.yanked` beside it does not tell",
                "`a-1.0.zip`, which is not in that folder as a wheel or a `.tar.gz`",
            ]
        );
        let yanked = [listed("a-1.0.tar.gz", Some("bad"))];
        let html = b"<a href=a-1.0.tar.gz data-yanked=bad>x</a>";
        assert!(lost_files(&"a".parse().unwrap(), &yanked, &[], html).is_empty());
    }

    #[test]
    fn of_many_losses_the_first_are_told() {
        let lost: Vec<String> = (0..7).map(|at| at.to_string()).collect();
        let error = refuse("s3://b/simple/a/", &lost).unwrap_err().to_string();
        assert!(error.ends_with("it lists 0; 1; 2; 3; 4; and 2 more"), "{error}");
        assert!(refuse("x", &[]).is_ok());
    }
}
