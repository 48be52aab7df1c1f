//! RECORD (PEP 376, PEP 427): the list of a wheel's files with their digests and sizes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::digest::DynDigest;

use super::Wheel;
use crate::Problem;
use crate::check::Code::{W017, W018, W033, W054};
use crate::secrets::Search;

/// Lists what is wrong with RECORD: lines that cannot be read, missing and extra files, wrong digests and sizes.
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
    let mut lines: BTreeMap<&str, Line> = BTreeMap::new();
    let rows = match rows(&text) {
        Ok(rows) => rows,
        Err(problem) => return vec![W017.found(format!("`{record}`: {problem}"))],
    };
    for (number, row) in &rows {
        let [path, hash, size] = row.as_slice() else {
            found.push(W017.found(format!(
                "`{record}`: line {number} has {} fields, and 3 are path, hash and size",
                row.len()
            )));
            continue;
        };
        if lines.insert(path, Line { hash, size }).is_some() {
            found.push(W017.found(format!("`{path}` is listed in RECORD twice")));
        }
    }
    for line in &lines {
        found.extend(check(wheel, &record, line.0, line.1));
    }
    for member in wheel.layout.members.iter().filter(|member| !member.name.ends_with('/')) {
        let name = member.name.as_str();
        if !lines.contains_key(name) && !is_signature(&record, name) {
            found.push(W017.found(format!("`{name}` is in the wheel, and not listed in RECORD")));
        }
    }
    found
}

struct Line<'a> {
    hash: &'a str,
    size: &'a str,
}

/// Compares one line of RECORD with the member that it lists.
fn check(wheel: &mut Wheel, record: &str, path: &str, line: &Line) -> Vec<Problem> {
    let Some(size) = wheel.layout.member(path).map(|member| member.size) else {
        return vec![W017.found(format!("`{path}` is listed in RECORD, and not in the wheel"))];
    };
    if path.ends_with('/') {
        return Vec::new();
    }
    let mut found = Vec::new();
    if line.size.parse::<u64>().map_or(!line.size.is_empty(), |said| said != size) {
        found.push(
            W018.found(format!("`{path}`: RECORD has the size {}, and the file has {size} bytes", line.size)),
        );
    }
    if path == record || is_signature(record, path) {
        if !line.hash.is_empty() {
            found.push(
                W018.found(format!("`{path}` has the hash {} in RECORD, and cannot have one", line.hash)),
            );
        }
        return found;
    }
    if line.size.is_empty() {
        found.push(W018.found(format!("`{path}` has no size in RECORD, and the file has {size} bytes")));
    }
    let Some((algorithm, digest)) = line.hash.split_once('=') else {
        found.push(W018.found(format!("`{path}` has no hash in RECORD")));
        return found;
    };
    let Some(mut hasher) = hasher(algorithm) else {
        found.push(
            W018.found(format!(
                "`{path}`: the hash in RECORD is {algorithm}, and not sha256, sha384 or sha512"
            )),
        );
        return found;
    };
    let mut search = Search::of(path, size);
    let read = wheel.stream(path, u64::MAX, |block| {
        hasher.update(block);
        search.iter_mut().for_each(|search| search.take(block));
    });
    match read {
        Err(problem) => found.push(problem),
        Ok(_) => {
            found.extend(search.into_iter().flat_map(|search| search.finish(path, W033, W054)));
            let actual = URL_SAFE_NO_PAD.encode(hasher.finalize());
            if actual != digest {
                found.push(W018.found(format!(
                    "`{path}`: RECORD says {}, and the file has {algorithm}={actual}",
                    line.hash
                )));
            }
        }
    }
    found
}

fn hasher(algorithm: &str) -> Option<Box<dyn DynDigest>> {
    match algorithm {
        "sha256" => Some(Box::new(sha2::Sha256::default())),
        "sha384" => Some(Box::new(sha2::Sha384::default())),
        "sha512" => Some(Box::new(sha2::Sha512::default())),
        _ => None,
    }
}

/// RECORD.jws and RECORD.p7s sign RECORD, so that it cannot list their digests.
fn is_signature(record: &str, path: &str) -> bool {
    matches!(path.strip_prefix(record), Some(".jws" | ".p7s"))
}

/// Reads comma-separated values as Python's csv module writes them, each row with its line number.
fn rows(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut line, mut first) = (Vec::new(), String::new(), 1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if field.is_empty() => loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(c) => {
                        line += usize::from(c == '\n');
                        field.push(c);
                    }
                    None => return Err(format!("the quote that opens in line {first} does not close")),
                }
            },
            ',' => row.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                if !row.is_empty() || !field.is_empty() {
                    row.push(std::mem::take(&mut field));
                    rows.push((first, std::mem::take(&mut row)));
                }
                line += 1;
                first = line;
            }
            c => field.push(c),
        }
    }
    if !row.is_empty() || !field.is_empty() {
        row.push(field);
        rows.push((first, row));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rows_as_the_csv_module_writes_them() {
        let read = rows("a,b,c\r\n\"x,\"\"y\"\"\",,\n\nlast,1,2").unwrap();
        assert_eq!(read[0], (1, vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(read[1], (2, vec!["x,\"y\"".into(), String::new(), String::new()]));
        assert_eq!(read[2].0, 4);
        assert!(rows("a,\"b").unwrap_err().contains("line 1 does not close"));
    }
}
