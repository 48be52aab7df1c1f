//! `validate --published`: what an index serves after a release, checked and installed from there.

use anyhow::{Context, Result};
use tests::servers::Website;
use tests::{Sandbox, text};

const WHEEL: &str = "dist/index/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl";

/// A project that is released, and the last document of its release.
fn released() -> Result<(Sandbox, String)> {
    let sandbox = Sandbox::new("lockstep")?;
    sandbox.must("xtask", &["release", "minor"], "")?;
    let document = sandbox.shell("cat .git/wainwright/v0.2.0/10-announce.json")?;
    Ok((sandbox, document))
}

#[test]
fn m32_o25_what_was_published_is_compared_and_installed_without_the_built_files() -> Result<()> {
    let (mut sandbox, document) = released()?;
    sandbox.shell("rm dist/*.whl dist/*.tar.gz")?;
    // The index of the user has the same names and versions with other files.
    sandbox.shell(
        "mkdir -p ../user/wagon_core ../index/wagon-core
         cd ../user && echo 'raise RuntimeError(\"from the index of the user\")' > wagon_core/__init__.py
         printf '[project]\\nname = \"wagon-core\"\\nversion = \"0.2.0\"\\n[build-system]\\nrequires = [\"hatchling\"]\\nbuild-backend = \"hatchling.build\"\\n' > pyproject.toml
         python3 -m pip wheel -q --no-deps -w ../index/wagon-core .
         printf '<a href=\"wagon_core-0.2.0-py3-none-any.whl\">wagon_core-0.2.0-py3-none-any.whl</a>' > ../index/wagon-core/index.html",
    )?;
    sandbox.set("UV_DEFAULT_INDEX", &format!("file://{}", sandbox.path("index").display()));
    let output = sandbox.run("validate", &["--published"], &document)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    for line in [
        "ok: release document at staging: releases/v0.2.0.json",
        "ok: published files of wagon-core at staging: 2 wheels and sdists with their hashes",
        "ok: published wagon-core at staging: wagon_core, wagon_core.wheels in a fresh environment with Python 3.",
        "ok: published wagon-cdk at staging: wagon_cdk",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let (before, after): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&document)?, serde_json::from_str(&text(&output.stdout))?);
    let checks = |document: &serde_json::Value| document["checks"].as_array().cloned().context("no checks");
    let (before, after) = (checks(&before)?, checks(&after)?);
    assert_eq!(after.len(), before.len() + 5);
    assert!(before.iter().all(|check| after.contains(check)), "the checks before it keep their place");
    let again = sandbox.run("validate", &["--published", "--to", "staging"], &text(&output.stdout))?;
    assert_eq!(text(&again.stdout), text(&output.stdout));
    let quick =
        sandbox.must("validate", &["--published", "--quick", "--package", "wagon-core"], &document)?;
    assert_eq!(checks(&serde_json::from_str(&quick)?)?.len(), before.len() + 3);
    Ok(())
}

#[test]
fn what_an_index_has_lost_changed_or_yanked_is_refused() -> Result<()> {
    let (sandbox, document) = released()?;
    let refused = || sandbox.refused("validate", &["--published", "--quick"], &document, 1);
    sandbox.shell(&format!("cp {WHEEL} ../kept && printf more >> {WHEEL}"))?;
    let error = refused()?;
    assert!(error.contains("published files of wagon-core at staging: cannot trust `wagon-core` at `staging`: `wagon_core-0.2.0-py3-none-any.whl` has the SHA-256 "), "{error}");
    assert!(error.contains(" there, and `distribute` published "), "{error}");
    sandbox.shell(&format!("rm {WHEEL}"))?;
    let error = refused()?;
    assert!(error.contains("`wagon_core-0.2.0-py3-none-any.whl` is missing there"), "{error}");
    assert!(error.contains("hint: run `distribute --to staging --package wagon-core` again"), "{error}");
    sandbox.shell(&format!("cp ../kept {WHEEL}"))?;
    refused().err().context("it is as it was")?;
    sandbox.shell(&format!("cp ../kept $(dirname {WHEEL})/wagon_core-0.2.0-1-py3-none-any.whl"))?;
    let error = refused()?;
    assert!(error.contains("`wagon_core-0.2.0-1-py3-none-any.whl` is no file of this release"), "{error}");
    assert!(error.contains("hint: find out who has put it there, and remove it"), "{error}");
    sandbox.shell(&format!("rm $(dirname {WHEEL})/wagon_core-0.2.0-1-py3-none-any.whl"))?;
    sandbox.shell(&format!(
        "cp $(dirname {WHEEL})/index.html ../page && echo >> $(dirname {WHEEL})/index.html"
    ))?;
    let error = refused()?;
    assert!(error.contains("its pages do not list what lies there"), "{error}");
    sandbox.shell(&format!("cp ../page $(dirname {WHEEL})/index.html"))?;
    sandbox.shell(
        "python3 - <<'P'
import json
path = 'dist/index/simple/wagon-core/index.json'
page = json.load(open(path))
for file in page['files']: file['yanked'] = 'it loses its wheels'
json.dump(page, open(path, 'w'))
P",
    )?;
    let error = refused()?;
    assert!(error.contains("`wagon_core-0.2.0-py3-none-any.whl` is yanked: it loses its wheels"), "{error}");
    Ok(())
}

