//! Drift: what changed against the release before, judged by the step that the version makes.

mod contents;
mod finding;
mod names;
mod pair;
mod previous;
mod requirements;
mod snapshot;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use document::{Failure, PackageName, Version};
use project::{DriftLevel, DriftSettings, ProjectPackage};
use rayon::prelude::*;
use uv::Uv;

use crate::artifacts::wheels_of;
use crate::validate::{Context, Verdict};
use pair::Pair;
use previous::likeness;
use snapshot::Snapshot;
use table::Table;

pub use finding::{Code, RULES, Weight};
pub use snapshot::name_of;

/// The comparison of one package with the release before.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The package.
    pub package: &'a ProjectPackage,
    /// Wheels of it that were named by hand.
    pub named: Vec<&'a Path>,
    /// The version that was released before; `None` where a wheel is named by hand.
    pub version: Option<&'a Version>,
}

/// Compares packages with the releases before; the verdict of each stands at its place.
///
/// It is one job, so that one run of Python reads the public names of all of them.
pub fn compare(context: &Context, comparisons: &[&Comparison]) -> Vec<Result<Verdict>> {
    let found: Vec<Result<Result<Pair, Vec<String>>>> =
        comparisons.par_iter().with_max_len(1).map(|comparison| pair(context, comparison)).collect();
    let (mut pairs, mut verdicts) = (Vec::new(), Vec::new());
    for (comparison, found) in comparisons.iter().zip(found) {
        verdicts.push(match found {
            Ok(Ok(pair)) => {
                pairs.push(pair);
                None
            }
            Ok(Err(reasons)) => {
                let version = comparison.version.map(ToString::to_string).unwrap_or_default();
                let reasons: String = reasons.iter().map(|reason| format!("\n    {reason}")).collect();
                Some(Ok(Verdict::Skipped(format!("no wheel of {version} can be had{reasons}"))))
            }
            Err(error) => Some(Err(error)),
        });
    }
    let settings = &context.project.settings.validate.drift;
    let own = context.project.distributions().chain(&context.project.siblings);
    let own: BTreeSet<PackageName> = own.map(|package| package.name.clone()).collect();
    let tables = pair::compare(&mut pairs, settings, &own, || context.uv(), &context.project.root);
    let mut tables = match tables {
        Ok(tables) => tables.into_iter(),
        Err(error) => return comparisons.iter().map(|_| Err(anyhow::anyhow!("{error:#}"))).collect(),
    };
    let judge = |(comparison, verdict): (&&Comparison, Option<Result<Verdict>>)| {
        verdict.or_else(|| tables.next().map(|table| judge(context, comparison, &table, settings)))
    };
    comparisons.iter().zip(verdicts).filter_map(judge).collect()
}

/// The wheel of the package and the one before; where there is none, why not.
fn pair(context: &Context, comparison: &Comparison) -> Result<Result<Pair, Vec<String>>> {
    let package = &comparison.package.name;
    let root = &context.project.root;
    let mut wheels = Vec::new();
    for artifact in wheels_of(context, package)? {
        let path = artifact.path.under(root);
        wheels.push((snapshot::name_of(&path)?, path));
    }
    let named: Vec<_> =
        comparison.named.iter().map(|path| Ok((name_of(path)?, *path))).collect::<Result<_>>()?;
    let both = wheels.iter().flat_map(|new| named.iter().map(move |old| (new, old)));
    if let Some((new, old)) = both.max_by_key(|(new, old)| likeness(new.0.tags(), old.0.tags())) {
        let (old, new) = (Snapshot::of_wheel(old.1)?, Snapshot::of_wheel(&new.1)?);
        return Ok(Ok(Pair { old, new }));
    }
    let (Some((name, path)), Some(version)) = (wheels.first(), comparison.version) else {
        return Ok(Err(vec!["nothing was released before".to_owned()]));
    };
    let new = Snapshot::of_wheel(path)?;
    Ok(previous::find(context, package, version, &new, name.tags()).map(|old| Pair { old, new }))
}

/// Says what a table means for the release, and keeps the whole of it.
fn judge(
    context: &Context,
    comparison: &Comparison,
    table: &Table,
    settings: &DriftSettings,
) -> Result<Verdict> {
    let name = &comparison.package.name;
    let logs = context.project.git.state().folder().join("logs/drift");
    let log = logs.join(format!("{name}.log"));
    table.write(&log)?;
    let (shown, weight) = (table.shown(Some(&log)), table.weight());
    let stops = match settings.level {
        DriftLevel::Off | DriftLevel::Warn => false,
        DriftLevel::Error => weight == Weight::Error,
        DriftLevel::Strict => weight >= Weight::Warning,
    };
    if stops {
        let hint = "mend it, release a larger step, or name it in `allow` of `drift` in [validate]";
        return Err(Failure::new(format!("cannot accept {shown}")).hint(hint).into());
    }
    Ok(if weight == Weight::Note { Verdict::Passed(shown) } else { Verdict::Warned(shown) })
}

/// Compares wheels that lie anywhere with those before them. What is said of each stands at the new wheel's place,
/// with its weight; `None` where no wheel before it was named, and where the new one cannot be read.
pub fn compare_files(files: &[PathBuf], named: &[PathBuf]) -> Result<Vec<Option<(Weight, String)>>> {
    let old: Vec<_> = named.iter().map(|path| Ok((name_of(path)?, path))).collect::<Result<_>>()?;
    let (mut pairs, mut own) = (Vec::new(), BTreeSet::new());
    let (mut places, mut used) = (Vec::new(), BTreeSet::new());
    for file in files {
        let best = name_of(file).ok().and_then(|new| {
            own.insert(new.name.clone());
            let same = old.iter().filter(|(old, _)| old.name == new.name);
            same.max_by_key(|(old, _)| likeness(old.tags(), new.tags()))
        });
        used.extend(best.map(|(_, path)| path.as_path()));
        // The check of the file itself says what is wrong with it.
        let new = best.and_then(|(_, path)| Some((path, Snapshot::of_wheel(file).ok()?)));
        places.push(new.is_some());
        if let Some((path, new)) = new {
            pairs.push(Pair { old: Snapshot::of_wheel(path)?, new });
        }
    }
    if let Some(path) = named.iter().find(|path| !used.contains(path.as_path())) {
        let what =
            format!("cannot compare with `{}`: no FILE is a wheel of the same package", path.display());
        return Err(Failure::usage(what).hint("name the new wheel as FILE").into());
    }
    let root = std::env::current_dir().unwrap_or_default();
    let tables = pair::compare(&mut pairs, &DriftSettings::default(), &own, Uv::find, &root)?;
    let mut said = tables.into_iter().map(|table| (table.weight(), table.shown(None)));
    Ok(places.into_iter().map(|has| has.then(|| said.next()).flatten()).collect())
}
