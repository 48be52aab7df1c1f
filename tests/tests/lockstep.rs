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
