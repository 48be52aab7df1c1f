//! The stages of a release, in order. This is the only such list.

/// The tools as a release meets them. The orchestrator hands each the document of the one before.
pub const STAGES: [&str; 10] = [
    // The source: decides on the version and writes it into every place, before anything else can look at it.
    "bump-version",
    // Needs the version for its heading, and is part of the commit.
    "changelog",
    // Ends what may change the tree: everything after works on this commit.
    "commit-release",
    // Builds that commit, and never the tree.
    "build-wheels",
    // Everything that can fail on this machine fails here, before anything is public.
    "validate",
    // Covers what was validated.
    "checksum",
    // Covers the checksum files too.
    "sign",
    // The first public step: branch and tag, both or neither.
    "tag-release",
    // Files go out when the tag can be seen; what cannot be taken back goes last.
    "distribute",
    // People hear of it when they can install it.
    "announce",
];

/// The tool that takes a release back; it is no stage of one.
pub const ROLLBACK: &str = "rollback";
