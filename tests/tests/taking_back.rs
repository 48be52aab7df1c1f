//! Places that a release is taken back from, as they are: a bucket, a folder, servers that take uploads, and GitHub.

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use document::{Fate, Publication, PublishedFile, Release};
use serde_json::json;
use tests::bucket::Stage;
use tests::github::{GitHub, TOKEN};
use tests::indexes::PackageServer;
use tests::{Sandbox, text};

/// Runs `rollback` where nothing of the project is.
fn afar(sandbox: &Sandbox, arguments: &[&str], document: &str) -> Result<Output> {
    let folder = sandbox.path("afar");
    fs::create_dir_all(&folder)?;
    sandbox.run("rollback", &[arguments, &["--project", &folder.to_string_lossy()]].concat(), document)
}

fn done(output: &Output) -> Result<Release> {
    ensure!(output.status.success(), "{}", text(&output.stderr));
    Ok(Release::from_json(&output.stdout)?)
}

/// What became of the things whose names end so.
fn fates(release: &Release, end: &str) -> Vec<(Fate, String)> {
    let all = release.withdrawals.iter().flatten().filter(|entry| entry.what.ends_with(end));
    all.map(|entry| (entry.fate, entry.detail.clone())).collect()
}

/// A release in a clone, with the built files said to be published to one target.
fn published(kind: &str, location: &str) -> Result<(Sandbox, Release)> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    let mut release = Release::from_json(sandbox.pipeline("minor", "tag-release")?.as_bytes())?;
    let files = release.artifacts.iter().flatten().map(|artifact| {
        let name = artifact.path.file_name();
        let path = if kind == "github" {
            format!("v0.2.0/{name}")
        } else {
            format!("simple/{}/{name}", artifact.package)
        };
        let (package, sha256) = (Some(artifact.package.clone()), artifact.sha256.clone());
        Ok(PublishedFile { path: path.parse()?, package, sha256 })
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    let (target, kind, location) = ("there".to_owned(), kind.to_owned(), location.to_owned());
    release.publications = Some(vec![Publication { target, kind, location, url: None, files }]);
    Ok((sandbox, release))
}

#[test]
fn a_bucket_is_taken_back_from_the_document_alone_killed_at_any_request() -> Result<()> {
    let stage = Stage::new("alone")?;
    let (document, _) = stage.distribute(&[])?;
    fs::write(stage.sandbox.path("document.json"), &document)?;
    fs::create_dir_all(stage.sandbox.path("afar"))?;
    let program = stage.sandbox.programs().join("rollback");
    let mut killed = 0;
    for when in 1..100 {
        let mut command = stage.sandbox.command("strace");
        let inject = format!("inject=writev,sendto:signal=SIGKILL:when={when}");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=writev,sendto", "-e", &inject]);
        command.arg(&program).args(["--yes", "--reason", "wheels fall off", "--project"]);
        command.arg(stage.sandbox.path("afar"));
        let output = command.stdin(fs::File::open(stage.sandbox.path("document.json"))?).output()?;
        if output.status.success() {
            break;
        }
        assert!(output.stdout.is_empty(), "a killed run has handed on a document");
        killed += 1;
    }
    assert!(killed > 5, "only {killed} runs were killed");
    let again = afar(&stage.sandbox, &["--yes", "--reason", "wheels fall off"], &document)?;
    let release = done(&again)?;
    let yanked = (Fate::Withdrawn, "yanked: wheels fall off".to_owned());
    assert_eq!(fates(&release, " on team"), vec![yanked; 4]);
    assert_eq!(fates(&release, "v0.2.0")[0].0, Fate::Kept);
    for package in ["wagon-core", "wagon-cdk"] {
        let page = stage.page(package)?;
        let files = page["files"].as_array().context("files")?;
        assert!(files.len() == 2 && files.iter().all(|file| file["yanked"] == "wheels fall off"), "{page}");
    }
    // What is pinned still installs; the document stays, from which this was done.
    assert_eq!(stage.installed("wagon-cdk==0.2.0 wagon-core==0.2.0")?, "0.2.0");
    assert!(stage.keys()?.contains("py/releases/v0.2.0.json"), "{}", stage.keys()?);
    let found = stage.sandbox.run("rollback", &["--release", "0.2.0", "--dry-run"], "")?;
    assert!(text(&found.stderr).contains("that in releases/v0.2.0.json of the target `team`"), "{found:?}");
    Ok(())
}

#[test]
fn a_folder_is_taken_back_killed_at_any_change_of_it() -> Result<()> {
    let index = tempfile::tempdir()?;
    let (sandbox, mut release) = published("directory", &index.path().to_string_lossy())?;
    let settings = format!(
        "\n[[target]]\nname = \"there\"\nkind = \"directory\"\npath = \"{}\"\n",
        index.path().display()
    );
    release.publications = None;
    sandbox.shell(&format!("cat >> release.toml <<'END'{settings}END"))?;
    let document = sandbox.must("distribute", &["--to", "there"], &release.to_json()?)?;
    fs::write(sandbox.path("document.json"), &document)?;
    fs::create_dir_all(sandbox.path("afar"))?;
    let program = sandbox.programs().join("rollback");
    let before = snapshot(index.path())?;
    for flag in ["--reason=it broke", "--unyank", "--delete"] {
        let calls = "rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync";
        let mut killed = 0;
        for when in 1..200 {
            let mut command = sandbox.command("strace");
            let inject = format!("inject={calls}:signal=SIGKILL:when={when}");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]);
            command.arg(&program).args(["--yes", flag, "--project"]).arg(sandbox.path("afar"));
            let output = command.stdin(fs::File::open(sandbox.path("document.json"))?).output()?;
            if output.status.success() {
                break;
            }
            killed += 1;
        }
        assert!(killed > 3, "{flag}: only {killed} runs were killed");
        let output = afar(&sandbox, &["--yes", flag], &document)?;
        done(&output)?;
        let said = text(&output.stderr);
        assert!(!said.contains("write the pages of there from what is there\n"), "{said}");
        let after = snapshot(index.path())?;
        let has = |end: &str| after.keys().filter(|name| name.ends_with(end)).count();
        match flag {
            "--unyank" => assert_eq!(after, before),
            "--delete" => {
                assert_eq!((has(".whl"), has(".tar.gz"), has(".yanked"), has("v0.2.0.json")), (0, 0, 0, 1))
            }
            _ => assert_eq!((has(".yanked"), has(".whl")), (4, 2)),
        }
    }
    Ok(())
}

