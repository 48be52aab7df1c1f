//! Packages that version apart: each release is of one package, with its own tags, commits, changelog and version.

use anyhow::{Context, Result};
use tests::Sandbox;

/// The lockstep project, turned into two packages that version apart: core at 0.1.0, cdk at 0.5.0.
fn apart() -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    sandbox.shell(
        r#"
        sed -i 's/^name = "wagon"$/name = "wagon"\nversioning = "apart"/' release.toml
        sed -i 's/^version = "0.1.0"$/version = "0.5.0"/' packages/cdk/pyproject.toml
        sed -i 's/0.1.0/0.5.0/' packages/cdk/src/wagon_cdk/__init__.py
        python3 - <<'END'
import re
text = open("uv.lock").read()
text = re.sub(r'(name = "wagon-cdk"\nversion = ")0.1.0', r'\g<1>0.5.0', text)
open("uv.lock", "w").write(text)
END
        for package in core cdk; do cp CHANGELOG.md packages/$package/CHANGELOG.md; done
        sed -i 's/0.1.0/0.5.0/' packages/cdk/CHANGELOG.md
        git rm -q CHANGELOG.md && git add -A && git commit -qm 'chore: version apart'
        git tag -d v0.1.0 && git tag wagon-core-v0.1.0 && git tag wagon-cdk-v0.5.0
        echo '# more' >> packages/core/src/wagon_core/wheels.py && git commit -qam 'feat: more wheels'
        echo '# less' >> packages/cdk/src/wagon_cdk/__init__.py && git commit -qam 'fix: fewer wagons'
        git push -q origin main --tags
        "#,
    )?;
    Ok(sandbox)
}

fn file(sandbox: &Sandbox, path: &str) -> Result<String> {
    std::fs::read_to_string(sandbox.project().join(path)).with_context(|| path.to_owned())
}

#[test]
fn each_package_is_released_with_its_own_version_tag_and_commits() -> Result<()> {
    let sandbox = apart()?;
    let check = sandbox.run("bump-version", &["--check"], "")?;
    let said = tests::text(&check.stderr);
    assert!(said.contains("wagon-cdk 0.5.0 in") && said.contains("wagon-core 0.1.0 in"), "{said}");

    sandbox.must("xtask", &["release", "auto", "--package", "Wagon_Core"], "")?;
    assert_eq!(sandbox.shell("git describe --tags HEAD")?, "wagon-core-v0.2.0\n");
    assert_eq!(sandbox.shell("git log -1 --format=%s")?, "chore: release wagon-core 0.2.0\n");
    let changed = sandbox.shell("git show --format= --name-only")?;
    assert_eq!(
        changed,
        "packages/core/CHANGELOG.md\npackages/core/pyproject.toml\npackages/core/src/wagon_core/Dockerfile\n\
         packages/core/src/wagon_core/__init__.py\nuv.lock\n"
    );
    let notes = file(&sandbox, "packages/core/CHANGELOG.md")?;
    assert!(notes.contains("more wheels") && !notes.contains("fewer wagons"), "{notes}");
    assert!(file(&sandbox, "packages/cdk/pyproject.toml")?.contains("wagon-core==0.1.0"));

    // The dependent follows when it is released itself.
    sandbox.must("xtask", &["release", "auto", "--package", "wagon-cdk"], "")?;
    assert_eq!(sandbox.shell("git describe --tags HEAD")?, "wagon-cdk-v0.5.1\n");
    let manifest = file(&sandbox, "packages/cdk/pyproject.toml")?;
    assert!(manifest.contains("wagon-core==0.2.0") && manifest.contains("0.5.1"), "{manifest}");
    let notes = file(&sandbox, "packages/cdk/CHANGELOG.md")?;
    assert!(notes.contains("fewer wagons") && !notes.contains("more wheels"), "{notes}");
    sandbox.shell(&format!("{} lock --check -q", tests::uv()))?;
    assert_eq!(
        sandbox.shell("ls dist/index/simple")?,
        "index.html\nindex.json\nwagon-cdk\nwagon-core\n",
        "both are on the index"
    );

    let nothing =
        sandbox.run("xtask", &["release", "auto", "--package", "wagon-core", "--allow-none"], "")?;
    let said = tests::text(&nothing.stderr);
    assert!(nothing.status.success() && said.contains("since wagon-core-v0.2.0"), "{said}");
    let status = sandbox.must("xtask", &["status"], "")?;
    assert!(status.contains("wagon-core-v0.2.0: it is finished"), "{status}");

    sandbox.must("xtask", &["rollback", "wagon-cdk-v0.5.1", "--yes"], "")?;
    assert!(file(&sandbox, "packages/cdk/pyproject.toml")?.contains("wagon-core==0.1.0"));
    assert!(file(&sandbox, "packages/core/pyproject.toml")?.contains("0.2.0"));
    let error = sandbox.refused("bump-version", &["patch", "--package", "wagon-cdk"], "", 1)?;
    assert!(error.contains("taken back (tag withdrawn/wagon-cdk-v0.5.1)"), "{error}");
    Ok(())
}

