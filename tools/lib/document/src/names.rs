//! Small strings that must not be confused: package names, digests, commit ids and paths in the project.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Failure;

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text as it stands in the document.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Failure;

            fn try_from(text: String) -> Result<Self, Failure> {
                Self::check(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = Failure;

            fn from_str(text: &str) -> Result<Self, Failure> {
                text.to_owned().try_into()
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

checked_string! {
    /// The name of a distribution package in normalised form (PEP 503): lower case, runs of `-_.` as one `-`.
    PackageName, "^[a-z0-9]+(-[a-z0-9]+)*$"
}

checked_string! {
    /// A SHA-256 digest (FIPS 180-4) as 64 lower-case hexadecimal digits.
    Sha256, "^[0-9a-f]{64}$"
}

checked_string! {
    /// A SHA-512 digest (FIPS 180-4) as 128 lower-case hexadecimal digits.
    Sha512, "^[0-9a-f]{128}$"
}

checked_string! {
    /// The full id of a git object: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
    CommitId, "^([0-9a-f]{40}|[0-9a-f]{64})$"
}

checked_string! {
    /// A version of Python, as `3.12`; `t` at its end for the build without the global lock (PEP 703), `pypy` in front
    /// for PyPy.
    PythonVersion, "^(pypy)?[0-9]+\\.[0-9]+t?$"
}

checked_string! {
    /// A path below the project's root, with `/` between its parts; never absolute, never with `..`.
    ProjectPath, "^[^/\\\\]+(/[^/\\\\]+)*$"
}

impl PackageName {
    /// Normalises a name as a person wrote it (PEP 503); refuses what is not a package name (PEP 508).
    pub fn normalise(text: &str) -> Result<Self, Failure> {
        let outer_ok = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let all_ok = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !all_ok || !outer_ok(text.chars().next()) || !outer_ok(text.chars().next_back()) {
            return Err(Failure::new(format!(
                "cannot use `{text}` as a package name: letters, digits and `-`, `_`, `.` between them are allowed"
            )));
        }
        let mut normal = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '-' | '_' | '.' if normal.ends_with('-') => {}
                '-' | '_' | '.' => normal.push('-'),
                c => normal.push(c.to_ascii_lowercase()),
            }
        }
        Ok(Self(normal))
    }

    /// The name as it stands in file names (PEP 427, PEP 625): `_` in place of `-`.
    pub fn in_file_names(&self) -> String {
        self.0.replace('-', "_")
    }

    fn check(text: &str) -> Result<(), Failure> {
        match Self::normalise(text) {
            Ok(normal) if normal.0 == text => Ok(()),
            Ok(normal) => {
                Err(Failure::new(format!("`{text}` is not a normalised package name; that is `{normal}`")))
            }
            Err(failure) => Err(failure),
        }
    }
}

impl Sha256 {
    /// The digest of 32 bytes of hash output.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(hex(bytes))
    }

    fn check(text: &str) -> Result<(), Failure> {
        check_hex(text, &[64], "a SHA-256 digest")
    }
}

impl Sha512 {
    /// The digest of 64 bytes of hash output.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(hex(bytes))
    }

    fn check(text: &str) -> Result<(), Failure> {
        check_hex(text, &[128], "a SHA-512 digest")
    }
}

impl CommitId {
    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }

    fn check(text: &str) -> Result<(), Failure> {
        check_hex(text, &[40, 64], "a full git object id")
    }
}

impl PythonVersion {
    /// The major and the minor number.
    pub fn numbers(&self) -> (u32, u32) {
        let plain = self.0.trim_start_matches("pypy").trim_end_matches('t');
        let (major, minor) = plain.split_once('.').unwrap_or((plain, ""));
        (major.parse().unwrap_or_default(), minor.parse().unwrap_or_default())
    }

    /// Says whether it is PyPy, and not CPython.
    pub fn is_pypy(&self) -> bool {
        self.0.starts_with("pypy")
    }

    /// Says whether it is the build without the global lock (PEP 703).
    pub fn is_free_threaded(&self) -> bool {
        self.0.ends_with('t')
    }

    fn check(text: &str) -> Result<(), Failure> {
        let plain = text.strip_prefix("pypy").unwrap_or(text);
        let plain = plain.strip_suffix('t').unwrap_or(plain);
        let is_number = |part: &str| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            digits && (1..4).contains(&part.len()) && (part == "0" || !part.starts_with('0'))
        };
        if plain.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
            return Ok(());
        }
        let what = format!("`{text}` is not a version of Python with its two numbers");
        Err(Failure::new(what).hint("write it as \"3.12\", \"3.13t\" or \"pypy3.10\""))
    }
}

impl ProjectPath {
    /// The path below `root` in the form of the operating system.
    pub fn under(&self, root: &Path) -> PathBuf {
        self.0.split('/').fold(root.to_path_buf(), |path, part| path.join(part))
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder that holds the file; `None` for a file in the project's root.
    pub fn parent(&self) -> Option<ProjectPath> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The path of `relative` inside this folder.
    pub fn join(&self, relative: &str) -> Result<ProjectPath, Failure> {
        format!("{}/{relative}", self.0).parse()
    }

    fn check(text: &str) -> Result<(), Failure> {
        let part_ok = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        let drive = text.as_bytes().get(1) == Some(&b':');
        if text.split('/').all(part_ok) && !drive {
            return Ok(());
        }
        Err(Failure::new(format!(
            "`{text}` is not a path inside the project: it must be relative, with `/` between its parts and without `..`"
        )))
    }
}

fn check_hex(text: &str, lengths: &[usize], what: &str) -> Result<(), Failure> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if digits && lengths.contains(&text.len()) {
        return Ok(());
    }
    Err(Failure::new(format!("`{text}` is not {what} in lower-case hexadecimal digits")))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_package_names_as_pep_503_says() {
        for written in ["Da_Vinci", "da.vinci", "DA-VINCI", "da-_.vinci"] {
            assert_eq!(PackageName::normalise(written).unwrap().as_str(), "da-vinci");
        }
        for refused in ["", "-a", "a-", "a b", "ä"] {
            assert!(PackageName::normalise(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_document_holds_normalised_names_only() {
        let error = "Da_Vinci".parse::<PackageName>().unwrap_err();
        assert_eq!(error.to_string(), "`Da_Vinci` is not a normalised package name; that is `da-vinci`");
    }

    #[test]
    fn paths_never_leave_the_project() {
        for refused in ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "C:/x", "a\\b", "a/"] {
            assert!(refused.parse::<ProjectPath>().is_err(), "{refused}");
        }
        let path: ProjectPath = "dist/a.whl".parse().unwrap();
        assert_eq!(path.file_name(), "a.whl");
        assert_eq!(path.parent().unwrap().as_str(), "dist");
    }

    #[test]
    fn digests_have_their_length_and_case() {
        assert!("ab".repeat(32).parse::<Sha256>().is_ok());
        assert!("AB".repeat(32).parse::<Sha256>().is_err());
        assert!("ab".repeat(31).parse::<Sha256>().is_err());
        assert_eq!(Sha256::from_bytes(&[0xa5; 32]).as_str(), "a5".repeat(32));
    }
}
