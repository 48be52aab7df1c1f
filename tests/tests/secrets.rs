//! Secrets of a release: wherever it stops, and whatever a server sends back, nothing tells them.

use std::fs;

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tests::github::TOKEN;
use tests::indexes::{PASSWORD, PackageServer};
use tests::kills::Kills;
use tests::servers::Faults;
use tests::{Sandbox, releases, text, uploads};
use walkdir::WalkDir;

/// Has an index refuse the requests of some methods with a status, and send back all that they have told it.
const ECHO: &str = r#"
import base64, os
from mitmproxy import http
def request(flow):
    path = os.path.join(os.path.dirname(__file__), 'scenario')
    status, *methods = open(path).read().split() if os.path.exists(path) else ['']
    if flow.request.method not in methods: return
    sent = flow.request.headers.get('authorization', '')
    plain = base64.b64decode(sent.split()[-1]).decode() if sent.startswith('Basic') else sent
    # Long enough to be cut off in the middle of a secret.
    body = f'{sent} {plain} ' + 'x' * 60 + f' {plain} {sent} {plain} {sent} {plain} {sent} {plain} {sent}'
    headers = {'content-type': 'text/plain', 'www-authenticate': f'Basic realm="{plain}"', 'x-said': plain}
    flow.response = http.Response.make(int(status), body, headers)

"#;

/// The same of GitHub.
const GITHUB_ECHO: &str = "
if when == 'before' and flow.request.method == 'METHOD':
    sent = flow.request.headers['authorization']
    said = {'message': 'x' * 190 + sent + sent, 'errors': [{'field': sent, 'code': sent}, sent]}
    answer(flow, STATUS, said, x_github_sso='required; url=https://sso.invalid/' + sent, x_accepted_github_permissions=sent)
";

/// Sets what makes programs say more.
fn loud(sandbox: &mut Sandbox) -> Result<()> {
    for (name, value) in [
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
        ("UV_LOG_CONTEXT", "1"),
        ("UV_SHOW_SETTINGS", "1"),
        ("ACTIONS_STEP_DEBUG", "true"),
        ("GIT_TRACE_CURL", "1"),
        ("GIT_TRACE", "1"),
        ("UV_HTTP_RETRIES", "0"),
        ("WAINWRIGHT_TIMEOUT", "5"),
    ] {
        sandbox.set(name, value);
    }
    // What is kept and what is thrown away lies where it can be searched.
    for (name, folder) in [("TMPDIR", "tmp"), ("UV_CACHE_DIR", "uv-cache")] {
        fs::create_dir(sandbox.path(folder))?;
        sandbox.set(name, &sandbox.path(folder).to_string_lossy());
    }
    Ok(())
}

/// All texts that a secret is told by.
fn secrets() -> Vec<String> {
    let mut secrets = vec![PASSWORD.to_owned(), TOKEN.to_owned()];
    // So much of each is enough to know it.
    secrets.extend([&PASSWORD[..18], &TOKEN[..10]].map(str::to_owned));
    secrets.extend(["me", "root", "__token__"].map(|user| STANDARD.encode(format!("{user}:{PASSWORD}"))));
    secrets
}

fn refuse_told(place: &str, said: &str) -> Result<()> {
    let told = secrets().into_iter().find(|secret| said.contains(secret));
    ensure!(told.is_none(), "{place} tells {told:?}:\n{said}");
    Ok(())
}

/// Searches all files of a sandbox, the temporary ones among them.
fn search(sandbox: &Sandbox, own: &[&str]) -> Result<usize> {
    let mut searched = 0;
    for entry in WalkDir::new(sandbox.path("")) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_file() && !own.contains(&name.as_str()) {
            refuse_told(&entry.path().to_string_lossy(), &text(&fs::read(entry.path())?))?;
            searched += 1;
        }
    }
    Ok(searched)
}

/// Runs `distribute`, and searches what it says, what it starts and what it leaves; returns whether it succeeded.
fn run(kills: &Kills, sandbox: &Sandbox, document: &str, at: &str, what: &str) -> Result<(bool, String)> {
    let output = kills.run(sandbox, "distribute", &[], document, at)?;
    let said = text(&output.stderr);
    refuse_told(&format!("{what}: stderr"), &said)?;
    refuse_told(&format!("{what}: the document"), &text(&output.stdout))?;
    refuse_told(&format!("{what}: a command line"), &kills.commands().join("\n"))?;
    Ok((output.status.success(), said))
}

