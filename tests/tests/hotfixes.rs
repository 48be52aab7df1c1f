//! Process M: monthly releases, and hotfixes as post releases cut from a tag.

use anyhow::Result;
use tests::{Sandbox, text};

/// The project after its monthly release 0.4.0, with one more commit on main.
fn released() -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("hotfixes")?;
    sandbox.make_key()?;
    sandbox.shell(
        "git commit -q --allow-empty -m '[TE] Move faster (#12)' &&
         git commit -q --allow-empty -m '[Store] Keep more' && git push -q origin main",
    )?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    sandbox.shell("git commit -q --allow-empty -m '[TE] Half of a feature' && git push -q origin main")?;
    Ok(sandbox)
}

fn manifest(sandbox: &Sandbox) -> Result<String> {
    Ok(std::fs::read_to_string(sandbox.project().join("engine/pyproject.toml"))?)
}

#[test]
fn m3_to_m6_and_m27_a_monthly_release_is_a_minor_step_with_the_areas_as_groups() -> Result<()> {
    let before = manifest(&Sandbox::new("hotfixes")?)?;
    let sandbox = released()?;
    // Nothing but the version changes: not the floor of another tool, not the comment above it.
    assert_eq!(manifest(&sandbox)?, before.replace("\nversion = \"0.3.9\"", "\nversion = \"0.4.0\""));
    assert_eq!(sandbox.shell("git log -1 --format=%s v0.4.0")?, "chore: release 0.4.0\n");
    assert_eq!(sandbox.shell("git -C ../origin.git tag")?, "v0.3.9\nv0.4.0\n");
    let changelog = sandbox.shell("cat CHANGELOG.md")?;
    assert!(changelog.contains("### Store\n\n- Keep more\n\n### TE\n\n- Move faster (#12)\n"), "{changelog}");
    Ok(())
}

