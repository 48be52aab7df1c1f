//! A release at GitHub that is taken back: found by its tag, hidden, held where it is immutable, killed on the way.

use std::fs;

use anyhow::{Result, ensure};
use document::{Fate, Release};
use serde_json::json;
use tests::releases::Stage;
use tests::text;

/// Runs `rollback`, which must succeed, and returns its document and what it says.
fn rollback(stage: &Stage, arguments: &[&str], document: &str) -> Result<(Release, String)> {
    let output = stage.sandbox.run("rollback", arguments, document)?;
    let said = text(&output.stderr);
    ensure!(output.status.success(), "{said}");
    Ok((Release::from_json(&output.stdout)?, said))
}

fn fate(release: &Release, what: &str) -> Option<(Fate, String)> {
    let entry = release.withdrawals.iter().flatten().find(|entry| entry.what == what)?;
    Some((entry.fate, entry.detail.clone()))
}

#[test]
fn it_is_found_by_its_version_and_hidden_before_its_tag_goes() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    let (found, said) = rollback(&stage, &["--release", "0.2.0", "--dry-run"], "")?;
    assert!(said.contains("that in release.json of the release v0.2.0 of the target `page`"), "{said}");
    assert_eq!(found.publications.as_ref().map(Vec::len), Some(1));
    let order = ["make the release v0.2.0 on page a draft", "revert ", "push to origin"];
    let at: Vec<Option<usize>> = order.iter().map(|words| said.find(words)).collect();
    assert!(at.is_sorted() && at[0].is_some(), "{at:?}: {said}");
    let (_, said) = rollback(&stage, &["--release", "0.2.0", "--dry-run", "--unyank"], "")?;
    assert!(said.contains("show the release v0.2.0 on page again: it is public"), "{said}");
    let before = stage.releases()?;
    let (done, _) = rollback(&stage, &["--release", "0.2.0", "--yes"], "")?;
    let after = stage.releases()?;
    assert_eq!((&after[0]["draft"], &after[0]["assets"]), (&json!(true), &before[0]["assets"]));
    let draft = Some((Fate::Withdrawn, "it is a draft, which nobody sees".to_owned()));
    assert_eq!(fate(&done, "release v0.2.0 on page"), draft);
    stage.sandbox.shell("! git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0")?;
    // The draft still has the document.
    let (_, said) = rollback(&stage, &["--release", "v0.2.0", "--yes", "--unyank"], "")?;
    assert!(
        said.contains("show the release v0.2.0 on page again: an owner does that in the browser"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_repository_that_was_renamed_is_published_to_and_taken_back_from() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    let moved = "if when == 'before' and path.startswith('/repos/octo/wagon/') and flow.request.method != 'GET':\n \
                 answer(flow, 307, {'message': 'Temporary Redirect'}, location=flow.request.path.replace('/repos/octo', '/repos/OCTO', 1))\n\
                 if when == 'before' and path.startswith('/repos/OCTO/'):\n flow.request.path = flow.request.path.replace('/repos/OCTO', '/repos/octo', 1)";
    stage.say("fault.py", moved)?;
    let (document, _) = stage.distribute(&[])?;
    assert_eq!(stage.releases()?[0]["draft"], false);
    rollback(&stage, &["--yes"], &document)?;
    assert_eq!(stage.releases()?[0]["draft"], true);
    rollback(&stage, &["--yes", "--delete"], &document)?;
    assert_eq!(stage.releases()?, json!([]));
    Ok(())
}

#[test]
fn killed_at_any_request_of_a_run_without_publications_it_ends_hidden() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    // What a `distribute` that was cut short has handed on to nobody.
    fs::write(stage.sandbox.path("document.json"), &stage.document)?;
    let program = stage.sandbox.programs().join("rollback");
    let mut killed = 0;
    for when in 1..100 {
        let mut command = stage.sandbox.command("strace");
        let inject = format!("inject=sendto,writev:signal=SIGKILL:when={when}");
        command.args(["-qq", "-o", "/dev/null", "-e", "trace=sendto,writev", "-e", &inject]);
        command.arg(&program).arg("--yes");
        let output = command.stdin(fs::File::open(stage.sandbox.path("document.json"))?).output()?;
        if output.status.success() {
            break;
        }
        assert!(output.stdout.is_empty(), "a killed run has handed on a document");
        killed += 1;
    }
    assert!(killed > 1, "only {killed} runs were killed");
    let (done, said) = rollback(&stage, &["--yes"], &stage.document)?;
    assert!(said.contains("make the release v0.2.0 on page a draft: it is one already"), "{said}");
    assert_eq!(fate(&done, "release v0.2.0 on page").map(|entry| entry.0), Some(Fate::Withdrawn));
    assert_eq!(stage.releases()?[0]["draft"], json!(true));
    Ok(())
}

