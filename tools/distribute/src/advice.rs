//! How to install what was published, without a door for packages of the same name from elsewhere.

use std::collections::BTreeSet;

use anyhow::Result;
use distribution::Metadata;
use document::{PackageName, Version};
use index::{Bucket, Listed, Listing};

use crate::parcel::requirements;
use crate::shipment::Shipment;

/// Why the option that everybody knows is not printed.
const WARNING: &str = "`--extra-index-url` is not offered: with it, whoever registers one of these names on \
                       the public index wins (dependency confusion)";

/// An index that can be asked what it holds.
pub trait Catalogue {
    /// Says whether a package has a file.
    fn has(&self, package: &PackageName) -> Result<bool>;
    /// The files of a package, sorted by version.
    fn files(&self, package: &PackageName) -> Result<Vec<Listed>>;
    /// The metadata beside a wheel.
    fn metadata(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>>;
}

impl Catalogue for Listing {
    fn has(&self, package: &PackageName) -> Result<bool> {
        self.has_package(package)
    }

    fn files(&self, package: &PackageName) -> Result<Vec<Listed>> {
        self.files(package)
    }

    fn metadata(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>> {
        self.side_file(package, &format!("{file_name}.metadata"))
    }
}

impl Catalogue for Bucket {
    fn has(&self, package: &PackageName) -> Result<bool> {
        self.has_package(package)
    }

    fn files(&self, package: &PackageName) -> Result<Vec<Listed>> {
        self.files(package)
    }

    fn metadata(&self, package: &PackageName, file_name: &str) -> Result<Option<Vec<u8>>> {
        self.metadata(package, file_name)
    }
}

/// What a package needs, as far as the index knows it.
#[derive(Default)]
struct Needs {
    /// The packages of the index that it requires, and itself.
    inside: BTreeSet<PackageName>,
    /// It requires something that is not in the index.
    beyond: bool,
}

/// Returns the lines for people: commands where the index holds all that is needed, else settings for uv.
pub fn lines(listing: &dyn Catalogue, url: &str, target: &str, shipment: &Shipment) -> Result<Vec<String>> {
    let version = &shipment.document.version.current;
    let (mut complete, mut wanted, mut partial) = (Vec::new(), Vec::new(), BTreeSet::new());
    for package in shipment.names() {
        let mut needs = Needs::default();
        collect(listing, &package, &mut needs)?;
        if needs.inside.is_empty() {
            continue;
        }
        if needs.beyond {
            partial.extend(needs.inside);
        } else {
            wanted.push(asked(listing, &package, version)?);
            complete.push(package.to_string());
        }
    }
    let mut lines = Vec::new();
    if !complete.is_empty() {
        let names = wanted.join(" ");
        lines.push(format!("install with uv: uv pip install --default-index {url} {names}"));
        lines.push(format!("install with pip: pip install --index-url {url} {names}"));
        lines.push(files(url, &complete, version));
    }
    if !partial.is_empty() {
        lines.push(settings(url, target, &partial));
    }
    if !lines.is_empty() {
        lines.push(WARNING.to_owned());
    }
    Ok(lines)
}

/// The lines for a server that cannot be asked what it holds: what the packages require may be elsewhere.
pub fn of_server(url: &str, target: &str, packages: &[PackageName]) -> Vec<String> {
    let names: Vec<&str> = packages.iter().map(PackageName::as_str).collect();
    vec![
        settings(url, target, &packages.iter().cloned().collect()),
        format!(
            "install with pip, where all that is required is there too: pip install --index-url {url} {}",
            names.join(" ")
        ),
        WARNING.to_owned(),
    ]
}

/// What stands in files where people do not type commands. pip takes everything from the index that it is told.
fn files(url: &str, packages: &[String], version: &Version) -> String {
    let pinned: String = packages.iter().map(|name| format!("\n    {name}=={version}")).collect();
    format!(
        "in files, where all that is installed is there: a requirements file, or pip.conf\n\
        \n    --index-url {url}{pinned}\n\
        \n    [global]\n    index-url = {url}\n"
    )
}

/// uv applies a source to requirements that the project names itself, so all of them are named.
fn settings(url: &str, target: &str, packages: &BTreeSet<PackageName>) -> String {
    let sources: String =
        packages.iter().map(|name| format!("\n    {name} = {{ index = \"{target}\" }}")).collect();
    let names: Vec<&str> = packages.iter().map(PackageName::as_str).collect();
    format!(
        "install with uv, requirements from elsewhere included: name {} in `dependencies`, and write in pyproject.toml\n\
        \n    [[tool.uv.index]]\n    name = \"{target}\"\n    url = \"{url}\"\n    explicit = true\n\
        \n    [tool.uv.sources]{sources}\n",
        names.join(" and ")
    )
}

/// What to ask for: the name, and the version too where an installer takes another one for it, as the final release
/// in place of a candidate.
fn asked(listing: &dyn Catalogue, package: &PackageName, version: &Version) -> Result<String> {
    let files = listing.files(package)?;
    let kept = || files.iter().filter(|file| file.yanked.is_none()).map(|file| &file.version);
    let taken = kept().filter(|version| !version.is_prerelease()).max().or_else(|| kept().max());
    Ok(if taken == Some(version) { package.to_string() } else { format!("'{package}=={version}'") })
}

fn collect(listing: &dyn Catalogue, package: &PackageName, needs: &mut Needs) -> Result<()> {
    if needs.inside.contains(package) {
        return Ok(());
    }
    if !listing.has(package)? {
        needs.beyond = true;
        return Ok(());
    }
    needs.inside.insert(package.clone());
    let files = listing.files(package)?;
    let Some(newest) = files.iter().rev().find(|file| file.metadata.is_some()) else {
        // Only an sdist: what it requires is known after its build.
        needs.beyond = true;
        return Ok(());
    };
    let bytes = listing.metadata(package, &newest.file_name)?.unwrap_or_default();
    for requirement in requirements(&Metadata::parse(&bytes)?) {
        if requirement.is_direct {
            needs.beyond = true;
        } else if !requirement.is_extra {
            collect(listing, &requirement.name, needs)?;
        }
    }
    Ok(())
}
