//! The style `conventional` against Release Please itself: real histories, and the same file byte for byte.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tests::{Sandbox, programs, repository, text};

/// The version that the form is taken from.
const RELEASE_PLEASE: &str = "17.11.2";

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
}

/// Histories that were thought of, the oldest commit first.
const WRITTEN: [&[&str]; 10] = [
    &[
        "feat: first",
        "fix(io): second (#12)",
        "docs: third",
        "chore: fourth",
        "perf(io): fifth",
        "deps: sixth",
    ],
    &[
        "feat!: a",
        "fix(api)!: b (#7)",
        "chore!: c",
        "odd!: d",
        "feat(*)!: e",
        "refactor(x)!: f\n\nBREAKING CHANGE: g (#9)",
    ],
    &[
        "feat: a\n\nBREAKING CHANGE: one\n  two\n  three",
        "feat: b\n\nSome words.\n\nBREAKING CHANGE: one\ntwo\n\nthree",
        "feat: c\n\nBREAKING-CHANGE: dash",
        "feat: d\n\nwithin BREAKING-CHANGE: a line",
        "feat: e\n\nBREAKING CHANGE: list\n- one\n- two\n#### more\n* three",
        "docs: f\n\nBREAKING CHANGE: first\n\nBREAKING CHANGE: second",
    ],
    &[
        "chore: release\n\nRelease-As: 2.0.0",
        "fix: x\n\nrelease-as: v3.1.0-rc.1",
        "ci: y\n\nRelease-As: soon",
    ],
    &[
        "feat: squashed (#3)\n\nText.\n\nBEGIN_COMMIT_OVERRIDE\nfix: instead\n\nfeat(z): and this\nEND_COMMIT_OVERRIDE\nrest",
        "fix: nested\n\nBEGIN_NESTED_COMMIT\nfeat(inner): x\n\nwords\nEND_NESTED_COMMIT\nBEGIN_NESTED_COMMIT\nfix!: y",
        "Merge pull request #5 from a/b\n\nfeat: by merge",
        "feat: several\n\nfix(a): one\n\nperf: two\nfix(b)!: three\n\nSigned-off-by: A <a@example.invalid>",
        "chore: several\n\nfix(a): one\nfeat: two\n  continued",
    ],
    &[
        "fix: a\n\nCloses #5",
        "fix: b (#6)\n\nCloses #6\nRefs: #7\nFixes: 8",
        "fix: c #9 and #10\n\nRefs #9, #11",
        "fix: d\n\nbody\n\nRefs #1\nReviewed-by: @someone",
        "revert: feat: x\n\nThis reverts commit 0123456.",
        "Revert \"feat: y\"\n\nThis reverts commit 0123456.",
    ],
    &[
        "feat: Vec<T> and `Vec<T>` and ``a `b` <c>``",
        "feat: by @someone and me@example.invalid and @scope/name (@a-b)",
        "feat: *stars* _lines_ [link](x) \\ $1 {{x}} & \"q\"",
        "feat(<b>): scope",
        "fix:no space",
        "fix :space",
        "feat:",
        "feat!:",
        "feat!: ",
        "Feat: capital",
        "FIX(UP): capitals",
        "feat(a)(b): two",
        "feat(): empty",
        "feat(a: open",
        "plain words",
        ": nothing",
        "feature: other",
        "improve: unknown",
        "fix: call\n\nsee foo(bar",
    ],
    &[
        "feat: zebra",
        "feat: Äpfel",
        "feat: apfel",
        "feat: Apfel",
        "feat: éclair",
        "feat: _under",
        "feat: 10 things",
        "feat: 9 things",
        "feat: -dash",
        "feat: 日本語",
        "feat: emoji 🎉",
        "feat(b): a",
        "feat(a): z",
        "feat: `code`",
        "feat: resume",
        "feat: résumé",
        "feat: Resume",
        "feat: a b",
        "feat: ab",
        "feat: a-b",
    ],
    &[
        "feat: crlf\r\n\r\nBody\r\n\r\nBREAKING CHANGE: a\r\nb\r\n\r\nCloses #5\r\n",
        "fix: two\r\n\r\nfeat: three\r\n",
        "fix: trailing   \n\n\n",
        "\n\nfix: leading",
        "fix:\ttab",
        "fix: \u{a0}nbsp",
        "\u{feff}fix: mark",
    ],
    &[
        "test(io)!: a",
        "build!: b",
        "style: c\n\nBREAKING CHANGE: d",
        "unknown: e\n\nBREAKING CHANGE: f",
        "2!: g",
        "feat: h",
    ],
];

