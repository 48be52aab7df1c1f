//! The scripts of an installed package: which there are, and whether each of them starts.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use document::Failure;
use project::ScriptCall;

use crate::install::environment::{Environment, Installed};
use crate::install::last_lines;
use crate::install::modules::{hint_for, missing_module};

/// The time in which a script has said how it is used.
const LIMIT: Duration = Duration::from_secs(60);

/// Loads the object of an entry point, which the arguments name, and calls nothing.
const LOAD: &str = "
import functools, importlib, sys
functools.reduce(getattr, filter(None, sys.argv[2].split('.')), importlib.import_module(sys.argv[1]))
";

/// What became of the scripts.
#[derive(Debug, Default)]
pub struct Tried {
    /// The command lines that ended well.
    pub started: Vec<String>,
    /// The scripts that were left out, each with the reason.
    pub left_out: Vec<String>,
    /// What is wrong with the others.
    pub failures: Vec<Failure>,
}

/// Tries each script of a package: it is run with `--help`, or as release.toml says.
///
/// A script with a window is not run, for there may be no screen; its object is loaded. One that needs an extra has
/// what it needs only where that is installed.
pub fn try_all(
    environment: &Environment,
    installed: &Installed,
    calls: &BTreeMap<String, ScriptCall>,
    modules: &[String],
) -> Result<Tried> {
    let mut tried = Tried::default();
    let names = names(installed);
    for name in calls.keys().filter(|name| !names.contains(name.as_str())) {
        let known: Vec<&str> = names.iter().copied().collect();
        let hint = match known.as_slice() {
            [] => "drop it: the package installs no scripts".to_owned(),
            known => format!("the scripts are: {}", known.join(", ")),
        };
        let what = format!("release.toml: `scripts` names `{name}`, which the package does not install");
        tried.failures.push(Failure::new(what).hint(hint));
    }
    for name in names {
        let point =
            installed.points.iter().find(|(group, point, _)| group.ends_with("_scripts") && point == name);
        let arguments = match calls.get(name) {
            Some(ScriptCall::Run(false)) => {
                tried.left_out.push(format!("`{name}`, as release.toml says"));
                continue;
            }
            Some(ScriptCall::With(arguments)) => Some(arguments.as_str()),
            Some(ScriptCall::Run(true)) => Some("--help"),
            None => None,
        };
        let (command, shown) = match (point, arguments) {
            (Some((_, _, object)), None) if object.contains('[') => {
                tried.left_out.push(format!("`{name}`, which needs an extra: {object}"));
                continue;
            }
            (Some((group, _, object)), None) if group == "gui_scripts" => {
                let (module, object) = object.split_once(':').unwrap_or((object, ""));
                let mut command = environment.isolated(LOAD);
                command.args([module.trim(), object.trim()]);
                (Some(command), format!("{name} (loaded)"))
            }
            (_, arguments) => {
                let arguments = arguments.unwrap_or("--help");
                let command = environment.script(name).map(|mut command| {
                    command.args(arguments.split_whitespace());
                    command
                });
                (command, format!("{name} {arguments}").trim_end().to_owned())
            }
        };
        let Some(mut command) = command else {
            tried.left_out.push(format!("`{name}`, which this system cannot run"));
            continue;
        };
        match try_one(&mut command, &shown, name, modules, LIMIT) {
            None => tried.started.push(format!("`{shown}`")),
            Some(failure) => tried.failures.push(failure),
        }
    }
    Ok(tried)
}

/// The names of the scripts: what lies in the folder of the programs.
fn names(installed: &Installed) -> BTreeSet<&str> {
    let in_programs = |file: &'_ String| {
        let mut parts = file.rsplit(['/', '\\']);
        let (name, folder) = (parts.next()?.len(), parts.next()?);
        let is_above = file.starts_with("..") && matches!(folder, "bin" | "Scripts");
        is_above.then_some(file.len() - name)
    };
    let files = installed.files.iter();
    files
        .filter_map(|file| Some(&file[in_programs(file)?..]))
        .map(|name| name.strip_suffix(".exe").unwrap_or(name))
        .collect()
}

fn try_one(
    command: &mut Command,
    shown: &str,
    name: &str,
    modules: &[String],
    limit: Duration,
) -> Option<Failure> {
    let ended = match project::run_within(command, limit) {
        Ok(ended) => ended,
        // As of a script whose first line names no program that is there.
        Err(error) => return Some(Failure::new(format!("cannot run the script `{shown}`: {error:#}"))),
    };
    let status = ended.output.status;
    if ended.in_time && status.success() {
        return None;
    }
    let both = [ended.output.stdout, ended.output.stderr].concat();
    let said = String::from_utf8_lossy(&both).into_owned();
    let last = said.trim_end().lines().next_back().unwrap_or_default();
    let otherwise = format!(
        "say how it is tried in [[package]]: `scripts = {{ {name} = \"--version\" }}`, or `false` for not at all"
    );
    let (cause, hint) = if !ended.in_time {
        (format!("it takes more than {} s", limit.as_secs_f32()), otherwise)
    } else if let Some(missing) = missing_module(last) {
        (format!("the module `{missing}` is missing"), hint_for(last, name, modules))
    } else if last.starts_with("ImportError: ") {
        (format!("an import fails: {last}"), hint_for(last, name, modules))
    } else {
        (format!("it ended with {}", project::log::ending(status)), otherwise)
    };
    let what = format!("cannot run the script `{shown}`: {cause}{}", last_lines(&said));
    Some(Failure::new(what).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_script_that_waits_is_ended_and_one_that_fails_to_import_is_told_apart() {
        let said = |script: &str, millis: u64| {
            let mut command = Command::new("sh");
            let limit = Duration::from_millis(millis);
            try_one(command.args(["-c", script]), "da --help", "da", &["da".to_owned()], limit)
        };
        let late = said("echo waiting; read _ < /dev/zero", 500).unwrap();
        assert_eq!(
            late.to_string(),
            "cannot run the script `da --help`: it takes more than 0.5 s\n    waiting"
        );
        assert!(late.given_hint().unwrap().contains("`scripts = { da = \"--version\" }`, or `false`"));
        let failing =
            said("echo \"ImportError: cannot import name 'x' from 'da'\" >&2; exit 1", 60_000).unwrap();
        let wanted = "cannot run the script `da --help`: an import fails: ImportError: cannot import name 'x' from 'da'\n";
        assert!(failing.to_string().starts_with(wanted), "{failing}");
        assert!(said("exit 0", 60_000).is_none());
        let absent = try_one(&mut Command::new("/no/such/program"), "da", "da", &[], LIMIT).unwrap();
        assert!(
            absent.to_string().starts_with("cannot run the script `da`: cannot run `/no/such/program`: "),
            "{absent}"
        );
    }

    #[test]
    fn scripts_are_what_lies_among_the_programs() {
        let files = [
            "../../../bin/da",
            "../../Scripts/run.exe",
            "a/bin/x",
            "../../../share/man/da.1",
            "da.py",
            "../x",
        ];
        let installed = Installed { files: files.map(str::to_owned).to_vec(), points: Vec::new() };
        assert_eq!(names(&installed), BTreeSet::from(["da", "run"]));
    }
}
