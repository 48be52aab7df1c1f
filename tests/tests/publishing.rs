//! Whole releases to every kind of place: by hand, by a workflow, cut short, and taken back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::github::{GitHub, TOKEN};
use tests::indexes::{PASSWORD, PackageServer};
use tests::servers::Faults;
use tests::{Sandbox, act, repository, text};

/// What comes to each index.
const FILES: [&str; 4] = [
    "wagon_cdk-0.2.0-py3-none-any.whl",
    "wagon_cdk-0.2.0.tar.gz",
    "wagon_core-0.2.0-py3-none-any.whl",
    "wagon_core-0.2.0.tar.gz",
];

/// Ends the process group of the client at an upload, before or after the server takes it.
const KILLER: &str = r#"
import os, signal
HERE = os.path.dirname(os.path.abspath(__file__))
def kill(flow, when):
    try:
        at, group = open(os.path.join(HERE, "kill")).read().split()
    except FileNotFoundError:
        return
    if flow.request.method == "POST" and at == when:
        os.remove(os.path.join(HERE, "kill"))
        os.killpg(int(open(group).read()), signal.SIGKILL)
def request(flow):
    kill(flow, "before")
def response(flow):
    kill(flow, "after")
"#;

/// A project and all the places that it is published to.
struct Stage {
    sandbox: Sandbox,
    github: GitHub,
    api: String,
    real: PackageServer,
    rehearsal: PackageServer,
    between: Faults,
    folder: tempfile::TempDir,
    _before: Faults,
}

impl Stage {
    fn new() -> Result<Self> {
        let mut sandbox = Sandbox::new("lockstep")?;
        sandbox.make_key()?;
        let folder = tempfile::tempdir()?;
        let below = |name: &str| -> Result<std::path::PathBuf> {
            fs::create_dir(folder.path().join(name))?;
            Ok(folder.path().join(name))
        };
        let github = GitHub::with("octo/wagon")?;
        let script = fs::read_to_string(repository().join("tests/tests/github/before.py"))?;
        let before = Faults::start(&github.api(), &script, &below("github")?)?;
        github.follow(&sandbox.path("origin.git"))?;
        let (real, rehearsal) =
            (PackageServer::devpi(&below("real")?)?, PackageServer::pypiserver(&below("rehearsal")?)?);
        let between = Faults::start(real.origin(), KILLER, &below("between")?)?;
        let api = before.endpoint.clone();
        for (name, value) in [("GITHUB_API_URL", api.as_str()), ("GITHUB_TOKEN", TOKEN)] {
            sandbox.set(name, value);
        }
        sandbox.shell("git remote set-url origin \"$(cd ../origin.git && pwd)\"")?;
        Ok(Self { sandbox, github, api, real, rehearsal, between, folder, _before: before })
    }

    /// The URL of the real server as its clients know it.
    fn through(&self, url: &str) -> String {
        url.replacen(self.real.origin(), &self.between.endpoint, 1)
    }

    /// Gives the project these targets in place of its own, and pushes that.
    fn publish_to(&self, targets: &str) -> Result<()> {
        let path = self.sandbox.project().join("release.toml");
        let settings = fs::read_to_string(&path)?;
        let own = settings.split("[[target]]").next().context("settings")?;
        fs::write(&path, format!("{own}{targets}"))?;
        self.sandbox.shell("git commit -qam 'chore: publish everywhere' && git push -q origin main")?;
        Ok(())
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.sandbox.run("xtask", arguments, "")?;
        told(&output)
    }

    /// The files that an index serves, each with its digest, and whether it is yanked.
    fn served(&self, simple: &str) -> Result<Vec<(String, String, bool)>> {
        let served = index::Served::at(simple, web::Web::new())?;
        let mut found = Vec::new();
        for package in ["wagon-core", "wagon-cdk"] {
            let name = document::PackageName::normalise(package)?;
            for file in served.files(&name)?.unwrap_or_default() {
                let digest = file.sha256.context("a digest")?.to_string();
                found.push((file.file_name, digest, file.yanked.is_some()));
            }
        }
        found.sort();
        Ok(found)
    }

