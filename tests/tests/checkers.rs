//! `validate FILE…` against check-wheel-contents and `twine check`, on wheels that are made with one fault each.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use tests::{oracle, programs, text};

const CHECK_WHEEL_CONTENTS: &str = "check-wheel-contents==0.6.3";
const TWINE: &str = "twine==7.0.0";

/// Makes a wheel of each folder's members, which are `name=text` lines, below `made/NUMBER/`.
const MAKE: &str = r#"
import base64, hashlib, json, os, sys, zipfile
for at, (members, description) in enumerate(json.load(open(sys.argv[1], encoding="utf-8"))):
    info = "cart-1.0.dist-info/"
    metadata = "Metadata-Version: 2.1\nName: cart\nVersion: 1.0\n" + description
    members[info + "METADATA"] = metadata
    members[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    os.makedirs(f"made/{at}")
    record = ""
    with zipfile.ZipFile(f"made/{at}/cart-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in members.items():
            wheel.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).decode().rstrip("=")
            record += f"{name},sha256={digest},{len(content.encode())}\n"
        wheel.writestr(info + "RECORD", record + info + "RECORD,,\n")
"#;

/// The codes of check-wheel-contents that are asked for, with ours.
const CODES: [(&str, &str); 6] = [
    ("W001", "W027"),
    ("W003", "W029"),
    ("W005", "W030"),
    ("W006", "W029"),
    ("W008", "W029"),
    ("W009", "W031"),
];

/// The members beside the metadata, one wheel each.
const CONTENTS: [&[&str]; 12] = [
    &["cart.py"],
    &["cart/__init__.py", "cart/data.json"],
    &["cart/__init__.py", "cart/__pycache__/a.cpython-312.pyc"],
    &["cart/__init__.py", "cart/a.pyo"],
    &["cart/__init__.py", "README.md"],
    &["cart/__init__.py", "py.typed"],
    &["cart/__init__.py", "cart.pth"],
    &["__init__.py"],
    &["cart/__init__.py", "tests/test_cart.py"],
    &["cart/__init__.py", "wagon/__init__.py"],
    &["cart/__init__.py", "_cart.py"],
    &[],
];

const DESCRIPTIONS: [&str; 8] = [
    "\nPlain words.\n",
    "\nSee `here`_.\n",
    "\nTitle\n==\n\nText.\n",
    "\n.. image:: a.png\n   :oops: 1\n",
    "\n.. code-block:: nolanguage\n\n   x\n",
    "Description-Content-Type: text/markdown\n\n# Title\n\nSee [here][nowhere].\n",
    "Description-Content-Type: text/plain\n\nSee `here`_.\n",
    "Description-Content-Type: text/x-rst\n\n- a\n b\n",
];

fn make(folder: &Path) -> Result<usize> {
    let file = |name: &&str| ((*name).to_owned(), serde_json::Value::from(""));
    let members = |names: &[&str]| serde_json::Map::from_iter(names.iter().map(file));
    let mut wheels: Vec<(serde_json::Map<_, _>, &str)> =
        CONTENTS.iter().map(|names| (members(names), "\n")).collect();
    wheels.extend(DESCRIPTIONS.iter().map(|description| (members(&["cart.py"]), *description)));
    std::fs::write(folder.join("wheels.json"), serde_json::to_string(&wheels)?)?;
    let output = Command::new("python3").args(["-c", MAKE, "wheels.json"]).current_dir(folder).output()?;
    if !output.status.success() {
        bail!("python3 ended with {}:\n{}", output.status, text(&output.stderr));
    }
    Ok(wheels.len())
}

/// What a module of Python prints of a wheel.
fn asked(module: &[&str], pinned: &str, wheel: &Path) -> Result<String> {
    let mut python = Command::new("python3");
    python.arg("-m").args(module).arg(wheel).env("PYTHONPATH", oracle::python(pinned)?).env("NO_COLOR", "1");
    let output = python.output().context("cannot run python3")?;
    Ok(text(&output.stdout) + &text(&output.stderr))
}

/// The codes that we find.
fn found(arguments: &[&str], wheel: &Path) -> Result<BTreeSet<String>> {
    let mut validate = Command::new(programs()?.join("validate"));
    let output = validate.args(["--format", "json"]).args(arguments).arg(wheel).output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let problems = report["files"][0]["problems"].as_array().context("it was not checked")?;
    Ok(problems.iter().filter_map(|problem| Some(problem["code"].as_str()?.to_owned())).collect())
}

#[test]
fn wheels_are_judged_as_others_judge_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let count = make(folder.path())?;
    let wheel = |at: usize| folder.path().join(format!("made/{at}/cart-1.0-py3-none-any.whl"));
    let mut wrong = Vec::new();
    for (at, members) in CONTENTS.iter().enumerate() {
        let select = CODES.map(|(code, _)| code).join(",");
        let said = asked(
            &["check_wheel_contents", "--no-config", "--select", &select],
            CHECK_WHEEL_CONTENTS,
            &wheel(at),
        )?;
        let theirs: BTreeSet<&str> = CODES
            .iter()
            .filter(|(code, _)| said.contains(&format!(": {code}: ")))
            .map(|(_, own)| *own)
            .collect();
        let known: BTreeSet<&str> = CODES.iter().map(|(_, own)| *own).collect();
        let ours = found(&[], &wheel(at))?;
        let ours: BTreeSet<&str> =
            ours.iter().map(String::as_str).filter(|code| known.contains(code)).collect();
        // What one code tells of, a file or a folder of the project, we do not count as a second package too.
        let is_told = theirs.contains("W029") || theirs.contains("W030");
        let theirs: BTreeSet<&str> = theirs.into_iter().filter(|code| !is_told || *code != "W031").collect();
        if ours != theirs {
            wrong.push(format!("{members:?}: check-wheel-contents finds {theirs:?}, we {ours:?}: {said}"));
        }
    }
    for (at, description) in (CONTENTS.len()..count).zip(DESCRIPTIONS) {
        let said = asked(&["twine", "check"], TWINE, &wheel(at))?;
        if !said.contains("PASSED") && !said.contains("FAILED") {
            bail!("twine does not check: {said}");
        }
        let ours = found(&["--for", "pypi"], &wheel(at))?;
        if said.contains("FAILED") != ours.contains("M041") {
            wrong.push(format!("{description:?}: we find {ours:?}, twine says {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
