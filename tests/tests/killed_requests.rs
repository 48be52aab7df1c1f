//! `distribute` is killed at each of its requests: whatever that leaves, the next run ends as one that nobody disturbed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::indexes::{PASSWORD, PackageServer};
use tests::kills::{Kills, was_killed};
use tests::releases::Stage;
use tests::servers::Faults;
use tests::{Sandbox, text};

/// The files of the release that go to an index.
const FILES: [&str; 4] = [
    "wagon_cdk-0.2.0-py3-none-any.whl",
    "wagon_cdk-0.2.0.tar.gz",
    "wagon_core-0.2.0-py3-none-any.whl",
    "wagon_core-0.2.0.tar.gz",
];

/// The settings of a target of the kind `pypi` at a server, as what stands before it has it.
fn target(server: &Faults, simple: &str, uploads: &str) -> String {
    let url = &server.endpoint;
    format!(
        "[[target]]\nname = \"own\"\nkind = \"pypi\"\nurl = \"{url}{simple}\"\npublish-url = \"{url}{uploads}\"\nwait = 30\n"
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

#[test]
fn a_release_on_an_index_and_at_github_is_whole_and_public_last_wherever_it_was_killed() -> Result<()> {
    let (kills, folder) = (Kills::new()?, tempfile::tempdir()?);
    let server = PackageServer::pypiserver(folder.path())?;
    let faults =
        Faults::start_in(server.uploads.trim_end_matches('/'), &kills.script()?, tempfile::tempdir()?)?;
    let mut stage = Stage::between("minor", &target(&faults, "/simple/", "/"), &kills.script()?)?;
    stage.sandbox.set("UV_PUBLISH_USERNAME", server.user);
    stage.sandbox.set("UV_PUBLISH_PASSWORD", PASSWORD);
    let run = |at: &str| kills.run(&stage.sandbox, "distribute", &[], &stage.document, at);
    let clear = || -> Result<()> {
        held(folder.path())?
            .keys()
            .try_for_each(|name| fs::remove_file(folder.path().join("packages").join(name)))?;
        stage.clear()
    };
    let undisturbed = run("")?;
    ensure!(undisturbed.status.success(), "{}", text(&undisturbed.stderr));
    let (document, page, files) = (text(&undisturbed.stdout), stage.releases()?, held(folder.path())?);
    assert!(files.keys().eq(&FILES), "{files:?}");
    let (mut number, mut kills_done) = (1, 0);
    'requests: loop {
        for when in ["after", "before"] {
            clear()?;
            let at = format!("{when} {number}");
            let output = run(&at)?;
            if !was_killed(&output) {
                ensure!(output.status.success(), "{at}: {}", text(&output.stderr));
                break 'requests;
            }
            let request = kills.requests().get(number - 1).cloned().context("no request")?;
            eprintln!("{at}: {request}");
            kills_done += 1;
            assert!(output.stdout.is_empty(), "{at}: a killed run has handed on a document");
            let (left, there) = (stage.releases()?, held(folder.path())?);
            let left = left.as_array().context("a list")?;
            assert!(left.len() < 2, "{at}: {left:#?}");
            let is_public = left.iter().any(|release| release["draft"] == json!(false));
            assert!(!is_public || there == files, "{at}: public, and on the index is {:?}", there.keys());

            let mut taken = kills.taken();
            let resumed = run("")?;
            ensure!(resumed.status.success(), "{at}, {request}: {}", text(&resumed.stderr));
            assert_eq!(text(&resumed.stdout), document, "{at}, {request}");
            assert_eq!(stage.releases()?, page, "{at}, {request}");
            assert!(held(folder.path())? == files, "{at}, {request}");
            for (name, count) in kills.taken() {
                *taken.entry(name).or_default() += count;
            }
            assert!(taken.keys().eq(&FILES) && taken.values().all(|count| *count == 1), "{at}: {taken:?}");
            // What was only asked leaves nothing different on the server, answered or not.
            if request.starts_with("GET") {
                break;
            }
        }
        number += 1;
    }
    assert!(kills_done > 60, "only {kills_done} runs were killed");
    Ok(())
}
