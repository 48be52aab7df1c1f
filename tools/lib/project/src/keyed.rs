//! The values at a path of keys in TOML, YAML and JSON, with the place of each in the text.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::Result;
use document::{Failure, ProjectPath};
use serde_json::value::RawValue;
use toml_edit::{Item, Key, Value};

use crate::spots::{inner, parse_toml, without_bom};
use crate::yaml::{Scalar, parse_yaml};

/// The place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValuePlace {
    /// Its bytes, without quotes.
    pub(crate) range: Range<usize>,
    /// Whether what reads as a number is one there, for want of quotes.
    pub(crate) is_plain: bool,
}

/// The kinds of files that have keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyedKind {
    Toml,
    Yaml,
    Json,
}

impl KeyedKind {
    /// The kind of a file by the end of its name.
    pub(crate) fn of(path: &ProjectPath) -> Option<Self> {
        match path.as_str().rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Reads a path of keys: `services.0."image.tag"`, in the form of TOML's dotted keys.
pub(crate) fn parse_key(key: &str) -> Option<Vec<String>> {
    let keys = Key::parse(key).ok()?;
    Some(keys.iter().map(|key| key.get().to_owned()).collect())
}

/// The values at a path of keys: one, or one of each document of a YAML file that has it.
pub(crate) fn values(path: &ProjectPath, text: &str, keys: &[String]) -> Result<Vec<ValuePlace>> {
    let quoted = |range| ValuePlace { range, is_plain: false };
    match KeyedKind::of(path) {
        Some(KeyedKind::Yaml) => {
            let documents = parse_yaml(path, text)?;
            let found = documents.iter().filter_map(|document| document.at(keys)?.scalar());
            let place = |scalar: &Scalar| {
                let range = scalar.range.clone()?;
                Some(ValuePlace { range, is_plain: scalar.is_plain && !scalar.is_text })
            };
            Ok(found.filter_map(place).collect())
        }
        Some(KeyedKind::Json) => Ok(json_value(path, text, keys)?.map(quoted).into_iter().collect()),
        _ => {
            let toml = parse_toml(path, text)?;
            let offset = text.len() - without_bom(text).len();
            let mut item = Some(toml.as_item());
            for key in keys {
                item = item.and_then(|item| item.get(key).or_else(|| item.get(key.parse::<usize>().ok()?)));
            }
            let value = item.and_then(Item::as_value);
            Ok(value.and_then(|value| inner(text, value, offset)).map(quoted).into_iter().collect())
        }
    }
}

/// The keys that lead to the value at a byte of a TOML, YAML or JSON file, from the outermost; none in other files, in
/// what cannot be read, and outside of values.
pub fn keys_at(path: &ProjectPath, text: &str, byte: usize) -> Vec<String> {
    let found = match KeyedKind::of(path) {
        None => None,
        Some(KeyedKind::Toml) => parse_toml(path, text).ok().and_then(|toml| {
            let byte = byte.checked_sub(text.len() - without_bom(text).len())?;
            toml_keys(toml.as_item(), byte)
        }),
        // To YAML, JSON is a way of writing.
        Some(KeyedKind::Yaml | KeyedKind::Json) => parse_yaml(path, text)
            .ok()
            .and_then(|documents| documents.iter().find_map(|document| document.keys_at(byte))),
    };
    let mut keys = found.unwrap_or_default();
    keys.reverse();
    keys
}

/// The keys that lead to the value at a byte, from the innermost.
fn toml_keys(item: &Item, byte: usize) -> Option<Vec<String>> {
    let with = |key: &str, mut keys: Vec<String>| {
        keys.push(key.to_owned());
        keys
    };
    if let Some(table) = item.as_table_like() {
        return table.iter().find_map(|(key, item)| Some(with(key, toml_keys(item, byte)?)));
    }
    if let Some(tables) = item.as_array_of_tables() {
        let mut pairs = tables.iter().flat_map(|table| table.iter());
        return pairs.find_map(|(key, item)| Some(with(key, toml_keys(item, byte)?)));
    }
    let holds = |value: &Value| value.span().is_some_and(|span| span.contains(&byte));
    let value = item.as_value().filter(|value| holds(value))?;
    let tables = value.as_array().into_iter().flatten().filter(|value| holds(value));
    let inner = tables.filter_map(Value::as_inline_table).flat_map(|table| table.iter());
    let found = inner.filter(|(_, value)| holds(value)).map(|(key, _)| vec![key.to_owned()]).next();
    Some(found.unwrap_or_default())
}

/// The bytes inside the quotes of the text at a path of keys in a JSON file.
pub(crate) fn json_value(
    path: &ProjectPath,
    text: &str,
    keys: &[impl AsRef<str>],
) -> Result<Option<Range<usize>>> {
    let wrong = |cause: serde_json::Error| {
        let (line, column) = (cause.line(), cause.column());
        let cause = cause.to_string();
        let cause = cause.split(" at line ").next().unwrap_or_default();
        Failure::new(format!("cannot read `{path}:{line}:{column}`: {cause}")).hint("mend the JSON there")
    };
    let mut raw: &RawValue = serde_json::from_str(without_bom(text)).map_err(wrong)?;
    for key in keys {
        let key = key.as_ref();
        // The whole was read above, so that an error here means a value of another kind.
        let map = serde_json::from_str::<HashMap<String, &RawValue>>(raw.get()).ok();
        let next = match map {
            Some(map) => map.get(key).copied(),
            None => {
                let list = serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default();
                key.parse::<usize>().ok().and_then(|at| list.get(at).copied())
            }
        };
        let Some(next) = next else { return Ok(None) };
        raw = next;
    }
    let content = raw.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let Some(content) = content.filter(|text| !text.is_empty() && !text.contains('\\')) else {
        return Ok(None);
    };
    let start = content.as_ptr().addr() - text.as_ptr().addr();
    Ok(Some(start..start + content.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(path: &str, text: &'a str, key: &str) -> Vec<&'a str> {
        let places = values(&path.parse().unwrap(), text, &parse_key(key).unwrap()).unwrap();
        places.into_iter().map(|place| &text[place.range]).collect()
    }

    #[test]
    fn a_key_leads_to_its_value_in_each_kind_of_file() {
        let json = "\u{feff}{\r\n\t\"version\":\"1.2.3\", \"a.b\": {\"\": [0, {\"v\": \"1.2.4\"}]}, \"v\\u0065r\": \"ä\"}";
        assert_eq!(found("x.json", json, "version"), ["1.2.3"]);
        assert_eq!(found("x.json", json, "\"a.b\".\"\".1.v"), ["1.2.4"]);
        assert_eq!(found("x.json", json, "ver"), ["ä"]);
        let toml = "\u{feff}a.b = '1.2.3'\n[[c]]\nd = 1\n[[c]]\nd = [\"x\", { e = \"1.2.4\" }]\n[\"f.g\"]\nh = \"1.2.5\"\n";
        assert_eq!(found("x.toml", toml, "a.b"), ["1.2.3"]);
        assert_eq!(found("x.toml", toml, "c.1.d.1.e"), ["1.2.4"]);
        assert_eq!(found("x.toml", toml, "'f.g'.h"), ["1.2.5"]);
        let yaml = "metadata:\n  labels: {app.kubernetes.io/version: 1.2.3}\n---\nmetadata:\n  labels:\n    app.kubernetes.io/version: '1.2.4'\n";
        assert_eq!(found("x.YML", yaml, "metadata.labels.\"app.kubernetes.io/version\""), ["1.2.3", "1.2.4"]);
    }

    #[test]
    fn the_keys_above_a_place_are_known() {
        for (path, text, expected) in [
            ("x.toml", "\u{feff}a = 1\n[b.c]\nd = [{ e = \"HERE\" }]", "b c d e"),
            ("x.toml", "[[b]]\nc.d = { e = \"HERE\" }", "b c d e"),
            ("x.toml", "a = 1 # HERE", ""),
            ("x.toml", "a = HERE", ""),
            ("x.json", "{\n\t\"a\": [1, {\"b\": \"HERE\"}]\n}", "a b"),
            ("x.yaml", "a: &x\n- b: HERE\nc: *x", "a b"),
            ("x.yaml", "---\na: 1\n---\nb: [{c: 'HERE'}]\n", "b c"),
            ("x.md", "a: HERE", ""),
        ] {
            let keys = keys_at(&path.parse().unwrap(), text, text.find("HERE").unwrap());
            assert_eq!(keys.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_or_is_not_there_has_no_place() {
        for (path, text) in [
            ("x.json", "{\"a\": {\"b\": 1, \"c\": \"1\\u002e2\", \"d\": [], \"e\": \"\"}}"),
            ("x.toml", "a = { b = 1, c = \"1\\u002e2\", d = [], e = '' }"),
        ] {
            for key in ["a", "a.b", "a.c", "a.d", "a.d.0", "a.e", "a.b.c", "x"] {
                assert!(found(path, text, key).is_empty(), "{path} {key}");
            }
        }
        assert_eq!(parse_key("a."), None);
        assert_eq!(parse_key("a/b"), None);
    }

    #[test]
    fn what_is_no_json_is_named_with_its_place() {
        let error =
            json_value(&"web/package.json".parse().unwrap(), "{\n  \"a\": 1,\n}", &["a"]).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `web/package.json:3:1`: key must be a string");
    }
}
