//! The git part: one plan from the facts, carried out with one atomic push.

use std::fmt;

use anyhow::Result;
use document::{CommitId, Failure, Fate, ProjectPath, Release, Withdrawal};
use filter::{Outcome, Stage, Step};
use project::{Lock, Project};

use crate::commit::{self, Inverse};
use crate::facts::{Facts, Spot};
use crate::memory::{Memory, withdrawn};
use crate::{edits, tree};

/// What is done to the repository and its remote.
#[derive(Debug)]
pub enum Action {
    /// A commit that takes the release commit back.
    Revert { commit: CommitId, branch: String },
    /// The branch goes back to the commit below the release commit.
    Undo { commit: CommitId, parent: CommitId, branch: String },
    /// A file goes back to what the base commit has.
    Restore { path: ProjectPath, base: CommitId },
    /// A tag remembers the version as used.
    Remember { tag: String },
    /// That tag comes from the remote.
    Fetch { tag: String, remote: String },
    /// Branch and tags go to the remote.
    Push { what: String, remote: String },
    /// The tag goes here.
    DeleteTag { name: String },
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revert { commit, branch } => {
                write!(f, "revert {} on {branch} by a new commit", commit.short())
            }
            Self::Undo { commit, parent, branch } => {
                let (commit, parent) = (commit.short(), parent.short());
                write!(f, "undo {commit}, which nobody else has: {branch} goes back to {parent}")
            }
            Self::Restore { path, base } => write!(f, "restore {path} from {}", base.short()),
            Self::Remember { tag } => write!(f, "remember the version as used, by the tag {tag}"),
            Self::Fetch { tag, remote } => write!(f, "fetch the tag {tag} from {remote}"),
            Self::Push { what, remote } => write!(f, "push to {remote}, all or nothing: {what}"),
            Self::DeleteTag { name } => write!(f, "delete the tag {name} here"),
        }
    }
}

/// The plan of the git part.
#[derive(Debug)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step<Action>>,
    /// What becomes of each thing.
    pub withdrawals: Vec<Withdrawal>,
    /// The files of a revert that cannot be made; then nothing of the plan is carried out.
    pub conflict: Option<Vec<String>>,
    /// A revert that is made already and that the remote may lack.
    reverted: Option<CommitId>,
    pushes_branch: bool,
    /// Somebody else may have the release, or have had it.
    pub was_given_out: bool,
    /// Why the tag stays.
    hold: Option<String>,
}

/// What the places of the files mean for the git part.
#[derive(Debug)]
pub struct Published {
    /// Files of the release are or were on an index or the like.
    pub anything: bool,
    /// Why the tag cannot be deleted.
    pub hold: Option<String>,
}

/// Plans the git part.
pub fn plan(
    project: &Project,
    release: &Release,
    facts: &Facts,
    memory: &Memory,
    published: &Published,
) -> Result<Plan> {
    let mut plan = Plan {
        steps: Vec::new(),
        withdrawals: Vec::new(),
        conflict: None,
        reverted: None,
        pushes_branch: false,
        was_given_out: false,
        hold: published.hold.clone(),
    };
    let is_public = match &facts.commit {
        Some(commit) => commit::is_public(project, facts, commit)?,
        None => false,
    };
    plan.add_commit(project, release, facts, memory, is_public)?;
    let version = &release.version.current;
    let is_remembered = facts.withdrawn_here || facts.withdrawn_there;
    let was_given_out =
        published.anything || is_public || is_remembered || matches!(facts.tag_there, Spot::Ours(_));
    plan.was_given_out = was_given_out;
    let tag = project.tags.withdrawn_tag(version);
    if was_given_out {
        plan.add_memory(facts, &tag);
    }
    plan.add_push(release, facts, &tag, was_given_out);
    plan.add_tag(release, facts, memory);
    let is_foreign = [&facts.tag_there, &facts.tag_here].iter().any(|spot| matches!(spot, Spot::Other(_)));
    let (fate, detail) = match (was_given_out, is_foreign) {
        (true, _) => (Fate::Kept, format!("it was given out and is never used again, {tag} remembers it")),
        (false, true) => (Fate::Kept, "its tag is that of another commit".to_owned()),
        (false, false) => (Fate::Withdrawn, "it was never given out and is free again".to_owned()),
    };
    plan.withdrawals.push(Withdrawal { what: format!("version {version}"), fate, detail });
    Ok(plan)
}

