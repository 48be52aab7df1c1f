//! What `rollback` does to a repository: what never left it, what meets later commits, what it refuses.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod published;

use std::fs;

use document::Fate;
use published::support::{SETTINGS, Stage};
use published::{TOOL, fates, published, rollback, world, yanked};

#[test]
fn a_release_that_never_left_is_undone_without_a_trace() {
    let stage = Stage::new(SETTINGS);
    let base = stage.git(&["rev-parse", "HEAD"]);
    let mut release = stage.start();
    stage.bump(&mut release);
    stage.commit(&mut release);
    stage.git(&["tag", "-a", "-m", "0.5.0", "v0.5.0"]);
    let ran = rollback(&stage, &release);
    let short = release.commit.as_ref().unwrap().id.short();
    let line = format!("rollback: undo {short}, which nobody else has: main goes back to {}", &base[..10]);
    assert!(ran.plan().contains(&line.as_str()), "{}", ran.stderr);
    let expected = [
        (format!("commit {short}"), Fate::Withdrawn),
        ("tag v0.5.0".to_owned(), Fate::Withdrawn),
        ("version 0.5.0".to_owned(), Fate::Withdrawn),
    ];
    assert_eq!(fates(&ran.release()), expected);
    assert_eq!(stage.git(&["rev-parse", "HEAD"]), base);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
    for folder in ["project", "origin.git"] {
        assert!(!stage.has_ref(folder, "refs/tags/v0.5.0"));
        assert!(!stage.has_ref(folder, "refs/tags/withdrawn/v0.5.0"));
    }
    assert_eq!(rollback(&stage, &release).stdout, ran.stdout);
}

#[test]
fn a_commit_and_a_tag_that_the_document_does_not_know_yet_are_found() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.start();
    stage.bump(&mut release);
    // What a killed `commit-release` leaves.
    stage.commit(&mut release);
    release.commit = None;
    let ran = rollback(&stage, &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(stage.git(&["rev-parse", "HEAD"]), release.project.base.as_str());
    assert_eq!(rollback(&stage, &release).stdout, ran.stdout);

    // What a killed `tag-release` leaves: everything is pushed.
    let mut release = stage.tagged();
    release.tag = None;
    assert_eq!(rollback(&stage, &release).code, Some(0));
    assert!(!stage.has_ref("origin.git", "refs/tags/v0.5.0"));
    assert!(stage.has_ref("origin.git", "refs/tags/withdrawn/v0.5.0"));
}

#[test]
fn a_bump_that_was_not_committed_is_restored() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.start();
    stage.bump(&mut release);
    stage.write("CHANGELOG.md", "mended by hand");
    stage.write("notes.txt", "mine");
    stage.git(&["add", "packages/core/pyproject.toml"]);
    let ran = rollback(&stage, &release);
    let expected = [
        ("edit of CHANGELOG.md".to_owned(), Fate::Kept),
        ("edit of packages/cdk/pyproject.toml".to_owned(), Fate::Withdrawn),
        ("edit of packages/core/pyproject.toml".to_owned(), Fate::Withdrawn),
        ("tag v0.5.0".to_owned(), Fate::Absent),
        ("version 0.5.0".to_owned(), Fate::Withdrawn),
    ];
    assert_eq!(fates(&ran.release()), expected);
    assert!(stage.read("packages/core/pyproject.toml").contains("0.4.0"));
    assert_eq!(stage.read("CHANGELOG.md"), "mended by hand");
    assert_eq!(stage.git(&["status", "--porcelain"]), " M CHANGELOG.md\n?? notes.txt");
    assert_eq!(rollback(&stage, &release).stdout, ran.stdout);
}