#[test]
fn nothing_published_is_no_success() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let document = sandbox.pipeline("minor", "tag-release")?;
    let error = sandbox.refused("validate", &["--published"], &document, 3)?;
    assert!(error.contains("`publications` is null, `distribute` has not run"), "{error}");
    let published = sandbox.must("distribute", &["--package", "wagon-core"], &document)?;
    let error = sandbox.refused("validate", &["--published", "--to", "pypi"], &published, 2)?;
    assert!(error.contains("cannot check what is at `pypi`: the release was not published there"), "{error}");
    assert!(error.contains("hint: it was published to: staging"), "{error}");
    let error = sandbox.refused("validate", &["--published"], &published, 1)?;
    assert!(error.contains("`wagon_cdk-0.2.0-py3-none-any.whl` was not published there"), "{error}");
    assert!(error.contains("cannot find a wheel of `wagon-cdk` 0.2.0 at `staging`"), "{error}");
    sandbox.must("validate", &["--published", "--package", "wagon-core"], &published)?;
    let rehearsed = sandbox.run("validate", &["--published", "--dry-run"], &published)?;
    let said = text(&rehearsed.stderr);
    assert!(said.contains("check published wagon-cdk at staging") && !said.contains("ok: "), "{said}");
    assert!(rehearsed.status.success());
    Ok(())
}

#[test]
fn pip_and_uv_install_from_the_folder_and_from_a_web_server() -> Result<()> {
    let (sandbox, _) = released()?;
    let server = Website::start(&sandbox.project().join("dist/index"))?;
    let folder = format!("file://{}/dist/index", sandbox.project().display());
    let uv = tests::uv();
    for (at, index) in [server.url.clone(), folder].iter().enumerate() {
        sandbox.shell(&format!(
            "python3 -m pip install -q --no-cache-dir --target ../pip{at} --index-url {index}/simple/ wagon-cdk==0.2.0
             {uv} pip install -q --no-cache --target ../uv{at} --default-index {index}/simple/ wagon-cdk==0.2.0
             for by in pip uv; do
                 cd ..; PYTHONPATH=$PWD/${{by}}{at} python3 -c 'import wagon_cdk, wagon_core; assert wagon_core.__version__ == \"0.2.0\"'; cd project
             done"
        ))?;
    }
    Ok(())
}

#[test]
fn m23_one_command_says_whether_a_release_is_complete() -> Result<()> {
    let sandbox = Sandbox::new("lockstep")?;
    let error = sandbox.refused("xtask", &["verify"], "", 1)?;
    assert!(error.contains("cannot verify a release: none came to its end here"), "{error}");
    let released = sandbox.run("xtask", &["release", "minor", "--verify"], "")?;
    let said = text(&released.stderr);
    assert!(released.status.success(), "{said}");
    assert!(said.contains("ok: published wagon-cdk at staging: wagon_cdk in a fresh environment"), "{said}");
    assert!(said.trim_end().ends_with("v0.2.0 is complete where it was published"), "{said}");
    assert!(said.contains("  look at what people get with: cargo xtask verify 0.2.0\n"), "{said}");
    sandbox.must("xtask", &["verify", "0.2.0", "--quick"], "")?;
    sandbox.shell(&format!("rm {WHEEL}"))?;
    let error = sandbox.refused("xtask", &["verify", "--quick", "--to", "staging"], "", 1)?;
    assert!(error.contains("`wagon_core-0.2.0-py3-none-any.whl` is missing there"), "{error}");
    assert!(error.contains("cannot verify v0.2.0: `validate --published` ended with code 1"), "{error}");
    sandbox.must("xtask", &["rollback", "0.2.0", "--yes"], "")?;
    let error = sandbox.refused("xtask", &["verify", "0.2.0"], "", 1)?;
    assert!(error.contains("cannot verify v0.2.0: it was taken back"), "{error}");
    let error = sandbox.refused("xtask", &["verify", "9.9.9"], "", 1)?;
    assert!(error.contains("cannot verify 9.9.9: there is no record of its release here"), "{error}");
    Ok(())
}
