//! `validate --published` where a server stands between the files and those who install them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::indexes::{PASSWORD, PackageServer};
use tests::servers::{Faults, Website};
use tests::{Sandbox, text};

const WHEEL: &str = "wagon_core-0.2.0-py3-none-any.whl";

/// A release up to its tag.
fn tagged(sandbox: &Sandbox) -> Result<Value> {
    Ok(serde_json::from_str(&sandbox.pipeline("minor", "tag-release")?)?)
}

/// The built files of a release.
fn built(sandbox: &Sandbox, document: &Value) -> Result<Vec<PathBuf>> {
    let artifacts = document["artifacts"].as_array().context("nothing is built")?;
    let path = |artifact: &Value| Some(sandbox.project().join(artifact["path"].as_str()?));
    artifacts.iter().map(|artifact| path(artifact).context("no path")).collect()
}

/// The document of a release whose files were uploaded to a server, under that name.
fn uploaded(document: &Value, target: &str, simple: &str) -> Result<String> {
    let file = |artifact: &Value| {
        let name = artifact["path"].as_str()?.rsplit('/').next()?;
        let package = artifact["package"].as_str()?;
        let path = format!("simple/{package}/{name}");
        Some(json!({ "path": path, "package": package, "sha256": artifact["sha256"] }))
    };
    let artifacts = document["artifacts"].as_array().context("nothing is built")?;
    let mut files: Vec<Value> = artifacts.iter().filter_map(file).collect();
    files.sort_by_key(|file| file["path"].to_string());
    let mut document = document.clone();
    document["publications"] = json!([{
        "target": target,
        "kind": "pypi",
        "location": format!("pypi://{target}?url={simple}&publish-url={simple}"),
        "url": simple,
        "files": files,
    }]);
    Ok(document.to_string())
}

/// Shows nothing without a name and a password; and no page lists a file for as many requests as a file says.
const GUARD: &str = r#"
import pathlib
from mitmproxy import http
left = pathlib.Path(__file__).with_name("stale")
def request(flow):
    if not flow.request.headers.get("authorization", "").startswith("Basic "):
        flow.response = http.Response.make(401, b"", {"www-authenticate": "Basic"})
    elif flow.request.path.startswith("/simple/wagon-core"):
        stale = int(left.read_text())
        left.write_text(str(max(stale - 1, 0)))
        if stale:
            flow.response = http.Response.make(200, b"<h1>Links</h1>", {"content-type": "text/html"})
"#;

