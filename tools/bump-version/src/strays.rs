//! Strays: places that hold the version and that nobody has configured, so that they would drift.

use anyhow::Result;
use document::Version;
use filter::Stage;
use project::{Carrier, Project};

/// A place in a tracked file that holds the version and is not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// The file.
    pub path: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The whole line, trimmed.
    pub text: String,
}

/// Names each stray in a warning.
pub fn report(strays: &[Stray], version: &Version, stage: &Stage) {
    for Stray { path, line, text } in strays {
        stage.warn(format!("{path}:{line} holds {version} and is not configured: {text}"));
    }
    if !strays.is_empty() {
        stage.note("a [[version-file]] in release.toml makes a place follow the version");
    }
}

/// Finds the strays with one git process. Lock files, changelogs, floors of dependencies and addresses are none.
pub fn find(project: &Project, carriers: &[Carrier], version: &Version) -> Result<Vec<Stray>> {
    let spelled = version.to_string();
    let arguments =
        ["grep", "--line-number", "--no-color", "-I", "--null", "--fixed-strings", "-e", &spelled, "--", "."];
    // git says by its code that nothing was found.
    let found = project.git.ask(&arguments)?.unwrap_or_default();
    let lines = found.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\0');
        Some((parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?))
    });
    Ok(lines
        .filter(|(path, ..)| !is_history(path) && !project.is_output(path))
        .filter(|(path, line, text)| {
            let edited = edited_columns(carriers, path, *line);
            let is_stray =
                |at: usize| !edited.contains(&at) && is_own_version(project, text, at, spelled.len());
            text.match_indices(&spelled).any(|(at, _)| is_stray(at))
        })
        .map(|(path, line, text)| Stray { path: path.to_owned(), line, text: text.trim().to_owned() })
        .collect())
}

/// Lock files hold the versions of others, changelogs those of the past.
fn is_history(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let lock = name.ends_with(".lock") || name.ends_with("-lock.json") || name.ends_with("-lock.yaml");
    // The other entries of a manifest are versions of other packages.
    let manifest = name.ends_with("release-please-manifest.json");
    lock || manifest
        || ["changelog", "changes", "history", "news", "release_notes"]
            .iter()
            .any(|start| name.starts_with(start))
}

/// The columns of a line, in bytes, at which a place stands that the bump edits.
fn edited_columns(carriers: &[Carrier], path: &str, line: usize) -> Vec<usize> {
    let Some(carrier) = carriers.iter().find(|carrier| carrier.path.as_str() == path) else {
        return Vec::new();
    };
    let spots = carrier.spots.iter().filter(|spot| carrier.line(spot) == line);
    let column = |start: usize| start - carrier.text[..start].rfind('\n').map_or(0, |at| at + 1);
    spots.map(|spot| column(spot.range.start)).collect()
}

/// Says whether the text there is the version of this project: not a part of a longer one or of an address, and not
/// compared with, unless it is one of our own packages that is pinned to it.
fn is_own_version(project: &Project, text: &str, at: usize, length: usize) -> bool {
    if !is_whole(text, at, length) {
        return false;
    }
    let before = text[..at].trim_end();
    let operand = before.trim_end_matches(['<', '>', '=', '~', '^', '!']);
    let operator = &before[operand.len()..];
    if matches!(operator, "" | "=") {
        return true;
    }
    let name = operand
        .rsplit(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .next()
        .unwrap_or_default();
    operator == "==" && project.package(name).is_ok()
}

/// Says whether the version stands there whole, and in no address.
fn is_whole(text: &str, at: usize, length: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + length..]);
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let longer_before =
        before.chars().next_back().is_some_and(|c| (joins(c) && !"vV".contains(c)) || c == '.');
    let mut following = after.chars();
    let longer_after = match following.next() {
        Some('.' | '+' | '!') => following.next().is_some_and(joins),
        Some(c) => joins(c),
        None => false,
    };
    let word = before.rsplit(|c: char| c.is_whitespace() || "\"'(<[".contains(c)).next().unwrap_or_default();
    !longer_before && !longer_after && !word.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_whole_version_from_a_part_of_something() {
        let whole = |text: &str| is_whole(text, text.find("1.2.3").unwrap(), 5);
        for stray in
            ["LABEL v=1.2.3", "image: x:1.2.3", "v1.2.3", "see 1.2.3.", "\"1.2.3\"", "version=1.2.3-slim"]
        {
            assert!(whole(stray), "{stray}");
        }
        for other in [
            "11.2.3",
            "1.2.3.4",
            "1.2.30",
            "1.2.3rc1",
            "0.1.2.3",
            "https://semver.example/spec/v1.2.3.html",
            "<https://x.example/1.2.3>",
        ] {
            assert!(!whole(other), "{other}");
        }
    }

    #[test]
    fn lock_files_and_changelogs_are_history() {
        for path in
            ["uv.lock", "web/package-lock.json", "docs/CHANGELOG.md", "HISTORY.rst", "RELEASE_NOTES.md"]
        {
            assert!(is_history(path), "{path}");
        }
        assert!(!is_history("docs/changing.md") && !is_history("Dockerfile"));
    }
}
