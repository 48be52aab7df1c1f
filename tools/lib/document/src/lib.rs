//! What flows between the tools: the release document, its types and its errors; no input or output.
//!
//! One JSON object describes one release. `bump-version` makes it, every later tool fills in the section
//! that it owns, and `rollback` reads it backwards. [`Release`] is the whole; its fields name their owners.

mod cut;
mod failure;
mod joined;
mod level;
mod names;
mod release;
mod sections;
mod spelling;
mod text;
mod version;

pub use failure::{Exit, Failure};
pub use level::{Level, Part, Series};
pub use names::{CommitId, PackageName, ProjectPath, PythonVersion, Sha256, Sha512};
pub use release::{FORMAT, Missing, Promise, Release};
pub use sections::{
    Announcement, Artifact, ArtifactKind, Change, Check, CheckOutcome, ChecksumAlgorithm, ChecksumFile,
    Checksums, Commit, Edit, Expected, Fate, Notes, NotesEdit, Package, Platform, Project, Publication,
    PublishedFile, Signature, Tag, VersionStep, Withdrawal,
};
pub use spelling::Spelling;
pub use version::Version;
