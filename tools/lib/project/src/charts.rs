//! The places of the version in Helm charts: Chart.yaml, the entries of own sub-charts, and Chart.lock.

use std::collections::BTreeSet;
use std::rc::Rc;

use anyhow::Result;
use document::{ProjectPath, Spelling, Version};

use crate::finder::Finder;
use crate::habits::Home;
use crate::keyed::ValuePlace;
use crate::places::Carrier;
use crate::seal::{Seal, SealKind};
use crate::yaml::{Node, Scalar, parse_yaml};

/// The folders that are a chart by habit, below the project's root or a package.
const FOLDERS: [&str; 6] = ["deploy/helm", "deploy/chart", "deploy", "helm", "chart", ""];

/// The folders that hold charts by habit. No other folder is listed: walking a whole tree takes longer than a bump.
const PARENTS: [&str; 5] = ["charts", "helm", "deploy", "deploy/charts", "deploy/helm"];

/// A chart that was read.
struct Chart {
    /// Its folder, relative to the project's root; empty for the root itself.
    folder: String,
    carrier: Carrier,
    root: Option<Rc<Node>>,
}

/// What a chart depends on.
struct Dependency<'a> {
    name: &'a str,
    version: Option<ValuePlace>,
    /// The folder of a chart of this project; `None` for one from a repository.
    own: Option<String>,
}

impl Finder<'_> {
    /// The charts in the usual folders, with their own sub-charts. `seen` are the folders that were read before.
    pub(crate) fn charts(&mut self, home: &Home, seen: &mut BTreeSet<String>) -> Result<()> {
        let start = home.folder();
        let listed = PARENTS.iter().flat_map(|parent| self.folders_in(&below(start, parent)));
        let mut folders: Vec<String> = listed.collect();
        // The last is read first: what a chart says of the charts in it counts before they are read.
        folders.extend(FOLDERS.iter().map(|folder| below(start, folder)));
        while let Some(folder) = folders.pop() {
            if !seen.insert(folder.clone()) {
                continue;
            }
            let Some(mut chart) = self.chart(folder)? else { continue };
            for key in ["version", "appVersion"] {
                let value = chart.root.as_ref().and_then(|root| place(root.get(key)?.scalar()?));
                if let Some(value) = value {
                    home.sort(&mut chart.carrier, value, key);
                }
            }
            let root = chart.root.clone();
            let dependencies = root.as_ref().map_or_else(Vec::new, |root| dependencies(&chart.folder, root));
            let followed = self.own_dependencies(home, &mut chart.carrier, &dependencies)?;
            self.chart_lock(home, &chart, &followed)?;
            folders.extend(self.folders_in(&below(&chart.folder, "charts")));
            for Dependency { name, own, .. } in dependencies {
                match own {
                    Some(own) => folders.push(own),
                    // An unpacked chart from a repository has the versions of others.
                    None => drop(seen.insert(below(&chart.folder, &format!("charts/{name}")))),
                }
            }
            self.add(chart.carrier);
        }
        Ok(())
    }

    fn chart(&self, folder: String) -> Result<Option<Chart>> {
        let Ok(path) = below(&folder, "Chart.yaml").parse() else { return Ok(None) };
        let Some((path, text)) = self.read_if_file(path)? else { return Ok(None) };
        let root = parse_yaml(&path, &text)?.into_iter().next();
        Ok(Some(Chart { folder, carrier: Carrier::new(path, text, Vec::new()), root }))
    }

    /// The versions of dependencies on own charts, where they are those of the charts now. Returns their names.
    fn own_dependencies<'a>(
        &self,
        home: &Home,
        carrier: &mut Carrier,
        dependencies: &[Dependency<'a>],
    ) -> Result<Vec<&'a str>> {
        let mut followed = Vec::new();
        for dependency in dependencies {
            let (Some(own), Some(value)) = (&dependency.own, &dependency.version) else { continue };
            let Some(sub_chart) = self.chart(own.clone())? else { continue };
            let held = sub_chart.root.as_ref().and_then(|root| root.get("version")?.scalar());
            let value = without_operator(&carrier.text, value.clone());
            let wanted = Version::read(&carrier.text[value.range.clone()], Spelling::SemVer).ok();
            let held = held.and_then(|held| Version::read(&held.value, Spelling::SemVer).ok());
            if wanted.is_none() || wanted != held {
                continue;
            }
            if home.sort(carrier, value, &format!("version of the dependency {}", dependency.name)) {
                followed.push(dependency.name);
            }
        }
        Ok(followed)
    }

    /// The entries of own charts in Chart.lock, and its digest.
    fn chart_lock(&mut self, home: &Home, chart: &Chart, followed: &[&str]) -> Result<()> {
        if followed.is_empty() {
            return Ok(());
        }
        let path: ProjectPath = below(&chart.folder, "Chart.lock").parse()?;
        let Some((path, text)) = self.read_if_file(path)? else { return Ok(()) };
        let Some(root) = parse_yaml(&path, &text)?.into_iter().next() else { return Ok(()) };
        let mut lock = Carrier::new(path, text, Vec::new());
        for entry in root.get("dependencies").map(Node::elements).unwrap_or_default() {
            let Some(name) = text_of(entry, "name").filter(|name| followed.contains(name)) else { continue };
            let Some(value) = entry.get("version").and_then(|version| place(version.scalar()?)) else {
                continue;
            };
            let value = without_operator(&lock.text, value);
            home.sort(&mut lock, value, &format!("locked version of {name}"));
        }
        if let Some(value) = root.get("digest").and_then(|digest| place(digest.scalar()?)) {
            let seal = Seal {
                range: value.range.clone(),
                kind: SealKind::Chart,
                manifest: chart.carrier.path.clone(),
            };
            let is_right = seal.digest(&chart.carrier.text, &lock.text).as_deref()
                == Some(&lock.text[value.range.clone()]);
            if is_right {
                lock.seal = Some(seal);
            } else {
                home.sort(
                    &mut lock,
                    value,
                    "digest that is not of Chart.yaml: `helm dependency update` writes it",
                );
            }
        }
        self.add(lock);
        Ok(())
    }

    /// The folders in a folder, sorted; none where it does not exist.
    fn folders_in(&self, folder: &str) -> Vec<String> {
        self.tree.folders_in(folder).iter().map(|name| below(folder, name)).collect()
    }
}

