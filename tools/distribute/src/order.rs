//! Dependencies before dependents, and no package without the one that it is pinned to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use document::{Failure, PackageName};
use project::{Project, files};

use crate::parcel::Parcel;
use crate::place::Place;
use crate::requirement::Requirement;
use crate::shipment::Shipment;

/// Sorts parcels so that a package comes after those that it requires; equal ranks are sorted by name.
///
/// What only an extra asks for counts too, but never against a real requirement: two packages may offer each
/// other as extras.
pub fn sorted(mut parcels: Vec<Parcel>) -> Vec<Parcel> {
    let names: BTreeSet<PackageName> = parcels.iter().map(|parcel| parcel.package.clone()).collect();
    let mut order = Vec::new();
    for name in &names {
        visit(name, &parcels, &names, &mut BTreeSet::new(), &mut order);
    }
    parcels.sort_by_key(|parcel| order.iter().position(|name| *name == parcel.package));
    parcels
}

/// The packages in waves: each comes after those of this run that it requires.
pub fn waves(parcels: &[Parcel], packages: &[PackageName]) -> Vec<Vec<PackageName>> {
    let mut ranks: BTreeMap<&PackageName, usize> = packages.iter().map(|package| (package, 0)).collect();
    // Parcels stand in their order already, so one pass finds the ranks; a circle ends where it is entered again.
    for parcel in parcels {
        let required =
            parcel.requires.iter().filter(|required| !required.is_extra && required.name != parcel.package);
        let above = required.filter_map(|required| ranks.get(&required.name).map(|rank| rank + 1)).max();
        let own = ranks.entry(&parcel.package).or_default();
        *own = (*own).max(above.unwrap_or(0));
    }
    let mut waves = vec![Vec::new(); ranks.values().max().map_or(0, |rank| rank + 1)];
    ranks.into_iter().for_each(|(package, rank)| waves[rank].push(package.clone()));
    waves
}

fn visit(
    name: &PackageName,
    parcels: &[Parcel],
    names: &BTreeSet<PackageName>,
    open: &mut BTreeSet<PackageName>,
    order: &mut Vec<PackageName>,
) {
    if order.contains(name) || !open.insert(name.clone()) {
        return;
    }
    let requires =
        parcels.iter().filter(|parcel| parcel.package == *name).flat_map(|parcel| &parcel.requires);
    let (extra, real): (Vec<_>, Vec<_>) = requires.partition(|requirement| requirement.is_extra);
    for requirement in real.iter().filter(|requirement| names.contains(&requirement.name)) {
        visit(&requirement.name, parcels, names, open, order);
    }
    // An extra's package goes first only if it does not wait for this one.
    for requirement in extra.iter().filter(|requirement| names.contains(&requirement.name)) {
        if !reaches(&requirement.name, name, parcels, &mut BTreeSet::new()) {
            visit(&requirement.name, parcels, names, open, order);
        }
    }
    if !order.contains(name) {
        order.push(name.clone());
    }
}

/// Says whether a package requires another one, directly or through others, without any extra.
fn reaches(
    from: &PackageName,
    to: &PackageName,
    parcels: &[Parcel],
    seen: &mut BTreeSet<PackageName>,
) -> bool {
    if from == to {
        return true;
    }
    if !seen.insert(from.clone()) {
        return false;
    }
    let requires =
        parcels.iter().filter(|parcel| parcel.package == *from).flat_map(|parcel| &parcel.requires);
    let mut real = requires.filter(|requirement| !requirement.is_extra);
    real.any(|requirement| reaches(&requirement.name, to, parcels, seen))
}

