//! Runs that are killed: the next one completes them, and never works beside what they have left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use tests::servers::Faults;
use tests::uploads::Stage;

use super::{FAULTS, all, held, lines, pypiserver, with_faults};

/// Answers each upload a second late.
const SLOW: &str = "
import asyncio
async def request(flow):
    if flow.request.method == 'POST': await asyncio.sleep(1)
";

/// Runs `distribute`, and kills it when it says that.
fn kill_at(stage: &Stage, words: &str) {
    let path = stage.sandbox.path("document.json");
    fs::write(&path, &stage.document).unwrap();
    let program = stage.sandbox.programs().join("distribute");
    let mut command = stage.sandbox.command(&program.to_string_lossy());
    command.stdin(fs::File::open(&path).unwrap()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().contains(words)), "it went on");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_killed_run_is_completed_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _faults, stage) = with_faults(folder.path());
    // Stopped after the first wave: the answers to the second are withheld.
    let script = format!(
        "{FAULTS}\ndef request(flow):\n    name, _ = upload(flow)\n    if name and 'cdk' in name: flow.kill()\n"
    );
    let second = tempfile::tempdir().unwrap();
    fs::write(second.path().join("scenario"), "").unwrap();
    let stop = Faults::start(server.uploads.trim_end_matches('/'), &script, second.path()).unwrap();
    let settings = fs::read_to_string(stage.sandbox.project().join("release.toml")).unwrap();
    let slow = settings.replace("publish-url = \"", &format!("publish-url = \"{}/\" # ", stop.endpoint));
    fs::write(stage.sandbox.project().join("release.toml"), slow).unwrap();
    kill_at(&stage, "wagon_cdk-0.2.0-py3-none-any.whl (");
    assert_eq!(held(folder.path()).len(), 2);
    fs::write(stage.sandbox.project().join("release.toml"), settings.replace("publish-url", "# publish-url"))
        .unwrap();
    let said = stage.must(&[]);
    assert_eq!((lines(&said, "skip: upload ").len(), lines(&said, "upload ").len()), (2, 2), "{said}");
    assert_eq!(held(folder.path()), all());
}

#[test]
fn the_next_run_waits_for_what_a_killed_one_is_still_sending() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let slow = Faults::start(server.uploads.trim_end_matches('/'), SLOW, folder.path()).unwrap();
    let stage = Stage::on(&[("own", &server)], &format!("publish-url = \"{}/\"", slow.endpoint));
    kill_at(&stage, "wagon_core-0.2.0-py3-none-any.whl (");
    let said = stage.must(&[]);
    assert_eq!((lines(&said, "skip: upload ").len(), lines(&said, "upload ").len()), (2, 2), "{said}");
    assert_eq!(held(folder.path()), all());
}
