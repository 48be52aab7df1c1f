//! What an index asks of core metadata beyond that they can be read.

use super::Metadata;
use crate::Problem;
use crate::check::Code::{M036, M037, M039, M040};

/// The longest summary and the longest label of a URL, in characters.
const SUMMARY_LIMIT: usize = 512;
const LABEL_LIMIT: usize = 32;

/// Lists what an index would refuse in the metadata of `member`.
pub(super) fn problems(metadata: &Metadata, member: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    if metadata.version.to_string().contains('+') {
        let version = &metadata.version;
        found.push(M036.found(format!("`{member}` has the local version {version}")));
    }
    for requirement in metadata.requires_dist.iter().filter(|requirement| is_direct(requirement)) {
        found.push(M037.found(format!("`{member}` requires `{requirement}` from a URL")));
    }
    let has = |header| metadata.get_all(header).iter().any(|value| !value.is_empty());
    if has("License") && has("License-Expression") {
        found.push(M039.found(format!("`{member}` has `License` and `License-Expression`")));
    }
    for length in metadata.get_all("Summary").iter().map(|summary| summary.chars().count()) {
        if length > SUMMARY_LIMIT {
            found.push(M040.found(format!(
                "`{member}` has a `Summary` of {length} characters, more than {SUMMARY_LIMIT}"
            )));
        }
    }
    for url in metadata.get_all("Project-URL") {
        match url.split_once(',') {
            None => found.push(M040.found(format!("`{member}`: the `Project-URL` `{url}` has no label"))),
            Some((label, _)) if label.trim().chars().count() > LABEL_LIMIT => {
                found.push(M040.found(format!(
                    "`{member}`: the label `{}` of a `Project-URL` is longer than {LABEL_LIMIT} characters",
                    label.trim()
                )))
            }
            Some(_) => {}
        }
    }
    found
}

/// Says whether a requirement is of the form `name[extras] @ URL` (PEP 508).
fn is_direct(requirement: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let rest = requirement.trim_start().trim_start_matches(is_name).trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start().starts_with('@')
}
