//! Both digests of every artifact, from one read of each.

use std::path::Path;

use distribution::door::{Problem, Subject};
use document::{Artifact, Sha256, Sha512};
use rayon::prelude::*;

/// The digests of an artifact that is as it was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Sha256,
    /// SHA-512.
    pub sha512: Sha512,
}

/// Reads the artifacts in parallel, each once; returns their digests in the same order.
pub fn digests(root: &Path, artifacts: &[Artifact]) -> Vec<Result<Digests, Problem>> {
    let read = |artifact: &Artifact| {
        let (sha256, sha512, _) = Subject::from(artifact).read(root, distribution::digests)?;
        Ok(Digests { sha256, sha512 })
    };
    artifacts.par_iter().map(read).collect()
}
