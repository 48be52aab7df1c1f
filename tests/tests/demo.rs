//! The demo, as a newcomer runs it.

use anyhow::Result;
use tests::{Sandbox, text};

#[test]
fn the_demo_releases_installs_and_leaves_nothing_outside_its_folder() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let before = sandbox.files("")?;
    let folder = sandbox.path("demo").to_string_lossy().into_owned();
    let output = sandbox.run("xtask", &["demo", "--dir", &folder], "")?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("wagon-cdk 0.2.0 on wagon-core 0.2.0: a wagon with 48 spokes"), "{said}");
    assert!(!said.contains('\u{1b}'), "plain lines where there is no terminal: {said}");
    for stage in tests::PIPELINE {
        assert!(said.contains(&format!("\n  {stage} ")), "no time for {stage} in {said}");
    }
    let mut after = sandbox.files("")?;
    // uv keeps a lock of its own credentials in the home folder.
    let is_of_uv = |path: &str| "home/.local/share/uv/credentials/credentials.toml.lock".starts_with(path);
    after.retain(|path, _| {
        let is_known = before.contains_key(path) || !is_of_uv(path);
        !path.starts_with("demo") && path != ".stdin" && is_known
    });
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    // Every command that it recommends works; only the rollback needs a yes where there is no terminal.
    let recommended = |start: &str| {
        said.lines().find_map(|line| line.trim().starts_with(start).then(|| line.trim().to_owned()))
    };
    for start in ["git -C", "(cd ", "minisign -V"] {
        let command = recommended(start).unwrap_or_else(|| panic!("no `{start}` in {said}"));
        sandbox.shell(&command)?;
    }
    let (status, rollback) = (recommended("cargo xtask status"), recommended("cargo xtask rollback"));
    let words = |command: &Option<String>| command.clone().unwrap_or_default().replace("cargo xtask ", "");
    let status = sandbox.must("xtask", &words(&status).split(' ').collect::<Vec<_>>(), "")?;
    assert!(status.contains("v0.2.0: it is finished"), "{status}");
    let rollback = format!("{} --yes", words(&rollback));
    sandbox.must("xtask", &rollback.split(' ').collect::<Vec<_>>(), "")?;
    let status = sandbox.must("xtask", &["status", "--project", &format!("{folder}/project")], "")?;
    assert!(status.contains("v0.2.0: it was taken back"), "{status}");
    Ok(())
}

#[test]
fn the_demo_refuses_a_folder_that_exists() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    let folder = sandbox.path("home").to_string_lossy().into_owned();
    let error = sandbox.refused("xtask", &["demo", "--dir", &folder], "", 2)?;
    assert!(error.contains("it exists"), "{error}");
    Ok(())
}
