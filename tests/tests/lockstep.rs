//! Process V: two packages in lockstep with an index of their own, and the habits of its maintainers.

use anyhow::Result;
use tests::{Sandbox, text};

/// Runs a tool in a terminal of its own, where nobody stands before it.
fn at_a_terminal(sandbox: &Sandbox, command: &str) -> Result<(Option<i32>, String)> {
    let output = sandbox
        .command("script")
        .args(["--quiet", "--return", "--command", command, "/dev/null"])
        .output()?;
    Ok((output.status.code(), text(&output.stdout).replace('\r', "")))
}

/// The lines that the last commit changed, each with its file.
fn changed(sandbox: &Sandbox) -> Result<String> {
    sandbox.shell(
        "git show --format= -U0 -- ':!CHANGELOG.md' | sed -n -e 's|^+++ b/||p' -e 's/^+\\([^+]\\)/  \\1/p'",
    )
}

#[test]
fn v1_to_v7_both_packages_the_pin_the_lock_the_changelog_and_the_tag_follow() -> Result<()> {
    for (request, version) in [("patch", "0.1.1"), ("minor", "0.2.0"), ("major", "1.0.0"), ("0.7.0", "0.7.0")]
    {
        let sandbox = Sandbox::new("lockstep")?;
        let bumped = sandbox.must("bump-version", &[request, "--date", "2026-03-01"], "")?;
        let noted = sandbox.must("changelog", &[], &bumped)?;
        assert_eq!(sandbox.shell("git tag")?, "v0.1.0\n", "the tag comes after the commit");
        let committed = sandbox.must("commit-release", &[], &noted)?;
        sandbox.must("tag-release", &[], &committed)?;
        assert_eq!(
            changed(&sandbox)?,
            format!(
                "packages/cdk/pyproject.toml\n  version = \"{version}\"\n  dependencies = [\"wagon-core=={version}\"]\n\
                 packages/cdk/src/wagon_cdk/__init__.py\n  __version__ = \"{version}\"\n\
                 packages/core/pyproject.toml\n  version = \"{version}\"  # the one version of the project\n\
                 packages/core/src/wagon_core/Dockerfile\n        org.opencontainers.image.version=\"{version}\"\n\
                 packages/core/src/wagon_core/__init__.py\n  __version__ = \"{version}\"\n\
                 uv.lock\n  version = \"{version}\"\n  version = \"{version}\"\n"
            )
        );
        let changelog = sandbox.shell("cat CHANGELOG.md")?;
        assert!(
            changelog.contains(&format!("## [Unreleased]\n\n## [{version}] - 2026-03-01\n")),
            "{changelog}"
        );
        assert_eq!(
            sandbox.shell("git tag --points-at HEAD && git status --porcelain")?,
            format!("v{version}\n")
        );
        sandbox.shell(&format!("{} lock --check -q", tests::uv()))?;
    }
    Ok(())
}

#[test]
fn v8_the_plan_lists_each_edit_and_is_what_the_diff_then_shows() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let before = sandbox.files("project")?;
    let planned = sandbox.run("bump-version", &["minor", "--dry-run"], "")?;
    let planned = text(&planned.stderr);
    assert_eq!(sandbox.files("project")?, before);
    // The plan names file, line and both texts: enough to write the diff down without looking at the tree.
    let listed: Vec<(String, String)> = planned
        .lines()
        .filter_map(|line| {
            let (place, words) = line.strip_prefix("bump-version: edit ")?.split_once(": ")?;
            let (from, to) = words.rsplit_once(" -> ")?;
            Some((format!("{place} {}", from.rsplit(' ').next()?), to.to_owned()))
        })
        .collect();
    let done = text(&sandbox.run("bump-version", &["minor"], "")?.stderr);
    assert_eq!(done, planned);
    let diff = sandbox.shell("git diff -U0 | grep -E '^(\\+\\+\\+|@@|-[^-])'")?;
    let (mut file, mut line, mut shown) = (String::new(), 0, Vec::new());
    for row in diff.lines() {
        if let Some(name) = row.strip_prefix("+++ b/") {
            file = name.to_owned();
        } else if let Some(range) = row.strip_prefix("@@ -") {
            line = range.split([' ', ',']).next().unwrap_or_default().parse()?;
        } else {
            assert!(row.contains("0.1.0"), "{row}");
            shown.push((format!("{file}:{line} 0.1.0"), "0.2.0".to_owned()));
            line += 1;
        }
    }
    assert_eq!(listed, shown);
    Ok(())
}

#[test]
fn v38_v39_v40_a_hotfix_is_of_both_packages_and_takes_no_used_number() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.pipeline("minor", "tag-release")?;
    sandbox
        .shell("git commit -q --allow-empty -m 'feat: half of a feature' && git switch -qc hotfix v0.2.0")?;
    sandbox.shell("git commit -q --allow-empty -m 'fix: mend it'")?;
    let error = sandbox.refused("bump-version", &["patch", "--package", "wagon-cdk"], "", 2)?;
    assert!(error.contains("the packages of `wagon` are released together"), "{error}");
    let tagged = sandbox.pipeline("patch", "tag-release")?;
    assert!(tagged.contains("\"current\": \"0.2.1\"") && !tagged.contains("half of a feature"), "{tagged}");
    for used in ["0.2.1", "0.2.0", "0.1.0", "0.1.5"] {
        let error = sandbox.refused("bump-version", &[used], "", 1)?;
        assert!(error.contains(&format!("cannot release {used}")), "{error}");
    }
    sandbox.shell("git switch -q main")?;
    let error = sandbox.refused("bump-version", &["patch"], "", 1)?;
    assert!(error.contains("cannot release 0.2.1") && error.contains("v0.2.1"), "{error}");
    Ok(())
}

