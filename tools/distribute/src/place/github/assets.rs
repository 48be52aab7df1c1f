//! The files of a release at GitHub: what hangs on it, and under which name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use distribution::door::{self, Subject};
use document::{Failure, PackageName, ProjectPath, Sha256};
use github::{NewAsset, asset_name};

use super::source::Source;
use crate::shipment::Shipment;

/// The name of the release document.
pub const DOCUMENT: &str = "release.json";

/// The most that GitHub takes: assets of a release, and bytes of one.
const MOST: usize = 1000;
const LARGEST: u64 = 2 << 30;

/// What the lists of digests are called in a plan.
const CHECKSUMS: &str = "the lists of checksums";

/// One file, with the package that it belongs to.
#[derive(Debug)]
pub struct Load {
    /// What it is part of in a plan.
    pub group: String,
    /// The file.
    pub asset: NewAsset,
    /// The package; `None` for what belongs to all of them.
    pub package: Option<PackageName>,
}

/// A file before it has its name.
struct Found {
    group: String,
    path: ProjectPath,
    source: PathBuf,
    size: u64,
    sha256: Sha256,
    package: Option<PackageName>,
}

/// The wheels and sdists, the files with their digests, the signatures of both, and the sources; sorted by name.
pub fn loads(shipment: &Shipment, source: &Source) -> Result<Vec<Load>> {
    let mut found = files(shipment)?;
    found.extend(checksum_files(shipment)?);
    let names = names(found.iter().map(|found| &found.path));
    let mut loads: Vec<Load> = found.into_iter().zip(names).map(|(found, name)| load(found, &name)).collect();
    let asset = NewAsset {
        name: source.name.clone(),
        label: None,
        source: source.file.path().to_path_buf(),
        size: source.size,
        sha256: source.sha256.clone(),
    };
    loads.push(Load { group: source.name.clone(), asset, package: None });
    loads.sort_by(|a, b| a.asset.name.cmp(&b.asset.name));
    Ok(loads)
}

/// What a plan speaks of, whether the files of it are there yet or not; the release document comes first.
pub fn groups(shipment: &Shipment) -> Vec<String> {
    let patterns = shipment.parcels.iter().map(|parcel| parcel.pattern.clone());
    let first = std::iter::once(DOCUMENT.to_owned());
    first.chain(patterns).chain([CHECKSUMS.to_owned(), super::source::name(shipment)]).collect()
}

/// Refuses what GitHub would not take, before anything is written anywhere.
pub fn check(loads: &[Load], target: &str) -> Result<(), Failure> {
    let wrong =
        |why: &str, hint: &str| Err(Failure::new(format!("cannot publish to `{target}`: {why}")).hint(hint));
    // The release document is one more.
    if loads.len() + 1 > MOST {
        let why = format!("the release has {} files, and GitHub takes {MOST}", loads.len() + 1);
        return wrong(&why, "publish packages in releases of their own (`versioning = \"apart\"`)");
    }
    let mut names = BTreeSet::from([DOCUMENT]);
    for Load { asset, .. } in loads {
        if !names.insert(&asset.name) {
            let why = format!("two files would have the name `{}` there", asset.name);
            return wrong(&why, "build them into folders of different names");
        }
        if asset.size >= LARGEST {
            let size = asset.size;
            let why = format!("`{}` has {size} bytes, and GitHub takes less than {LARGEST}", asset.name);
            return wrong(&why, "make it smaller, or leave this target out with `--to`");
        }
        if asset.size == 0 {
            return wrong(
                &format!("`{}` is empty, which GitHub does not take", asset.name),
                "build it again",
            );
        }
    }
    Ok(())
}