#[test]
fn f4_a_server_that_is_behind_is_waited_for_and_then_installed_from() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    let document = tagged(&sandbox)?;
    let folder = tempfile::tempdir()?;
    let server = PackageServer::pypiserver(folder.path())?;
    let files = built(&sandbox, &document)?;
    server.upload(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let stale = |requests: usize| fs::write(folder.path().join("stale"), requests.to_string());
    stale(1000)?;
    let guard = Faults::start(&server.uploads, GUARD, folder.path())?;
    let simple = format!("{}/simple/", guard.endpoint);
    let document = uploaded(&document, "team", &simple)?;

    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(error.contains(&format!("from `{simple}`: it answered 401")), "{error}");
    assert!(
        error.contains("hint: set UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD, and name"),
        "{error}"
    );
    sandbox.set("UV_INDEX_TEAM_USERNAME", "me");
    sandbox.set("UV_INDEX_TEAM_PASSWORD", PASSWORD);
    // A document alone does not say who is told a password.
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(error.contains("it answered 401"), "{error}");
    fs::write(sandbox.path("uv.toml"), format!("[[index]]\nname = \"team\"\nurl = \"{simple}\"\n"))?;
    sandbox.set("UV_CONFIG_FILE", &sandbox.path("uv.toml").to_string_lossy());
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(
        error.contains(&format!(
            "served files of wagon-core at team: cannot find all of `wagon-core` at `{simple}` yet: `{WHEEL}` is not listed"
        )),
        "{error}"
    );
    assert!(
        error.contains("hint: pages may be minutes behind: `validate --published --to team --wait 600`"),
        "{error}"
    );
    assert!(!error.contains("of wagon-cdk at team: cannot"), "{error}");

    stale(2)?;
    let output = sandbox.run("validate", &["--published", "--wait", "300"], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    for line in [
        "note: waiting for 2 files that `team` does not serve yet",
        "ok: served files of wagon-core at team: 2 wheels and sdists with their hashes",
        "ok: published wagon-cdk at team: wagon_cdk in a fresh environment",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(!(said + &text(&output.stdout)).contains("marker-secret"));

    // What is foreign there is told, and so are other bytes.
    let packages = folder.path().join("packages");
    fs::copy(packages.join(WHEEL), packages.join("wagon_core-0.2.0-1-py3-none-any.whl"))?;
    fs::copy(packages.join("wagon_cdk-0.2.0-py3-none-any.whl"), packages.join(WHEEL))?;
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(
        error.contains(&format!("cannot trust `wagon-core` at `{simple}`: `{WHEEL}` has the SHA-256 ")),
        "{error}"
    );
    assert!(error.contains("`wagon_core-0.2.0-1-py3-none-any.whl` is no file of this release"), "{error}");
    Ok(())
}

#[test]
fn from_a_test_index_come_these_files_and_nothing_else() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let folder = tempfile::tempdir()?;
    let server = PackageServer::devpi(folder.path())?;
    let simple = &server.simple;
    sandbox.shell(&format!(
        "sed -i 's/^dependencies = \\[/&\"iniconfig\", /' packages/cdk/pyproject.toml
         echo 'import iniconfig; iniconfig.IniConfig' >> packages/cdk/src/wagon_cdk/__init__.py
         printf '\\n[[target]]\\nname = \"test\"\\nkind = \"pypi\"\\nurl = \"{simple}\"\\npublish-url = \"{simple}\"\\n' >> release.toml
         printf '\\n[[target]]\\nname = \"real\"\\nkind = \"pypi\"\\nrehearse = \"test\"\\n' >> release.toml
         {} lock -q
         git commit -qam 'feat: read settings' && git push -q origin main",
        tests::uv()
    ))?;
    let document = tagged(&sandbox)?;
    let mut files = built(&sandbox, &document)?;
    // Whoever came first has the name there, with the highest of versions and without what is needed.
    let squatter = sandbox.shell(
        "mkdir -p ../squat && cd ../squat && touch nothing.py
         printf '[project]\\nname = \"iniconfig\"\\nversion = \"99.0\"\\n[build-system]\\nrequires = [\"hatchling\"]\\nbuild-backend = \"hatchling.build\"\\n[tool.hatch.build]\\ninclude = [\"nothing.py\"]\\n' > pyproject.toml
         python3 -m pip wheel -q --no-deps -w . . && ls $PWD/*.whl",
    )?;
    files.push(squatter.trim_end().into());
    server.upload(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let document = uploaded(&document, "test", simple)?;
    let output = sandbox.run("validate", &["--published"], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("ok: published wagon-cdk at test: wagon_cdk in a fresh environment"), "{said}");
    // Of an index that is no test, the first that has a package is the one that it comes from.
    sandbox.shell("sed -i '/rehearse/d' release.toml")?;
    let error = sandbox.refused("validate", &["--published", "--package", "wagon-cdk"], &document, 1)?;
    assert!(error.contains("No module named 'iniconfig'"), "{error}");
    Ok(())
}

#[test]
fn a_folder_is_compared_with_what_its_web_server_serves() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    fs::create_dir(sandbox.path("site"))?;
    let server = Website::start(&sandbox.path("site"))?;
    let address = &server.url;
    sandbox.shell(&format!(
        "echo 'url = \"{address}\"' >> release.toml && git commit -qam 'chore: a server' && git push -q origin main"
    ))?;
    let document = sandbox.pipeline("minor", "distribute")?;
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(error.contains(&format!("at `{address}/simple/` yet: `{WHEEL}` is not listed")), "{error}");
    assert!(error.contains("ok: published files of wagon-core"), "the folder is as it should be: {error}");
    sandbox.shell("cp -r dist/index/. ../site")?;
    let output = sandbox.run("validate", &["--published"], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    for line in [
        "ok: published files of wagon-cdk at staging: 2 wheels and sdists",
        "ok: served files of wagon-cdk at staging: 2 wheels and sdists",
        "ok: published wagon-cdk at staging: wagon_cdk in a fresh environment",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    sandbox.shell("sed -i 's/<a href=\"wagon_core-0.2.0-py3/<a data-yanked=\"it \\&amp; breaks\" href=\"wagon_core-0.2.0-py3/' ../site/simple/wagon-core/index.html")?;
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(error.contains(&format!("`{WHEEL}` is yanked: it & breaks")), "{error}");
    sandbox.shell("rm dist/index/releases/v0.2.0.json")?;
    let error = sandbox.refused("validate", &["--published", "--quick"], &document, 1)?;
    assert!(
        error.contains("cannot find the release document at `staging`: there is no `releases/v0.2.0.json`"),
        "{error}"
    );
    Ok(())
}

#[test]
fn a_token_goes_to_no_server_that_the_document_alone_names() -> Result<()> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.make_key()?;
    for (name, value) in [("GOOGLE_BEARER_TOKEN", "marker"), ("GH_ENTERPRISE_TOKEN", "marker")] {
        sandbox.set(name, value);
    }
    let document = tagged(&sandbox)?;
    for (kind, location, said) in [
        (
            "gcs",
            "gcs://wheels?endpoint=https://127.0.0.2:1",
            "the credentials go to no server that a document alone names, as https://127.0.0.2:1",
        ),
        (
            "github",
            "github://octo/wagon?api=https://127.0.0.2:1/api/v3",
            "the document alone names that server, and it would be shown a token",
        ),
    ] {
        let mut odd: Value = serde_json::from_str(&uploaded(&document, "team", "")?)?;
        odd["publications"][0]["kind"] = json!(kind);
        odd["publications"][0]["location"] = json!(location);
        odd["publications"][0]["url"] = Value::Null;
        let error = sandbox.refused("validate", &["--published", "--quick"], &odd.to_string(), 1)?;
        assert!(error.contains(said), "{error}");
    }
    Ok(())
}
