//! What `rollback` takes back of a published release, as a process on a real project with a real origin.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod published;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use document::{Announcement, Fate, Sha256};
use published::support::{CDK, CORE, sha256, wheel};
use published::{OLD, TOOL, deadly_git, fates, published, refuse_pushes, rollback, world, yanked};

#[test]
fn takes_a_whole_release_back() {
    let (stage, mut release) = published();
    release.announcements =
        Some(vec![Announcement { name: "chat".to_owned(), subject: "da-vinci 0.5.0".to_owned() }]);
    let id = release.commit.as_ref().unwrap().id.clone();
    let ran = rollback(&stage, &release);
    let short = id.short();
    let expected = [
        ("announcement chat".to_owned(), Fate::Kept),
        (format!("simple/aa-cdk/{CDK} on staging"), Fate::Withdrawn),
        (format!("simple/da-vinci/{CORE} on staging"), Fate::Withdrawn),
        (format!("commit {short}"), Fate::Withdrawn),
        ("tag v0.5.0".to_owned(), Fate::Withdrawn),
        ("version 0.5.0".to_owned(), Fate::Kept),
    ];
    assert_eq!(fates(&ran.release()), expected);
    for folder in ["project", "origin.git"] {
        assert!(!stage.has_ref(folder, "refs/tags/v0.5.0") && stage.has_ref(folder, "refs/tags/v0.4.0"));
        assert!(stage.has_ref(folder, "refs/tags/withdrawn/v0.5.0"));
    }
    assert_eq!(stage.origin(&["rev-parse", "withdrawn/v0.5.0^{commit}"]), id.as_str());
    assert!(stage.origin(&["tag", "-n9", "-l", "withdrawn/*"]).contains("wings fall off"));
    let message = format!("revert: release 0.5.0\n\nThis reverts commit {id}.\n\nwings fall off");
    assert_eq!(stage.origin(&["show", "-s", "--format=%B", "main"]).trim_end(), message);
    assert_eq!(stage.origin(&["rev-parse", "main^"]), id.as_str());
    assert_eq!(stage.origin(&["rev-parse", "main^{tree}"]), stage.origin(&["rev-parse", "main~2^{tree}"]));
    assert!(stage.read("packages/core/pyproject.toml").contains("0.4.0"));
    assert_eq!(stage.git(&["status", "--porcelain"]), "");

    let page = fs::read_to_string(stage.simple("da-vinci/index.html")).unwrap();
    assert!(page.contains(OLD) && page.contains(CORE), "{page}");
    assert_eq!(yanked(&stage), ["wings fall off", "wings fall off"]);
    assert!(stage.simple(&format!("da-vinci/{CORE}.minisig")).exists());
    assert!(stage.root().join("dist").join(CORE).exists());
    assert!(ran.stderr.contains("skip: delete 2 built files: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("skip: announcement chat: it cannot be taken back"), "{}", ran.stderr);
}

#[test]
fn files_of_a_folder_are_given_free_again_and_deleted_on_demand() {
    let (stage, release) = published();
    let before = stage.files();
    let taken = rollback(&stage, &release).release();
    let said = "cannot have the files of v0.5.0 chosen again without `--yes`";
    stage.run(TOOL, &["--unyank"], &taken).refused(2, said);
    let free = stage.run(TOOL, &["--yes", "--unyank"], &taken);
    assert!(free.stderr.contains(&format!("unyank simple/da-vinci/{CORE} on staging")), "{}", free.stderr);
    assert!(fates(&free.release()).iter().all(|(what, _)| !what.contains("staging")));
    assert!(yanked(&stage).is_empty());
    let in_index = |mut files: BTreeMap<PathBuf, Sha256>| {
        files.retain(|path, _| path.starts_with(stage.simple("")));
        files
    };
    assert_eq!(in_index(stage.files()), in_index(before));

    let deleted = stage.run(TOOL, &["--yes", "--delete"], &taken);
    assert!(
        deleted.stderr.contains(&format!("remove simple/aa-cdk/{CDK} from staging")),
        "{}",
        deleted.stderr
    );
    assert!(!stage.simple("aa-cdk").exists());
    let page = fs::read_to_string(stage.simple("da-vinci/index.html")).unwrap();
    assert!(page.contains(OLD) && !page.contains(CORE), "{page}");
    assert!(!stage.simple(&format!("da-vinci/{CORE}.minisig")).exists());
    assert_eq!(stage.run(TOOL, &["--yes", "--delete"], &taken).stdout, deleted.stdout);
}

#[test]
fn a_dry_run_shows_the_same_plan_and_writes_nothing() {
    let (stage, release) = published();
    // With a later commit the revert makes a tree that the repository does not have.
    stage.write("later.txt", "x");
    stage.commit_all("later");
    stage.git(&["push", "-q", "origin", "main"]);
    let before = stage.files();
    let dry = stage.run(TOOL, &["--dry-run", "--reason", "wings fall off"], &release);
    assert_eq!(dry.release().withdrawals, None);
    assert_eq!(stage.files(), before);
    let real = rollback(&stage, &release);
    assert_eq!(dry.plan(), real.plan());
    let short = release.commit.as_ref().unwrap().id.short();
    assert_eq!(
        dry.plan(),
        [
            &format!("rollback: yank simple/aa-cdk/{CDK} on staging: wings fall off"),
            &format!("rollback: yank simple/da-vinci/{CORE} on staging: wings fall off"),
            "rollback: write the pages of staging from what is there",
            &format!("rollback: revert {short} on main by a new commit"),
            "rollback: remember the version as used, by the tag withdrawn/v0.5.0",
            "rollback: push to origin, all or nothing: main, withdrawn/v0.5.0, v0.5.0 deleted",
            "rollback: delete the tag v0.5.0 here",
            "rollback: skip: delete 2 built files: they are in no commit, and a new build replaces them",
        ]
    );
}

#[test]
fn a_second_run_skips_each_thing_and_gives_the_same_document() {
    let (stage, release) = published();
    let first = rollback(&stage, &release);
    let before = world(&stage);
    let second = rollback(&stage, &release);
    assert_eq!(second.stdout, first.stdout);
    assert!(second.plan().iter().all(|line| line.starts_with("rollback: skip: ")), "{}", second.stderr);
    assert_eq!(world(&stage), before);
    assert_eq!(rollback(&stage, &first.release()).stdout, first.stdout);
}

#[test]
fn refuses_without_a_yes() {
    let (stage, release) = published();
    let before = stage.files();
    let ran = stage.run(TOOL, &[], &release);
    ran.refused(2, "hint: `rollback --dry-run` shows the plan; `--yes` carries it out");
    assert_eq!(stage.files(), before);
}

#[cfg(unix)]
#[test]
fn killed_at_any_call_of_git_and_run_again_it_ends_the_same() {
    let (stage, release) = published();
    let whole = rollback(&stage, &release);
    let end = world(&stage);
    let mut number = 1;
    loop {
        let (stage, release) = published();
        let path = deadly_git(&stage, &format!("[ $n = {number} ]"), ":");
        let arguments = ["--yes", "--reason", "wings fall off"];
        let killed = stage.run_with(TOOL, &arguments, &release, &[("PATH", &path)]);
        if killed.code == Some(0) {
            break;
        }
        assert_eq!((killed.code, killed.stdout.as_str()), (None, ""), "{}", killed.stderr);
        let again = rollback(&stage, &release);
        assert_eq!(again.stdout, whole.stdout, "killed at call {number}: {}", again.stderr);
        assert_eq!(world(&stage), end, "killed at call {number}");
        number += 1;
    }
    assert!(number > 10, "only {number} calls");
}

#[cfg(unix)]
#[test]
fn a_checkout_that_was_cut_short_is_mended_and_the_edit_of_a_person_is_not_touched() {
    let (stage, release) = published();
    let torn = "head -c 20 packages/core/pyproject.toml > torn; mv torn packages/core/pyproject.toml; rm CHANGELOG.md";
    let path = deadly_git(&stage, "[ \"$1\" = reset ]", torn);
    let killed = stage.run_with(TOOL, &["--yes"], &release, &[("PATH", &path)]);
    assert_eq!(killed.code, None);
    assert_eq!(stage.git(&["status", "--porcelain"]), " D CHANGELOG.md\n M packages/core/pyproject.toml");
    stage.write("packages/cdk/pyproject.toml", "by hand");
    rollback(&stage, &release).refused(1, "has changes that are not committed");
    assert_eq!(stage.read("packages/cdk/pyproject.toml"), "by hand");
    stage.git(&["checkout", "-q", "packages/cdk/pyproject.toml"]);
    assert_eq!(rollback(&stage, &release).code, Some(0));
    assert!(stage.read("packages/core/pyproject.toml").ends_with("version = \"0.4.0\"\n"));
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn files_of_a_publication_that_was_cut_short_are_found_without_the_section() {
    let (stage, mut release) = published();
    release.publications = None;
    let ran = rollback(&stage, &release);
    let first = (format!("simple/aa-cdk/{CDK} on staging"), Fate::Withdrawn);
    assert_eq!(fates(&ran.release())[0], first);
    assert_eq!(yanked(&stage).len(), 2);
    assert_eq!(rollback(&stage, &release).stdout, ran.stdout);
}

#[test]
fn other_bytes_and_absent_files_of_an_index_are_left_alone() {
    let (stage, release) = published();
    let other = wheel("da-vinci", "0.5.0", &["other"]);
    fs::write(stage.simple(&format!("da-vinci/{CORE}")), &other).unwrap();
    fs::remove_file(stage.simple(&format!("aa-cdk/{CDK}"))).unwrap();
    let done = rollback(&stage, &release).release();
    let files: Vec<Fate> = fates(&done).into_iter().map(|(_, fate)| fate).take(2).collect();
    assert_eq!(files, [Fate::Absent, Fate::Kept]);
    let detail = &done.withdrawals.unwrap()[1].detail;
    assert!(detail.contains("other bytes than the release") && detail.contains(sha256(&other).as_str()));
    assert_eq!(fs::read(stage.simple(&format!("da-vinci/{CORE}"))).unwrap(), other);
    assert!(!stage.simple("aa-cdk/index.html").exists());
}

#[cfg(unix)]
#[test]
fn a_protected_origin_keeps_every_ref_and_a_later_run_finishes() {
    let (other, release) = published();
    let whole = rollback(&other, &release);
    for hook in ["pre-receive", "update"] {
        let (stage, release) = published();
        let hook = refuse_pushes(&stage, hook);
        let before = stage.origin(&["for-each-ref"]);
        rollback(&stage, &release).refused(1, "main is protected");
        assert_eq!(stage.origin(&["for-each-ref"]), before);
        assert!(stage.has_ref("project", "refs/tags/v0.5.0"));
        fs::remove_file(hook).unwrap();
        let again = rollback(&stage, &release);
        let push = "push to origin, all or nothing: main, withdrawn/v0.5.0, v0.5.0 deleted";
        assert!(again.stderr.contains(push), "{}", again.stderr);
        assert_eq!(again.stdout, whole.stdout);
        assert_eq!(stage.origin(&["for-each-ref"]), other.origin(&["for-each-ref"]));
    }
}