#[test]
fn the_package_must_be_named_and_be_one_of_the_project() -> Result<()> {
    let sandbox = apart()?;
    let error = sandbox.refused("bump-version", &["minor"], "", 2)?;
    assert!(error.contains("which package of `wagon` is meant: they version apart"), "{error}");
    assert!(error.contains("--package wagon-cdk|wagon-core"), "{error}");
    let error = sandbox.refused("bump-version", &["minor", "--package", "wagon"], "", 2)?;
    assert!(error.contains("the packages are: wagon-cdk, wagon-core"), "{error}");
    sandbox.shell("git checkout -q HEAD -- . && sed -i '/versioning/d' release.toml")?;
    sandbox.shell("git commit -qam 'chore: together again'")?;
    let error = sandbox.refused("bump-version", &["minor", "--package", "wagon-cdk"], "", 2)?;
    assert!(error.contains("cannot release `wagon-cdk` alone"), "{error}");
    Ok(())
}

#[test]
fn a_version_that_two_packages_have_is_taken_back_by_its_tag() -> Result<()> {
    let sandbox = apart()?;
    for package in ["wagon-core", "wagon-cdk"] {
        sandbox.must("xtask", &["release", "1.0.0", "--package", package], "")?;
    }
    let error = sandbox.refused("xtask", &["rollback", "1.0.0", "--dry-run"], "", 2)?;
    assert!(error.contains("there are wagon-core-v1.0.0 and wagon-cdk-v1.0.0"), "{error}");
    sandbox.must("xtask", &["rollback", "wagon-core-v1.0.0", "--dry-run"], "")?;
    Ok(())
}

#[test]
fn a_bump_of_another_package_keeps_what_was_edited_by_hand() -> Result<()> {
    let sandbox = apart()?;
    sandbox.must("bump-version", &["minor", "--package", "wagon-core"], "")?;
    sandbox.shell("git checkout -q . && echo '# by hand' >> packages/core/pyproject.toml")?;
    for options in [["--dry-run"].as_slice(), &[]] {
        let error = sandbox.refused(
            "bump-version",
            &[&["minor", "--package", "wagon-cdk"], options].concat(),
            "",
            1,
        )?;
        assert!(error.contains("`packages/core/pyproject.toml`: it was changed after a bump"), "{error}");
        // What would undo the bump would undo the change as well.
        assert!(!error.contains("git checkout"), "{error}");
    }
    assert!(file(&sandbox, "packages/core/pyproject.toml")?.ends_with("# by hand\n"));
    Ok(())
}

#[test]
fn refuses_packages_whose_tags_cannot_be_told_apart() -> Result<()> {
    let sandbox = apart()?;
    sandbox.shell(
        "sed -i 's/^path = \"packages.[a-z]*\"$/&\\ntag = \"v{version}\"/' release.toml && git commit -qam 'chore: one form of tags'",
    )?;
    let error = sandbox.refused("bump-version", &["minor", "--package", "wagon-core"], "", 1)?;
    assert!(error.contains("`wagon-core`: its tags have the same form as those of `wagon-cdk`"), "{error}");
    Ok(())
}
