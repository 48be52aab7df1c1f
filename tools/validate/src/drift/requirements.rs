//! Requirements and Pythons compared by what they mean: which versions, in which environments.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use distribution::Metadata;
use document::PackageName;
use pep508_rs::pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerTree, Requirement, VerbatimUrl, VersionOrUrl};
use version_ranges::Ranges;

use super::finding::{Change, Code};

/// One `Requires-Dist` (PEP 508).
struct Need {
    text: String,
    /// The environments that it is asked for in.
    marker: MarkerTree,
    /// The versions that it allows; any for a URL.
    versions: Ranges<Version>,
    url: Option<String>,
}

/// Lists what changed in `Requires-Dist`, `Provides-Extra` and `Requires-Python`.
///
/// The packages of the project itself follow its version: how narrow they are asked for is its own affair.
pub fn compare(old: &Metadata, new: &Metadata, own: &BTreeSet<PackageName>) -> Vec<Change> {
    let mut found = Vec::new();
    let (old_extras, new_extras) = (extras(old), extras(new));
    found.extend(old_extras.difference(&new_extras).map(|extra| Code::D008.change(extra, "is no extra now")));
    found.extend(pythons(old.requires_python.as_deref(), new.requires_python.as_deref()));
    let (mut before, mut after) = (needs(old), needs(new));
    let world = world(new, new_extras.difference(&old_extras));
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    for name in names {
        let (before, after) =
            (before.remove(&name).unwrap_or_default(), after.remove(&name).unwrap_or_default());
        let is_own = PackageName::normalise(&name).is_ok_and(|name| own.contains(&name));
        let (was, is) = (either(&before), either(&after));
        let added = and(&world, &and(&is, &was.negate()));
        if !added.is_false() {
            let mut change = Code::D004.change(&name, format!("is required: {}", list(&after)));
            // Nobody is given it who does not ask for the extra.
            change.is_private = and(&added, &without(&new_extras)).is_false();
            found.push(change);
        } else if !and(&world, &and(&was, &is.negate())).is_false() {
            let where_ = if after.is_empty() { "at all" } else { "everywhere that it was" };
            found.push(Code::D005.change(&name, format!("is not required {where_}, was: {}", list(&before))));
        }
        let narrowed: Vec<&Need> =
            after.iter().filter(|need| !is_own && narrows(need, &before, &world)).collect();
        if !narrowed.is_empty() {
            let is: Vec<&str> = narrowed.iter().map(|need| need.text.as_str()).collect();
            let message = format!("allows less: `{}`, was: {}", is.join("`, `"), list(&before));
            found.push(Code::D006.change(&name, message));
        }
    }
    found
}

/// Says what became of `Requires-Python` where it allows less.
fn pythons(old: Option<&str>, new: Option<&str>) -> Option<Change> {
    let range = |text: Option<&str>| match text {
        Some(text) => VersionSpecifiers::from_str(text).ok().map(Ranges::from),
        None => Some(Ranges::full()),
    };
    let (before, after) = (range(old)?, range(new)?);
    if before.subset_of(&after) {
        return None;
    }
    let (old, new) = (old.map_or("any".to_owned(), |old| format!("`{old}`")), new.unwrap_or_default());
    Some(Code::D007.change("Requires-Python", format!("is `{new}`, was {old}")))
}

/// Says whether a need forbids a version that was allowed, in an environment that asked for the package before.
fn narrows(need: &Need, before: &[Need], world: &MarkerTree) -> bool {
    let wider = |old: &&Need| match (&old.url, &need.url) {
        (None, None) => old.versions.subset_of(&need.versions),
        (old, new) => old == new,
    };
    let fine = before.iter().filter(wider).fold(MarkerTree::FALSE, |all, old| or(&all, &old.marker));
    let here = and(world, &and(&need.marker, &either(before)));
    !and(&here, &fine.negate()).is_false()
}

