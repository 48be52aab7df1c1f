//! What a place holds of a package, and what its pages say, compared with the document.

use anyhow::Result;
use distribution::FileName;
use document::{Failure, PackageName, Release, Sha256};
use index::Listed;
use project::ProjectPackage;

use super::opened::{Door, Store};
use super::{Kind, Target};
use crate::validate::{Context, Verdict};

/// What was found wrong, and what is only missing.
#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    absent: Vec<String>,
    is_yanked: bool,
    is_foreign: bool,
}

/// Checks that an index of one's own holds the files of a package as the document has them, and no others of this
/// version.
pub fn is_stored(context: &Context, package: &ProjectPackage, target: &Target) -> Result<Verdict> {
    let (release, name) = (context.release, &package.name);
    let mut found = Found { wrong: unpublished(release, name, target), ..Found::default() };
    let has_pages = match &target.opened(context)?.store {
        None => true,
        Some(Store::Folder(listing)) => {
            found.hold(name, target, |file| listing.holds(name, file))?;
            found.list(release, name, target, &listing.files(name)?);
            listing.has_current_pages(std::slice::from_ref(name))?
        }
        Some(Store::Bucket(bucket)) => {
            found.hold(name, target, |file| bucket.holds(name, file))?;
            found.list(release, name, target, &bucket.files(name)?);
            bucket.has_current_pages(std::slice::from_ref(name))?
        }
    };
    if found.wrong.is_empty() && !has_pages {
        found.wrong.push("its pages do not list what lies there".to_owned());
    }
    if found.wrong.is_empty() {
        return Ok(passed(name, target));
    }
    let what = format!("cannot trust `{name}` at `{}`: {}", target.name, found.wrong.join("; "));
    Err(Failure::new(what).hint(found.hint(name, target)).into())
}

/// Checks that the pages which people install from list the files of a package as the document has them, and no others
/// of this version.
pub fn is_served(context: &Context, package: &ProjectPackage, target: &Target) -> Result<Verdict> {
    let (release, name) = (context.release, &package.name);
    let opened = target.opened(context)?;
    if let Some(reason) = opened.closed() {
        return Ok(Verdict::Skipped(reason.to_owned()));
    }
    let Some(door) = &opened.door else { return Ok(Verdict::Skipped("nothing serves it".to_owned())) };
    let mut found = Found::default();
    if target.kind == Kind::Server {
        found.wrong = unpublished(release, name, target);
    }
    found.serve(release, name, target, door)?;
    let (url, target) = (&door.served, target);
    if !found.wrong.is_empty() {
        found.wrong.append(&mut found.absent);
        let what = format!("cannot trust `{name}` at {url}: {}", found.wrong.join("; "));
        return Err(Failure::new(what).hint(found.hint(name, target)).into());
    }
    if !found.absent.is_empty() {
        let what = format!("cannot find all of `{name}` at {url} yet: {}", found.absent.join("; "));
        let hint = format!(
            "pages may be minutes behind: `validate --published --to {} --wait 600` waits for them",
            target.name
        );
        return Err(Failure::new(what).hint(hint).into());
    }
    Ok(passed(name, target))
}

/// Checks that an index of one's own keeps the document of the release, from which it can be taken back.
pub fn is_kept(context: &Context, target: &Target) -> Result<Verdict> {
    let (project, tag) = (&context.release.project.name, &context.release.version.tag);
    let kept = match &target.opened(context)?.store {
        None => return Ok(Verdict::Skipped("it keeps no documents".to_owned())),
        Some(Store::Folder(listing)) => listing.document(project, tag)?,
        Some(Store::Bucket(bucket)) => bucket.document(project, tag)?,
    };
    let path = kept.path;
    let Some(kept) = kept.release else {
        let what = format!("cannot find the release document at `{}`: there is no `{path}`", target.name);
        return Err(Failure::new(what).hint(format!("run `distribute --to {}` again", target.name)).into());
    };
    context.release.clone().joined_with(&kept)?;
    Ok(Verdict::Passed(path.to_string()))
}

