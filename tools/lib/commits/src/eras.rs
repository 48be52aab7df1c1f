//! The history by releases: each commit belongs to the release that first contains it.
//!
//! What contains a commit is told by its descendants and never by dates, which lie after a rebase or on a machine whose
//! clock is wrong.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use anyhow::Result;
use document::{ProjectPath, Version};
use project::{Repository, TagRef, Tags};

use crate::Commit;
use crate::history::{LOG, fields};

/// The commits that one release was the first to contain.
#[derive(Debug)]
pub struct Era<T> {
    /// The release; `None` for the commits that none contains.
    pub release: Option<Released>,
    /// What was made of its commits, newest first.
    pub commits: Vec<T>,
}

/// A version that was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The version.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// When it was tagged, in seconds since 1970.
    pub time: u64,
}

/// The commits of the log and how they hang together, by their place in it.
#[derive(Default)]
struct Graph {
    /// The start of each commit's id, which no two commits share.
    ids: Vec<u128>,
    /// The ids of all parents, commit by commit.
    parents: Vec<u128>,
    /// Where the parents of each commit end.
    ends: Vec<usize>,
    places: HashMap<u128, usize, BuildHasherDefault<Start>>,
}

/// A hash of ids: they are hashes themselves.
#[derive(Default)]
struct Start(u64);

/// Reads a range of the history with one git process: the highest release first, above it what none contains. The
/// closure is called while git still reads.
pub fn eras<T>(
    repository: &Repository,
    range: &str,
    mut tell: impl FnMut(Commit) -> T,
) -> Result<Vec<Era<T>>> {
    let git = &repository.git;
    let own = own(repository, range)?;
    let refs = git.tag_refs()?;
    let tags = Tags::read(&repository.tags, refs.iter().map(|tag| tag.name.as_str()));
    let mut graph = Graph::default();
    let mut told = Vec::new();
    git.records(&[&LOG[..], &[range, "--"]].concat(), |record| {
        if let Some((_, parents, commit)) = fields(record) {
            graph.push(&commit.id, parents);
            let is_own = own.as_ref().is_none_or(|own| own.contains(&commit.id));
            told.push(is_own.then(|| tell(commit)));
        }
    })?;
    graph.index();
    let by_name: HashMap<&str, &TagRef> = refs.iter().map(|tag| (tag.name.as_str(), tag)).collect();
    let mut releases: Vec<(usize, Released)> = Vec::new();
    for (version, tag) in tags.all() {
        let Some(found) = by_name.get(tag) else { continue };
        let Some(&place) = graph.places.get(&start(&found.commit)) else { continue };
        let released = Released { version: version.clone(), tag: tag.to_owned(), time: found.time };
        releases.push((place, released));
    }
    let owners = graph.owners(&releases);
    let mut eras: Vec<Era<T>> = vec![Era { release: None, commits: Vec::new() }];
    let releases = releases.into_iter().map(|(_, release)| Some(release));
    eras.extend(releases.map(|release| Era { release, commits: Vec::new() }));
    for (told, owner) in told.into_iter().zip(owners) {
        eras[owner].commits.extend(told);
    }
    // The releases come lowest first.
    eras[1..].reverse();
    if eras[0].commits.is_empty() {
        eras.remove(0);
    }
    Ok(eras)
}

/// The ids of the commits that touch the folders of the package; `None` where all are its own. The graph needs the
/// others too: a tag may stand on any of them.
fn own(repository: &Repository, range: &str) -> Result<Option<HashSet<String>>> {
    if repository.folders.is_empty() {
        return Ok(None);
    }
    let mut arguments = vec!["-c", "log.showSignature=false", "log", "--format=%H", range, "--"];
    arguments.extend(repository.folders.iter().map(ProjectPath::as_str));
    Ok(Some(repository.git.read(&arguments)?.lines().map(str::to_owned).collect()))
}

impl Graph {
    fn push(&mut self, id: &str, parents: &str) {
        self.ids.push(start(id));
        self.parents.extend(parents.split(' ').filter(|parent| !parent.is_empty()).map(start));
        self.ends.push(self.parents.len());
    }

    fn index(&mut self) {
        self.places.reserve(self.ids.len());
        self.places.extend(self.ids.iter().enumerate().map(|(place, id)| (*id, place)));
    }

