//! What must be true of the repository before a release: its tag, its changelog, its manifest, and its branch.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::{Sandbox, text};

/// A check of the document, as `passed: detail`.
fn outcome(document: &str, name: &str) -> Result<String> {
    let document: Value = serde_json::from_str(document)?;
    let checks = document["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["name"] == name).context("no such check")?;
    let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Ok(format!("{}: {}", word("outcome"), word("detail")))
}

/// The check of a validation that must pass.
fn passed(sandbox: &Sandbox, document: &str, name: &str) -> Result<String> {
    outcome(&sandbox.must("validate", &["--quick", "--allow-dirty"], document)?, name)
}

/// The error of a validation that must fail.
fn refused(sandbox: &Sandbox, options: &[&str], document: &str) -> Result<String> {
    let options = [&["--quick", "--allow-dirty"], options].concat();
    let said = sandbox.refused("validate", &options, document, 1)?;
    assert!(said.contains(": 1 of "), "{said}");
    Ok(said)
}

#[test]
fn the_changelog_says_what_the_notes_do_in_each_form() -> Result<()> {
    for (fixture, script) in [
        ("lockstep", "true"),
        ("release-please", "true"),
        ("oneflow", "true"),
        (
            "charts",
            "printf '# Changelog\\r\\n\\r\\n## [1.2.0] - 2026-01-01\\r\\n\\r\\n- A\\r\\n' > CHANGELOG.md",
        ),
        (
            "charts",
            "printf 'Changes\\n=======\\n\\n1.3 (unreleased)\\n----------------\\n\\n- See ``wagon`` and `this <https://h/x>`_.\\n\\n1.2 (2026-01-01)\\n----------------\\n\\n- A\\n' > CHANGES.rst; git rm -q --ignore-unmatch CHANGELOG.md",
        ),
        (
            "charts",
            "printf 'Changes\\n=======\\n\\n1.2 (2026-01-01)\\n----------------\\n\\n- A' > CHANGES.rst; git rm -q --ignore-unmatch CHANGELOG.md",
        ),
        ("lockstep", "printf '\\n[changelog]\\nstyle = \"release-notes\"\\n' >> release.toml"),
        (
            "lockstep",
            "printf '\\n[changelog]\\ntemplate = \"{%% for c in commits %%}* {{ c.subject }}\\\\n{%% endfor %%}\"\\n' >> release.toml",
        ),
    ] {
        let sandbox = Sandbox::new(fixture)?;
        sandbox.shell(&format!(
            "{script}; git add -A; git commit -q --allow-empty -m 'chore: change the log'"
        ))?;
        let bumped = sandbox.must("bump-version", &["minor", "--date", "2026-03-01"], "")?;
        let said = passed(&sandbox, &bumped, "changelog")?;
        assert!(said.starts_with("skipped: "), "{fixture}: {said}");
        let noted = sandbox.must("changelog", &[], &bumped)?;
        let committed = sandbox.must("commit-release", &[], &noted)?;
        for document in [&noted, &committed] {
            let said = passed(&sandbox, document, "changelog")?;
            assert!(
                said.starts_with("passed: ") && said.contains(" what the notes do"),
                "{fixture} {script}: {said}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_changelog_that_says_something_else_is_refused() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let committed = sandbox.pipeline("minor", "commit-release")?;
    for (script, expected) in [
        (
            "sed -i 's/[Ss]ay more/Say less/'",
            "its section says something else than the notes of the document",
        ),
        (
            "sed -i 's/^## .0.2.0. .*/## [0.2.0] - 1999-12-31/'",
            "its section has the date 1999-12-31, the release 20",
        ),
        ("sed -i 's/^## .0.2.0./## [0.2.1]/'", "with `CHANGELOG.md`: it has no section of it"),
        ("sed -i '3i <<<<<<< HEAD'", "with `CHANGELOG.md:3`: an unfinished merge has left its markers"),
    ] {
        sandbox.shell(&format!("{script} CHANGELOG.md && ! git diff --quiet"))?;
        let said = refused(&sandbox, &[], &committed)?;
        assert!(said.contains("  changelog: cannot release") && said.contains(expected), "{said}");
        sandbox.shell("git checkout -q .")?;
    }
    Ok(())
}

#[test]
fn v15_the_tag_of_a_release_is_free_or_its_own() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let said = passed(&sandbox, &current, "tag")?;
    assert_eq!(said, "skipped: 0.1.0 is released already (tag v0.1.0), and is not released here");
    let committed = sandbox.pipeline("minor", "commit-release")?;
    assert_eq!(passed(&sandbox, &committed, "tag")?, "passed: v0.2.0 is free");
    for (tag, expected) in [
        ("v0.2.0 HEAD~1", "cannot release 0.2.0: the tag v0.2.0 exists at "),
        // The form that the project does not write is the same version.
        ("-am other 0.2.0 HEAD~1", "cannot release 0.2.0: the tag 0.2.0 exists at "),
        ("withdrawn/v0.2.0", "cannot release 0.2.0: it was released and taken back (tag withdrawn/v0.2.0)"),
    ] {
        sandbox.shell(&format!("git tag {tag}"))?;
        let said = refused(&sandbox, &[], &committed)?;
        assert!(said.contains(&format!("  tag: {expected}")), "{said}");
        // The remote alone knows it now.
        sandbox.shell("git push -q origin --tags && git tag -d $(git tag --list '*0.2.0')")?;
        assert_eq!(passed(&sandbox, &committed, "tag")?, "passed: v0.2.0 is free");
        let said = refused(&sandbox, &["--check-remote"], &committed)?;
        let at = if expected.ends_with(' ') { " of `origin` exists at " } else { " of `origin`)" };
        assert!(said.contains("  tag: cannot release 0.2.0: ") && said.contains(at), "{said}");
        sandbox
            .shell("git push -q origin --delete $(git ls-remote --tags --refs origin '*0.2.0' | cut -f2)")?;
    }
    sandbox.shell("git tag -am release v0.2.0 && git push -q origin v0.2.0")?;
    let document = sandbox.must("validate", &["--quick", "--check-remote"], &committed)?;
    let said = outcome(&document, "tag")?;
    assert!(
        said.starts_with("passed: v0.2.0 is at ") && said.ends_with(", the commit of the release"),
        "{said}"
    );
    assert_eq!(outcome(&document, "fresh branch")?, "skipped: v0.2.0 is tagged already, and branches go on");
    Ok(())
}

#[test]
fn o4_a_branch_that_lacks_what_it_follows_is_refused() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let committed = sandbox.pipeline("minor", "commit-release")?;
    let said = passed(&sandbox, &committed, "fresh branch")?;
    assert_eq!(said, "passed: it holds all of origin/main, as of the last fetch");
    sandbox.shell(
        "git clone -q ../origin.git ../other && cd ../other && git commit -q --allow-empty -m 'fix: elsewhere' &&
         git commit -q --allow-empty -m 'fix: elsewhere too' && git push -q",
    )?;
    assert!(passed(&sandbox, &committed, "fresh branch")?.starts_with("passed: "));
    let said = refused(&sandbox, &["--check-remote"], &committed)?;
    let lacks =
        "  fresh branch: cannot release 0.2.0: it lacks commits that are not here yet, of origin/main\n";
    assert!(said.contains(lacks), "{said}");
    assert!(said.contains("hint: run `git pull --rebase origin main`"), "{said}");
    sandbox.shell("git fetch -q")?;
    let said = refused(&sandbox, &[], &committed)?;
    assert!(said.contains("cannot release 0.2.0: it lacks 2 commits of origin/main\n"), "{said}");
    sandbox.shell("git remote remove origin")?;
    assert_eq!(
        passed(&sandbox, &committed, "fresh branch")?,
        "skipped: `main` follows no branch of a remote"
    );
    Ok(())
}

#[test]
fn o4_a_release_branch_is_made_of_a_fresh_main_where_the_project_asks_for_it() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.shell(
        "printf '\n[validate]\nfresh = \"origin/main\"\n' >> release.toml && git commit -qam 'chore: ask for it' &&
         git push -q origin main && git switch -qc release/0.2 && git push -q --set-upstream origin release/0.2",
    )?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let fresh = |sandbox: &Sandbox| passed(sandbox, &current, "fresh branch");
    let all = "passed: it holds all of origin/release/0.2 and origin/main, as of the last fetch";
    assert_eq!(fresh(&sandbox)?, all);
    sandbox.shell("git push -q origin 'HEAD:main' && git commit -q --allow-empty -m 'fix: on main' && git push -q origin HEAD:main && git reset -q --hard HEAD~1")?;
    let said = refused(&sandbox, &["--check-remote"], &current)?;
    assert!(said.contains("it lacks 1 commit of origin/main\n"), "{said}");
    // A detached head follows nothing, and has to hold main all the same.
    sandbox.shell("git switch -q --detach")?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    assert!(refused(&sandbox, &[], &current)?.contains("it lacks 1 commit of origin/main\n"));
    sandbox
        .shell("sed -i 's|origin/main|origin/mian|' release.toml && git commit -qam 'chore: mistype it'")?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let said = refused(&sandbox, &[], &current)?;
    assert!(said.contains("cannot find the branch `origin/mian`, which the release must hold"), "{said}");
    assert!(said.contains("hint: run `git fetch origin mian`, or mend `fresh` in [validate]"), "{said}");
    Ok(())
}

#[test]
fn r8_r15_the_manifest_has_the_version_of_the_release() -> Result<()> {
    let sandbox = Sandbox::new("release-please")?;
    let committed = sandbox.pipeline("minor", "commit-release")?;
    let manifest = ".release-please-manifest.json";
    assert_eq!(passed(&sandbox, &committed, "manifest")?, format!("passed: {manifest} has 0.6.0"));
    sandbox.shell(&format!("sed -i 's/0.6.0/0.5.2/' {manifest}"))?;
    let options = ["--quick", "--allow-dirty"];
    let said = sandbox.refused("validate", &options, &committed, 1)?;
    assert!(said.contains("  manifest: cannot release 0.6.0: .release-please-manifest.json:"), "{said}");
    assert!(said.contains(" has 0.5.2\n") && said.contains("  versions: cannot tell the version"), "{said}");
    sandbox.shell(&format!("echo '{{\"docs\": \"1.0.0\"}}' > {manifest}"))?;
    let said = passed(&sandbox, &committed, "manifest")?;
    assert_eq!(said, format!("skipped: {manifest} names no package of this release"));
    let told = sandbox.run("validate", &options, &committed)?;
    assert!(text(&told.stderr).contains(&format!("validate: skip: manifest: {manifest} names no package")));
    Ok(())
}
