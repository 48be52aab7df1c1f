//! The members of the `.dist-info` folder that the metadata promise, or that a specification asks for.

use super::Wheel;
use crate::check::Code::{W026, W034};
use crate::{Metadata, Problem};

/// Words of which one stands in every SBOM of CycloneDX, SPDX or SWID, whichever form it is written in.
const SBOM_WORDS: [&[u8]; 5] = [b"CycloneDX", b"cyclonedx.org", b"spdxVersion", b"SPDX", b"SoftwareIdentity"];

/// Lists licence files that are missing (PEP 639).
pub(super) fn licences(wheel: &Wheel, metadata: &Metadata) -> Vec<Problem> {
    let mut found = Vec::new();
    for path in metadata.licence_files() {
        let member = format!("{}/licenses/{path}", wheel.dist_info());
        if !wheel.contains(&member) {
            found.push(W026.found(format!("`{member}`, a `License-File` of the metadata, is missing")));
        }
    }
    found
}

/// Lists what stands in the folder `sboms` and is no SBOM (PEP 770).
pub(super) fn sboms(wheel: &mut Wheel) -> Vec<Problem> {
    let folder = format!("{}/sboms/", wheel.dist_info());
    let members = wheel.layout.members.iter().map(|member| member.name.clone());
    let inside: Vec<String> =
        members.filter(|name| name.starts_with(&folder) && !name.ends_with('/')).collect();
    let mut found = Vec::new();
    for name in inside {
        match wheel.read(&name) {
            Ok(bytes) if is_sbom(&bytes) => {}
            Ok(_) => {
                found.push(W034.found(format!(
                    "`{name}` is no SBOM of CycloneDX, SPDX or SWID, and the folder is theirs"
                )))
            }
            Err(problem) => found.push(problem),
        }
    }
    found
}

fn is_sbom(bytes: &[u8]) -> bool {
    let holds = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    std::str::from_utf8(bytes).is_ok() && SBOM_WORDS.into_iter().any(holds)
}