#[test]
fn v21_v22_a_quick_validation_of_a_dirty_tree_at_a_terminal() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.shell("echo half-done >> README.md")?;
    let (code, said) = at_a_terminal(&sandbox, "validate --quick --allow-dirty")?;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is built yet") && said.contains("ok: lint"), "{said}");
    assert!(!said.contains("ok: tests"), "slow checks are left out: {said}");
    let (code, said) = at_a_terminal(&sandbox, "validate --quick")?;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("README.md"), "{said}");
    Ok(())
}

#[test]
fn v13_a_clean_build_at_a_terminal_and_one_package_alone() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.shell("mkdir -p dist && touch dist/wagon_core-0.0.1-py3-none-any.whl dist/notes.txt")?;
    let (code, said) = at_a_terminal(&sandbox, "build-wheels --clean > ../built.json")?;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        sandbox.shell("ls dist")?,
        "notes.txt\nwagon_cdk-0.1.0-py3-none-any.whl\nwagon_cdk-0.1.0.tar.gz\nwagon_core-0.1.0-py3-none-any.whl\nwagon_core-0.1.0.tar.gz\n"
    );
    let current = sandbox.must("bump-version", &["current"], "")?;
    let built = sandbox.must("build-wheels", &["--package", "Wagon_Core"], &current)?;
    assert!(
        built.contains("wagon_core-0.1.0.tar.gz") && !built.contains("wagon_cdk-0.1.0.tar.gz"),
        "{built}"
    );
    Ok(())
}

#[test]
fn v28_a_dry_distribution_and_one_package_alone() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let tagged = sandbox.pipeline("minor", "tag-release")?;
    let output = sandbox.run("distribute", &["--dry-run", "--to", "staging"], &tagged)?;
    assert!(
        output.status.success() && text(&output.stderr).contains("publish wagon_core-0.2.0-*.whl to staging")
    );
    assert!(!sandbox.project().join("dist/index").exists());
    // The dependent pins the other package exactly, so alone it could not be installed.
    let error = sandbox.refused("distribute", &["--package", "wagon-cdk"], &tagged, 1)?;
    assert!(error.contains("wagon-core"), "{error}");
    assert!(!sandbox.project().join("dist/index/simple/wagon-cdk").exists());
    sandbox.must("distribute", &["--package", "wagon-core"], &tagged)?;
    sandbox.must("distribute", &["--package", "wagon-cdk"], &tagged)?;
    Ok(())
}

#[test]
fn v24_v25_the_index_has_hashes_python_versions_and_metadata() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    sandbox.shell(
        "cd dist/index/simple/wagon-cdk
         sum=$(sha256sum wagon_cdk-0.2.0-py3-none-any.whl | cut -d' ' -f1)
         grep -q \"wagon_cdk-0.2.0-py3-none-any.whl#sha256=$sum\" index.html
         grep -q 'data-requires-python=\"&gt;=3.9\"' index.html
         meta=$(sha256sum wagon_cdk-0.2.0-py3-none-any.whl.metadata | cut -d' ' -f1)
         grep -q \"data-core-metadata=\\\"sha256=$meta\\\"\" index.html
         grep -q '^Requires-Dist: wagon-core==0.2.0' wagon_cdk-0.2.0-py3-none-any.whl.metadata
         python3 - $sum <<'P'
import json, sys
page = json.load(open('index.json'))
assert page['meta']['api-version'].startswith('1.') and page['name'] == 'wagon-cdk' and page['versions'] == ['0.2.0']
wheel = next(f for f in page['files'] if f['filename'].endswith('.whl'))
assert wheel['hashes']['sha256'] == sys.argv[1] and wheel['requires-python'] == '>=3.9' and wheel['size'] > 0
P",
    )?;
    Ok(())
}

#[test]
fn an_untracked_or_uncommitted_file_never_ends_up_in_a_wheel() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let committed = sandbox.pipeline("minor", "commit-release")?;
    sandbox.shell("echo secret > packages/core/src/wagon_core/stray.py; echo '# half-done' >> packages/core/src/wagon_core/wheels.py")?;
    sandbox.must("build-wheels", &[], &committed)?;
    sandbox.shell(
        "! python3 -m zipfile -l dist/wagon_core-0.2.0-py3-none-any.whl | grep stray
         python3 -c 'import zipfile; print(zipfile.ZipFile(\"dist/wagon_core-0.2.0-py3-none-any.whl\").read(\"wagon_core/wheels.py\").decode())' > ../wheels.py
         grep -q spokes ../wheels.py
         ! grep half-done ../wheels.py
         ! tar tzf dist/wagon_core-0.2.0.tar.gz | grep stray",
    )?;
    Ok(())
}

#[test]
fn a_stale_wheel_in_dist_is_neither_checked_nor_published() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.shell("mkdir dist && echo stale > dist/wagon_core-0.0.9-py3-none-any.whl")?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    sandbox.shell(
        "! grep -r 0.0.9 dist/SHA256SUMS dist/index; test -f dist/wagon_core-0.0.9-py3-none-any.whl",
    )?;
    Ok(())
}