impl Plan {
    fn add_commit(
        &mut self,
        project: &Project,
        release: &Release,
        facts: &Facts,
        memory: &Memory,
        is_public: bool,
    ) -> Result<()> {
        let Some(made) = &facts.commit else {
            for (step, withdrawal) in edits::plan(project, release, facts, memory)? {
                self.steps.push(match step {
                    Step::Do(path) => Step::Do(Action::Restore { path, base: release.project.base.clone() }),
                    Step::Skip { what, reason } => Step::Skip { what, reason },
                });
                self.withdrawals.push(withdrawal);
            }
            return Ok(());
        };
        let branch = facts.branch_name().to_owned();
        let (commit, parent) = (made.id.clone(), made.parent.clone());
        let what = format!("commit {}", made.id.short());
        let reverted = format!("reverted on {branch} by a new commit");
        let (step, withdrawal) = match commit::inverse(project, release, facts, memory)? {
            Inverse::Nothing(why) => (Step::skip(format!("revert {what}"), &why), memory.gone(what, why)),
            Inverse::Reverted(id) => {
                self.pushes_branch = is_public && commit::needs_push(project, facts, &id)?;
                self.reverted = Some(id.clone());
                let step = Step::skip(format!("revert {what}"), format!("{} does that", id.short()));
                (step, Withdrawal { what, fate: Fate::Withdrawn, detail: reverted })
            }
            Inverse::Undo => {
                let detail = format!("undone, {branch} is at {} again", parent.short());
                (Step::Do(Action::Undo { commit, parent, branch }), withdrawn(what, detail))
            }
            Inverse::Revert => {
                self.pushes_branch = is_public;
                (Step::Do(Action::Revert { commit, branch }), withdrawn(what, reverted))
            }
            Inverse::Replaced => {
                let why = "later releases have replaced its changes".to_owned();
                let step = Step::skip(format!("revert {what}"), &why);
                (step, Withdrawal { what, fate: Fate::Kept, detail: why })
            }
            Inverse::Conflict(files) => {
                self.conflict = Some(files);
                // This run ends in an error, and must not leave behind that the commit was reverted.
                let detail = "later commits change the same lines".to_owned();
                (Step::Do(Action::Revert { commit, branch }), Withdrawal { what, fate: Fate::Kept, detail })
            }
        };
        self.steps.push(step);
        self.withdrawals.push(withdrawal);
        Ok(())
    }

    fn add_memory(&mut self, facts: &Facts, tag: &str) {
        let remember = Action::Remember { tag: tag.to_owned() };
        self.steps.push(match (facts.withdrawn_here, facts.withdrawn_there) {
            (true, _) => Step::skip(remember, "it is there already"),
            (false, true) => {
                Step::Do(Action::Fetch { tag: tag.to_owned(), remote: facts.remote_name().to_owned() })
            }
            (false, false) => Step::Do(remember),
        });
    }

    fn add_push(&mut self, release: &Release, facts: &Facts, tag: &str, was_given_out: bool) {
        let mut parts = Vec::new();
        if self.pushes_branch {
            parts.push(facts.branch_name().to_owned());
        }
        if was_given_out && !facts.withdrawn_there {
            parts.push(tag.to_owned());
        }
        if matches!(facts.tag_there, Spot::Ours(_)) && self.hold.is_none() {
            parts.push(format!("{} deleted", release.version.tag));
        }
        self.steps.push(if facts.remote.is_none() {
            Step::skip("push", "the repository has no remote")
        } else if parts.is_empty() {
            let reason = format!("{} has nothing of the release that can be taken back", facts.remote_name());
            Step::skip(format!("push to {}", facts.remote_name()), reason)
        } else {
            Step::Do(Action::Push { what: parts.join(", "), remote: facts.remote_name().to_owned() })
        });
    }

    fn add_tag(&mut self, release: &Release, facts: &Facts, memory: &Memory) {
        let name = &release.version.tag;
        let what = format!("tag {name}");
        let action = Action::DeleteTag { name: name.clone() };
        if let Some(why) = &self.hold {
            self.steps.push(Step::skip(action, why));
            self.withdrawals.push(Withdrawal { what, fate: Fate::Kept, detail: why.clone() });
            return;
        }
        self.steps.push(match &facts.tag_here {
            Spot::Ours(_) => Step::Do(action),
            Spot::Absent => Step::skip(action, "it is not there"),
            Spot::Other(at) => {
                Step::skip(action, format!("it is at {}, which is not the release commit", at.short()))
            }
        });
        self.withdrawals.push(match (&facts.tag_there, &facts.tag_here) {
            (Spot::Other(at), _) | (_, Spot::Other(at)) => {
                let detail = format!("it is at {}, which is not the release commit", at.short());
                Withdrawal { what, fate: Fate::Kept, detail }
            }
            (Spot::Absent, Spot::Absent) => memory.gone(what, "it was not there"),
            (Spot::Ours(_), _) => withdrawn(what, format!("deleted at {} and here", facts.remote_name())),
            (Spot::Absent, Spot::Ours(_)) => {
                // A push that was the last thing of a killed run is told in that run's words.
                memory.of(&what).cloned().unwrap_or_else(|| withdrawn(what, "deleted here"))
            }
        });
    }

