//! `cargo xtask init` on projects of every shape: what it writes, and that a release then does what it should.

use std::collections::BTreeSet;

use anyhow::Result;
use tests::Sandbox;

/// A project without its release.toml.
fn without_settings(fixture: &str) -> Result<Sandbox> {
    let sandbox = Sandbox::new(fixture)?;
    sandbox.shell(
        "git rm -q --ignore-unmatch release.toml; git commit -q --allow-empty -m 'chore: no settings'",
    )?;
    Ok(sandbox)
}

fn printed(sandbox: &Sandbox) -> Result<String> {
    sandbox.must("xtask", &["init", "--dry-run"], "")
}

fn edits(sandbox: &Sandbox) -> Result<serde_json::Value> {
    let document = sandbox.must("bump-version", &["minor", "--dry-run"], "")?;
    let mut document: serde_json::Value = serde_json::from_str(&document)?;
    Ok(document["edits"].take())
}

#[test]
fn finds_the_packages_pins_and_places_of_a_workspace() -> Result<()> {
    let written = Sandbox::new("lockstep")?;
    let sandbox = without_settings("lockstep")?;
    let text = printed(&sandbox)?;
    snapbox::assert_data_eq!(
        &text,
        snapbox::str![[r#"
# The release of wagon; what is as usual is left out.
# `wagon-cdk` is for Python >=3.9.
# `wagon-core` is for Python >=3.9.
# Tags are `v{version}`: the tag v0.1.0 has this form.
# Sections are those of Keep a Changelog: `CHANGELOG.md` has headings such as `## [Unreleased]`.

[project]
# what the names of all packages begin with
name = "wagon"

[[package]]
# `packages/cdk` has a package
name = "wagon-cdk"
path = "packages/cdk"
# its dependencies on packages of this project name their version
pins = { wagon-core = "==" }

[[package]]
# `packages/core` has a package
name = "wagon-core"
path = "packages/core"

[[version-file]]
# line 3 holds 0.1.0: `org.opencontainers.image.version="0.1.0"`
path = "packages/core/src/wagon_core/Dockerfile"
search = 'org.opencontainers.image.version="{version}"'

"#]]
    );
    sandbox.must("xtask", &["init"], "")?;
    assert_eq!(std::fs::read_to_string(sandbox.project().join("release.toml"))?, text);
    sandbox.shell("git add -A && git commit -qm 'chore: settings'")?;
    assert_eq!(edits(&sandbox)?, edits(&written)?);
    let check = sandbox.run("bump-version", &["--check"], "")?;
    assert!(!tests::text(&check.stderr).contains("warning"), "{}", tests::text(&check.stderr));
    Ok(())
}

#[test]
fn takes_over_what_speaks_of_the_project_and_names_the_rest() -> Result<()> {
    let sandbox = without_settings("setup-py")?;
    let text = printed(&sandbox)?;
    assert!(text.contains("search = 'org.opencontainers.image.version=\"{version}\"'"), "{text}");
    assert!(text.contains("search = \"Run `pip install oneflow-demo=={version}`\""), "{text}");
    assert!(
        text.contains("\n# Dockerfile:2: ARG BASE=0.4.0\n") && !text.contains("ARG BASE={version}"),
        "{text}"
    );
    sandbox.shell("sed -i 's/ARG BASE=.*/ARG BASE=9/' Dockerfile && git commit -qam 'fix: base'")?;
    sandbox.must("xtask", &["init"], "")?;
    sandbox.shell("git add -A && git commit -qm 'chore: settings'")?;
    sandbox.must("bump-version", &["minor"], "")?;
    assert_eq!(sandbox.shell("git grep -l '0\\.4\\.0' -- ':!release.toml' || true")?, "README.md\n");
    assert!(sandbox.shell("cat README.md")?.contains("pip install oneflow-demo==0.5.0"));
    Ok(())
}

#[test]
fn learns_from_tags_commits_and_changelog() -> Result<()> {
    let sandbox = without_settings("plain")?;
    sandbox.shell(
        "git tag -d v1.2.3 && git commit -q --allow-empty -m 'Release 1.2.3 of plain' && git tag -am x plain/1.2.3 &&
         for n in 1 2 3 4 5 6 7 8 9 10; do git commit -q --allow-empty -m \"[Store] change $n\"; done &&
         printf '# History\\n\\n## [1.2.3](https://x.example/y) (2026-01-01)\\n' > HISTORY.md && git add -A &&
         git commit -qm '[Docs] history' && mkdir -p examples/one && cp pyproject.toml examples/one && git add -A &&
         git commit -qm '[Docs] example'",
    )?;
    let text = printed(&sandbox)?;
    for expected in [
        "# the tag plain/1.2.3 has this form\ntag = \"plain/{version}\"\n",
        "# the commit of plain/1.2.3 reads so\ncommit-message = \"Release {version} of plain\"\n",
        "# `HISTORY.md` is there\npath = \"HISTORY.md\"\n",
        "# `HISTORY.md` has headings such as `## [1.2.3](https://x.example/y) (2026-01-01)`\nstyle = \"conventional\"\n",
        "commits start with `[Area]`\ncommits = \"area\"\n",
    ] {
        assert!(text.contains(expected), "{expected}{text}");
    }
    assert!(!text.contains("[[package]]"), "{text}");
    sandbox.must("xtask", &["init"], "")?;
    sandbox.shell("git add -A && git commit -qm '[Release] settings'")?;
    let document = sandbox.must("bump-version", &["patch", "--date", "2026-03-01"], "")?;
    let document = sandbox.must("changelog", &[], &document)?;
    sandbox.must("commit-release", &[], &document)?;
    assert_eq!(sandbox.shell("git log -1 --format=%s")?, "Release 1.2.4 of plain\n");
    assert!(sandbox.shell("cat HISTORY.md")?.contains("(2026-03-01)\n"));
    Ok(())
}

#[test]
fn packages_with_different_versions_version_apart() -> Result<()> {
    let sandbox = without_settings("lockstep")?;
    sandbox.shell(
        "sed -i 's/0\\.1\\.0/0.5.0/' packages/core/pyproject.toml packages/core/src/wagon_core/__init__.py \
             packages/core/src/wagon_core/Dockerfile packages/cdk/pyproject.toml &&
         sed -i 's/^version = .*/version = \"0.1.0\"/' packages/cdk/pyproject.toml &&
         git rm -q uv.lock && git add -A && git commit -qm 'chore: apart' && git tag wagon-core-v0.5.0 && git tag wagon-cdk-v0.1.0",
    )?;
    let text = printed(&sandbox)?;
    assert!(text.contains("# the packages have different versions\nversioning = \"apart\"\n"), "{text}");
    assert!(text.contains("\ntag = \"{package}-v{version}\"\n"), "{text}");
    assert!(text.contains("pins = { wagon-core = \"==\" }"), "{text}");
    sandbox.must("xtask", &["init"], "")?;
    sandbox.shell("git add -A && git commit -qm 'chore: settings'")?;
    let document = sandbox.must("bump-version", &["minor", "--package", "wagon-core", "--dry-run"], "")?;
    assert!(
        document.contains("\"wagon-core-v0.6.0\"") && document.contains("wagon_core/Dockerfile"),
        "{document}"
    );
    Ok(())
}

#[test]
fn what_another_tool_says_and_nobody_can_do_is_left_out_with_the_reason() -> Result<()> {
    let sandbox = without_settings("plain")?;
    sandbox.shell(
        "printf '[bumpversion]\\ncurrent_version = 1.2.3\\ntag_name = r{new_major}\\n[bumpversion:file:gone.txt]\\n' > .bumpversion.cfg &&
         git add -A && git commit -qm 'chore: settings'",
    )?;
    sandbox.refused("bump-version", &["minor"], "", 1)?;
    let output = sandbox.run("bump-version", &["--init"], "")?;
    let said = tests::text(&output.stderr);
    assert!(output.status.success() && said.contains("warning: left out: cannot release as"), "{said}");
    let text = sandbox.shell("cat release.toml")?;
    assert!(text.contains("# Left out: cannot release as `.bumpversion.cfg:3` (`tag_name`) says"), "{text}");
    assert!(text.contains("says: there is no file `gone.txt`"), "{text}");
    sandbox.shell("git add -A && git commit -qm 'chore: own settings'")?;
    sandbox.must("bump-version", &["minor"], "")?;
    Ok(())
}

#[test]
fn an_existing_release_toml_is_never_replaced() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let before = sandbox.files("project")?;
    let said = sandbox.refused("xtask", &["init"], "", 1)?;
    assert!(said.contains("release.toml`: it is there already"), "{said}");
    assert!(said.contains("hint: `--dry-run` prints what would be written"), "{said}");
    printed(&sandbox)?;
    assert_eq!(sandbox.files("project")?, before);
    Ok(())
}

#[test]
fn a_folder_without_a_package_gets_no_settings() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("git rm -qr pyproject.toml src && git commit -qm 'chore: empty'")?;
    let said = sandbox.refused("xtask", &["init"], "", 1)?;
    assert!(said.contains("cannot find a Python package in"), "{said}");
    Ok(())
}

