//! Faults on the way to GitHub: whatever happens, one whole release is what comes of it, by requests that GitHub describes.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::github::TOKEN;
use tests::releases::Stage;

#[test]
fn killed_at_any_request_it_ends_in_one_whole_release() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    let whole = stage.releases()?;
    let mut kills = 0;
    for number in 1.. {
        let mut was_killed = false;
        for when in ["before", "after"] {
            stage.clear()?;
            was_killed = stage.killed(&format!("{when} {number}"))?;
            if !was_killed {
                break;
            }
            kills += 1;
            let left = stage.releases()?;
            assert!(left.as_array().is_some_and(|left| left.len() < 2), "{left:#}");
            stage.distribute(&[])?;
            assert_eq!(stage.releases()?, whole, "{when} {number}");
        }
        if !was_killed {
            break;
        }
    }
    // One for the draft, one for each file, and one that makes it public.
    assert_eq!(kills, 2 * (1 + 14 + 1));
    Ok(())
}

#[test]
fn a_lost_answer_a_broken_upload_and_a_busy_server_end_in_one_whole_release() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    let whole = stage.releases()?;
    let is_upload = "flow.request.method == 'POST' and path.endswith('/assets')";
    let is_draft = "flow.request.method == 'POST' and path.endswith('/releases')";
    let is_last = "flow.request.method == 'PATCH'";
    for (what, fault) in [
        ("the server made the draft", format!("if when == 'after' and {is_draft}: answer(flow, 502, {{}})")),
        (
            "it did not make it",
            format!("if when == 'before' and {is_draft} and number == 1: answer(flow, 502, {{}})"),
        ),
        ("no answer", format!("if when == 'after' and {is_draft}: flow.kill()")),
        ("the files are there", format!("if when == 'after' and {is_upload}: answer(flow, 502, {{}})")),
        (
            "they are not",
            format!("if when == 'before' and {is_upload} and number % 3 == 0: answer(flow, 500, {{}})"),
        ),
        (
            "no answer to files",
            format!("if when == 'after' and {is_upload} and number % 3 == 0: flow.kill()"),
        ),
        (
            "a part of the bytes",
            format!(
                "if when == 'before' and {is_upload} and number in (3, 4): flow.request.content = flow.request.content[:9]"
            ),
        ),
        (
            "an upload that broke off",
            format!(
                "if when == 'after' and {is_upload} and number == 5:\n told['state'] = 'starter'\n stored[str(told['id'])] = b''"
            ),
        ),
        (
            "too many at once",
            format!(
                "if when == 'before' and {is_upload} and number == 6: answer(flow, 403, {{'message': 'You have exceeded a secondary rate limit'}}, retry_after='1')"
            ),
        ),
        (
            "it was public",
            format!("if when == 'after' and {is_last} and number == 16: answer(flow, 502, {{}})"),
        ),
        ("it was not", format!("if when == 'before' and {is_last} and number < 17: answer(flow, 503, {{}})")),
    ] {
        stage.clear()?;
        stage.forget("counted");
        stage.say("fault.py", &fault)?;
        stage.distribute(&[]).with_context(|| what.to_owned())?;
        stage.forget("fault.py");
        assert_eq!(stage.releases()?, whole, "{what}");
    }
    Ok(())
}

#[test]
fn every_request_is_one_that_github_describes() -> Result<()> {
    let stage = Stage::under_contract("minor", "discussion-category = \"Releases\"")?;
    // One that is wrong is noticed.
    let wrong = json!({ "tag_name": 3, "drafft": true });
    let address = format!("{}/repos/octo/wagon/releases", stage.api);
    let asked = ureq::post(&address).header("Authorization", format!("Bearer {TOKEN}"));
    assert!(asked.content_type("application/json").send(wrong.to_string()).is_err());
    let noticed = stage.said("violations");
    assert!(noticed.contains("tag_name must be string") && noticed.contains("drafft"), "{noticed}");
    stage.forget("violations");

    stage.killed("after 9")?;
    stage.distribute(&[])?;
    let fault =
        "if when == 'before' and path.endswith('/assets') and number == 3: flow.request.content = b'part'";
    stage.say("fault.py", fault)?;
    stage.clear()?;
    stage.forget("counted");
    stage.distribute(&[])?;
    let deleted = stage
        .said("requests")
        .lines()
        .filter(|line| line.starts_with("DELETE") && line.contains("/assets/"))
        .count();
    assert!(deleted > 0, "the broken upload is removed");
    let violations = stage.said("violations");
    // OpenAPI has no words for a ref with slashes in it, which GitHub takes, nor for GraphQL.
    let is_known = |line: &&str| {
        let is_elsewhere = line.contains("/git/ref/tags/") || line.contains("/graphql ");
        is_elsewhere && line.contains("Selected route not found")
    };
    let requests = violations.lines().filter(|line| line.contains("\"request\""));
    let own: Vec<&str> = requests.filter(|line| !is_known(line)).collect();
    assert!(own.is_empty(), "{own:#?}");
    Ok(())
}

