//! Several projects in one repository, and several worktrees of one: each has releases of its own.

use anyhow::Result;
use tests::Sandbox;

/// Two small projects, `alpha` and `beta`, in the folders of one repository.
fn neighbours() -> Result<Sandbox> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell(
        "for name in alpha beta; do
           mkdir -p $name && cp -r pyproject.toml src .gitignore $name/ && mv $name/src/plain $name/src/$name
           sed -i s/plain/$name/ $name/pyproject.toml
           printf '[project]\\ntag = \"%s-v{version}\"\\n\\n[[check]]\\nname = \"stop\"\\nrun = \"test ! -f stop\"\\n' $name > $name/release.toml
         done
         git rm -rq pyproject.toml src && git add -A && git commit -qm 'feat: two projects' && git push -q origin main",
    )?;
    Ok(sandbox)
}

#[test]
fn an_unfinished_release_stops_no_other_project_of_the_repository() -> Result<()> {
    let sandbox = neighbours()?;
    sandbox.shell("echo /stop >> alpha/.gitignore; git commit -qam 'chore: ignore'; git push -q origin main; touch alpha/stop")?;
    let error = sandbox.refused("xtask", &["release", "patch", "--project", "alpha"], "", 1)?;
    assert!(error.contains("cargo xtask rollback alpha-v1.2.4`, mend it and release again"), "{error}");
    let error = sandbox.refused("xtask", &["release", "--resume", "--project", "beta"], "", 1)?;
    assert!(error.contains("no release of this project was interrupted"), "{error}");
    assert!(
        sandbox.must("xtask", &["status", "--project", "beta"], "")?.contains("no release was made here yet")
    );
    sandbox.shell("rm alpha/stop")?;
    sandbox.must("xtask", &["release", "--resume", "--project", "alpha"], "")?;
    sandbox.must("xtask", &["release", "patch", "--project", "beta"], "")?;
    // Both are at 1.2.4 now, and each rollback takes its own.
    sandbox.must("xtask", &["rollback", "1.2.4", "--yes", "--project", "alpha"], "")?;
    let tags = sandbox.shell("git -C ../origin.git tag --list '*1.2.4'")?;
    assert_eq!(tags, "beta-v1.2.4\nwithdrawn/alpha-v1.2.4\n");
    Ok(())
}

#[test]
fn a_release_goes_on_in_the_worktree_that_it_was_started_in() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox
        .shell("git worktree add -q -b one ../one && git worktree add -q -b two ../two && touch ../stop")?;
    sandbox.shell("sed -i 's#^run = \"test -f README.md\"#run = \"test ! -f ../stop\"#' ../one/release.toml && git -C ../one commit -qam 'chore: a check'")?;
    let folder = |name: &str| sandbox.path(name).to_string_lossy().into_owned();
    let (one, two) = (folder("one"), folder("two"));
    sandbox.refused("xtask", &["release", "minor", "--project", &one], "", 1)?;
    let error = sandbox.refused("xtask", &["release", "--resume", "--project", &two], "", 1)?;
    assert!(error.contains("no release of this project was interrupted"), "{error}");
    let error = sandbox.refused("xtask", &["release", "minor", "--project", &two], "", 1)?;
    assert!(error.contains("v0.2.0: it was started in"), "{error}");
    sandbox.shell("rm ../stop")?;
    sandbox.must("xtask", &["release", "--resume", "--project", &one], "")?;
    sandbox
        .shell("git -C ../origin.git rev-parse v0.2.0 one && test -d ../one/dist/index/simple/wagon-core")?;
    Ok(())
}
