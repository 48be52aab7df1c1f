//! What GitHub refuses, has lost or hides: told with its cause, before anything is written.

use anyhow::{Context, Result};
use serde_json::json;
use tests::releases::Stage;

#[test]
fn what_github_refuses_is_told_before_anything_is_written() -> Result<()> {
    let mut stage = Stage::new("minor", "")?;
    for (fault, expected, hint) in [
        (
            "if 'generate' in path: answer(flow, 403, {'message': 'Resource not accessible by integration'}, x_accepted_github_permissions='contents=write')",
            "cannot make a release in `octo/wagon` at {api}: the token may not do that (403: Resource not accessible by integration)",
            "`contents: write` of the repository; a workflow has it by `permissions` (GitHub asks for `contents=write`)",
        ),
        (
            "if 'generate' in path: answer(flow, 404, {'message': 'Not Found'})",
            "cannot make a release in `octo/wagon` at {api}: it knows no such thing, or the token may not see it (404)",
            "`contents: write`",
        ),
        (
            "if 'generate' in path: answer(flow, 403, {'message': 'SSO'}, x_github_sso='required; url=https://sso.example/x')",
            "the token may not do that (403: SSO)",
            "allow the token to be used for the organisation at https://sso.example/x",
        ),
        (
            "if path.endswith('/releases'): answer(flow, 404, {'message': 'Not Found'})",
            "cannot list the releases of `octo/wagon` at {api}: there is no such repository, or the token may not see it (404)",
            "`contents: write`",
        ),
        (
            "if path.endswith('/releases'): answer(flow, 403, {'message': 'API rate limit exceeded'}, x_ratelimit_remaining='0', x_ratelimit_reset='1772368260')",
            "its limit of requests is reached until 2026-03-01 12:31 UTC (403)",
            "run `distribute` again then",
        ),
        (
            "if 'git/ref' in path: answer(flow, 404, {'message': 'Not Found'})",
            "cannot publish the release `v0.2.0` to `octo/wagon`: the repository has no such tag",
            "run `tag-release` again",
        ),
        (
            "answer(flow, 404, {'message': 'Not Found'})",
            "cannot list the releases of `octo/wagon` at {api}: there is no such repository, or the token may not see it (404)",
            "`contents: write`",
        ),
        (
            "if 'git/tags' in path and when == 'after': told['object']['sha'] = 'f' * 40",
            "its tag is at ffffffffffffffffffffffffffffffffffffffff, and the release is ",
            "a tag is never moved",
        ),
        (
            "if when == 'after' and path.endswith('/releases') and flow.request.method == 'GET': told[:] = [{}]",
            "cannot list the releases of `octo/wagon` at {api}: the answer cannot be read: missing field `id`",
            "run `distribute` again",
        ),
    ] {
        stage.say(
            "fault.py",
            &if fault.contains("'after'") {
                fault.to_owned()
            } else {
                format!("if when == 'before':\n {fault}")
            },
        )?;
        let error = stage.refused()?;
        assert!(error.contains(&expected.replace("{api}", &stage.api)), "{error}");
        assert!(error.contains(hint), "{error}");
    }
    let rename = "if when == 'after' and path.endswith('/assets') and flow.request.method == 'POST': told['name'] = 'x'";
    stage.say("fault.py", rename)?;
    let error = stage.refused()?;
    assert!(
        error.contains("cannot upload `release.json`") && error.contains("GitHub calls it `x`"),
        "{error}"
    );
    assert_eq!(stage.releases()?[0]["assets"], json!([]));
    stage.forget("fault.py");
    stage.clear()?;
    let create = "if when == 'before' and path.endswith('/releases') and flow.request.method == 'POST':\n answer(flow, 422, {'message': 'Validation Failed', 'errors': [{'resource': 'Release', 'code': 'custom', 'field': 'tag_name', 'message': 'tag_name is not a valid tag'}, 'and more']})";
    stage.say("fault.py", create)?;
    let error = stage.refused()?;
    assert!(
        error.contains(
            "it refuses that (422: Validation Failed; `tag_name`: tag_name is not a valid tag, and more)"
        ),
        "{error}"
    );
    stage.forget("fault.py");

    stage.sandbox.set("GH_TOKEN", "marker-of-a-wrong-token");
    let error = stage.refused()?;
    assert!(error.contains("it does not accept the token (401)") && !error.contains("marker-of"), "{error}");
    for odd in ["marker of\ntwo lines", "märker"] {
        stage.sandbox.set("GH_TOKEN", odd);
        let error = stage.refused()?;
        assert!(error.contains("its token has a character that no token has"), "{error}");
        assert!(error.contains("hint: copy the token anew") && !error.contains("rker"), "{error}");
    }
    stage.sandbox.set("GH_TOKEN", "");
    stage.sandbox.set("GITHUB_TOKEN", "");
    let error = stage.refused()?;
    assert!(
        error.contains(&format!(
            "cannot ask GitHub about `octo/wagon` at {}: there is no token for it",
            stage.api
        )),
        "{error}"
    );
    assert!(
        error
            .contains("hint: set GH_ENTERPRISE_TOKEN or GITHUB_ENTERPRISE_TOKEN or GH_TOKEN or GITHUB_TOKEN"),
        "{error}"
    );
    assert_eq!(stage.releases()?, json!([]));
    Ok(())
}

#[test]
fn what_github_has_lost_hidden_or_cut_is_told() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    let (document, _) = stage.distribute(&[])?;
    let said = |code: i32| -> Result<String> {
        let output = stage.sandbox.run("validate", &["--published"], &document)?;
        let said = tests::text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        Ok(said)
    };
    let good = said(0)?;
    assert!(good.contains("ok: published assets at page: 13 assets with their hashes, "), "{good}");
    stage.say("old", "yes")?;
    said(0).context("a server without digests is asked for the bytes")?;
    stage.forget("old");
    stage.say(
        "fault.py",
        "if when == 'after' and path.endswith('/assets'):
    told[:] = [one for one in told if one['name'] != 'SHA256SUMS']
    for one in told:
        if one['name'] == 'SHA512SUMS': one['state'] = 'starter'
        if one['name'].endswith('.whl'): one['digest'] = 'sha256:' + '0' * 64
if when == 'after' and path.endswith('/releases'):
    for one in told: one['draft'] = True
if when == 'before' and '/git/ref/tags/' in path: answer(flow, 404, {'message': 'Not Found'})
",
    )?;
    let bad = said(1)?;
    for problem in [
        "cannot trust the release `v0.2.0` of `octo/wagon`: it is a draft, which nobody sees; the repository has no such tag; ",
        "`SHA256SUMS` is missing there; ",
        "`SHA512SUMS` has not arrived as a whole; ",
        "`wagon_core-0.2.0-py3-none-any.whl` has the SHA-256 0000000000",
        "hint: run `distribute --to page` again",
    ] {
        assert!(bad.contains(problem), "{problem}\n{bad}");
    }
    stage.forget("fault.py");
    stage.clear()?;
    let gone = said(1)?;
    assert!(gone.contains("cannot trust the release `v0.2.0` of `octo/wagon`: there is none"), "{gone}");
    Ok(())
}