fn dependencies<'a>(folder: &str, root: &'a Node) -> Vec<Dependency<'a>> {
    let list = root.get("dependencies").map(Node::elements).unwrap_or_default();
    let read = |node: &'a Rc<Node>| {
        let name = text_of(node, "name")?;
        let own = match text_of(node, "repository").unwrap_or_default() {
            "" => Some(below(folder, &format!("charts/{name}"))),
            repository => repository.strip_prefix("file://").and_then(|path| resolve(folder, path)),
        };
        let version = node.get("version").and_then(|version| place(version.scalar()?));
        Some(Dependency { name, version, own })
    };
    list.iter().filter_map(read).collect()
}

fn text_of<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    Some(node.get(key)?.scalar()?.value.as_str())
}

fn place(scalar: &Scalar) -> Option<ValuePlace> {
    Some(ValuePlace { range: scalar.range.clone()?, is_plain: !scalar.is_text })
}

/// The version behind the operator of a constraint: `^1.2.3`, `>= 1.2.3`.
fn without_operator(text: &str, value: ValuePlace) -> ValuePlace {
    let written = &text[value.range.clone()];
    let version = written.trim_start_matches(['=', '^', '~', '>', ' ']);
    let start = value.range.end - version.len();
    ValuePlace { is_plain: value.is_plain && start == value.range.start, range: start..value.range.end }
}

fn below(folder: &str, name: &str) -> String {
    let separator = if folder.is_empty() || name.is_empty() { "" } else { "/" };
    format!("{folder}{separator}{name}")
}

/// The folder at a relative path from a folder; `None` outside of the project.
fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_resolved_within_the_project() {
        assert_eq!(resolve("deploy/app", "../common/"), Some("deploy/common".to_owned()));
        assert_eq!(resolve("", "./charts/x"), Some("charts/x".to_owned()));
        assert_eq!(resolve("deploy", "../../other"), None);
        assert_eq!(resolve("deploy", "/srv/chart"), None);
    }

    #[test]
    fn the_version_stands_behind_its_operator() {
        for text in ["1.2.3", "^1.2.3", ">= 1.2.3", "~1.2.3"] {
            let value = without_operator(text, ValuePlace { range: 0..text.len(), is_plain: true });
            assert_eq!(&text[value.range], "1.2.3");
        }
    }
}