    /// The only release at GitHub.
    fn release(&self) -> Result<Value> {
        let releases = self.github.get("releases")?;
        let all = releases.as_array().context("a list")?;
        ensure!(all.len() == 1, "{releases:#}");
        Ok(all[0].clone())
    }
}

/// What a run said, which must have succeeded and told no secret.
fn told(output: &Output) -> Result<String> {
    let said = text(&output.stdout) + &text(&output.stderr);
    ensure!(!said.contains(TOKEN) && !said.contains(PASSWORD), "a secret was told:\n{said}");
    ensure!(output.status.success(), "{said}");
    Ok(said)
}

/// The files that were built, each with its digest.
fn built(folder: &Path) -> Result<Vec<(String, String, bool)>> {
    let digest = |name: &&str| -> Result<_> {
        let sha256 = distribution::digest(&folder.join(name))?.0.to_string();
        Ok(((*name).to_owned(), sha256, false))
    };
    FILES.iter().map(digest).collect()
}

/// The lines that tell what is done, without what is known after the build alone.
fn actions(said: &str) -> Vec<String> {
    let other = [" ", "note: ", "warning: ", "skip: ", "ok: "];
    let lines = said.lines().filter_map(|line| line.strip_prefix("  "));
    let is_other = |line: &str| line.is_empty() || other.iter().any(|start| line.starts_with(start));
    let lines = lines.filter(|line| !is_other(line));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_release_goes_everywhere_is_cut_short_goes_on_and_is_taken_back() -> Result<()> {
    let mut stage = Stage::new()?;
    let settings = [("company", &stage.real), ("testpypi", &stage.rehearsal)].map(|(name, server)| {
        let (url, uploads) = match name {
            "company" => (stage.through(&server.simple), stage.through(&server.uploads)),
            _ => (server.simple.clone(), server.uploads.clone()),
        };
        format!(
            "[[index]]\nname = \"{name}\"\nurl = \"{url}\"\npublish-url = \"{uploads}\"\nexplicit = true\n\n"
        )
    });
    let path = stage.sandbox.path("uv.toml");
    fs::write(&path, settings.concat())?;
    stage.sandbox.set("UV_CONFIG_FILE", &path.to_string_lossy());
    for (name, server) in [("COMPANY", stage.real.user), ("TESTPYPI", stage.rehearsal.user)] {
        stage.sandbox.set(&format!("UV_INDEX_{name}_USERNAME"), server);
        stage.sandbox.set(&format!("UV_INDEX_{name}_PASSWORD"), PASSWORD);
    }
    let folder = stage.sandbox.path("index");
    stage.publish_to(&format!(
        "[[target]]\nname = \"team\"\nkind = \"directory\"\npath = \"{}\"\n\n\
         [[target]]\nname = \"page\"\nkind = \"github\"\nrepository = \"octo/wagon\"\n\n\
         [[target]]\nname = \"testpypi\"\nkind = \"pypi\"\nindex = \"testpypi\"\nwait = 60\n\n\
         [[target]]\nname = \"company\"\nkind = \"pypi\"\nindex = \"company\"\nrehearse = \"testpypi\"\nwait = 60\n",
        folder.display()
    ))?;
    let plan = stage.run(&["release", "minor", "--dry-run"])?;
    assert!(stage.served(&stage.rehearsal.simple)?.is_empty() && !folder.exists(), "{plan}");

    // The power fails when the first file has come to the server that gives nothing back, before it says so.
    let group = stage.sandbox.path("group");
    fs::write(stage.folder.path().join("between/kill"), format!("after {}", group.display()))?;
    let mut first = stage.sandbox.command("bash");
    first.args(["-c", "echo -n $$ > ../group; exec xtask release minor"]).process_group(0);
    let first = first.output()?;
    let begun = text(&first.stderr);
    assert!(first.status.code().is_none(), "{begun}");
    let files = built(&stage.sandbox.project().join("dist"))?;
    assert_eq!(stage.served(&stage.rehearsal.simple)?, files, "it was rehearsed");
    assert_eq!(stage.served(&stage.real.simple)?.len(), 1);
    assert_eq!(stage.release()?["draft"], json!(true), "what is not everywhere is not public");
    let status = stage.run(&["status"])?;
    assert!(status.contains("v0.2.0: it stopped after tag-release (8 of 10)"), "{status}");
    let resumed = stage.run(&["release", "--resume"])?;
    assert!(
        resumed.contains("  skip: upload wagon_core-0.2.0-*.whl to company: it is there already"),
        "{resumed}"
    );
    assert_eq!(actions(&resumed).iter().filter(|line| line.starts_with("upload ")).count(), 3, "{resumed}");
    assert_eq!(resumed.matches("is not offered").count(), 1, "a warning is given once:\n{resumed}");
    assert_eq!(stage.served(&stage.real.simple)?, files);
    assert_eq!(stage.release()?["draft"], json!(false));
    // What was planned before anything was built is what was done, no more and no less.
    let (stages, _) = resumed.split_once("\nreleased ").context("it came to its end")?;
    let done: BTreeSet<String> = actions(&begun).into_iter().chain(actions(stages)).collect();
    assert_eq!(actions(&plan).into_iter().collect::<BTreeSet<_>>(), done);
    let verified = stage.run(&["verify", "0.2.0"])?;
    assert!(verified.trim_end().ends_with("v0.2.0 is complete where it was published"), "{verified}");

    // From the document alone, where there is nothing else; then the rest in the clone.
    let document = stage.sandbox.shell("cat .git/wainwright/v0.2.0/10-announce.json")?;
    fs::create_dir(stage.sandbox.path("afar"))?;
    let afar = stage.sandbox.path("afar").to_string_lossy().into_owned();
    let reason = ["--yes", "--reason", "it does not roll"];
    let output = stage.sandbox.run("rollback", &[&reason[..], &["--project", &afar]].concat(), &document)?;
    let far = told(&output)?;
    assert_eq!(stage.release()?["draft"], json!(true), "{far}");
    for package in ["wagon-core", "wagon-cdk"] {
        let page = fs::read_to_string(folder.join("simple").join(package).join("index.html"))?;
        assert_eq!(page.matches("data-yanked=\"it does not roll\"").count(), 2, "{page}");
    }
    let rest = stage.run(&[&["rollback", "0.2.0"], &reason[..]].concat())?;
    // Once in the plan, and once when it is carried out.
    let word = "skip: yank simple/wagon-core/wagon_core-0.2.0.tar.gz on company: no program can do that";
    assert_eq!(rest.matches(word).count(), 2, "{rest}");
    stage.sandbox.shell(
        "! git -C ../origin.git rev-parse -q --verify refs/tags/v0.2.0
         git -C ../origin.git rev-parse -q --verify refs/tags/withdrawn/v0.2.0
         git -C ../origin.git log -1 --format=%s main | grep -qx 'revert: release 0.2.0'",
    )?;
    assert_eq!(stage.served(&stage.real.simple)?, files, "a rollback writes nothing there");
    Ok(())
}

#[test]
fn the_workflow_builds_checks_and_publishes_in_jobs_of_their_own() -> Result<()> {
    let mut stage = Stage::new()?;
    stage.sandbox.shell("git config user.name A && git config user.email a@example.invalid")?;
    let folder = stage.sandbox.path("index");
    stage.publish_to(&format!(
        "[[target]]\nname = \"team\"\nkind = \"directory\"\npath = \"{}\"\n\n\
         [[target]]\nname = \"page\"\nkind = \"github\"\nrepository = \"octo/wagon\"\n\n\
         [[target]]\nname = \"company\"\nkind = \"pypi\"\nurl = \"{}\"\npublish-url = \"{}\"\nwait = 60\n\n\
         [[announcement]]\nname = \"log\"\nrun = \"cat >> {}\"\n",
        folder.display(),
        stage.rehearsal.simple,
        stage.rehearsal.uploads,
        stage.sandbox.path("announced").display()
    ))?;
    act::copy(&stage.sandbox, &["build-wheels.yml", "release.yml"])?;
    stage.sandbox.pipeline("minor", "commit-release")?;
    stage.sandbox.shell("git push -q origin main")?;
    let key = fs::read_to_string(stage.sandbox.path("minisign.key"))?;
    stage.sandbox.set("WAINWRIGHT_SIGN_KEY", "");
    let secrets = |token: &str| {
        let key = key.replace('\n', "\\n");
        format!("GITHUB_TOKEN={TOKEN}\nUV_PUBLISH_TOKEN={token}\nWAINWRIGHT_SIGN_KEY=\"{key}\"\n")
    };
    let file = stage.sandbox.path("secrets");
    let options = |attempt: u8| -> Vec<String> {
        let (file, api) = (file.to_string_lossy().into_owned(), format!("GITHUB_API_URL={}", stage.api));
        let attempt = format!("GITHUB_RUN_ATTEMPT={attempt}");
        ["--secret-file", &file, "--env", &attempt, "--env", &api, "--actor", "octo"]
            .map(str::to_owned)
            .to_vec()
    };
    // With a token that the server does not take the run ends there, and with the right one it goes on.
    fs::write(&file, secrets("a-wrong-token"))?;
    let failed = act::run(&stage.sandbox, "release.yml", &options(1))?;
    let said = text(&failed.stdout) + &text(&failed.stderr);
    assert!(!failed.status.success() && said.contains("the server refuses the credentials"), "{said}");
    assert_eq!(stage.release()?["draft"], json!(true), "{said}");
    let documents = stage.sandbox.path("artifacts/documents-1");
    assert!(documents.join("tagged.json").is_file() && !stage.sandbox.path("announced").exists());
    // It knows no way to run jobs that failed alone, so those before them make the same again.
    stage.sandbox.shell("cd ../artifacts && rm -r release built* && cd ../project && git fetch -q --tags")?;
    fs::write(&file, secrets(PASSWORD))?;
    let output = act::run(&stage.sandbox, "release.yml", &options(2))?;
    let said = told(&output)?;
    assert_eq!(said.matches(".minisig: it verifies with this key already").count(), 6, "{said}");

    let artifacts = stage.sandbox.path("artifacts");
    let files = built(&artifacts.join("built"))?;
    assert_eq!(stage.served(&stage.rehearsal.simple)?, files);
    let release = stage.release()?;
    assert_eq!(release["draft"], json!(false), "{release:#}");
    let assets = release["assets"].as_array().context("assets")?;
    for (name, sha256, _) in &files {
        let of_index =
            folder.join("simple").join(name.split('-').next().unwrap_or_default().replace('_', "-"));
        assert_eq!(distribution::digest(&of_index.join(name))?.0.to_string(), *sha256);
        let signature = format!("{name}.minisig");
        let kept = fs::read(artifacts.join("signed-1").join(&signature))?;
        assert_eq!(fs::read(of_index.join(&signature))?, kept, "a signature is made once");
        assert!([name, &signature].iter().all(|name| assets.iter().any(|asset| asset["name"] == **name)));
    }
    let released = fs::read_to_string(artifacts.join("announced/announced.json"))?;
    let released = document::Release::from_json(released.as_bytes())?;
    assert_eq!(released.publications.as_ref().map_or(0, Vec::len), 3);
    assert!(fs::read_to_string(stage.sandbox.path("announced"))?.contains("0.2.0"));
    Ok(())
}

#[test]
fn a_branch_that_went_on_does_not_hold_up_the_tag_of_a_commit_that_it_has() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let document = sandbox.pipeline("minor", "sign")?;
    // As while somebody approves what a workflow has built.
    sandbox.shell(
        "git push -q origin main && git clone -q ../origin.git ../other && cd ../other
         git commit -q --allow-empty -m 'feat: more' && git push -q origin main && git -C ../project fetch -q",
    )?;
    let output = sandbox.run("tag-release", &[], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("tag-release: push v0.2.0 to origin\n"), "{said}");
    sandbox.shell(
        "test \"$(git -C ../origin.git rev-parse v0.2.0^{commit})\" = \"$(git rev-parse HEAD)\"
         test \"$(git -C ../origin.git log -1 --format=%s main)\" = 'feat: more'",
    )?;
    let again = sandbox.run("tag-release", &[], &text(&output.stdout))?;
    assert!(
        text(&again.stderr).contains("skip: push v0.2.0: origin has it already"),
        "{}",
        text(&again.stderr)
    );
    Ok(())
}
