//! Versions that cannot be given out: released, taken back, below what is released, or a post release out of turn.

use anyhow::Result;
use document::{Failure, Release, Series, Spelling, Version};
use project::{Project, Reachable, TagPattern, Tags};

/// Refuses a version that was used, or that is not above what this branch has released.
///
/// `all` are the tags of the repository, `reachable` those on the history of the current commit.
pub fn refuse(all: &Tags, reachable: &Reachable, carried: &Version, wanted: &Version) -> Result<()> {
    if wanted.is_local() {
        return Err(refuse_local(wanted).into());
    }
    let highest = reachable.highest_below(None)?;
    let refusal = |why: String| {
        let free = free_after(all, highest.map(|(highest, _)| highest), carried, wanted);
        let failure = Failure::new(format!("cannot release {wanted}: {why}"));
        Err(failure.hint(format!("the next free version is {free}: name it in place of the level")).into())
    };
    if let Some(tag) = all.withdrawn(wanted) {
        return refusal(format!(
            "it was released and taken back (tag {tag}), and a version is never used twice"
        ));
    }
    if let Some(tag) = all.released(wanted) {
        return refusal(format!("it is released already (tag {tag})"));
    }
    refuse_post(all, reachable, wanted)?;
    if let Some((highest, tag)) = highest.filter(|(highest, _)| *highest > wanted) {
        return refusal(format!("it is not above {highest}, the highest version on this branch (tag {tag})"));
    }
    if wanted < carried {
        return refusal(format!("it is not above {carried}, which the project carries"));
    }
    Ok(())
}

/// Refuses a local version; what SemVer would read as a post release has two readings, and both are named.
fn refuse_local(wanted: &Version) -> Failure {
    let post =
        Version::read(&wanted.to_string(), Spelling::SemVer).ok().filter(|version| !version.is_local());
    if let Some(post) = post {
        let what = format!(
            "cannot release {wanted}: PEP 440 reads a local version, which is not for publication, SemVer the post release {post}"
        );
        return Failure::new(what).hint(format!("write {post} for the post release"));
    }
    let what =
        format!("cannot release {wanted}: a version with a local part is not for publication (PEP 440)");
    Failure::new(what).hint("drop what follows the `+`")
}

