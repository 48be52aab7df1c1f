//! What `rollback` does about servers that nothing can be taken back from: it tells an owner what to do, and looks.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod published;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use document::{Fate, Release};
use index::Index;
use published::support::{CDK, CORE, Ran, Stage};
use published::{TOOL, fates, published};

/// An index that a web server serves, which knows nothing of who owns what is in it.
struct Served {
    folder: PathBuf,
    url: String,
    child: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(folder: PathBuf) -> Self {
        let mut command = Command::new("python3");
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]).arg(&folder);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split(" port ").nth(1).unwrap().split(' ').next().unwrap();
        let url = format!("http://127.0.0.1:{port}");
        Self { folder, url, child }
    }

    /// What an owner does in the browser.
    fn yank(&self, reason: Option<&str>) {
        let mut index = Index::open(&self.folder).unwrap();
        for (package, name) in [("aa-cdk", CDK), ("da-vinci", CORE)] {
            index.yank(&package.parse().unwrap(), name, reason).unwrap();
        }
        index.write_pages().unwrap();
    }
}

/// A release that is on one such server and nowhere else.
fn uploaded() -> (Stage, Release, Served) {
    let (stage, mut release) = published();
    let folder = stage.path("served");
    let mut index = Index::open(&folder).unwrap();
    for artifact in release.artifacts.as_ref().unwrap() {
        let source = artifact.path.under(&stage.root());
        index.add(&artifact.package, &source, artifact.path.file_name(), &artifact.sha256).unwrap();
    }
    index.write_pages().unwrap();
    let served = Served::start(folder);
    let publication = &mut release.publications.as_mut().unwrap()[0];
    publication.target = "team".to_owned();
    publication.kind = "pypi".to_owned();
    publication.location = format!("pypi://team?url={}/simple/", served.url);
    std::fs::remove_dir_all(stage.root().join("dist/index")).unwrap();
    (stage, release, served)
}

fn take_back(stage: &Stage, arguments: &[&str], release: &Release) -> Ran {
    let arguments = [&["--yes", "--reason", "wings fall off"], arguments].concat();
    stage.run_with(TOOL, &arguments, release, &[("WAINWRIGHT_TIMEOUT", "10")])
}

fn of_team(release: &Release) -> Vec<(Fate, String)> {
    let on_team = release.withdrawals.iter().flatten().filter(|one| one.what.ends_with(" on team"));
    on_team.map(|one| (one.fate, one.detail.clone())).collect()
}

#[test]
fn an_owner_is_told_what_to_do_and_it_counts_when_the_index_shows_it() {
    let (stage, release, served) = uploaded();
    let before = stage.files();
    let dry = stage.run(TOOL, &["--dry-run", "--reason", "wings fall off"], &release);
    assert_eq!(stage.files(), before);
    let first = take_back(&stage, &[], &release);
    assert_eq!(dry.plan(), first.plan());
    let why = "no program can do that, an owner does it in the browser";
    let kept = vec![(Fate::Kept, why.to_owned()); 2];
    assert_eq!(of_team(&first.release()), kept);
    let line = format!(
        "as an owner of da-vinci on team: open {}/manage/project/da-vinci/release/0.5.0/ (where the server is like \
         PyPI), choose Options, Yank, and give as the reason: wings fall off\n",
        served.url
    );
    for words in [&line, "/manage/project/aa-cdk/release/0.5.0/", "note: run it again when http://127.0.0.1:"]
    {
        assert!(first.stderr.contains(words), "{words}: {}", first.stderr);
    }
    // The rest is taken back all the same, and nothing is uploaded.
    assert!(stage.has_ref("origin.git", "refs/tags/withdrawn/v0.5.0"));
    assert!(fates(&first.release()).contains(&("tag v0.5.0".to_owned(), Fate::Withdrawn)));

    served.yank(Some("by hand"));
    let second = take_back(&stage, &[], &first.release());
    assert_eq!(of_team(&second.release()), vec![(Fate::Withdrawn, "yanked: by hand".to_owned()); 2]);
    assert!(!second.stderr.contains("as an owner of"), "{}", second.stderr);
    assert_eq!(take_back(&stage, &[], &second.release()).stdout, second.stdout);

    let free = stage.run(TOOL, &["--yes", "--unyank"], &second.release());
    assert!(free.stderr.contains("choose Options, Un-yank\n"), "{}", free.stderr);
    served.yank(None);
    let free = stage.run(TOOL, &["--yes", "--unyank"], &second.release());
    assert!(free.stderr.contains("on team: it is not yanked\n"), "{}", free.stderr);
}

