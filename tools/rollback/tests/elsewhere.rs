//! What `rollback` does where no clone of the repository is, and where nobody hands it the document.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod published;

use std::fs;

use document::{Fate, Release};
use index::Index;
use published::support::{CDK, CORE, Ran, SETTINGS, Stage};
use published::{TOOL, fates, published, rollback, world, yanked};

/// Runs the tool in an empty folder.
fn afar(stage: &Stage, arguments: &[&str], release: &Release) -> Ran {
    let folder = stage.path("afar");
    fs::create_dir_all(&folder).unwrap();
    stage.run(TOOL, &[arguments, &["--project", folder.to_str().unwrap()]].concat(), release)
}

fn in_absolute_folder() -> (Stage, Release) {
    let (stage, mut release) = published();
    let index = stage.root().join("dist/index");
    release.publications.as_mut().unwrap()[0].location = index.to_str().unwrap().to_owned();
    (stage, release)
}

#[test]
fn the_document_alone_takes_back_all_but_the_git_part() {
    let (stage, release) = in_absolute_folder();
    let refs = ["for-each-ref"];
    let before = (stage.git(&refs), stage.origin(&refs));
    let dry = afar(&stage, &["--dry-run", "--reason", "it's off"], &release);
    assert!(yanked(&stage).is_empty());
    let ran = afar(&stage, &["--yes", "--reason", "it's off"], &release);
    assert_eq!(dry.plan(), ran.plan());
    assert_eq!(yanked(&stage), ["it's off", "it's off"]);
    assert_eq!((stage.git(&refs), stage.origin(&refs)), before);
    let short = release.commit.as_ref().unwrap().id.short();
    let expected = [
        (format!("simple/aa-cdk/{CDK} on staging"), Fate::Withdrawn),
        (format!("simple/da-vinci/{CORE} on staging"), Fate::Withdrawn),
        (format!("commit {short}"), Fate::Kept),
        ("tag v0.5.0".to_owned(), Fate::Kept),
        ("version 0.5.0".to_owned(), Fate::Kept),
    ];
    assert_eq!(fates(&ran.release()), expected);
    for words in [
        "skip: delete the tag v0.5.0: no clone of the repository is here",
        "`rollback --yes --reason 'it'\\''s off' < document.json`",
        &format!(
            "git revert --no-edit {short} && git tag -a -m 'taken back' withdrawn/v0.5.0 {short} && git push"
        ),
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("built files"), "{}", ran.stderr);
    let again = afar(&stage, &["--yes"], &ran.release());
    assert_eq!(again.stdout, ran.stdout);
    // What it says to do by hand is what the tool does in a clone.
    let by_hand = ran.stderr.lines().find_map(|line| line.split_once("by hand: ")).unwrap().1;
    let done = stage.command("sh", &stage.root()).args(["-c", by_hand]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(stage.has_ref("origin.git", "refs/tags/withdrawn/v0.5.0"));
    assert!(!stage.has_ref("origin.git", "refs/tags/v0.5.0"));
    let finished = rollback(&stage, &ran.release()).release();
    assert!(fates(&finished).contains(&(format!("commit {short}"), Fate::Withdrawn)), "{finished:?}");
}

#[test]
fn what_it_says_to_do_by_hand_is_safe_to_paste() {
    let (stage, mut release) = in_absolute_folder();
    let mark = stage.path("mark");
    let odd = format!("origin; touch {}", mark.display());
    let tag = release.tag.as_mut().unwrap();
    tag.remote = odd.clone();
    tag.branch = Some(odd.clone());
    release.version.tag = format!("v0.5.0; touch {}", mark.display());
    let ran = afar(&stage, &["--dry-run"], &release);
    for start in ["by hand: ", "there, or `"] {
        let line = ran.stderr.lines().find_map(|line| line.split_once(start)).unwrap().1;
        let by_hand = line.trim_end_matches('`').replace("rollback", "true").replace("git", "true");
        stage.command("sh", &stage.root()).args(["-c", &by_hand]).output().unwrap();
        assert!(!mark.exists(), "{line}");
    }
}

#[test]
fn a_token_for_a_cloud_goes_to_no_server_that_the_document_alone_names() {
    let (stage, release) = published();
    let token = [("GOOGLE_BEARER_TOKEN", "marker"), ("AZURE_STORAGE_SAS_TOKEN", "sig=marker")];
    for (kind, location) in [
        ("gcs", "gcs://wheels?endpoint=https://127.0.0.2:1"),
        ("azure", "azure://wheels?account=acme&endpoint=https://127.0.0.2:1"),
    ] {
        let mut odd = release.clone();
        let publication = &mut odd.publications.as_mut().unwrap()[0];
        (publication.kind, publication.location) = (kind.to_owned(), location.to_owned());
        let ran = stage.run_with(TOOL, &["--dry-run"], &odd, &token);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let said = format!(
            "skip: take simple/da-vinci/{CORE} back from staging: the credentials go to no server that a document \
             alone names, as https://127.0.0.2:1; run it where release.toml has it"
        );
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
    let mut known = release.clone();
    let publication = &mut known.publications.as_mut().unwrap()[0];
    (publication.kind, publication.location) =
        ("gcs".to_owned(), "gcs://wheels?endpoint=https://127.0.0.2:1".to_owned());
    let target = "[[target]]\nname = \"cloud\"\nkind = \"gcs\"\nbucket = \"wheels\"\nendpoint = \"https://127.0.0.2:1\"\n";
    stage.write("release.toml", format!("{}\n{target}", stage.read("release.toml")).as_bytes());
    stage.run_with(TOOL, &["--dry-run"], &known, &token).refused(1, "cannot list `gcs://wheels/simple/`");
}

#[test]
fn a_token_for_an_enterprise_goes_to_no_server_that_the_document_alone_names() {
    let (stage, mut release) = published();
    let publication = &mut release.publications.as_mut().unwrap()[0];
    let api = "https://127.0.0.2:1/api/v3";
    (publication.kind, publication.location) = ("github".to_owned(), format!("github://o/w?api={api}"));
    let token = ("GH_ENTERPRISE_TOKEN", "marker");
    let ran = stage.run_with(TOOL, &["--dry-run"], &release, &[token]);
    ran.refused(1, "the document alone names that server, and it would be shown a token");
    assert!(ran.stderr.contains(&format!("hint: run it with GITHUB_API_URL={api} where")), "{}", ran.stderr);
    let consent = [token, ("GITHUB_API_URL", api), ("WAINWRIGHT_TIMEOUT", "1")];
    let ran = stage.run_with(TOOL, &["--dry-run"], &release, &consent);
    ran.refused(1, "cannot reach https://127.0.0.2:1: ");
    let target =
        format!("[[target]]\nname = \"page\"\nkind = \"github\"\nrepository = \"o/w\"\napi = \"{api}\"\n");
    stage.write("release.toml", format!("{}\n{target}", stage.read("release.toml")).as_bytes());
    stage.run_with(TOOL, &["--dry-run"], &release, &[token]).refused(1, "cannot reach https://127.0.0.2:1: ");
}

#[test]
fn an_index_below_a_project_that_is_not_here_is_kept() {
    let (stage, release) = published();
    let ran = afar(&stage, &["--yes"], &release);
    assert_eq!(fates(&ran.release())[0], (format!("simple/aa-cdk/{CDK} on staging"), Fate::Kept));
    assert!(ran.stderr.contains("`dist/index` is a path from the project, and no clone"), "{}", ran.stderr);
    // In the clone it is done after all.
    let done = rollback(&stage, &ran.release());
    assert!(done.release().withdrawals.unwrap().iter().take(2).all(|one| one.fate == Fate::Withdrawn));
}

#[test]
fn files_that_another_machine_has_deleted_stay_taken_back() {
    let (stage, release) = in_absolute_folder();
    let ran = afar(&stage, &["--yes", "--delete"], &release);
    assert!(!stage.simple("aa-cdk").exists());
    assert_eq!(afar(&stage, &["--yes", "--delete"], &ran.release()).stdout, ran.stdout);
    let unknown = afar(&stage, &["--yes", "--delete"], &release);
    assert_eq!(fates(&unknown.release())[0].1, Fate::Absent);
}

#[test]
fn a_release_is_found_by_its_version_in_the_record_and_on_an_index() {
    let (stage, release) = published();
    let run = |arguments: &[&str]| stage.run(TOOL, &[&["--dry-run"], arguments].concat(), &release);
    let missing = run(&["--release", "0.5.0"]);
    missing.refused(1, "neither the git directory of this clone has it, nor the target `staging`");
    Index::open(&stage.root().join("dist/index")).unwrap().put_document(&release).unwrap();
    let ran = run(&["--release", "0.5.0"]);
    assert_eq!(ran.release(), Release { dry_run: true, ..release.clone() });
    assert!(ran.stderr.contains("that in releases/v0.5.0.json of the target `staging`"), "{}", ran.stderr);

    // The record of this clone comes first, and the last of its documents counts.
    let mut early = release.clone();
    early.publications = None;
    stage.write(".git/wainwright/v0.5.0/00-request.json", "{}");
    stage.write(".git/wainwright/v0.5.0/07-sign.json", early.to_json().unwrap());
    let ran = run(&["--release", "v0.5.0"]);
    assert_eq!(ran.release().publications, None);
    stage.write(".git/wainwright/v0.5.0/09-distribute.json", release.to_json().unwrap());
    assert_eq!(run(&["--release", "v0.5.0"]).release().publications, release.publications);
    stage.write(".git/wainwright/v0.5.0/10-announce.json", "{");
    run(&["--release", "v0.5.0"]).refused(3, "10-announce.json`: cannot read the release document");

    let nowhere = afar(&stage, &["--yes", "--release", "0.5.0"], &release);
    nowhere.refused(2, "no project is here that says where it is kept");
}

#[test]
fn a_broken_document_of_an_index_is_told() {
    let (stage, release) = published();
    stage.write("dist/index/releases/v0.5.0.json", "[]");
    let ran = stage.run(TOOL, &["--dry-run", "--release", "0.5.0"], &release);
    ran.refused(1, "releases/v0.5.0.json`: cannot use the document");
}

#[test]
fn the_words_for_people_say_what_was_taken_back_and_what_to_do() {
    let (stage, release) = published();
    let file = stage.path("words.md");
    let arguments = ["--yes", "--reason", "wings fall off", "--announcement", file.to_str().unwrap()];
    let ran = stage.run(TOOL, &arguments, &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = fs::read_to_string(&file).unwrap();
    let expected = format!(
        "# da-vinci 0.5.0 was taken back\n\nwings fall off\n\n\
         Please do not install 0.5.0, and replace it where you have it. The release before it is 0.4.0:\n\n    \
         pip install \"aa-cdk==0.4.0\" \"da-vinci==0.4.0\"\n\n\
         A requirement that allows every other version is \"aa-cdk!=0.5.0\" \"da-vinci!=0.5.0\". \
         The number 0.5.0 is not used again: what mends it has a higher one.\n\n\
         Taken back:\n\n\
         - simple/aa-cdk/{CDK} on staging: yanked: wings fall off\n\
         - simple/da-vinci/{CORE} on staging: yanked: wings fall off\n\
         - tag v0.5.0: deleted at origin and here\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn an_announcement_is_planned_and_a_place_for_it_that_cannot_be_written_stops_everything() {
    let (stage, release) = published();
    let before = world(&stage);
    let folder = stage.root();
    for place in [folder.to_str().unwrap(), "/dev/null/words.md"] {
        let ran = stage.run(TOOL, &["--yes", "--announcement", place], &release);
        ran.refused(1, &format!("cannot write the announcement to `{place}`"));
    }
    let ran = stage.run(TOOL, &["--dry-run", "--announcement", folder.to_str().unwrap()], &release);
    ran.refused(1, "it is a folder\n\nhint: name a file in it");
    assert_eq!(world(&stage), before);
    // A mere name is one in the current folder.
    let dry = stage.run(TOOL, &["--dry-run", "--announcement", "words.md"], &release);
    assert_eq!(world(&stage), before);
    let ran = stage.run(TOOL, &["--yes", "--announcement", "words.md"], &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(dry.plan(), ran.plan());
    assert_eq!(ran.plan().last(), Some(&"rollback: write the announcement to `words.md`"));
    assert!(stage.read("words.md").starts_with("# da-vinci 0.5.0 was taken back"));
}

#[test]
fn nobody_is_sent_to_a_release_that_was_taken_back_as_well() {
    let (stage, release) = published();
    stage.git(&["tag", "withdrawn/v0.4.0", "v0.4.0"]);
    let file = stage.path("words.md");
    stage.run(TOOL, &["--yes", "--announcement", file.to_str().unwrap()], &release);
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains(
            "replace it where you have it. The release before it, 0.4.0, was taken back as well.\n"
        ),
        "{text}"
    );
    assert!(!text.contains("pip install"), "{text}");
}

#[test]
fn at_a_terminal_a_release_must_be_named() {
    let (stage, _) = published();
    let before = world(&stage);
    let script = ["--quiet", "--return", "--command", &format!("{TOOL} --yes"), "/dev/null"];
    let output = stage.command("script", &stage.root()).args(script).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("hint: name it: `rollback --dry-run --release VERSION`"), "{said}");
    assert_eq!(world(&stage), before);
}

#[test]
fn nobody_is_told_of_what_never_left() {
    let stage = Stage::new(SETTINGS);
    let mut release = stage.tagged();
    stage.git(&["push", "-q", "--force", "origin", "main~1:main", ":refs/tags/v0.5.0"]);
    release.tag = None;
    let ran = stage.run(TOOL, &["--yes", "--announcement", "words.md"], &release);
    assert!(
        ran.stderr.contains("skip: write the announcement to `words.md`: nobody has got anything of it"),
        "{}",
        ran.stderr
    );
    assert!(!stage.root().join("words.md").exists());
}