#[test]
fn long_notes_end_with_a_link_and_the_sources_are_those_of_the_tag() -> Result<()> {
    let mut stage = Stage::new("minor", "title = \"The wagon, {tag}\"\nlatest = false")?;
    let mut document: Value = serde_json::from_str(&stage.document)?;
    document["notes"]["body"] = json!("- one entry of very many\n".repeat(6000));
    stage.document = format!("{document:#}\n");
    // What is not committed, and what a user has set, is not in the sources.
    stage
        .sandbox
        .shell("echo more >> README.md && git config core.autocrlf true && git config tar.umask 0")?;
    stage.distribute(&[])?;
    let release = &stage.releases()?[0];
    let body = release["body"].as_str().context("body")?;
    assert!(body.len() <= 125_000 && body.len() > 124_900, "{}", body.len());
    let link = format!("[The full notes]({}/octo/wagon/blob/v0.2.0/CHANGELOG.md)", stage.api);
    assert!(body.ends_with(&link), "{}", &body[body.len() - 200..]);
    assert_eq!(release["name"], "The wagon, v0.2.0");
    let last = stage.said("requests").lines().rfind(|line| line.starts_with("PATCH")).map(str::to_owned);
    assert!(last.is_some_and(|last| last.contains("\"make_latest\":\"false\"")));

    let assets = stage.github.get("releases")?[0]["assets"].clone();
    let mut assets = assets.as_array().context("assets")?.iter();
    let id = &assets.find(|asset| asset["name"] == "wagon-0.2.0-source.tar.gz").context("sources")?["id"];
    let held = stage.sandbox.shell(&format!(
        "curl -sf -o ../sources.tar.gz -H 'Authorization: Bearer {TOKEN}' -H 'Accept: application/octet-stream' {}/repos/octo/wagon/releases/assets/{id}
         git config --unset core.autocrlf; git config --unset tar.umask
         mkdir ../a ../b && tar -C ../a -xzf ../sources.tar.gz && git archive --prefix=wagon-0.2.0/ v0.2.0 | tar -C ../b -x
         diff -r ../a ../b && od -An -tx1 -N10 ../sources.tar.gz",
        stage.api
    ))?;
    // No time, no name, no system (RFC 1952).
    assert_eq!(held.trim(), "1f 8b 08 00 00 00 00 00 00 ff");
    Ok(())
}

#[test]
fn the_sources_are_the_same_from_any_clone_and_after_later_commits() -> Result<()> {
    let mut stage = Stage::new("minor", "")?;
    // As projects with setuptools-scm have it: the names of a commit change with what is around it.
    stage.sandbox.shell(
        "printf 'names: $Format:%%D$\\ndescribed: $Format:%%(describe:tags=true)$\\n' > .git_archival.txt
         echo '.git_archival.txt export-subst' > .gitattributes
         git add -A && git commit -qm 'chore: name the commit in archives' && git push -q origin main",
    )?;
    stage.document = stage.sandbox.pipeline("0.3.0", "tag-release")?;
    let tag: Value = serde_json::from_str(&stage.document)?;
    stage.tag("v0.3.0", tag["tag"]["commit"].as_str().context("commit")?)?;
    stage.distribute(&[])?;
    let before = stage.releases()?;
    stage.sandbox.shell(
        "git commit -q --allow-empty -m 'feat: more' && git push -q origin main && git branch other v0.3.0",
    )?;
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("skip: upload wagon-0.3.0-source.tar.gz to page: it is there already"), "{said}");
    assert_eq!(stage.releases()?, before);
    let id = stage.github.get("releases")?[0]["assets"].clone();
    let mut assets = id.as_array().context("assets")?.iter();
    let id = &assets.find(|asset| asset["name"] == "wagon-0.3.0-source.tar.gz").context("sources")?["id"];
    let names = stage.sandbox.shell(&format!(
        "curl -sf -H 'Authorization: Bearer {TOKEN}' -H 'Accept: application/octet-stream' \
         {}/repos/octo/wagon/releases/assets/{id} | tar -xzO wagon-0.3.0/.git_archival.txt",
        stage.api
    ))?;
    assert_eq!(names, "names: tag: v0.3.0\ndescribed: v0.3.0\n");
    Ok(())
}
