//! Wheels and sdists from the index that everybody uses: none has an error, for PyPI neither.
//!
//! They are of every kind: pure, abi3, for Linux, macOS and Windows, with scripts, data, licences, old metadata.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use tests::{programs, repository, text};

/// Packages with what pip is told to choose the file by. What is old has its version, the others bring the kinds.
const FILES: [&[&str]; 28] = [
    &["attrs==25.3.0"],
    &["certifi==2025.8.3"],
    &["idna==3.10"],
    &["click==8.1.8"],
    &["packaging==25.0"],
    &["requests==2.32.4"],
    &["setuptools==80.9.0"],
    &["pytz==2025.2"],
    &["six==1.17.0"],
    &["typing-extensions==4.14.1"],
    &["tomli==2.2.1"],
    &["hatchling==1.27.0"],
    &["flit-core==3.12.0"],
    &["poetry-core==2.1.3"],
    &["editables==0.5"],
    &["jupyterlab-widgets==3.0.15"],
    &["types-requests==2.32.4.20250809"],
    &["markupsafe==3.0.4", "--platform", "manylinux2014_x86_64"],
    &["markupsafe==3.0.4", "--platform", "musllinux_1_2_x86_64"],
    &["markupsafe==3.0.4", "--platform", "macosx_11_0_arm64"],
    &["markupsafe==3.0.4", "--platform", "win_amd64"],
    &["cryptography==45.0.6", "--platform", "manylinux_2_28_x86_64", "--abi", "abi3"],
    &["ruff==0.12.9", "--platform", "win_amd64"],
    &["click==8.1.8", "sdist"],
    &["packaging==25.0", "sdist"],
    &["six==1.17.0", "sdist"],
    &["idna==3.10", "sdist"],
    &["pyyaml==6.0.3", "--platform", "manylinux2014_x86_64"],
];

/// Older files, whose names or metadata PyPI does not take any more and installers do.
const OLD: [&[&str]; 4] =
    [&["jinja2==3.1.2"], &["werkzeug==0.16.1"], &["wheel==0.24.0"], &["docopt==0.6.2", "sdist"]];

/// Fetches a file into the folder, unless an earlier run has.
fn fetch(folder: &Path, asked: &[&str]) -> Result<PathBuf> {
    let folder = folder.join(asked.join(" "));
    if !folder.is_dir() {
        let beside = tempfile::tempdir_in(folder.parent().unwrap_or(&folder))?;
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        match asked {
            [name, "sdist"] => pip.args(["--no-binary", ":all:", name]),
            [name] => pip.args(["--only-binary", ":all:", name]),
            more => pip.args(["--only-binary", ":all:", "--python-version", "3.12"]).args(more),
        };
        let output = pip.arg("--dest").arg(beside.path()).output()?;
        if !output.status.success() {
            bail!("{pip:?} ended with {}:\n{}", output.status, text(&output.stderr));
        }
        if std::fs::rename(beside.keep(), &folder).is_err() && !folder.is_dir() {
            bail!("cannot keep `{}`", folder.display());
        }
    }
    let entry = std::fs::read_dir(&folder)?.next();
    entry.map_or_else(|| bail!("nothing was fetched for {asked:?}"), |entry| Ok(entry?.path()))
}

fn fetch_all(asked: &[&[&str]]) -> Result<Vec<PathBuf>> {
    let folder = repository().join("target/oracles/files");
    std::fs::create_dir_all(&folder)?;
    asked.iter().map(|one| fetch(&folder, one)).collect()
}

fn validate(arguments: &[&str], files: &[PathBuf]) -> Result<(bool, String)> {
    let output = Command::new(programs()?.join("validate")).args(arguments).args(files).output()?;
    Ok((output.status.success(), text(&output.stderr)))
}

#[test]
fn good_files_of_every_kind_have_no_error() -> Result<()> {
    let files = fetch_all(&FILES)?;
    for arguments in [&[][..], &["--for", "pypi"]] {
        let (passed, said) = validate(arguments, &files)?;
        assert!(passed, "{said}");
    }
    Ok(())
}

#[test]
fn files_that_are_old_have_no_error_but_for_pypi() -> Result<()> {
    let files = fetch_all(&OLD)?;
    let (passed, said) = validate(&[], &files)?;
    assert!(passed, "{said}");
    Ok(())
}
