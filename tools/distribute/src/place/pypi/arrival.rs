//! Looks at what a server serves, and waits until it is all that was uploaded.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use anyhow::Result;
use document::{Failure, PackageName};
use filter::Stage;
use index::ServedFile;

use super::server::Server;
use super::upload::Item;

/// The longest pause between two looks.
const LONGEST: Duration = Duration::from_secs(15);
/// How often it is said that nothing has changed.
const STILL: Duration = Duration::from_secs(30);

/// What a server serves of some files.
struct Seen<'a> {
    missing: Vec<&'a Item>,
    /// A file that it has with other bytes.
    other: Option<Failure>,
}

/// The files that a server does not serve; other bytes under the name of one are an error.
pub fn missing<'a>(server: &Server, items: impl Iterator<Item = &'a Item>) -> Result<Vec<&'a Item>> {
    let seen = look(server, items, false)?;
    match seen.other {
        Some(other) => Err(other.into()),
        None => Ok(seen.missing),
    }
}

/// Looks at each file; with `whole` it is downloaded, whatever the index says of it.
fn look<'a>(server: &Server, items: impl Iterator<Item = &'a Item>, whole: bool) -> Result<Seen<'a>> {
    let mut pages: BTreeMap<PackageName, Vec<ServedFile>> = BTreeMap::new();
    let mut seen = Seen { missing: Vec::new(), other: None };
    for item in items {
        if !pages.contains_key(&item.package) {
            let files = server.own_files(&item.package)?.unwrap_or_default();
            pages.insert(item.package.clone(), files);
        }
        let Some(found) = pages[&item.package].iter().find(|file| file.file_name == item.name) else {
            seen.missing.push(item);
            continue;
        };
        let there = match whole {
            true => server.served.download(found, &mut io::sink())?.0,
            false => server.served.digest(found)?,
        };
        if there != item.sha256 {
            let what = format!(
                "cannot publish `{}`: {} has it with other bytes, SHA-256 {there} there and {} here",
                item.name, server.served, item.sha256
            );
            let hint = "release another version: what was published is never replaced";
            seen.other = Some(Failure::new(what).hint(hint));
        }
    }
    Ok(seen)
}

/// Waits until a server serves files, for so many seconds, and says how it goes.
pub fn wait(
    server: &Server,
    items: &[Item],
    seconds: u64,
    whole: bool,
    place: &str,
    stage: &Stage,
) -> Result<()> {
    let (begin, mut told) = (Instant::now(), Instant::now());
    let (mut left, mut last) = (items.len(), String::new());
    let all = poll(Duration::from_secs(seconds), || {
        let missing = match look(server, items.iter(), false) {
            Ok(Seen { other: Some(other), .. }) => return Err(other.into()),
            Ok(Seen { missing, .. }) => missing,
            // The page may fail for a moment, as it may lag.
            Err(error) => {
                last = format!("{error:#}");
                return Ok(None);
            }
        };
        last = missing.first().map(|item| format!("`{}` is not listed", item.name)).unwrap_or_default();
        if missing.len() < left && !missing.is_empty() || told.elapsed() > STILL {
            let served = items.len() - missing.len();
            stage.note(format!(
                "{place} serves {served} of {} files after {} s",
                items.len(),
                begin.elapsed().as_secs()
            ));
            told = Instant::now();
        }
        left = missing.len();
        Ok(missing.is_empty().then_some(()))
    })?;
    if all.is_none() {
        let what = format!("cannot find all files on `{place}` {seconds} s after their upload: {last}");
        let hint = format!(
            "run `distribute` again, which uploads nothing twice, or raise `wait` of the [[target]] `{place}`"
        );
        return Err(Failure::new(what).hint(hint).into());
    }
    // Files are read as a whole once, when all of them are there.
    match if whole { look(server, items.iter(), true)?.other } else { None } {
        Some(other) => Err(other.into()),
        None => Ok(()),
    }
}

/// Asks again and again, with longer pauses, until there is an answer or the time is up.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let (begin, mut pause) = (Instant::now(), Duration::from_millis(250));
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        let left = limit.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST);
    }
}
