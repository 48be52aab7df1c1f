//! Digests that lock files hold over other texts of the project, and that change with them.

use std::fmt::Write;
use std::ops::Range;

use document::ProjectPath;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::files::sha256;
use crate::poetry::content_digest;
use crate::yaml::{Node, parse_yaml};

/// A digest in a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The bytes of the digest, without quotes.
    pub range: Range<usize>,
    /// How it is made.
    pub kind: SealKind,
    /// The file that it is made of, with the lock file itself.
    pub manifest: ProjectPath,
}

/// How a digest is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealKind {
    /// `digest` of a Chart.lock, as Helm 3 makes it: SHA-256 over the dependencies of Chart.yaml and those of the lock.
    Chart,
    /// `content-hash` of a poetry.lock, as Poetry 2.3 makes it: SHA-256 over the dependencies of pyproject.toml.
    Poetry,
    /// The same before Poetry 2.3, which left out the dependency groups of PEP 735.
    PoetryWithoutGroups,
    /// The same before Poetry 2, which knew no tables but its own.
    PoetryTables,
}

impl Seal {
    /// The digest over the texts of the manifest and of the lock file; `None` where they cannot be read.
    pub fn digest(&self, manifest: &str, lock: &str) -> Option<String> {
        match self.kind {
            SealKind::Chart => chart_digest(manifest, lock),
            kind => content_digest(kind, manifest),
        }
    }
}

/// A dependency in the order of the fields in which Helm writes it as JSON.
#[derive(Serialize)]
struct ChartDependency {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    repository: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    condition: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    enabled: bool,
    #[serde(rename = "import-values", skip_serializing_if = "Vec::is_empty")]
    import_values: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    alias: String,
}

fn chart_digest(manifest: &str, lock: &str) -> Option<String> {
    let both = [chart_dependencies(manifest)?, chart_dependencies(lock)?];
    let json = serde_json::to_string(&both).ok()?;
    Some(format!("sha256:{}", sha256(escaped(&json).as_bytes())))
}

fn chart_dependencies(text: &str) -> Option<Vec<ChartDependency>> {
    let root = parse_yaml(&"Chart.yaml".parse().ok()?, text).ok()?.into_iter().next()?;
    root.get("dependencies")?.elements().iter().map(|node| chart_dependency(node)).collect()
}

fn chart_dependency(node: &Node) -> Option<ChartDependency> {
    let text = |key: &str| match node.get(key) {
        None => Some(String::new()),
        Some(value) => value.scalar().map(|scalar| scalar.value.clone()),
    };
    let list = |key: &str| node.get(key).map(Node::elements).unwrap_or_default().iter();
    Some(ChartDependency {
        name: text("name")?,
        version: text("version")?,
        repository: text("repository")?,
        condition: text("condition")?,
        tags: list("tags").map(|tag| Some(tag.scalar()?.value.clone())).collect::<Option<_>>()?,
        enabled: text("enabled")? == "true",
        import_values: list("import-values").map(|value| import_value(value)).collect::<Option<_>>()?,
        alias: text("alias")?,
    })
}

/// A value to import: the name of an export, or a `child` with its `parent`.
fn import_value(node: &Node) -> Option<Box<RawValue>> {
    let json = match node {
        Node::Scalar(scalar) => serde_json::to_string(&scalar.value).ok()?,
        // Go writes the keys of a map in their order.
        Node::Map(map) => {
            let pair = |(key, value): &(std::rc::Rc<Node>, std::rc::Rc<Node>)| {
                Some((key.scalar()?.value.clone(), value.scalar()?.value.clone()))
            };
            let map: std::collections::BTreeMap<_, _> = map.iter().map(pair).collect::<Option<_>>()?;
            serde_json::to_string(&map).ok()?
        }
        Node::List(_) => return None,
    };
    RawValue::from_string(json).ok()
}

/// JSON with the characters escaped that Go escapes for the sake of HTML.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing into a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both digests were written by Helm: for the charts of Apache Superset 0.8 and Bitnami's WordPress 24.
    #[test]
    fn the_digest_of_a_chart_lock_is_that_of_helm() {
        let manifest = "name: superset\ndependencies:\n- name: postgresql\n  version: 12.1.6\n  repository: https://charts.bitnami.com/bitnami\n  condition: postgresql.enabled\n\
                        - {condition: redis.enabled, name: redis, repository: \"https://charts.bitnami.com/bitnami\", version: '17.3.17'}\n";
        let lock = "dependencies:\n- name: postgresql\n  repository: https://charts.bitnami.com/bitnami\n  version: 12.1.6\n- name: redis\n  repository: https://charts.bitnami.com/bitnami\n  version: 17.3.17\n\
                    digest: sha256:0\n";
        let digest = "sha256:3bfff146fa89077705c0bedea59bbe2c9f15715220f9ea84f493335f0413af6e";
        assert_eq!(chart_digest(manifest, lock).as_deref(), Some(digest));
        let oci = "oci://registry-1.docker.io/bitnamicharts";
        let entry = |name: &str, version: &str| {
            format!("- name: {name}\n  repository: {oci}\n  version: {version}\n")
        };
        let manifest = format!(
            "dependencies:\n{}  condition: memcached.enabled\n{}  condition: mariadb.enabled\n{}  tags:\n  - bitnami-common\n",
            entry("memcached", "7.x.x"),
            entry("mariadb", "20.x.x"),
            entry("common", "2.x.x")
        );
        let lock = format!(
            "dependencies:\n{}{}{}",
            entry("memcached", "7.6.1"),
            entry("mariadb", "20.2.2"),
            entry("common", "2.29.1")
        );
        let digest = "sha256:3426d768d431843713b2527ff564792332f0019a69c03e605134725f10a65cc9";
        assert_eq!(chart_digest(&manifest, &lock).as_deref(), Some(digest));
    }

    #[test]
    fn every_field_is_written_as_go_writes_it() {
        let manifest = "dependencies:\n- {name: a, version: '>=1 <2', repository: '', tags: [x, y], enabled: true, import-values: [data, {parent: p, child: c}], alias: b}\n";
        let json = escaped(&serde_json::to_string(&chart_dependencies(manifest).unwrap()).unwrap());
        assert_eq!(
            json,
            r#"[{"name":"a","version":"\u003e=1 \u003c2","repository":"","tags":["x","y"],"enabled":true,"import-values":["data",{"child":"c","parent":"p"}],"alias":"b"}]"#
        );
        assert_eq!(chart_digest("a: 1\n", "b: 2\n"), None);
    }
}
