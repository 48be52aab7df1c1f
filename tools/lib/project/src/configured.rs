//! The places of the version that release.toml names as [[version-file]].

use std::ops::Range;

use anyhow::{Context, Result};
use document::{Failure, Version};

use crate::current;
use crate::finder::Finder;
use crate::keyed::{ValuePlace, parse_key, values};
use crate::places::{Carrier, Place, Spot};
use crate::settings::VersionFile;
use crate::spots::{annotated, matches, within_a_word};
use crate::toml_text;

impl Finder<'_> {
    /// The places that release.toml names.
    pub(crate) fn configured(&mut self) -> Result<()> {
        let files = &self.project.settings.version_file;
        let (held, any): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.current_only);
        for file in any {
            self.configured_file(file, None)?;
        }
        if held.is_empty() {
            return Ok(());
        }
        // The places found so far tell the version that the others hold.
        let version = self.project.version(&self.carriers)?;
        held.into_iter().try_for_each(|file| self.configured_file(file, Some(&version)))
    }

    fn configured_file(&mut self, file: &VersionFile, held: Option<&Version>) -> Result<()> {
        if file.optional && !self.is_file(&file.path) {
            return Ok(());
        }
        let (path, text) = self
            .text(&file.path)
            .with_context(|| format!("cannot read a file that {} names", self.project.named_by(file)))?;
        let found = match held {
            Some(version) => current::held(&text, file, version)?.into_iter().map(quoted).collect(),
            None => named_places(file, &text)?,
        };
        if let Some(message) = wrong_count(file, found.len()) {
            return Err(Failure::new(message).hint(self.how_to_mend(file, &text)).into());
        }
        let spots = found.into_iter().map(|ValuePlace { range, is_plain }| Spot {
            range,
            place: Place::Configured(file.spelling.into()),
            package: None,
            is_plain,
        });
        match self.carriers.iter_mut().find(|carrier| carrier.path == path) {
            Some(carrier) => carrier.spots.extend(spots),
            None => {
                let spots = spots.collect();
                self.carriers.push(Carrier::new(path, text, spots));
            }
        }
        Ok(())
    }

    /// What to do about a file that does not hold what it should.
    fn how_to_mend(&self, file: &VersionFile, text: &str) -> String {
        let search = file.search.as_ref().filter(|_| !file.current_only);
        let longer = search.and_then(|search| within_a_word(text, search, file.spelling.into()));
        match longer {
            Some(at) => {
                let line = toml_text::place(text, at).line;
                format!("line {line} has it at the end of a longer word: write the whole word in `search`")
            }
            None => format!("mend the file, or {}", self.project.named_by(file)),
        }
    }
}

/// A place that is no YAML value without quotes.
fn quoted(range: Range<usize>) -> ValuePlace {
    ValuePlace { range, is_plain: false }
}

/// The places in a file that a [[version-file]] of release.toml names.
fn named_places(file: &VersionFile, text: &str) -> Result<Vec<ValuePlace>> {
    let spelling = file.spelling.into();
    let Some(key) = &file.key else {
        let found = match &file.search {
            Some(search) => matches(text, search, spelling),
            None => annotated(text, spelling),
        };
        return Ok(found.into_iter().map(quoted).collect());
    };
    let keys = parse_key(key).unwrap_or_default();
    let values = values(&file.path, text, &keys)?;
    let Some(search) = &file.search else {
        return Ok(values.into_iter().map(|value| without_v(text, value)).collect());
    };
    let within = |value: ValuePlace| {
        let start = value.range.start;
        let found = matches(&text[value.range], search, spelling).into_iter();
        found.map(move |range| quoted(start + range.start..start + range.end))
    };
    Ok(values.into_iter().flat_map(within).collect())
}

/// The place without the `v` before a version, which stays.
fn without_v(text: &str, place: ValuePlace) -> ValuePlace {
    let value = &text[place.range.clone()];
    let is_tag = value.starts_with(['v', 'V']) && value[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_tag {
        return place;
    }
    ValuePlace { range: place.range.start + 1..place.range.end, is_plain: false }
}

/// Refuses a number of places that release.toml does not expect.
fn wrong_count(file: &VersionFile, found: usize) -> Option<String> {
    let VersionFile { path, search, key, count, .. } = file;
    let what = match (search, key) {
        (Some(search), Some(key)) => format!("`{search}` in the key `{key}`"),
        (Some(search), None) => format!("`{search}`"),
        (None, Some(key)) => format!("the key `{key}`"),
        (None, None) => "a line with `x-release-please-version`".to_owned(),
    };
    match count {
        Some(count) if *count != found => {
            Some(format!("cannot find {what} {count} times in `{path}`: it is there {found} times"))
        }
        _ if file.optional => None,
        None if found == 0 && key.is_some() => {
            Some(format!("cannot find {what} of `{path}`: no text stands there"))
        }
        None if found == 0 => Some(format!("cannot find {what} in `{path}`: no text matches")),
        _ => None,
    }
}
