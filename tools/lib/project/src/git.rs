//! The project's git repository, through the `git` program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use document::{CommitId, Failure};
use xshell::{Shell, cmd};

use crate::command::{Running, each_record, run_quietly, stdout_of};
use crate::state::{Lock, State};

/// A git repository, or a worktree of one.
#[derive(Debug, Clone)]
pub struct Git {
    root: PathBuf,
    top: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    config: OnceLock<Config>,
}

/// Some of git's settings.
#[derive(Debug, Clone, Default)]
pub struct Config(BTreeMap<String, String>);

/// What is checked out, and how the working tree differs from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeState {
    /// The commit; `None` before the first one.
    pub head: Option<CommitId>,
    /// The branch; `None` on a detached head.
    pub branch: Option<String>,
    /// Changed, staged and untracked files, relative to the project's root, sorted.
    pub changed: Vec<String>,
}

/// A tag, and what it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRef {
    /// The name, without `refs/tags/`.
    pub name: String,
    /// The id of the object that it stands for, a commit where the tag is a release.
    pub commit: String,
    /// When it was made, in seconds since 1970; for a lightweight tag when its commit was.
    pub time: u64,
}

/// Asks for the head, the branch and what has changed.
pub const STATUS: [&str; 4] = ["status", "--porcelain=v2", "--branch", "-z"];

/// Asks for the names of all tags.
pub const TAGS: [&str; 3] = ["for-each-ref", "--format=%(refname:strip=2)", "refs/tags"];

/// Asks for the people and the remotes.
pub const CONFIG: [&str; 4] = ["config", "--null", "--get-regexp", r"^(user|committer|remote)\."];

impl Git {
    /// Opens the repository that holds the project's root.
    pub fn open(root: &Path) -> Result<Self> {
        let Some(top) = root.ancestors().find(|folder| folder.join(".git").exists()) else {
            let what = format!("cannot release `{}`: it is in no git repository", root.display());
            return Err(Failure::new(what).hint("run `git init`, and commit the project").into());
        };
        let dot_git = top.join(".git");
        let (root, top) = (root.to_path_buf(), top.to_path_buf());
        let (git_dir, common_dir) = (dot_git.clone(), dot_git.clone());
        let git = Self { root, top, git_dir, common_dir, config: OnceLock::new() };
        if dot_git.is_dir() {
            return Ok(git);
        }
        // In a linked worktree or a submodule `.git` is a file that says where the directory is.
        let folders = git.read(&["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"])?;
        let (git_dir, common_dir) = folders.split_once('\n').unwrap_or((&folders, &folders));
        Ok(Self { git_dir: PathBuf::from(git_dir), common_dir: PathBuf::from(common_dir), ..git })
    }

    /// What Wainwright keeps in the git directory.
    pub fn state(&self) -> State {
        State::in_git_dir(&self.common_dir)
    }

    /// What Wainwright keeps of this working tree alone, where the state is for all of the repository.
    pub fn folder_of_worktree(&self) -> PathBuf {
        State::in_git_dir(&self.git_dir).folder().to_path_buf()
    }

    /// The top folder of the working tree.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The folder of the project below the top of the working tree, with `/` at its end; empty at the top.
    pub fn prefix(&self) -> String {
        let below = self.root.strip_prefix(&self.top).unwrap_or(Path::new(""));
        below.iter().map(|part| format!("{}/", part.to_string_lossy())).collect()
    }

