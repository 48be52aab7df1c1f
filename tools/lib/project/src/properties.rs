//! What holds for every locator of versions and any text: the place is found, what is like it is not, and an edit
//! there can be taken back to the byte.

use std::collections::BTreeMap;
use std::ops::Range;

use document::{PackageName, ProjectPath, Spelling};
use proptest::prelude::*;

use crate::find::ProjectPackage;
use crate::keyed::{keys_at, parse_key, values};
use crate::spots::{annotated, matches, parse_toml};
use crate::{locks, poetry, python, requirement};

/// A kind of file with a locator.
struct Editor {
    name: &'static str,
    /// The lines of a file. `@` is a version that is to be found; a line that begins with `?` may be left out.
    lines: &'static [&'static str],
    locate: fn(&str) -> Vec<Range<usize>>,
}

const EDITORS: [Editor; 12] = [
    Editor {
        name: "the variables of a module",
        lines: &[
            "?import x",
            "__version__ = \"@\"  # 1.2.3",
            "?__version_info__ = \"1.2.3\"",
            "?    __version__ = '1.2.3'",
            "?MIN_VERSION = '1.2.3'",
            "VERSION: str = '@'",
            "?# größer: VERSION = '1.2.3'",
        ],
        locate: |text| {
            python::assigned(text, &["__version__", "VERSION"]).into_iter().map(|(_, at)| at).collect()
        },
    },
    Editor {
        name: "the arguments in setup.py",
        lines: &[
            "setup(",
            "?    python_version='1.2.3',",
            "    version=\"@\",  # version=\"1.2.3\"",
            "?    min_version=\"1.2.3\",",
            ")",
        ],
        locate: python::version_arguments,
    },
    Editor {
        name: "setup.cfg",
        lines: &[
            "?[tool]",
            "?version = 1.2.3",
            "[metadata]",
            "?name = größe",
            "?minimum-version = 1.2.3",
            "version = @",
            "?[options]",
            "?version = 1.2.3",
        ],
        locate: |text| match python::cfg_version(text) {
            Some(python::CfgVersion::Here(range)) => vec![range],
            _ => Vec::new(),
        },
    },
    Editor {
        name: "a file that holds nothing else",
        lines: &["?", "  @ ", "?"],
        locate: |text| python::alone(text).into_iter().collect(),
    },
    Editor {
        name: "a search",
        lines: &[
            "?ARG PYTHON_VERSION=\"1.2.3\"",
            "LABEL image.version=\"@\" \\",
            "?  größe.minimum-version=\"1.2.3\" \\",
            "?  version=\"none\"",
            "LABEL version=\"v@\" version=\"@\"",
        ],
        locate: |text| matches(text, "version=\"{version}\"", Spelling::Pep440),
    },
    Editor {
        name: "annotations",
        lines: &[
            "?a: 1.2.3",
            "image: x:v@-bookworm # x-release-please-version",
            "?b: 3.12 # x-release-please-version",
            "# x-release-please-start-version",
            "c: @",
            "?d: ä",
            "# x-release-please-end",
            "?e: 1.2.3",
        ],
        locate: |text| annotated(text, Spelling::Pep440),
    },
    Editor {
        name: "a key in TOML",
        lines: &[
            "?version = \"1.2.3\"",
            "[a]",
            "?minimum-version = '1.2.3'",
            "list = [1, { version = '@' }] # 1.2.3",
            "?[\"größe\"]",
            "?version = \"1.2.3\"",
        ],
        locate: |text| keyed("x.toml", text, "a.list.1.version"),
    },
    Editor {
        name: "a key in YAML",
        lines: &[
            "?minimum-version: 1.2.3 # größe",
            "?b: {version: 1.2.3}",
            "a:",
            "- 1.2.3",
            "- &x {version: !!str \"@\"} # version: 1.2.3",
            "?- version: 1.2.3",
            "---",
            "?version: 1.2.3",
            "a: [b, {'version': @}]",
        ],
        locate: |text| keyed("x.yml", text, "a.1.version"),
    },
    Editor {
        name: "a key in JSON",
        lines: &[
            "{",
            "?\t\"version\": \"1.2.3\",",
            "?  \"gr\\u00f6\\u00dfe\": {\"b/version\": \"1.2.3\"},",
            "\"a\": [0, {\"b/version\" : \"@\", \"c\": \"1.2.3\"}]",
            "}",
        ],
        locate: |text| keyed("x.json", text, "a.1.\"b/version\""),
    },
    Editor {
        name: "uv.lock",
        lines: &[
            "version = 1",
            "[[package]]",
            "name = \"own\"",
            "version = \"@\"",
            "source = { editable = \".\" }",
            "[package.metadata]",
            "requires-dist = [{ name = \"sibling\", specifier = \"==@\" }, { name = \"other\", specifier = \"==1.2.3\" }]",
            "[[package]]",
            "name = \"other\"",
            "version = \"1.2.3\"",
            "source = { registry = \"r\" }",
        ],
        locate: |text| {
            locks::uv_lock(&[package()], &path("uv.lock"), text)
                .unwrap_or_default()
                .into_iter()
                .map(|spot| spot.range)
                .collect()
        },
    },
    Editor {
        name: "Cargo.lock",
        lines: &[
            "# größe 1.2.3",
            "[[package]]",
            "name = \"own\"",
            "version = \"@\"",
            "[[package]]",
            "name = \"own\"",
            "version = \"1.2.3\"",
            "source = \"registry\"",
            "?dependencies = [\"own 1.2.3\"]",
        ],
        locate: |text| {
            locks::crate_lock(&path("Cargo.lock"), text, "own", &package())
                .unwrap_or_default()
                .into_iter()
                .map(|spot| spot.range)
                .collect()
        },
    },
    Editor {
        name: "poetry.lock",
        lines: &[
            "[[package]]",
            "name = \"Own\"",
            "version = \"@\"",
            "?description = \"größe 1.2.3\"",
            "[package.dependencies]",
            "sibling = {version = \"==@\", extras = [\"1.2.3\"]}",
            "?other = \"==1.2.3\"",
            "[package.source]",
            "type = \"directory\"",
            "[[package]]",
            "name = \"own\"",
            "version = \"1.2.3\"",
        ],
        locate: |text| {
            poetry::poetry_lock(&[package()], &path("poetry.lock"), text)
                .unwrap_or_default()
                .into_iter()
                .map(|spot| spot.range)
                .collect()
        },
    },
];

