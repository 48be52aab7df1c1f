//! `distribute` and `rollback` are killed at each of their requests: the next run ends as one that nobody disturbed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::indexes::{PASSWORD, PackageServer};
use tests::kills::{Kills, was_killed};
use tests::servers::Faults;
use tests::{releases, text, uploads};

/// The files of the release that go to an index.
const FILES: [&str; 4] = [
    "wagon_cdk-0.2.0-py3-none-any.whl",
    "wagon_cdk-0.2.0.tar.gz",
    "wagon_core-0.2.0-py3-none-any.whl",
    "wagon_core-0.2.0.tar.gz",
];

/// The settings of a target of the kind `pypi`.
fn target(simple: &str, uploads: &str) -> String {
    format!(
        "[[target]]\nname = \"own\"\nkind = \"pypi\"\nurl = \"{simple}\"\npublish-url = \"{uploads}\"\nwait = 30\n"
    )
}

/// The files that pypiserver has.
fn held(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder.join("packages"))?;
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry?.path();
        let name = path.file_name().context("no name")?.to_string_lossy().into_owned();
        Ok((name, fs::read(path)?))
    };
    entries.map(file).collect()
}

/// Has a run killed at each of its requests, and what it left looked at and completed; returns how often it was.
///
/// After each request its answer is lost. Before each that changes something, the server does not hear of it.
fn kill_everywhere(
    kills: &Kills,
    also: &[&str],
    reset: impl Fn(&str) -> Result<()>,
    run: impl Fn(&str) -> Result<Output>,
    complete: impl Fn(&str) -> Result<()>,
) -> Result<usize> {
    let mut killed = 0;
    for number in 1.. {
        let whens = ["after", "before"];
        for when in whens.iter().chain(also) {
            let at = format!("{when} {number}");
            reset(&at)?;
            let output = run(&at)?;
            if !was_killed(&output) {
                ensure!(output.status.success(), "{at}: {}", text(&output.stderr));
                return Ok(killed);
            }
            assert!(output.stdout.is_empty(), "{at}: a killed run has handed on a document");
            killed += 1;
            let request = kills.requests().get(number - 1).cloned().context("no request")?;
            complete(&at).with_context(|| format!("killed {at}: {request}"))?;
            // What was only asked leaves nothing on the server, answered or not.
            if request.starts_with("GET") {
                break;
            }
        }
    }
    unreachable!("a run has an end")
}

#[test]
fn a_release_on_an_index_and_at_github_is_whole_and_public_last_wherever_it_was_killed() -> Result<()> {
    let (kills, folder) = (Kills::new()?, tempfile::tempdir()?);
    let server = PackageServer::pypiserver(folder.path())?;
    let faults =
        Faults::start_in(server.uploads.trim_end_matches('/'), &kills.script()?, tempfile::tempdir()?)?;
    let url = &faults.endpoint;
    let target = target(&format!("{url}/simple/"), &format!("{url}/"));
    let mut stage = releases::Stage::between("minor", &target, &kills.script()?)?;
    stage.sandbox.set("UV_PUBLISH_USERNAME", server.user);
    stage.sandbox.set("UV_PUBLISH_PASSWORD", PASSWORD);
    let run = |at: &str| kills.run(&stage.sandbox, "distribute", &[], &stage.document, at);
    let undisturbed = run("")?;
    ensure!(undisturbed.status.success(), "{}", text(&undisturbed.stderr));
    let (document, page, files) = (text(&undisturbed.stdout), stage.releases()?, held(folder.path())?);
    assert!(files.keys().eq(&FILES), "{files:?}");
    let reset = |_: &str| -> Result<()> {
        let packages = folder.path().join("packages");
        held(folder.path())?.keys().try_for_each(|name| fs::remove_file(packages.join(name)))?;
        stage.clear()
    };
    let complete = |_: &str| -> Result<()> {
        let (left, there, mut taken) = (stage.releases()?, held(folder.path())?, kills.taken());
        let left = left.as_array().context("a list")?;
        ensure!(left.len() < 2, "several releases are there: {left:#?}");
        let is_public = left.iter().any(|release| release["draft"] == json!(false));
        ensure!(!is_public || there == files, "it is public, and on the index is {:?}", there.keys());

        let resumed = run("")?;
        ensure!(resumed.status.success(), "{}", text(&resumed.stderr));
        ensure!(text(&resumed.stdout) == document, "{}", text(&resumed.stdout));
        ensure!(stage.releases()? == page, "{:#}", stage.releases()?);
        ensure!(held(folder.path())? == files, "{:?}", held(folder.path())?.keys());
        for (name, count) in kills.taken() {
            *taken.entry(name).or_default() += count;
        }
        ensure!(taken.keys().eq(&FILES) && taken.values().all(|count| *count == 1), "{taken:?}");
        Ok(())
    };
    let killed = kill_everywhere(&kills, &[], reset, run, complete)?;
    assert!(killed > 60, "only {killed} runs were killed");
    Ok(())
}

