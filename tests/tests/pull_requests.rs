//! Process R: Conventional Commits and the settings of Release Please, read as they are.

use anyhow::{Context, Result};
use tests::{Sandbox, oracle, text};

const CONFIG: &str = "release-please-config.json";
const MANIFEST: &str = ".release-please-manifest.json";

/// The project, with an address that the links in the changelog have.
fn project() -> Result<Sandbox> {
    let sandbox = Sandbox::new("release-please")?;
    sandbox.shell("git remote set-url origin https://github.com/acme/wagon.git")?;
    Ok(sandbox)
}

/// Bumps, writes the changelog and commits; returns what `changelog` said.
fn release(sandbox: &Sandbox, request: &str) -> Result<String> {
    let bumped = sandbox.must("bump-version", &[request, "--date", "2026-03-01"], "")?;
    let output = sandbox.run("changelog", &[], &bumped)?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    sandbox.must("commit-release", &[], &text(&output.stdout))?;
    Ok(text(&output.stderr))
}

/// Replaces the commits since the last release by these.
fn commits(sandbox: &Sandbox, messages: &[&str]) -> Result<()> {
    sandbox.shell("git reset -q --hard v0.5.2")?;
    for message in messages {
        std::fs::write(sandbox.path("message"), message)?;
        sandbox.shell("git commit -q --allow-empty -F ../message")?;
    }
    Ok(())
}

/// The version that comes next; nothing where there is none to release.
fn next(sandbox: &Sandbox) -> Result<Option<String>> {
    let output = sandbox.run("bump-version", &["auto", "--dry-run", "--allow-none"], "")?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    if output.stdout.is_empty() {
        return Ok(None);
    }
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    Ok(Some(document["version"]["current"].as_str().context("current")?.to_owned()))
}

#[test]
fn r5_r7_r8_r9_the_release_commit_is_the_merged_pull_request_of_release_please() -> Result<()> {
    for (config, manifest) in
        [(CONFIG, MANIFEST), (".release-please-config.json", "release-please-manifest.json")]
    {
        let sandbox = project()?;
        if config != CONFIG {
            sandbox.shell(&format!("git mv {CONFIG} {config} && git mv {MANIFEST} {manifest}"))?;
        }
        sandbox.shell(
            "git commit -q --allow-empty -m 'refactor(axle): turn it (#51)' && git commit -q --allow-empty -m 'docs: a page' &&
             git commit -q --allow-empty -m 'fix!: drop the old wheel' && git commit -q --allow-empty -m 'ci: faster'",
        )?;
        let theirs = oracle::pull_requests(&sandbox, config, manifest)?;
        assert_eq!(theirs.len(), 1, "{theirs:#?}");
        release(&sandbox, "auto")?;
        theirs[0].assert_is_head(&sandbox)?;
        assert_eq!(theirs[0].title, "chore: release 0.6.0");
        let changelog = sandbox.shell("sed -n '3,/0\\.5\\.2/p' CHANGELOG.md")?;
        assert!(changelog.contains("### Code Refactoring") && !changelog.contains("a page"), "{changelog}");
    }
    Ok(())
}

#[test]
fn the_lock_file_gets_its_own_entry_in_the_same_commit() -> Result<()> {
    let sandbox = project()?;
    release(&sandbox, "auto")?;
    assert_eq!(
        sandbox.shell("git show --format= -U1 uv.lock | sed 1,4d")?,
        "@@ -11,3 +11,3 @@ source = { registry = \"https://index.example.invalid/simple\" }\n name = \"wagon-flash\"\n\
         -version = \"0.5.2\"\n+version = \"0.6.0\"\n source = { editable = \".\" }\n"
    );
    // What has the same number and is another's stays: a tool's version, a dependency, the sentence on the past.
    let left = sandbox.shell("git grep -c '0\\.5\\.2' -- ':!CHANGELOG.md'")?;
    assert_eq!(left, "deploy/template.json:1\ndocs/install.md:1\npyproject.toml:3\nuv.lock:4\n");
    Ok(())
}

#[test]
fn r6_the_commits_make_the_step_that_release_please_makes() -> Result<()> {
    let sandbox = project()?;
    for (messages, expected) in [
        (&["feat: a"][..], Some("0.6.0")),
        (&["fix: a", "docs: b"], Some("0.5.3")),
        (&["fix: a", "feat(x): b"], Some("0.6.0")),
        (&["docs: a"], None),
        (&["fix: a\n\nRelease-As: 0.9.0"], Some("0.9.0")),
        (&["feat!: a"], Some("0.6.0")),
        (&["ci: a\n\nBREAKING CHANGE: b"], Some("0.6.0")),
    ] {
        commits(&sandbox, messages)?;
        assert_eq!(next(&sandbox)?.as_deref(), expected, "{messages:?}");
        let theirs = oracle::pull_requests(&sandbox, CONFIG, MANIFEST)?;
        let title = expected.map(|version| format!("chore: release {version}"));
        assert_eq!(theirs.first().map(|their| &their.title), title.as_ref(), "{messages:?}");
    }
    Ok(())
}

