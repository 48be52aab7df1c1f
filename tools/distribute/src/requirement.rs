//! What a requirement (PEP 508) says about the order and the completeness of a publication.

use document::{PackageName, Version};

/// A requirement on another distribution, as far as a publication needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The required package.
    pub name: PackageName,
    /// The versions that it is pinned to (`==` without a wildcard, `===`); none for an open requirement.
    pub exact: Vec<Version>,
    /// Only an extra asks for it.
    pub is_extra: bool,
    /// It names a URL in place of a version.
    pub is_direct: bool,
}

impl Requirement {
    /// Reads a requirement; `None` when it does not start with a package name.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, marker) = text.split_once(';').unwrap_or((text, ""));
        let outside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let text = text.trim();
        let (name, rest) = text.split_at(text.find(outside).unwrap_or(text.len()));
        let rest = rest.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']')?.1.trim_start(),
            None => rest,
        };
        let is_direct = rest.starts_with('@');
        let exact = |clause: &str| {
            let version =
                clause.trim_matches(|c: char| c.is_whitespace() || "()".contains(c)).strip_prefix("==")?;
            version.trim_start_matches('=').trim().parse().ok()
        };
        Some(Self {
            name: PackageName::normalise(name).ok()?,
            exact: if is_direct { Vec::new() } else { rest.split(',').filter_map(exact).collect() },
            is_extra: marker
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| word == "extra"),
            is_direct,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Vec<String>, bool, bool) {
        let Requirement { name, exact, is_extra, is_direct } = Requirement::parse(text).unwrap();
        (name.to_string(), exact.iter().map(Version::to_string).collect(), is_extra, is_direct)
    }

    fn known(
        name: &str,
        exact: &[&str],
        is_extra: bool,
        is_direct: bool,
    ) -> (String, Vec<String>, bool, bool) {
        (name.to_owned(), exact.iter().map(ToString::to_string).collect(), is_extra, is_direct)
    }

    #[test]
    fn tells_exact_requirements_from_open_ones() {
        assert_eq!(parsed("Da_Vinci==0.5.0"), known("da-vinci", &["0.5.0"], false, false));
        assert_eq!(parsed("da.vinci [cli,x] (>=0.4, == 0.5.0)"), known("da-vinci", &["0.5.0"], false, false));
        assert_eq!(parsed("a===1.0"), known("a", &["1.0"], false, false));
        for open in ["a", "a>=1", "a==1.*", "a~=1.0", "a!=1.0", "a; python_version=='3.9'"] {
            assert_eq!(parsed(open), known("a", &[], false, false), "{open}");
        }
    }

    #[test]
    fn knows_extras_and_urls() {
        assert_eq!(parsed("a==1; extra == 'x'"), known("a", &["1"], true, false));
        assert_eq!(parsed("a @ https://example.invalid/a-1.whl"), known("a", &[], false, true));
        assert_eq!(Requirement::parse("==1"), None);
    }
}
