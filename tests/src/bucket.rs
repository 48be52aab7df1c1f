//! A release that is ready to be published to a bucket of a real server.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use document::Release;

use crate::servers::{KEYS, SeaweedFs, s3};
use crate::{Sandbox, text, uv};

/// The index of a test: a bucket of its own, with the document of a release that is ready to be published.
#[derive(Debug)]
pub struct Stage {
    /// The project.
    pub sandbox: Sandbox,
    /// The URL of the store.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// The URL that people install from.
    pub index: String,
    /// The release, up to its tag.
    pub document: String,
}

/// The one SeaweedFS of a test program.
pub(crate) fn seaweedfs() -> Result<&'static SeaweedFs> {
    static STORE: OnceLock<Result<SeaweedFs, String>> = OnceLock::new();
    let store = STORE.get_or_init(|| SeaweedFs::start().map_err(|error| format!("{error:#}")));
    store.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

impl Stage {
    /// A release of the lockstep project, tagged, with a target in that bucket of SeaweedFS.
    pub fn new(bucket: &str) -> Result<Self> {
        let store = seaweedfs()?;
        Self::on(&store.endpoint, bucket, &format!("url = \"{}/{bucket}/py\"", store.website))
    }

    /// The same on any server that speaks the language of S3; `url` is that line of release.toml, or nothing.
    pub fn on(endpoint: &str, bucket: &str, url: &str) -> Result<Self> {
        s3(endpoint, &format!("s3.create_bucket(Bucket='{bucket}')"))?;
        let index = match url.split('"').nth(1) {
            Some(url) => format!("{url}/simple/"),
            None => format!("{endpoint}/{bucket}/py/simple/"),
        };
        let keys = [("AWS_ACCESS_KEY_ID", KEYS[0]), ("AWS_SECRET_ACCESS_KEY", KEYS[1])];
        let target = format!("kind = \"s3\"\nregion = \"us-east-1\"\nendpoint = \"{endpoint}\"\n{url}\n");
        Self::of(endpoint, bucket, &index, &target, &keys)
    }

    /// The same on a store that is ready, with the lines of its target and the variables of its credentials.
    pub fn of(
        endpoint: &str,
        bucket: &str,
        index: &str,
        target: &str,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let mut sandbox = Sandbox::new("lockstep")?;
        sandbox.make_key()?;
        variables.iter().for_each(|(name, value)| sandbox.set(name, value));
        let name = format!("[[target]]\nname = \"team\"\nbucket = \"{bucket}\"\nprefix = \"py\"\n");
        sandbox.shell(&format!(
            "sed -i '/^\\[\\[target\\]\\]$/,$d' release.toml && printf '%s' '{name}{target}' >> release.toml
             git commit -qam 'chore: an index in a bucket' && git push -q origin main"
        ))?;
        let document = sandbox.pipeline("minor", "tag-release")?;
        // What a library says to those who look for its faults must hold no secret either.
        for (name, value) in [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full"), ("AWS_DEBUG", "1")] {
            sandbox.set(name, value);
        }
        let (endpoint, bucket, index) = (endpoint.to_owned(), bucket.to_owned(), index.to_owned());
        Ok(Self { sandbox, endpoint, bucket, index, document })
    }

    /// Runs `distribute`, which must succeed, and returns its stdout and stderr.
    pub fn distribute(&self, arguments: &[&str]) -> Result<(String, String)> {
        let output = self.sandbox.run("distribute", arguments, &self.document)?;
        if !output.status.success() {
            bail!("distribute {arguments:?}:\n{}", text(&output.stderr));
        }
        let (document, said) = (text(&output.stdout), text(&output.stderr));
        assert!(!(document.clone() + &said).contains("marker-secret"), "a secret was told:\n{said}");
        Ok((document, said))
    }

    /// Runs Python lines with `s3` and the name of the bucket in `b`, and returns what they print.
    pub fn python(&self, lines: &str) -> Result<String> {
        s3(&self.endpoint, &format!("b = '{}'\n{lines}", self.bucket))
    }

    /// Every key of the bucket with its size.
    pub fn keys(&self) -> Result<String> {
        self.python(
            "for page in s3.get_paginator('list_objects_v2').paginate(Bucket=b):\n \
             for o in page.get('Contents', []): print(o['Key'], o['Size'])",
        )
    }

