//! The branch of the release: it holds what the branches that it follows hold.

use anyhow::Result;
use document::{CommitId, Failure};

use crate::plan::Reach;
use crate::validate::{Context, Verdict};

/// Checks that the release holds what its branch follows, and the branch that release.toml names.
///
/// Without the remote it is what the last fetch has seen.
pub fn is_fresh(context: &Context, reach: Reach) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let own = release.commit.as_ref().map_or(&release.project.base, |commit| &commit.id);
    let tagged = project.git.resolve(&format!("refs/tags/{}^{{commit}}", release.version.tag))?;
    if tagged.as_ref() == Some(own) {
        let reason = format!("{} is tagged already, and branches go on", release.version.tag);
        return Ok(Verdict::Skipped(reason));
    }
    let mut followed: Vec<String> = followed(context)?.into_iter().collect();
    let asked = project.settings.validate.fresh.iter().filter(|branch| !followed.contains(branch));
    let asked: Vec<String> = asked.cloned().collect();
    followed.extend(asked);
    if followed.is_empty() {
        let branch = release.project.branch.as_deref();
        return Ok(Verdict::Skipped(match branch {
            Some(branch) => format!("`{branch}` follows no branch of a remote"),
            None => "no branch is checked out".to_owned(),
        }));
    }
    let mut lacks = Vec::new();
    for branch in &followed {
        lacks.extend(lack(context, own, branch, reach)?.map(|lack| (branch, lack)));
    }
    let Some((branch, _)) = lacks.first() else {
        let known = if reach == Reach::Remote { "" } else { ", as of the last fetch" };
        return Ok(Verdict::Passed(format!("it holds all of {}{known}", followed.join(" and "))));
    };
    let list: Vec<String> = lacks.iter().map(|(branch, lack)| format!("{lack} of {branch}")).collect();
    let what = format!("cannot release {}: it lacks {}", release.version.current, list.join(", and "));
    let hint = match split(context, branch)? {
        _ if project.git.is_shallow() => {
            "run `git fetch --unshallow`: this clone does not know all commits".to_owned()
        }
        Some((remote, branch)) => format!("run `git pull --rebase {remote} {branch}`"),
        None => format!("run `git rebase {branch}`"),
    };
    Err(Failure::new(what).hint(hint).into())
}

/// The branch of a remote that the branch of the release follows, as git names it: `origin/main`.
fn followed(context: &Context) -> Result<Option<String>> {
    let git = &context.project.git;
    let Some(branch) = &context.release.project.branch else { return Ok(None) };
    let upstream = format!("{branch}@{{upstream}}");
    let upstream = git.ask(&["rev-parse", "--symbolic-full-name", "--verify", "--quiet", &upstream])?;
    if let Some(name) = upstream.as_deref().and_then(|name| name.strip_prefix("refs/remotes/")) {
        return Ok(Some(name.to_owned()));
    }
    // A branch that is pushed without `--set-upstream` follows the one of its name all the same.
    let remote = &context.project.settings.project.remote;
    let known = git.resolve(&format!("refs/remotes/{remote}/{branch}"))?;
    Ok(known.map(|_| format!("{remote}/{branch}")))
}

/// What a release lacks of a branch, in words; `None` where it has all of it.
fn lack(context: &Context, own: &CommitId, branch: &str, reach: Reach) -> Result<Option<String>> {
    let git = &context.project.git;
    let known = match git.resolve(&format!("refs/remotes/{branch}"))? {
        Some(known) => Some(known),
        None => git.resolve(&format!("{branch}^{{commit}}"))?,
    };
    let place = split(context, branch)?;
    let there = match &place {
        Some((remote, name)) if reach == Reach::Remote => {
            let full = format!("refs/heads/{name}");
            let refs = git.remote_refs(remote, &[&full])?;
            refs.into_iter().find(|(name, _)| *name == full).map(|(_, id)| id)
        }
        _ => known,
    };
    let Some(there) = there else {
        // What the branch followed may have been deleted; what release.toml names must be there.
        if context.project.settings.validate.fresh.as_deref() != Some(branch) {
            return Ok(None);
        }
        let what = format!("cannot find the branch `{branch}`, which the release must hold");
        let hint = place.map_or("mend `fresh` in [validate]".to_owned(), |(remote, branch)| {
            format!("run `git fetch {remote} {branch}`, or mend `fresh` in [validate]")
        });
        return Err(Failure::new(what).hint(hint).into());
    };
    if git.resolve(&format!("{there}^{{commit}}"))?.is_none() {
        return Ok(Some("commits that are not here yet,".to_owned()));
    }
    let count = git.read(&["rev-list", "--count", &format!("{own}..{there}")])?;
    Ok(match count.as_str() {
        "0" => None,
        "1" => Some("1 commit".to_owned()),
        count => Some(format!("{count} commits")),
    })
}

/// The remote and the branch of a name such as `origin/main`; `None` where it names no remote.
fn split<'a>(context: &Context, name: &'a str) -> Result<Option<(&'a str, &'a str)>> {
    let config = context.project.git.config()?;
    let mut parts = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
    Ok(parts.find(|(remote, _)| config.has_remote(remote)))
}
