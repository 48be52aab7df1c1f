//! Where a version stands in Python sources and in setup.cfg: found in the text, nothing is run.

use std::ops::Range;

use document::Version;

use crate::spots::without_bom;

/// What setup.cfg says of the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CfgVersion {
    /// The version itself.
    Here(Range<usize>),
    /// A variable of a module: `package.module.variable`.
    Attribute(String),
    /// A file that holds nothing else.
    File(String),
}

/// The versions in `name = "…"` at the start of a line, with or without a type, each with the name.
pub(crate) fn assigned<'a>(text: &str, names: &[&'a str]) -> Vec<(&'a str, Range<usize>)> {
    let mut found = Vec::new();
    for (from, line) in lines(text) {
        let code = without_bom(line);
        let Some((name, rest)) = names.iter().find_map(|name| Some((*name, code.strip_prefix(name)?))) else {
            continue;
        };
        let Some((annotation, value)) = rest.split_once('=') else { continue };
        if !(annotation.trim().is_empty() || annotation.trim_start().starts_with(':')) {
            continue;
        }
        let range = quoted(text, from + (line.len() - value.len()));
        let is_version = |range: &Range<usize>| text[range.clone()].parse::<Version>().is_ok();
        found.extend(range.filter(is_version).map(|range| (name, range)));
    }
    found
}

/// The versions in `version="…"` as an argument; `python_version="…"` and `minimum_version = "…"` are none.
pub(crate) fn version_arguments(text: &str) -> Vec<Range<usize>> {
    let mut found = arguments(text, "version");
    found.retain(|range| text[range.clone()].parse::<Version>().is_ok());
    found
}

/// The strings in `name="…"` as an argument of that name.
pub(crate) fn arguments(text: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (from, line) in lines(text) {
        let code = line.split('#').next().unwrap_or_default();
        for (at, _) in code.match_indices(name) {
            let before = code[..at].chars().next_back();
            let rest = code[at + name.len()..].trim_start();
            let is_argument = before.is_none_or(|c| c.is_whitespace() || c == '(' || c == ',');
            if let Some(value) = rest.strip_prefix('=').filter(|value| is_argument && !value.starts_with('='))
            {
                found.extend(quoted(text, from + (code.len() - value.len())));
            }
        }
    }
    found
}

/// `version` in `[metadata]` of setup.cfg.
pub(crate) fn cfg_version(text: &str) -> Option<CfgVersion> {
    let range = cfg_value(text, "version")?;
    let value = &text[range.clone()];
    if let Some(attribute) = value.strip_prefix("attr:") {
        return Some(CfgVersion::Attribute(attribute.trim().to_owned()));
    }
    if let Some(file) = value.strip_prefix("file:") {
        return Some(CfgVersion::File(file.trim().to_owned()));
    }
    value.parse::<Version>().is_ok().then_some(CfgVersion::Here(range))
}

/// The value of a key in `[metadata]` of setup.cfg.
pub(crate) fn cfg_value(text: &str, key: &str) -> Option<Range<usize>> {
    let mut in_metadata = false;
    for (from, line) in lines(text) {
        let code = line.trim_end();
        if without_bom(code).starts_with('[') {
            in_metadata = without_bom(code) == "[metadata]";
            continue;
        }
        let Some(at) = code.find(['=', ':']).filter(|at| in_metadata && code[..*at].trim_end() == key) else {
            continue;
        };
        let value = code[at + 1..].trim_start();
        let start = from + code.len() - value.len();
        return Some(start..start + value.len());
    }
    None
}

/// The folders that import packages lie in by setup.cfg: `package_dir` without a package, and `where`.
pub(crate) fn cfg_roots(text: &str) -> Vec<String> {
    let (mut section, mut key) = ("", "");
    let mut roots = Vec::new();
    for (_, line) in lines(without_bom(text)) {
        let code = line.trim();
        if line.starts_with('[') {
            (section, key) = (code, "");
            continue;
        }
        let mut value = code;
        if !line.starts_with(char::is_whitespace) {
            let Some((name, rest)) = code.split_once('=') else { continue };
            (key, value) = (name.trim_end(), rest.trim_start());
        }
        let root = match (section, key) {
            ("[options]", "package_dir") => value.strip_prefix('=').map(str::trim_start),
            ("[options.packages.find]", "where") => Some(value),
            _ => None,
        };
        roots.extend(root.filter(|root| !root.is_empty() && !root.starts_with('#')).map(str::to_owned));
    }
    roots
}