    /// Carries the plan out.
    pub fn carry_out(
        &self,
        project: &Project,
        release: &Release,
        facts: &Facts,
        memory: &mut Memory,
        reason: Option<&str>,
        (stage, lock): (&Stage, Option<&Lock>),
    ) -> Result<()> {
        let Some(lock) = lock else {
            return stage.perform(&self.steps, |_| Ok(Outcome::Done));
        };
        let mut reverted = self.reverted.clone();
        stage.perform(&self.steps, |action| {
            match action {
                Action::Revert { .. } => {
                    let id = revert(project, release, facts, memory, reason, lock)?;
                    reverted = Some(id.clone());
                    return Ok(Outcome::Noted(format!("{} reverts it", id.short())));
                }
                Action::Undo { parent, .. } => {
                    tree::move_to(project, release, memory, facts, parent, lock)?;
                }
                Action::Restore { path, .. } => edits::restore(project, release, path, lock)?,
                Action::Remember { tag } => remember(project, release, facts, tag, reason, lock)?,
                Action::Fetch { tag, remote } => {
                    let spec = format!("refs/tags/{tag}:refs/tags/{tag}");
                    project.git.write(lock, &["fetch", "--quiet", "--no-tags", remote, &spec])?;
                }
                Action::Push { .. } => self.push(project, release, facts, reverted.as_ref(), lock)?,
                Action::DeleteTag { name } => {
                    project.git.write(lock, &["tag", "--delete", name])?;
                }
            }
            Ok(Outcome::Done)
        })
    }

    fn push(
        &self,
        project: &Project,
        release: &Release,
        facts: &Facts,
        reverted: Option<&CommitId>,
        lock: &Lock,
    ) -> Result<()> {
        let name = &release.version.tag;
        let remote = facts.remote_name();
        let withdrawn = project.tags.withdrawn_tag(&release.version.current);
        let mut arguments = vec!["push".to_owned(), "--quiet".to_owned(), "--atomic".to_owned()];
        let mut refs = Vec::new();
        if let (Spot::Ours(object), None) = (&facts.tag_there, &self.hold) {
            // Only the tag that was seen is deleted, should somebody move it in between.
            arguments.push(format!("--force-with-lease=refs/tags/{name}:{object}"));
            refs.push(format!(":refs/tags/{name}"));
        }
        if !facts.withdrawn_there && project.git.resolve(&format!("refs/tags/{withdrawn}"))?.is_some() {
            refs.push(format!("refs/tags/{withdrawn}"));
        }
        if let (true, Some(id), Some(branch)) = (self.pushes_branch, reverted, &facts.branch) {
            refs.push(format!("{id}:refs/heads/{branch}"));
        }
        arguments.push(remote.to_owned());
        arguments.extend(refs);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let Err(error) = project.git.write(lock, &arguments) else { return Ok(()) };
        let what = format!(
            "cannot push to {remote}: it took nothing, and the revert commit and {withdrawn} stay here: {error:#}"
        );
        let hint = format!("let {remote} accept the push (a protected branch, no right?), and run it again");
        Err(Failure::new(what).hint(hint).into())
    }
}

fn revert(
    project: &Project,
    release: &Release,
    facts: &Facts,
    memory: &mut Memory,
    reason: Option<&str>,
    lock: &Lock,
) -> Result<CommitId> {
    let (Some(made), Some(tip)) = (&facts.commit, &facts.tip) else {
        anyhow::bail!("cannot revert a release without a commit");
    };
    let message = commit::message(release, made, reason);
    let id = tree::make_revert(project, made, tip, &message, lock)?;
    tree::move_to(project, release, memory, facts, &id, lock)?;
    Ok(id)
}

fn remember(
    project: &Project,
    release: &Release,
    facts: &Facts,
    tag: &str,
    reason: Option<&str>,
    lock: &Lock,
) -> Result<()> {
    let target = facts.commit.as_ref().map_or(&release.project.base, |commit| &commit.id);
    let version = &release.version.current;
    let message = match reason {
        Some(reason) => format!("{} {version} was taken back\n\n{}", project.name, reason.trim()),
        None => format!("{} {version} was taken back", project.name),
    };
    let arguments = ["tag", "--annotate", "--cleanup=verbatim", "--message", &message, tag, target.as_str()];
    project.git.write(lock, &arguments).map(drop)
}