#[test]
fn no_server_gets_a_secret_told_however_it_refuses() -> Result<()> {
    let (kills, folder, before) = (Kills::new()?, tempfile::tempdir()?, tempfile::tempdir()?);
    let server = PackageServer::pypiserver(folder.path())?;
    let script = format!("{ECHO}{}", kills.script()?);
    let faults = Faults::start(server.uploads.trim_end_matches('/'), &script, before.path())?;
    let target = format!(
        "[[target]]\nname = \"own\"\nkind = \"pypi\"\nindex = \"own\"\nurl = \"{0}/simple/\"\npublish-url = \"{0}/\"\nwait = 30\n",
        faults.endpoint
    );
    let mut stage = releases::Stage::between("minor", &target, &kills.script()?)?;
    loud(&mut stage.sandbox)?;
    stage.sandbox.set("UV_INDEX_OWN_USERNAME", server.user);
    stage.sandbox.set("UV_INDEX_OWN_PASSWORD", PASSWORD);
    let go = |at: &str, what: &str| run(&kills, &stage.sandbox, &stage.document, at, what);
    let github = |status: u16, method: &str| -> Result<()> {
        let fault = GITHUB_ECHO.replace("METHOD", method).replace("STATUS", &status.to_string());
        stage.say("fault.py", &fault)?;
        let (is_done, said) = go("", &format!("GitHub {status} to {method}"))?;
        assert!(!is_done && said.contains("error: "), "{status} {method}: {said}");
        stage.forget("fault.py");
        Ok(())
    };
    for (status, method) in [(401, "POST"), (403, "POST"), (500, "GET"), (302, "GET")] {
        github(status, method)?;
    }
    for scenario in ["401 POST", "403 POST", "400 POST", "401 GET", "500 GET"] {
        fs::write(before.path().join("scenario"), scenario)?;
        let (is_done, said) = go("", scenario)?;
        assert!(!is_done && said.contains("error: "), "{scenario}: {said}");
        // What is repeated of the server shows that something was hidden.
        assert!(said.contains("***"), "{scenario}: {said}");
    }
    fs::remove_file(before.path().join("scenario"))?;
    github(401, "PATCH")?;
    let commands = kills.commands();
    assert!(commands.iter().any(|line| line.contains(" publish ")), "{commands:?}");
    for number in [9, 25, 40] {
        stage.clear()?;
        fs::read_dir(folder.path().join("packages"))?.try_for_each(|entry| fs::remove_file(entry?.path()))?;
        go(&format!("after {number}"), "killed")?;
    }
    let (is_done, said) = go("", "undisturbed")?;
    assert!(is_done, "{said}");
    assert!(search(&stage.sandbox, &[])? > 50);
    Ok(())
}

#[test]
fn a_password_in_a_url_and_one_of_a_rehearsal_are_told_by_nothing() -> Result<()> {
    let kills = Kills::new()?;
    let (a, b) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let servers = [PackageServer::pypiserver(a.path())?, PackageServer::pypiserver(b.path())?];
    let mut faults = Vec::new();
    for (server, folder) in servers.iter().zip([&a, &b]) {
        let script = format!("{ECHO}{}", kills.script()?);
        faults.push(Faults::start(server.uploads.trim_end_matches('/'), &script, folder.path())?);
    }
    let mut stage = uploads::Stage::new(
        "[[target]]\nname = \"real\"\nkind = \"pypi\"\nindex = \"real\"\nrehearse = \"test\"\nwait = 20\n\
         [[target]]\nname = \"test\"\nkind = \"pypi\"\nindex = \"test\"\nwait = 20\n",
    );
    loud(&mut stage.sandbox)?;
    let mut indexes = String::new();
    for (name, faults) in ["test", "real"].iter().zip(&faults) {
        let url = faults.endpoint.replace("http://", &format!("http://me:{PASSWORD}@"));
        let index =
            format!("[[index]]\nname = \"{name}\"\nurl = \"{url}/simple/\"\npublish-url = \"{url}/\"\n");
        indexes += &index;
    }
    fs::write(stage.sandbox.path("uv.toml"), indexes)?;
    stage.sandbox.set("UV_CONFIG_FILE", &stage.sandbox.path("uv.toml").to_string_lossy());
    stage.sandbox.set("UV_PUBLISH_PASSWORD", "");
    let go = |what: &str| run(&kills, &stage.sandbox, &stage.document, "", what);
    for (folder, scenarios) in [(&a, ["403 POST", "500 GET"]), (&b, ["500 POST", "401 GET"])] {
        for scenario in scenarios {
            fs::write(folder.path().join("scenario"), scenario)?;
            let (is_done, said) = go(scenario)?;
            assert!(!is_done && said.contains("error: "), "{scenario}: {said}");
        }
        fs::remove_file(folder.path().join("scenario"))?;
    }
    let (is_done, said) = go("undisturbed")?;
    assert!(is_done && said.contains("from test installs, and imports"), "{said}");
    assert!(search(&stage.sandbox, &["uv.toml"])? > 50);
    Ok(())
}