fn path(text: &str) -> ProjectPath {
    text.parse().unwrap()
}

fn package() -> ProjectPackage {
    ProjectPackage {
        name: PackageName::normalise("own").unwrap(),
        path: None,
        dist: path("dist"),
        required_files: Vec::new(),
        imports: None,
        scripts: BTreeMap::new(),
        pins: BTreeMap::from([(PackageName::normalise("sibling").unwrap(), "==".to_owned())]),
        variant: None,
    }
}

fn keyed(file: &str, text: &str, key: &str) -> Vec<Range<usize>> {
    let found = values(&path(file), text, &parse_key(key).unwrap()).unwrap_or_default();
    found.into_iter().map(|place| place.range).collect()
}

/// The form of a file: which optional lines it has, and how they end.
#[derive(Debug, Clone)]
struct Form {
    kept: Vec<bool>,
    ending: &'static str,
    has_bom: bool,
    ends_open: bool,
}

fn forms() -> impl Strategy<Value = Form> {
    let ending = prop_oneof![Just("\n"), Just("\r\n")];
    (proptest::collection::vec(any::<bool>(), 16), ending, any::<bool>(), any::<bool>())
        .prop_map(|(kept, ending, has_bom, ends_open)| Form { kept, ending, has_bom, ends_open })
}

/// The text of a file with a version, and the places of it.
fn render(editor: &Editor, form: &Form, version: &str) -> (String, Vec<Range<usize>>) {
    let mut text = String::from(if form.has_bom { "\u{feff}" } else { "" });
    let mut places = Vec::new();
    let lines = editor.lines.iter().zip(form.kept.iter().cycle());
    let lines: Vec<_> = lines.filter(|(line, kept)| !line.starts_with('?') || **kept).collect();
    for (at, (line, _)) in lines.iter().enumerate() {
        for (part_at, part) in line.trim_start_matches('?').split('@').enumerate() {
            if part_at > 0 {
                places.push(text.len()..text.len() + version.len());
                text.push_str(version);
            }
            text.push_str(part);
        }
        if at + 1 < lines.len() || !form.ends_open {
            text.push_str(form.ending);
        }
    }
    (text, places)
}