/// The version that is all that a file holds.
pub(crate) fn alone(text: &str) -> Option<Range<usize>> {
    let version = without_bom(text).trim();
    version.parse::<Version>().ok()?;
    let start = text.find(version)?;
    Some(start..start + version.len())
}

/// What stands in the quotes that open at or after an offset on the same line.
fn quoted(text: &str, offset: usize) -> Option<Range<usize>> {
    let line = text[offset..].split('\n').next()?;
    let value = line.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let start = offset + (line.len() - value.len()) + 1;
    let range = start..start + value[1..].find(quote)?;
    Some(range)
}

/// The lines of a text with their offsets.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let from = start;
        start += line.len();
        (from, line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(&'static str, &str)> {
        assigned(text, &["__version__", "VERSION"])
            .into_iter()
            .map(|(name, range)| (name, &text[range]))
            .collect()
    }

    #[test]
    fn setup_cfg_tells_where_packages_lie() {
        for (text, expected) in [
            ("[options]\npackage_dir =\n    = lib\n    a = b\n", "lib"),
            (
                "\u{feff}[options]\r\npackage_dir = =src\r\n[options.packages.find]\r\nwhere = lib\r\n",
                "src lib",
            ),
            ("[options.packages.find]\nexclude =\n    tests\nwhere=\n    # here\n    a/b", "a/b"),
            ("[metadata]\nwhere = lib\n", ""),
        ] {
            assert_eq!(cfg_roots(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn finds_assigned_versions_and_no_other() {
        for (text, expected) in [
            ("__version__ = \"1.2.3\"\n", vec![("__version__", "1.2.3")]),
            (
                "import x\r\n__version__: str = '1.2.3'\r\nVERSION='1.2.3'\r\n",
                vec![("__version__", "1.2.3"), ("VERSION", "1.2.3")],
            ),
            ("\u{feff}__version__='1.2.3'", vec![("__version__", "1.2.3")]),
            ("__version__ = version(\"x\")\n", vec![]),
            ("__version_info__ = \"1.2.3\"\n", vec![]),
            ("VERSION_FILE = \"1.2.3\"\n", vec![]),
            ("    __version__ = \"1.2.3\"\n", vec![]),
            ("__version__ == \"1.2.3\"\n", vec![]),
            ("__version__ = \"none\"\n", vec![]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_argument_named_version_and_no_other() {
        let found = |text: &'static str| {
            version_arguments(text).into_iter().map(|range| &text[range]).collect::<Vec<_>>()
        };
        assert_eq!(found("setup(\n    name='x',\n    version='1.2.3',\n)"), ["1.2.3"]);
        assert_eq!(found("setup(name='x', version = \"1.2.3\")"), ["1.2.3"]);
        for none in [
            "setup(python_version='1.2.3', min.version='1.0', version=VERSION)",
            "# version='1.2.3'",
            "if version == '1.2.3': pass",
            "setup(minimum_version = \"1.2.3\")",
        ] {
            assert!(found(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn reads_setup_cfg() {
        let text = "[tool]\nversion = 9\n[metadata]\nname = x\nversion = 1.2.3\r\n";
        let Some(CfgVersion::Here(range)) = cfg_version(text) else { panic!("no version") };
        assert_eq!(&text[range], "1.2.3");
        assert_eq!(
            cfg_version("[metadata]\nversion = attr: x.y\n"),
            Some(CfgVersion::Attribute("x.y".to_owned()))
        );
        assert_eq!(
            cfg_version("[metadata]\nversion: file: VERSION\n"),
            Some(CfgVersion::File("VERSION".to_owned()))
        );
        assert_eq!(cfg_version("[metadata]\nminimum-version = 1\n"), None);
    }

    #[test]
    fn a_version_file_holds_nothing_else() {
        assert_eq!(alone("\u{feff}1.2.3\r\n"), Some(3..8));
        assert_eq!(alone("1.2.3\n1.2.4\n"), None);
    }
}
