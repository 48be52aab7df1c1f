//! The release document as a whole: its sections, each with the tool that writes it, and what is missing.

use serde::{Deserialize, Serialize};

use crate::{
    Announcement, Artifact, ArtifactKind, Check, Checksums, Commit, Edit, Expected, Failure, Notes, Package,
    PackageName, Project, Publication, Signature, Tag, Version, VersionStep, Withdrawal,
};

/// The format that this build reads and writes. A newer one is refused by its number alone.
pub const FORMAT: u32 = 1;

/// One release, from the version that it carries to the places where it was published.
///
/// Every key is always printed: `null` says that the owner of the section has not run, an empty list that it
/// ran and had nothing to do. Lists are sorted and paths are relative to the project's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Release {
    /// The format of the document: 1. Required, and read before anything else.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    pub format: u32,
    /// True when the document describes what a dry run would do. Any tool that reads it makes a dry run too.
    pub dry_run: bool,
    /// Written by `bump-version`: where the release starts.
    pub project: Project,
    /// Written by `bump-version`: the step from the previous version to this one.
    pub version: VersionStep,
    /// Written by `bump-version`: the distribution packages that are released, sorted by name.
    pub packages: Vec<Package>,
    /// Written by `bump-version`: the files that carry the version, sorted by path.
    pub edits: Vec<Edit>,
    /// Written by `changelog`: what changed, for people.
    pub notes: Option<Notes>,
    /// Written by `commit-release`: the commit that carries the version.
    pub commit: Option<Commit>,
    /// Written by `build-wheels`: the files that the matrix of release.toml promises, sorted by name.
    pub expected: Option<Vec<Expected>>,
    /// Written by `build-wheels`: the wheels and sdists, sorted by path.
    pub artifacts: Option<Vec<Artifact>>,
    /// Written by `validate`: what was checked, sorted by name.
    pub checks: Option<Vec<Check>>,
    /// Written by `checksum`: the second digest of each artifact, and the files that list them.
    pub checksums: Option<Checksums>,
    /// Written by `sign`: the signature of each file, sorted by path.
    pub signatures: Option<Vec<Signature>>,
    /// Written by `tag-release`: the tag, made and pushed.
    pub tag: Option<Tag>,
    /// Written by `distribute`: where the files were published, sorted by target.
    pub publications: Option<Vec<Publication>>,
    /// Written by `announce`: who was told, sorted by name.
    pub announcements: Option<Vec<Announcement>>,
    /// Written by `rollback`: what was taken back, in the order in which it was.
    pub withdrawals: Option<Vec<Withdrawal>>,
}

/// A file that a release promises and that is not built yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Promise {
    /// The package.
    pub package: PackageName,
    /// Wheel or sdist.
    pub kind: ArtifactKind,
    /// The file's path; the tags of wheels are known only once they are built and read `*` here.
    pub pattern: String,
}

/// A section that a tool needs and that its owner has not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The section's key in the document.
    pub section: &'static str,
    /// The tool that writes it.
    pub written_by: &'static str,
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Failure {
        let Missing { section, written_by } = missing;
        Failure::document(format!(
            "cannot use the release document: `{section}` is null, `{written_by}` has not run"
        ))
        .hint(format!("run `{written_by}` first"))
    }
}

impl From<Missing> for anyhow::Error {
    fn from(missing: Missing) -> anyhow::Error {
        Failure::from(missing).into()
    }
}

impl Package {
    /// The file of that kind that a build of this package makes.
    pub fn promise(&self, kind: ArtifactKind) -> Promise {
        let tail = match kind {
            ArtifactKind::Wheel => "-*.whl",
            ArtifactKind::Sdist => ".tar.gz",
        };
        let pattern = format!("{}/{}-{}{tail}", self.dist, self.name.in_file_names(), self.version);
        Promise { package: self.name.clone(), kind, pattern }
    }

    /// The files that a build of this package makes where nothing else is said: wheels, and an sdist unless it is a
    /// variant, whose tree differs from the one that an sdist would hold.
    fn promises(&self) -> impl Iterator<Item = Promise> {
        let kinds = [ArtifactKind::Wheel, ArtifactKind::Sdist];
        let count = if self.variant.is_some() { 1 } else { 2 };
        kinds.into_iter().take(count).map(|kind| self.promise(kind))
    }
}

impl Artifact {
    /// The promise that this file keeps.
    pub fn promise(&self, version: &Version) -> Promise {
        let folder = self.path.parent().map(|p| format!("{p}/")).unwrap_or_default();
        let stem = format!("{folder}{}-{version}", self.package.in_file_names());
        let tail = if self.kind == ArtifactKind::Wheel { "-*.whl" } else { ".tar.gz" };
        Promise { package: self.package.clone(), kind: self.kind, pattern: format!("{stem}{tail}") }
    }
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident: $type:ty, $tool:literal) => {
        $(#[$doc])*
        pub fn $name(&self) -> Result<&$type, Missing> {
            self.$name.as_ref().ok_or(Missing { section: stringify!($name), written_by: $tool })
        }
    };
}

impl Release {
    section! {
        /// The notes, or the tool that is missing.
        notes: Notes, "changelog"
    }
    section! {
        /// The commit, or the tool that is missing.
        commit: Commit, "commit-release"
    }
    section! {
        /// The files that the matrix promises, or the tool that is missing.
        expected: Vec<Expected>, "build-wheels"
    }
    section! {
        /// The wheels and sdists, or the tool that is missing.
        artifacts: Vec<Artifact>, "build-wheels"
    }
    section! {
        /// The checks, or the tool that is missing.
        checks: Vec<Check>, "validate"
    }
    section! {
        /// The checksums, or the tool that is missing.
        checksums: Checksums, "checksum"
    }
    section! {
        /// The signatures, or the tool that is missing.
        signatures: Vec<Signature>, "sign"
    }
    section! {
        /// The tag, or the tool that is missing.
        tag: Tag, "tag-release"
    }
    section! {
        /// The publications, or the tool that is missing.
        publications: Vec<Publication>, "distribute"
    }

    /// The files that the release is made of, sorted: those that were built and those that a build will make.
    ///
    /// A plan speaks of promises, so that a dry run says the same words as the run that has the files. The wheels of
    /// one package are one promise, for only the build tells how many it takes.
    pub fn promises(&self) -> Vec<Promise> {
        let built = self.artifacts.iter().flatten().map(|a| a.promise(&self.version.current));
        let mut all: Vec<Promise> = built.collect();
        match &self.expected {
            Some(expected) => all.extend(
                expected
                    .iter()
                    .filter_map(|expected| Some(self.package(&expected.package)?.promise(expected.kind))),
            ),
            None if self.artifacts.is_none() => all.extend(self.packages.iter().flat_map(Package::promises)),
            None => {}
        }
        all.sort();
        all.dedup();
        all
    }

    /// The package of that name.
    pub fn package(&self, name: &PackageName) -> Option<&Package> {
        self.packages.iter().find(|package| &package.name == name)
    }
}