    /// A git command in the project's root, in plain English and without optional writes.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let shell = Shell::new()?;
        shell.change_dir(&self.root);
        let mut command: Command = cmd!(shell, "git {arguments...}").into();
        // A status that refreshes the index would be a write, and a dry run writes nothing.
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null());
        // No hook and no helper of git has any business with the signing key.
        command.env_remove("WAINWRIGHT_SIGN_KEY").env_remove("WAINWRIGHT_SIGN_PASSWORD");
        Ok(command)
    }

    /// Starts git, whose answer is waited for later: each answer costs a process, and several may run at once.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        Running::start(self.command(arguments)?)
    }

    /// Runs git and returns its stdout without the last newline.
    pub fn read(&self, arguments: &[&str]) -> Result<String> {
        self.start(arguments)?.read()
    }

    /// Runs git, and hands on what stands between the NULs of its stdout while it still runs.
    pub fn records(&self, arguments: &[&str], each: impl FnMut(&str)) -> Result<()> {
        let mut command = self.command(arguments)?;
        // Else git wakes us for each commit, which costs more than to read it.
        each_record(command.env("GIT_FLUSH", "0"), each)
    }

    /// Runs a git command that writes; git holds the lock for as long as it runs.
    ///
    /// A git that was killed leaves lock files behind which stop every later git. A marker tells those that a
    /// command of ours has left from those of somebody who is at work.
    pub fn write(&self, lock: &Lock, arguments: &[&str]) -> Result<String> {
        let marker = self.state().folder().join("git-is-writing");
        if let Ok(written) = std::fs::metadata(&marker).and_then(|marker| marker.modified()) {
            for folder in [&self.git_dir, &self.common_dir] {
                remove_stale_locks(folder, written)?;
            }
        }
        std::fs::write(&marker, []).with_context(|| format!("cannot write `{}`", marker.display()))?;
        let mut command = self.command(arguments)?;
        let output = run_quietly(command.stdin(lock.stdin()?))?;
        // A git that was killed has not taken its lock files away, so the marker stays for the next run.
        if output.status.code().is_some() {
            std::fs::remove_file(&marker).with_context(|| format!("cannot remove `{}`", marker.display()))?;
        }
        let text = stdout_of(&command, &output)?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Runs git for its answer alone; a failure is `None`.
    pub fn ask(&self, arguments: &[&str]) -> Result<Option<String>> {
        self.start(arguments)?.ask()
    }

    /// Returns what is checked out and what differs from it.
    pub fn tree_state(&self) -> Result<TreeState> {
        self.tree_state_of(self.start(&STATUS)?)
    }

    /// Returns what is checked out and what differs from it, by the answer to [`STATUS`].
    pub fn tree_state_of(&self, status: Running) -> Result<TreeState> {
        Ok(parse_status(&status.read()?, &self.prefix()))
    }

    /// The names of all tags, or of those on the history of the current commit.
    pub fn tags(&self, reachable: bool) -> Result<Vec<String>> {
        let merged = reachable.then_some("--merged=HEAD");
        let text = self.read(&TAGS.into_iter().chain(merged).collect::<Vec<_>>())?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// All tags, each with its commit and its time, as [`TagRef`] has them.
    pub fn tag_refs(&self) -> Result<Vec<TagRef>> {
        let format = "--format=%(objectname) %(*objectname) %(creatordate:unix) %(refname:strip=2)";
        let text = self.read(&["for-each-ref", format, "refs/tags"])?;
        let read = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let (object, peeled) = (words.next()?, words.next()?);
            let time = words.next()?.parse().unwrap_or_default();
            let commit = if peeled.is_empty() { object } else { peeled };
            Some(TagRef { name: words.next()?.to_owned(), commit: commit.to_owned(), time })
        };
        Ok(text.lines().filter_map(read).collect())
    }

    /// Says whether the history ends early, as in a clone with `--depth`.
    pub fn is_shallow(&self) -> bool {
        self.common_dir.join("shallow").exists()
    }

    /// What git is configured to: the people and the remotes, read once.
    pub fn config(&self) -> Result<&Config> {
        match self.config.get() {
            Some(config) => Ok(config),
            None => self.config_of(self.start(&CONFIG)?),
        }
    }

    /// What git is configured to, by the answer to [`CONFIG`].
    pub fn config_of(&self, config: Running) -> Result<&Config> {
        let text = config.ask()?.unwrap_or_default();
        Ok(self.config.get_or_init(|| Config::read(&text)))
    }

    /// Says whether git knows who commits.
    pub fn knows_committer(&self) -> Result<bool> {
        // Where a setting says both, git takes them; else it may still guess, or refuse to.
        let config = self.config()?;
        let said = |variable: &str, key: &str| {
            let keys = [format!("committer.{key}"), format!("user.{key}")];
            std::env::var_os(variable).is_some_and(|value| !value.is_empty())
                || keys.iter().any(|key| config.get(key).is_some_and(|value| !value.is_empty()))
        };
        if said("GIT_COMMITTER_NAME", "name") && said("GIT_COMMITTER_EMAIL", "email") {
            return Ok(true);
        }
        Ok(self.ask(&["var", "GIT_COMMITTER_IDENT"])?.is_some())
    }

    /// The id that a revision names; `None` when there is none.
    pub fn resolve(&self, revision: &str) -> Result<Option<CommitId>> {
        let found = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", revision])?;
        found.map(|id| id.parse().map_err(Into::into)).transpose()
    }

    /// The refs of a remote of the repository that match the patterns: `refs/heads/main` → id. One trip over the network.
    pub fn remote_refs(&self, remote: &str, patterns: &[&str]) -> Result<Vec<(String, CommitId)>> {
        // A document may name anything as its remote: another server, or an option that runs a command.
        if !self.config()?.has_remote(remote) {
            let what = format!(
                "cannot ask the remote `{remote}` for its refs: the repository has none of that name"
            );
            return Err(Failure::new(what).hint("`git remote -v` lists those that it has").into());
        }
        let mut arguments = vec!["ls-remote", remote];
        arguments.extend(patterns);
        let text = self
            .read(&arguments)
            .with_context(|| format!("cannot ask the remote `{remote}` for its refs"))?;
        let pairs = text.lines().filter_map(|line| line.split_once('\t'));
        pairs.map(|(id, name)| Ok((name.to_owned(), id.parse()?))).collect()
    }
}

