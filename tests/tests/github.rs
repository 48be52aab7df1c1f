//! Releases at GitHub: a draft until all of it is there, made once whatever happens on the way.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use document::Release;
use serde_json::{Value, json};
use tests::github::TOKEN;
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

/// Says whether a request changes nothing.
fn is_question(line: &str) -> bool {
    line.starts_with("GET ") || line.contains("/graphql ") || line.contains("/generate-notes ")
}

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
    let writes: Vec<&str> = requests.lines().filter(|line| !is_question(line)).collect();
    let at = |what: &str| requests.lines().position(|line| line.contains(what));
    assert!(at("/generate-notes ").is_some_and(|asked| Some(asked) < at(writes[0])), "{requests}");
    assert!(writes[0].starts_with("POST /repos/octo/wagon/releases {"), "{requests}");
    assert!(writes[1].contains("/assets?name=release.json"), "{requests}");
    let (last, category) = (&bodies(&stage, "PATCH")[0], json!("Releases"));
    assert_eq!((&last["draft"], &last["prerelease"]), (&json!(false), &json!(false)));
    assert_eq!((&last["make_latest"], &last["discussion_category_name"]), (&json!("true"), &category));
    assert!(writes.last().is_some_and(|line| line.starts_with("PATCH")), "{requests}");

    stage.forget("requests");
    let (again, said) = stage.distribute(&[])?;
    assert_eq!(again, document.to_json()?);
    assert!(said.contains("skip: upload the lists of checksums to page: it is there already"), "{said}");
    assert!(said.contains("skip: publish the release `v0.2.0` on page: it is public already"), "{said}");
    assert!(stage.said("requests").lines().all(is_question));
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
        let (made, published) =
            (&bodies(&stage, "POST /repos/octo/wagon/releases ")[0], &bodies(&stage, "PATCH")[0]);
        assert_eq!((&made["name"], &made["draft"]), (&json!(title), &json!(true)), "{said}");
        assert_eq!(published["make_latest"], json!(latest), "{request} {others:?}");
        assert_eq!(published["prerelease"], json!(prerelease), "{request}");
    }
    Ok(())
}

#[test]
fn a_draft_is_completed_and_what_is_public_is_never_replaced() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    let whole = stage.releases()?;
    let upload = |id: &Value, name: &str, bytes: &str| -> Result<()> {
        stage.sandbox.shell(&format!(
            "printf '{bytes}' > ../asset && curl -sf -X POST -H 'Authorization: Bearer {TOKEN}' --data-binary @../asset \
             '{}/repos/octo/wagon/releases/{id}/assets?name={name}' > ../answer", stage.api
        ))?;
        Ok(())
    };
    let draft = |body: &str| -> Result<Value> {
        let fields = json!({ "tag_name": "v0.2.0", "name": "", "body": body, "draft": true });
        Ok(stage.github.post("releases", &fields)?["id"].clone())
    };

    // A draft by hand, with notes of its own, a file of its own, and one with other bytes of a name of ours.
    stage.clear()?;
    let id = draft("Written by hand")?;
    upload(&id, "extra.txt", "more")?;
    upload(&id, "SHA256SUMS", "other")?;
    upload(&id, "release.json", "{")?;
    let (_, said) = stage.distribute(&[])?;
    assert!(
        said.contains("skip: make a draft of the release `v0.2.0` on page: there is one already, "),
        "{said}"
    );
    assert!(said.contains("note: SHA256SUMS takes the place of other bytes in the draft\n"), "{said}");
    assert!(said.contains("note: release.json takes the place of other bytes in the draft\n"), "{said}");
    assert!(said.contains("stay as somebody has written them"), "{said}");
    let now = stage.releases()?;
    assert_eq!((&now[0]["name"], &now[0]["body"]), (&json!("wagon 0.2.0"), &json!("Written by hand")));
    let names = |release: &Value| release["assets"].as_array().map_or(0, Vec::len);
    assert_eq!(names(&now[0]), names(&whole[0]) + 1);

    // A draft of other files of the same version is nobody's to complete.
    stage.clear()?;
    let id = draft("")?;
    let mut other: Value = serde_json::from_str(&stage.document)?;
    other["artifacts"][0]["sha256"] = json!("0".repeat(64));
    upload(&id, "release.json", &other.to_string().replace('%', "%%").replace('\\', "\\\\"))?;
    let error = stage.refused()?;
    assert!(
        error.contains("cannot complete the draft http://") && error.contains("delete the draft"),
        "{error}"
    );
    assert_eq!(stage.assets()?, ["release.json"]);

    // Public: what is missing is added, and other bytes are an error that names both.
    stage.clear()?;
    let public = json!({ "tag_name": "v0.2.0", "name": "t", "body": "b", "draft": false });
    let id = stage.github.post("releases", &public)?["id"].clone();
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("skip: publish the release `v0.2.0` on page: it is public already"), "{said}");
    assert_eq!(stage.releases()?[0]["assets"], whole[0]["assets"]);
    let assets = stage.github.get(&format!("releases/{id}/assets?per_page=100"))?;
    let sums = assets.as_array().and_then(|all| all.iter().find(|asset| asset["name"] == "SHA512SUMS"));
    let address = format!("{}/repos/octo/wagon/releases/assets/{}", stage.api, sums.context("sums")?["id"]);
    ureq::delete(&address).header("Authorization", format!("Bearer {TOKEN}")).call()?;
    upload(&id, "SHA512SUMS", "other")?;
    for age in ["", "old"] {
        stage.say("old", age)?;
        let error = stage.refused()?;
        let other = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";
        assert!(
            error
                .contains("cannot publish `SHA512SUMS` to `octo/wagon`: it is public there with other bytes"),
            "{error}"
        );
        assert!(error.contains(&format!("(SHA-256 {other}, here ")), "{error}");
    }

    // Immutable: equal is a skip, a missing file an error.
    stage.clear()?;
    stage.distribute(&[])?;
    stage.say("immutable", "yes")?;
    let (_, said) = stage.distribute(&[])?;
    assert!(!said.contains("distribute: upload "), "{said}");
    stage.clear()?;
    stage.github.post("releases", &public)?;
    let error = stage.refused()?;
    assert!(error.contains("the release `v0.2.0` is immutable, and has no such file"), "{error}");
    Ok(())
}

