//! What holds for the settings of every other tool: a release.toml made from them says the same.

use anyhow::Result;
use tests::{Sandbox, text};

/// Writes a release.toml from what another tool says, and bumps once by each: the edits and the tag are the same.
pub fn init_says_the_same(sandbox: &Sandbox, request: &[&str]) -> Result<()> {
    let planned = |what: &str| -> Result<serde_json::Value> {
        let document = sandbox.must("bump-version", &[request, &["--dry-run"]].concat(), "")?;
        let said = sandbox.run("bump-version", &["--check"], "")?;
        assert_eq!(text(&said.stderr).contains("no release.toml"), what == "foreign");
        Ok(serde_json::from_str(&document)?)
    };
    let foreign = planned("foreign")?;
    let printed = sandbox.must("bump-version", &["--init", "--dry-run"], "")?;
    sandbox.must("bump-version", &["--init"], "")?;
    assert_eq!(std::fs::read_to_string(sandbox.project().join("release.toml"))?, printed);
    sandbox.shell("git add -A && git commit -qm 'chore: settings'")?;
    let own = planned("own")?;
    for key in ["edits", "packages"] {
        assert_eq!(own[key], foreign[key], "{printed}");
    }
    assert_eq!(own["version"]["tag"], foreign["version"]["tag"], "{printed}");
    sandbox.shell("git reset -q --hard HEAD^")?;
    Ok(())
}
