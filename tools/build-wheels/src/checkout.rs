//! A clean checkout of the release commit, beside the working tree and apart from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use document::{CommitId, Failure};
use project::{Git, Lock};

/// The checkouts of one run, one for each build, so that no build sees what another one leaves in its tree.
///
/// They are removed when this is dropped. What a killed tool left is removed by the next one: whoever holds
/// the lock is alone in the folder.
pub struct Checkouts<'a> {
    git: &'a Git,
    lock: &'a Lock,
    commit: &'a CommitId,
    tag: &'a str,
    folder: PathBuf,
    filters: Vec<String>,
}

impl<'a> Checkouts<'a> {
    /// Prepares for checkouts of a commit that bears a tag, or will.
    pub fn new(git: &'a Git, lock: &'a Lock, commit: &'a CommitId, tag: &'a str) -> Result<Self> {
        Ok(Self { git, lock, commit, tag, folder: folder(git), filters: filters(git)? })
    }

    /// The folder for what a build of that name makes; it holds the checkout and goes with it.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(self.commit.as_str()).join(name)
    }

    /// The folder above which a build has no business with git.
    ///
    /// What is unpacked from an sdist lies within `.git`, and a backend that asked git there would be told that it
    /// stands in a repository without files.
    pub fn ceiling(&self) -> &Path {
        &self.folder
    }

    /// The project's folder in the checkout of that name, which may not be there.
    pub fn root(&self, name: &str) -> PathBuf {
        self.folder(name).join("tree").join(self.git.prefix())
    }

    /// Checks the commit out for a build of that name, and returns the project's folder in the checkout.
    pub fn make(&self, name: &str) -> Result<PathBuf> {
        let tree = self.folder(name).join("tree");
        fs::create_dir_all(&tree).with_context(|| format!("cannot make `{}`", tree.display()))?;
        self.check_out(self.git.common_dir(), &tree, self.commit.as_str())?;
        // For versions that are derived from the tag. `git tag` would sign it where the user's settings say so.
        let tag = format!("refs/tags/{}", self.tag);
        self.git(&["-C", text(&tree)?, "update-ref", &tag, self.commit.as_str()])?;
        self.fill_submodules(self.git.top(), &tree)?;
        Ok(self.root(name))
    }

    /// Clones a repository of this machine into a folder, with the files of a commit.
    fn check_out(&self, from: &Path, to: &Path, commit: &str) -> Result<()> {
        let (from, to) = (text(from)?, text(to)?);
        // Neither the user's template nor his hooks have a say in what is built.
        let plain = ["clone", "--quiet", "--shared", "--no-checkout", "--template=", UPLOAD_PACK];
        let filters = self.filters.iter().flat_map(|filter| ["--config", filter]);
        let clone: Vec<&str> = plain.into_iter().chain(filters).chain([from, to]).collect();
        self.git(&clone)?;
        self.git(&["-C", to, "-c", "core.hooksPath=/dev/null", "checkout", "--quiet", "--detach", commit])
    }

    /// Gives a checkout its submodules, and those theirs: each at the commit that it is pinned to, from the clone of it
    /// in the working tree, so that nothing comes from the network.
    fn fill_submodules(&self, working: &Path, tree: &Path) -> Result<()> {
        if !tree.join(".gitmodules").is_file() {
            return Ok(());
        }
        let list = self.command(&["-C", text(tree)?, "ls-files", "--stage", "-z"])?;
        for line in list.split_terminator('\0').filter(|line| line.starts_with("160000 ")) {
            let Some((commit, path)) =
                line.split_once('\t').and_then(|(entry, path)| Some((entry.split(' ').nth(1)?, path)))
            else {
                continue;
            };
            let (from, to) = (working.join(path), tree.join(path));
            if !from.join(".git").exists() {
                let what = format!("cannot build: the submodule `{path}` is not in the working tree");
                return Err(Failure::new(what).hint("run `git submodule update --init --recursive`").into());
            }
            self.check_out(&from, &to, commit).map_err(|cause| {
                let short = commit.get(..10).unwrap_or(commit);
                let what =
                    format!("cannot build: the submodule `{path}` cannot be had at {short}: {cause:#}");
                Failure::new(what).hint("run `git submodule update --init --recursive`")
            })?;
            self.fill_submodules(&from, &to)?;
        }
        Ok(())
    }

    /// Lets git take an edited file of the checkout of that name for unchanged.
    ///
    /// A version that is derived from the tag would be that of a dirty tree.
    pub fn hide(&self, name: &str, file: &Path) -> Result<()> {
        let (tree, file) = (self.folder(name).join("tree"), text(file)?);
        let command = ["-C", text(&tree)?, "update-index", "--assume-unchanged", "--", file];
        self.git(&command)
    }

    /// Runs git, which writes in a checkout alone: `Git::write` mends this repository, one command at a time.
    fn git(&self, arguments: &[&str]) -> Result<()> {
        self.command(arguments).map(drop)
    }

    fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.git.command(arguments)?;
        leave_repository(&mut command);
        project::run(command.stdin(self.lock.stdin()?))
    }
}

/// Lets a program find the repository by the folder that it runs in.
///
/// A hook and `git rebase --exec` name theirs in the environment, and what is meant for a checkout would be done there.
pub fn leave_repository(command: &mut Command) {
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
    ] {
        command.env_remove(name);
    }
}

/// Git trusts this repository already where it is another user's, as in a container; `clone` would ask once more.
const UPLOAD_PACK: &str = "--upload-pack=git -c 'safe.directory=*' upload-pack";

/// The filters of files that this repository alone has set up, as `git lfs install --local` does: without them the
/// checkout has other bytes than the working tree.
fn filters(git: &Git) -> Result<Vec<String>> {
    let found = git.ask(&["config", "--local", "--null", "--get-regexp", r"^filter\."])?.unwrap_or_default();
    // A setting without a value is a true one.
    let setting = |text: &str| {
        text.split_once('\n').map_or(format!("{text}=true"), |(key, value)| format!("{key}={value}"))
    };
    Ok(found.split_terminator('\0').map(setting).collect())
}

/// Removes what a killed tool has left; the lock says that nobody is at work there.
pub fn remove_stale(git: &Git, _held: &Lock) -> Result<()> {
    let folder = folder(git);
    match fs::remove_dir_all(&folder) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

fn folder(git: &Git) -> PathBuf {
    git.state().folder().join("checkout")
}

impl Drop for Checkouts<'_> {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next build.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("cannot build in `{}`: the path is not UTF-8", path.display()))
}
