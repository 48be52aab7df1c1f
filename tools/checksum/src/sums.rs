//! The text of a checksum file, as GNU coreutils write and read it.

use document::{ChecksumAlgorithm, Sha256, Sha512};

/// A digest; its length tells the algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// SHA-256, 64 digits.
    Sha256(Sha256),
    /// SHA-512, 128 digits.
    Sha512(Sha512),
}

/// One line of a checksum file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line, counted from 1.
    pub line: usize,
    /// The digest.
    pub digest: Digest,
    /// The file's name, relative to the folder of the checksum file.
    pub name: String,
}

/// A line that is none of a checksum file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: String,
}

impl Digest {
    /// The digits.
    pub fn as_str(&self) -> &str {
        match self {
            Digest::Sha256(digest) => digest.as_str(),
            Digest::Sha512(digest) => digest.as_str(),
        }
    }

    /// The algorithm's name for people.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Digest::Sha256(_) => "SHA-256",
            Digest::Sha512(_) => "SHA-512",
        }
    }

    fn read(digits: &str) -> Result<Self, String> {
        let lower = digits.to_ascii_lowercase();
        let digest = match digits.len() {
            64 => lower.parse().map(Digest::Sha256),
            128 => lower.parse().map(Digest::Sha512),
            other => return Err(format!("a digest has 64 or 128 digits, this has {other}")),
        };
        digest.map_err(|cause| cause.to_string())
    }
}

/// The name of the file that lists the digests of its folder.
pub fn file_name(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Sha256 => "SHA256SUMS",
        ChecksumAlgorithm::Sha512 => "SHA512SUMS",
    }
}

/// The line for one file, with its newline; a name with a backslash or a line break is escaped, and says so.
pub fn line(digits: &str, name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    let marker = if escaped == name { "" } else { "\\" };
    format!("{marker}{digits}  {escaped}\n")
}

/// Reads a checksum file; comments (`#`) are passed over, any other line must be one of a checksum file.
pub fn parse(text: &str) -> Result<Vec<Entry>, Malformed> {
    let mut entries = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        let (digest, name) = entry(line).map_err(|cause| Malformed { line: at + 1, cause })?;
        entries.push(Entry { line: at + 1, digest, name });
    }
    if entries.is_empty() {
        return Err(Malformed { line: 1, cause: "the file lists nothing".to_owned() });
    }
    Ok(entries)
}

fn entry(line: &str) -> Result<(Digest, String), String> {
    let (escaped, rest) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let parted = rest.split_once(' ').and_then(|(digits, name)| {
        // The second character is the mode: a space for text, `*` for binary; both read the same bytes.
        Some((digits, name.strip_prefix([' ', '*'])?))
    });
    let Some((digits, name)) = parted.filter(|(_, name)| !name.is_empty()) else {
        return Err("a line is a digest, two spaces and a file name".to_owned());
    };
    let name = if escaped { unescaped(name)? } else { name.to_owned() };
    Ok((Digest::read(digits)?, name))
}

fn unescaped(name: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match (character, character == '\\') {
            (character, false) => character,
            (_, true) => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('r') => '\r',
                _ => return Err("a backslash in an escaped name stands before `\\`, `n` or `r`".to_owned()),
            },
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (usize, String) {
        let malformed = parse(text).unwrap_err();
        (malformed.line, malformed.cause)
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let digits = "ab".repeat(32);
        for name in ["a.whl", "two words", "back\\slash", "line\nbreak", "r\rn", " leading", "*star"] {
            let entries = parse(&line(&digits, name)).unwrap();
            assert_eq!(entries.len(), 1);
            assert_eq!((entries[0].name.as_str(), entries[0].digest.as_str()), (name, digits.as_str()));
        }
        assert_eq!(line("00", "a"), "00  a\n");
        assert_eq!(line("00", "a\\b"), "\\00  a\\\\b\n");
    }

    #[test]
    fn the_length_of_the_digest_tells_the_algorithm() {
        let text = format!("# made by hand\r\n{} *a\r\n{}  b", "AB".repeat(32), "c".repeat(128));
        let entries = parse(&text).unwrap();
        let told: Vec<_> = entries.iter().map(|e| (e.line, e.digest.algorithm(), e.name.as_str())).collect();
        assert_eq!(told, [(2, "SHA-256", "a"), (3, "SHA-512", "b")]);
        assert_eq!(entries[0].digest.as_str(), "ab".repeat(32));
    }

    #[test]
    fn a_malformed_line_is_refused_with_its_number() {
        let good = line(&"a".repeat(64), "x");
        let second = |text: &str| refused(&format!("{good}{text}\n"));
        let shape = "a line is a digest, two spaces and a file name".to_owned();
        for text in ["", "nonsense", &"a".repeat(64), &format!("{} x", "a".repeat(64)), "  x", "\\"] {
            let (line, cause) = second(text);
            assert_eq!(line, 2, "{text}");
            assert!(cause == shape || cause.starts_with("a digest has 64"), "{text}: {cause}");
        }
        assert_eq!(second("abc  x").1, "a digest has 64 or 128 digits, this has 3");
        assert!(second(&format!("{}  x", "g".repeat(64))).1.contains("is not a SHA-256 digest"));
        assert!(
            second(&format!("\\{}  x\\t", "a".repeat(64))).1.starts_with("a backslash in an escaped name")
        );
        assert_eq!(refused("# nothing\n").1, "the file lists nothing");
    }
}