impl Config {
    /// Reads what `git config --null` prints: a key, a newline and a value each.
    fn read(text: &str) -> Self {
        let pairs = text.split_terminator('\0').map(|pair| pair.split_once('\n').unwrap_or((pair, "")));
        Self(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// The last value of a key, which stands as git prints it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Says whether a remote of that name is configured.
    pub fn has_remote(&self, name: &str) -> bool {
        self.remote_url(name).is_some()
    }

    /// The address of a remote.
    pub fn remote_url(&self, name: &str) -> Option<&str> {
        self.get(&format!("remote.{name}.url"))
    }
}

/// Removes the lock files of git in a git directory that are not older than the marker.
fn remove_stale_locks(git_dir: &Path, marker: std::time::SystemTime) -> Result<()> {
    let mut folders = vec![git_dir.to_path_buf(), git_dir.join("refs")];
    let top = folders[0].clone();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() && folder != top {
                folders.push(entry.path());
            }
            let is_lock = entry.path().extension().is_some_and(|extension| extension == "lock");
            if is_lock && entry.metadata()?.modified()? >= marker {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

fn parse_status(text: &str, prefix: &str) -> TreeState {
    let mut state = TreeState { head: None, branch: None, changed: Vec::new() };
    let mut entries = text.split('\0');
    while let Some(entry) = entries.next() {
        let (kind, rest) = entry.split_once(' ').unwrap_or((entry, ""));
        let path = match kind {
            "#" => {
                match rest.split_once(' ') {
                    Some(("branch.oid", id)) => state.head = id.parse().ok(),
                    Some(("branch.head", name)) if name != "(detached)" => {
                        state.branch = Some(name.to_owned())
                    }
                    _ => {}
                }
                continue;
            }
            "1" => rest.splitn(8, ' ').nth(7),
            "2" => {
                // A rename's old path follows as an entry of its own.
                entries.next();
                rest.splitn(9, ' ').nth(8)
            }
            "u" => rest.splitn(10, ' ').nth(9),
            "?" => Some(rest),
            _ => None,
        };
        let outside = |path: &str| format!("{}{path}", "../".repeat(prefix.matches('/').count()));
        state
            .changed
            .extend(path.map(|path| path.strip_prefix(prefix).map_or_else(|| outside(path), str::to_owned)));
    }
    state.changed.sort();
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "# branch.oid aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0# branch.head main\0\
        1 .M N... 100644 100644 100644 a b sub/a file.txt\0\
        2 R. N... 100644 100644 100644 a b R100 sub/new.txt\0sub/old.txt\0? other/x\0";

    #[test]
    fn reads_paths_with_spaces_and_renames() {
        let state = parse_status(STATUS, "");
        assert_eq!(state.branch.as_deref(), Some("main"));
        assert_eq!(state.changed, ["other/x", "sub/a file.txt", "sub/new.txt"]);
    }

    #[test]
    fn gives_paths_relative_to_a_project_below_the_top() {
        assert_eq!(parse_status(STATUS, "sub/").changed, ["../other/x", "a file.txt", "new.txt"]);
    }

    #[test]
    fn a_lock_that_a_killed_git_left_is_removed_and_an_older_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("refs/heads")).unwrap();
        let old = folder.path().join("config.lock");
        std::fs::write(&old, "").unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        std::fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        for stale in ["index.lock", "refs/heads/main.lock"] {
            std::fs::write(folder.path().join(stale), "").unwrap();
        }
        remove_stale_locks(folder.path(), long_ago + std::time::Duration::from_secs(1)).unwrap();
        assert!(old.exists());
        assert!(!folder.path().join("index.lock").exists());
        assert!(!folder.path().join("refs/heads/main.lock").exists());
    }

    #[test]
    fn knows_a_detached_head_and_an_empty_repository() {
        let state = parse_status("# branch.oid (initial)\0# branch.head (detached)\0", "");
        assert_eq!(state, TreeState { head: None, branch: None, changed: vec![] });
    }
}
