//! The sections of the release document: what each tool writes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CommitId, Level, PackageName, ProjectPath, PythonVersion, Sha256, Sha512, Version};

/// Where the release starts: the project and the state of its git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Project {
    /// The project's name, as in `[project] name` of release.toml or the only package's name.
    pub name: String,
    /// The commit that the release was started from.
    pub base: CommitId,
    /// The branch that was checked out; `null` on a detached head.
    pub branch: Option<String>,
    /// The git remote that branch and tag go to; `null` when there is none.
    pub remote: Option<String>,
}

/// The step from one version to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct VersionStep {
    /// The highest version released before on this line of history, before a release the highest that is no
    /// pre-release; `null` for the first release.
    pub previous: Option<Version>,
    /// The git tag of `previous`; `null` for the first release.
    pub previous_tag: Option<String>,
    /// The version of this release.
    pub current: Version,
    /// The git tag of this release, as the project's pattern spells it.
    pub tag: String,
    /// What was asked for.
    pub level: Level,
    /// The date of the release in UTC, `YYYY-MM-DD` (ISO 8601).
    #[cfg_attr(test, schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub date: String,
}

/// One distribution package of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Package {
    /// The normalised name (PEP 503).
    pub name: PackageName,
    /// The folder with its pyproject.toml; `null` for the project's root.
    pub path: Option<ProjectPath>,
    /// The version that is released.
    pub version: Version,
    /// The folder that its wheels and sdists are put into.
    pub dist: ProjectPath,
    /// The [[variant]] of release.toml that makes it from the tree of another package; `null` for a package as it stands.
    pub variant: Option<String>,
}

/// One file that `bump-version` changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Edit {
    /// The file.
    pub path: ProjectPath,
    /// The digest of the file before the change.
    pub before: Sha256,
    /// The digest of the file after the change.
    pub after: Sha256,
    /// What changed in it, in the order of the lines.
    pub changes: Vec<Change>,
}

/// One place in a file that carries the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// The line, counted from 1.
    pub line: usize,
    /// What stands there: `version`, `__version__`, `pin of NAME`, …
    pub what: String,
    /// The text before.
    pub from: String,
    /// The text after.
    pub to: String,
}

/// What changed, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Notes {
    /// The notes in Markdown, without the heading that names the version.
    pub body: String,
    /// The changelog file's change; `null` when the project keeps no changelog file.
    pub edit: Option<NotesEdit>,
}

/// The change of the changelog file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotesEdit {
    /// The changelog file.
    pub path: ProjectPath,
    /// The digest of the file before the change; `null` when it was made.
    pub before: Option<Sha256>,
    /// The digest of the file after the change.
    pub after: Sha256,
}

/// The commit that carries the version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Commit {
    /// The commit.
    pub id: CommitId,
    /// The commit that it was made on; the commit itself when the tree carried the version already.
    pub parent: CommitId,
    /// Its whole message.
    pub message: String,
    /// The committed files, sorted; empty when the tree carried the version already.
    pub files: Vec<ProjectPath>,
}

/// One file that the build of a release is to give: an entry of the matrix of packages, Pythons and platforms.
///
/// A wheel that serves several Pythons, or any platform, keeps each promise that it fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expected {
    /// The name of the entry, for `build-wheels --only`.
    pub id: String,
    /// The package that the file distributes.
    pub package: PackageName,
    /// Wheel or sdist.
    pub kind: ArtifactKind,
    /// The version of Python that the wheel is for; `null` for an sdist, and where release.toml names none.
    pub python: Option<PythonVersion>,
    /// The platform that the wheel is for; `null` for an sdist, and where release.toml names none.
    pub platform: Option<Platform>,
}

/// A platform that wheels are built on and for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Platform {
    /// Its name in release.toml.
    pub name: String,
    /// The platform tags that a wheel for it may have (PEP 425), with `*` for any text.
    pub tags: Vec<String>,
}

/// One built file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Artifact {
    /// The file.
    pub path: ProjectPath,
    /// The package that it distributes.
    pub package: PackageName,
    /// Wheel or sdist.
    pub kind: ArtifactKind,
    /// The size in bytes.
    pub size: u64,
    /// The digest of the file as it was built.
    pub sha256: Sha256,
}

/// The kind of a distribution file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ArtifactKind {
    /// A built distribution (PEP 427).
    Wheel,
    /// A source distribution (PEP 625).
    Sdist,
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The check's name.
    pub name: String,
    /// How it ended; a failed check leaves no document.
    pub outcome: CheckOutcome,
    /// What was found, or why it was skipped.
    pub detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CheckOutcome {
    /// What was checked is right.
    Passed,
    /// It was not checked, for the reason that `detail` gives.
    Skipped,
    /// It is not as it should be, and does not stop the release.
    Warned,
}

/// The second digest of each artifact, and the files that list the digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Checksums {
    /// The SHA-512 digest of each artifact, by path.
    pub sha512: BTreeMap<ProjectPath, Sha512>,
    /// The files that list the digests, sorted by path.
    pub files: Vec<ChecksumFile>,
}

/// A file that lists digests in the form of `sha256sum` and `sha512sum`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChecksumFile {
    /// The file.
    pub path: ProjectPath,
    /// The algorithm of the digests in it.
    pub algorithm: ChecksumAlgorithm,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of the file itself.
    pub sha256: Sha256,
}

/// The algorithm of a checksum file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ChecksumAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// A detached signature. The signature differs each time it is made, so the document names the key that
/// verifies it, and no digest of the signature.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Signature {
    /// The signed file.
    pub path: ProjectPath,
    /// The file with the signature.
    pub signature: ProjectPath,
    /// The minisign public key that verifies it, in base64.
    pub public_key: String,
}

/// The tag of the release, made here and pushed together with the branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tag {
    /// The name.
    pub name: String,
    /// The annotated tag object.
    pub object: CommitId,
    /// The commit that it points at.
    pub commit: CommitId,
    /// The remote that it was pushed to.
    pub remote: String,
    /// The branch that was pushed in the same transaction; `null` on a detached head.
    pub branch: Option<String>,
}

/// What one target holds of this release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Publication {
    /// The target's name in release.toml.
    pub target: String,
    /// The target's kind: `directory`, `s3`, `gcs`, `azure`, `pypi` or `github`.
    pub kind: String,
    /// Where it is: for a directory its path, as release.toml has it, else `KIND://` with the bucket and its prefix, the
    /// name of the index, or the repository; what else is needed to find it stands behind a `?`.
    pub location: String,
    /// Where people find it: for an index the URL of its `simple/`, for a release at GitHub its page; `null` for a folder
    /// that no server has been named for.
    pub url: Option<String>,
    /// The published files, sorted by path.
    pub files: Vec<PublishedFile>,
}

/// One file on a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PublishedFile {
    /// Where it is below the target's location, with `/` between the parts.
    pub path: ProjectPath,
    /// The package that it belongs to; `null` for what belongs to the release as a whole, as a list of checksums.
    pub package: Option<PackageName>,
    /// The digest of the published bytes.
    pub sha256: Sha256,
}

/// One message that was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Announcement {
    /// The announcement's name in release.toml.
    pub name: String,
    /// The subject line.
    pub subject: String,
}

/// One thing that was taken back, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Withdrawal {
    /// What it is about.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
    /// How, or why not.
    pub detail: String,
}

/// What became of something that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Fate {
    /// It is taken back.
    Withdrawn,
    /// It was not there any more, or never was.
    Absent,
    /// It cannot be taken back.
    Kept,
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ArtifactKind::Wheel => "wheel",
            ArtifactKind::Sdist => "sdist",
        })
    }
}
