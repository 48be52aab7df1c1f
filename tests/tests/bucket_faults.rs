//! A network and a store that fail in every way, and a client that is killed at every request.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result};
use tests::bucket::Stage;
use tests::servers::{Faults, Moto};
use tests::text;

/// Kills the client with the process id in `pid` when the server has answered the request of that number; each run
/// begins with a new number.
const KILLER: &str = "
import os, signal
folder = '@FOLDER@/'
state = dict(run=None, seen=0, count=0)
def response(flow):
    run = open(folder + 'run').read()
    if run != state['run']:
        state.update(run=run, seen=0)
    state['seen'] += 1
    open(folder + 'seen', 'w').write(str(state['seen']))
    if state['seen'] == int(run):
        os.kill(int(open(folder + 'pid').read()), signal.SIGKILL)
        flow.kill()
";

/// Prints a digest of each object, whatever the time at which it was written, and removes all of them.
const TAKEN: &str = "
import hashlib, re
for page in s3.get_paginator('list_objects_v2').paginate(Bucket=b):
    for o in page.get('Contents', []):
        body = s3.get_object(Bucket=b, Key=o['Key'])['Body'].read()
        body = re.sub(rb'\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\dZ)?', b'', body)
        print(o['Key'], hashlib.sha256(body).hexdigest())
        s3.delete_object(Bucket=b, Key=o['Key'])
uploads = s3.list_multipart_uploads(Bucket=b).get('Uploads', [])
assert not uploads, uploads
";

#[test]
fn a_run_that_is_killed_after_any_request_is_finished_by_the_next() -> Result<()> {
    let stage = Stage::new("requests")?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("run"), "0")?;
    let script = KILLER.replace("@FOLDER@", &folder.path().to_string_lossy());
    let killer = Faults::start(&stage.endpoint, &script, folder.path())?;
    let endpoint = &killer.endpoint;
    stage.sandbox.shell(&format!("sed -i 's#^endpoint = .*#endpoint = \"{endpoint}\"#' release.toml"))?;
    let (document, _) = stage.distribute(&[])?;
    let whole = stage.python(TAKEN)?;
    assert!(whole.lines().count() > 15, "{whole}");
    let requests: usize = fs::read_to_string(at("seen"))?.parse()?;
    // Every request takes minutes: `WAINWRIGHT_STRIDE=1` does it, and a number between the first and the last is enough
    // for each change.
    let stride = std::env::var("WAINWRIGHT_STRIDE").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let input = stage.sandbox.path("document.json");
    fs::write(&input, &stage.document)?;
    for number in (1..=requests).step_by(stride) {
        fs::write(at("run"), number.to_string())?;
        let mut command = stage.sandbox.command("sh");
        command.args(["-c", &format!("echo $$ > '{}'; exec distribute", at("pid").display())]);
        let output = command.stdin(fs::File::open(&input)?).stdout(Stdio::piped()).output()?;
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{number} of {requests}: {}",
            text(&output.stderr)
        );
        fs::write(at("run"), format!("0{number}00000"))?;
        let (again, _) = stage.distribute(&[])?;
        assert_eq!(again, document);
        assert_eq!(stage.python(TAKEN)?, whole, "killed after request {number} of {requests}");
    }
    Ok(())
}

/// Each key meets a connection that breaks while the body goes up, a page that somebody else has changed, a conflict of
/// two writers and a busy server, one after the other; files come back cut short, and slowly.
const NETWORK: &str = "
import asyncio
from mitmproxy import http
seen = {}
def times(flow, what):
    key = what + flow.request.method + flow.request.path.split('&uploadId')[0].split('?uploadId')[0]
    seen[key] = seen.get(key, 0) + 1
    return seen[key]
def refuse(flow, status, code):
    flow.response = http.Response.make(status, f'<Error><Code>{code}</Code></Error>')
    print('REFUSED', code, flow.request.path, flush=True)
def requestheaders(flow):
    if flow.request.method == 'PUT' and '.whl' in flow.request.path and times(flow, 'reset') == 1:
        print('RESET', flow.request.path, flush=True)
        flow.kill()
async def request(flow):
    if flow.request.method == 'PUT' and flow.request.path.endswith('/index.json'):
        faults = [(412, 'PreconditionFailed'), (409, 'ConditionalRequestConflict'), (503, 'SlowDown')]
        turn = times(flow, 'page')
        if turn <= len(faults):
            refuse(flow, *faults[turn - 1])
    elif '.whl' in flow.request.path and flow.request.method in ('PUT', 'POST'):
        await asyncio.sleep(0.3)
        is_last = 'partNumber' not in flow.request.path and 'uploads' not in flow.request.path
        if is_last and times(flow, 'last') == 1:
            refuse(flow, 409, 'ConditionalRequestConflict')
def response(flow):
    if flow.request.method == 'GET' and flow.request.path.endswith('.whl') and times(flow, 'cut') == 1:
        print('CUT', flow.request.path, flush=True)
        flow.response.raw_content = flow.response.raw_content[:100000]
        flow.response.headers['connection'] = 'close'
";