/// Refuses a post release that does not follow a release of this branch, or the last post release of it.
fn refuse_post(all: &Tags, reachable: &Reachable, wanted: &Version) -> Result<()> {
    let Some(number) = wanted.post() else { return Ok(()) };
    let of = wanted.without_dev().with_post(None);
    let Some(tag) = all.released(&of).or(all.withdrawn(&of)) else {
        let what = format!("cannot release {wanted}: {of} was never released, no tag names it");
        return Err(Failure::new(what)
            .hint(format!("release {of} first; if it is released, `git fetch --tags` brings its tag"))
            .into());
    };
    // From any other branch it would ship what the release did not hold (M: a hotfix cut from main).
    if reachable.used(&of)?.is_none() {
        let what = format!("cannot release {wanted}: {of} (tag {tag}) is not in the history of this branch");
        return Err(Failure::new(what)
            .hint(format!("run `git switch -c hotfix/{wanted} {tag}` first"))
            .into());
    }
    let last = all.last_post(wanted);
    let next = last.map_or(1, |last| last + 1);
    if number == next {
        return Ok(());
    }
    let why = match last {
        Some(last) => format!("the last post release of {of} is {}", of.with_post(Some(last))),
        None => format!("{of} has no post release yet"),
    };
    let what = format!("cannot release {wanted}: {why}, and post releases are numbered without gaps from 1");
    Err(Failure::new(what).hint(format!("the next one is {}: say post", of.with_post(Some(next)))).into())
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
    let full = |tag: &String| format!("refs/tags/{tag}");
    let tags = project.tags.tags(version);
    let withdrawn: Vec<String> =
        tags.iter().map(|tag| format!("refs/tags/{}", TagPattern::withdrawn(tag))).collect();
    let tags: Vec<String> = tags.iter().map(full).collect();
    let patterns: Vec<&str> = withdrawn.iter().chain(&tags).chain(&branch).map(String::as_str).collect();
    let refs = project.git.remote_refs(remote, &patterns)?;
    let find = |wanted: &str| refs.iter().find(|(name, _)| name == wanted).map(|(_, id)| id);
    // The tags first: a version that is used is no better for a branch that is up to date.
    for (forms, fate) in [(&withdrawn, "it was released and taken back"), (&tags, "it is released already")] {
        if let Some(taken) = forms.iter().find(|tag| find(tag).is_some()) {
            let name = taken.trim_start_matches("refs/tags/");
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

/// The next free version of the kind that was wanted, above everything that this branch has released.
fn free_after(all: &Tags, highest: Option<&Version>, carried: &Version, wanted: &Version) -> Version {
    let highest = highest.map_or(carried, |highest| highest.max(carried)).max(wanted);
    let of_wanted = highest.base() == wanted.base();
    let mut version = highest.clone();
    loop {
        version = match (version.pre(), version.post(), version.dev()) {
            (_, _, Some(last)) if of_wanted && wanted.dev().is_some() => {
                version.with_pre(Series::Dev, last + 1)
            }
            (_, Some(last), _) if of_wanted && wanted.is_postrelease() => {
                version.without_dev().with_post(Some(last + 1))
            }
            (Some((series, last)), None, _) if of_wanted && wanted.is_prerelease() => {
                version.with_pre(series, last + 1)
            }
            _ if version.is_prerelease() && !version.is_postrelease() => version.base(),
            _ => {
                let mut numbers = version.release().to_vec();
                // A tag may well be shorter than the versions of the project, as `v2` for 2.0.0.
                numbers.resize(numbers.len().max(carried.release().len()), 0);
                if let Some(last) = numbers.last_mut() {
                    *last += 1;
                }
                version.with_release(numbers)
            }
        };
        if all.released(&version).is_none() && all.withdrawn(&version).is_none() {
            return version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(wanted: &str) -> Option<(String, String)> {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let here = ["v0.4.0", "v0.4.1", "0.4.1.post1", "withdrawn/v0.4.1.post2", "v0.5.0-rc1"];
        let all = Tags::read(&pattern, here.into_iter().chain(["v1.0.0", "withdrawn/v0.5.0"]));
        let reachable = Reachable::known(&all, Tags::read(&pattern, here));
        let result = refuse(&all, &reachable, &"0.4.1".parse().unwrap(), &wanted.parse().unwrap());
        result.err().map(|error| (error.to_string(), Failure::of(&error).0.unwrap().to_owned()))
    }

    #[test]
    fn refuses_used_versions_with_the_reason_and_a_free_one() {
        for (wanted, reason, free) in [
            ("0.5.0", "taken back (tag withdrawn/v0.5.0)", "is 0.5.1"),
            ("0.4.1", "released already (tag v0.4.1)", "is 0.5.1"),
            ("1.0.0", "released already (tag v1.0.0)", "is 1.0.1"),
            ("0.3.0", "not above 0.5.0rc1, the highest version on this branch (tag v0.5.0-rc1)", "is 0.5.1"),
            ("0.5.0rc1", "released already (tag v0.5.0-rc1)", "is 0.5.0rc2"),
            ("0.5.0a3", "not above 0.5.0rc1", "is 0.5.0rc2"),
            ("0.5.0+cu121", "local part", "drop what follows"),
            ("0.4.1+post.1", "SemVer the post release 0.4.1.post1", "write 0.4.1.post1"),
            (
                "1.0.0.post1",
                "1.0.0 (tag v1.0.0) is not in the history",
                "git switch -c hotfix/1.0.0.post1 v1.0.0",
            ),
        ] {
            let (message, hint) = refused(wanted).unwrap();
            assert!(message.contains(reason), "{message}");
            assert!(hint.contains(free), "{wanted}: {hint}");
        }
    }

    #[test]
    fn post_releases_follow_their_release_without_gaps() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let tags = Tags::read(&pattern, ["v0.4.0", "0.4.0.post1", "withdrawn/v0.4.0.post2"]);
        let refused = |wanted: &str| {
            let carried = "0.4.0".parse().unwrap();
            let reachable = Reachable::known(&tags, tags.clone());
            refuse(&tags, &reachable, &carried, &wanted.parse().unwrap())
                .err()
                .map(|failure| failure.to_string())
        };
        assert_eq!(refused("0.4.0.post3"), None);
        assert_eq!(refused("0.4.0.post3.dev1"), None);
        assert!(refused("0.4.0.post2").unwrap().contains("taken back"));
        assert!(refused("0.4.0.post4").unwrap().contains("the last post release of 0.4.0 is 0.4.0.post2"));
        assert!(refused("0.5.0.post1").unwrap().contains("0.5.0 was never released"));
    }

    #[test]
    fn the_next_free_version_is_as_long_as_the_one_before() {
        let pattern = TagPattern::parse("v{version}").unwrap();
        let all = Tags::read(&pattern, ["v2", "v2.0.1"]);
        let version = |text: &str| text.parse::<Version>().unwrap();
        let free = free_after(&all, Some(&version("2")), &version("1.2.0"), &version("1.3.0"));
        assert_eq!(free.to_string(), "2.0.2");
    }

    #[test]
    fn a_line_below_another_branch_goes_on() {
        assert_eq!(refused("0.6.0"), None);
        assert_eq!(refused("0.5.0rc2"), None);
    }
}
