//! The right to upload, which a release must have before it begins.

use std::fs;

use tests::indexes::PASSWORD;
use tests::uploads::Stage;
use tests::{Sandbox, text};

use super::{all, held, pypiserver};

#[test]
fn a_token_for_pypi_is_shown_to_no_server_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let mut stage = Stage::on(&[("own", &server)], "\n[[target]]\nname = \"pypi\"\nkind = \"pypi\"");
    stage.sandbox.set("UV_PUBLISH_USERNAME", "");
    stage.sandbox.set("UV_PUBLISH_PASSWORD", "");
    stage.sandbox.set("UV_PUBLISH_TOKEN", "pypi-a-marker");
    let said = stage.refused(&["--check"]);
    assert!(said.contains("cannot publish to `own`: there is no token"), "{said}");
    let hint = "hint: set UV_INDEX_OWN_PASSWORD to the token or the password of its user; UV_PUBLISH_TOKEN is for PyPI";
    assert!(said.contains(hint), "{said}");
    stage.sandbox.set("UV_INDEX_OWN_USERNAME", "me");
    stage.sandbox.set("UV_INDEX_OWN_PASSWORD", PASSWORD);
    stage.must(&["--check"]);
    // By itself it is the one that the token is for.
    stage.sandbox.set("UV_INDEX_OWN_PASSWORD", "");
    stage.sandbox.set("UV_PUBLISH_TOKEN", PASSWORD);
    stage.must(&["--to", "own"]);
}

#[test]
fn m22_a_missing_token_stops_a_release_before_anything_changes() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let mut sandbox = Sandbox::new("lockstep").unwrap();
    let path = sandbox.project().join("release.toml");
    let settings = fs::read_to_string(&path).unwrap();
    let (simple, uploads) = (server.simple.trim_end_matches('/'), &server.uploads);
    let own = format!(
        "\n[[target]]\nname = \"own\"\nkind = \"pypi\"\nurl = \"{simple}\"\npublish-url = \"{uploads}\"\n"
    );
    fs::write(&path, settings + &own).unwrap();
    sandbox.shell("git commit -qam 'chore: publish' && git push -q origin main").unwrap();
    let before = sandbox.shell("git rev-parse HEAD && git status --porcelain").unwrap();

    let refused = sandbox.run("xtask", &["release", "minor"], "").unwrap();
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    for line in [
        "cannot publish to `own`: there is no token, and no other right to upload",
        "hint: set UV_PUBLISH_TOKEN",
        "cannot start the release: a target would refuse it; nothing is changed",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(sandbox.shell("git rev-parse HEAD && git status --porcelain").unwrap(), before);
    sandbox.shell("test ! -e .git/wainwright/v0.2.0").unwrap();

    sandbox.set("UV_PUBLISH_USERNAME", "me");
    sandbox.set("UV_PUBLISH_PASSWORD", PASSWORD);
    sandbox.must("xtask", &["release", "minor"], "").unwrap();
    assert_eq!(held(folder.path()), all());

    // However its URLs are written, the target of the document is that of release.toml.
    let plan = sandbox.run("xtask", &["rollback", "0.2.0", "--dry-run"], "").unwrap();
    let plan = text(&plan.stderr);
    assert_eq!(plan.matches(" on own: no program can do that").count(), 4, "{plan}");
}
