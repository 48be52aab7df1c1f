//! Announcements are sent once, as a process on a real project with real commands.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

#[path = "../../distribute/tests/support/mod.rs"]
mod support;

use std::fs;

use document::{Announcement, Publication, PublishedFile, Release};
use support::{CORE, Ran, SETTINGS, Stage};

const TOOL: &str = env!("CARGO_BIN_EXE_announce");

/// A published release in a project with these announcements: name and command.
fn ready(announcements: &[(&str, &str)]) -> (Stage, Release) {
    let more: String = announcements
        .iter()
        .map(|(name, run)| format!("[[announcement]]\nname = \"{name}\"\nrun = '''{run}'''\n"))
        .collect();
    let stage = Stage::new(&format!("{SETTINGS}{more}"));
    let mut release = stage.tagged();
    let artifact = &release.artifacts.as_ref().unwrap()[1];
    let file = PublishedFile {
        path: format!("simple/da-vinci/{CORE}").parse().unwrap(),
        package: Some(artifact.package.clone()),
        sha256: artifact.sha256.clone(),
    };
    release.publications = Some(vec![Publication {
        target: "staging".to_owned(),
        kind: "directory".to_owned(),
        location: "dist/index".to_owned(),
        url: None,
        files: vec![file],
    }]);
    (stage, release)
}

fn announce(stage: &Stage, arguments: &[&str], release: &Release) -> Ran {
    stage.run(TOOL, arguments, release)
}

fn said(stage: &Stage) -> String {
    fs::read_to_string(stage.path("said")).unwrap_or_default()
}

#[test]
fn sends_each_announcement_once_with_its_text_and_its_environment() {
    let (stage, release) = ready(&[
        ("mail", "{ echo \"$SUBJECT|$VERSION|$TAG\"; cat; } >> ../said"),
        ("chat/team", "test -f release.toml && echo chat >> ../said"),
    ]);
    let first = announce(&stage, &[], &release);
    let entry = |name: &str| Announcement { name: name.to_owned(), subject: "da-vinci 0.5.0".to_owned() };
    assert_eq!(first.release().announcements, Some(vec![entry("chat/team"), entry("mail")]));
    let text = said(&stage);
    let start =
        "da-vinci 0.5.0|0.5.0|v0.5.0\n# da-vinci 0.5.0\n\n### Added\n\n- Wings\n\n## Install from staging\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("/dist/index/simple/ da-vinci==0.5.0\n"), "{text}");
    assert!(text.ends_with("\nchat\n"), "{text}");
    let second = announce(&stage, &[], &release);
    assert_eq!(second.stdout, first.stdout);
    assert_eq!(said(&stage), text);
    assert_eq!(
        second.plan(),
        [
            "announce: skip: announce da-vinci 0.5.0 by mail: it was sent already",
            "announce: skip: announce da-vinci 0.5.0 by chat/team: it was sent already",
        ]
    );
    assert_eq!(announce(&stage, &["--again", "chat/team"], &release).stdout, first.stdout);
    assert_eq!(said(&stage), format!("{text}chat\n"));
}

