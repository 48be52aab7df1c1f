//! Strays: places that hold the version and that nobody has configured, so that they would drift.

use std::collections::BTreeSet;

use anyhow::Result;
use document::{ProjectPath, Spelling, Version};
use filter::Stage;
use project::{Carrier, Project, Running, Spot, files, keys_at};

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

/// What the tracked files hold of a version.
#[derive(Debug, Default)]
pub struct Found {
    /// The places that nobody has configured.
    pub strays: Vec<Stray>,
    spellings: Vec<String>,
    files: BTreeSet<String>,
}

impl Found {
    /// Says whether git has a file: .gitignore may keep one out, and then no commit could hold it.
    pub fn tracks(&self, carrier: &Carrier) -> bool {
        // A place may hold a version in a spelling that was not searched for.
        let is_seen = |spot: &Spot| self.spellings.iter().any(|spelling| spelling == carrier.spelled(spot));
        self.files.contains(carrier.path.as_str()) || !carrier.spots.iter().any(is_seen)
    }
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

/// Starts the search for the version in every spelling, one git process.
pub fn search(project: &Project, version: &Version) -> Result<Running> {
    let spellings = spellings(version);
    // People set some of these otherwise for themselves.
    let form =
        ["--line-number", "--no-column", "--no-color", "--null", "--no-full-name", "--no-recurse-submodules"];
    let mut arguments = vec!["grep", "--fixed-strings"];
    arguments.extend(form);
    arguments.extend(spellings.iter().flat_map(|spelling| ["-e", spelling]));
    arguments.extend(["--", "."]);
    project.git.start(&arguments)
}

/// Finds the strays among what a search has found. Lock files, changelogs, requirements of others and addresses of
/// others are none.
pub fn find(project: &Project, carriers: &[Carrier], version: &Version, search: Running) -> Result<Found> {
    let spellings = spellings(version);
    // git says by its code that nothing was found.
    let found = search.ask()?.unwrap_or_default();
    let lines = found.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\0');
        Some((parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?))
    });
    let mut manifest = Manifest::default();
    let mut strays = Vec::new();
    // Of a file that is binary, or that `-diff` of .gitattributes calls so, git says only that it matches.
    let binary = |line: &str| Some(line.strip_prefix("Binary file ")?.strip_suffix(" matches")?.to_owned());
    let mut files: BTreeSet<String> = found.lines().filter_map(binary).collect();
    for (path, line, text) in lines {
        if !files.contains(path) {
            files.insert(path.to_owned());
        }
        if is_history(path)
            || project.is_output(path)
            || is_of_a_sibling(project, path)
            || path == project.settings.changelog.path().as_str()
        {
            continue;
        }
        let edited = edited_columns(carriers, path, line);
        let mut is_stray = |at: usize, length: usize| {
            !edited.contains(&at)
                && is_own_version(project, text, at, length)
                && !manifest.requires_other(project, path, line, at)
        };
        let mut places = spellings.iter().flat_map(|spelling| text.match_indices(spelling));
        if places.any(|(at, spelling)| is_stray(at, spelling.len())) {
            strays.push(Stray { path: path.to_owned(), line, text: text.trim().to_owned() });
        }
    }
    Ok(Found { strays, files, spellings })
}

/// The spellings of a version, each once.
fn spellings(version: &Version) -> Vec<String> {
    let all = [Spelling::Pep440, Spelling::SemVer, Spelling::ImageTag];
    let mut spelled: Vec<String> =
        all.iter().filter_map(|spelling| version.spelled(*spelling).ok()).collect();
    spelled.dedup();
    spelled
}

/// More bytes than a manifest has that people write.
const LONGEST_MANIFEST: usize = 64 * 1024;

/// The manifest that was read last: its tables of dependencies hold the versions of others.
#[derive(Debug, Default)]
struct Manifest {
    path: String,
    text: String,
}

impl Manifest {
    /// Says whether what stands there is a requirement on a package that is none of ours.
    fn requires_other(&mut self, project: &Project, path: &str, line: usize, column: usize) -> bool {
        let Ok(file) = path.parse::<ProjectPath>() else { return false };
        if self.path != path {
            // A file that cannot be read has no tables, and one of data, with many hits, is no manifest.
            self.text = files::read_text(&file.under(&project.root)).unwrap_or_default();
            if self.text.len() > LONGEST_MANIFEST {
                self.text.clear();
            }
            path.clone_into(&mut self.path);
        }
        let start: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let keys = keys_at(&file, &self.text, start + column);
        let is_table = |key: &String| {
            let key = key.to_ascii_lowercase();
            key.ends_with("dependencies")
                || ["requires", "engines", "overrides", "resolutions"].contains(&key.as_str())
        };
        let Some(table) = keys.iter().position(is_table) else { return false };
        let is_own = |key: &String| project.package(key).is_ok();
        !keys[table + 1..].iter().any(is_own)
    }
}

