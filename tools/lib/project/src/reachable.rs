//! The releases on the history of the current commit, of which no more is asked of git than is needed.
//!
//! To ask which tags are reachable costs as much as ten logs where the history is long. The highest one nearly always
//! is, and to ask for that alone is cheap.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use anyhow::Result;
use document::Version;

use crate::git::Git;
use crate::tags::{TagPattern, Tags};

/// The released versions that the current commit descends from.
#[derive(Debug)]
pub struct Reachable<'a> {
    git: Option<(&'a Git, &'a TagPattern)>,
    all: &'a Tags,
    merged: OnceCell<Tags>,
    asked: RefCell<BTreeMap<String, bool>>,
}

impl<'a> Reachable<'a> {
    /// Those among all the tags of a repository.
    pub fn among(all: &'a Tags, git: &'a Git, pattern: &'a TagPattern) -> Self {
        Self { git: Some((git, pattern)), all, merged: OnceCell::new(), asked: RefCell::default() }
    }

    /// Those that are known already, among all the tags of a repository.
    pub fn known(all: &'a Tags, merged: Tags) -> Self {
        Self { git: None, all, merged: OnceCell::from(merged), asked: RefCell::default() }
    }

    /// The highest one below `limit` with its tag; below a release no pre-release counts.
    pub fn highest_below(&self, limit: Option<&Version>) -> Result<Option<(&Version, &str)>> {
        let Some((version, tag)) = self.all.highest_below(limit) else { return Ok(None) };
        if self.is_reachable(tag)? {
            return Ok(Some((version, tag)));
        }
        Ok(self.merged()?.highest_below(limit))
    }

    /// The tag that a version was released or taken back as, where that is in the history.
    pub fn used(&self, version: &Version) -> Result<Option<&str>> {
        for tag in [self.all.released(version), self.all.withdrawn(version)].into_iter().flatten() {
            if self.is_reachable(tag)? {
                return Ok(Some(tag));
            }
        }
        Ok(None)
    }

    /// A released version of the history, with its tag.
    pub fn find(&self, version: &Version) -> Result<Option<(&Version, &str)>> {
        let Some((version, tag)) = self.all.find(version) else { return Ok(None) };
        Ok(self.is_reachable(tag)?.then_some((version, tag)))
    }

    fn is_reachable(&self, tag: &str) -> Result<bool> {
        let (None, Some((git, _))) = (self.merged.get(), self.git) else {
            return Ok(self.merged.get().is_some_and(|merged| merged.has(tag)));
        };
        if let Some(answer) = self.asked.borrow().get(tag) {
            return Ok(*answer);
        }
        let commit = format!("refs/tags/{tag}^{{commit}}");
        let answer = git.ask(&["merge-base", "--is-ancestor", &commit, "HEAD"])?.is_some();
        self.asked.borrow_mut().insert(tag.to_owned(), answer);
        Ok(answer)
    }

    /// All of them, asked for once.
    fn merged(&self) -> Result<&Tags> {
        if let (None, Some((git, pattern))) = (self.merged.get(), self.git) {
            let names = git.tags(true)?;
            let tags = Tags::read(pattern, names.iter().map(String::as_str));
            return Ok(self.merged.get_or_init(|| tags));
        }
        Ok(self.merged.get_or_init(Tags::default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn tells_the_releases_of_this_branch_from_those_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let run = |script: &str| {
            let mut shell = Command::new("bash");
            shell.args(["-euc", script]).current_dir(folder.path());
            for who in ["AUTHOR", "COMMITTER"] {
                shell
                    .env(format!("GIT_{who}_NAME"), "A")
                    .env(format!("GIT_{who}_EMAIL"), "a@example.invalid");
            }
            assert!(shell.status().unwrap().success(), "{script}");
        };
        run("git init -q -b main && git commit -q --allow-empty -m a && git tag v1.0 && git switch -qc other &&
             git commit -q --allow-empty -m b && git tag -am 2 v2.0 && git switch -q main &&
             git commit -q --allow-empty -m c && git tag -am 1 v1.1 && git tag withdrawn/v1.2");
        let git = Git::open(folder.path()).unwrap();
        let pattern = TagPattern::parse("v{version}").unwrap();
        let names = git.tags(false).unwrap();
        let all = Tags::read(&pattern, names.iter().map(String::as_str));
        let version = |text: &str| text.parse::<Version>().unwrap();
        let reachable = Reachable::among(&all, &git, &pattern);
        assert_eq!(reachable.used(&version("1.0")).unwrap(), Some("v1.0"));
        assert_eq!(reachable.used(&version("1.2")).unwrap(), Some("withdrawn/v1.2"));
        assert_eq!(reachable.find(&version("2.0")).unwrap(), None);
        // The highest one is on another branch, so that all are asked for; what follows knows them.
        for _ in 0..2 {
            assert_eq!(reachable.highest_below(None).unwrap(), Some((&version("1.1"), "v1.1")));
            assert_eq!(
                reachable.highest_below(Some(&version("1.1"))).unwrap(),
                Some((&version("1.0"), "v1.0"))
            );
            assert_eq!(reachable.highest_below(Some(&version("1.0"))).unwrap(), None);
            assert_eq!(reachable.used(&version("2.0")).unwrap(), None);
        }
    }
}
