//! The document as text: reading refuses what it does not understand, printing gives equal bytes for equal input.

use serde::de::Error as _;
use serde_json::Value;

use crate::{FORMAT, Failure, Release};

impl Release {
    /// Reads a document. The format is checked before anything else; unknown keys are errors with their place.
    pub fn from_json(text: &[u8]) -> Result<Self, Failure> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::document(
                "cannot read the release document: it is empty, the tool before failed",
            )
            .hint("read the error of the tool before, or start from `bump-version current`"));
        }
        let value: Value = serde_json::from_slice(text).map_err(|cause| not_json(&cause))?;
        check_format(&value)?;
        let mut place = serde_path_to_error::Track::new();
        let reader = serde_path_to_error::Deserializer::new(&value, &mut place);
        let release: Self = serde::Deserialize::deserialize(reader)
            .map_err(|cause: serde_json::Error| misshapen(&place.path().to_string(), &cause.to_string()))?;
        let whole = serde_json::to_value(&release).map_err(|cause| misshapen(".", &cause.to_string()))?;
        match absent_key(&whole, &value, String::new()) {
            Some(path) => {
                Err(misshapen(&path, "the key is missing; what is not known yet is written as null"))
            }
            None => Ok(release),
        }
    }

    /// Prints the document: indented JSON with every key, and a newline at the end.
    pub fn to_json(&self) -> Result<String, Failure> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|cause| Failure::document(format!("cannot print the release document: {cause}")))?;
        text.push('\n');
        Ok(text)
    }
}

fn misshapen(path: &str, cause: &str) -> Failure {
    let place = if path == "." { "the top level".to_owned() } else { format!("`{path}`") };
    Failure::document(format!("cannot use the release document: {place}: {cause}"))
        .hint("use the tools of one version of Wainwright, and change a document only with a program that knows JSON")
}

/// Returns the place of the first key of `whole` that `read` lacks: serde takes an absent `Option` for a null.
fn absent_key(whole: &Value, read: &Value, place: String) -> Option<String> {
    match (whole, read) {
        (Value::Object(whole), Value::Object(read)) => whole.iter().find_map(|(key, value)| {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            read.get(key).map_or(Some(place.clone()), |read| absent_key(value, read, place))
        }),
        (Value::Array(whole), Value::Array(read)) => {
            let mut pairs = whole.iter().zip(read).enumerate();
            pairs.find_map(|(at, (whole, read))| absent_key(whole, read, format!("{place}[{at}]")))
        }
        _ => None,
    }
}

fn not_json(cause: &serde_json::Error) -> Failure {
    let (line, column) = (cause.line(), cause.column());
    if cause.is_eof() {
        return Failure::document(format!(
            "cannot read the release document: it is truncated, it ends at line {line}, column {column}"
        ))
        .hint("run the tool before again; its output was cut, on a full disk perhaps");
    }
    let cause = serde_json::Error::custom(cause).to_string();
    let cause = cause.split(" at line").next().unwrap_or_default();
    Failure::document(format!(
        "cannot read the release document: line {line}, column {column}: no JSON, {cause}"
    ))
    .hint("pipe the stdout of the tool before, and nothing else, into this one")
}

fn check_format(value: &Value) -> Result<(), Failure> {
    let Some(format) = value.as_object().and_then(|object| object.get("format")) else {
        return Err(Failure::document(
            "cannot use the document: it is JSON without a `format`, no release document",
        )
        .hint("pipe the output of `bump-version` or of a later tool into this one"));
    };
    match format.as_u64() {
        Some(number) if number == u64::from(FORMAT) => Ok(()),
        Some(number) if number > u64::from(FORMAT) => Err(Failure::document(format!(
            "cannot use the release document: `format` is {number}, this build reads up to {FORMAT}"
        ))
        .hint("update Wainwright")),
        _ => Err(Failure::document(format!(
            "cannot use the release document: `format` is {format}, not {FORMAT}"
        ))
        .hint("pipe the output of `bump-version` or of a later tool into this one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

    const FULL: &str = include_str!("../tests/fixtures/format-1.json");

    fn refusal(text: &str) -> String {
        let failure = Release::from_json(text.as_bytes()).unwrap_err();
        let error = anyhow::Error::new(failure);
        assert_eq!(Failure::of(&error).1, Exit::Document);
        error.to_string()
    }

    #[test]
    fn a_full_document_is_printed_as_it_was_read() {
        assert_eq!(Release::from_json(FULL.as_bytes()).unwrap().to_json().unwrap(), FULL);
    }

    #[test]
    fn refuses_an_empty_document() {
        assert!(refusal(" \n").contains("it is empty"));
    }

    #[test]
    fn refuses_a_truncated_document_with_its_end() {
        let message = refusal(&FULL[..FULL.len() / 2]);
        assert!(message.contains("it is truncated, it ends at line"), "{message}");
    }

    #[test]
    fn refuses_every_truncation() {
        let end = FULL.trim_end().len();
        for cut in 1..end {
            assert!(Release::from_json(&FULL.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn refuses_what_is_not_json_with_its_place() {
        assert_eq!(
            refusal("{\"format\": 1,\n oops}"),
            "cannot read the release document: line 2, column 2: no JSON, key must be a string"
        );
    }

    #[test]
    fn refuses_a_foreign_document() {
        assert!(refusal("[1]").contains("no release document"));
        assert!(refusal("{\"version\": 1}").contains("no release document"));
    }

    #[test]
    fn refuses_a_newer_format_whatever_else_it_holds() {
        assert_eq!(
            refusal("{\"format\": 2, \"shiny\": []}"),
            "cannot use the release document: `format` is 2, this build reads up to 1"
        );
        assert!(refusal("{\"format\": \"1\"}").contains("`format` is \"1\", not 1"));
    }

    #[test]
    fn refuses_an_unknown_key_with_its_place() {
        let text = FULL.replacen("\"size\":", "\"sise\":", 1);
        let message = refusal(&text);
        assert!(message.starts_with("cannot use the release document: `artifacts[0]"), "{message}");
        assert!(message.contains("unknown field `sise`"), "{message}");
    }

    #[test]
    fn refuses_a_missing_key() {
        let message = refusal("{\"format\": 1}");
        assert!(message.contains("missing field `dry_run`"), "{message}");
    }

    #[test]
    fn refuses_a_path_that_leaves_the_project() {
        let message = refusal(&FULL.replacen("dist/", "../dist/", 1));
        assert!(message.contains("is not a path inside the project"), "{message}");
    }

    #[test]
    fn every_optional_key_is_required_in_the_text() {
        let value: Value = serde_json::from_str(FULL).unwrap();
        for key in value.as_object().unwrap().keys() {
            let mut without = value.clone();
            without.as_object_mut().unwrap().remove(key);
            assert!(Release::from_json(without.to_string().as_bytes()).is_err(), "accepted without `{key}`");
        }
    }

    #[test]
    fn the_committed_schema_is_the_one_of_the_types() {
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<Release>();
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/release-document.schema.json");
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == text,
            "the schema is stale; run the test with UPDATE_SCHEMAS=1 and commit the file"
        );
    }
}
