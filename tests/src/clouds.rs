//! The stores of the other clouds on this machine: Azurite for Azure, and Google's language over SeaweedFS.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::bucket::{Stage, seaweedfs};
use crate::oracle;
use crate::servers::{Faults, Nginx, Server, free_port, get, s3, wait_until};

/// The storage account.
pub const ACCOUNT: &str = "acme";
/// The key of the account, base64 of `marker-secret-of-the-account`.
pub const ACCOUNT_KEY: &str = "bWFya2VyLXNlY3JldC1vZi10aGUtYWNjb3VudA==";
/// The client of Azure that looks at what was written.
const BLOB: &str = "azure-storage-blob==12.27.1";

/// Azurite, Microsoft's own emulator, with nginx before it. It checks keys, signatures and conditions.
#[derive(Debug)]
pub struct Azurite {
    /// The URL of the account.
    pub endpoint: String,
    /// The URL that people install from, with the container as its first folder.
    pub website: String,
    _servers: (Server, Nginx),
    _folder: tempfile::TempDir,
}

/// A bucket of Google's, with its key.
#[derive(Debug)]
pub struct Google {
    /// The release, and where it goes.
    pub stage: Stage,
    /// The store as the tools see it.
    pub endpoint: String,
    _server: Faults,
}

impl Azurite {
    /// Starts it, and waits until it answers.
    pub fn start() -> Result<Self> {
        let azurite = oracle::azurite()?.join("node_modules/azurite/dist/src/blob/main.js");
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let mut command = vec!["env".to_owned(), format!("AZURITE_ACCOUNTS={ACCOUNT}:{ACCOUNT_KEY}")];
        command.extend(["node".to_owned(), azurite.to_string_lossy().into_owned()]);
        command.extend(
            [
                "--blobHost",
                "127.0.0.1",
                "--silent",
                "--skipApiVersionCheck",
                "--inMemoryPersistence",
                "--disableTelemetry",
            ]
            .map(str::to_owned),
        );
        command.extend(["--blobPort".to_owned(), port.to_string()]);
        let server = Server::start(&command, Path::new(&at("azurite.log")))?;
        wait_until(|| get(port, "/").is_some_and(|answer| answer.contains("Azurite-Blob")))?;
        let website = Nginx::before(port, folder.path())?;
        let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
        let url = format!("{}/{ACCOUNT}", website.url);
        Ok(Self { endpoint, website: url, _servers: (server, website), _folder: folder })
    }

    /// A release with a container of that name, which everybody may read.
    pub fn stage(&self, container: &str) -> Result<Stage> {
        self.python(&format!("service.create_container('{container}', public_access='blob')"))?;
        let url = format!("{}/{container}/py", self.website);
        let target = format!(
            "kind = \"azure\"\naccount = \"{ACCOUNT}\"\nendpoint = \"{}\"\nurl = \"{url}\"\n",
            self.endpoint
        );
        let variables = [("AZURE_STORAGE_KEY", ACCOUNT_KEY)];
        Stage::of(&self.endpoint, container, &format!("{url}/simple/"), &target, &variables)
    }

    /// Runs a few lines of Python in which `service` is a client with all rights, and returns what they print.
    pub fn python(&self, script: &str) -> Result<String> {
        let path = oracle::python(BLOB)?;
        let start = format!(
            "from azure.storage.blob import *\nimport datetime\n\
             service = BlobServiceClient('{}', credential='{ACCOUNT_KEY}')\n",
            self.endpoint
        );
        python(&path, &(start + script))
    }

    /// A shared access signature for a container with these rights.
    pub fn signature(&self, container: &str, rights: &str) -> Result<String> {
        let signature = self.python(&format!(
            "print(generate_container_sas('{ACCOUNT}', '{container}', account_key='{ACCOUNT_KEY}', permission='{rights}', \
             expiry=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)))"
        ))?;
        Ok(signature.trim().to_owned())
    }

    /// Every blob of a container: name, type, how long it is kept, and the digest that it carries.
    pub fn blobs(&self, container: &str) -> Result<String> {
        self.python(&format!(
            "for b in service.get_container_client('{container}').list_blobs(include=['metadata']):\n \
             print(b.name, '|', b.content_settings.content_type, '|', b.content_settings.cache_control, '|', \
             len((b.metadata or {{}}).get('sha256', '')))"
        ))
    }
}

impl Google {
    /// A release with the one bucket that Google's language reaches, and the key of a service account.
    pub fn stage() -> Result<Self> {
        let store = seaweedfs()?;
        s3(
            &store.endpoint,
            "if not s3.list_buckets(Prefix='google').get('Buckets'): s3.create_bucket(Bucket='google')",
        )?;
        let url = format!("{}/google/py", store.website);
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let script = include_str!("gcs.py").replace("@PUBLIC@", &at("public.pem"));
        let made = Command::new("openssl").args(["genrsa", "-out", &at("key.pem"), "2048"]).output()?;
        let told = Command::new("openssl")
            .args(["rsa", "-in", &at("key.pem"), "-pubout", "-out", &at("public.pem")])
            .output()?;
        if !made.status.success() || !told.status.success() {
            bail!("openssl makes no key: {}", String::from_utf8_lossy(&made.stderr));
        }
        let key = serde_json::json!({
            "type": "service_account",
            "client_email": "publisher@acme.iam.example",
            "private_key_id": "1",
            "private_key": std::fs::read_to_string(at("key.pem"))?,
        });
        let server = Faults::start_in(&store.endpoint, &script, folder)?;
        let endpoint = server.endpoint.clone();
        let target = format!("kind = \"gcs\"\nendpoint = \"{endpoint}\"\nurl = \"{url}\"\n");
        let mut stage = Stage::of(&store.endpoint, "google", &format!("{url}/simple/"), &target, &[])?;
        let path = stage.sandbox.path("key.json");
        std::fs::write(&path, key.to_string())?;
        stage.sandbox.set("GOOGLE_APPLICATION_CREDENTIALS", &path.to_string_lossy());
        Ok(Self { stage, endpoint, _server: server })
    }
}

fn python(path: &Path, script: &str) -> Result<String> {
    let output = Command::new("python3").env("PYTHONPATH", path).args(["-c", script]).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