/// The text with other texts in its places.
fn splice<'a>(text: &str, places: &[Range<usize>], to: impl Fn(usize) -> &'a str) -> String {
    let mut after = String::new();
    let mut from = 0;
    for (at, place) in places.iter().enumerate() {
        after.push_str(&text[from..place.start]);
        after.push_str(to(at));
        from = place.end;
    }
    after + &text[from..]
}

/// Texts that are nearly files of a kind that has a locator.
fn noise() -> impl Strategy<Value = String> {
    let parts = [
        "version",
        "__version__",
        "VERSION",
        "=",
        " ",
        "\n",
        "\r\n",
        "\"",
        "'",
        "1.2.3",
        "1.2.3rc1",
        "v1",
        ".",
        "-",
        ":",
        "{",
        "}",
        "[",
        "]",
        "[[",
        "]]",
        ",",
        "&a",
        "*a ",
        "!!t ",
        "- ",
        "#",
        "|",
        ">-",
        "\t",
        "\u{feff}",
        "ä",
        "𝄞",
        "\\",
        "package",
        "name",
        "own",
        "source",
        "a",
        "x-release-please-version",
        "setup(",
        "[metadata]",
        "<<: ",
        "---\n",
        "type",
        "directory",
        "sibling",
        "==",
        "~",
        "^",
        ";",
        "!",
    ];
    let parts = proptest::sample::select(parts.to_vec()).prop_map(str::to_owned);
    proptest::collection::vec(prop_oneof![9 => parts, 1 => any::<String>()], 0..40)
        .prop_map(|parts| parts.concat())
}

fn versions() -> impl Strategy<Value = String> {
    "[0-9]{1,3}(\\.[0-9]{1,3}){2}((a|b|rc)[0-9]{1,2})?(\\.post[0-9])?(\\.dev[0-9])?"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_place_is_found_and_an_edit_changes_nothing_else(form in forms(), one in versions(), other in versions()) {
        for editor in &EDITORS {
            let (text, places) = render(editor, &form, &one);
            let found = (editor.locate)(&text);
            prop_assert_eq!(&found, &places, "{} in {:?}", editor.name, text);
            let after = splice(&text, &found, |_| &other);
            prop_assert_eq!(&after, &render(editor, &form, &other).0, "{}", editor.name);
            let back = splice(&after, &(editor.locate)(&after), |_| &one);
            prop_assert_eq!(back, text, "{}", editor.name);
        }
    }

    #[test]
    fn no_text_is_too_odd_for_a_locator(text in noise()) {
        for editor in &EDITORS {
            let mut places = (editor.locate)(&text);
            places.sort_by_key(|place| place.start);
            places.dedup();
            let overlaps = places.windows(2).any(|pair| pair[0].end > pair[1].start);
            prop_assert!(!overlaps, "{} in {:?}", editor.name, text);
            let held: Vec<&str> = places.iter().map(|place| &text[place.clone()]).collect();
            prop_assert_eq!(splice(&text, &places, |at| held[at]), text.clone(), "{}", editor.name);
        }
        for file in ["x.toml", "x.yaml", "x.json"] {
            let _ = keys_at(&path(file), &text, text.len() / 2);
        }
        let _ = (matches(&text, "{version}", Spelling::SemVer), requirement::name(&text), requirement::pinned(&text, "=="));
        if let Ok(toml) = parse_toml(&path("pyproject.toml"), &text) {
            let name = PackageName::normalise("sibling").unwrap();
            let _ = poetry::pins(&text, toml.as_item(), text.len() - crate::spots::without_bom(&text).len(), (&name, &"^".to_owned()));
        }
    }

    #[test]
    fn the_version_of_a_requirement_is_found_behind_its_operator(
        version in versions(), extras in "(\\[[a-z]{1,3}(,[a-z]{1,3})?\\])?", space in " {0,2}", marker in "( ?; python_version (<|==) '1.2.3')?",
        other in "(<[0-9]{1,2})?",
    ) {
        for operator in ["==", ">=", "~="] {
            let clause = format!("{space}{operator}{space}{version}");
            let clauses = if other.is_empty() { clause } else { format!("{other},{clause}") };
            let text = format!("da-vinci{extras}{clauses}{marker}");
            let found = requirement::pinned(&text, operator).map(|range| &text[range]);
            prop_assert_eq!(found, Some(version.as_str()), "{}", text);
        }
    }
}
