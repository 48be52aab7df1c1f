//! The edit of one file: each place gets the new version, every other byte stays.

use std::collections::BTreeMap;

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

/// Returns the rewrite of a file to a version; `None` when it carries that version already.
///
/// A pin on one of `siblings`, which version apart, gets the version of that.
pub fn rewrite(
    carrier: &Carrier,
    version: &Version,
    siblings: &BTreeMap<PackageName, Version>,
) -> Result<Option<Rewrite>, Failure> {
    let mut after = String::with_capacity(carrier.text.len() + 16);
    let mut changes = Vec::new();
    let mut from = 0;
    for spot in &carrier.spots {
        let spelled = carrier.spelled(spot);
        let version = match &spot.place {
            Place::Pin(name, _) => siblings.get(name).unwrap_or(version),
            _ => version,
        };
        let same = carrier.version(spot).is_ok_and(|held| held == *version);
        if same {
            continue;
        }
        if spot.range.start < from {
            let what = format!(
                "cannot edit `{}:{}`: two places of the version overlap",
                carrier.path,
                carrier.line(spot)
            );
            return Err(Failure::new(what).hint("make the `search` texts of [[version-file]] distinct"));
        }
        let to = carrier.written(spot, version)?;
        after.push_str(&carrier.text[from..spot.range.start]);
        after.push_str(&to);
        from = spot.range.end;
        changes.push(Change {
            line: carrier.line(spot),
            what: spot.place.to_string(),
            from: spelled.to_owned(),
            to,
        });
    }
    if changes.is_empty() {
        return Ok(None);
    }
    after.push_str(&carrier.text[from..]);
    let edit = Edit {
        path: carrier.path.clone(),
        before: files::sha256(carrier.text.as_bytes()),
        after: files::sha256(after.as_bytes()),
        changes,
    };
    Ok(Some(Rewrite { path: carrier.path.clone(), before: carrier.text.clone(), after, edit }))
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
        let rewrite = rewrite(&carrier, &"1.10.0".parse().unwrap(), &BTreeMap::new()).unwrap().unwrap();
        assert_eq!(rewrite.after, "\u{feff}a = '1.10.0' # 1.2.3\r\nb=\"1.10.0\"");
        assert_eq!(rewrite.edit.changes.iter().map(|change| change.line).collect::<Vec<_>>(), [1, 2]);
    }
}