#[test]
fn f17_of_two_drafts_the_own_one_goes_and_a_foreign_one_is_told() -> Result<()> {
    let stage = Stage::new("minor", "")?;
    stage.distribute(&[])?;
    let whole = stage.releases()?;
    stage.clear()?;
    // The emulator makes no second release of a tag, and changes that of one that is there.
    let two = |bodies: [&str; 2]| -> Result<()> {
        stage.clear()?;
        for (at, body) in bodies.iter().enumerate() {
            let fields =
                json!({ "tag_name": format!("x{at}"), "name": "wagon 0.2.0", "body": body, "draft": true });
            stage.github.post("releases", &fields)?;
        }
        stage.say("fault.py", "if when == 'after' and 'generate' not in path:\n for one in told if isinstance(told, list) else [told]:\n  if isinstance(one, dict) and str(one.get('tag_name')).startswith('x'): one['tag_name'] = 'v0.2.0'")
    };
    let notes = whole[0]["body"].as_str().context("notes")?;
    two([notes, notes])?;
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("distribute: delete the draft http://"), "{said}");
    assert_eq!(stage.releases()?.as_array().map(Vec::len), Some(1));
    assert_eq!(stage.releases()?, whole);
    two([notes, "by hand"])?;
    let error = stage.refused()?;
    assert!(
        error.contains("cannot tell which one is the release `v0.2.0` of `octo/wagon`: http://"),
        "{error}"
    );
    assert!(error.contains("delete the drafts that are not wanted"), "{error}");
    assert_eq!(stage.releases()?.as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn the_remote_names_the_repository_and_a_category_is_one_that_is_there() -> Result<()> {
    let stage = Stage::new("minor", "discussion-category = \"News\"")?;
    stage
        .sandbox
        .shell("sed -i '/^repository/d' release.toml && git commit -qam 'chore: go by the remote'")?;
    let error = stage.refused()?;
    assert!(error.contains("cannot find the repository at GitHub: no remote leads to GitHub"), "{error}");
    assert!(error.contains("write `repository = \"owner/name\"` in its [[target]]"), "{error}");
    stage.sandbox.shell("git remote set-url origin git@github.example:octo/wagon.git")?;
    // What is not built yet is told by its pattern, and its tag is still to come.
    let next = stage.sandbox.must("bump-version", &["minor", "--dry-run"], "")?;
    let dry = tests::text(&stage.sandbox.run("distribute", &[], &next)?.stderr);
    for line in [
        "make a draft of the release `v0.3.0` on page",
        "upload release.json to page",
        "upload wagon_core-0.3.0-*.whl to page",
        "upload wagon_core-0.3.0.tar.gz to page",
        "upload the lists of checksums to page",
        "upload wagon-0.3.0-source.tar.gz to page",
        "publish the release `v0.3.0` on page as the latest one",
    ] {
        assert!(dry.contains(&format!("distribute: {line}\n")), "{dry}");
    }
    let categories = |answered: &str| {
        let fault = format!(
            "if path.endswith('/graphql'): answer(flow, 200, {{'data': {{'repository': {answered}}}}})"
        );
        stage.say("fault.py", &fault)
    };
    for (answered, hint) in [
        (
            "{'hasDiscussionsEnabled': True, 'discussionCategories': {'nodes': [{'name': 'General'}, {'name': 'Q&A'}]}}",
            "hint: the categories are: General, Q&A",
        ),
        (
            "{'hasDiscussionsEnabled': False, 'discussionCategories': {'nodes': []}}",
            "hint: turn the discussions",
        ),
    ] {
        categories(answered)?;
        let error = stage.refused()?;
        let expected = "cannot open a discussion in `News` of `octo/wagon`: there is no such category";
        assert!(error.contains(expected) && error.contains(hint), "{error}");
    }
    assert_eq!(stage.releases()?, json!([]));
    categories("{'hasDiscussionsEnabled': True, 'discussionCategories': {'nodes': [{'name': 'News'}]}}")?;
    let (document, _) = stage.distribute(&["--paranoid"])?;
    let publications = Release::from_json(document.as_bytes())?.publications.context("publications")?;
    assert!(publications[0].location.starts_with("github://octo/wagon?api="));
    let downloads = stage.said("requests").lines().filter(|line| line.contains("/releases/assets/")).count();
    assert_eq!(downloads, 14, "each file is read back");
    // Of bytes that change on their way back nothing becomes public.
    stage.clear()?;
    stage.say("fault.py", "if when == 'after' and '/releases/assets/' in path and flow.request.method == 'GET': flow.response.content = b'x'")?;
    let error = stage.sandbox.refused("distribute", &["--paranoid"], &stage.document, 1)?;
    assert!(
        error.contains("cannot publish `release.json` to `page`: SHA-256 ")
            && error.contains(" is served, and not "),
        "{error}"
    );
    assert_eq!(stage.releases()?[0]["draft"], json!(true));
    Ok(())
}