/// Refuses a package whose exact requirement on one of this project is neither on the target nor in this run.
pub fn refuse_absent_pins(shipment: &Shipment, place: &dyn Place) -> Result<()> {
    let Shipment { project, parcels, .. } = shipment;
    for parcel in parcels.iter().filter(|parcel| !parcel.files.is_empty()) {
        for requirement in &parcel.requires {
            let name = &requirement.name;
            let mut own = project.distributions().chain(&project.siblings);
            if *name == parcel.package || !own.any(|package| package.name == *name) {
                continue;
            }
            for version in &requirement.exact {
                let with_it = |other: &Parcel| other.package == *name && other.version == *version;
                let is_there = || place.versions(name).map(|all| all.is_none_or(|all| all.contains(version)));
                if parcels.iter().any(with_it) || is_there()? {
                    continue;
                }
                let what = format!(
                    "cannot publish `{}` to `{}`: it requires {name}=={version}, which is neither there nor published with it",
                    parcel.package,
                    place.site().name
                );
                let hint = if project.siblings.iter().any(|sibling| sibling.name == *name) {
                    format!("release `{name}` first: they version apart")
                } else {
                    format!("add `--package {name}`")
                };
                return Err(Failure::new(what).hint(hint).into());
            }
        }
    }
    Ok(())
}

/// What a package declares to require, before it is built: its pins, and `[project] dependencies`.
pub fn declared(project: &Project, name: &PackageName) -> Result<Vec<Requirement>> {
    let package = match project.distribution(name) {
        Some(distribution) => distribution,
        None => project.package(name.as_str())?,
    };
    let mut texts: Vec<String> = package.pins.keys().map(ToString::to_string).collect();
    let path = package.inside("pyproject.toml")?.under(&project.root);
    let parsed = files::read_text(&path).ok().and_then(|text| text.parse::<toml_edit::DocumentMut>().ok());
    let dependencies = parsed
        .as_ref()
        .and_then(|document| document.get("project")?.get("dependencies")?.as_array())
        .into_iter()
        .flatten();
    texts.extend(dependencies.filter_map(|value| value.as_str()).map(str::to_owned));
    Ok(texts.iter().filter_map(|text| Requirement::parse(text)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcels(packages: &[(&str, &[&str])]) -> Vec<Parcel> {
        let parcel = |(name, requires): &(&str, &[&str])| Parcel {
            package: name.parse().unwrap(),
            version: "1.0".parse().unwrap(),
            pattern: String::new(),
            files: Vec::new(),
            requires: requires.iter().filter_map(|text| Requirement::parse(text)).collect(),
        };
        sorted(packages.iter().map(parcel).collect())
    }

    fn order(packages: &[(&str, &[&str])]) -> Vec<String> {
        parcels(packages).iter().map(|parcel| parcel.package.to_string()).collect()
    }

    #[test]
    fn what_requires_nothing_of_each_other_shares_a_wave() {
        let of = |packages: &[(&str, &[&str])]| -> Vec<String> {
            let names: Vec<PackageName> = packages.iter().map(|(name, _)| name.parse().unwrap()).collect();
            let wave = |wave: Vec<PackageName>| wave.iter().map(|name| name.as_str()).collect::<String>();
            waves(&parcels(packages), &names).into_iter().map(wave).collect()
        };
        assert_eq!(of(&[("a", &["b==1"]), ("b", &["c"]), ("c", &[]), ("d", &["x"])]), ["cd", "b", "a"]);
        assert_eq!(of(&[("a", &["b; extra == 'cli'"]), ("b", &[])]), ["ab"]);
        assert_eq!(of(&[("a", &["a[x]"])]), ["a"]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn a_package_comes_after_those_that_it_requires() {
        assert_eq!(order(&[("a", &["b==1", "x"]), ("b", &["c"]), ("c", &[])]), ["c", "b", "a"]);
        assert_eq!(order(&[("a", &[]), ("b", &[])]), ["a", "b"]);
    }

    #[test]
    fn an_extra_never_turns_the_order_round_and_a_circle_ends() {
        assert_eq!(order(&[("a", &["b; extra == 'cli'"]), ("b", &["a"])]), ["a", "b"]);
        assert_eq!(order(&[("a", &["b; extra == 'cli'"]), ("b", &[])]), ["b", "a"]);
        assert_eq!(order(&[("a", &["b"]), ("b", &["a"])]), ["b", "a"]);
    }
}
