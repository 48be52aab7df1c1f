//! The fields of core metadata: which there are, since when, how often, and what their values look like.

use super::Metadata;

/// The versions of the metadata, in order; 2.0 was withdrawn, and its fields came with 2.1.
const VERSIONS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

/// Each field that was not there from the first, with the version that brought it.
///
/// `License-File` is left out: for years backends wrote it before there was a version for it, and uploads drop it.
const SINCE: [(&str, &str); 21] = [
    ("Supported-Platform", "1.1"),
    ("Download-URL", "1.1"),
    ("Classifier", "1.1"),
    ("Requires", "1.1"),
    ("Provides", "1.1"),
    ("Obsoletes", "1.1"),
    ("Maintainer", "1.2"),
    ("Maintainer-email", "1.2"),
    ("Requires-Dist", "1.2"),
    ("Provides-Dist", "1.2"),
    ("Obsoletes-Dist", "1.2"),
    ("Requires-Python", "1.2"),
    ("Requires-External", "1.2"),
    ("Project-URL", "1.2"),
    ("Description-Content-Type", "2.1"),
    ("Provides-Extra", "2.1"),
    ("Dynamic", "2.2"),
    ("License-Expression", "2.4"),
    ("Import-Name", "2.5"),
    ("Import-Namespace", "2.5"),
    ("License-File", "1.0"),
];

/// Fields that were there from the first, and may stand once.
const FIRST: [&str; 10] = [
    "Metadata-Version",
    "Name",
    "Version",
    "Summary",
    "Description",
    "Keywords",
    "Home-page",
    "Author",
    "Author-email",
    "License",
];

/// Later fields that may stand once.
const ONCE: [&str; 6] = [
    "Download-URL",
    "Maintainer",
    "Maintainer-email",
    "Requires-Python",
    "Description-Content-Type",
    "License-Expression",
];

/// Lists fields that stand twice though they may not, and fields that the version of the metadata does not have.
pub(super) fn faults(metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for field in FIRST.iter().chain(&ONCE) {
        if metadata.get_all(field).len() > 1 {
            found.push(format!("`{field}` stands in it more than once"));
        }
    }
    let age = |version: &str| VERSIONS.iter().position(|known| *known == version);
    let Some(own) = age(&metadata.metadata_version) else { return found };
    for (field, since) in SINCE {
        let is_used = metadata.get_all(field).iter().any(|value| !value.is_empty());
        if is_used && age(since).is_some_and(|since| since > own) {
            let version = &metadata.metadata_version;
            found.push(format!("`{field}` came with version {since} of the metadata, and it has {version}"));
        }
    }
    for field in metadata.get_all("Dynamic") {
        let is = |known: &&str| known.eq_ignore_ascii_case(field);
        let fixed = ["Metadata-Version", "Name", "Version"];
        let mut known =
            FIRST[3..].iter().copied().chain(SINCE.iter().map(|(name, _)| *name)).chain(["Platform"]);
        if fixed.iter().any(is) || field.eq_ignore_ascii_case("Dynamic") || !known.any(|name| is(&name)) {
            found.push(format!("`{field}` cannot be `Dynamic`"));
        }
    }
    found
}

/// Says what is wrong with a `Description-Content-Type`.
pub(super) fn content_type_fault(value: &str) -> Option<String> {
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_lowercase();
    if !matches!(kind.as_str(), "text/plain" | "text/x-rst" | "text/markdown") {
        return Some("is none of `text/markdown`, `text/x-rst` and `text/plain`".to_owned());
    }
    for part in parts.filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            return Some(format!("has `{part}`, which is no `name=value`"));
        };
        let value = value.trim().trim_matches('"');
        match name.trim().to_lowercase().as_str() {
            "charset" if !value.eq_ignore_ascii_case("utf-8") => {
                return Some(format!("has the charset `{value}`, and must have UTF-8"));
            }
            "variant" if kind == "text/markdown" && !matches!(value, "GFM" | "CommonMark") => {
                return Some(format!("has the variant `{value}`, and there are GFM and CommonMark"));
            }
            _ => {}
        }
    }
    None
}

/// Says what is wrong with a licence expression (SPDX, PEP 639), whose words may be written in small letters.
pub(super) fn licence_fault(expression: &str) -> Option<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut words = Vec::new();
    for word in spaced.split_whitespace() {
        let (name, plus) = word.strip_suffix('+').map_or((word, ""), |name| (name, "+"));
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let own = name.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("LicenseRef-"));
        let found = if matches!(word.to_lowercase().as_str(), "and" | "or" | "with" | "(" | ")") {
            Some(word.to_uppercase())
        } else if own && plus.is_empty() {
            Some(format!("LicenseRef-{}", &name[11..]))
        } else if words.last().is_some_and(|last| last == "WITH") {
            spdx::identifiers::EXCEPTIONS
                .iter()
                .find(|known| is(known.name))
                .map(|known| known.name.to_owned())
        } else {
            let known = spdx::identifiers::LICENSES.iter().find(|known| is(known.name));
            known.map(|known| format!("{}{plus}", known.name))
        };
        match found {
            Some(word) => words.push(word),
            None => return Some(format!("has `{word}`, which is no licence of SPDX")),
        }
    }
    let mode = spdx::ParseMode {
        allow_deprecated: true,
        allow_postfix_plus_on_gpl: true,
        ..spdx::ParseMode::STRICT
    };
    let wrong = spdx::Expression::parse_mode(&words.join(" "), mode).is_err();
    wrong.then(|| "is no expression of SPDX".to_owned())
}

/// Says what is wrong with the path in a `License-File` (PEP 639).
pub(super) fn licence_file_fault(path: &str) -> Option<&'static str> {
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    match path {
        _ if path.contains("..") => Some("has `..` in it"),
        _ if path.contains('*') => Some("has a `*` in it"),
        _ if path.contains('\\') => Some("has a backslash in it"),
        _ if path.starts_with('/') || has_drive => Some("is no relative path"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_content_type() {
        for good in
            ["text/markdown", "Text/X-RST; charset=utf-8", "text/markdown; variant=GFM; charset=\"UTF-8\""]
        {
            assert_eq!(content_type_fault(good), None);
        }
        for (bad, words) in [
            ("markdown", "is none of"),
            ("text/markdown; charset=latin-1", "the charset `latin-1`"),
            ("text/markdown; variant=Pandoc", "the variant `Pandoc`"),
            ("text/markdown; GFM", "which is no `name=value`"),
        ] {
            assert!(content_type_fault(bad).is_some_and(|fault| fault.contains(words)), "{bad}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_licence() {
        for good in [
            "MIT",
            "mit or (apache-2.0 AND GPL-2.0+)",
            "GPL-3.0-only WITH GCC-exception-3.1",
            "LicenseRef-Own",
        ] {
            assert_eq!(licence_fault(good), None, "{good}");
        }
        for (bad, words) in [
            ("Apache 2.0", "`Apache`, which is no licence"),
            ("MIT OR", "is no expression"),
            ("MIT Apache-2.0", "is no expression"),
            ("", "is no expression"),
            ("MIT WITH Nothing", "`Nothing`"),
        ] {
            assert!(
                licence_fault(bad).is_some_and(|fault| fault.contains(words)),
                "{bad}: {:?}",
                licence_fault(bad)
            );
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_licence_file() {
        assert_eq!(licence_file_fault("licences/MIT.txt"), None);
        for bad in ["../MIT", "/MIT", "C:/MIT", "a\\MIT", "LICEN?E*"] {
            assert!(licence_file_fault(bad).is_some(), "{bad}");
        }
    }
}
