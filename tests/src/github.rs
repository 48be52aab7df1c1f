//! GitHub on this machine: the emulator of its REST interface, with one repository.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::oracle;

/// The token that the emulator knows.
pub const TOKEN: &str = "token-of-the-tests";

/// Tells GitHub of each tag that comes or goes.
const HOOK: &str = r#"#!/usr/bin/env python3
import json, subprocess, sys, urllib.request

def ask(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": "Bearer TOKEN", "content-type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request("ADDRESS/" + path, data, headers, method=method)).read()

for old, new, ref in map(str.split, sys.stdin):
    if not ref.startswith("refs/tags/"):
        continue
    if set(old) != {"0"}:
        ask("DELETE", ref)
    if set(new) != {"0"}:
        name = ref.removeprefix("refs/tags/")
        commit = subprocess.check_output(["git", "rev-parse", new + "^{commit}"], text=True).strip()
        tag = {"tag": name, "message": name, "object": commit, "type": "commit"}
        made = json.loads(ask("POST", "tags", tag))
        ask("POST", "refs", {"ref": ref, "sha": made["sha"]})
"#;

/// The emulator while it runs; it ends with this value.
#[derive(Debug)]
pub struct GitHub {
    child: Child,
    port: u16,
    repository: String,
    _folder: tempfile::TempDir,
}

impl GitHub {
    /// Starts the emulator with an empty repository of that name: `owner/name`.
    pub fn with(repository: &str) -> Result<Self> {
        let (owner, name) = repository.split_once('/').context("a repository is `owner/name`")?;
        let emulate = oracle::emulate()?;
        let folder = tempfile::tempdir()?;
        let seed = folder.path().join("seed.yaml");
        std::fs::write(
            &seed,
            format!(
                "tokens:\n  {TOKEN}:\n    login: {owner}\n    scopes: [repo]\ngithub:\n  users:\n    - login: {owner}\n  \
                 repos:\n    - owner: {owner}\n      name: {name}\n      auto_init: true\n"
            ),
        )?;
        // Somebody else may take the port that was free; then the emulator says so and ends.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(emulate.join("node_modules/node/bin/node"))
            .arg(emulate.join("node_modules/emulate/dist/index.js"))
            .args(["start", "--service", "github", "--port", &port.to_string(), "--seed"])
            .arg(&seed)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run the emulator of GitHub")?;
        let mut said = BufReader::new(child.stdout.take().context("the emulator says nothing")?);
        let mut github = Self { child, port, repository: repository.to_owned(), _folder: folder };
        let mut line = String::new();
        while said.read_line(&mut line)? > 0 {
            if line.contains("Ready.") {
                // What it says later is read too, else it would wait for a reader.
                std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
                return Ok(github);
            }
        }
        bail!("the emulator of GitHub ended with {}:\n{line}", github.child.wait()?)
    }

    /// The address of its interface, for `GITHUB_API_URL`.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes a commit known, and returns the one that stands for it: the emulator takes no push.
    ///
    /// A branch of the name of the commit is found where the commit is asked for.
    pub fn know(&self, commit: &str) -> Result<String> {
        let main = self.get("git/ref/heads/main")?;
        let id = main["object"]["sha"].as_str().context("main has no commit")?.to_owned();
        self.post("git/refs", &serde_json::json!({ "ref": format!("refs/heads/{commit}"), "sha": id }))?;
        Ok(id)
    }

    /// Has a bare repository tell of its tags, for the emulator takes no push.
    pub fn follow(&self, bare: &Path) -> Result<()> {
        let address = format!("{}/repos/{}/git", self.api(), self.repository);
        let hook = bare.join("hooks/post-receive");
        std::fs::write(&hook, HOOK.replace("ADDRESS", &address).replace("TOKEN", TOKEN))?;
        Ok(std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?)
    }

    /// Gets a path of the repository.
    pub fn get(&self, path: &str) -> Result<Value> {
        let address = format!("{}/repos/{}/{path}", self.api(), self.repository);
        let asked = ureq::get(&address).header("Authorization", format!("Bearer {TOKEN}")).call();
        let mut answer = asked.with_context(|| format!("cannot get {address}"))?;
        Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
    }

    /// Posts something to a path of the repository, and returns the answer.
    pub fn post(&self, path: &str, what: &Value) -> Result<Value> {
        let address = format!("{}/repos/{}/{path}", self.api(), self.repository);
        let mut answer = ureq::post(&address)
            .header("Authorization", format!("Bearer {TOKEN}"))
            .content_type("application/json")
            .send(what.to_string())
            .with_context(|| format!("cannot post to {address}"))?;
        Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