#[test]
fn a_changelog_that_the_release_made_is_removed() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.start();
    stage.bump(&mut release);
    stage.git(&["checkout", "-q", "."]);
    stage.git(&["rm", "-q", "CHANGELOG.md"]);
    stage.commit_all("no changelog");
    release.project.base = stage.git(&["rev-parse", "HEAD"]).parse().unwrap();
    let edit = release.notes.as_mut().unwrap().edit.as_mut().unwrap();
    edit.before = None;
    stage.write("CHANGELOG.md", "# Changelog\n\n## 0.5.0\n");
    assert_eq!(rollback(&stage, &release).code, Some(0));
    assert!(!stage.root().join("CHANGELOG.md").exists());
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_conflict_leaves_git_untouched_and_a_revert_by_hand_lets_it_go_on() {
    let (stage, release) = published();
    stage.write_version("0.6.0");
    stage.commit_all("later");
    stage.git(&["push", "-q", "origin", "main"]);
    let refs = ["for-each-ref"];
    let before = (stage.git(&refs), stage.origin(&refs), stage.git(&["status", "--porcelain"]));
    let ran = rollback(&stage, &release);
    ran.refused(1, "later commits change the same lines of CHANGELOG.md, packages/cdk/pyproject.toml, ");
    let id = release.commit.as_ref().unwrap().id.clone();
    assert!(ran.stderr.contains(&format!("hint: run `git revert {}`", id.short())), "{}", ran.stderr);
    assert_eq!((stage.git(&refs), stage.origin(&refs), stage.git(&["status", "--porcelain"])), before);
    assert!(!stage.root().join(".git/REVERT_HEAD").exists());
    // Nobody installs it any more, whatever git says.
    assert_eq!(yanked(&stage).len(), 2);

    // The hint to the letter; what was there later is kept, so the revert is empty.
    let mut revert = stage.command("git", &stage.root());
    assert!(!revert.args(["revert", "--no-edit", id.short()]).output().unwrap().status.success());
    stage.git(&["checkout", "-q", "HEAD", "--", "."]);
    stage.git(&["add", "-A"]);
    stage.git(&["commit", "-q", "--allow-empty", "--no-edit"]);
    let again = rollback(&stage, &release);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(stage.has_ref("origin.git", "refs/tags/withdrawn/v0.5.0"));
    assert_eq!(stage.origin(&["rev-parse", "main"]), stage.git(&["rev-parse", "HEAD"]));
}