#[test]
fn each_kind_of_place_has_words_of_its_own() {
    let (stage, mut release) = ready(&[("mail", "cat > ../said")]);
    let directory = release.publications.as_ref().unwrap()[0].clone();
    let of = |target: &str, kind: &str, location: &str, url: &str| Publication {
        target: target.to_owned(),
        kind: kind.to_owned(),
        location: location.to_owned(),
        url: Some(url.to_owned()),
        files: directory.files.clone(),
    };
    release.publications = Some(vec![
        of(
            "notes",
            "github",
            "github://acme/da-vinci",
            "https://git.example/acme/da-vinci/releases/tag/v0.5.0",
        ),
        of("public", "pypi", "pypi://pypi", "https://index.example/simple/"),
        of("team", "s3", "s3://wheels", "https://wheels.example/simple/"),
    ]);
    announce(&stage, &[], &release).release();
    let text = said(&stage);
    let page = "## Files at notes\n\nThe files, their checksums and signatures: <https://git.example/acme/da-vinci/releases/tag/v0.5.0>\n";
    assert!(text.contains(page), "{text}");
    assert!(text.contains("## Install from public\n\n```sh\nuv pip install da-vinci==0.5.0\n"), "{text}");
    assert!(
        text.contains("pip install --index-url https://wheels.example/simple/ da-vinci==0.5.0\n"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn what_may_have_been_sent_is_asked_about() {
    let (stage, release) = ready(&[
        ("mail", "echo mail >> ../said"),
        ("chat", "echo chat >> ../said; test -f ../calm || kill -9 $PPID"),
    ]);
    let killed = announce(&stage, &[], &release);
    assert_eq!((killed.code, killed.stdout.as_str()), (None, ""));
    let refused = announce(&stage, &[], &release);
    refused.refused(1, "by `chat`: its command was started and cut off, so it may have been sent");
    assert!(refused.stderr.contains("hint: look there, then give `--again chat`"), "{}", refused.stderr);
    assert_eq!(said(&stage), "mail\nchat\n");

    fs::write(stage.path("calm"), "").unwrap();
    let done = announce(&stage, &["--sent", "chat"], &release);
    assert_eq!(done.release().announcements.unwrap().len(), 2);
    assert_eq!(said(&stage), "mail\nchat\n");
    assert_eq!(announce(&stage, &[], &release).stdout, done.stdout);
}

#[cfg(unix)]
#[test]
fn what_may_have_been_sent_can_be_sent_again() {
    let (stage, release) = ready(&[("chat", "echo chat >> ../said; test -f ../calm || kill -9 $PPID")]);
    assert_eq!(announce(&stage, &[], &release).code, None);
    fs::write(stage.path("calm"), "").unwrap();
    assert_eq!(announce(&stage, &["--again", "chat"], &release).code, Some(0));
    assert_eq!(said(&stage), "chat\nchat\n");
    assert_eq!(announce(&stage, &[], &release).code, Some(0));
    assert_eq!(said(&stage), "chat\nchat\n");
}

#[test]
fn a_failing_command_was_not_sent_and_its_token_stays_secret() {
    let (stage, release) = ready(&[("chat", "echo \"no such hook: $HOOK\" >&2; test -f ../calm || exit 7")]);
    let failed = stage.run_with(TOOL, &[], &release, &[("HOOK", "s3cr3t-t0ken")]);
    failed.refused(1, "cannot announce da-vinci 0.5.0 by `chat`: cannot finish `sh -c ");
    assert!(failed.stderr.contains("it ended with code 7\n    no such hook: $HOOK\n"), "{}", failed.stderr);
    assert!(!failed.stderr.contains("s3cr3t"), "{}", failed.stderr);
    fs::write(stage.path("calm"), "").unwrap();
    assert_eq!(announce(&stage, &[], &release).code, Some(0));
}

#[test]
fn a_long_text_and_a_command_that_reads_nothing_stop_nobody() {
    let (stage, mut release) =
        ready(&[("chat", "head -c 300000 /dev/zero; wc -c >> ../said"), ("deaf", "true")]);
    release.notes.as_mut().unwrap().body = "x".repeat(1_000_000);
    assert_eq!(announce(&stage, &[], &release).code, Some(0));
    assert!(said(&stage).trim().parse::<usize>().unwrap() > 1_000_000);
}

#[test]
fn a_text_beyond_the_limit_of_a_place_is_cut_between_entries_with_a_link() {
    let (stage, mut release) = ready(&[("chat", "cat > ../said"), ("mail", "cat > ../mail")]);
    let settings = fs::read_to_string(stage.root().join("release.toml")).unwrap();
    let settings = settings.replace("name = \"chat\"\n", "name = \"chat\"\nlimit = 300\n");
    fs::write(stage.root().join("release.toml"), settings).unwrap();
    stage.git(&["remote", "set-url", "origin", "https://host.example/o/r.git"]);
    let entries: String = (0..50).map(|number| format!("- entry number {number}\n  goes on\n")).collect();
    let notes = release.notes.as_mut().unwrap();
    notes.body = format!("### Added\n\n{entries}");
    assert_eq!(announce(&stage, &[], &release).code, Some(0));
    let text = said(&stage);
    assert!(text.chars().count() <= 300 && text.chars().count() > 200, "{text}");
    assert!(text.starts_with("# da-vinci 0.5.0\n\n### Added\n\n- entry number 0\n  goes on\n"), "{text}");
    let end = "\n  goes on\n\n[The full notes](https://host.example/o/r/blob/v0.5.0/CHANGELOG.md)\n";
    assert!(text.ends_with(end), "an entry stays whole: {text}");
    assert!(!text.contains("Install from"), "{text}");
    let mail = fs::read_to_string(stage.path("mail")).unwrap();
    assert!(mail.contains("- entry number 49\n") && mail.contains("## Install from staging"), "{mail}");
}

#[test]
fn nobody_to_tell_is_a_stated_skip() {
    let (stage, release) = ready(&[]);
    let ran = announce(&stage, &[], &release);
    assert_eq!(ran.release().announcements, Some(Vec::new()));
    assert_eq!(ran.plan(), ["announce: skip: announce: release.toml has no [[announcement]]"]);
}

#[test]
fn refuses_a_document_without_publications() {
    let (stage, mut release) = ready(&[("chat", "echo chat >> ../said")]);
    release.publications = None;
    announce(&stage, &[], &release).refused(3, "`publications` is null, `distribute` has not run");
    assert_eq!(said(&stage), "");
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let (stage, release) = ready(&[("chat", "echo chat >> ../said")]);
    let before = stage.files();
    let dry = announce(&stage, &["--dry-run"], &release);
    let mut early = stage.start();
    early.dry_run = true;
    let early = announce(&stage, &[], &early);
    assert_eq!(dry.release().announcements, None);
    assert_eq!((stage.files(), said(&stage)), (before, String::new()));
    let real = announce(&stage, &[], &release);
    assert_eq!((dry.plan(), early.plan()), (real.plan(), real.plan()));
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let (stage, release) = ready(&[("chat", "true"), ("mail", "true")]);
    announce(&stage, &["--again", "fax"], &release).refused(2, "hint: the announcements are: chat, mail");
    announce(&stage, &["--sent", "fax"], &release).refused(2, "cannot find the announcement `fax`");
    announce(&stage, &["--sent", "chat", "--again", "chat"], &release).refused(2, "either `--again chat`");
}
