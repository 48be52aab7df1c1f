//! The names of members in an archive: which are unsafe to unpack, and which meet on some file system.

use std::collections::BTreeMap;

use crate::{Code, Problem};

/// Says why a member's name must not be unpacked; `None` when it is safe. A folder's final `/` is no fault.
pub(crate) fn fault(name: &str) -> Option<&'static str> {
    let inner = name.strip_suffix('/').unwrap_or(name);
    let bytes = inner.as_bytes();
    if inner.is_empty() {
        return Some("has an empty name");
    }
    if !is_printable(inner) {
        return Some("has a control character in its name");
    }
    if inner.contains('\\') {
        return Some("has a backslash in its name");
    }
    if inner.starts_with('/') {
        return Some("has an absolute path");
    }
    if bytes.len() > 1 && bytes[1] == b':' && bytes[0].is_ascii_alphabetic() {
        return Some("has a drive letter in its path");
    }
    if inner.split('/').any(|part| part == "..") {
        return Some("has `..` in its path");
    }
    if inner.split('/').any(|part| matches!(part, "" | ".")) {
        return Some("has an empty part or `.` in its path");
    }
    None
}

/// Says whether a name holds no control character.
pub(crate) fn is_printable(name: &str) -> bool {
    !name.chars().any(char::is_control)
}

/// Lists names that stand `twice`, and names that `meet` because they differ by case alone.
pub(crate) fn collisions<'a>(twice: Code, meet: Code, names: impl Iterator<Item = &'a str>) -> Vec<Problem> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for name in names {
        match seen.insert(name.to_lowercase(), name) {
            Some(before) if before == name => {
                found.push(twice.found(format!("`{name}` stands in the archive twice")))
            }
            Some(before) => found.push(meet.found(format!(
                "`{before}` and `{name}` differ by case alone, and are one file on some systems"
            ))),
            None => {}
        }
    }
    found.sort_by(|a, b| a.message.cmp(&b.message));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_fault_of_each_unsafe_name() {
        for (name, reason) in [
            ("/etc/passwd", "absolute"),
            ("a/../../b", "`..`"),
            ("a\\b", "backslash"),
            ("C:/a", "drive letter"),
            ("a\0b", "control"),
            ("a\nb", "control"),
            ("a//b", "empty part"),
            ("./a", "`.`"),
            ("", "empty name"),
        ] {
            assert!(fault(name).is_some_and(|fault| fault.contains(reason)), "{name:?}: {:?}", fault(name));
        }
        for name in ["a/b.py", "a/", "..a/b..", "a b/ü.txt"] {
            assert_eq!(fault(name), None, "{name}");
        }
    }

    #[test]
    fn finds_names_that_meet() {
        let found = collisions(Code::W004, Code::W013, ["a", "B", "a", "b"].into_iter());
        assert_eq!(found.len(), 2);
        assert!(found[0].to_string().starts_with("W013: `B` and `b` differ by case alone"));
        assert_eq!(found[1].to_string(), "W004: `a` stands in the archive twice");
    }
}
