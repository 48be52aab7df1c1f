//! What the repository and its remote hold of a release, whatever the document says about it.

use anyhow::Result;
use document::{CommitId, Failure, ProjectPath, Release, Sha256};
use project::{Project, files};
use serde::{Deserialize, Serialize};

use crate::memory::Memory;

/// The commit of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The commit.
    pub id: CommitId,
    /// The commit below it.
    pub parent: CommitId,
    /// It changed files; else the tree carried the version already, and there is nothing to revert.
    pub has_files: bool,
}

/// A ref that should be the release's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// It is not there.
    Absent,
    /// It is on the release commit; the id is that of the ref itself.
    Ours(CommitId),
    /// It is on another commit.
    Other(CommitId),
}

/// The facts.
#[derive(Debug)]
pub struct Facts {
    /// The release commit.
    pub commit: Option<Made>,
    /// The branch of the release.
    pub branch: Option<String>,
    /// Where that branch is here.
    pub tip: Option<CommitId>,
    /// What is checked out.
    pub head: Option<CommitId>,
    /// The branch that is checked out.
    pub head_branch: Option<String>,
    /// The changed files that are no outputs of a release.
    pub changes: Vec<String>,
    /// The remote.
    pub remote: Option<String>,
    /// Where the branch is at the remote.
    pub branch_there: Option<CommitId>,
    /// The tag here.
    pub tag_here: Spot,
    /// The tag at the remote.
    pub tag_there: Spot,
    /// The tag here that remembers the version as used.
    pub withdrawn_here: bool,
    /// The same at the remote.
    pub withdrawn_there: bool,
}

impl Facts {
    /// Asks the repository, and its remote once.
    pub fn gather(project: &Project, release: &Release, memory: &Memory) -> Result<Self> {
        let git = &project.git;
        let state = git.tree_state()?;
        let commit = made(project, release, state.head.as_ref())?.or_else(|| memory.found.clone());
        let tag = release.tag.as_ref();
        let branch = tag.map_or(&release.project.branch, |tag| &tag.branch).clone();
        let remote = tag.map(|tag| tag.remote.clone()).or_else(|| release.project.remote.clone());
        let tip = match &branch {
            Some(branch) => git.resolve(&format!("refs/heads/{branch}"))?,
            None => state.head.clone(),
        };
        let name = format!("refs/tags/{}", release.version.tag);
        let peeled = format!("{name}^{{}}");
        let withdrawn = format!("refs/tags/{}", project.tags.withdrawn_tag(&release.version.current));
        let branch_name = branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
        let there = match &remote {
            Some(remote) => {
                let mut patterns = vec![name.as_str(), &peeled, &withdrawn];
                patterns.extend(branch_name.as_deref());
                git.remote_refs(remote, &patterns)?
            }
            None => Vec::new(),
        };
        let find = |wanted: &str| there.iter().find(|(known, _)| known == wanted).map(|(_, id)| id.clone());
        let id = commit.as_ref().map(|commit| &commit.id);
        let here = git.resolve(&name)?;
        let target_here = git.resolve(&format!("{name}^{{commit}}"))?;
        Ok(Self {
            tag_here: spot(here, target_here, id),
            tag_there: spot(find(&name), find(&peeled).or_else(|| find(&name)), id),
            withdrawn_here: git.resolve(&withdrawn)?.is_some(),
            withdrawn_there: find(&withdrawn).is_some(),
            branch_there: branch_name.as_deref().and_then(find),
            changes: project.real_changes(&state),
            head: state.head,
            head_branch: state.branch,
            commit,
            branch,
            tip,
            remote,
        })
    }

    /// The remote for people.
    pub fn remote_name(&self) -> &str {
        self.remote.as_deref().unwrap_or("the remote")
    }

    /// The branch for people.
    pub fn branch_name(&self) -> &str {
        self.branch.as_deref().unwrap_or("the detached head")
    }
}

fn spot(found: Option<CommitId>, target: Option<CommitId>, ours: Option<&CommitId>) -> Spot {
    match (found, target) {
        (None, _) => Spot::Absent,
        (Some(id), Some(target)) if Some(&target) == ours => Spot::Ours(id),
        (Some(id), target) => Spot::Other(target.unwrap_or(id)),
    }
}

/// The release commit: that of the document, else one that a killed `commit-release` has left on the base.
fn made(project: &Project, release: &Release, head: Option<&CommitId>) -> Result<Option<Made>> {
    if let Some(commit) = &release.commit {
        let has_files = !commit.files.is_empty();
        return Ok(Some(Made { id: commit.id.clone(), parent: commit.parent.clone(), has_files }));
    }
    let base = &release.project.base;
    let planned = planned(release);
    let Some(head) = head.filter(|head| *head != base && !planned.is_empty()) else { return Ok(None) };
    let parents = project.git.read(&["show", "--no-patch", "--format=%P", head.as_str()])?;
    if parents != base.as_str() {
        return Ok(None);
    }
    let names = ["diff-tree", "-r", "--no-commit-id", "--name-only", "--relative", "-z", head.as_str()];
    let changed = project.git.read(&names)?;
    let mut changed: Vec<&str> = changed.split('\0').filter(|path| !path.is_empty()).collect();
    changed.sort_unstable();
    if changed != planned.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>() {
        return Ok(None);
    }
    for (path, after) in &planned {
        if blob(project, head, path.as_str())?.is_none_or(|bytes| files::sha256(&bytes) != **after) {
            return Ok(None);
        }
    }
    Ok(Some(Made { id: head.clone(), parent: base.clone(), has_files: true }))
}

fn planned(release: &Release) -> Vec<(&ProjectPath, &Sha256)> {
    let mut files: Vec<_> = release.edits.iter().map(|edit| (&edit.path, &edit.after)).collect();
    files.extend(
        release.notes.iter().filter_map(|notes| notes.edit.as_ref()).map(|edit| (&edit.path, &edit.after)),
    );
    files.sort();
    files
}

/// A file of a commit or tree as it stands when it is checked out; `None` when it is not in there.
pub fn blob(project: &Project, tree: &CommitId, path: &str) -> Result<Option<Vec<u8>>> {
    let object = format!("{tree}:./{path}");
    if project.git.resolve(&object)?.is_none() {
        return Ok(None);
    }
    let output = project::run_quietly(&mut project.git.command(&["cat-file", "--filters", &object])?)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!("cannot read `{path}` of {}: {said}", tree.short())).into());
    }
    Ok(Some(output.stdout))
}