#[test]
fn an_immutable_release_is_kept_with_its_tag_until_it_is_deleted() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    let (document, _) = stage.distribute(&[])?;
    stage.say("immutable", "yes")?;
    let (done, said) = rollback(&stage, &["--yes"], &document)?;
    let why = "it is immutable: it can be deleted (`--delete`), and not hidden";
    assert_eq!(fate(&done, "release v0.2.0 on page"), Some((Fate::Kept, why.to_owned())));
    let held = "the immutable release on page holds it";
    assert_eq!(fate(&done, "tag v0.2.0"), Some((Fate::Kept, held.to_owned())));
    assert!(said.contains(&format!("skip: delete the tag v0.2.0 here: {held}")), "{said}");
    assert_eq!(stage.releases()?[0]["draft"], json!(false));
    stage.sandbox.shell(
        "git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0
         git -C ../origin.git rev-parse -q --verify refs/tags/withdrawn/v0.2.0
         git -C ../origin.git log -1 --format=%s main | grep -qx 'revert: release 0.2.0'",
    )?;
    let (done, _) = rollback(&stage, &["--yes", "--delete"], &done.to_json()?)?;
    let deleted = (Fate::Withdrawn, "deleted with its files".to_owned());
    assert_eq!(fate(&done, "release v0.2.0 on page"), Some(deleted));
    assert_eq!(stage.releases()?, json!([]));
    stage.sandbox.shell("! git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0")?;
    Ok(())
}

#[test]
fn without_a_token_nothing_is_taken_back_of_what_is_known_to_be_there() -> Result<()> {
    let mut stage = Stage::new("minor", "")?;
    let (document, _) = stage.distribute(&[])?;
    let refs = "git for-each-ref; git ls-remote ../origin.git";
    let before = stage.sandbox.shell(refs)?;
    stage.sandbox.set("GITHUB_TOKEN", "wrong");
    let error = stage.sandbox.refused("rollback", &["--yes"], &document, 1)?;
    assert!(error.contains("(401)") || error.contains("(404)"), "{error}");
    stage.sandbox.set("GITHUB_TOKEN", "");
    let error = stage.sandbox.refused("rollback", &["--yes"], &document, 1)?;
    assert!(error.contains("there is no token for it"), "{error}");
    // Where the release is looked for is where it is, also without a token.
    let error = stage.sandbox.refused("rollback", &["--yes", "--release", "0.2.0"], "", 1)?;
    let warning =
        format!("warning: cannot ask GitHub about `octo/wagon` at {}: there is no token", stage.api);
    assert!(error.contains(&warning), "{error}");
    assert_eq!(stage.sandbox.shell(refs)?, before);
    // Where only a run that was cut short may have left something, it is said.
    let (done, said) = rollback(&stage, &["--yes"], &stage.document)?;
    assert!(
        said.contains(
            "take the release v0.2.0 on page back: nobody could look whether anything is left: cannot ask"
        ),
        "{said}"
    );
    let (kept, why) = fate(&done, "release v0.2.0 on page").unwrap();
    assert!(kept == Fate::Kept && why.starts_with("nobody could look whether anything is left"), "{why}");
    Ok(())
}
