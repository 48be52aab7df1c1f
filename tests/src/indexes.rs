//! Package indexes of others that take uploads, real ones on free ports, which end with the test.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::oracle;
use crate::servers::{Server, free_ports, get, wait_until};

/// The only user that devpi has from the start.
const USER: &str = "root";
/// The password of every user here.
pub const PASSWORD: &str = "marker-secret-of-the-uploader";

/// A server that packages are uploaded to, and installed from.
#[derive(Debug)]
pub struct PackageServer {
    /// The URL of its `simple/`.
    pub simple: String,
    /// The URL that files are uploaded to, as `uv publish` and twine take it.
    pub uploads: String,
    /// The name of the user who may upload, with [`PASSWORD`].
    pub user: &'static str,
    /// The token with which devpi makes more indexes.
    token: Option<String>,
    _server: Server,
}

impl PackageServer {
    /// Starts pypiserver with its packages in that folder: pages in HTML alone, everybody reads, one user uploads, by name or with a token.
    pub fn pypiserver(folder: &Path) -> Result<Self> {
        // What it does not know it would say of another index.
        Self::pypiserver_with(&["--disable-fallback"], folder)
    }

    /// The same, which sends on to another index where it has no file of a package: what it does by itself with PyPI.
    pub fn sending_on(folder: &Path, simple: &str) -> Result<Self> {
        Self::pypiserver_with(&["--fallback-url", simple], folder)
    }

    fn pypiserver_with(options: &[&str], folder: &Path) -> Result<Self> {
        let path = oracle::python("pypiserver[passlib]==2.4.2")?;
        let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
        fs::create_dir_all(at("packages"))?;
        let hash = "import sys; from passlib.hash import apr_md5_crypt as a; [print(f'{u}:' + a.hash(sys.argv[1])) for u in ('me', '__token__')]";
        let mut python = Command::new("python3");
        let output = python.env("PYTHONPATH", &path).args(["-c", hash, PASSWORD]).output()?;
        fs::write(at("htpasswd"), output.stdout)?;
        let [port, ..] = free_ports()?;
        let (path, number) = (format!("PYTHONPATH={}", path.display()), port.to_string());
        let (users, packages) = (at("htpasswd"), at("packages"));
        let mut command = vec!["env", &path, "python3", "-W", "ignore", "-m", "pypiserver", "run"];
        command.extend(["-i", "127.0.0.1", "-p", &number, "-P", &users, "-a", "update"]);
        command.extend(options);
        command.push(&packages);
        let server = start(&command, port, "/", &folder.join("pypiserver.log"))?;
        let root = format!("http://127.0.0.1:{port}/");
        Ok(Self { simple: format!("{root}simple/"), uploads: root, user: "me", token: None, _server: server })
    }

    /// Starts devpi with an index whose files are never replaced, in that folder: pages in JSON as well.
    pub fn devpi(folder: &Path) -> Result<Self> {
        let path = format!("PYTHONPATH={}", oracle::python("devpi-server==6.20.3")?.display());
        let data = folder.join("devpi").to_string_lossy().into_owned();
        let python = ["env", &path, "python3", "-W", "ignore", "-c"];
        let mut init = Command::new("env");
        init.args(&python[1..]).arg("from devpi_server.init import init; init()");
        init.args(["--serverdir", &data, "--root-passwd", PASSWORD, "--no-root-pypi"]);
        let output = init.output().context("cannot run devpi-init")?;
        if !output.status.success() {
            bail!("devpi-init ended with {}:\n{}", output.status, crate::text(&output.stderr));
        }
        let [port, ..] = free_ports()?;
        let number = port.to_string();
        let mut command = python.to_vec();
        command.extend(["from devpi_server.main import main; main()", "--serverdir", &data]);
        command.extend(["--host", "127.0.0.1", "--port", &number]);
        let server = start(&command, port, "/+api", &folder.join("devpi.log"))?;
        let root = format!("http://127.0.0.1:{port}");
        let json = "application/json";
        let login = json!({ "user": USER, "password": PASSWORD }).to_string();
        let post = ureq::post(format!("{root}/+login")).header("accept", json).content_type(json);
        let answer: Value = serde_json::from_str(&post.send(login)?.into_body().read_to_string()?)?;
        let token = answer["result"]["password"].as_str().context("devpi gave no token")?;
        let uploads = format!("{root}/{USER}/dev/");
        let simple = format!("{uploads}+simple/");
        let made = Self { simple, uploads, user: USER, token: Some(token.to_owned()), _server: server };
        made.add_index("dev")?;
        Ok(made)
    }

    /// Makes one more index at devpi beside `dev`.
    pub fn add_index(&self, name: &str) -> Result<()> {
        let token = self.token.as_deref().context("only devpi has more than one index")?;
        let root = self.uploads.trim_end_matches(&format!("/{USER}/dev/"));
        let json = "application/json";
        let known = STANDARD.encode(format!("{USER}:{token}"));
        let put = ureq::put(format!("{root}/{USER}/{name}")).header("accept", json).content_type(json);
        put.header("x-devpi-auth", known).send(json!({ "bases": [], "volatile": false }).to_string())?;
        Ok(())
    }

    /// The URL of the server, without a path.
    pub fn origin(&self) -> &str {
        let path = self.uploads.match_indices('/').nth(2).map_or(self.uploads.len(), |(at, _)| at);
        &self.uploads[..path]
    }

    /// Uploads files with uv.
    pub fn upload(&self, files: &[&Path]) -> Result<()> {
        // uv takes a path for a pattern, and one that nothing fits for none.
        if let Some(absent) = files.iter().find(|file| !file.is_file()) {
            bail!("there is no {}", absent.display());
        }
        let mut uv = Command::new(crate::uv());
        uv.args(["publish", "--publish-url", &self.uploads]).args(files);
        uv.env("UV_PUBLISH_USERNAME", self.user).env("UV_PUBLISH_PASSWORD", PASSWORD);
        let output = uv.output().context("cannot run uv")?;
        if !output.status.success() {
            bail!("uv publish ended with {}:\n{}", output.status, crate::text(&output.stderr));
        }
        Ok(())
    }
}

fn start(command: &[&str], port: u16, page: &str, log: &Path) -> Result<Server> {
    let command: Vec<String> = command.iter().map(|&part| part.to_owned()).collect();
    let server = Server::start(&command, log)?;
    let is_ready = || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
            && get(port, page).is_some_and(|answer| answer.contains(" 200 "))
    };
    wait_until(is_ready).with_context(|| fs::read_to_string(log).unwrap_or_default())?;
    Ok(server)
}
