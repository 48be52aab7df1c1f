//! Versions that cannot be given out: released, taken back, or below what is released.

use anyhow::Result;
use document::{Failure, Release, Version};
use project::{Project, Tags};

/// Refuses a version that was used, or that is not above what this branch has released.
///
/// `all` are the tags of the repository, `reachable` those on the history of the current commit.
pub fn refuse(all: &Tags, reachable: &Tags, carried: &Version, wanted: &Version) -> Result<(), Failure> {
    let refusal = |why: String| {
        let free = free_after(all, reachable, carried.max(wanted));
        Failure::new(format!("cannot release {wanted}: {why}"))
            .hint(format!("the next free version is {free}: name it in place of the level"))
    };
    if wanted.is_local() {
        let what =
            format!("cannot release {wanted}: a version with a local part is not for publication (PEP 440)");
        return Err(Failure::new(what).hint("drop what follows the `+`"));
    }
    if let Some(tag) = all.withdrawn(wanted) {
        return Err(refusal(format!(
            "it was released and taken back (tag {tag}), and a version is never used twice"
        )));
    }
    if let Some(tag) = all.released(wanted) {
        return Err(refusal(format!("it is released already (tag {tag})")));
    }
    if let Some((highest, tag)) = reachable.highest_below(None).filter(|(highest, _)| *highest > wanted) {
        return Err(refusal(format!(
            "it is not above {highest}, the highest version on this branch (tag {tag})"
        )));
    }
    if wanted < carried {
        return Err(refusal(format!("it is not above {carried}, which the project carries")));
    }
    Ok(())
}

/// Refuses a release that the remote would refuse: its branch is ahead, or the tag is taken there.
pub fn check_remote(project: &Project, release: &Release) -> Result<()> {
    let name = &project.settings.project.remote;
    let Some(remote) = &release.project.remote else {
        let what =
            format!("cannot release {}: the repository has no remote `{name}`", release.version.current);
        return Err(Failure::new(what).hint(format!("run `git remote add {name} URL`")).into());
    };
    let version = &release.version.current;
    let branch = release.project.branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
    let tag = format!("refs/tags/{}", release.version.tag);
    let withdrawn = format!("refs/tags/{}", project.tags.withdrawn_tag(version));
    let mut patterns = vec![tag.as_str(), withdrawn.as_str()];
    patterns.extend(branch.as_deref());
    let refs = project.git.remote_refs(remote, &patterns)?;
    let find = |wanted: &str| refs.iter().find(|(name, _)| name == wanted).map(|(_, id)| id);
    // The tags first: a version that is used is no better for a branch that is up to date.
    for (full, fate) in [(&withdrawn, "it was released and taken back"), (&tag, "it is released already")] {
        if find(full).is_some() {
            let name = full.trim_start_matches("refs/tags/");
            let what = format!("cannot release {version}: {fate} (tag {name} of `{remote}`)");
            return Err(Failure::new(what)
                .hint("run `git fetch --tags`, and release a higher version")
                .into());
        }
    }
    let Some((full, id)) = branch.as_deref().and_then(|branch| Some((branch, find(branch)?))) else {
        return Ok(());
    };
    let known = project.git.resolve(&format!("{id}^{{commit}}"))?.is_some();
    let base = release.project.base.as_str();
    if !known || project.git.ask(&["merge-base", "--is-ancestor", id.as_str(), base])?.is_none() {
        let short = full.trim_start_matches("refs/heads/");
        let what = format!("cannot release {version}: {short} of `{remote}` has commits that are not here");
        return Err(Failure::new(what).hint(format!("run `git pull --rebase {remote} {short}`")).into());
    }
    Ok(())
}

/// The next free version above `least` and above everything that this branch has released.
fn free_after(all: &Tags, reachable: &Tags, least: &Version) -> Version {
    let highest = reachable.highest_below(None).map_or(least, |(highest, _)| highest.max(least));
    let mut numbers = highest.release().to_vec();
    let last = numbers.len() - 1;
    loop {
        numbers[last] += 1;
        let version = highest.with_release(numbers.iter().copied());
        if all.released(&version).is_none() && all.withdrawn(&version).is_none() {
            return version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use project::TagPattern;

    fn refused(wanted: &str) -> Option<(String, String)> {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let all = Tags::read(&pattern, ["v0.4.0", "v0.4.1", "v1.0.0", "withdrawn/v0.4.2"]);
        let reachable = Tags::read(&pattern, ["v0.4.0", "v0.4.1"]);
        let result = refuse(&all, &reachable, &"0.4.1".parse().unwrap(), &wanted.parse().unwrap());
        result.err().map(|failure| {
            let message = failure.to_string();
            (message, Failure::of(&failure.into()).0.unwrap().to_owned())
        })
    }

    #[test]
    fn refuses_used_versions_with_the_reason_and_a_free_one() {
        let (message, hint) = refused("0.4.2").unwrap();
        assert!(message.contains("taken back (tag withdrawn/v0.4.2)"), "{message}");
        assert!(hint.contains("is 0.4.3"), "{hint}");
        assert!(refused("0.4.1").unwrap().0.contains("released already (tag v0.4.1)"));
        assert!(refused("1.0.0").unwrap().0.contains("released already (tag v1.0.0)"));
        assert!(refused("0.3.0").unwrap().0.contains("not above 0.4.1"));
        assert!(refused("0.5.0+cu121").unwrap().0.contains("local part"));
    }

    #[test]
    fn a_line_below_another_branch_goes_on() {
        assert_eq!(refused("0.5.0"), None);
        assert_eq!(refused("0.4.3"), None);
    }
}