/// The environments that both releases know: the Pythons of the new one, without its new extras.
fn world<'a>(new: &Metadata, new_extras: impl Iterator<Item = &'a String>) -> MarkerTree {
    let mut world = MarkerTree::TRUE;
    for clause in new.requires_python.iter().flat_map(|text| text.split(',')).map(str::trim) {
        let split = clause.find(|c: char| !"<>=!~".contains(c)).unwrap_or(clause.len());
        let (operator, version) = clause.split_at(split);
        if let Ok(marker) =
            MarkerTree::from_str(&format!("python_full_version {operator} '{}'", version.trim()))
        {
            world = and(&world, &marker);
        }
    }
    let new_extras: BTreeSet<String> = new_extras.cloned().collect();
    and(&world, &without(&new_extras))
}

/// The environments in which none of these extras is asked for.
fn without(extras: &BTreeSet<String>) -> MarkerTree {
    let markers = extras.iter().filter_map(|extra| MarkerTree::from_str(&format!("extra != '{extra}'")).ok());
    markers.fold(MarkerTree::TRUE, |all, marker| and(&all, &marker))
}

/// The extras, normalised as PEP 685 has it.
fn extras(metadata: &Metadata) -> BTreeSet<String> {
    let all = metadata.get_all("Provides-Extra").into_iter();
    all.filter_map(|extra| Some(PackageName::normalise(extra).ok()?.to_string())).collect()
}

/// The requirements by their names. One that nobody can read is left out: the check of the metadata is about it.
fn needs(metadata: &Metadata) -> BTreeMap<String, Vec<Need>> {
    let mut all: BTreeMap<String, Vec<Need>> = BTreeMap::new();
    for text in &metadata.requires_dist {
        let Ok(requirement) = Requirement::<VerbatimUrl>::from_str(text) else { continue };
        let (versions, url) = match requirement.version_or_url {
            None => (Ranges::full(), None),
            Some(VersionOrUrl::VersionSpecifier(specifiers)) => (Ranges::from(specifiers), None),
            Some(VersionOrUrl::Url(url)) => (Ranges::full(), Some(url.to_string())),
        };
        let need = Need { text: text.clone(), marker: requirement.marker, versions, url };
        all.entry(requirement.name.to_string()).or_default().push(need);
    }
    all
}

fn either(needs: &[Need]) -> MarkerTree {
    needs.iter().fold(MarkerTree::FALSE, |all, need| or(&all, &need.marker))
}

fn and(a: &MarkerTree, b: &MarkerTree) -> MarkerTree {
    let mut both = a.clone();
    both.and(b.clone());
    both
}

fn or(a: &MarkerTree, b: &MarkerTree) -> MarkerTree {
    let mut either = a.clone();
    either.or(b.clone());
    either
}