    /// The JSON page of a package.
    pub fn page(&self, package: &str) -> Result<serde_json::Value> {
        let key = format!("py/simple/{package}/index.json");
        let page =
            self.python(&format!("print(s3.get_object(Bucket=b, Key='{key}')['Body'].read().decode())"))?;
        serde_json::from_str(&page).context(page)
    }

    /// Installs with pip and with uv from the index alone, and returns the version that both have got.
    pub fn installed(&self, requirement: &str) -> Result<String> {
        let (index, uv) = (&self.index, uv());
        let version = self.sandbox.shell(&format!(
            "rm -rf ../pip ../uv
             python3 -m pip install -q --no-cache-dir --disable-pip-version-check --target ../pip --index-url {index} {requirement}
             {uv} pip install -q --no-cache --python python3 --target ../uv --default-index {index} {requirement}
             PYTHONPATH=../pip python3 -c 'import wagon_cdk; print(wagon_cdk.__version__)'
             PYTHONPATH=../uv python3 -c 'import wagon_cdk; print(wagon_cdk.__version__)'"
        ))?;
        let versions: Vec<&str> = version.lines().collect();
        assert!(versions.len() == 2 && versions[0] == versions[1], "{versions:?}");
        Ok(versions[0].to_owned())
    }

    /// Starts to publish a version of one package, from a project of its own.
    pub fn publisher(&self, version: &str) -> Result<Child> {
        self.publisher_of(version, 0, &[])
    }

    /// The same with a wheel that has so many bytes which nothing makes smaller.
    pub fn publisher_of(&self, version: &str, bytes: usize, arguments: &[&str]) -> Result<Child> {
        let folder = self.prepared(version, bytes)?;
        let program = self.sandbox.programs().join("distribute");
        let mut command = self.sandbox.command(&program.to_string_lossy());
        command
            .args(["--package", "wagon-core"])
            .args(arguments)
            .current_dir(folder.join("clone"))
            .stdin(fs::File::open(folder.join("document.json"))?);
        Ok(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?)
    }

    /// A folder with `document.json`, the release of that one wheel, and `clone`, the project with it.
    pub fn prepared(&self, version: &str, bytes: usize) -> Result<PathBuf> {
        let folder = self.sandbox.path(version);
        let name = format!("wagon_core-{version}-py3-none-any.whl");
        self.sandbox.shell(&format!(
            "mkdir -p {0}/dist && git clone -q ../origin.git {0}/clone && cp release.toml {0}/clone && cd {0}/clone && mkdir dist
             python3 - <<'END'
import os, zipfile
info = 'wagon_core-{version}.dist-info'
with zipfile.ZipFile('dist/{name}', 'w') as wheel:
    wheel.writestr('wagon_core/__init__.py', '')
    wheel.writestr('wagon_core/data', os.urandom({bytes}))
    wheel.writestr(info + '/METADATA', 'Metadata-Version: 2.4\\nName: wagon-core\\nVersion: {version}\\n')
    wheel.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + '/RECORD', '')
END",
            folder.display()
        ))?;
        let path = folder.join("clone/dist").join(&name);
        let mut release = Release::from_json(self.document.as_bytes())?;
        release.version.current = version.parse()?;
        release.version.tag = format!("v{version}");
        let artifacts = release.artifacts.as_mut().context("artifacts")?;
        artifacts.retain(|one| one.path.as_str().ends_with(".whl") && one.package.as_str() == "wagon-core");
        artifacts[0].path = format!("dist/{name}").parse()?;
        artifacts[0].size = fs::metadata(&path)?.len();
        let sum = self.sandbox.shell(&format!("sha256sum {}", path.display()))?;
        artifacts[0].sha256 = sum.split(' ').next().unwrap_or_default().parse()?;
        release.signatures = Some(Vec::new());
        let expected = release.expected.as_mut().context("expected")?;
        expected.retain(|one| one.id.contains("core") && one.kind == document::ArtifactKind::Wheel);
        fs::write(folder.join("document.json"), release.to_json()?)?;
        Ok(folder)
    }
}