/// The places that a minor release changes, each as `file:line from -> to`.
fn places(sandbox: &Sandbox) -> Result<BTreeSet<String>> {
    let edits = edits(sandbox)?;
    let places = edits.as_array().into_iter().flatten().flat_map(|edit| {
        let changes = edit["changes"].as_array().into_iter().flatten();
        changes.map(move |change| {
            format!("{}:{} {} -> {}", edit["path"], change["line"], change["from"], change["to"])
        })
    });
    Ok(places.map(|place| place.replace('"', "")).collect())
}

#[test]
fn a_release_by_what_was_found_changes_the_places_that_people_had_written_down() -> Result<()> {
    for (fixture, only_by_hand, only_by_init) in [
        ("lockstep", &[][..], &[][..]),
        ("hotfixes", &[], &[]),
        ("oneflow", &[], &[]),
        ("setup-py", &[], &["README.md:3 0.4.0 -> 0.5.0"]),
        // A key that tells nothing of what it is a release of: a human decides.
        ("charts", &["services.yaml:2 1.2.0 -> 1.3.0"], &[]),
        ("release-please", &[], &[]),
    ] {
        let by_hand = places(&Sandbox::new(fixture)?)?;
        assert!(by_hand.len() > 1 || fixture == "hotfixes", "{by_hand:?}");
        let sandbox = without_settings(fixture)?;
        sandbox.must("xtask", &["init"], "")?;
        let written = sandbox.shell("git add -A && git commit -qm 'chore: settings' && cat release.toml")?;
        let found = places(&sandbox)?;
        assert_eq!(by_hand.difference(&found).collect::<Vec<_>>(), only_by_hand, "{fixture}: {written}");
        assert_eq!(found.difference(&by_hand).collect::<Vec<_>>(), only_by_init, "{fixture}: {written}");
        for place in only_by_hand {
            let place = place.split(' ').next().unwrap_or_default();
            assert!(written.contains(&format!("\n# {place}: ")), "{written}");
        }
    }
    Ok(())
}