fn passed(name: &PackageName, target: &Target) -> Verdict {
    let ours = ours(name, target).filter(|(file, _)| FileName::parse(file).is_ok()).count();
    Verdict::Passed(format!("{ours} wheels and sdists with their hashes"))
}

/// The files of a package that were published there.
fn ours<'a>(name: &'a PackageName, target: &'a Target) -> impl Iterator<Item = (&'a str, &'a Sha256)> {
    let of_package = target.files.iter().filter(move |file| file.package.as_ref() == Some(name));
    of_package.map(|file| (file.path.file_name(), &file.sha256))
}

/// The files of the release that were not published there as they were built.
fn unpublished(release: &Release, name: &PackageName, target: &Target) -> Vec<String> {
    let of_package = release.artifacts.iter().flatten().filter(|artifact| artifact.package == *name);
    let wrong = of_package.filter_map(|artifact| {
        let file = artifact.path.file_name();
        match ours(name, target).find(|(published, _)| *published == file) {
            None => Some(format!("`{file}` was not published there")),
            Some((_, published)) if *published != artifact.sha256 => Some(format!(
                "`{file}` was built with the SHA-256 {}, and published with {published}",
                artifact.sha256
            )),
            Some(_) => None,
        }
    });
    wrong.collect()
}

impl Found {
    /// Compares the bytes of the files where they lie.
    fn hold(
        &mut self,
        name: &PackageName,
        target: &Target,
        digest: impl Fn(&str) -> Result<Option<Sha256>>,
    ) -> Result<()> {
        for (file, published) in ours(name, target) {
            match digest(file)? {
                None => self.wrong.push(format!("`{file}` is missing there")),
                Some(there) => self.compare(file, &there, published),
            }
        }
        Ok(())
    }

    /// Looks for what must not be there.
    fn list(&mut self, release: &Release, name: &PackageName, target: &Target, listed: &[Listed]) {
        for file in listed.iter().filter(|file| file.version == release.version.current) {
            self.judge(name, target, &file.file_name, file.yanked.as_deref());
        }
    }

    /// Compares what the pages say.
    fn serve(&mut self, release: &Release, name: &PackageName, target: &Target, door: &Door) -> Result<()> {
        let served = door.files(name);
        for (file, published) in ours(name, target) {
            match served.iter().find(|one| one.file_name == file) {
                None => self.absent.push(format!("`{file}` is not listed")),
                Some(one) => self.compare(file, &door.served.digest(one)?, published),
            }
        }
        for file in served.iter().filter(|file| file.version.as_ref() == Some(&release.version.current)) {
            self.judge(name, target, &file.file_name, file.yanked.as_deref());
        }
        Ok(())
    }

    fn compare(&mut self, file: &str, there: &Sha256, published: &Sha256) {
        if there != published {
            self.wrong.push(format!(
                "`{file}` has the SHA-256 {there} there, and `distribute` published {published}"
            ));
        }
    }

    fn hint(&self, name: &PackageName, target: &Target) -> String {
        match target.kind {
            _ if self.is_yanked => {
                "release another version; `rollback --unyank` offers this one again".to_owned()
            }
            _ if self.is_foreign => {
                "find out who has put it there, and remove it: people may get it in place of what was released".to_owned()
            }
            Kind::Server => "find out who has changed it there, and yank what people must not get".to_owned(),
            _ => format!("run `distribute --to {} --package {name}` again", target.name),
        }
    }

    fn judge(&mut self, name: &PackageName, target: &Target, file: &str, yanked: Option<&str>) {
        if let Some(reason) = yanked {
            let reason = if reason.is_empty() { "without a reason" } else { reason };
            self.is_yanked = true;
            self.wrong.push(format!("`{file}` is yanked: {}", reason.escape_debug()));
        }
        if !ours(name, target).any(|(own, _)| own == file) {
            self.is_foreign = true;
            self.wrong.push(format!("`{}` is no file of this release", file.escape_debug()));
        }
    }
}
