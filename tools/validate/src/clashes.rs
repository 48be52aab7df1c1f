//! Distributions of one release that ship the same files, so that they cannot be installed together.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use distribution::wheel::Wheel;
use document::{ArtifactKind, PackageName};

use crate::validate::{Context, Verdict};

/// The files that the wheels of each distribution put beside those of others.
type Shipped<'a> = BTreeMap<&'a PackageName, BTreeSet<String>>;

/// Compares what the wheels hold; a clash that a [[variant]] declares in `conflicts` is meant.
pub fn are_declared(context: &Context) -> Result<Verdict> {
    let shipped = shipped(context)?;
    let mut found = Vec::new();
    let all: Vec<_> = shipped.iter().collect();
    if all.len() < 2 {
        return Ok(Verdict::Skipped("fewer than two distributions have a wheel that can be read".to_owned()));
    }
    for (at, (one, files)) in all.iter().enumerate() {
        for (other, others) in &all[at + 1..] {
            let common: Vec<&String> = files.intersection(others).collect();
            if let Some(first) = common.first().filter(|_| !is_declared(context, one, other)) {
                found.push(words(context, (one, other), first, common.len()));
            }
        }
    }
    if found.is_empty() {
        return Ok(Verdict::Passed(format!("of {} distributions none takes a file of another", all.len())));
    }
    Ok(Verdict::Warned(found.join("; ")))
}

fn shipped<'a>(context: &'a Context) -> Result<Shipped<'a>> {
    let mut shipped = Shipped::new();
    for artifact in context.release.artifacts()?.iter().filter(|one| one.kind == ArtifactKind::Wheel) {
        // What is gone or cannot be read is the matter of the check of that file.
        let Ok(wheel) = Wheel::open(&artifact.path.under(&context.project.root)) else { continue };
        let files = wheel.entries().into_iter().map(|entry| entry.name).filter(|name| is_installed(name));
        shipped.entry(&artifact.package).or_default().extend(files);
    }
    Ok(shipped)
}

/// Says whether a member goes where members of other wheels go too.
fn is_installed(name: &str) -> bool {
    let folder = name.split('/').next().unwrap_or_default();
    !name.ends_with('/') && !folder.ends_with(".dist-info") && !folder.ends_with(".data")
}

fn is_declared(context: &Context, one: &PackageName, other: &PackageName) -> bool {
    let names = |of: &PackageName, wanted: &PackageName| {
        let variant = context.project.distribution(of).and_then(|own| own.variant.as_ref());
        let mut declared = variant.into_iter().flat_map(|variant| &variant.conflicts);
        declared.any(|name| PackageName::normalise(name).is_ok_and(|name| name == *wanted))
    };
    names(one, other) || names(other, one)
}

fn words(context: &Context, (one, other): (&PackageName, &PackageName), first: &str, count: usize) -> String {
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    let variant = |name: &PackageName| context.project.distribution(name)?.variant.as_ref();
    let pair = [(other, one), (one, other)];
    let declared = pair.into_iter().find_map(|(own, name)| Some((variant(own)?, name)));
    let way = match declared {
        Some((variant, name)) => {
            format!("if nobody is to, write `conflicts = [\"{name}\"]` in the [[variant]] `{}`", variant.name)
        }
        None => "ship it in one of them".to_owned(),
    };
    format!(
        "`{one}` and `{other}` both ship `{first}`{more}, and whoever installs both gets one of each; {way}"
    )
}
