//! Imports: each package is installed by itself into a fresh environment, and its modules are imported there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use distribution::wheel::Wheel;
use document::{ArtifactKind, Failure};
use project::{Project, ProjectPackage, TargetKind};

use crate::artifacts::{unchanged, wheel_of};
use crate::validate::{Context, Verdict};

/// How many lines of a failed import are repeated.
const LAST_LINES: usize = 10;

/// Imports one module, given as the first argument.
const IMPORT: &str = "import importlib, sys; importlib.import_module(sys.argv[1])";

/// Installs a package's wheel and imports each of its modules.
///
/// An environment of its own proves that the package needs nothing that only another one brings. Its
/// dependencies come from the user's index, but those on packages of the project from the wheels that were built.
pub fn import(context: &Context, package: &ProjectPackage) -> Result<Verdict> {
    let path = unchanged(context, wheel_of(context, &package.name)?)?;
    let mut wheel = Wheel::open(&path)?;
    let modules = match &package.imports {
        Some(modules) => modules.clone(),
        None => modules(wheel.entries().iter().map(|entry| entry.name.as_str())),
    };
    if modules.is_empty() {
        return Ok(Verdict::Skipped("there is no module to import".to_owned()));
    }
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let python = environment(context, &mut wheel, folder.path())?;
    let constraints = folder.path().join("constraints.txt");
    std::fs::write(&constraints, own_packages(context)?).context("cannot write the constraints")?;
    let mut install = context.uv()?.command();
    install
        .args(["pip", "install", "--quiet", "--python"])
        .arg(&python)
        .arg("--constraints")
        .arg(&constraints);
    for folder in published_siblings(context.project) {
        install.arg("--find-links").arg(folder);
    }
    install.arg(requirement(package.name.as_str(), &path)).current_dir(&context.project.root);
    project::run(&mut install)
        .with_context(|| format!("cannot install `{}` into a fresh environment", package.name))?;
    let failures: Vec<String> = modules
        .iter()
        .filter_map(|module| import_one(&python, module, folder.path()).transpose())
        .collect::<Result<_>>()?;
    if failures.is_empty() {
        return Ok(Verdict::Passed(format!("{} in a fresh environment", modules.join(", "))));
    }
    let hint = "run the import where the package alone is installed; a dependency may be undeclared";
    Err(Failure::new(failures.join("\n    ")).hint(hint).into())
}

/// Makes an environment with a Python that the wheel allows, and returns its interpreter.
fn environment(context: &Context, wheel: &mut Wheel, folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("environment");
    let mut make = context.uv()?.command();
    make.args(["venv", "--quiet"]).current_dir(&context.project.root);
    // Who names an interpreter, as a CI matrix does, gets that one or its refusal.
    let named = std::env::var_os("UV_PYTHON").is_some();
    if let Some(wanted) = wheel.metadata()?.requires_python.filter(|_| !named) {
        make.args(["--python", &wanted]);
    }
    project::run(make.arg(&environment)).context("cannot make a fresh environment")?;
    Ok(environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }))
}

/// Where the targets in folders have the packages that version apart from these: what they pin was released before.
fn published_siblings(project: &Project) -> Vec<PathBuf> {
    let targets = project.targets();
    let folders = targets.iter().filter(|target| target.kind == TargetKind::Directory);
    let pages = folders.map(|target| project.root.join(&target.path).join("simple"));
    pages
        .flat_map(|simple| project.siblings.iter().map(move |sibling| simple.join(sibling.name.as_str())))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// Every built wheel as a constraint: whoever depends on its package gets this file, and its version must fit.
fn own_packages(context: &Context) -> Result<String> {
    let mut text = String::new();
    for artifact in context.release.artifacts()?.iter().filter(|a| a.kind == ArtifactKind::Wheel) {
        let path = unchanged(context, artifact)?;
        text.push_str(&format!("{}\n", requirement(artifact.package.as_str(), &path)));
    }
    Ok(text)
}

/// A requirement of exactly one file (PEP 508, "direct references").
fn requirement(package: &str, path: &Path) -> String {
    let mut url = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                url.push(char::from(byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    format!("{package} @ {url}")
}

/// Imports a module in a process of its own; returns what went wrong.
fn import_one(python: &Path, module: &str, folder: &Path) -> Result<Option<String>> {
    // Isolated: neither the working folder nor the user's PYTHONPATH is searched.
    let mut command = Command::new(python);
    command.args(["-I", "-c", IMPORT, module]).current_dir(folder).stdin(std::process::Stdio::null());
    let output = project::run_quietly(&mut command)?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let cause = lines.last().copied().unwrap_or("it ended without a word");
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n    ");
    Ok(Some(format!("cannot import `{module}`: {cause}\n    {last}")))
}

/// The modules that a wheel brings: the outermost packages, and the modules at the top.
fn modules<'a>(members: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut packages = BTreeSet::new();
    let mut found = BTreeSet::new();
    for member in members {
        let mut parts: Vec<&str> = member.split('/').collect();
        // What the installer puts beside the other modules, or elsewhere.
        match parts.as_slice() {
            [data, "purelib" | "platlib", _, ..] if data.ends_with(".data") => drop(parts.drain(..2)),
            [top, ..] if top.ends_with(".data") || top.ends_with(".dist-info") => continue,
            _ => {}
        }
        let Some(module) = parts.pop().and_then(module_name) else { continue };
        if !parts.iter().chain([&module]).all(|part| is_identifier(part)) {
            continue;
        }
        match (module, parts.as_slice()) {
            ("__init__", []) | ("__main__", []) => {}
            ("__init__", package) => drop(packages.insert(package.join("."))),
            (module, []) => drop(found.insert(module.to_owned())),
            _ => {}
        }
    }
    let is_inner = |name: &str| name.match_indices('.').any(|(at, _)| packages.contains(&name[..at]));
    found.extend(packages.iter().filter(|name| !is_inner(name)).cloned());
    found.into_iter().collect()
}

/// The module that a file is: Python source, or an extension with or without its ABI in the name (PEP 3149).
fn module_name(file: &str) -> Option<&str> {
    let (name, rest) = file.split_once('.')?;
    (rest == "py" || ["so", "pyd"].iter().any(|end| rest == *end || rest.ends_with(&format!(".{end}"))))
        .then_some(name)
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(members: &[&str]) -> Vec<String> {
        modules(members.iter().copied())
    }

    #[test]
    fn imports_the_outermost_packages_and_the_modules_at_the_top() {
        assert_eq!(
            of(&["a/__init__.py", "a/b/__init__.py", "a/c.py", "one.py", "a-1.dist-info/x.py"]),
            ["a", "one"]
        );
        assert_eq!(of(&["space/name/__init__.py", "space/name/deep/__init__.py"]), ["space.name"]);
        assert_eq!(
            of(&["_fast.cpython-311-x86_64-linux-gnu.so", "slow.pyd", "ext.abi3.so"]),
            ["_fast", "ext", "slow"]
        );
        assert_eq!(of(&["x-1.data/purelib/a/__init__.py", "x-1.data/scripts/run.py"]), ["a"]);
        assert_eq!(of(&["stubs/a.pyi", "scripts/run.py", "my-tool.py", "__main__.py", "libz.so.1"]), [""; 0]);
    }

    #[test]
    fn a_path_with_odd_letters_is_a_valid_url() {
        let path = Path::new("/a b/ä#/x+1-py3.whl");
        assert_eq!(requirement("x", path), "x @ file:///a%20b/%C3%A4%23/x%2B1-py3.whl");
    }
}