fn files(shipment: &Shipment) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let signatures = shipment.document.signatures.as_deref().unwrap_or_default();
    for (parcel, file) in shipment.files() {
        let package = Some(parcel.package.clone());
        let (path, source) = (file.path.clone(), file.source.clone());
        let (sha256, size) = (file.sha256.clone(), source.metadata()?.len());
        let group = parcel.pattern.clone();
        found.push(Found { group, path, source, size, sha256, package: package.clone() });
        for signature in signatures.iter().filter(|signature| signature.path == file.path) {
            let signature = signature_file(shipment, &signature.signature, package.clone())?;
            found.push(Found { group: parcel.pattern.clone(), ..signature });
        }
    }
    Ok(found)
}

fn checksum_files(shipment: &Shipment) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let root = &shipment.project.root;
    let signatures = shipment.document.signatures.as_deref().unwrap_or_default();
    let all = shipment.document.checksums.iter().flat_map(|checksums| &checksums.files);
    let subjects: Vec<Subject> = all.map(Subject::from).collect();
    let problems = door::problems(root, &subjects);
    if !problems.is_empty() {
        let hint = "run `checksum` again, and the tools after it";
        return Err(door::refusal("publish", &problems).hint(hint).into());
    }
    for Subject { path, size, sha256, .. } in subjects {
        for signature in signatures.iter().filter(|signature| signature.path == path) {
            found.push(signature_file(shipment, &signature.signature, None)?);
        }
        let group = CHECKSUMS.to_owned();
        found.push(Found { group, source: path.under(root), path, size, sha256, package: None });
    }
    Ok(found)
}

fn signature_file(shipment: &Shipment, path: &ProjectPath, package: Option<PackageName>) -> Result<Found> {
    let source = path.under(&shipment.project.root);
    let (sha256, size) = distribution::digest(&source)?;
    let group = CHECKSUMS.to_owned();
    Ok(Found { group, path: path.clone(), source, size, sha256, package })
}

/// The names that files are known by: their own, with their folder before it where several have the same.
fn names<'a>(paths: impl Iterator<Item = &'a ProjectPath> + Clone) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths.clone() {
        *counts.entry(path.file_name()).or_default() += 1;
    }
    let name = |path: &ProjectPath| match counts.get(path.file_name()) {
        Some(1) => path.file_name().to_owned(),
        _ => path.as_str().replace('/', "-"),
    };
    paths.map(name).collect()
}

fn load(found: Found, file_name: &str) -> Load {
    let Found { group, source, size, sha256, package, .. } = found;
    let name = asset_name(file_name);
    let label = (name != file_name).then(|| file_name.to_owned());
    Load { group, asset: NewAsset { name, label, source, size, sha256 }, package }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_get_their_folder_before_it() {
        let paths = ["core/dist/SHA256SUMS", "cdk/dist/SHA256SUMS", "core/dist/a-1.0.tar.gz"];
        let paths = paths.map(|path| path.parse::<ProjectPath>().unwrap());
        assert_eq!(names(paths.iter()), ["core-dist-SHA256SUMS", "cdk-dist-SHA256SUMS", "a-1.0.tar.gz"]);
    }

    #[test]
    fn what_github_does_not_take_is_refused() {
        let load = |name: &str, size: u64| Load {
            group: name.to_owned(),
            asset: NewAsset {
                name: name.to_owned(),
                label: None,
                source: PathBuf::new(),
                size,
                sha256: Sha256::from_bytes(&[0; 32]),
            },
            package: None,
        };
        let said = |loads: &[Load]| check(loads, "github").unwrap_err().to_string();
        assert!(check(&[load("a", 1), load("b", LARGEST - 1)], "github").is_ok());
        assert!(said(&[load("a", 1), load("a", 1)]).contains("two files would have the name `a`"));
        assert!(said(&[load(DOCUMENT, 1)]).contains("two files would have the name `release.json`"));
        assert!(said(&[load("a", LARGEST)]).contains("`a` has 2147483648 bytes"));
        assert!(said(&[load("a", 0)]).contains("`a` is empty"));
        let many: Vec<Load> = (0..MOST).map(|at| load(&at.to_string(), 1)).collect();
        assert!(said(&many).contains("the release has 1001 files, and GitHub takes 1000"));
    }
}
