//! The programs that a wheel installs, and whether one of them takes the place of Python.

use super::Wheel;
use crate::Problem;
use crate::check::Code::W025;

/// Lists programs that would replace the interpreter of the environment: `python`, `python3`, `python3.12`, …
pub(super) fn problems(wheel: &mut Wheel) -> Vec<Problem> {
    let mut found = Vec::new();
    let stem = wheel.file_name().stem().to_owned();
    let folders = ["scripts", "data/bin", "data/Scripts"].map(|folder| format!("{stem}.data/{folder}/"));
    for member in &wheel.layout.members {
        let program = folders.iter().find_map(|folder| member.name.strip_prefix(folder.as_str()));
        if program.is_some_and(is_interpreter) {
            found.push(W025.found(format!("`{}` replaces the Python of the environment", member.name)));
        }
    }
    let entry_points = format!("{stem}.dist-info/entry_points.txt");
    let text = match wheel.contains(&entry_points) {
        true => wheel.read(&entry_points).unwrap_or_default(),
        false => Vec::new(),
    };
    for name in script_names(&String::from_utf8_lossy(&text)).filter(|name| is_interpreter(name)) {
        found.push(
            W025.found(format!(
                "`{entry_points}`: the script `{name}` replaces the Python of the environment"
            )),
        );
    }
    found
}

/// The names in the groups of scripts; what is wrong with the file is the matter of another check.
fn script_names(text: &str) -> impl Iterator<Item = &str> {
    let mut is_script = false;
    text.lines().filter_map(move |line| {
        if let Some(group) = line.trim().strip_prefix('[') {
            is_script = matches!(group.trim_end_matches(']').trim(), "console_scripts" | "gui_scripts");
            return None;
        }
        line.split_once('=').map(|(name, _)| name.trim()).filter(|_| is_script)
    })
}

/// Says whether a program has a name of the interpreter, on any system.
fn is_interpreter(program: &str) -> bool {
    let name = program.to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    let Some(rest) = name.strip_prefix("python") else { return false };
    let version = rest.strip_prefix('w').unwrap_or(rest);
    version.strip_suffix('t').unwrap_or(version).chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_names_of_the_interpreter() {
        for name in ["python", "python3", "Python3.12", "pythonw.exe", "python3.13t", "python.exe"] {
            assert!(is_interpreter(name), "{name}");
        }
        for name in ["python-config", "pythonx", "ipython", "pypy", "py", "python3-tool"] {
            assert!(!is_interpreter(name), "{name}");
        }
    }
}
