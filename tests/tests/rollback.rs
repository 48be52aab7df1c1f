//! A release is taken back as far as that can be done, and its version is never given out again.

use anyhow::Result;
use tests::{Sandbox, text};

fn released() -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    sandbox.must("xtask", &["release", "patch"], "")?;
    sandbox.shell("echo more >> README.md; git commit -qam 'feat: even more'; git push -q origin main")?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    Ok(sandbox)
}

#[test]
fn a_release_is_taken_back_and_the_one_before_stays() -> Result<()> {
    let sandbox = released()?;
    let output = sandbox.run("xtask", &["rollback", "0.2.0", "--yes", "--reason", "it does not roll"], "")?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    sandbox.shell(
        "! git rev-parse -q --verify refs/tags/v0.2.0
         ! git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0
         git -C ../origin.git cat-file -p withdrawn/v0.2.0 | grep -q 'it does not roll'
         test \"$(git -C ../origin.git rev-parse main)\" = \"$(git rev-parse HEAD)\"
         git log -1 --format=%s | grep -qx 'revert: release 0.2.0'
         grep -q 'version = \"0.1.1\"' packages/core/pyproject.toml
         test -z \"$(git status --porcelain)\"
         test -f dist/index/simple/wagon-core/wagon_core-0.1.1-py3-none-any.whl
         grep -q 'it does not roll' dist/index/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl.yanked
         grep -q 'data-yanked=\"it does not roll\"' dist/index/simple/wagon-cdk/index.html
         python3 -m pip install -q --target ../installed --index-url file://$PWD/dist/index/simple/ wagon-cdk
         PYTHONPATH=../installed python3 -c 'import wagon_cdk; assert wagon_cdk.__version__ == \"0.1.1\"'
         python3 -m pip install -q --target ../pinned --index-url file://$PWD/dist/index/simple/ wagon-cdk==0.2.0",
    )?;
    assert!(sandbox.must("xtask", &["status"], "")?.contains("v0.2.0: it was taken back\n  documents"));
    sandbox.shell(
        "sed -i '0,/\"fate\": \"withdrawn\"/s//\"fate\": \"kept\"/' .git/wainwright/v0.2.0/*-rollback.json",
    )?;
    let status = sandbox.must("xtask", &["status"], "")?;
    let left = "  not taken back: simple/wagon-cdk/wagon_cdk-0.2.0-py3-none-any.whl on staging: yanked: it does not roll\n";
    assert!(status.contains(left), "{status}");
    Ok(())
}

#[test]
fn another_clone_takes_a_release_back_by_what_the_index_keeps() -> Result<()> {
    let sandbox = released()?;
    // Its index is found by the same path, and its git directory knows nothing of the release.
    sandbox.shell(
        "git clone -q ../origin.git ../other && mkdir ../other/dist && cp -a dist/index ../other/dist/",
    )?;
    let other = sandbox.path("other").to_string_lossy().into_owned();
    let arguments = ["rollback", "0.2.0", "--yes", "--delete", "--announcement", "../words.md"];
    let output = sandbox.run("xtask", &[&arguments[..], &["--project", &other]].concat(), "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the document of v0.2.0 is that in releases/v0.2.0.json of the target"), "{said}");
    sandbox.shell(
        "! ls ../other/dist/index/simple/*/*0.2.0*
         git -C ../origin.git rev-parse -q --verify refs/tags/withdrawn/v0.2.0
         ! git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0
         test \"$(git -C ../origin.git log -1 --format=%s main)\" = 'revert: release 0.2.0'
         grep -q 'was taken back' ../words.md",
    )?;
    Ok(())
}

