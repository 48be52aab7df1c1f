//! Where the version stands in a requirement (PEP 508): `name[extras] == 1.2.3 ; marker`.

use std::ops::Range;

use document::PackageName;

/// Returns the name of a requirement.
pub fn name(requirement: &str) -> Option<PackageName> {
    PackageName::normalise(&requirement[..name_length(requirement)]).ok()
}

/// Returns the range of the version behind the operator: `1.2.3` in `name[extra]>=1,==1.2.3; marker`.
///
/// `None` when the requirement has no clause with that operator, or is a direct URL.
pub(crate) fn pinned(requirement: &str, operator: &str) -> Option<Range<usize>> {
    let mut start = name_length(requirement);
    let rest = &requirement[start..];
    if let Some(open) = rest.find(|c: char| !c.is_whitespace()).filter(|at| rest[*at..].starts_with('[')) {
        start += open + rest[open..].find(']')? + 1;
    }
    let end = requirement[start..].find(';').map_or(requirement.len(), |at| start + at);
    for clause in requirement[start..end].split_inclusive(',') {
        let inner =
            clause.trim_end_matches(',').trim_matches(|c: char| c.is_whitespace() || "()".contains(c));
        let version = inner.strip_prefix(operator).filter(|rest| !rest.starts_with('=')).map(str::trim_start);
        if let Some(version) = version {
            let at = start + clause.find(inner)? + (inner.len() - version.len());
            return Some(at..at + version.len());
        }
        start += clause.len();
    }
    None
}

fn name_length(requirement: &str) -> usize {
    let outside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    requirement.find(outside).unwrap_or(requirement.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(requirement: &'a str, operator: &str) -> Option<&'a str> {
        pinned(requirement, operator).map(|range| &requirement[range])
    }

    #[test]
    fn finds_the_version_behind_the_operator() {
        for (requirement, operator) in [
            ("da-vinci==1.2.3", "=="),
            ("da_vinci [cli,x] == 1.2.3 ; python_version < '3.12'", "=="),
            ("da.vinci(>=1,==1.2.3)", "=="),
            ("da-vinci >=1.2.3,<2", ">="),
            ("da-vinci<2,~= 1.2.3;os_name=='nt'", "~="),
        ] {
            assert_eq!(found(requirement, operator), Some("1.2.3"), "{requirement}");
            assert!(name(requirement).is_some());
        }
    }

    #[test]
    fn finds_nothing_where_the_operator_is_another() {
        assert_eq!(found("da-vinci===1.2.3", "=="), None);
        assert_eq!(found("da-vinci", "=="), None);
        assert_eq!(found("da-vinci @ file:///x", "=="), None);
        assert_eq!(found("da-vinci; python_version == '3.9'", "=="), None);
        assert_eq!(name("Da_Vinci[x]==1").unwrap().as_str(), "da-vinci");
    }
}