/// Says whether a file lies in the folder of a package that has versions of its own.
fn is_of_a_sibling(project: &Project, path: &str) -> bool {
    let folders = project.siblings.iter().filter_map(|sibling| sibling.path.as_ref());
    folders
        .map(ProjectPath::as_str)
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// Lock files hold the versions of others, changelogs those of the past.
fn is_history(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let locks = [".lock", "-lock.json", "-lock.yaml", "-lock.yml", "npm-shrinkwrap.json", "go.sum"];
    // The other entries of a manifest are versions of other packages, and settings tell how they came about.
    let manifest = name.ends_with("release-please-manifest.json") || path == "release.toml";
    let history =
        ["changelog", "changes", "history", "news", "release_notes", "release-notes", "releasenotes"];
    locks.iter().any(|end| name.ends_with(end))
        || manifest
        || history.iter().any(|start| name.starts_with(start))
        || folders.split('/').any(|folder| history.contains(&folder.trim_end_matches(".d")))
}

/// The columns of a line, in bytes, at which a place stands that the bump edits.
fn edited_columns(carriers: &[Carrier], path: &str, line: usize) -> Vec<usize> {
    // They come sorted by path.
    let Ok(at) = carriers.binary_search_by(|carrier| carrier.path.as_str().cmp(path)) else {
        return Vec::new();
    };
    let carrier = &carriers[at];
    let spots = carrier.spots.iter().filter(|spot| carrier.line(spot) == line);
    let column = |start: usize| start - carrier.text[..start].rfind('\n').map_or(0, |at| at + 1);
    spots.map(|spot| column(spot.range.start)).collect()
}

/// Says whether the text there is the version of this project: not a part of a longer one or of an address, and not
/// compared with, unless it is one of our own packages that is pinned to it.
fn is_own_version(project: &Project, text: &str, at: usize, length: usize) -> bool {
    if !is_whole(text, at, length) || is_in_address_of_others(project, text, at) {
        return false;
    }
    let before = text[..at].trim_end();
    let operand = before.trim_end_matches(['<', '>', '=', '~', '^', '!']);
    let operator = &before[operand.len()..];
    if matches!(operator, "" | "=") {
        return true;
    }
    // The extras stand between the name and the operator.
    let named = operand.rsplit_once('[').filter(|_| operand.trim_end().ends_with(']'));
    let name = named.map_or(operand, |(name, _)| name).trim_end();
    let name =
        name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).next().unwrap_or_default();
    operator == "==" && project.package(name).is_ok()
}

/// Says whether the version stands there whole: `1.2.3` is not in `1.2.30`, `1.2.3rc1` or `1.2.3-rc.1`.
fn is_whole(text: &str, at: usize, length: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + length..]);
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let longer_before =
        before.chars().next_back().is_some_and(|c| (joins(c) && !"vV".contains(c)) || c == '.');
    let mut following = after.chars();
    let longer_after = match following.next() {
        Some('.') => {
            let rest = following.as_str();
            rest.starts_with(|c: char| c.is_ascii_digit())
                || rest.starts_with("post")
                || rest.starts_with("dev")
        }
        Some('+' | '!') => following.next().is_some_and(joins),
        Some('-') => {
            let run = after.find(|c: char| !c.is_ascii_alphanumeric() && !"-.".contains(c));
            let longer = text[at..at + length + run.unwrap_or(after.len())].trim_end_matches(['.', '-']);
            longer.len() > length && Version::read(longer, Spelling::SemVer).is_ok()
        }
        Some(c) => joins(c),
        None => false,
    };
    !longer_before && !longer_after
}

/// Says whether the version is a part of an address that names nothing of ours, as that of a specification.
fn is_in_address_of_others(project: &Project, text: &str, at: usize) -> bool {
    let ends = |c: char| c.is_whitespace() || "\"'()<>[]".contains(c);
    let start = text[..at].rfind(ends).map_or(0, |end| end + 1);
    let end = text[at..].find(ends).map_or(text.len(), |end| at + end);
    let word = text[start..end].to_ascii_lowercase().replace('_', "-");
    let names = project.packages.iter().map(|package| package.name.as_str()).chain([project.name.as_str()]);
    let is_ours =
        is_badge(&text[start..at]) || names.into_iter().any(|name| word.contains(&name.to_ascii_lowercase()));
    word.contains("://") && !is_ours
}

/// Says whether the address of a badge goes on with the version that it shows: `…/badge/version-`.
fn is_badge(before: &str) -> bool {
    let label = before
        .to_ascii_lowercase()
        .rsplit_once("/badge/")
        .map(|(_, label)| label.trim_end_matches('v').to_owned());
    label.is_some_and(|label| ["", "version-", "release-", "latest-", "pypi-"].contains(&label.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_whole_version_from_a_part_of_something() {
        let whole = |text: &str| is_whole(text, text.find("1.2.3").unwrap(), 5);
        for stray in [
            "LABEL v=1.2.3",
            "image: x:1.2.3",
            "v1.2.3",
            "see 1.2.3.",
            "x-1.2.3.tar.gz",
            "\"1.2.3\"",
            "version=1.2.3-slim",
        ] {
            assert!(whole(stray), "{stray}");
        }
        for other in
            ["11.2.3", "1.2.3.4", "1.2.30", "1.2.3rc1", "0.1.2.3", "1.2.3-rc.1", "1.2.3-rc.1.", "1.2.3.dev1"]
        {
            assert!(!whole(other), "{other}");
        }
    }

    #[test]
    fn a_badge_shows_the_version_of_the_project_or_of_something_else() {
        let start = "https://badges.example/badge/";
        for ours in ["version-", "Version-", "release-v", "v", "pypi-v"] {
            assert!(is_badge(&format!("{start}{ours}")), "{ours}");
        }
        for other in ["keep%20a%20changelog-", "semver-", "python-"] {
            assert!(!is_badge(&format!("{start}{other}")), "{other}");
        }
        assert!(!is_badge("https://semver.example/spec/v"));
    }

    #[test]
    fn lock_files_and_changelogs_are_history() {
        for path in [
            "uv.lock",
            "web/package-lock.json",
            "docs/CHANGELOG.md",
            "HISTORY.rst",
            "RELEASE_NOTES.md",
            "docs/release-notes/1.2.3.md",
            "changelog.d/x.md",
        ] {
            assert!(is_history(path), "{path}");
        }
        assert!(!is_history("docs/changing.md") && !is_history("Dockerfile"));
    }
}