#[test]
fn m10_to_m14_a_hotfix_is_cut_from_the_tag_and_counts_on() -> Result<()> {
    let sandbox = released()?;
    sandbox.shell(
        "git switch -qc hotfix/0.4.0.post1 v0.4.0 && git commit -q --allow-empty -m '[TE] Mend a leak' &&
         git push -qu origin HEAD",
    )?;
    let output = sandbox.run("xtask", &["release", "post"], "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("0.4.0.post1 holds") && said.contains("[TE] Mend a leak"), "{said}");
    assert!(!said.contains("Half of a feature"), "{said}");
    assert!(manifest(&sandbox)?.contains("\nversion = \"0.4.0.post1\"\n"));
    assert_eq!(sandbox.shell("git describe --tags")?, "v0.4.0.post1\n");
    let next = sandbox.must("bump-version", &["post", "--dry-run"], "")?;
    assert!(next.contains("\"current\": \"0.4.0.post2\""), "{next}");
    for (wanted, why) in [
        ("0.4.0.post3", "the last post release of 0.4.0 is 0.4.0.post1"),
        ("0.4.0.post1", "it is released already (tag v0.4.0.post1)"),
        ("0.4.1.post1", "0.4.1 was never released"),
    ] {
        let error = sandbox.refused("bump-version", &[wanted, "--dry-run"], "", 1)?;
        assert!(error.contains(why), "{error}");
    }
    // M20: main goes on above the hotfix, whose tag it has not.
    sandbox.shell("git switch -q main")?;
    let next = sandbox.must("bump-version", &["minor", "--dry-run"], "")?;
    assert!(next.contains("\"current\": \"0.5.0\"") && next.contains("\"previous\": \"0.4.0\""), "{next}");
    Ok(())
}

#[test]
fn a_hotfix_that_is_cut_from_main_names_what_it_would_ship() -> Result<()> {
    let sandbox = released()?;
    let said = text(&sandbox.run("bump-version", &["post", "--dry-run"], "")?.stderr);
    assert!(said.contains("note: 0.4.0.post1 holds") && said.contains("[TE] Half of a feature"), "{said}");
    sandbox.shell(
        "sed -i 's/area/conventional/' release.toml && git commit -qam 'feat: commits that tell more'",
    )?;
    let said = text(&sandbox.run("bump-version", &["post", "--dry-run"], "")?.stderr);
    assert!(said.contains("warning: 0.4.0.post1 holds") && said.contains("is cut from v0.4.0"), "{said}");
    Ok(())
}

#[test]
fn m3_a_schedule_that_starts_twice_releases_once_and_says_so() -> Result<()> {
    let sandbox = released()?;
    sandbox.shell("git reset -q --hard v0.4.0")?;
    let before = sandbox.files("project")?;
    for (program, arguments) in [
        ("bump-version", &["minor", "--allow-none"][..]),
        ("bump-version", &["minor", "rc", "--allow-none"]),
        ("xtask", &["release", "minor", "--allow-none"]),
    ] {
        let output = sandbox.run(program, arguments, "")?;
        let said = text(&output.stderr);
        assert!(output.status.success() && output.stdout.is_empty(), "{said}");
        assert!(said.contains("skip: release: there is no commit since v0.4.0"), "{said}");
    }
    assert_eq!(sandbox.files("project")?, before);
    assert_eq!(sandbox.shell("git -C ../origin.git tag")?, "v0.3.9\nv0.4.0\n");
    sandbox.shell("git commit -q --allow-empty -m '[TE] Mend a leak'")?;
    let next = sandbox.must("bump-version", &["minor", "--allow-none", "--dry-run"], "")?;
    assert!(next.contains("\"current\": \"0.5.0\""), "{next}");
    Ok(())
}

#[test]
fn m10_m11_a_hotfix_by_base_version_and_number_is_checked() -> Result<()> {
    let sandbox = released()?;
    sandbox
        .shell("git switch -qc hotfix/0.4.0.post1 v0.4.0 && git commit -q --allow-empty -m '[TE] Mend it'")?;
    let next = sandbox.must("bump-version", &["0.4.0.post1", "--dry-run"], "")?;
    assert!(next.contains("\"tag\": \"v0.4.0.post1\"") && next.contains("\"previous\": \"0.4.0\""), "{next}");
    for (wanted, code, why) in [
        ("0.4.0.post", 1, "numbered without gaps from 1"),
        ("0.4.0.post0", 1, "numbered without gaps from 1"),
        ("0.4.0-1", 2, "PEP 440 reads the post release `0.4.0.post1`"),
        ("0.4.0.postX", 2, "cannot read `0.4.0.postX` as a version"),
        ("0.4.0.post2", 1, "the next one is 0.4.0.post1: say post"),
        ("0.3.8.post1", 1, "0.3.8 was never released"),
    ] {
        let said = sandbox.refused("bump-version", &[wanted, "--dry-run"], "", code)?;
        assert!(said.contains(why) && said.contains("\n\nhint: "), "{wanted}: {said}");
    }
    Ok(())
}

#[test]
fn m20_the_versions_stand_in_their_order_and_tags_of_others_are_none() -> Result<()> {
    let sandbox = released()?;
    sandbox.shell("for tag in vfoo v0.9 v0.4.0.post2 v0.4.0.post1 v0.4.1 v9.9.9-nightly v0.4.0-cuda13; do git tag $tag v0.4.0; done && git tag -d v0.9")?;
    let next = sandbox.must("bump-version", &["0.5.0", "--dry-run"], "")?;
    assert!(next.contains("\"previous\": \"0.4.1\""), "{next}");
    for (tag, below) in
        [("v0.4.1", "v0.4.0.post2"), ("v0.4.0.post2", "v0.4.0.post1"), ("v0.4.0.post1", "v0.4.0")]
    {
        sandbox.shell(&format!("git tag -d {tag}"))?;
        let next = sandbox.must("bump-version", &["0.5.0", "--dry-run"], "")?;
        assert!(next.contains(&format!("\"previous_tag\": \"{below}\"")), "{next}");
    }
    Ok(())
}

#[test]
fn m28_alpha_beta_and_rc_lead_to_the_monthly_release() -> Result<()> {
    let sandbox = released()?;
    for (request, version) in [
        (&["minor", "alpha"][..], "0.5.0a1"),
        (&["alpha"], "0.5.0a2"),
        (&["beta"], "0.5.0b1"),
        (&["minor", "rc"], "0.5.0rc1"),
        (&["minor"], "0.5.0"),
    ] {
        let bumped = sandbox.must("bump-version", request, "")?;
        let noted = sandbox.must("changelog", &[], &bumped)?;
        let committed = sandbox.must("commit-release", &[], &noted)?;
        sandbox.must("tag-release", &[], &committed)?;
        assert!(manifest(&sandbox)?.contains(&format!("\nversion = \"{version}\"\n")));
        assert_eq!(sandbox.shell("git describe --tags")?, format!("v{version}\n"));
        sandbox.shell(&format!("git commit -q --allow-empty -m '[Store] After {version}'"))?;
    }
    // The month's notes hold what the candidates told.
    let changelog = sandbox.shell("sed '/^## .0.5.0rc1/,$d' CHANGELOG.md")?;
    for told in ["- After 0.5.0a1\n", "- After 0.5.0rc1\n", "- Half of a feature\n"] {
        assert!(changelog.contains(told), "{changelog}");
    }
    let said = sandbox.refused("bump-version", &["0.5.0rc2"], "", 1)?;
    assert!(said.contains("cannot release 0.5.0rc2: it is not above 0.5.0"), "{said}");
    Ok(())
}