#[test]
fn it_waits_until_the_index_shows_it_and_not_longer_than_it_may() {
    let (stage, release, served) = uploaded();
    let late = take_back(&stage, &["--wait", "1"], &release);
    assert!(
        late.stderr.contains("warning: 2 files are not yanked on team after 1 seconds; run"),
        "{}",
        late.stderr
    );
    assert!(of_team(&late.release()).iter().all(|(fate, _)| *fate == Fate::Kept));

    let mut command = stage.command(TOOL, &stage.root());
    command.args(["--yes", "--wait", "120"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(release.to_json().unwrap().as_bytes()).unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("note: waiting for up to 120 seconds until http://")));
    served.yank(Some("at last"));
    let mut rest: Vec<String> = said.map(Result::unwrap).collect();
    // It may look between the two.
    rest.sort();
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest[1].ends_with(&format!("simple/da-vinci/{CORE} on team is yanked: at last")), "{rest:?}");
    let mut text = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let done = Release::from_json(&text).unwrap();
    assert_eq!(of_team(&done), vec![(Fate::Withdrawn, "yanked: at last".to_owned()); 2]);
}

#[test]
fn a_server_that_cannot_be_asked_stops_nothing_else() {
    let (stage, mut release, served) = uploaded();
    let url = served.url.clone();
    drop(served);
    let run = |release: &Release| {
        let ran = take_back(&stage, &[], release);
        let found = of_team(&ran.release());
        assert!(found.iter().all(|(fate, _)| *fate == Fate::Kept), "{found:?}");
        (ran.stderr, found[0].1.clone())
    };
    let (said, detail) = run(&release);
    assert!(detail.starts_with("nobody could look whether it is yanked: cannot "), "{detail}");
    assert!(said.contains(&format!("open {url}/manage/project/aa-cdk/release/0.5.0/")), "{said}");
    assert!(stage.has_ref("origin.git", "refs/tags/withdrawn/v0.5.0"));
    release.publications.as_mut().unwrap()[0].location = "pypi://team".to_owned();
    let (said, detail) = run(&release);
    assert!(detail.ends_with("cannot find the index `team`: the settings of uv do not name it"), "{detail}");
    assert!(said.contains("on team: open its page of this release"), "{said}");
}

#[test]
fn a_target_of_release_toml_is_looked_at_where_no_document_names_it() {
    let (stage, mut release, served) = uploaded();
    let settings = stage.read("release.toml");
    let target = format!("[[target]]\nname = \"team\"\nkind = \"pypi\"\nurl = \"{}/simple/\"\n", served.url);
    stage.write("release.toml", settings + &target + "index = \"team\"\n");
    stage.commit_all("chore: upload to a server");
    stage.git(&["push", "-q", "origin", "main"]);
    release.publications = None;
    let ran = stage.run(TOOL, &["--dry-run"], &release);
    assert!(ran.stderr.contains("/manage/project/da-vinci/release/0.5.0/"), "{}", ran.stderr);
    served.yank(Some("by hand"));
    let ran = stage.run(TOOL, &["--dry-run"], &release);
    assert!(ran.stderr.contains("on team: it is yanked already"), "{}", ran.stderr);
    drop(served);
    let ran = stage.run_with(TOOL, &["--yes"], &release, &[("WAINWRIGHT_TIMEOUT", "10")]);
    let words =
        "skip: take the release v0.5.0 on team back: nobody could look whether anything is left: cannot ";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    let left = of_team(&ran.release());
    assert!(left.len() == 1 && left[0].0 == Fate::Kept && left[0].1.starts_with("nobody could"), "{left:?}");
}

#[test]
fn other_bytes_and_absent_files_are_told_apart() {
    let (stage, mut release, served) = uploaded();
    release.publications.as_mut().unwrap()[0].files[0].sha256 = "0".repeat(64).parse().unwrap();
    let mut index = Index::open(&served.folder).unwrap();
    index.remove(&"da-vinci".parse().unwrap(), CORE).unwrap();
    index.write_pages().unwrap();
    let found = of_team(&take_back(&stage, &[], &release).release());
    assert!(found[0].0 == Fate::Kept && found[0].1.contains("other bytes than the release"), "{found:?}");
    assert_eq!(found[1], (Fate::Absent, "it is not there any more".to_owned()));
}

#[test]
fn a_password_is_shown_to_no_server_that_only_a_document_names() {
    let (stage, release, served) = uploaded();
    drop(served);
    // Whoever asks is heard, and gets no answer.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/simple/", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        while lines.read_until(b'\n', &mut request).unwrap() > 2 {}
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        String::from_utf8(request).unwrap()
    });
    let mut one = release.clone();
    let publication = &mut one.publications.as_mut().unwrap()[0];
    publication.location = format!("pypi://team?url={url}");
    publication.files.truncate(1);
    let env = [("UV_INDEX_TEAM_USERNAME", "me"), ("UV_INDEX_TEAM_PASSWORD", "marker-secret")];
    let ran = stage.run_with(TOOL, &["--dry-run"], &one, &env);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let request = heard.join().unwrap().to_lowercase();
    assert!(request.starts_with("get /simple/aa-cdk/") && !request.contains("authorization"), "{request}");
}
