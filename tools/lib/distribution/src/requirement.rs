//! Requirements (PEP 508): `name[extra, …] >=1, <2 ; marker` and `name @ URL ; marker`.

use std::str::FromStr;

use document::{PackageName, Version};
use pep440_rs::{VersionSpecifier, VersionSpecifiers};

/// The names that a marker may compare, older spellings among them.
const VARIABLES: [&str; 20] = [
    "python_version",
    "python_full_version",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform.version",
    "platform_machine",
    "platform.machine",
    "platform_python_implementation",
    "platform.python_implementation",
    "python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
    "extras",
    "dependency_groups",
];

/// A requirement, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The package, normalised.
    pub name: PackageName,
    /// Where it is taken from, when that is no index.
    pub url: Option<String>,
    /// The versions that will do; empty for any. Clauses with `===` are left out.
    pub versions: VersionSpecifiers,
    /// The condition behind `;`, as it stands there.
    pub marker: Option<String>,
}

impl Requirement {
    /// Says whether that version will do, pre-releases among them.
    pub fn admits(&self, version: &Version) -> bool {
        let version = pep440_rs::Version::from_str(&version.to_string());
        version.is_ok_and(|version| self.versions.contains(&version))
    }
}

impl FromStr for Requirement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut cursor = Cursor { rest: text };
        cursor.skip_blanks();
        let name = cursor.identifier().ok_or("it does not start with a name")?;
        let name = PackageName::normalise(name).map_err(|_| format!("`{name}` is no name of a package"))?;
        cursor.extras()?;
        let (mut url, mut versions) = (None, VersionSpecifiers::empty());
        if cursor.eat("@") {
            url = Some(cursor.url()?.to_owned());
        } else {
            versions = cursor.versions()?;
        }
        cursor.skip_blanks();
        let marker = if cursor.eat(";") {
            let marker = cursor.rest.trim().to_owned();
            cursor.marker()?;
            Some(marker)
        } else {
            None
        };
        match cursor.rest {
            "" => Ok(Self { name, url, versions, marker }),
            rest => Err(format!("`{rest}` is one thing too many")),
        }
    }
}

/// Reads the versions of a requirement; unlike a range that stands alone it has a clause before each comma.
fn clauses(text: &str) -> Result<VersionSpecifiers, String> {
    let text = text.trim();
    let inner = text.strip_suffix(',').unwrap_or(text);
    match inner.split(',').any(|clause| clause.trim().is_empty()) {
        true if !text.is_empty() => Err("no version stands before a comma".to_owned()),
        _ => specifiers(text),
    }
}

/// Reads a version specifier (PEP 440), where a comma too many does no harm.
pub(crate) fn specifiers(text: &str) -> Result<VersionSpecifiers, String> {
    let mut all = Vec::new();
    for clause in text.split(',').map(str::trim).filter(|clause| !clause.is_empty()) {
        if clause.strip_prefix("===").is_some_and(|rest| !rest.trim().contains(char::is_whitespace)) {
            continue;
        }
        let one = VersionSpecifier::from_str(clause)
            .map_err(|_| format!("`{clause}` is no version behind an operator"))?;
        all.push(one);
    }
    Ok(all.into_iter().collect())
}

