//! Two releases of a package, compared in everything that their users see.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use document::PackageName;
use project::DriftSettings;
use uv::Uv;

use super::contents;
use super::finding::{Change, Step};
use super::names::{self, Names, Task};
use super::snapshot::{Snapshot, is_source};
use super::table::Table;

/// The release before and this one.
pub struct Pair {
    /// The release before.
    pub old: Snapshot,
    /// This release.
    pub new: Snapshot,
}

/// Compares each pair. The names of all of them are read in one run, and where that fails the rest is still told.
///
/// `own` are the packages that are released together, and `root` is where uv finds its settings.
pub fn compare(
    pairs: &mut [Pair],
    settings: &DriftSettings,
    own: &BTreeSet<PackageName>,
    uv: impl FnOnce() -> Result<Uv>,
    root: &Path,
) -> Result<Vec<Table>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut names: Vec<Names> = Vec::new();
    let (mut tasks, mut at) = (Vec::new(), Vec::new());
    for (number, pair) in pairs.iter_mut().enumerate() {
        names.push(Names::default());
        match pair.task(&folder.path().join(number.to_string())) {
            Ok(None) => {}
            Ok(Some(task)) => {
                tasks.push(task);
                at.push(number);
            }
            Err(cause) => names[number].failed = Some(format!("{cause:#}")),
        }
    }
    if !tasks.is_empty() {
        let pythons = pairs.iter().filter_map(|pair| pair.new.metadata.requires_python.clone());
        let pythons: BTreeSet<String> = pythons.collect();
        let pythons: Vec<String> = pythons.into_iter().collect();
        match uv().and_then(|uv| names::compare(&uv, &tasks, &pythons, folder.path(), root)) {
            Ok(found) => at.into_iter().zip(found).for_each(|(number, found)| names[number] = found),
            Err(cause) => {
                let cause = format!("{cause:#}");
                at.into_iter().for_each(|number| names[number].failed = Some(cause.clone()));
            }
        }
    }
    Ok(pairs.iter().zip(&names).map(|(pair, names)| pair.table(names, settings, own)).collect())
}

impl Pair {
    /// Unpacks the sources; `None` where they are the same but for the version, or where there are none to compare.
    fn task(&mut self, folder: &Path) -> Result<Option<Task>> {
        let (before, after) = (contents::top_modules(&self.old), contents::top_modules(&self.new));
        let modules: Vec<String> = before.intersection(&after).cloned().collect();
        if modules.iter().all(|module| module.starts_with('_')) {
            return Ok(None);
        }
        let old = self.old.sources(&folder.join("old"))?;
        let new = self.new.sources(&folder.join("new"))?;
        if self.has_same_sources(&old, &new)? {
            return Ok(None);
        }
        put_stubs_in_place(&self.old, &old)?;
        put_stubs_in_place(&self.new, &new)?;
        Ok(Some(Task { old, new, modules, opaque: contents::opaque_modules(&self.new) }))
    }

    fn has_same_sources(&self, old: &Path, new: &Path) -> Result<bool> {
        let sources = |of: &'_ Snapshot| -> Vec<String> {
            of.files.keys().filter(|path| is_source(path)).cloned().collect()
        };
        let paths = sources(&self.new);
        if paths != sources(&self.old) {
            return Ok(false);
        }
        let (before, after) = (self.old.metadata.version.to_string(), self.new.metadata.version.to_string());
        for path in paths {
            let read =
                |folder: &Path| std::fs::read(folder.join(&path)).context("cannot read what was unpacked");
            let (old, new) = (read(old)?, read(new)?);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&before, &after);
            if old != new && text(&old) != String::from_utf8_lossy(&new) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn table(&self, names: &Names, settings: &DriftSettings, own: &BTreeSet<PackageName>) -> Table {
        let (old, new) = (&self.old.metadata.version, &self.new.metadata.version);
        let step = Step::between(old, new);
        let mut changes: Vec<Change> = contents::compare(&self.old, &self.new, settings.size_growth, own);
        changes.extend(names.changes(matches!(step, Step::Patch | Step::Post)));
        let mut rows: Vec<_> =
            changes.into_iter().map(|change| (change.weight(step, &settings.allow), change)).collect();
        rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        rows.dedup();
        let unread = names.failed.clone().or_else(|| {
            let modules = (!names.unread.is_empty()).then(|| names.unread.join(", "));
            modules.map(|modules| format!("this Python cannot read {modules}"))
        });
        let title = format!("{} compared with {}", self.new.name, self.old.name);
        Table { title, previous: old.to_string(), step, rows, unread }
    }
}

/// Puts each stub in the place of its source, for it says which names there are, and how they are used (PEP 484).
fn put_stubs_in_place(of: &Snapshot, folder: &Path) -> Result<()> {
    for path in of.files.keys().filter(|path| path.ends_with(".pyi")) {
        let stub = folder.join(path);
        std::fs::rename(&stub, stub.with_extension("py"))
            .context("cannot put a stub in place of its source")?;
    }
    Ok(())
}
