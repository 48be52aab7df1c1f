//! Texts with fields in braces, as Python's `str.format` has them.

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

/// A text with fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

impl Template {
    /// Reads a text; `None` where a brace has no other.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let (field, after) = rest.split_once('}').filter(|_| brace == "{")?;
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Field(field.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Some(Self(pieces))
    }

    /// The names of the fields.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with a value for each field; the error is the first field without one.
    pub(super) fn filled(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let parts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Field(name) => value(name).ok_or_else(|| name.clone()),
        });
        parts.collect()
    }

    /// The text with `{version}` for one field, and other texts for others.
    pub(super) fn with_version(&self, field: &str, others: &[(&str, &str)]) -> Result<String, String> {
        self.filled(|name| {
            let other =
                || others.iter().find(|(other, _)| *other == name).map(|(_, text)| (*text).to_owned());
            if name == field { Some("{version}".to_owned()) } else { other() }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_doubled_braces() {
        let template = Template::parse("a {{x}} {current_version} {now:%Y}!").unwrap();
        assert_eq!(template.fields().collect::<Vec<_>>(), ["current_version", "now:%Y"]);
        assert_eq!(
            template.with_version("current_version", &[("now:%Y", "2026")]).unwrap(),
            "a {x} {version} 2026!"
        );
        assert_eq!(template.with_version("new_version", &[]).unwrap_err(), "current_version");
        assert_eq!(Template::parse("a { b"), None);
        assert_eq!(Template::parse("a } b"), None);
    }
}
