//! The header format that METADATA, PKG-INFO and WHEEL share: `Name: value` lines, folded lines, a body.

use std::collections::BTreeSet;

use document::Failure;

/// A file in the header format (RFC 822, as PEP 241 and PEP 427 use it): its fields in their order, and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Headers {
    fields: Vec<(String, String)>,
    body: String,
}

impl Headers {
    /// Reads the fields up to the first empty line. A folded line joins the field before it with a newline.
    pub(crate) fn parse(bytes: &[u8], what: &str) -> Result<Self, Failure> {
        let fail = |cause: String| {
            Failure::new(format!("cannot read {what}: {cause}"))
                .hint("build the distribution again with `build-wheels`")
        };
        let text = std::str::from_utf8(bytes).map_err(|cause| {
            let line = bytes[..cause.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            fail(format!("line {line} is not UTF-8"))
        })?;
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut lines = text.lines();
        let mut number = 0;
        while let Some(line) = lines.next().filter(|line| !line.is_empty()) {
            number += 1;
            if line.starts_with([' ', '\t']) {
                let Some((_, value)) = fields.last_mut() else {
                    return Err(fail(format!(
                        "line {number} continues a field, and no field stands before it"
                    )));
                };
                value.push('\n');
                value.push_str(line.trim());
                continue;
            }
            match line.split_once(':') {
                Some((name, value))
                    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) =>
                {
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
                _ => return Err(fail(format!("line {number}, `{line}`, is not of the form `Name: value`"))),
            }
        }
        Ok(Self { fields, body: lines.collect::<Vec<_>>().join("\n") })
    }

    /// Every value of a field, in order; names are compared without regard to case.
    pub(crate) fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The name of each field, in small letters.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    }

    /// What follows the first empty line, whatever its line ends were.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// The value of a field that may stand once at most.
    pub(crate) fn at_most_one<'a>(&'a self, name: &'a str, what: &str) -> Result<Option<&'a str>, Failure> {
        let mut values = self.get_all(name);
        match (values.next(), values.next()) {
            (Some(first), Some(second)) => Err(Failure::new(format!(
                "cannot read {what}: `{name}` stands in it twice, as `{first}` and as `{second}`"
            ))
            .hint("build the distribution again with `build-wheels`")),
            (value, _) => Ok(value),
        }
    }

    /// The value of a field that must stand exactly once.
    pub(crate) fn one<'a>(&'a self, name: &'a str, what: &str) -> Result<&'a str, Failure> {
        self.at_most_one(name, what)?.filter(|value| !value.is_empty()).ok_or_else(|| {
            Failure::new(format!("cannot read {what}: it has no `{name}`"))
                .hint("build the distribution again with `build-wheels`")
        })
    }
}