/// What is still to be read.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Goes over these characters and the blanks behind them, where they come next.
    fn eat(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        self.rest = rest;
        self.skip_blanks();
        true
    }

    /// Goes over this word, where it comes next and ends there.
    fn eat_word(&mut self, word: &str) -> bool {
        let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        self.rest.strip_prefix(word).is_some_and(is_end) && self.eat(word)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.skip_blanks();
        taken
    }

    /// A name of a package or an extra: letters and digits, and between them `.`, `_` and `-`.
    fn identifier(&mut self) -> Option<&'a str> {
        let outside = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let run = &self.rest[..self.rest.find(outside).unwrap_or(self.rest.len())];
        let length = run.trim_end_matches(['.', '-']).len();
        let is_name = run.starts_with(|c: char| c.is_ascii_alphanumeric());
        is_name.then(|| self.take(length))
    }

    fn extras(&mut self) -> Result<(), String> {
        if !self.eat("[") || self.eat("]") {
            return Ok(());
        }
        loop {
            self.identifier().ok_or("an extra has no name")?;
            if self.eat("]") {
                return Ok(());
            }
            if !self.eat(",") {
                return Err("no `]` stands behind the extras".to_owned());
            }
        }
    }

    fn url(&mut self) -> Result<&'a str, String> {
        let length = self.rest.find([' ', '\t']).unwrap_or(self.rest.len());
        if length == 0 { Err("no URL stands behind `@`".to_owned()) } else { Ok(self.take(length)) }
    }

    fn versions(&mut self) -> Result<VersionSpecifiers, String> {
        if self.eat("(") {
            let end = self.rest.find(')').ok_or("no `)` stands behind the versions")?;
            let inner = self.take(end);
            self.eat(")");
            return clauses(inner);
        }
        let end = self.rest.find(';').unwrap_or(self.rest.len());
        let all = self.take(end);
        // What comes first must be an operator, else it is a second name.
        if !all.is_empty() && !all.starts_with(['<', '>', '=', '!', '~']) {
            return Err(format!("`{}` is one thing too many", all.trim_end()));
        }
        clauses(all)
    }

    fn marker(&mut self) -> Result<(), String> {
        loop {
            if self.eat("(") {
                self.marker()?;
                if !self.eat(")") {
                    return Err("a `(` of the marker is not closed".to_owned());
                }
            } else {
                self.operand()?;
                self.operator()?;
                self.operand()?;
            }
            if !self.eat_word("and") && !self.eat_word("or") {
                return Ok(());
            }
        }
    }

    fn operand(&mut self) -> Result<(), String> {
        if let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let length = self.rest[1..].find(quote).ok_or("a text of the marker is not closed")?;
            self.take(length + 2);
            return Ok(());
        }
        if VARIABLES.iter().any(|name| self.eat_word(name)) {
            return Ok(());
        }
        Err(format!("`{}` is nothing that a marker compares", self.rest))
    }

    fn operator(&mut self) -> Result<(), String> {
        let signs = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
        if signs.iter().any(|sign| self.eat(sign)) || self.eat_word("in") {
            return Ok(());
        }
        if self.eat_word("not") && self.eat_word("in") {
            return Ok(());
        }
        Err("no operator stands between the two sides of the marker".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Requirement::from_str(text).unwrap_err()
    }

    #[test]
    fn takes_a_requirement_apart() {
        let text = "Da_Vinci [cli, x.y]>= 1.0,!=1.5.* ; python_version < '3.12' and (extra=='a' or os_name not in \"nt\")";
        let requirement = Requirement::from_str(text).unwrap();
        assert_eq!(requirement.name.as_str(), "da-vinci");
        assert!(
            requirement.admits(&"1.4".parse().unwrap()) && !requirement.admits(&"1.5.2".parse().unwrap())
        );
        assert!(requirement.marker.unwrap().starts_with("python_version"));
        let requirement = Requirement::from_str("a @ https://b/c ; extra == 'x'").unwrap();
        assert_eq!(requirement.url.as_deref(), Some("https://b/c"));
        assert!(Requirement::from_str("a (>=1,)").unwrap().url.is_none());
        assert!(Requirement::from_str("a").unwrap().admits(&"0.1rc1".parse().unwrap()));
    }

    #[test]
    fn says_why_it_is_none() {
        assert_eq!(refused(">=1"), "it does not start with a name");
        assert_eq!(refused("a b"), "`b` is one thing too many");
        assert_eq!(refused("a 1.0"), "`1.0` is one thing too many");
        assert_eq!(refused("a[x"), "no `]` stands behind the extras");
        assert_eq!(refused("a[,]"), "an extra has no name");
        assert_eq!(refused("a @"), "no URL stands behind `@`");
        assert_eq!(refused("a (>=1"), "no `)` stands behind the versions");
        assert_eq!(refused("a>=1.*"), "`>=1.*` is no version behind an operator");
        assert_eq!(refused("a; python == '3'"), "`python == '3'` is nothing that a marker compares");
        assert_eq!(refused("a; 'x' ! 'y'"), "no operator stands between the two sides of the marker");
        assert_eq!(refused("a; ('x' in 'y'"), "a `(` of the marker is not closed");
        assert_eq!(refused("a; 'x"), "a text of the marker is not closed");
    }
}
