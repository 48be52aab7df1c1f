//! The edit of one file: each place gets the new version, every other byte stays.

use std::collections::BTreeMap;
use std::ops::Range;

use document::{Change, Edit, Failure, PackageName, ProjectPath, Version};
use project::{Carrier, Place, files};

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The file.
    pub path: ProjectPath,
    /// Its text before.
    pub before: String,
    /// Its text after.
    pub after: String,
    /// What changes, for the document.
    pub edit: Edit,
}

/// The versions that the places of a file shall hold.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The version of what is released.
    pub version: &'a Version,
    /// The versions of packages that version apart: a pin on one of them gets its version.
    pub siblings: &'a BTreeMap<PackageName, Version>,
}

impl Wanted<'_> {
    /// Returns the rewrites of the files, without those that hold these versions already.
    pub fn rewrites(&self, carriers: &[Carrier]) -> Result<Vec<Rewrite>, Failure> {
        let mut rewrites = Vec::new();
        for carrier in carriers {
            let digest = match &carrier.seal {
                None => None,
                Some(seal) => {
                    // A digest is over the texts after the bump, and over no digest.
                    let manifest = carriers.iter().find(|carrier| carrier.path == seal.manifest);
                    let manifest = manifest.map(|manifest| self.text_after(manifest)).transpose()?;
                    let lock = self.text_after(carrier)?;
                    manifest.and_then(|manifest| seal.digest(&manifest, &lock))
                }
            };
            rewrites.extend(self.rewrite(carrier, digest)?);
        }
        Ok(rewrites)
    }

    fn text_after(&self, carrier: &Carrier) -> Result<String, Failure> {
        let rewrite = self.rewrite(carrier, None)?;
        Ok(rewrite.map_or_else(|| carrier.text.clone(), |rewrite| rewrite.after))
    }

    /// Returns the rewrite of a file with a digest; `None` when it holds everything already.
    fn rewrite(&self, carrier: &Carrier, digest: Option<String>) -> Result<Option<Rewrite>, Failure> {
        let mut splices = Vec::new();
        for spot in &carrier.spots {
            let version = match &spot.place {
                Place::Pin(name, _) => self.siblings.get(name).unwrap_or(self.version),
                _ => self.version,
            };
            if !carrier.version(spot).is_ok_and(|held| held == *version) {
                splices.push((spot.range.clone(), spot.place.to_string(), carrier.written(spot, version)?));
            }
        }
        let digest = carrier.seal.as_ref().zip(digest);
        let digest = digest.map(|(seal, digest)| (seal.range.clone(), "digest".to_owned(), digest));
        splices.extend(digest.filter(|(range, _, digest)| carrier.text[range.clone()] != *digest));
        splices.sort_by_key(|(range, ..)| range.start);
        if splices.is_empty() { Ok(None) } else { splice(carrier, splices).map(Some) }
    }
}

/// Puts texts into a file: each with its place and what that is, in the order of the file.
fn splice(carrier: &Carrier, splices: Vec<(Range<usize>, String, String)>) -> Result<Rewrite, Failure> {
    let mut after = String::with_capacity(carrier.text.len() + 16);
    let mut changes = Vec::new();
    let mut from = 0;
    for (range, what, to) in splices {
        let line = carrier.line_at(range.start);
        if range.start < from {
            let what = format!("cannot edit `{}:{line}`: two places of the version overlap", carrier.path);
            return Err(Failure::new(what).hint("make the `search` texts of [[version-file]] distinct"));
        }
        after.push_str(&carrier.text[from..range.start]);
        after.push_str(&to);
        from = range.end;
        changes.push(Change { line, what, from: carrier.text[range].to_owned(), to });
    }
    after.push_str(&carrier.text[from..]);
    let edit = Edit {
        path: carrier.path.clone(),
        before: files::sha256(carrier.text.as_bytes()),
        after: files::sha256(after.as_bytes()),
        changes,
    };
    Ok(Rewrite { path: carrier.path.clone(), before: carrier.text.clone(), after, edit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use document::Spelling;
    use project::Spot;

    #[test]
    fn changes_the_places_and_no_other_byte() {
        let text = "\u{feff}a = '1.2.3' # 1.2.3\r\nb=\"1.2.3\"";
        let spots = [8..13, 27..32].map(|range| Spot {
            range,
            place: Place::Configured(Spelling::Pep440),
            package: None,
            is_plain: false,
        });
        let carrier = Carrier::new("x.toml".parse().unwrap(), text.to_owned(), spots.to_vec());
        let wanted = Wanted { version: &"1.10.0".parse().unwrap(), siblings: &BTreeMap::new() };
        let rewrite = wanted.rewrite(&carrier, None).unwrap().unwrap();
        assert_eq!(rewrite.after, "\u{feff}a = '1.10.0' # 1.2.3\r\nb=\"1.10.0\"");
        assert_eq!(rewrite.edit.changes.iter().map(|change| change.line).collect::<Vec<_>>(), [1, 2]);
    }
}