#[test]
fn names_of_others_and_floors_are_left_to_people() -> Result<()> {
    for (fixture, others) in [
        (
            "oneflow",
            &["Dockerfile:2: ARG WIRE_VERSION=0.4.0", "docker-compose.yml:5: image: oneflow/wire:0.4.0"][..],
        ),
        ("hotfixes", &["engine/pyproject.toml:17: minimum-version = \"0.3.9\""]),
        ("charts", &["services.yaml:11: image: registry.example.invalid/library/cache:1.2.0"]),
        ("release-please", &["pyproject.toml:20: required-version = \"0.5.2\""]),
    ] {
        let text = printed(&without_settings(fixture)?)?;
        for other in others {
            assert!(text.contains(&format!("\n# {other}\n")), "{text}");
        }
    }
    Ok(())
}

#[test]
fn a_tag_form_that_no_package_uses_is_not_told() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.shell(
        r#"
        git rm -q release.toml && git tag -d v0.1.0
        printf '{"release-type": "python", "packages": {"packages/core": {"component": "core"}, "packages/cdk": {"component": "cdk"}}}' > release-please-config.json
        printf '{"packages/core": "0.1.0", "packages/cdk": "0.1.0"}' > .release-please-manifest.json
        git add -A && git commit -qm 'chore: settings'
        "#,
    )?;
    let written = sandbox.must("bump-version", &["--init", "--dry-run"], "")?;
    assert!(written.contains("tag = \"core-v{version}\""), "{written}");
    assert!(!written.contains("Tags are"), "{written}");
    Ok(())
}