#[test]
fn an_older_release_that_a_later_one_has_replaced_is_taken_back_but_for_its_commit() {
    let (stage, release) = published();
    stage.write_version("0.6.0");
    stage.commit_all("chore: release 0.6.0");
    stage.git(&["tag", "-a", "-m", "0.6.0", "v0.6.0"]);
    stage.git(&["push", "-q", "--atomic", "origin", "main", "v0.6.0"]);
    let tip = stage.git(&["rev-parse", "HEAD"]);
    let ran = rollback(&stage, &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let short = release.commit.as_ref().unwrap().id.short();
    for line in [
        &format!("rollback: skip: revert commit {short}: later releases have replaced its changes")[..],
        "rollback: push to origin, all or nothing: withdrawn/v0.5.0, v0.5.0 deleted",
    ] {
        assert!(ran.plan().contains(&line), "{}", ran.stderr);
    }
    assert!(fates(&ran.release()).contains(&(format!("commit {short}"), Fate::Kept)));
    for folder in ["project", "origin.git"] {
        assert!(!stage.has_ref(folder, "refs/tags/v0.5.0") && stage.has_ref(folder, "refs/tags/v0.6.0"));
        assert!(stage.has_ref(folder, "refs/tags/withdrawn/v0.5.0"));
    }
    assert_eq!(yanked(&stage).len(), 2);
    assert_eq!((stage.git(&["rev-parse", "HEAD"]), stage.origin(&["rev-parse", "main"])), (tip.clone(), tip));
    assert_eq!(rollback(&stage, &release).stdout, ran.stdout);
}

#[test]
fn a_commit_that_only_says_that_it_reverts_the_release_is_refused() {
    let (stage, release) = published();
    let id = release.commit.as_ref().unwrap().id.clone();
    stage.git(&["commit", "-q", "--allow-empty", "-m", &format!("x\n\nThis reverts commit {id}.")]);
    let claim = stage.git(&["rev-parse", "HEAD"]);
    stage.git(&["push", "-q", "origin", "main"]);
    let before = world(&stage);
    let ran = rollback(&stage, &release);
    let said = format!("{} says that it reverts {} and does not", &claim[..10], id.short());
    ran.refused(1, &said);
    assert!(ran.stderr.contains("still carries 0.5.0"), "{}", ran.stderr);
    assert_eq!(world(&stage), before);
    stage.git(&["revert", "--no-edit", id.short()]);
    assert_eq!(rollback(&stage, &release).code, Some(0));
}

#[test]
fn refuses_a_dirty_tree_and_another_branch_before_anything_is_changed() {
    let (stage, release) = published();
    let before = world(&stage);
    stage.write("packages/core/new.py", "x = 1\n");
    rollback(&stage, &release).refused(1, "packages/core/new.py");
    fs::remove_file(stage.root().join("packages/core/new.py")).unwrap();
    stage.git(&["switch", "-q", "-c", "other"]);
    let ran = rollback(&stage, &release);
    ran.refused(1, "its commit is on main, and other is checked out");
    assert!(ran.stderr.contains("hint: run `git switch main`"), "{}", ran.stderr);
    stage.git(&["switch", "-q", "main"]);
    stage.git(&["branch", "-q", "-D", "other"]);
    assert_eq!(world(&stage), before);
}

#[test]
fn never_publishes_commits_that_are_none_of_the_release() {
    let (stage, release) = published();
    stage.write("mine.txt", "not for others yet");
    stage.commit_all("mine");
    let before = world(&stage);
    let ran = rollback(&stage, &release);
    ran.refused(1, "main holds other commits that origin does not have");
    assert_eq!(world(&stage), before);
    stage.git(&["push", "-q", "origin", "main"]);
    assert_eq!(rollback(&stage, &release).code, Some(0));
    assert!(stage.root().join("mine.txt").exists());
}

#[test]
fn an_origin_that_went_on_is_refused_until_it_is_fetched() {
    let (stage, release) = published();
    let clone = stage.path("clone");
    stage.git(&["clone", "-q", "../origin.git", clone.to_str().unwrap()]);
    fs::write(clone.join("theirs.txt"), "x").unwrap();
    for arguments in
        [&["add", "-A"][..], &["commit", "-q", "-m", "theirs"], &["push", "-q", "origin", "main"]]
    {
        assert!(stage.command("git", &clone).args(arguments).status().unwrap().success());
    }
    let before = world(&stage);
    rollback(&stage, &release).refused(1, "hint: run `git fetch origin main`");
    stage.git(&["fetch", "-q", "origin", "main"]);
    rollback(&stage, &release).refused(1, "hint: run `git pull --rebase origin main`");
    assert_eq!(world(&stage), before);
    stage.git(&["pull", "-q", "--rebase", "origin", "main"]);
    assert_eq!(rollback(&stage, &release).code, Some(0));
    assert!(stage.origin(&["ls-tree", "--name-only", "main"]).contains("theirs.txt"));
}

#[test]
fn what_another_clone_has_taken_back_is_skipped_here() {
    let (stage, release) = published();
    let clone = stage.path("clone");
    stage.git(&["clone", "-q", "../origin.git", clone.to_str().unwrap()]);
    let document = stage.path("document.json");
    fs::write(&document, release.to_json().unwrap()).unwrap();
    let input = fs::File::open(&document).unwrap();
    assert!(stage.command(TOOL, &clone).arg("--yes").stdin(input).output().unwrap().status.success());
    stage.git(&["pull", "-q", "--no-tags", "origin", "main"]);
    assert!(!stage.has_ref("project", "refs/tags/withdrawn/v0.5.0"));
    let ran = rollback(&stage, &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.plan().contains(&"rollback: fetch the tag withdrawn/v0.5.0 from origin"), "{}", ran.stderr);
    assert!(ran.plan().contains(&"rollback: delete the tag v0.5.0 here"), "{}", ran.stderr);
    assert!(stage.has_ref("project", "refs/tags/withdrawn/v0.5.0"));
    assert_eq!(yanked(&stage).len(), 2);
}

#[test]
fn a_tag_on_another_commit_is_not_ours() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.start();
    stage.git(&["tag", "v0.5.0"]);
    stage.git(&["push", "-q", "origin", "v0.5.0"]);
    stage.git(&["tag", "-d", "v0.5.0"]);
    stage.bump(&mut release);
    stage.commit(&mut release);
    let done = rollback(&stage, &release).release();
    assert_eq!(fates(&done)[1], ("tag v0.5.0".to_owned(), Fate::Kept));
    assert_eq!(done.withdrawals.unwrap()[2].detail, "its tag is that of another commit");
    assert!(stage.has_ref("origin.git", "refs/tags/v0.5.0"));
}

#[test]
fn a_document_runs_nothing_and_leads_nowhere_else() {
    let (stage, release) = published();
    let before = world(&stage);
    let (mark, other) = (stage.path("mark"), stage.path("other.git"));
    stage.git(&["clone", "-q", "--bare", ".", other.to_str().unwrap()]);
    for remote in [format!("--upload-pack=touch {};", mark.display()), other.to_str().unwrap().to_owned()] {
        let mut odd = release.clone();
        odd.tag.as_mut().unwrap().remote = remote.clone();
        for argument in ["--dry-run", "--yes"] {
            let ran = stage.run(TOOL, &[argument], &odd);
            ran.refused(
                1,
                &format!("the remote `{remote}` for its refs: the repository has none of that name"),
            );
        }
    }
    for tag in ["../../../mark", "/mark", ""] {
        let mut odd = release.clone();
        odd.version.tag = tag.to_owned();
        odd.artifacts = None;
        stage.run(TOOL, &["--yes"], &odd).refused(3, &format!("cannot take `{tag}` back: it is no tag"));
    }
    assert!(!mark.exists());
    assert_eq!(world(&stage), before);
}