/// Messages made of the pieces that the grammar knows, the same at every run.
fn generated(seed: u64, count: usize) -> Vec<String> {
    const SUBJECTS: [&str; 12] = [
        "feat",
        "fix(io)",
        "docs",
        "feat!",
        "perf(a b)!",
        "chore",
        "odd",
        "revert(x)",
        "fix(",
        "refactor()",
        "ci!",
        "deps",
    ];
    const PIECES: [&str; 26] = [
        "\n",
        "\n\n",
        "\n",
        "\n\n",
        " ",
        "BREAKING CHANGE: ",
        "BREAKING-CHANGE: ",
        "BREAKING CHANGE",
        "feat: ",
        "fix(io): ",
        "Closes #5",
        "Refs: #6",
        "Release-As: 1.9.0",
        "words",
        "(#12)",
        "- item",
        "#### head",
        "a(b",
        "x!: ",
        "<b>",
        "`<`",
        "\r\n",
        "  more",
        "@user",
        "Signed-off-by: A",
        "é",
    ];
    let mut state = seed;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let mut messages = Vec::new();
    for _ in 0..count {
        let mut message = format!("{}: s{}", SUBJECTS[next(SUBJECTS.len())], next(1000));
        for _ in 0..next(9) {
            message.push_str(PIECES[next(PIECES.len())]);
        }
        messages.push(message);
    }
    messages
}

/// The folder that holds Release Please, which npm fetches once.
fn release_please() -> Result<PathBuf> {
    let programs = programs()?;
    let folder =
        programs.parent().context("the programs stand in a folder of target")?.join("release-please");
    let package = folder.join("node_modules/release-please/package.json");
    let is_there = || std::fs::read_to_string(&package).is_ok_and(|text| text.contains(RELEASE_PLEASE));
    if !is_there() {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("package.json"), "{}\n")?;
        let status = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--silent"])
            .arg(format!("release-please@{RELEASE_PLEASE}"))
            .current_dir(&folder)
            .status()
            .context("this test needs npm and node")?;
        if !status.success() || !is_there() {
            bail!("npm cannot install release-please {RELEASE_PLEASE}: {status}");
        }
    }
    Ok(folder)
}

/// What Release Please writes for each history.
fn theirs(histories: &[History]) -> Result<Vec<String>> {
    let mut node = Command::new("node")
        .arg("-e")
        .arg(std::fs::read_to_string(repository().join("tests/tests/conventional.js"))?)
        .current_dir(release_please()?)
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

/// Makes the commits on top of the last release, and returns them newest first with the file that we write.
fn ours(sandbox: &Sandbox, messages: &[String], settings: &str) -> Result<(Vec<Commit>, String)> {
    std::fs::write(sandbox.path("CHANGELOG.md"), BEFORE)?;
    std::fs::write(sandbox.path("release.toml"), settings)?;
    sandbox.shell(
        "git checkout -qf -B main first && cp ../CHANGELOG.md ../release.toml . && git add -A &&
         git commit -q --allow-empty -m start && git tag -f v1.2.3 >&2",
    )?;
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
    let ids = sandbox.shell("git rev-list v1.2.3..HEAD")?;
    let commits = ids.lines().zip(messages.iter().rev());
    let commits =
        commits.map(|(sha, message)| Commit { sha: sha.to_owned(), message: message.clone() }).collect();
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
            histories.push(History { commits, sections, before: BEFORE });
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
