//! The names of members in an archive: which are unsafe to unpack, and which meet on some file system.

use std::collections::BTreeMap;

use icu_normalizer::ComposingNormalizerBorrowed;

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
    if inner.contains(is_unseen) {
        return Some("has a sign in its name that nobody sees or that turns the order of others");
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

/// The signs of Unicode that have no shape: of direction (UAX 9), of width nought, and the byte order mark.
fn is_unseen(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Says whether a name holds no control character.
pub(crate) fn is_printable(name: &str) -> bool {
    !name.chars().any(char::is_control)
}

/// Lists names that stand `twice`, and names that `meet`: because they differ by case or by how an accent is written
/// alone, or because one is a file and the other needs a folder in its place. A folder's name ends with `/`.
pub(crate) fn collisions<'a>(twice: Code, meet: Code, names: impl Iterator<Item = &'a str>) -> Vec<Problem> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    let bare = |name: &'a str| name.trim_end_matches('/');
    for name in names {
        match seen.insert(folded(bare(name)), name) {
            Some(before) if before == name => {
                found.push(twice.found(format!("`{name}` stands in the archive twice")))
            }
            Some(before) if bare(before) == bare(name) => {
                found.push(meet.found(format!("`{}` is a file and a folder", bare(name))));
            }
            Some(before) => {
                let what = match bare(before).to_lowercase() == bare(name).to_lowercase() {
                    true => "by case",
                    false => "by how their letters are encoded",
                };
                found.push(meet.found(format!(
                    "`{before}` and `{name}` differ {what} alone, and are one file on some systems"
                )));
            }
            None => {}
        }
    }
    for (key, name) in &seen {
        let mut folders = key.match_indices('/').filter_map(|(at, _)| seen.get(&key[..at]));
        if let Some(file) = folders.find(|file| !file.ends_with('/')) {
            found
                .push(meet.found(format!("`{file}` is a file, and `{name}` asks for a folder of that name")));
        }
    }
    found.sort_by(|a, b| a.message.cmp(&b.message));
    found.dedup();
    found
}

/// A name as file systems compare them that keep to no spelling of it: in small letters, and in one form of Unicode.
fn folded(name: &str) -> String {
    match name.is_ascii() {
        true => name.to_ascii_lowercase(),
        false => ComposingNormalizerBorrowed::new_nfc().normalize(name).to_lowercase(),
    }
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

    #[test]
    fn finds_names_that_meet_by_their_letters_or_in_a_folder() {
        let found = |names: &[&'static str]| -> Vec<String> {
            let found = collisions(Code::W004, Code::W013, names.iter().copied());
            found.iter().map(ToString::to_string).collect()
        };
        let accents = found(&["caf\u{e9}.py", "cafe\u{301}.py"]);
        assert_eq!(accents.len(), 1);
        assert!(accents[0].contains("differ by how their letters are encoded alone"), "{accents:?}");
        assert_eq!(found(&["a", "a/"]), ["W013: `a` is a file and a folder"]);
        let below = ["W013: `a` is a file, and `A/b/c` asks for a folder of that name"];
        assert_eq!(found(&["A/b/c", "a"]), below);
        assert_eq!(found(&["a/", "a/b/", "a/b/c", "ab", "a.py", "caf\u{e9}/x", "caf\u{e8}/x"]), [""; 0]);
    }
}
