//! The places of the version that release.toml names as [[version-file]].

use std::ops::Range;

use anyhow::{Context, Result};
use document::Failure;
use toml_edit::Item;

use crate::finder::{Finder, at};
use crate::places::{Carrier, Place, Spot};
use crate::settings::VersionFile;
use crate::spots::{annotated, inner, matches, parse_toml, within_a_word, without_bom};
use crate::toml_text;

impl Finder<'_> {
    /// The places that release.toml names.
    pub(crate) fn configured(&mut self) -> Result<()> {
        for file in &self.project.settings.version_file {
            let text = match self.carriers.iter().position(|carrier| carrier.path == file.path) {
                Some(at) => self.carriers[at].text.clone(),
                None => (self.read)(&file.path).context("cannot read a [[version-file]] of release.toml")?,
            };
            let ranges = named_places(file, &text)?;
            if let Some(failure) = wrong_count(file, ranges.len(), &text) {
                return Err(failure.into());
            }
            let spots = ranges.into_iter().map(|range| Spot {
                range,
                place: Place::Configured(file.spelling.into()),
                package: None,
            });
            match self.carriers.iter_mut().find(|carrier| carrier.path == file.path) {
                Some(carrier) => carrier.spots.extend(spots),
                None => {
                    let spots = spots.collect();
                    self.carriers.push(Carrier { path: file.path.clone(), text, spots });
                }
            }
        }
        Ok(())
    }
}

/// The places in a file that a [[version-file]] of release.toml names.
fn named_places(file: &VersionFile, text: &str) -> Result<Vec<Range<usize>>> {
    if let Some(search) = &file.search {
        return Ok(matches(text, search, file.spelling.into()));
    }
    let Some(key) = &file.key else { return Ok(annotated(text, file.spelling.into())) };
    let toml = parse_toml(&file.path, text)?;
    let path: Vec<&str> = key.split('.').collect();
    let value = at(toml.as_item(), &path).and_then(Item::as_value);
    let offset = text.len() - without_bom(text).len();
    Ok(value.and_then(|value| inner(text, value, offset)).into_iter().collect())
}

/// Refuses a number of places that release.toml does not expect.
fn wrong_count(file: &VersionFile, found: usize, text: &str) -> Option<Failure> {
    let VersionFile { path, search, key, count, .. } = file;
    let what = match (search, key) {
        (Some(search), _) => format!("`{search}`"),
        (None, Some(key)) => format!("the key `{key}`"),
        (None, None) => "a line with `x-release-please-version`".to_owned(),
    };
    let message = match count {
        Some(count) if *count != found => {
            format!("cannot find {what} {count} times in `{path}`: it is there {found} times")
        }
        None if found == 0 => format!("cannot find {what} in `{path}`: no text matches"),
        _ => return None,
    };
    let longer = search.as_ref().and_then(|search| within_a_word(text, search, file.spelling.into()));
    Some(Failure::new(message).hint(match longer {
        Some(at) => {
            let line = toml_text::place(text, at).line;
            format!("line {line} has it at the end of a longer word: write the whole word in `search`")
        }
        None => format!("mend the file, or the [[version-file]] `{path}` in release.toml"),
    }))
}
