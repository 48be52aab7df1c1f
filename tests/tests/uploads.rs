//! Uploads to real servers: what `distribute` sends to pypiserver and devpi, and what it makes of their answers.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

#[path = "uploads/bytes.rs"]
mod bytes;
#[path = "uploads/elsewhere.rs"]
mod elsewhere;
#[path = "uploads/kills.rs"]
mod kills;
#[path = "uploads/rehearsals.rs"]
mod rehearsals;
#[path = "uploads/rights.rs"]
mod rights;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tests::indexes::{PASSWORD, PackageServer};
use tests::servers::Faults;
use tests::text;
use tests::uploads::Stage;

fn pypiserver(folder: &Path) -> PackageServer {
    PackageServer::pypiserver(folder).unwrap()
}

const FILES: [&str; 4] = [
    "wagon_core-0.2.0-py3-none-any.whl",
    "wagon_core-0.2.0.tar.gz",
    "wagon_cdk-0.2.0-py3-none-any.whl",
    "wagon_cdk-0.2.0.tar.gz",
];

/// The names of the files that pypiserver has, sorted.
fn held(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("packages")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn all() -> Vec<String> {
    let mut names = FILES.map(str::to_owned).to_vec();
    names.sort();
    names
}

fn lines<'a>(said: &'a str, start: &str) -> Vec<&'a str> {
    said.lines().filter_map(|line| line.strip_prefix("distribute: ")?.strip_prefix(start)).collect()
}

#[test]
fn files_go_up_in_order_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let stage = Stage::on(&[("own", &server)], "");
    let before = stage.sandbox.files("").unwrap();
    let plan = stage.must(&["--dry-run"]);
    assert!(held(folder.path()).is_empty());
    assert_eq!(stage.sandbox.files("").unwrap().len(), before.len(), "a dry run writes nothing");
    let said = stage.must(&[]);
    let pattern = |file: &&str| format!("{} to own", file.replace("py3-none-any", "*"));
    let order: Vec<String> = FILES.iter().map(pattern).collect();
    assert_eq!(lines(&said, "upload "), order);
    assert_eq!(lines(&plan, "upload "), order);
    assert_eq!(held(folder.path()), all());
    assert!(said.contains("own serves 2 files with the bytes that were built"), "{said}");
    assert!(said.contains("wagon-cdk = { index = \"own\" }"), "{said}");

    let output = stage.run(&[]);
    let again = text(&output.stderr);
    assert_eq!(lines(&again, "skip: upload ").len(), 4, "{again}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let publication = &document["publications"][0];
    let location = format!("pypi://own?url={}&publish-url={}", server.simple, server.uploads);
    assert_eq!((&publication["kind"], &publication["location"]), (&json!("pypi"), &json!(location)));
    assert_eq!(publication["files"].as_array().unwrap().len(), 4);
    assert_eq!(publication["files"][0]["path"], format!("simple/wagon-cdk/{}", FILES[2]));

    let checked = stage.sandbox.run("validate", &["--published"], &text(&output.stdout)).unwrap();
    let checked = text(&checked.stderr);
    for line in [
        "ok: served files of wagon-core at own: 2 wheels and sdists with their hashes",
        "ok: published wagon-cdk at own: wagon_cdk in a fresh environment",
    ] {
        assert!(checked.contains(line), "{line}\n{checked}");
    }
}

#[test]
fn what_is_larger_than_the_server_takes_is_refused_before_the_first_byte() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let stage = Stage::on(&[("own", &server)], "file-limit = 0\nproject-limit = 0");
    let said = stage.refused(&[]);
    assert!(
        said.contains(&format!("cannot publish `wagon-core` 0.2.0 to `own`: `{}` has ", FILES[0])),
        "{said}"
    );
    assert!(said.contains("and a file may have 0 bytes; "), "{said}");
    assert!(
        said.contains("the project has 0 bytes there, ") && said.contains("and 0 bytes are allowed"),
        "{said}"
    );
    assert!(said.contains("hint: make the file smaller, or ask the index for a higher limit"), "{said}");
    assert!(held(folder.path()).is_empty());
}

