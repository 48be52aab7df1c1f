//! Process O: one package with its version in many places, each spelled as its readers expect.

use anyhow::Result;
use tests::{Sandbox, text};

/// The lines that hold a version of the project, as they stand now.
fn lines(sandbox: &Sandbox) -> Result<String> {
    sandbox.shell(
        "sed -n '/^VERSION/p' setup.py && sed -n '/^__version__/p' src/__init__.py && sed -n '/version=/p' Dockerfile &&
         sed -n '/oneflow-ai/p' docker-compose.yml docs/install.md && sed -n '/badge/p' README.md",
    )
}

fn expected(python: &str, semver: &str) -> String {
    format!(
        "VERSION = \"{python}\"\n__version__ = '{python}'  # kept by the release\n\
         \x20     org.opencontainers.image.version=\"{semver}\" \\\n\
         \x20     version=\"{semver}\" \\\n\
         \x20   image: oneflow/oneflow-ai:{semver}\n\
         \x20   pip install oneflow-ai=={python}\n\
         \x20   docker pull oneflow/oneflow-ai:{semver}\n\
         ![version](https://badges.example.invalid/badge/version-{python}-blue)\n"
    )
}

#[test]
fn o3_o5_a_pre_release_is_spelled_as_each_file_has_it() -> Result<()> {
    let sandbox = Sandbox::new("oneflow")?;
    assert_eq!(lines(&sandbox)?, expected("0.4.0", "0.4.0"));
    for (request, python, semver) in [
        (&["0.5.0-alpha.1"][..], "0.5.0a1", "0.5.0-alpha.1"),
        (&["alpha"], "0.5.0a2", "0.5.0-alpha.2"),
        (&["0.5.0-beta.2"], "0.5.0b2", "0.5.0-beta.2"),
        (&["minor", "rc"], "0.5.0rc1", "0.5.0-rc.1"),
        (&["release"], "0.5.0", "0.5.0"),
        (&["post"], "0.5.0.post1", "0.5.0+post.1"),
    ] {
        let bumped = sandbox.must("bump-version", request, "")?;
        let noted = sandbox.must("changelog", &[], &bumped)?;
        let committed = sandbox.must("commit-release", &[], &noted)?;
        sandbox.must("tag-release", &[], &committed)?;
        // The tag of an image has no plus sign.
        let expected = expected(python, semver).replace("oneflow-ai:0.5.0+", "oneflow-ai:0.5.0_");
        assert_eq!(lines(&sandbox)?, expected);
        assert_eq!(sandbox.shell("git describe --tags")?, format!("v{python}\n"));
        assert_eq!(sandbox.shell("git status --porcelain")?, "", "exactly the edited files are committed");
        sandbox.shell("git commit -q --allow-empty -m 'fix: more'")?;
    }
    // What has the number of 0.4.0 and is none of ours.
    let others = sandbox.shell("git grep -h '0\\.4\\.0' -- ':!CHANGELOG.md'")?;
    assert_eq!(
        others,
        "ARG WIRE_VERSION=0.4.0\n      description=\"Needs wire 0.4.0\"\n    image: oneflow/wire:0.4.0\n\
         Before 0.4.0 there were no images.\n    extras_require={\"wire\": [\"wagon-wire>=0.4.0\"]},\n"
    );
    Ok(())
}

#[test]
fn o6_a_level_names_the_next_version() -> Result<()> {
    let sandbox = Sandbox::new("oneflow")?;
    for (level, version) in [("patch", "0.4.1"), ("minor", "0.5.0"), ("major", "1.0.0")] {
        sandbox.must("bump-version", &[level], "")?;
        assert_eq!(lines(&sandbox)?, expected(version, version));
        sandbox.shell("git checkout -q .")?;
    }
    Ok(())
}

#[test]
fn o7_the_written_entries_come_below_the_version_and_its_date() -> Result<()> {
    let sandbox = Sandbox::new("oneflow")?;
    sandbox.shell("git remote set-url origin https://github.com/acme/oneflow.git")?;
    let bumped = sandbox.must("bump-version", &["minor", "--date", "2026-03-01"], "")?;
    let noted: serde_json::Value = serde_json::from_str(&sandbox.must("changelog", &[], &bumped)?)?;
    let notes = "### Added\n\n- Routing by cost\n\n### Deprecated\n\n- `flow()` in favour of `run()`\n\n\
                 ### Fixed\n\n- A leak in the cache\n\n### Security\n\n- Keys no longer reach the log\n";
    assert_eq!(noted["notes"]["body"], notes);
    let after = sandbox.shell("cat CHANGELOG.md")?;
    let section = format!("## [Unreleased]\n\n## [0.5.0] - 2026-03-01\n\n{notes}\n## [0.4.0] - 2026-01-10\n");
    assert!(after.contains(&section), "{after}");
    let links = "[Unreleased]: https://github.com/acme/oneflow/compare/v0.5.0...HEAD\n\
                 [0.5.0]: https://github.com/acme/oneflow/compare/v0.4.0...v0.5.0\n\
                 [0.4.0]: https://github.com/acme/oneflow/compare/v0.3.0...v0.4.0\n";
    assert!(after.contains(links), "{after}");
    Ok(())
}

#[test]
fn a_label_that_was_forgotten_is_named() -> Result<()> {
    let sandbox = Sandbox::new("oneflow")?;
    sandbox.shell(
        "sed -i 's/image.version=\"0.4.0\"/image.version=\"0.3.0\"/' Dockerfile && git commit -qam 'fix: x'",
    )?;
    let said = sandbox.refused("bump-version", &["minor"], "", 1)?;
    assert!(said.contains("the places disagree\n    Dockerfile:7 has 0.3.0 (version)"), "{said}");
    sandbox.shell(
        "git reset -q --hard HEAD^ && sed -i '/^      version=/d' Dockerfile && git commit -qam 'fix: x'",
    )?;
    let said = sandbox.refused("bump-version", &["minor"], "", 1)?;
    assert!(said.contains("Dockerfile"), "{said}");
    // Without a word in release.toml it is a stray, and the bump goes on.
    sandbox.shell(
        "git reset -q --hard HEAD^ && git rm -q release.toml && git commit -qm 'chore: no settings'",
    )?;
    let said = text(&sandbox.run("bump-version", &["--check"], "")?.stderr);
    for place in ["Dockerfile:7", "Dockerfile:8", "README.md:3", "docker-compose.yml:3", "docs/install.md:3"]
    {
        assert!(said.contains(&format!("warning: {place} holds 0.4.0 and is not configured")), "{said}");
    }
    assert!(!said.contains("src/__init__.py") && !said.contains("setup.py"), "{said}");
    Ok(())
}
