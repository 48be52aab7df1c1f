//! What is published: the files that keep one promise of the release, found to be as they were built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use distribution::door::{self, Problem, Subject};
use distribution::wheel::Wheel;
use distribution::{Metadata, sdist};
use document::{ArtifactKind, PackageName, ProjectPath, Promise, Release, Sha256, Signature, Version};
use project::Project;

use crate::requirement::Requirement;

/// The files that keep one promise: one sdist, or the wheels of one package.
#[derive(Debug)]
pub struct Parcel {
    /// The package.
    pub package: PackageName,
    /// The version that is released.
    pub version: Version,
    /// The promised file name, with `*` for a wheel's tags.
    pub pattern: String,
    /// The files; none while they are not built, in a dry run.
    pub files: Vec<File>,
    /// What the package requires.
    pub requires: Vec<Requirement>,
}

/// One wheel or sdist.
#[derive(Debug)]
pub struct File {
    /// Where it lies in the project.
    pub path: ProjectPath,
    /// Where it lies on the disk.
    pub source: PathBuf,
    /// Its digest as it was built.
    pub sha256: Sha256,
    /// Where its signature lies on the disk.
    pub signature: Option<PathBuf>,
    /// The public key that verifies it.
    pub signer: Option<String>,
}

impl File {
    /// The name that it is published under.
    pub fn name(&self) -> &str {
        self.path.file_name()
    }

    /// The name that its signature is published under.
    pub fn signature_name(&self) -> Option<String> {
        self.signature.as_ref().map(|_| format!("{}.minisig", self.name()))
    }
}

/// Packs the promises of the packages; every file and every signature of the release is checked on the way.
pub fn pack(project: &Project, release: &Release, packages: &[PackageName]) -> Result<Vec<Parcel>> {
    check(&project.root, release)?;
    let mut parcels = Vec::new();
    let mut built = files(&project.root, release);
    for promise in release.promises().into_iter().filter(|promise| packages.contains(&promise.package)) {
        let files = built.remove(&promise).unwrap_or_default();
        let requires = match files.first() {
            Some(first) => requires(&first.source, promise.kind)?,
            None => crate::order::declared(project, &promise.package)?,
        };
        let pattern = promise.pattern.rsplit('/').next().unwrap_or_default().to_owned();
        let version = release.version.current.clone();
        parcels.push(Parcel { package: promise.package, version, pattern, files, requires });
    }
    Ok(parcels)
}

/// The files of a release by the promise that they keep.
fn files(root: &Path, release: &Release) -> BTreeMap<Promise, Vec<File>> {
    let signatures: BTreeMap<&ProjectPath, &Signature> =
        release.signatures.iter().flatten().map(|signature| (&signature.path, signature)).collect();
    let mut files: BTreeMap<Promise, Vec<File>> = BTreeMap::new();
    for artifact in release.artifacts.iter().flatten() {
        let signature = signatures.get(&artifact.path);
        let file = File {
            path: artifact.path.clone(),
            source: artifact.path.under(root),
            sha256: artifact.sha256.clone(),
            signature: signature.map(|signature| signature.signature.under(root)),
            signer: signature.map(|signature| signature.public_key.clone()),
        };
        files.entry(artifact.promise(&release.version.current)).or_default().push(file);
    }
    files
}

fn requires(source: &Path, kind: ArtifactKind) -> Result<Vec<Requirement>> {
    let metadata = match kind {
        ArtifactKind::Wheel => Wheel::open(source)?.metadata()?,
        ArtifactKind::Sdist => sdist::metadata(source)?,
    };
    Ok(requirements(&metadata))
}

/// The requirements of some core metadata.
pub fn requirements(metadata: &Metadata) -> Vec<Requirement> {
    metadata.requires_dist.iter().filter_map(|text| Requirement::parse(text)).collect()
}

/// Door: every artifact is as it was built, and every signature is there.
fn check(root: &Path, release: &Release) -> Result<()> {
    let subjects: Vec<Subject> = release.artifacts.iter().flatten().map(Subject::from).collect();
    let problems = door::problems(root, &subjects);
    if !problems.is_empty() {
        let hint = "run `build-wheels` again, and the tools after it";
        return Err(door::refusal("publish", &problems).hint(hint).into());
    }
    let signatures = release.signatures.iter().flatten();
    let absent = signatures.filter(|signature| !door::is_file(&signature.signature.under(root)));
    let problem = |signature: &Signature| {
        Problem::new(&signature.path, format!("its signature `{}` is not there", signature.signature))
    };
    let problems: Vec<Problem> = absent.map(problem).collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(door::refusal("publish", &problems).hint("run `sign` again").into())
}
