//! An index in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::{PackageName, PublishedFile, Version};
use filter::{Outcome, Stage, Step};
use index::{Index, Listing};
use project::{Project, TargetSettings};

use super::own::{self, Action};
use super::{Part, Place, Site};
use crate::beside;
use crate::parcel::{File, Parcel};
use crate::shipment::Shipment;

/// The folder, with the URL that people install from where release.toml has one.
#[derive(Debug)]
pub struct Directory {
    site: Site,
    root: PathBuf,
    url: Option<String>,
    packages: Vec<PackageName>,
    steps: Vec<Step<Action>>,
}

impl Directory {
    /// The folder of a target; a relative one is below the project's root.
    pub fn of(project: &Project, target: &TargetSettings, site: Site) -> Self {
        let root = project.root.join(&site.location);
        Self { site, root, url: target.url.clone(), packages: Vec::new(), steps: Vec::new() }
    }
}

impl Place for Directory {
    fn site(&self) -> &Site {
        &self.site
    }

    fn versions(&self, package: &PackageName) -> Result<Option<Vec<Version>>> {
        Index::read(&self.root).versions(package).map(Some)
    }

    fn url(&self) -> Option<String> {
        self.url.as_deref().map(index::simple_url)
    }

    fn files(&self, shipment: &Shipment) -> Result<Vec<PublishedFile>> {
        shipment.in_index()
    }

    fn plan(&mut self, shipment: &Shipment) -> Result<()> {
        let listing = Index::read(&self.root);
        let held = shipment
            .parcels
            .iter()
            .map(|parcel| holds(&listing, parcel, &self.site.name))
            .collect::<Result<Vec<_>>>()?;
        let has_current_pages = || listing.has_current_pages(&shipment.names());
        let coming: Vec<&str> = shipment.files().map(|(_, file)| file.name()).collect();
        let present = listing.survey(&shipment.names(), &coming)?;
        own::refuse_unready(shipment, &self.site.name, present)?;
        let release = &shipment.document;
        let kept = listing.document(&release.project.name, &release.version.tag)?;
        self.packages = shipment.names();
        self.steps = own::steps(shipment, &self.site.name, kept, held, has_current_pages)?;
        Ok(())
    }

    fn has_work(&self) -> bool {
        own::has_work(&self.steps)
    }

    fn check_access(&self) -> Result<()> {
        Index::read(&self.root).check_access(&self.packages)
    }

    fn carry_out(&self, part: Part, shipment: &Shipment, stage: &Stage) -> Result<()> {
        if part != Part::Files {
            return Ok(());
        }
        // The index is opened only where something is done, for that makes a lock file.
        if !self.has_work() || stage.is_dry_run() {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        }
        let mut index = Index::open(&self.root)?;
        stage.perform(&self.steps, |action| match action {
            Action::KeepDocument { .. } => index.put_document(&shipment.document).map(|_| Outcome::Done),
            Action::Publish { at, .. } => publish(&mut index, &shipment.parcels[*at]).map(Outcome::Noted),
            Action::WritePages { .. } => {
                // Also those of packages whose files are all there: a killed run may have left them unwritten.
                shipment.names().iter().for_each(|package| index.touch(package));
                index.write_pages().map(|_| Outcome::Done)
            }
        })
    }

    fn advice(&self, shipment: &Shipment) -> Result<Vec<String>> {
        let root = self.root.canonicalize();
        let root = root.with_context(|| format!("cannot open `{}`", self.root.display()))?;
        let url = self.url().unwrap_or_else(|| file_url(&root.join("simple")));
        crate::advice::lines(&Index::read(&root), &url, &self.site.name, shipment)
    }

    fn rebuild(&mut self, stage: &Stage) -> Result<()> {
        own::rebuild(&self.site.name, stage, || {
            let mut index = Index::open(&self.root)?;
            index.packages()?.iter().for_each(|package| index.touch(package));
            index.write_pages()
        })
    }
}

/// Says whether every file of a parcel is there with its signature.
fn holds(listing: &Listing, parcel: &Parcel, place: &str) -> Result<bool> {
    let package = &parcel.package;
    let has = |file: &File| listing.has(package, file.name(), &file.sha256);
    beside::holds(parcel, place, has, |name| listing.side_file(package, name))
}

fn publish(index: &mut Index, parcel: &Parcel) -> Result<String> {
    let package = &parcel.package;
    let mut done = Vec::new();
    for file in &parcel.files {
        let File { source, sha256, .. } = file;
        let publish = |index: &mut Index| -> Result<()> {
            index.add(package, source, file.name(), sha256)?;
            if let (Some(from), Some(name)) = (&file.signature, file.signature_name()) {
                // One that is there was found to verify the same bytes.
                index.add_side_file(package, from, &name)?;
            }
            Ok(())
        };
        publish(index).with_context(|| format!("cannot publish `{}`", file.path))?;
        let signed = if file.signature.is_some() { "with its signature" } else { "without a signature" };
        done.push(format!("{} {signed}", file.name()));
    }
    Ok(done.join(", "))
}

/// The URL of a folder (RFC 8089), with `/` at its end.
fn file_url(folder: &Path) -> String {
    let mut url = "file://".to_owned();
    for part in folder.iter().map(|part| part.to_string_lossy()).filter(|part| part != "/") {
        url.push('/');
        for byte in part.bytes() {
            match byte {
                b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => url.push(char::from(b)),
                b => url.push_str(&format!("%{b:02X}")),
            }
        }
    }
    url + "/"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_spaces_has_a_url() {
        assert_eq!(file_url(Path::new("/a b/ä/simple")), "file:///a%20b/%C3%A4/simple/");
    }
}
