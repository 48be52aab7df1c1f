//! What the settings of a build in pyproject.toml say of the version: where it is, or that git tells it.

use toml_edit::{Item, Value};

use crate::finder::at;

/// Where the settings of a build say that the version is.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Python files.
    pub(crate) modules: Vec<String>,
    /// Variables with their modules: `package.module.variable`.
    pub(crate) attributes: Vec<String>,
    /// Files that hold nothing else.
    pub(crate) files: Vec<String>,
    /// The Cargo.toml of the crate that the package is built from.
    pub(crate) manifest: Option<String>,
    /// Folders of import packages whose names may be others than that of the distribution.
    pub(crate) packages: Vec<String>,
    /// The folders that import packages lie in, beside `src` and the package's own.
    pub(crate) roots: Vec<String>,
    /// The tool that makes the version from git's tags at each build.
    pub(crate) from_git: Option<&'static str>,
}

impl Named {
    /// Reads the settings in a pyproject.toml.
    pub(crate) fn read(root: &Item) -> Self {
        let word = |path: &[&str]| at(root, path).and_then(Item::as_str).map(str::to_owned);
        let list = |path: &[&str]| -> Vec<String> {
            let item = at(root, path);
            let list = item.and_then(Item::as_array).into_iter().flatten().filter_map(Value::as_str);
            item.and_then(Item::as_str).into_iter().chain(list).map(str::to_owned).collect()
        };
        let mut named = Self { from_git: from_git(root), ..Self::default() };
        if word(&["build-system", "build-backend"]).as_deref() == Some("maturin") {
            let manifest = word(&["tool", "maturin", "manifest-path"]);
            named.manifest = Some(manifest.unwrap_or_else(|| "Cargo.toml".to_owned()));
        }
        named.modules.extend(word(&["tool", "hatch", "version", "path"]));
        named.modules.extend(word(&["tool", "pdm", "version", "path"]));
        named.attributes.extend(word(&["tool", "setuptools", "dynamic", "version", "attr"]));
        named.files.extend(list(&["tool", "setuptools", "dynamic", "version", "file"]));
        let flit = word(&["tool", "flit", "module", "name"]).map(|name| name.replace('.', "/"));
        named.packages.extend(flit.iter().flat_map(|name| [name.clone(), format!("src/{name}")]));
        named.packages.extend(list(&["tool", "hatch", "build", "targets", "wheel", "packages"]));
        let poetry = at(root, &["tool", "poetry", "packages"]).and_then(Item::as_array);
        for table in poetry.into_iter().flatten().filter_map(Value::as_inline_table) {
            let text = |key: &str| table.get(key).and_then(Value::as_str);
            let Some(include) = text("include") else { continue };
            named
                .packages
                .push(text("from").map_or_else(|| include.to_owned(), |from| format!("{from}/{include}")));
        }
        named.roots.extend(list(&["tool", "setuptools", "packages", "find", "where"]));
        named.roots.extend(word(&["tool", "setuptools", "package-dir", ""]));
        named
    }
}

/// The tool that makes the version from git's tags.
fn from_git(root: &Item) -> Option<&'static str> {
    let is = |path: &[&str], value: &str| at(root, path).and_then(Item::as_str) == Some(value);
    if is(&["tool", "hatch", "version", "source"], "vcs") {
        return Some("hatch-vcs");
    }
    if is(&["tool", "pdm", "version", "source"], "scm") {
        return Some("pdm-backend");
    }
    let tools = [
        "setuptools_scm",
        "setuptools-git-versioning",
        "poetry-dynamic-versioning",
        "versioneer",
        "versioningit",
    ];
    tools.into_iter().find(|tool| {
        let settings = at(root, &["tool", tool]);
        let off = |key: &str| {
            settings.and_then(|settings| settings.get(key)).and_then(Item::as_bool) == Some(false)
        };
        settings.is_some() && !off("enable") && !off("enabled")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Named {
        Named::read(text.parse::<toml_edit::DocumentMut>().unwrap().as_item())
    }

    #[test]
    fn each_build_has_its_own_words() {
        for (text, expected) in [
            ("[tool.hatch]\nversion.path = 'a/v.py'", "a/v.py"),
            ("[tool.pdm.version]\nsource = 'file'\npath = 'a/v.py'", "a/v.py"),
            ("[tool.flit.module]\nname = 'ns.a'", "ns/a src/ns/a"),
            ("[tool.hatch.build.targets.wheel]\npackages = ['lib/a', 'b']", "lib/a b"),
            ("[tool.poetry]\npackages = [{ include = 'a', from = 'lib' }, { include = 'b' }]", "lib/a b"),
            ("[tool.setuptools.packages.find]\nwhere = ['lib']", "lib"),
            ("[tool.setuptools]\npackage-dir = { '' = 'lib' }", "lib"),
            ("[tool.setuptools.dynamic]\nversion = { file = ['V', 'W'] }", "V W"),
            ("[tool.setuptools.dynamic]\nversion = { attr = 'a.b' }", "a.b"),
        ] {
            let Named { modules, attributes, files, packages, roots, .. } = named(text);
            assert_eq!([modules, attributes, files, packages, roots].concat().join(" "), expected, "{text}");
        }
    }

    #[test]
    fn tells_the_tools_that_ask_git() {
        for (text, expected) in [
            ("[tool.setuptools_scm]", Some("setuptools_scm")),
            ("[tool.hatch.version]\nsource = 'vcs'", Some("hatch-vcs")),
            ("[tool.pdm.version]\nsource = 'scm'", Some("pdm-backend")),
            ("[tool.poetry-dynamic-versioning]\nenable = true", Some("poetry-dynamic-versioning")),
            ("[tool.poetry-dynamic-versioning]\nenable = false", None),
            ("[tool.hatch.version]\npath = 'a.py'", None),
        ] {
            assert_eq!(named(text).from_git, expected, "{text}");
        }
    }
}