/// The files below a folder with their bytes, without what a killed run leaves for the next one to sweep.
fn snapshot(folder: &std::path::Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')) {
                found.insert(path.to_string_lossy().into_owned(), fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

#[test]
fn what_pypiserver_and_devpi_hold_is_the_business_of_an_owner() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for server in [PackageServer::pypiserver(folder.path())?, PackageServer::devpi(folder.path())?] {
        let (sandbox, release) = published("pypi", &format!("pypi://there?url={}", server.simple))?;
        let files: Vec<_> =
            release.artifacts.iter().flatten().map(|one| one.path.under(&sandbox.project())).collect();
        server.upload(&files.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>())?;
        let output = afar(&sandbox, &["--yes", "--delete"], &release.to_json()?)?;
        let kept = fates(&done(&output)?, " on there");
        let why = "no program can do that, an owner does it in the browser";
        assert_eq!(kept, vec![(Fate::Kept, why.to_owned()); 4]);
        let said = text(&output.stderr);
        let root = server.simple.split('/').take(3).collect::<Vec<_>>().join("/");
        assert!(said.contains(&format!("open {root}/manage/project/wagon-cdk/release/0.2.0/")), "{said}");
        assert!(said.contains("give as the reason: 0.2.0 was taken back"), "{said}");
    }
    Ok(())
}

#[test]
fn a_release_at_github_is_hidden_or_deleted_and_skipped_by_the_next_run() -> Result<()> {
    let github = GitHub::with("octo/wagon")?;
    let location = format!("github://octo/wagon?api={}", github.api());
    let (mut sandbox, release) = published("github", &location)?;
    let document = release.to_json()?;
    let output = afar(&sandbox, &["--yes"], &document)?;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no token for it"), "{}", text(&output.stderr));
    sandbox.set("GH_ENTERPRISE_TOKEN", TOKEN);
    let absent = done(&afar(&sandbox, &["--yes"], &document)?)?;
    assert_eq!(fates(&absent, "v0.2.0 on there"), [(Fate::Absent, "it is not there any more".to_owned())]);

    let fields = json!({ "tag_name": "v0.2.0", "name": "wagon 0.2.0", "body": "notes", "draft": false });
    let made = github.post("releases", &fields)?;
    let dry = afar(&sandbox, &["--dry-run"], &document)?;
    let hidden = afar(&sandbox, &["--yes"], &document)?;
    let line = "rollback: make the release v0.2.0 on there a draft, which nobody sees\n";
    assert!(
        text(&dry.stderr).contains(line) && text(&hidden.stderr).contains(line),
        "{}",
        text(&hidden.stderr)
    );
    let now = github.get(&format!("releases/{}", made["id"]))?;
    assert_eq!((&now["draft"], &now["body"]), (&true.into(), &"notes".into()));
    let hidden = done(&hidden)?;
    let draft = vec![(Fate::Withdrawn, "it is a draft, which nobody sees".to_owned())];
    assert_eq!(fates(&hidden, "v0.2.0 on there"), draft);
    let again = afar(&sandbox, &["--yes"], &document)?;
    assert!(text(&again.stderr).contains("on there a draft: it is one already"), "{}", text(&again.stderr));
    assert_eq!(done(&again)?, hidden);

    let deleted = afar(&sandbox, &["--yes", "--delete"], &document)?;
    let said = text(&deleted.stderr);
    assert!(said.contains("delete the draft of the release v0.2.0 on there, with its files"), "{said}");
    assert_eq!(github.get("releases")?.as_array().map(Vec::len), Some(0));
    let deleted = done(&deleted)?;
    let again = afar(&sandbox, &["--yes", "--delete"], &deleted.to_json()?)?;
    assert_eq!(done(&again)?, deleted);
    Ok(())
}