fn list(needs: &[Need]) -> String {
    format!("`{}`", needs.iter().map(|need| need.text.as_str()).collect::<Vec<_>>().join("`, `"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(lines: &[&str]) -> Metadata {
        let text = format!("Metadata-Version: 2.1\nName: a\nVersion: 1\n{}\n", lines.join("\n"));
        Metadata::parse(text.as_bytes()).unwrap()
    }

    fn found(old: &[&str], new: &[&str]) -> Vec<String> {
        let own = BTreeSet::from(["sibling".parse().unwrap()]);
        let changes = compare(&metadata(old), &metadata(new), &own);
        changes.iter().map(|c| format!("{} {} {}", c.code, c.subject, c.message)).collect()
    }

    fn requirements(old: &[&str], new: &[&str]) -> Vec<String> {
        let lines = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| format!("Requires-Dist: {text}")).collect()
        };
        let (old, new) = (lines(old), lines(new));
        let old: Vec<&str> = old.iter().map(String::as_str).collect();
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        found(&old, &new)
    }

    #[test]
    fn the_same_in_other_words_is_no_change() {
        for (old, new) in [
            ("B_c[x] (>=1.0,<2)", "b-c[x]<2.0,>=1"),
            ("b~=1.4.2", "b>=1.4.2,==1.4.*"),
            ("b; python_version < '3.11'", "b ; '3.11' > python_version"),
            ("b; python_version < '3.11'", "b; python_full_version < '3.11.0'"),
            ("b; os_name == 'nt' and extra == 'x'", "b; extra == 'x' and os_name == 'nt'"),
            ("sibling==1.0", "sibling==1.1"),
        ] {
            assert_eq!(requirements(&[old], &[new]), [""; 0], "{old} | {new}");
        }
        let apart = ["b; python_version < '3.11'", "b; python_version >= '3.11'"];
        assert_eq!(requirements(&["b"], &apart), [""; 0]);
    }

    #[test]
    fn what_allows_less_is_narrowed_and_what_allows_more_is_not() {
        for (old, new) in [
            ("b", "b>=1"),
            ("b>=1", "b>=1.0.1"),
            ("b>=1", "b>=1,<2"),
            ("b>=1", "b>=1,!=1.5"),
            ("b>=1,<2; os_name == 'nt'", "b>=1.1,<2; os_name == 'nt'"),
            ("b", "b @ file:///x.whl"),
        ] {
            let expected = format!("D006 b allows less: `{new}`, was: `{old}`");
            assert_eq!(requirements(&[old], &[new]), [expected], "{old} | {new}");
        }
        for (old, new) in [("b>=1", "b"), ("b>=1,<2", "b>=1"), ("b==1.2.3", "b~=1.2.3"), ("b>1", "b>=1")] {
            assert_eq!(requirements(&[old], &[new]), [""; 0], "{old} | {new}");
        }
    }

    #[test]
    fn one_is_narrowed_only_where_it_was_asked_for() {
        let old = ["b>=1; python_version < '3.12'", "b>=2; python_version >= '3.12'"];
        assert_eq!(requirements(&old, &["b>=1"]), [""; 0]);
        let found = requirements(&old, &["b>=2"]);
        assert!(found[0].starts_with("D006 b allows less: `b>=2`, was: "), "{found:?}");
        assert_eq!(requirements(&old, &["b>=2; python_version >= '3.12'"])[0].get(..6), Some("D005 b"));
    }

    #[test]
    fn new_and_dropped_ones_are_told_with_where_they_are_asked_for() {
        assert_eq!(requirements(&[], &["b>=1"]), ["D004 b is required: `b>=1`"]);
        assert_eq!(requirements(&["b>=1"], &[]), ["D005 b is not required at all, was: `b>=1`"]);
        let everywhere = requirements(&["b; os_name == 'nt'"], &["b"]);
        assert_eq!(everywhere, ["D004 b is required: `b`"]);
        let nowhere = ["Requires-Python: >=3.9", "Requires-Dist: b; python_version < '3.8'"];
        assert_eq!(found(&["Requires-Python: >=3.9"], &nowhere), [""; 0]);
    }

    #[test]
    fn what_an_extra_brings_is_asked_for_by_its_users_alone() {
        let old = ["Provides-Extra: Some_Thing"];
        let new = ["Provides-Extra: some-thing", "Requires-Dist: b; extra == 'some-thing'"];
        let changes = compare(&metadata(&old), &metadata(&new), &BTreeSet::new());
        assert!(changes.len() == 1 && changes[0].is_private, "{changes:?}");
        assert_eq!(found(&[], &new), [""; 0], "who asks for a new extra is not surprised");
        assert_eq!(found(&old, &[]), ["D008 some-thing is no extra now"]);
    }

    #[test]
    fn the_range_of_pythons_is_compared_by_its_meaning() {
        let python = |old: &str, new: &str| {
            found(&[&format!("Requires-Python: {old}")], &[&format!("Requires-Python: {new}")])
        };
        assert_eq!(python(">=3.9", ">=3.10"), ["D007 Requires-Python is `>=3.10`, was `>=3.9`"]);
        assert_eq!(python(">=3.9", ">=3.9.0"), [""; 0]);
        assert_eq!(python(">=3.9,<4", ">=3.8"), [""; 0]);
        assert_eq!(python(">=3.9", ">=3.9,<3.13").len(), 1);
        assert_eq!(found(&[], &["Requires-Python: >=3.9"]), ["D007 Requires-Python is `>=3.9`, was any"]);
        assert_eq!(found(&["Requires-Python: >=3.9"], &[]), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        assert_eq!(requirements(&["b >= "], &["b ><= 1"]), [""; 0]);
        assert_eq!(found(&["Requires-Python: three"], &["Requires-Python: >=3.9"]), [""; 0]);
    }
}
