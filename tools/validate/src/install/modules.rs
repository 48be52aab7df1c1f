//! The modules of an installed package: which there are, and whether each of them imports.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result};
use document::Failure;
use project::Ended;

use crate::install::environment::Environment;
use crate::install::last_lines;

/// What a large package may need to be loaded for the first time.
const LIMIT: Duration = Duration::from_secs(300);

/// Imports the modules that follow the name of a file, and writes the names of those that could be into it.
const IMPORT_ALL: &str = "
import importlib, sys
with open(sys.argv[1], 'w', encoding='utf-8') as done:
    for name in sys.argv[2:]:
        try:
            importlib.import_module(name)
        except BaseException:
            continue
        done.write(name + '\\n')
        done.flush()
";

/// Imports one module, and says so: a module can end the program with code 0.
const IMPORT: &str =
    "import importlib, sys; importlib.import_module(sys.argv[2]); open(sys.argv[1], 'w').close()";

/// Imports the modules, and returns what is wrong with each that does not import.
///
/// One process imports them all: what they share is loaded once. What does not import there is tried in a process of
/// its own, so that no module answers for another.
pub fn import(environment: &Environment, modules: &[String], own: &[String]) -> Result<Vec<Failure>> {
    if modules.is_empty() {
        return Ok(Vec::new());
    }
    let done = environment.folder().join("imported.txt");
    let mut command = environment.isolated(IMPORT_ALL);
    // How it ends does not matter: what is not in the file is tried again.
    project::run_within(command.arg(&done).args(modules), LIMIT)?;
    let imported = std::fs::read_to_string(&done).unwrap_or_default();
    let imported: BTreeSet<&str> = imported.lines().collect();
    let rest = modules.iter().filter(|module| !imported.contains(module.as_str()));
    rest.filter_map(|module| import_alone(environment, module, own).transpose()).collect()
}

fn import_alone(environment: &Environment, module: &str, own: &[String]) -> Result<Option<Failure>> {
    let done = environment.folder().join("alone.txt");
    if done.exists() {
        std::fs::remove_file(&done).context("cannot remove the mark of an import")?;
    }
    let ended = project::run_within(environment.isolated(IMPORT).arg(&done).arg(module), LIMIT)?;
    if done.exists() {
        return Ok(None);
    }
    Ok(Some(refusal(&ended, module, own)))
}

fn refusal(ended: &Ended, module: &str, own: &[String]) -> Failure {
    let said = String::from_utf8_lossy(&ended.output.stderr);
    let last = said.trim_end().lines().next_back();
    let (cause, hint) = match last {
        _ if !ended.in_time => (
            format!("it takes more than {} s", LIMIT.as_secs()),
            "keep what takes long out of the import".to_owned(),
        ),
        Some(last) => (last.to_owned(), hint_for(last, module, own)),
        None => (
            format!("it ended the program with {}", project::log::ending(ended.output.status)),
            "keep what ends the program out of the import".to_owned(),
        ),
    };
    Failure::new(format!("cannot import `{module}`: {cause}{}", last_lines(&said))).hint(hint)
}

/// How an import is mended that ended with that line: a module that nobody brings is another fault than one that fails.
pub fn hint_for(last: &str, module: &str, own: &[String]) -> String {
    let Some(missing) = missing_module(last) else {
        return "run the import where the package alone is installed; a dependency may be undeclared"
            .to_owned();
    };
    let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    if top(missing) == top(module) || own.iter().any(|own| top(own) == top(missing)) {
        return format!(
            "make the package's build backend ship `{missing}`, or mend `imports` in release.toml"
        );
    }
    format!("declare the dependency that brings `{missing}`, or import it only where it is used")
}

/// The module that a line of a traceback says is missing.
pub fn missing_module(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("ModuleNotFoundError: No module named '")?;
    rest.split_once('\'').map(|(name, _)| name)
}

/// The modules that installed files are: the outermost packages, and the modules at the top.
pub fn modules<'a>(files: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut packages = BTreeSet::new();
    let mut found = BTreeSet::new();
    for file in files {
        let mut parts: Vec<&str> = file.split('/').collect();
        let Some(module) = parts.pop().and_then(module_name) else { continue };
        // What lies elsewhere than beside the other modules has a `..` for its first part.
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
        assert_eq!(of(&["../../../bin/run.py", "a/__init__.py"]), ["a"]);
        assert_eq!(of(&["stubs/a.pyi", "scripts/run.py", "my-tool.py", "__main__.py", "libz.so.1"]), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn an_import_that_waits_or_ends_the_program_is_told() {
        let said = |script: &str, millis: u64| {
            let mut command = std::process::Command::new("sh");
            let ended = project::run_within(command.args(["-c", script]), Duration::from_millis(millis));
            refusal(&ended.unwrap(), "da", &[]).to_string()
        };
        assert_eq!(said("read _ < /dev/zero", 300), "cannot import `da`: it takes more than 300 s");
        assert_eq!(said("exit 0", 60_000), "cannot import `da`: it ended the program with code 0");
        assert_eq!(said("kill -9 $$", 60_000), "cannot import `da`: it ended the program with signal 9");
        assert_eq!(said("echo 'x: y' >&2; exit 1", 60_000), "cannot import `da`: x: y\n    x: y");
    }

    #[test]
    fn tells_what_is_missing_from_what_fails() {
        let own = ["a".to_owned(), "space.name".to_owned()];
        let hint = |line: &str| hint_for(line, "a.b", &own);
        assert!(
            hint("ModuleNotFoundError: No module named 'yaml'")
                .starts_with("declare the dependency that brings `yaml`")
        );
        assert!(hint("ModuleNotFoundError: No module named 'a.c'").contains("ship `a.c`, or mend `imports`"));
        assert!(
            hint("ModuleNotFoundError: No module named 'space.x'; 'space' is not a package")
                .contains("ship `space.x`")
        );
        assert!(hint("ImportError: cannot import name 'x'").starts_with("run the import where"));
        assert_eq!(missing_module("RuntimeError: No module named 'x'"), None);
    }
}
