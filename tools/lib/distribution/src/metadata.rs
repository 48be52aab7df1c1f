//! Core metadata: METADATA of a wheel, PKG-INFO of an sdist.

mod classifiers;
mod contact;
mod fields;
mod pythons;
mod rules;

use std::collections::BTreeSet;

use anyhow::Result;
use document::{PackageName, Version};

use crate::check::Code::{self, M035};
use crate::check::Weight;
use crate::headers::Headers;
use crate::{FileName, Problem};

const WHAT: &str = "the core metadata";

/// The core metadata of a distribution (PEP 241, 345, 566, 643 and 639), as far as a release needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// `Metadata-Version`, such as `2.4`.
    pub metadata_version: String,
    /// `Name`, normalised (PEP 503).
    pub name: PackageName,
    /// `Version` (PEP 440).
    pub version: Version,
    /// `Requires-Python`, a version specifier (PEP 440); `None` when any Python will do.
    pub requires_python: Option<String>,
    /// Every `Requires-Dist` (PEP 508), in the order of the file.
    pub requires_dist: Vec<String>,
    headers: Headers,
}

impl Metadata {
    /// Reads core metadata; they must be UTF-8 and hold `Metadata-Version`, `Name` and `Version` once each.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let headers = Headers::parse(bytes, WHAT)?;
        let requires_python = headers.at_most_one("Requires-Python", WHAT)?.filter(|value| !value.is_empty());
        Ok(Self {
            metadata_version: headers.one("Metadata-Version", WHAT)?.to_owned(),
            name: PackageName::normalise(headers.one("Name", WHAT)?)?,
            version: headers.one("Version", WHAT)?.parse()?,
            requires_python: requires_python.map(str::to_owned),
            requires_dist: headers.get_all("Requires-Dist").map(str::to_owned).collect(),
            headers,
        })
    }

    /// Returns every value of a header, in order, whatever the case of its name; folded lines are joined by
    /// newlines.
    pub fn get_all<'a>(&'a self, header: &'a str) -> Vec<&'a str> {
        self.headers.get_all(header).collect()
    }

    /// The name of each field that is there, in small letters.
    pub(crate) fn fields(&self) -> BTreeSet<String> {
        self.headers.names()
    }

    /// The long description: the body, or the field of that name in metadata from before version 2.1.
    pub fn description(&self) -> &str {
        match self.headers.body() {
            body if !body.trim().is_empty() => body,
            _ => self.headers.get_all("Description").next().unwrap_or_default(),
        }
    }

    /// The paths of the licence files that must be inside the distribution: each `License-File` since version 2.4
    /// (PEP 639); before that the field said nothing about where they are.
    pub fn licence_files(&self) -> Vec<&str> {
        let is_placed =
            !matches!(self.metadata_version.as_str(), "1.0" | "1.1" | "1.2" | "2.0" | "2.1" | "2.2" | "2.3");
        if is_placed { self.get_all("License-File") } else { Vec::new() }
    }

    /// Lists what is wrong with the metadata of `member`, and, under the code `name`, where they disagree with the
    /// name of the file that holds them.
    pub(crate) fn problems(&self, name: Code, member: &str, file: &FileName) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.name != file.name {
            found.push(name.found(format!(
                "`{member}` names the package `{}`, and the file's name `{}`",
                self.name, file.name
            )));
        }
        if self.version != file.version {
            found.push(name.found(format!(
                "`{member}` has the version {}, and the file's name {}",
                self.version, file.version
            )));
        }
        if !self.has_known_version() {
            let version = &self.metadata_version;
            let known = "public indexes know 1.0 to 1.2 and 2.1 to 2.5";
            let mut problem = M035.found(format!("`{member}` has `Metadata-Version` {version}, and {known}"));
            // The withdrawn 2.0 stands in thousands of wheels, which every installer reads.
            if version == "2.0" {
                problem.weight = Weight::RefusedByPypi;
            }
            found.push(problem);
        }
        found.extend(self.faults(member));
        found.extend(pythons::problems(self, member, file));
        found
    }

    /// Lists what is wrong with the fields by themselves, whichever file they stand in; `member` is its name.
    pub fn faults(&self, member: &str) -> Vec<Problem> {
        rules::problems(self, member)
    }

    /// Says whether `Metadata-Version` is one that public indexes take: 1.0 to 1.2, 2.1 to 2.5.
    pub fn has_known_version(&self) -> bool {
        matches!(
            self.metadata_version.as_str(),
            "1.0" | "1.1" | "1.2" | "2.1" | "2.2" | "2.3" | "2.4" | "2.5"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = "Metadata-Version: 2.4\nName: Da_Vinci\nVersion: 0.5.0\nSummary: Paints\n  and  \n\tdraws\n\
                        Requires-Python: >=3.9\nRequires-Dist: a>=1\nrequires-dist: b; extra == 'x'\n\nName: body\n";

    fn refusal(text: &[u8]) -> String {
        Metadata::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_fields_folded_lines_and_no_further_than_the_body() {
        let metadata = Metadata::parse(FULL.as_bytes()).unwrap();
        assert_eq!((metadata.name.as_str(), metadata.version.to_string().as_str()), ("da-vinci", "0.5.0"));
        assert_eq!(metadata.requires_python.as_deref(), Some(">=3.9"));
        assert_eq!(metadata.requires_dist, ["a>=1", "b; extra == 'x'"]);
        assert_eq!(metadata.get_all("SUMMARY"), ["Paints\nand\ndraws"]);
        assert!(metadata.has_known_version());
    }

    #[test]
    fn line_ends_of_windows_make_no_difference() {
        assert_eq!(
            Metadata::parse(FULL.replace('\n', "\r\n").as_bytes()).unwrap(),
            Metadata::parse(FULL.as_bytes()).unwrap()
        );
    }

    #[test]
    fn refuses_what_is_not_metadata() {
        assert_eq!(refusal(b"Name: \xff\n"), "cannot read the core metadata: line 1 is not UTF-8");
        assert!(refusal(b" folded\n").contains("line 1 continues a field"));
        assert!(refusal(b"Name: a\noops\n").contains("line 2, `oops`, is not of the form `Name: value`"));
        assert!(refusal(b"Metadata-Version: 2.1\nVersion: 1\n").ends_with("it has no `Name`"));
        assert!(
            refusal(b"Metadata-Version: 2.1\nName: a\nName: b\nVersion: 1\n").contains("as `a` and as `b`")
        );
    }
}
