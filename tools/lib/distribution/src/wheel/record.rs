//! RECORD (PEP 376, PEP 427): the list of a wheel's files with their digests and sizes.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::digest::DynDigest;

use super::Wheel;
use crate::Problem;
use crate::check::Code::{W017, W018};

/// Lists what is wrong with RECORD: lines that cannot be read, missing and extra files, wrong digests and sizes.
///
/// Digests are compared where all members were unpacked.
pub(super) fn problems(wheel: &mut Wheel) -> Vec<Problem> {
    let record = format!("{}/RECORD", wheel.dist_info());
    let bytes = match wheel.read(&record) {
        Ok(bytes) => bytes,
        Err(problem) => return vec![problem],
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return vec![W017.found(format!("`{record}` is not UTF-8"))];
    };
    let mut found = Vec::new();
    let mut is_listed = vec![false; wheel.layout.members.len()];
    let mut strangers = BTreeSet::new();
    let read = each_row(&text, |number, row| {
        let [path, hash, size] = row else {
            found.push(W017.found(format!(
                "`{record}`: line {number} has {} fields, and 3 are path, hash and size",
                row.len()
            )));
            return;
        };
        let is_second = match wheel.layout.find(path) {
            Some(at) => std::mem::replace(&mut is_listed[at], true),
            None => !strangers.insert(path.clone().into_owned()),
        };
        match (is_second, wheel.layout.find(path)) {
            (true, _) => found.push(W017.found(format!("`{path}` is listed in RECORD twice"))),
            (false, Some(at)) => found.extend(check(wheel, &record, at, hash, size)),
            (false, None) => {
                found.push(W017.found(format!("`{path}` is listed in RECORD, and not in the wheel")));
            }
        }
    });
    if let Err(problem) = read {
        return vec![W017.found(format!("`{record}`: {problem}"))];
    }
    for member in wheel.layout.members.iter().filter(|member| !member.name.ends_with('/')) {
        let name = member.name.as_str();
        if !wheel.layout.find(name).is_some_and(|at| is_listed[at]) && !is_signature(&record, name) {
            found.push(W017.found(format!("`{name}` is in the wheel, and not listed in RECORD")));
        }
    }
    found
}

/// Compares one line of RECORD with the member that it lists.
fn check(wheel: &Wheel, record: &str, member: usize, hash: &str, said: &str) -> Vec<Problem> {
    let (path, size) = (wheel.layout.members[member].name.as_str(), wheel.layout.members[member].size);
    if path.ends_with('/') {
        return Vec::new();
    }
    let mut found = Vec::new();
    if said.parse::<u64>().map_or(!said.is_empty(), |said| said != size) {
        found
            .push(W018.found(format!("`{path}`: RECORD has the size {said}, and the file has {size} bytes")));
    }
    if path == record || is_signature(record, path) {
        if !hash.is_empty() {
            found.push(W018.found(format!("`{path}` has the hash {hash} in RECORD, and cannot have one")));
        }
        return found;
    }
    if said.is_empty() {
        found.push(W018.found(format!("`{path}` has no size in RECORD, and the file has {size} bytes")));
    }
    let Some((algorithm, digest)) = hash.split_once('=') else {
        found.push(W018.found(format!("`{path}` has no hash in RECORD")));
        return found;
    };
    if !matches!(algorithm, "sha256" | "sha384" | "sha512") {
        found.push(
            W018.found(format!(
                "`{path}`: the hash in RECORD is {algorithm}, and not sha256, sha384 or sha512"
            )),
        );
        return found;
    }
    // What could not be unpacked was told already.
    let Some(sha256) = wheel.facts.get(member).and_then(|facts| facts.sha256) else { return found };
    let actual = match hasher(algorithm) {
        None => URL_SAFE_NO_PAD.encode(sha256),
        Some(mut hasher) => match wheel.stream(path, u64::MAX, |block| hasher.update(block)) {
            Ok(()) => URL_SAFE_NO_PAD.encode(hasher.finalize()),
            Err(problem) => {
                found.push(problem);
                return found;
            }
        },
    };
    if actual != digest {
        found
            .push(W018.found(format!("`{path}`: RECORD says {hash}, and the file has {algorithm}={actual}")));
    }
    found
}

/// The hasher of a digest that few wheels use, and that is not at hand.
fn hasher(algorithm: &str) -> Option<Box<dyn DynDigest>> {
    match algorithm {
        "sha384" => Some(Box::new(sha2::Sha384::default())),
        "sha512" => Some(Box::new(sha2::Sha512::default())),
        _ => None,
    }
}

/// RECORD.jws and RECORD.p7s sign RECORD, so that it cannot list their digests.
fn is_signature(record: &str, path: &str) -> bool {
    matches!(path.strip_prefix(record), Some(".jws" | ".p7s"))
}

/// Reads comma-separated values as Python's csv module writes them; each row is handed on with its line number.
fn each_row<'a>(mut text: &'a str, mut take: impl FnMut(usize, &[Cow<'a, str>])) -> Result<(), String> {
    let mut row = Vec::new();
    let mut number = 1;
    while !text.is_empty() {
        let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
        let first = number;
        row.clear();
        if line.contains('"') {
            let (lines, length) = quoted_row(text, &mut row)
                .ok_or_else(|| format!("the quote that opens in line {first} does not close"))?;
            number += lines;
            text = &text[length..];
        } else {
            let line = line.strip_suffix('\r').unwrap_or(line);
            row.extend(line.split(',').map(Cow::Borrowed));
            number += 1;
            text = rest;
        }
        if row != [""] {
            take(first, &row);
        }
    }
    Ok(())
}

/// Reads a row that has quotes somewhere. Returns how many lines and bytes it has; `None` where a quote does not close.
fn quoted_row(text: &str, row: &mut Vec<Cow<'_, str>>) -> Option<(usize, usize)> {
    let (mut field, mut lines, mut is_fresh) = (String::new(), 1, true);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if is_fresh => loop {
                match chars.next()?.1 {
                    '"' if chars.next_if(|(_, c)| *c == '"').is_some() => field.push('"'),
                    '"' => break,
                    c => {
                        lines += usize::from(c == '\n');
                        field.push(c);
                    }
                }
            },
            ',' => {
                row.push(Cow::Owned(std::mem::take(&mut field)));
                is_fresh = true;
                continue;
            }
            '\r' if chars.peek().is_some_and(|(_, c)| *c == '\n') => {}
            '\n' => {
                row.push(Cow::Owned(field));
                return Some((lines, at + 1));
            }
            c => field.push(c),
        }
        is_fresh = false;
    }
    row.push(Cow::Owned(field));
    Some((lines, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows_as_the_csv_module_writes_them() {
        let mut read: Vec<(usize, Vec<String>)> = Vec::new();
        let text = "a,b,c\r\n\"x,\"\"y\"\"\",\"\n\",\n\nlast,1\"q,2";
        each_row(text, |number, row| read.push((number, row.iter().map(ToString::to_string).collect())))
            .unwrap();
        assert_eq!(read[0], (1, vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(read[1], (2, vec!["x,\"y\"".into(), "\n".into(), String::new()]));
        assert_eq!(read[2], (5, vec!["last".into(), "1\"q".into(), "2".into()]));
        assert_eq!(read.len(), 3);
        assert!(each_row("a,\"b", |_, _| {}).unwrap_err().contains("line 1 does not close"));
    }
}