#[test]
fn an_older_release_is_taken_back_and_the_later_one_stays() -> Result<()> {
    let sandbox = released()?;
    let output = sandbox.run("xtask", &["rollback", "0.1.1", "--yes"], "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("later releases have replaced its changes"), "{said}");
    sandbox.shell(
        "! git rev-parse -q --verify refs/tags/v0.1.1
         ! git -C ../origin.git rev-parse -q --verify refs/tags/v0.1.1
         git -C ../origin.git rev-parse -q --verify refs/tags/withdrawn/v0.1.1
         git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0
         grep -q 'version = \"0.2.0\"' packages/core/pyproject.toml
         test -f dist/index/simple/wagon-core/wagon_core-0.1.1-py3-none-any.whl.yanked
         test -f dist/index/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl",
    )?;
    Ok(())
}

#[test]
fn a_second_rollback_is_a_stated_skip() -> Result<()> {
    let sandbox = released()?;
    sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    let before = sandbox.shell("git for-each-ref; git ls-remote ../origin.git; git log --format=%H; find dist/index -type f | sort | xargs sha256sum")?;
    let output = sandbox.run("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let taking = said.split_once("taking it back:\n").map_or("", |(_, rest)| rest);
    assert!(
        !taking.is_empty()
            && taking.lines().all(|line| line.starts_with("  skip: ") || line.starts_with("  note: ")),
        "{said}"
    );
    assert_eq!(sandbox.shell("git for-each-ref; git ls-remote ../origin.git; git log --format=%H; find dist/index -type f | sort | xargs sha256sum")?, before);
    Ok(())
}

#[test]
fn a_version_that_was_taken_back_is_given_out_by_no_clone() -> Result<()> {
    let sandbox = released()?;
    sandbox.shell("git clone -q ../origin.git ../stale")?;
    sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    sandbox.shell("git clone -q ../origin.git ../fresh")?;
    let refused = |clone: &str, program: &str, arguments: &[&str]| -> Result<String> {
        let folder = sandbox.path(clone).to_string_lossy().into_owned();
        sandbox.refused(program, &[arguments, &["--project", &folder]].concat(), "", 1)
    };
    let error = refused("fresh", "bump-version", &["minor"])?;
    assert!(
        error.contains("cannot release 0.2.0: it was released and taken back (tag withdrawn/v0.2.0)"),
        "{error}"
    );
    assert!(error.contains("the next free version is 0.2.1"), "{error}");
    let error = refused("project", "bump-version", &["0.2.0"])?;
    assert!(error.contains("taken back"), "{error}");
    // A clone from before the rollback knows the version as released, or hears of it from the remote.
    let error = refused("stale", "bump-version", &["0.2.0"])?;
    assert!(error.contains("it is released already (tag v0.2.0)"), "{error}");
    sandbox.shell("git -C ../stale tag -d v0.2.0 && git -C ../stale reset -q --hard v0.1.1")?;
    let error = refused("stale", "xtask", &["release", "0.2.0"])?;
    assert!(error.contains("it was released and taken back (tag withdrawn/v0.2.0 of `origin`)"), "{error}");
    Ok(())
}

#[test]
fn an_unfinished_release_is_undone_as_if_it_had_not_begun() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    // A check that fails stops the release behind its commit.
    sandbox.shell(
        "sed -i 's#^run = \"test -f README.md\"#run = \"test ! -f .git/stop\"#' release.toml
         git commit -qam 'chore: a check that can be made to fail' && git push -q origin main && touch .git/stop",
    )?;
    let all = "git rev-parse HEAD; git for-each-ref; git ls-remote ../origin.git; git status --porcelain";
    let before = sandbox.shell(all)?;
    let error = sandbox.refused("xtask", &["release", "minor"], "", 1)?;
    assert!(error.contains("lint: cannot pass"), "{error}");
    assert_ne!(sandbox.shell(all)?, before);
    sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    assert_eq!(sandbox.shell(all)?, before);
    // It was never public, so the version is still free.
    sandbox.shell("rm .git/stop")?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    sandbox.shell("git -C ../origin.git rev-parse v0.2.0")?;
    Ok(())
}

#[test]
fn a_rollback_wants_a_yes_and_a_record() -> Result<()> {
    let sandbox = released()?;
    let before = sandbox.shell("git for-each-ref; git ls-remote ../origin.git")?;
    let error = sandbox.refused("xtask", &["rollback", "0.2.0"], "", 2)?;
    assert!(
        error.contains("the plan to take v0.2.0 back") && error.contains("run it again with `--yes`"),
        "{error}"
    );
    let error = sandbox.refused("xtask", &["rollback", "0.9.0", "--yes"], "", 1)?;
    assert!(
        error.contains("cannot find the document of 0.9.0: neither the git directory of this"),
        "{error}"
    );
    assert!(error.contains("in the clone that released it, or give the document on stdin"), "{error}");
    // The same document would be refused again.
    sandbox.shell("echo {} > $(ls .git/wainwright/v0.2.0/*-announce.json)")?;
    let error = sandbox.refused("xtask", &["rollback", "0.2.0", "--yes"], "", 3)?;
    assert!(error.contains("`rollback` ended with code 3"), "{error}");
    assert!(!error.contains("run it again"), "{error}");
    assert_eq!(sandbox.shell("git for-each-ref; git ls-remote ../origin.git")?, before);
    Ok(())
}
