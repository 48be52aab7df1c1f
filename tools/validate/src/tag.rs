//! The tag of the release: no other commit has it, here or at the remote, and the version was not taken back.

use anyhow::Result;
use document::{CommitId, Failure, Level};
use project::TagPattern;

use crate::plan::Reach;
use crate::validate::{Context, Verdict, remote};

/// A tag that stands for the version of the release, or remembers that it was taken back.
struct Found {
    name: String,
    at: CommitId,
    /// The remote that has it; `None` here.
    remote: Option<String>,
}

/// Checks that the tag of the release is free, or stands at its commit already.
pub fn is_free(context: &Context, reach: Reach) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let (version, tag) = (&release.version.current, &release.version.tag);
    let names = project.tags.tags(version);
    let withdrawn: Vec<String> = names.iter().map(|name| TagPattern::withdrawn(name)).collect();
    let mut found = Vec::new();
    for name in withdrawn.iter().chain(&names) {
        let at = project.git.resolve(&format!("refs/tags/{name}^{{commit}}"))?;
        found.extend(at.map(|at| Found { name: name.clone(), at, remote: None }));
    }
    if reach == Reach::Remote {
        found.extend(at_remote(context, &withdrawn, &names)?);
    }
    let own = release.commit.as_ref().map(|commit| &commit.id);
    let (taken_back, used): (Vec<_>, Vec<_>) =
        found.iter().partition(|found| withdrawn.contains(&found.name));
    if let Some(Found { name, remote, .. }) = taken_back.first() {
        let what = format!(
            "cannot release {version}: it was released and taken back (tag {name}{})",
            of(remote.as_deref())
        );
        return Err(Failure::new(what)
            .hint("release a higher version; a version is never used twice")
            .into());
    }
    let Some(other) = used.iter().find(|found| Some(&found.at) != own) else {
        return Ok(Verdict::Passed(match used.first() {
            Some(Found { name, at, .. }) => format!("{name} is at {}, the commit of the release", at.short()),
            None => format!("{tag} is free"),
        }));
    };
    let (name, at, of) = (&other.name, other.at.short(), of(other.remote.as_deref()));
    // Between two releases every project carries a version that was released.
    if own.is_none() && release.version.level == Level::Current {
        let reason = format!("{version} is released already (tag {name}{of}), and is not released here");
        return Ok(Verdict::Skipped(reason));
    }
    let what = format!("cannot release {version}: the tag {name}{of} exists at {at}");
    Err(Failure::new(what).hint("release another version; a published tag is never moved").into())
}

/// The tags of the remote, each with the commit that it leads to.
fn at_remote(context: &Context, withdrawn: &[String], names: &[String]) -> Result<Vec<Found>> {
    let remote = remote(context)?;
    let full: Vec<String> = withdrawn
        .iter()
        .chain(names)
        .flat_map(|name| [format!("refs/tags/{name}"), format!("refs/tags/{name}^{{}}")])
        .collect();
    let patterns: Vec<&str> = full.iter().map(String::as_str).collect();
    let mut found: Vec<Found> = Vec::new();
    for (name, at) in context.project.git.remote_refs(remote, &patterns)? {
        let name = name.trim_start_matches("refs/tags/");
        match (name.strip_suffix("^{}"), found.last_mut()) {
            // The commit of an annotated tag follows the tag itself.
            (Some(_), Some(last)) => last.at = at,
            _ => found.push(Found { name: name.to_owned(), at, remote: Some(remote.to_owned()) }),
        }
    }
    Ok(found)
}

fn of(remote: Option<&str>) -> String {
    remote.map(|remote| format!(" of `{remote}`")).unwrap_or_default()
}