#[test]
fn broken_connections_conflicts_and_busy_servers_end_in_success() -> Result<()> {
    let stage = Stage::new("network")?;
    let folder = tempfile::tempdir()?;
    let network = Faults::start(&stage.endpoint, NETWORK, folder.path())?;
    let endpoint = &network.endpoint;
    stage.sandbox.shell(&format!("sed -i 's#^endpoint = .*#endpoint = \"{endpoint}\"#' release.toml"))?;
    // In one request, and in parts.
    for (version, size) in [("9.1", 20_000_000), ("9.2", 36_000_000)] {
        let output = stage.publisher_of(version, size, &["--paranoid"])?.wait_with_output()?;
        let said = text(&output.stderr);
        assert!(output.status.success() && !said.contains("marker-secret"), "{said}");
        let wheel =
            stage.sandbox.path(version).join(format!("clone/dist/wagon_core-{version}-py3-none-any.whl"));
        let sum = stage.sandbox.shell(&format!("sha256sum < {}", wheel.display()))?;
        let served = stage.python(&format!(
            "import hashlib\nfile = s3.get_object(Bucket=b, Key='py/simple/wagon-core/wagon_core-{version}-py3-none-any.whl')\n\
             print(hashlib.sha256(file['Body'].read()).hexdigest())"
        ))?;
        assert_eq!(sum.split(' ').next(), Some(served.trim_end()));
    }
    assert_eq!(stage.page("wagon-core")?["versions"], serde_json::json!(["9.1", "9.2"]));
    let log = fs::read_to_string(folder.path().join("mitmproxy.log"))?;
    for happened in [
        "RESET",
        "CUT",
        "REFUSED PreconditionFailed",
        "REFUSED ConditionalRequestConflict",
        "REFUSED SlowDown",
    ] {
        assert!(log.contains(happened), "{happened} did not happen:\n{log}");
    }
    Ok(())
}

/// A list that is older than what was removed since, and credentials that have run out when asked.
const STALE: &str = "
import os
from mitmproxy import http
kept = []
def request(flow):
    if os.path.exists('@FOLDER@/expired'):
        body = '<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message><Token-0>marker-secret</Token-0></Error>'
        flow.response = http.Response.make(400, body)
    elif 'list-type' in flow.request.path and os.path.exists('@FOLDER@/stale'):
        flow.response = http.Response.make(200, kept[-1], {'Content-Type': 'application/xml'})
def response(flow):
    if 'list-type' in flow.request.path:
        kept.append(flow.response.content)
";

#[test]
fn a_list_that_lags_behind_and_a_token_that_runs_out_do_no_harm() -> Result<()> {
    let stage = Stage::new("stale")?;
    let folder = tempfile::tempdir()?;
    let script = STALE.replace("@FOLDER@", &folder.path().to_string_lossy());
    let stale = Faults::start(&stage.endpoint, &script, folder.path())?;
    let endpoint = &stale.endpoint;
    stage.sandbox.shell(&format!("sed -i 's#^endpoint = .*#endpoint = \"{endpoint}\"#' release.toml"))?;
    stage.distribute(&[])?;
    stage.distribute(&["--dry-run"])?;
    fs::write(folder.path().join("stale"), "")?;
    let wheel = "wagon_core-0.2.0-py3-none-any.whl";
    stage.python(&format!("s3.delete_object(Bucket=b, Key='py/simple/wagon-core/{wheel}')"))?;
    stage.sandbox.must("distribute", &["--rebuild-index"], "")?;
    let page = stage.page("wagon-core")?;
    let files = page["files"].as_array().context("files")?;
    assert!(files.len() == 1 && files[0]["filename"] != wheel, "{page}");
    // The list still tells of it, and it comes back all the same.
    stage.distribute(&[])?;
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    fs::write(folder.path().join("expired"), "")?;
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    assert!(
        error.contains(
            "the credentials from `AWS_ACCESS_KEY_ID` in the environment have expired (ExpiredToken)"
        ),
        "{error}"
    );
    assert!(error.contains("hint: get new ones") && !error.contains("marker-secret"), "{error}");
    Ok(())
}

#[test]
fn a_person_at_a_terminal_sees_how_much_has_gone_up() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("log"))?;
    let stage = Stage::on(&moto.endpoint, "seen", "")?;
    // A store that takes its time, so that the line is drawn while bytes are on their way.
    let slow = "import asyncio\nasync def requestheaders(flow):\n    \
                if '.whl' in flow.request.path and flow.request.method == 'PUT': await asyncio.sleep(1)\n";
    let slow = Faults::start(&moto.endpoint, slow, folder.path())?;
    stage
        .sandbox
        .shell(&format!("sed -i 's#^endpoint = .*#endpoint = \"{}\"#' release.toml", slow.endpoint))?;
    for (version, size, total) in [("7.1", 5_000_000, "5.00 MB"), ("7.2", 40_000_000, "40.00 MB")] {
        let folder = stage.prepared(version, size)?;
        let mut terminal = stage.sandbox.command("script");
        terminal.args(["-qec", "distribute --package wagon-core < ../document.json", "/dev/null"]);
        terminal.env_remove("CI").env("TERM", "xterm").current_dir(folder.join("clone"));
        let output = terminal.output()?;
        let shown = text(&output.stdout);
        assert!(output.status.success() && !shown.contains("marker-secret"), "{shown}");
        assert!(shown.contains(&format!(" of {total}, ")), "{shown}");
        assert!(shown.contains(&format!("{total} of {total}")), "{shown}");
        assert!(shown.contains("wagon_core-7."), "{shown}");
    }
    // Nobody looks on here.
    let output = stage.publisher_of("7.3", 5_000_000, &[])?.wait_with_output()?;
    let said = text(&output.stderr);
    assert!(output.status.success() && !said.contains(" of 5.00 MB") && !said.contains('\r'), "{said}");
    Ok(())
}
