//! Files that carry the version: an edit changes the version in its places, and no other byte.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use anyhow::Result;
use document::{ProjectPath, Version};
use project::{Carrier, Place, Project, files};

use crate::edit::Wanted;

/// Versions that no file holds by chance. The second is a number to YAML, and gets quotes there.
const NEXT: [&str; 2] = ["7919.10.3rc4", "7919.10"];

/// Reads a file of the project in `tests/fuzz/project` with that text, and changes the version in it. Returns how
/// many places of the version it has.
pub fn check(path: &str, text: &str) -> usize {
    if text.contains("7919") {
        return 0;
    }
    let part = part(path);
    let Part { project, path, texts } = part.as_ref();
    let read = |at: &ProjectPath| -> Result<String> {
        if at == path { Ok(text.to_owned()) } else { Ok(texts[at].clone()) }
    };
    let Ok(carriers) = project.carriers_read_by(&read) else { return 0 };
    // An annotation marks versions of three numbers, since others stand in its line too.
    let nexts = NEXT.iter().take(if path.as_str() == "install.txt" { 1 } else { NEXT.len() });
    for next in nexts {
        change(project, &carriers, &read, &next.parse().expect("a version"));
    }
    let own = carriers.iter().find(|carrier| carrier.path == *path);
    own.map_or(0, |own| own.spots.len() + usize::from(own.seal.is_some()))
}

/// Changes the version in all files, and reads them again.
fn change(
    project: &Project,
    before: &[Carrier],
    read: &dyn Fn(&ProjectPath) -> Result<String>,
    next: &Version,
) {
    let mut spots = before.iter().flat_map(|carrier| carrier.spots.iter().map(move |spot| (carrier, spot)));
    // A bump is refused where a place holds no version.
    if spots.any(|(carrier, spot)| carrier.version(spot).is_err()) {
        return;
    }
    let wanted = Wanted { version: next, siblings: &BTreeMap::new() };
    let rewrites = match wanted.rewrites(before) {
        Ok(rewrites) => rewrites,
        Err(refusal) => panic!("{refusal}"),
    };
    let edited = |at: &ProjectPath| match rewrites.iter().find(|rewrite| rewrite.path == *at) {
        Some(rewrite) => Ok(rewrite.after.clone()),
        None => read(at),
    };
    let after = match project.carriers_read_by(&edited) {
        Ok(after) => after,
        Err(refusal) => panic!("what was edited cannot be read: {refusal:#}"),
    };
    assert_eq!(names(before), names(&after));
    for (before, after) in before.iter().zip(&after) {
        let places = |carrier: &Carrier| -> Vec<Place> {
            carrier.spots.iter().map(|spot| spot.place.clone()).collect()
        };
        assert_eq!(places(before), places(after), "{:?} to {:?}", before.text, after.text);
        for spot in &after.spots {
            assert_eq!(after.version(spot).ok().as_ref(), Some(next), "{:?}", after.text);
        }
        assert_eq!(outside(before, None), outside(after, Some(before)), "{}", after.path);
        let digest = |carrier: &Carrier| carrier.seal.as_ref().map(|seal| seal.kind);
        assert_eq!(digest(before), digest(after), "{:?}", after.text);
    }
    if project.version(before).is_ok() {
        assert_eq!(project.version(&after).expect("one version"), *next);
    }
    assert!(wanted.rewrites(&after).is_ok_and(|again| again.is_empty()), "the edit is not whole");
}

fn names(carriers: &[Carrier]) -> Vec<&str> {
    carriers.iter().map(|carrier| carrier.path.as_str()).collect()
}

/// The text without its versions and its digest, and without the quotes that a YAML value was given.
fn outside(carrier: &Carrier, before: Option<&Carrier>) -> String {
    let mut cuts: Vec<_> = carrier.spots.iter().map(|spot| spot.range.clone()).collect();
    for (at, spot) in before.iter().flat_map(|before| &before.spots).enumerate() {
        if spot.is_plain && !carrier.spots[at].is_plain {
            cuts[at] = cuts[at].start - 1..cuts[at].end + 1;
        }
    }
    cuts.extend(carrier.seal.as_ref().map(|seal| seal.range.clone()));
    cuts.sort_by_key(|cut| cut.start);
    let (mut text, mut from) = (String::new(), 0);
    for cut in cuts {
        text.push_str(&carrier.text[from..cut.start]);
        text.push('\0');
        from = cut.end;
    }
    text + &carrier.text[from..]
}

/// The part of the project to which a file belongs, so that no other file is read each time.
struct Part {
    project: Project,
    path: ProjectPath,
    /// The files as they are.
    texts: BTreeMap<ProjectPath, String>,
}

fn part(path: &str) -> Rc<Part> {
    thread_local! {
        static PARTS: RefCell<BTreeMap<String, Rc<Part>>> = RefCell::default();
    }
    PARTS.with_borrow_mut(|parts| {
        Rc::clone(parts.entry(path.to_owned()).or_insert_with(|| Rc::new(Part::read(path))))
    })
}

impl Part {
    fn read(path: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("project");
        let mut project = Project::find(Some(&root)).expect("the project");
        let folder = path.split('/').next().filter(|folder| *folder != path).unwrap_or("core");
        project.packages.retain(|package| package.path.as_ref().is_some_and(|path| path.as_str() == folder));
        project.settings.version_file.retain(|file| file.path.as_str() == path);
        let texts = RefCell::new(BTreeMap::new());
        let read = |path: &ProjectPath| -> Result<String> {
            let text = files::read_text(&path.under(&project.root))?;
            texts.borrow_mut().insert(path.clone(), text.clone());
            Ok(text)
        };
        project.carriers_read_by(&read).expect("the project as it is");
        let path = path.parse().expect("a path of the project");
        Self { texts: texts.into_inner(), project, path }
    }
}