#[test]
fn what_breaks_at_0_5_2_is_1_0_0_unless_the_settings_say_otherwise() -> Result<()> {
    let sandbox = project()?;
    for (settings, expected) in [
        (r#""bump-minor-pre-major": true"#, ["0.6.0", "0.6.0", "0.5.3"]),
        (r#""bump-minor-pre-major": false"#, ["1.0.0", "0.6.0", "0.5.3"]),
        (
            r#""bump-minor-pre-major": true, "bump-patch-for-minor-pre-major": true"#,
            ["0.6.0", "0.5.3", "0.5.3"],
        ),
    ] {
        for (message, version) in ["feat!: a", "feat: a", "fix: a"].into_iter().zip(expected) {
            commits(&sandbox, &[message])?;
            sandbox.shell(&format!(
                "sed -i -e '/bump-patch-for/d' -e 's/\"bump-minor-pre-major\": true/{settings}/' {CONFIG} && git commit -qa --allow-empty -m 'chore: policy'"
            ))?;
            assert_eq!(next(&sandbox)?.as_deref(), Some(version), "{settings} {message}");
            let theirs = oracle::pull_requests(&sandbox, CONFIG, MANIFEST)?;
            assert_eq!(theirs[0].title, format!("chore: release {version}"), "{settings} {message}");
        }
    }
    Ok(())
}

#[test]
fn r12_it_is_told_why_there_is_no_release() -> Result<()> {
    let sandbox = project()?;
    let refused = |messages: &[&str]| {
        commits(&sandbox, messages)?;
        sandbox.refused("bump-version", &["auto"], "", 1)
    };
    // No Conventional Commits, and only hidden ones.
    let said = refused(&["Turn the axle", "WIP"])?;
    assert!(said.contains("none of the 2 commits since v0.5.2 tells users anything"), "{said}");
    assert!(said.contains("Turn the axle: is no Conventional Commit"), "{said}");
    let said = refused(&["docs: a page", "ci: faster"])?;
    assert!(said.contains("ci: faster: ") && said.contains("hidden"), "{said}");
    assert!(said.contains("hint: name a level in place of `auto`"), "{said}");
    assert!(refused(&[])?.contains("there is no commit since v0.5.2"));

    // The manifest names another version than the files, and another than the tags.
    sandbox.shell(&format!("sed -i s/0.5.2/0.5.1/ {MANIFEST} && git commit -qam 'fix: a'"))?;
    let said = sandbox.refused("bump-version", &["auto"], "", 1)?;
    assert!(said.contains("the places disagree\n    .release-please-manifest.json:2 has 0.5.1"), "{said}");
    commits(&sandbox, &["fix: a"])?;
    sandbox.shell("git tag -d v0.5.2 && git tag v0.5.1 HEAD^")?;
    let said = text(&sandbox.run("bump-version", &["auto", "--dry-run"], "")?.stderr);
    assert!(
        said.contains("manifest.json says that 0.5.2 is released, and no tag of this branch names it"),
        "{said}"
    );
    Ok(())
}

#[test]
fn r12_a_bad_configuration_is_named_with_its_line() -> Result<()> {
    let sandbox = project()?;
    for (change, expected) in [
        (
            "s/\"draft\": false,/\"draft\": false/",
            "cannot read `release-please-config.json:8:3`: expected `,` or `}`",
        ),
        (
            "s/\"release-type\": \"python\"/\"release-type\": \"node\"/",
            "`release-please-config.json:21` (`packages`) says: it names no Python package",
        ),
        (
            "s/docs.install.md/docs\\/gone.md/",
            "`release-please-config.json:31` (`docs/gone.md`) says: there is no file `docs/gone.md`",
        ),
        (
            "s/.runtime.'wagon-flash'./..version/",
            "`release-please-config.json:32` (`deploy/template.json`) says: `$..version` is no path of plain keys",
        ),
    ] {
        sandbox.shell(
            &format!("git checkout -q . && sed -i \"$1\" {CONFIG}")
                .replace("$1", &change.replace('"', "\\\"")),
        )?;
        let said = sandbox.refused("bump-version", &["auto"], "", 1)?;
        assert!(said.contains(expected) && said.contains("\n\nhint: "), "{said}");
    }
    Ok(())
}

#[test]
fn r15_the_tag_is_the_version_of_the_manifest() -> Result<()> {
    let sandbox = Sandbox::new("release-please")?;
    let bumped = sandbox.must("bump-version", &["auto"], "")?;
    let noted = sandbox.must("changelog", &[], &bumped)?;
    let committed = sandbox.must("commit-release", &[], &noted)?;
    sandbox.must("tag-release", &[], &committed)?;
    assert_eq!(sandbox.shell("git -C ../origin.git tag --points-at main")?, "v0.6.0\n");
    assert_eq!(
        sandbox.shell(&format!("git -C ../origin.git show v0.6.0:{MANIFEST}"))?,
        "{\n  \".\": \"0.6.0\"\n}\n"
    );
    // The next one is counted from there.
    sandbox.shell("git commit -q --allow-empty -m 'fix: b'")?;
    assert_eq!(next(&sandbox)?.as_deref(), Some("0.6.1"));
    Ok(())
}

#[test]
fn types_that_the_sections_leave_out_are_named() -> Result<()> {
    let sandbox = project()?;
    commits(&sandbox, &["fix: a", "build: b", "style(x): c", "build: d"])?;
    let said = release(&sandbox, "auto")?;
    assert!(said.contains("2 commits of the type `build` left out: no section of"), "{said}");
    assert!(said.contains("1 commit of the type `style` left out"), "{said}");
    Ok(())
}