/// The digests of what an index serves of the release, by the names of the files.
fn served(simple: &str) -> Result<BTreeMap<String, Value>> {
    let mut served = BTreeMap::new();
    for package in ["wagon-core", "wagon-cdk"] {
        let page =
            ureq::get(format!("{simple}{package}/")).header("accept", "application/vnd.pypi.simple.v1+json");
        let page: Value = serde_json::from_str(&page.call()?.body_mut().read_to_string()?)?;
        for file in page["files"].as_array().context("no files")? {
            let name = file["filename"].as_str().context("no name")?.to_owned();
            ensure!(served.insert(name, file["hashes"]["sha256"].clone()).is_none(), "{page:#}");
        }
    }
    Ok(served)
}

#[test]
fn an_index_that_never_replaces_a_file_is_whole_even_where_uv_outlives_the_killed_run() -> Result<()> {
    let (kills, folder) = (Kills::new()?, tempfile::tempdir()?);
    let server = PackageServer::devpi(folder.path())?;
    let faults = Faults::start_in(server.origin(), &kills.script()?, tempfile::tempdir()?)?;
    let mut stage = uploads::Stage::new("");
    stage.sandbox.set("UV_PUBLISH_USERNAME", server.user);
    let path = stage.sandbox.project().join("release.toml");
    let settings = fs::read_to_string(&path)?;
    // What was once uploaded cannot be removed, so each run has an index of its own.
    let of_index = |at: &str| format!("{}/{}/{}/", faults.endpoint, server.user, at.replace(' ', ""));
    let reset = |at: &str| -> Result<()> {
        server.add_index(&at.replace(' ', ""))?;
        let uploads = of_index(at);
        Ok(fs::write(&path, format!("{settings}{}", target(&format!("{uploads}+simple/"), &uploads)))?)
    };
    let run = |at: &str| kills.run(&stage.sandbox, "distribute", &[], &stage.document, at);
    reset("whole")?;
    let undisturbed = run("")?;
    ensure!(undisturbed.status.success(), "{}", text(&undisturbed.stderr));
    let document = text(&undisturbed.stdout);
    let files = served(&format!("{}+simple/", of_index("whole")))?;
    assert!(files.keys().eq(&FILES), "{files:?}");
    let complete = |at: &str| -> Result<()> {
        let resumed = run("")?;
        ensure!(resumed.status.success(), "{}", text(&resumed.stderr));
        let found = text(&resumed.stdout).replace(&of_index(at), &of_index("whole"));
        ensure!(found == document, "{found}");
        let found = served(&format!("{}+simple/", of_index(at)))?;
        ensure!(found == files, "{found:?}");
        Ok(())
    };
    let killed = kill_everywhere(&kills, &["alone"], reset, run, complete)?;
    assert!(killed > 18, "only {killed} runs were killed");
    Ok(())
}

#[test]
fn a_release_at_github_is_hidden_or_deleted_wherever_its_rollback_was_killed() -> Result<()> {
    let kills = Kills::new()?;
    let stage = releases::Stage::between("minor", "", &kills.script()?)?;
    // From the document alone git is left alone, and each run finds the tag.
    let afar = stage.sandbox.path("afar");
    fs::create_dir(&afar)?;
    let (document, _) = stage.distribute(&[])?;
    let afar = afar.to_string_lossy();
    for manner in ["--reason=it broke", "--delete"] {
        let arguments = ["--yes", manner, "--project", &afar];
        let run = |at: &str| kills.run(&stage.sandbox, "rollback", &arguments, &document, at);
        let reset = |_: &str| -> Result<()> {
            stage.clear()?;
            stage.distribute(&[]).map(drop)
        };
        reset("")?;
        let undisturbed = run("")?;
        ensure!(undisturbed.status.success(), "{}", text(&undisturbed.stderr));
        let left = stage.releases()?;
        match manner {
            "--delete" => assert_eq!(left, json!([])),
            _ => assert_eq!(left[0]["draft"], json!(true)),
        }
        let complete = |_: &str| -> Result<()> {
            let resumed = run("")?;
            ensure!(resumed.status.success(), "{}", text(&resumed.stderr));
            ensure!(stage.releases()? == left, "{:#}", stage.releases()?);
            let [found, whole] = [&resumed, &undisturbed].map(|output| -> Result<Value> {
                Ok(serde_json::from_slice::<Value>(&output.stdout)?["withdrawals"].clone())
            });
            let (found, whole) = (found?, whole?);
            // Without a clone nobody remembers who has deleted it.
            let fates = |all: &Value| -> Vec<[String; 2]> {
                let fate = |one: &Value| one["fate"].to_string().replace("absent", "withdrawn");
                let all = all.as_array().into_iter().flatten();
                all.map(|one| [one["what"].to_string(), fate(one)]).collect()
            };
            ensure!(fates(&found) == fates(&whole), "{found:#}");
            Ok(())
        };
        let killed = kill_everywhere(&kills, &[], reset, run, complete)?;
        assert!(killed > 3, "{manner}: only {killed} runs were killed");
    }
    Ok(())
}
