//! The style `conventional` against Release Please itself: real histories, and the same file byte for byte.

#[path = "conventional/messages.rs"]
mod messages;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use messages::{WRITTEN, generated};
use serde::Serialize;
use tests::{Sandbox, oracle, repository, text};

const BEFORE: &str = "# Changelog\n\n## [1.2.3](https://github.com/acme/wagon/compare/v1.2.2...v1.2.3) (2026-01-01)\n\n\n\
    ### Bug Fixes\n\n* older\n";

#[derive(Serialize)]
struct Section {
    r#type: &'static str,
    section: &'static str,
    hidden: bool,
}

#[derive(Serialize)]
struct Commit {
    sha: String,
    message: String,
}

/// What Release Please is given.
#[derive(Serialize)]
struct History {
    commits: Vec<Commit>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sections: Vec<Section>,
    before: &'static str,
    #[serde(flatten)]
    bump: Option<Bump>,
}

/// How the version is to be told.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Bump {
    carried: &'static str,
    bump_minor_pre_major: bool,
    bump_patch_for_minor_pre_major: bool,
}

/// What Release Please writes for each history.
fn theirs(histories: &[History]) -> Result<Vec<String>> {
    let mut node = Command::new("node")
        .arg("-e")
        .arg(std::fs::read_to_string(repository().join("tests/tests/conventional/release-please.js"))?)
        .current_dir(oracle::release_please()?)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("this test needs npm and node")?;
    node.stdin.take().context("node has a stdin")?.write_all(&serde_json::to_vec(histories)?)?;
    let output = node.wait_with_output()?;
    if !output.status.success() {
        bail!("node ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Makes the commits on top of the last release, and returns them newest first.
fn history(sandbox: &Sandbox, tag: &str, messages: &[String], settings: &str) -> Result<Vec<Commit>> {
    std::fs::write(sandbox.path("CHANGELOG.md"), BEFORE)?;
    std::fs::write(sandbox.path("release.toml"), settings)?;
    sandbox.shell(&format!(
        "git checkout -qf -B main first && cp ../CHANGELOG.md ../release.toml . && git add -A &&
         git commit -q --allow-empty -m start && git tag -f {tag} >&2",
    ))?;
    let mut stream = String::new();
    for (index, message) in messages.iter().enumerate() {
        let from = if index == 0 { "from refs/heads/main^0\n" } else { "" };
        writeln!(
            stream,
            "commit refs/heads/main\ncommitter A <a@example.invalid> 1767225600 +0000\ndata {}\n{message}\n{from}",
            message.len()
        )?;
    }
    std::fs::write(sandbox.path("stream"), stream)?;
    sandbox.shell("git fast-import --quiet < ../stream && git reset -q --hard")?;
    let ids = sandbox.shell(&format!("git rev-list {tag}..HEAD"))?;
    let commits = ids.lines().zip(messages.iter().rev());
    Ok(commits.map(|(sha, message)| Commit { sha: sha.to_owned(), message: message.clone() }).collect())
}

/// The commits of a history, newest first, with the file that we write.
fn ours(sandbox: &Sandbox, messages: &[String], settings: &str) -> Result<(Vec<Commit>, String)> {
    let commits = history(sandbox, "v1.2.3", messages, settings)?;
    let document = sandbox.must("bump-version", &["minor", "--date", "2026-03-01"], "")?;
    sandbox.must("changelog", &[], &document)?;
    Ok((commits, std::fs::read_to_string(sandbox.project().join("CHANGELOG.md"))?))
}

#[test]
fn writes_what_release_please_writes() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell("git remote set-url origin https://github.com/acme/wagon.git && git tag first v1.2.3^0")?;
    let plain = "[changelog]\nstyle = \"conventional\"\n";
    let sectioned = format!(
        "{plain}sections = [{{ type = \"docs\", section = \"Documentation\" }}, {{ type = \"odd\", section = \"Odds\" }},\n\
         {{ type = \"feat\", section = \"Odds\" }}, {{ type = \"fix\", section = \"Fixes\", hidden = true }}]\n"
    );
    let own = || {
        [
            ("docs", "Documentation", false),
            ("odd", "Odds", false),
            ("feat", "Odds", false),
            ("fix", "Fixes", true),
        ]
        .map(|(kind, section, hidden)| Section { r#type: kind, section, hidden })
        .into()
    };
    let mut written: Vec<Vec<String>> =
        WRITTEN.iter().map(|messages| messages.iter().map(|text| (*text).to_owned()).collect()).collect();
    written.extend((1..=4).map(|seed| generated(seed, 250)));
    let (mut histories, mut files) = (Vec::new(), Vec::new());
    for messages in &written {
        for settings in [plain, &sectioned] {
            let (commits, file) = ours(&sandbox, messages, settings)?;
            assert_eq!(commits.len(), messages.len());
            let sections = if settings == plain { Vec::new() } else { own() };
            histories.push(History { commits, sections, before: BEFORE, bump: None });
            files.push(file);
        }
    }
    for (index, (theirs, ours)) in theirs(&histories)?.iter().zip(&files).enumerate() {
        // Where nothing is to tell, Release Please makes no release, and we say so in the section.
        if theirs.contains("(2026-03-01)\n\n## [1.2.3]") {
            assert!(ours.contains("- No change that users will notice"), "history {index}\n{ours}");
            continue;
        }
        snapbox::assert_data_eq!(
            format!("history {index}\n{ours}"),
            snapbox::Data::text(format!("history {index}\n{theirs}")).raw()
        );
    }
    Ok(())
}

/// The version that `auto` gives out; `nothing` where it finds nothing to release, `refused` for a text that is no version.
fn next_version(sandbox: &Sandbox) -> Result<String> {
    let output = sandbox.run("bump-version", &["auto", "--dry-run"], "")?;
    if output.status.success() {
        let document: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        return Ok(document["version"]["current"].as_str().context("current")?.to_owned());
    }
    let said = text(&output.stderr);
    if said.contains("cannot follow the `Release-As`") {
        return Ok("refused".to_owned());
    }
    assert!(said.contains("since v") && said.contains(" tell"), "{said}");
    Ok("nothing".to_owned())
}

#[test]
fn gives_out_the_version_that_release_please_gives_out() -> Result<()> {
    let above = Sandbox::new("plain")?;
    above.shell("git tag first v1.2.3^0")?;
    let below = Sandbox::new("plain")?;
    below.shell(
        "sed -i 's/1\\.2\\.3/0.5.2/' pyproject.toml src/plain/__init__.py && git commit -qam 'chore: back' &&
         git tag first && git tag -d v1.2.3 >&2",
    )?;
    let ended = |message: String| message.replace("Release-As: 1.9.0", "Release-As: 1.9.0\n");
    let mut written: Vec<String> = generated(7, 90).into_iter().map(ended).collect();
    written.extend(WRITTEN.iter().flat_map(|messages| messages.iter().map(|text| (*text).to_owned())));
    let (mut histories, mut versions) = (Vec::new(), Vec::new());
    for (index, messages) in written.chunks(2).enumerate() {
        let (bump_minor_pre_major, bump_patch_for_minor_pre_major) = (index % 2 == 0, index % 3 == 0);
        let settings = format!(
            "[changelog]\nstyle = \"conventional\"\n[auto]\nbump-minor-pre-major = {bump_minor_pre_major}\n\
             bump-patch-for-minor-pre-major = {bump_patch_for_minor_pre_major}\n"
        );
        let (sandbox, carried) = if index % 5 == 0 { (&above, "1.2.3") } else { (&below, "0.5.2") };
        let commits = history(sandbox, &format!("v{carried}"), messages, &settings)?;
        versions.push(next_version(sandbox)?);
        let bump = Bump { carried, bump_minor_pre_major, bump_patch_for_minor_pre_major };
        histories.push(History { commits, sections: Vec::new(), before: BEFORE, bump: Some(bump) });
    }
    for ((theirs, ours), history) in theirs(&histories)?.iter().zip(&versions).zip(&histories) {
        let messages: Vec<&str> = history.commits.iter().map(|commit| commit.message.as_str()).collect();
        // A `Release-As` that is no version is carried over there, and refused here.
        let version =
            document::Version::read(theirs, document::Spelling::SemVer).map(|read| read.to_string());
        let theirs =
            if theirs == "nothing" { theirs.clone() } else { version.unwrap_or("refused".to_owned()) };
        assert_eq!(*ours, theirs, "{messages:#?}");
    }
    for expected in ["nothing", "1.3.0", "0.5.3", "0.6.0", "1.0.0", "2.0.0"] {
        assert!(
            versions.iter().any(|version| version == expected),
            "no history leads to {expected}: {versions:?}"
        );
    }
    Ok(())
}

#[test]
fn a_type_that_no_section_names_is_named_in_a_warning() -> Result<()> {
    let sandbox = Sandbox::new("plain")?;
    std::fs::write(sandbox.project().join("CHANGELOG.md"), "# Changelog\n")?;
    sandbox.shell(
        "git add -A && git commit -qm 'improve: x' -m 'Signed-off-by: A <a@example.invalid>' &&
         git commit -q --allow-empty -m 'improve(y): z'",
    )?;
    for style in ["conventional", "keep-a-changelog"] {
        std::fs::write(
            sandbox.project().join("release.toml"),
            format!("[changelog]\nstyle = \"{style}\"\n"),
        )?;
        sandbox.shell("git add -A && git commit -qm 'chore: settings'")?;
        let document = sandbox.must("bump-version", &["current"], "")?;
        let said = text(&sandbox.run("changelog", &["--dry-run"], &document)?.stderr);
        assert!(
            said.contains("2 commits of the type `improve` left out: no section of [changelog] names it"),
            "{said}"
        );
        assert!(!said.contains("signed-off-by"), "{said}");
    }
    Ok(())
}
