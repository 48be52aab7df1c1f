//! Releases at GitHub: a draft until all of it is there, made once whatever happens on the way.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use document::Release;
use serde_json::{Value, json};
use tests::releases::Stage;

/// The files of the release, but for the signatures.
const FILES: [&str; 8] = [
    "SHA256SUMS",
    "SHA512SUMS",
    "release.json",
    "wagon-0.2.0-source.tar.gz",
    "wagon_cdk-0.2.0-py3-none-any.whl",
    "wagon_cdk-0.2.0.tar.gz",
    "wagon_core-0.2.0-py3-none-any.whl",
    "wagon_core-0.2.0.tar.gz",
];

/// The bodies of the requests of that method to a path with that end.
fn bodies(stage: &Stage, method: &str) -> Vec<Value> {
    let requests = stage.said("requests");
    let of_method = requests.lines().filter(|line| line.starts_with(method));
    of_method.filter_map(|line| serde_json::from_str(line.splitn(3, ' ').nth(2)?).ok()).collect()
}

#[test]
fn m8_o18_d25_a_release_has_notes_all_files_and_is_public_last() -> Result<()> {
    let stage = Stage::new("minor", "discussion-category = \"Releases\"")?;
    let (_, dry) = stage.distribute(&["--dry-run"])?;
    assert!(dry.contains("make a draft of the release `v0.2.0` on page"), "{dry}");
    assert_eq!(stage.releases()?, json!([]));
    stage.forget("requests");

    let (document, said) = stage.distribute(&[])?;
    assert!(said.contains("distribute: publish the release `v0.2.0` on page as the latest one\n"), "{said}");
    let releases = stage.releases()?;
    let release = &releases[0];
    assert_eq!((&release["name"], &release["draft"]), (&json!("wagon 0.2.0"), &json!(false)));
    let (document, notes) = (Release::from_json(document.as_bytes())?, release["body"].as_str());
    assert_eq!(notes, document.notes.as_ref().map(|notes| notes.body.trim_end()));
    let assets: BTreeSet<String> = stage.assets()?.into_iter().collect();
    let signed = FILES.iter().filter(|name| assets.contains(&format!("{name}.minisig"))).count();
    assert!(FILES.iter().all(|name| assets.contains(*name)), "{assets:?}");
    assert_eq!((signed, assets.len()), (6, 14), "{assets:?}");

    // The document on the release is that of the run, and knows the digest of all the rest.
    let publication = &document.publications.as_ref().context("publications")?[0];
    assert_eq!(publication.location, format!("github://octo/wagon?api={}", stage.api));
    let known: BTreeSet<String> =
        publication.files.iter().map(|file| file.path.file_name().to_owned()).collect();
    assert_eq!(&assets - &known, BTreeSet::from(["release.json".to_owned()]));
    let sizes = release["assets"].as_array().context("assets")?;
    for file in &publication.files {
        let digest = json!(format!("sha256:{}", file.sha256));
        assert!(sizes.iter().any(|asset| asset[0] == file.path.file_name() && asset[2] == digest));
    }

    // The draft comes first, its document next, and what everybody sees last.
    let requests = stage.said("requests");
    let writes: Vec<&str> = requests.lines().filter(|line| !line.starts_with("GET")).collect();
    assert!(writes[0].contains("/generate-notes "), "{requests}");
    assert!(writes[1].starts_with("POST /repos/octo/wagon/releases {"), "{requests}");
    assert!(writes[2].contains("/assets?name=release.json"), "{requests}");
    let (last, category) = (&bodies(&stage, "PATCH")[0], json!("Releases"));
    assert_eq!((&last["draft"], &last["prerelease"]), (&json!(false), &json!(false)));
    assert_eq!((&last["make_latest"], &last["discussion_category_name"]), (&json!("true"), &category));
    assert!(writes.last().is_some_and(|line| line.starts_with("PATCH")), "{requests}");

    stage.forget("requests");
    let (again, said) = stage.distribute(&[])?;
    assert_eq!(again, document.to_json()?);
    assert!(said.contains("skip: upload 14 files to page: they are there already"), "{said}");
    assert!(said.contains("skip: publish the release `v0.2.0` on page: it is public already"), "{said}");
    assert!(stage.said("requests").lines().all(|line| line.starts_with("GET")));
    assert_eq!(stage.releases()?, releases);
    Ok(())
}

#[test]
fn what_is_no_newest_release_does_not_become_the_latest_one() -> Result<()> {
    for (request, others, latest, title, prerelease) in [
        ("0.2.0rc1", &[][..], "false", "wagon 0.2.0rc1", true),
        ("0.1.0.post1", &[][..], "true", "wagon 0.1.0.post1 (hotfix)", false),
        ("0.1.0.post1", &["v0.5.0"][..], "false", "wagon 0.1.0.post1 (hotfix)", false),
        ("minor", &["v0.3.0rc1", "nightly", "w9.0"][..], "true", "wagon 0.2.0", false),
    ] {
        let stage = Stage::new(request, "")?;
        for tag in others {
            stage.github.post("releases", &json!({ "tag_name": tag, "draft": false }))?;
        }
        let (_, said) = stage.distribute(&[])?;
        let (made, published) = (&bodies(&stage, "POST")[1], &bodies(&stage, "PATCH")[0]);
        assert_eq!((&made["name"], &made["draft"]), (&json!(title), &json!(true)), "{said}");
        assert_eq!(published["make_latest"], json!(latest), "{request} {others:?}");
        assert_eq!(published["prerelease"], json!(prerelease), "{request}");
    }
    Ok(())
}

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