    /// The places of a commit's parents, as far as the log has them.
    fn parents(&self, place: usize) -> impl Iterator<Item = usize> {
        let first = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let ids = &self.parents[first..self.ends[place]];
        ids.iter().filter_map(move |id| match self.ids.get(place + 1) {
            // In most histories the parent of most commits stands right below.
            Some(next) if next == id => Some(place + 1),
            _ => self.places.get(id).copied(),
        })
    }

    /// For each commit 0, or one more than the index of the release that owns it.
    fn owners(&self, releases: &[(usize, Released)]) -> Vec<usize> {
        let depths = self.depths();
        // What another release contains is less deep than that one, so it takes its commits before.
        let mut order: Vec<usize> = (0..releases.len()).collect();
        order.sort_by_key(|index| (depths[releases[*index].0], *index));
        let mut owners = vec![0; self.ids.len()];
        for index in order {
            let mut open = vec![releases[index].0];
            while let Some(place) = open.pop() {
                if owners[place] == 0 {
                    owners[place] = index + 1;
                    open.extend(self.parents(place).filter(|parent| owners[*parent] == 0));
                }
            }
        }
        owners
    }

    /// How many commits the longest way down from each commit has. The log does not promise that parents come after
    /// their children, so each commit waits for its parents.
    fn depths(&self) -> Vec<usize> {
        let mut depths = vec![0; self.ids.len()];
        for last in (0..self.ids.len()).rev() {
            let mut open = vec![last];
            while let Some(&place) = open.last() {
                let mut depth = 1;
                let waits = open.len();
                for parent in self.parents(place) {
                    match depths[parent] {
                        0 => open.push(parent),
                        below => depth = depth.max(below + 1),
                    }
                }
                if open.len() == waits {
                    depths[place] = depth;
                    open.pop();
                }
            }
        }
        depths
    }
}

impl Hasher for Start {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, id: u128) {
        self.0 = id as u64;
    }
}

/// The first 32 digits of an id as a number.
fn start(id: &str) -> u128 {
    let digit = |byte: u8| u128::from(char::from(byte).to_digit(16).unwrap_or_default());
    id.bytes().take(32).fold(0, |start, byte| start << 4 | digit(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of commits named by numbers: each with its parents, newest first.
    fn graph(commits: &[(u32, &[u32])]) -> Graph {
        let mut graph = Graph::default();
        for (number, parents) in commits {
            let id = |number: &u32| format!("{number:032}{number:08}");
            graph.push(&id(number), &parents.iter().map(id).collect::<Vec<_>>().join(" "));
        }
        graph.index();
        graph
    }

    fn released(versions: &[(usize, &str)]) -> Vec<(usize, Released)> {
        let released = |(place, version): &(usize, &str)| {
            (*place, Released { version: version.parse().unwrap(), tag: format!("v{version}"), time: 0 })
        };
        versions.iter().map(released).collect()
    }

    #[test]
    fn a_commit_belongs_to_the_release_that_first_contains_it() {
        // 6 merges 5 and 4; 5 stands on 3, 4 on 2 and 3.
        let commits: [(u32, &[u32]); 7] =
            [(7, &[6]), (6, &[5, 4]), (5, &[3]), (4, &[2]), (3, &[1]), (2, &[1]), (1, &[])];
        let graph = graph(&commits);
        assert_eq!(graph.depths(), [5, 4, 3, 3, 2, 2, 1]);
        // 1.0 at 2, 1.1 at 5, 2.0 at 6; nothing is released of 7.
        let releases = released(&[(5, "1.0"), (2, "1.1"), (1, "2.0")]);
        assert_eq!(graph.owners(&releases), [0, 3, 2, 3, 2, 1, 1]);
        // A version that was given out before a lower one owns what it first contained.
        let releases = released(&[(1, "1.0"), (4, "2024.1")]);
        assert_eq!(graph.owners(&releases), [0, 1, 1, 1, 2, 1, 2]);
    }

    #[test]
    fn parents_may_stand_above_their_children_and_outside_the_log() {
        let commits: [(u32, &[u32]); 4] = [(1, &[9]), (3, &[2]), (2, &[1]), (4, &[3, 8])];
        let graph = graph(&commits);
        assert_eq!(graph.depths(), [1, 3, 2, 4]);
        assert_eq!(graph.owners(&released(&[(2, "1.0"), (3, "2.0")])), [1, 2, 1, 2]);
    }
}