#[test]
fn other_bytes_and_files_of_others_stop_everything_before_the_first_byte() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let stage = Stage::on(&[("own", &server)], "");
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join("packages").join(name), bytes).unwrap();
    put(FILES[3], b"other bytes");
    let said = stage.refused(&[]);
    assert!(said.contains("cannot publish `wagon-cdk` 0.2.0 to `own`"), "{said}");
    assert!(said.contains("hint: release another version"), "{said}");
    assert_eq!(held(folder.path()), [FILES[3]]);
    fs::remove_file(folder.path().join("packages").join(FILES[3])).unwrap();
    put("wagon_core-0.2.0-1-py3-none-any.whl", b"of others");
    let said = stage.refused(&[]);
    assert!(said.contains("is no file of this release"), "{said}");
    assert_eq!(held(folder.path()).len(), 1);
}

#[test]
fn the_right_to_upload_is_looked_for_first_and_is_told_when_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let mut stage = Stage::on(&[("own", &server)], "");
    stage.sandbox.set("UV_PUBLISH_PASSWORD", "");
    let said = stage.refused(&[]);
    assert!(
        said.contains("cannot publish to `own`: there is no token, and no other right to upload"),
        "{said}"
    );
    assert!(said.contains("hint: set UV_PUBLISH_TOKEN, or UV_INDEX_OWN_PASSWORD"), "{said}");
    stage.sandbox.set("GITHUB_ACTIONS", "true");
    let said = stage.refused(&[]);
    assert!(said.contains("ACTIONS_ID_TOKEN_REQUEST_URL") && said.contains("`id-token: write`"), "{said}");
    stage.sandbox.set("GITHUB_ACTIONS", "");
    stage.sandbox.set("GITLAB_CI", "true");
    let said = stage.refused(&[]);
    assert!(said.contains("PYPI_ID_TOKEN is not set"), "{said}");
    stage.sandbox.set("GITLAB_CI", "");
    stage.sandbox.set("UV_PUBLISH_TOKEN", "a-marker-secret-that-is-wrong");
    let said = stage.refused(&[]);
    let what = format!("cannot upload `{}` to `own`: the server refuses the credentials", FILES[0]);
    assert!(said.contains(&what) && said.contains("hint: check UV_PUBLISH_TOKEN"), "{said}");
    assert!(!said.contains("marker-secret"), "{said}");
    // Those of the index win, and `.netrc` counts where there is nothing else.
    stage.sandbox.set("UV_INDEX_OWN_USERNAME", "me");
    stage.sandbox.set("UV_INDEX_OWN_PASSWORD", PASSWORD);
    stage.must(&["--package", "wagon-core"]);
    for name in ["UV_INDEX_OWN_USERNAME", "UV_INDEX_OWN_PASSWORD", "UV_PUBLISH_TOKEN"] {
        stage.sandbox.set(name, "");
    }
    let netrc = stage.sandbox.path("netrc");
    fs::write(&netrc, format!("machine 127.0.0.1 login me password {PASSWORD}\n")).unwrap();
    stage.sandbox.set("NETRC", &netrc.to_string_lossy());
    stage.must(&[]);
    assert_eq!(held(folder.path()), all());
}

#[test]
fn an_index_that_the_settings_of_uv_lack_is_named() {
    let stage = Stage::new("[[target]]\nname = \"t\"\nkind = \"pypi\"\nindex = \"nowhere\"\n");
    let said = stage.refused(&[]);
    assert!(
        said.contains("cannot find the target `t`: the settings of uv name no index `nowhere`"),
        "{said}"
    );
    assert!(said.contains("[[tool.uv.index]]"), "{said}");
    let open = "[[target]]\nname = \"t\"\nkind = \"pypi\"\nindex = \"own\"\npublish-url = \"http://pkgs.invalid/legacy/\"\n";
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let mut stage = Stage::new(open);
    stage.name_indexes(&[("own", &server)]);
    let said = stage.refused(&[]);
    assert!(said.contains("cannot ask `http://pkgs.invalid`: a token is sent over https alone"), "{said}");
}

/// Does to each upload what `scenario` says: `STATUS TYPE BODY` answers without the server, and `odd` each file in its way.
const FAULTS: &str = r#"
import os, re
from collections import Counter
from mitmproxy import http
seen = Counter()
FOLDER = os.path.dirname(__file__)
def upload(flow):
    if flow.request.method != 'POST': return None, 0
    name = re.search(rb'filename="([^"]+)"', flow.request.content).group(1).decode()
    return name, seen[name]
def request(flow):
    name, count = upload(flow)
    if not name: return
    seen[name] += 1
    scenario = open(os.path.join(FOLDER, 'scenario')).read()
    if scenario != 'odd':
        status, kind, body = scenario.split(' ', 2)
        flow.response = http.Response.make(int(status), body, {'content-type': kind})
    elif count == 0 and name.startswith('wagon_core') and name.endswith('.whl'):
        flow.response = http.Response.make(503, 'busy', {'retry-after': '1'})
    elif count == 0 and name.startswith('wagon_core'):
        flow.kill()
    elif count == 0 and name.endswith('.gz'):
        flow.response = http.Response.make(403, 'token expired')
