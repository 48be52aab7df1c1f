//! What an index asks of core metadata beyond that they can be read.

use std::str::FromStr;

use document::PackageName;

use super::{Metadata, classifiers, contact, fields};
use crate::Problem;
use crate::check::Code::{M036, M037, M038, M039, M040, M055};
use crate::requirement::{self, Requirement};

/// The longest summary and the longest label of a URL, in characters.
const SUMMARY_LIMIT: usize = 512;
const LABEL_LIMIT: usize = 32;

/// Lists what an index would refuse in the metadata of `member`.
pub(super) fn problems(metadata: &Metadata, member: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    if metadata.version.is_local() {
        let version = &metadata.version;
        found.push(M036.found(format!("`{member}` has the local version {version}")));
    }
    found.extend(requirements(metadata, member));
    for classifier in metadata.get_all("Classifier") {
        let fault = classifiers::fault(classifier);
        found.extend(
            fault.map(|fault| M038.found(format!("`{member}`: the `Classifier` `{classifier}` {fault}"))),
        );
    }
    found.extend(licences(metadata, member));
    found
        .extend(fields::faults(metadata).into_iter().map(|fault| M040.found(format!("`{member}`: {fault}"))));
    found.extend(summary(metadata).map(|fault| M040.found(format!("`{member}` {fault}"))));
    found.extend(urls(metadata).into_iter().map(|fault| M040.found(format!("`{member}`: {fault}"))));
    for field in ["Author-email", "Maintainer-email"] {
        for value in values(metadata, field) {
            let fault = contact::email_fault(value);
            found.extend(
                fault.map(|fault| M040.found(format!("`{member}`: the `{field}` `{value}` {fault}"))),
            );
        }
    }
    for value in values(metadata, "Description-Content-Type") {
        let fault = fields::content_type_fault(value);
        let what = |fault| format!("`{member}`: the `Description-Content-Type` `{value}` {fault}");
        found.extend(fault.map(|fault| M040.found(what(fault))));
    }
    found
}

/// The values of a field that say something: backends from before 2020 wrote `UNKNOWN` for nothing.
fn values<'a>(metadata: &'a Metadata, field: &'a str) -> impl Iterator<Item = &'a str> {
    metadata.get_all(field).into_iter().filter(|value| !value.is_empty() && *value != "UNKNOWN")
}

/// What is wrong with requirements, extras and the range of Python versions.
fn requirements(metadata: &Metadata, member: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    for field in ["Requires-Dist", "Provides-Dist", "Obsoletes-Dist"] {
        for value in metadata.get_all(field) {
            match Requirement::from_str(value) {
                Ok(Requirement { url: None, .. }) => {}
                Ok(_) => found.push(M037.found(format!("`{member}` requires `{value}` from a URL"))),
                Err(cause) => found
                    .push(M055.found(format!("`{member}`: the `{field}` `{value}` cannot be read: {cause}"))),
            }
        }
    }
    if let Some(Err(cause)) = metadata.requires_python.as_deref().map(requirement::specifiers) {
        let value = metadata.requires_python.as_deref().unwrap_or_default();
        found
            .push(M055.found(format!("`{member}`: the `Requires-Python` `{value}` cannot be read: {cause}")));
    }
    for extra in metadata.get_all("Provides-Extra") {
        if PackageName::normalise(extra).is_err() {
            found.push(M055.found(format!("`{member}`: the `Provides-Extra` `{extra}` is no name")));
        }
    }
    found
}

fn licences(metadata: &Metadata, member: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let has = |header| values(metadata, header).next().is_some();
    if has("License") && has("License-Expression") {
        found.push(M039.found(format!("`{member}` has `License` and `License-Expression`")));
    }
    for expression in values(metadata, "License-Expression") {
        let fault = fields::licence_fault(expression);
        let what = |fault| format!("`{member}`: the `License-Expression` `{expression}` {fault}");
        found.extend(fault.map(|fault| M039.found(what(fault))));
    }
    for path in metadata.licence_files() {
        let fault = fields::licence_file_fault(path);
        let what = |fault| format!("`{member}`: the `License-File` `{path}` {fault}");
        found.extend(fault.map(|fault| M039.found(what(fault))));
    }
    found
}

fn summary(metadata: &Metadata) -> Option<String> {
    let summary = metadata.get_all("Summary").into_iter().next()?;
    let length = summary.chars().count();
    if summary.contains('\n') {
        return Some("has a `Summary` of more than one line".to_owned());
    }
    (length > SUMMARY_LIMIT)
        .then(|| format!("has a `Summary` of {length} characters, more than {SUMMARY_LIMIT}"))
}

fn urls(metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for field in ["Home-page", "Download-URL"] {
        for url in values(metadata, field) {
            found.extend(contact::url_fault(url).map(|fault| format!("the `{field}` `{url}` {fault}")));
        }
    }
    let mut labels = Vec::new();
    for field in metadata.get_all("Project-URL") {
        let Some((label, url)) = field.split_once(',').map(|(label, url)| (label.trim(), url.trim())) else {
            found.push(format!("the `Project-URL` `{field}` has no label"));
            continue;
        };
        if label.is_empty() {
            found.push(format!("the `Project-URL` `{field}` has no label"));
        } else if label.chars().count() > LABEL_LIMIT {
            found.push(format!(
                "the label `{label}` of a `Project-URL` is longer than {LABEL_LIMIT} characters"
            ));
        } else if labels.contains(&label) {
            found.push(format!("two `Project-URL` have the label `{label}`"));
        }
        found.extend(
            contact::url_fault(url).map(|fault| format!("the URL of the `Project-URL` `{field}` {fault}")),
        );
        labels.push(label);
    }
    found
}
