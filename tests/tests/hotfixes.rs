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