def response(flow):
    name, count = upload(flow)
    # The server has it, and its answer is lost.
    if name and count == 1 and name.startswith('wagon_cdk') and name.endswith('.whl') and open(os.path.join(FOLDER, 'scenario')).read() == 'odd':
        flow.response = http.Response.make(502, 'bad gateway')
"#;

/// A server whose uploads go through mitmproxy.
fn with_faults(folder: &Path) -> (PackageServer, Faults, Stage) {
    let server = pypiserver(folder);
    fs::write(folder.join("scenario"), "odd").unwrap();
    let faults = Faults::start(server.uploads.trim_end_matches('/'), FAULTS, folder).unwrap();
    let mut stage = Stage::on(&[("own", &server)], &format!("publish-url = \"{}/\"", faults.endpoint));
    stage.sandbox.set("UV_HTTP_RETRIES", "0");
    (server, faults, stage)
}

#[test]
fn a_busy_server_a_reset_an_expired_token_and_a_lost_answer_end_well() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, _faults, stage) = with_faults(folder.path());
    let said = stage.must(&[]);
    assert_eq!(held(folder.path()), all(), "{said}");
    assert_eq!(lines(&said, "note: own is stopped at ").len(), 2, "{said}");
    assert!(!said.contains("already"), "{said}");
    let document = stage.run(&[]);
    assert_eq!(lines(&text(&document.stderr), "skip: upload ").len(), 4);
}

#[test]
fn each_refusal_of_a_server_has_its_own_message_and_hint() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, _faults, stage) = with_faults(folder.path());
    let json =
        |text: &str| format!("application/json {}", json!({ "message": "no", "code": text, "title": "no" }));
    for (answer, expected, hint) in [
        (
            format!(
                "400 {}",
                json(
                    "400 This filename has already been used, use a different version. See https://x/help/#file-name-reuse for more information."
                )
            ),
            "the name of the file was used before, and is never given out again: This filename",
            "release another version",
        ),
        (
            format!(
                "403 {}",
                json(
                    "403 The user 'me' isn't allowed to upload to project 'wagon-core'. See https://x/help/#project-name for more information."
                )
            ),
            "who uploads may not upload to this project",
            "ask an owner of the project",
        ),
        (
            format!(
                "403 {}",
                json(
                    "403 Invalid or non-existent authentication information. See https://x/help/#invalid-auth for more information."
                )
            ),
            "the server refuses the credentials: Invalid or non-existent",
            "check UV_PUBLISH_PASSWORD",
        ),
        (
            format!("400 {}", json("400 File too large. Limit for project 'wagon-core' is 100 MB.")),
            "it is too large for the server: File too large",
            "ask the server for a higher limit",
        ),
        (
            format!("400 {}", json("400 Can't have direct dependency: 'x @ https://x'")),
            "the server refuses the file or its metadata: Can't have direct",
            "`validate --for pypi`",
        ),
        (
            format!("400 {}", json("400 The name 'wagon-core' is too similar to an existing project.")),
            "does not take the name of the project",
            "choose another name",
        ),
        (
            "404 text/html <html><body>nothing here</body></html>".to_owned(),
            "takes no uploads at this URL: nothing here",
            "check `publish-url`",
        ),
    ] {
        fs::write(folder.path().join("scenario"), &answer).unwrap();
        let said = stage.refused(&[]);
        let what = format!("cannot upload `{}` to `own`: ", FILES[0]);
        assert!(said.contains(&what) && said.contains(expected), "{expected}:\n{said}");
        assert!(said.split("hint: ").nth(1).is_some_and(|text| text.contains(hint)), "{hint}:\n{said}");
        assert!(held(folder.path()).is_empty());
    }
}

#[test]
fn eight_publishers_at_once_publish_the_same_bytes_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = PackageServer::devpi(folder.path()).unwrap();
    let stages: Vec<Stage> = (0..8).map(|_| Stage::on(&[("own", &server)], "")).collect();
    std::thread::scope(|scope| {
        stages.iter().for_each(|stage| drop(scope.spawn(|| stage.must(&[]))));
    });
    let said = stages[0].must(&["--paranoid"]);
    assert_eq!(lines(&said, "skip: upload ").len(), 4, "{said}");
}
