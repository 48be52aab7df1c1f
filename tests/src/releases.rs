//! A release that is ready to be published to a repository at GitHub: the emulator of it, with what that leaves out.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::github::{GitHub, TOKEN};
use crate::servers::{Contract, Faults};
use crate::{Sandbox, repository, text};

/// A project, a repository, and what stands between them.
#[derive(Debug)]
pub struct Stage {
    /// The project.
    pub sandbox: Sandbox,
    /// The repository.
    pub github: GitHub,
    /// The release, up to its tag.
    pub document: String,
    /// The address of GitHub's interface.
    pub api: String,
    folder: tempfile::TempDir,
    _faults: Faults,
    _contract: Option<Contract>,
}

impl Stage {
    /// A release of the lockstep project with that version, tagged here and at GitHub, and further keys of its target.
    pub fn new(request: &str, keys: &str) -> Result<Self> {
        Self::before(request, keys, "", |_, _| Ok(None))
    }

    /// The same, with each request compared with GitHub's description of its interface: `violations` tells what is wrong.
    pub fn under_contract(request: &str, keys: &str) -> Result<Self> {
        Self::before(request, keys, "", |api, folder| Contract::start(api, folder).map(Some))
    }

    /// The same with more of a script between the project and GitHub.
    pub fn between(request: &str, keys: &str, more: &str) -> Result<Self> {
        Self::before(request, keys, more, |_, _| Ok(None))
    }

    fn before(
        request: &str,
        keys: &str,
        more: &str,
        contract: impl FnOnce(&str, &Path) -> Result<Option<Contract>>,
    ) -> Result<Self> {
        let mut sandbox = Sandbox::new("lockstep")?;
        sandbox.make_key()?;
        sandbox.shell(&format!(
            "sed -i '/^\\[\\[target\\]\\]$/,$d' release.toml
             printf '[[target]]\\nname = \"page\"\\nkind = \"github\"\\nrepository = \"octo/wagon\"\\n%s\\n' '{keys}' >> release.toml
             git commit -qam 'chore: releases at GitHub' && git push -q origin main"
        ))?;
        let document = sandbox.pipeline(request, "tag-release")?;
        let github = GitHub::with("octo/wagon")?;
        let folder = tempfile::tempdir()?;
        let script = fs::read_to_string(repository().join("tests/tests/github/before.py"))?;
        let contract = contract(&github.api(), folder.path())?;
        let api = contract.as_ref().map_or_else(|| github.api(), |contract| contract.endpoint.clone());
        let faults = Faults::start(&api, &(script + more), folder.path())?;
        sandbox.set("GITHUB_API_URL", &faults.endpoint);
        sandbox.set("GITHUB_TOKEN", TOKEN);
        let stage = Self {
            api: faults.endpoint.clone(),
            sandbox,
            github,
            document,
            folder,
            _faults: faults,
            _contract: contract,
        };
        let tag: Value = serde_json::from_str(&stage.document)?;
        stage.tag(
            tag["tag"]["name"].as_str().context("tag")?,
            tag["tag"]["commit"].as_str().context("commit")?,
        )?;
        Ok(stage)
    }

    /// Makes a tag known at GitHub.
    pub fn tag(&self, name: &str, commit: &str) -> Result<()> {
        let tag = json!({ "tag": name, "message": name, "object": commit, "type": "commit" });
        let made = self.github.post("git/tags", &tag)?;
        self.github.post("git/refs", &json!({ "ref": format!("refs/tags/{name}"), "sha": made["sha"] }))?;
        Ok(())
    }

    /// Writes a file that what stands between reads at each request: `fault.py`, `immutable`, `old`, `kill`.
    pub fn say(&self, file: &str, what: &str) -> Result<()> {
        Ok(fs::write(self.folder.path().join(file), what)?)
    }

    /// What was written to such a file: `requests`, `violations`; nothing where it is not there.
    pub fn said(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }

    /// Forgets what was written to such a file.
    pub fn forget(&self, file: &str) {
        let _ = fs::remove_file(self.folder.path().join(file));
    }

    /// The folder of these files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `distribute`, which must succeed, and returns its stdout and stderr.
    pub fn distribute(&self, arguments: &[&str]) -> Result<(String, String)> {
        let output = self.sandbox.run("distribute", arguments, &self.document)?;
        let (document, said) = (text(&output.stdout), text(&output.stderr));
        assert!(!(document.clone() + &said).contains(TOKEN), "the token was told:\n{said}");
        if !output.status.success() {
            bail!("distribute {arguments:?}:\n{said}");
        }
        Ok((document, said))
    }

    /// Runs `distribute`, which must fail, and returns its stderr.
    pub fn refused(&self) -> Result<String> {
        let said = self.sandbox.refused("distribute", &[], &self.document, 1)?;
        assert!(!said.contains(TOKEN) && said.contains("\nhint: "), "{said}");
        Ok(said)
    }

    /// Runs `distribute`, which is killed after or before its write of that number: "after 3". True where it was.
    pub fn killed(&self, at: &str) -> Result<bool> {
        self.say("kill", at)?;
        self.forget("counted");
        fs::write(self.sandbox.path("document.json"), &self.document)?;
        let script = format!(
            "echo -n $$ > {}/pid; exec {}/distribute < ../document.json",
            self.folder.path().display(),
            self.sandbox.programs().display()
        );
        let output = self.sandbox.command("bash").args(["-c", &script]).output()?;
        self.forget("kill");
        Ok(output.status.code().is_none())
    }

    /// The releases as GitHub has them, without what differs from run to run.
    pub fn releases(&self) -> Result<Value> {
        let mut releases = ureq_json(&format!("{}/repos/octo/wagon/releases", self.api))?;
        for release in releases.as_array_mut().context("a list")? {
            for key in [
                "id",
                "node_id",
                "url",
                "html_url",
                "assets_url",
                "upload_url",
                "tarball_url",
                "zipball_url",
                "created_at",
                "published_at",
                "author",
            ] {
                release.as_object_mut().context("a release")?.remove(key);
            }
            let mut assets: Vec<Value> = release["assets"].as_array().context("assets")?.clone();
            assets =
                assets.iter().map(|asset| json!([asset["name"], asset["size"], asset["digest"]])).collect();
            assets.sort_by_key(Value::to_string);
            release["assets"] = assets.into();
        }
        Ok(releases)
    }

    /// The names of the assets of the only release, sorted.
    pub fn assets(&self) -> Result<Vec<String>> {
        let releases = self.releases()?;
        let [release] = releases.as_array().context("a list")?.as_slice() else { bail!("{releases:#}") };
        let assets = release["assets"].as_array().context("assets")?;
        Ok(assets.iter().filter_map(|asset| Some(asset[0].as_str()?.to_owned())).collect())
    }

    /// Removes every release.
    pub fn clear(&self) -> Result<()> {
        for release in self.github.get("releases")?.as_array().context("a list")? {
            let address = format!("{}/repos/octo/wagon/releases/{}", self.api, release["id"]);
            ureq::delete(&address).header("Authorization", format!("Bearer {TOKEN}")).call()?;
        }
        Ok(())
    }
}

fn ureq_json(address: &str) -> Result<Value> {
    let mut answer = ureq::get(address).header("Authorization", format!("Bearer {TOKEN}")).call()?;
    Ok(serde_json::from_str(&answer.body_mut().read_to_string()?)?)
}
