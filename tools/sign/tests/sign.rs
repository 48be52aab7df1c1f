//! The tool as a process: in a real repository, with a document made by hand, against the program `minisign`.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const FIXTURE: &str = include_str!("../../lib/document/tests/fixtures/format-1.json");
const WHEEL: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
const SDIST: &str = "dist/da_vinci-0.5.0.tar.gz";
const SUMS: [&str; 2] = ["dist/SHA256SUMS", "dist/SHA512SUMS"];
const SIGNED: [&str; 4] = [SUMS[0], SUMS[1], WHEEL, SDIST];
const ACTIONS: &str = "sign: sign dist/da_vinci-0.5.0-*.whl\nsign: sign dist/da_vinci-0.5.0.tar.gz\n\
                       sign: sign dist/SHA256SUMS\nsign: sign dist/SHA512SUMS\n";

/// A project in a repository, with built files, their checksum files and their document.
struct Scene {
    folder: TempDir,
    document: Value,
    environment: Vec<(&'static str, String)>,
}

/// How a run of a program ended.
#[derive(Debug)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Scene {
    /// The project; `settings` is its release.toml.
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let document = serde_json::from_str(FIXTURE).unwrap();
        let mut scene = Self { folder, document, environment: Vec::new() };
        scene.write("pyproject.toml", "[project]\nname = \"da-vinci\"\nversion = \"0.5.0\"\n");
        scene.write("release.toml", settings);
        for path in [WHEEL, SDIST] {
            scene.write(path, &format!("the bytes of {path}\n"));
        }
        let inside = "cd dist && sha256sum da* > SHA256SUMS && sha512sum da* > SHA512SUMS";
        assert_eq!(scene.program("sh", &["-c", inside], "").code, 0);
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "*.toml"], &["commit", "-qm", "x"]] {
            assert_eq!(scene.program("git", arguments, "").code, 0);
        }
        scene.describe();
        scene
    }

    /// A project with a key of the `minisign` command that has no password.
    fn with_key() -> Self {
        let scene = Self::new("[sign]\nkey = \"keys/a.key\"\n");
        scene.minisign_key("a");
        scene
    }

    /// Makes the document of the files as they are.
    fn describe(&mut self) {
        for section in ["signatures", "tag", "publications", "announcements", "withdrawals"] {
            self.document[section] = Value::Null;
        }
        let recorded = |path: &str| {
            let sha256 = self.program("sha256sum", &[path], "").stdout[..64].to_owned();
            json!({ "path": path, "size": self.path(path).metadata().unwrap().len(), "sha256": sha256 })
        };
        let mut artifacts = [recorded(WHEEL), recorded(SDIST)];
        for (artifact, kind) in artifacts.iter_mut().zip(["wheel", "sdist"]) {
            artifact["package"] = json!("da-vinci");
            artifact["kind"] = json!(kind);
        }
        let mut files = SUMS.map(recorded);
        for (file, algorithm) in files.iter_mut().zip(["sha256", "sha512"]) {
            file["algorithm"] = json!(algorithm);
        }
        self.document["artifacts"] = json!(artifacts);
        self.document["checksums"] = json!({ "sha512": {}, "files": files });
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, relative: &str) -> String {
        std::fs::read_to_string(self.path(relative)).unwrap()
    }

    /// Makes `keys/NAME.key` and `keys/NAME.pub` with the `minisign` command, without a password.
    fn minisign_key(&self, name: &str) {
        std::fs::create_dir_all(self.path("keys")).unwrap();
        let (public, secret) = (format!("keys/{name}.pub"), format!("keys/{name}.key"));
        let made = self.program("minisign", &["-G", "-W", "-p", &public, "-s", &secret], "");
        assert_eq!(made.code, 0, "{made:?}");
    }

    /// The line of a public key.
    fn public(&self, name: &str) -> String {
        self.read(&format!("keys/{name}.pub")).lines().nth(1).unwrap().to_owned()
    }

    fn program(&self, name: &str, arguments: &[&str], stdin: &str) -> Run {
        let mut command = Command::new(name);
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.folder.path()).env("LC_ALL", "C").env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Tester");
            command.env(format!("GIT_{who}_EMAIL"), "tester@example.org");
            command.env(format!("GIT_{who}_DATE"), "2026-03-01T12:00:00Z");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|cause| panic!("these tests need `{name}`: {cause}"));
        // A tool that refuses its arguments ends without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn sign(&self, arguments: &[&str], stdin: &str) -> Run {
        self.program(env!("CARGO_BIN_EXE_sign"), arguments, stdin)
    }

    /// Signs the release, which must succeed; returns the document.
    fn signed(&self) -> String {
        let run = self.sign(&[], &self.text());
        assert_eq!(run.code, 0, "{run:?}");
        run.stdout
    }

    fn text(&self) -> String {
        self.document.to_string()
    }

    /// The verdict of the `minisign` command, which refuses what is not prehashed here.
    fn minisign_accepts(&self, file: &str, public: &str) -> bool {
        self.program("minisign", &["-V", "-H", "-q", "-p", public, "-m", file], "").code == 0
    }

    /// Every file with its bytes.
    fn listing(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.folder.path(), &mut found);
        found
    }

    fn signatures(&self) -> usize {
        self.listing().keys().filter(|path| path.extension().is_some_and(|e| e == "minisig")).count()
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
}

#[test]
fn minisign_accepts_every_signature() {
    let scene = Scene::with_key();
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, run.stderr.as_str()), (0, ACTIONS));
    assert_eq!(scene.signatures(), 4);
    for file in SIGNED {
        assert!(scene.minisign_accepts(file, "keys/a.pub"), "{file}");
    }
    let section = serde_json::from_str::<Value>(&run.stdout).unwrap()["signatures"].take();
    let entry = |file| json!({ "path": file, "signature": format!("{file}.minisig"), "public_key": scene.public("a") });
    assert_eq!(section, json!(SIGNED.map(entry)));
    let text = scene.read(&format!("{WHEEL}.minisig"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "untrusted comment: signature of da_vinci-0.5.0-py3-none-any.whl");
    let sha256 = scene.document["artifacts"][0]["sha256"].as_str().unwrap();
    let comment = format!("file:da_vinci-0.5.0-py3-none-any.whl\tversion:0.5.0\tsha256:{sha256}");
    assert_eq!(lines[2], format!("trusted comment: {comment}"));
    // The verdict of `minisign` above can be the other one.
    scene.write(WHEEL, "other bytes");
    assert!(!scene.minisign_accepts(WHEEL, "keys/a.pub"));
}

#[test]
fn a_second_run_is_a_skip_with_equal_bytes() {
    let scene = Scene::with_key();
    let first = scene.signed();
    let before = scene.listing();
    let again = scene.sign(&[], &scene.text());
    assert_eq!((again.code, &again.stdout), (0, &first));
    assert_eq!(scene.listing(), before);
    let skips = [WHEEL, SDIST, SUMS[0], SUMS[1]]
        .map(|file| format!("sign: skip: {file}.minisig: it verifies with this key already\n"));
    assert_eq!(again.stderr, skips.concat());
}

#[test]
fn a_signature_that_does_not_verify_is_replaced() {
    let scene = Scene::with_key();
    let first = scene.signed();
    scene.minisign_key("b");
    let theirs = scene.program("minisign", &["-S", "-s", "keys/b.key", "-m", WHEEL], "");
    assert_eq!(theirs.code, 0, "{theirs:?}");
    let legacy = scene.program("minisign", &["-S", "-l", "-s", "keys/a.key", "-m", SUMS[0]], "");
    assert_eq!(legacy.code, 0, "{legacy:?}");
    assert!(!scene.minisign_accepts(WHEEL, "keys/a.pub") && !scene.minisign_accepts(SUMS[0], "keys/a.pub"));
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, &run.stdout), (0, &first));
    let note = format!(
        "sign: sign dist/da_vinci-0.5.0-*.whl\nsign: note: replaced {WHEEL}.minisig, which did not verify with this key\n"
    );
    assert!(run.stderr.starts_with(&note), "{}", run.stderr);
    assert!(scene.minisign_accepts(WHEEL, "keys/a.pub") && scene.minisign_accepts(SUMS[0], "keys/a.pub"));
}

#[test]
fn a_signature_of_minisign_with_the_same_key_is_kept() {
    let scene = Scene::with_key();
    for file in SIGNED {
        assert_eq!(scene.program("minisign", &["-S", "-s", "keys/a.key", "-m", file], "").code, 0);
    }
    let before = scene.listing();
    let run = scene.sign(&["--dry-run"], &scene.text());
    assert_eq!((run.code, run.stderr.matches("sign: skip: ").count()), (0, 4), "{run:?}");
    assert_eq!(scene.sign(&[], &scene.text()).code, 0);
    let mut after = scene.listing();
    after.retain(|path, _| !path.ends_with(".git/wainwright/lock"));
    assert_eq!(after, before);
}

#[test]
fn the_environment_names_the_key_or_holds_it() {
    let mut scene = Scene::new("[sign]\nkey = \"keys/absent.key\"\n");
    scene.minisign_key("b");
    let text = scene.read("keys/b.key");
    let line = text.lines().nth(1).unwrap().to_owned();
    let absolute = scene.path("keys/b.key").to_str().unwrap().to_owned();
    for value in ["keys/b.key".to_owned(), absolute, "~/keys/b.key".to_owned(), text, line] {
        for file in SIGNED {
            let _ = std::fs::remove_file(scene.path(&format!("{file}.minisig")));
        }
        scene.environment = vec![("WAINWRIGHT_SIGN_KEY", value)];
        scene.signed();
        assert!(scene.minisign_accepts(WHEEL, "keys/b.pub"));
    }
    scene.environment.clear();
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("cannot read the secret key `keys/absent.key`: No such file"), "{run:?}");
}

#[test]
fn without_a_key_nothing_is_signed_and_it_says_so() {
    let mut scene = Scene::new("");
    let words = "sign: skip: signatures: no key is configured: set `[sign] key` in release.toml or WAINWRIGHT_SIGN_KEY\n";
    for environment in [vec![], vec![("WAINWRIGHT_SIGN_KEY", String::new())]] {
        scene.environment = environment;
        let run = scene.sign(&[], &scene.text());
        assert_eq!((run.code, run.stderr.as_str()), (0, words));
        assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap()["signatures"], json!([]));
        let verified = scene.sign(&["--verify"], &run.stdout);
        assert_eq!((verified.code, verified.stdout.as_str()), (0, ""));
        assert!(verified.stderr.contains("no file is signed"), "{verified:?}");
        let dry = scene.sign(&["--dry-run"], &scene.text());
        assert_eq!((dry.code, dry.stderr.as_str()), (0, words));
        assert_eq!(serde_json::from_str::<Value>(&dry.stdout).unwrap()["signatures"], Value::Null);
    }
    assert_eq!(scene.signatures(), 0);
}

#[test]
fn refuses_changed_files_and_writes_nothing() {
    for (file, tool) in [(WHEEL, "build-wheels"), (SUMS[1], "checksum")] {
        let scene = Scene::with_key();
        scene.write(file, "other bytes");
        let found = &scene.program("sha256sum", &[file], "").stdout[..64];
        for arguments in [&[][..], &["--dry-run"]] {
            let run = scene.sign(arguments, &scene.text());
            assert_eq!((run.code, run.stdout.as_str()), (1, ""));
            let start =
                format!("sign: error: cannot sign `{file}`: its SHA-256 is {found}, `{tool}` recorded ");
            assert!(run.stderr.starts_with(&start), "{}", run.stderr);
            assert!(run.stderr.contains(&format!(": it changed after `{tool}`\n\nhint: ")), "{}", run.stderr);
        }
        std::fs::remove_file(scene.path(file)).unwrap();
        let run = scene.sign(&[], &scene.text());
        assert!(
            run.stderr.contains(&format!("`{file}`: it is missing: it was removed after `{tool}`")),
            "{run:?}"
        );
        assert_eq!(scene.signatures(), 0);
    }
}

#[test]
fn refuses_a_document_without_its_sections() {
    let mut scene = Scene::with_key();
    for (section, tool) in [("checksums", "checksum"), ("artifacts", "build-wheels")] {
        scene.document[section] = Value::Null;
        for arguments in [&[][..], &["--dry-run"], &["--verify"]] {
            let run = scene.sign(arguments, &scene.text());
            assert_eq!((run.code, run.stdout.as_str()), (3, ""));
            assert!(run.stderr.ends_with(&format!("\n\nhint: run `{tool}` first\n")), "{}", run.stderr);
        }
    }
    scene.describe();
    let run = scene.sign(&["--verify"], &scene.text());
    assert_eq!(run.code, 3);
    assert!(run.stderr.ends_with("hint: run `sign` first\n"), "{}", run.stderr);
}

#[test]
fn refuses_an_empty_stdin() {
    let scene = Scene::with_key();
    for arguments in [&[][..], &["--verify"]] {
        let run = scene.sign(arguments, "");
        assert_eq!((run.code, run.stdout.as_str()), (3, ""));
        assert!(run.stderr.contains("it is empty, the tool before failed"), "{}", run.stderr);
    }
}

#[test]
fn a_dry_run_says_the_words_of_the_real_run_and_writes_nothing() {
    let mut scene = Scene::with_key();
    let before = scene.listing();
    let mut dry = vec![scene.sign(&["--dry-run"], &scene.text())];
    scene.document["dry_run"] = json!(true);
    for section in ["checksums", "artifacts"] {
        scene.document[section] = Value::Null;
        dry.push(scene.sign(&[], &scene.text()));
    }
    assert_eq!(scene.listing(), before);
    scene.document["dry_run"] = json!(false);
    scene.describe();
    let real = scene.sign(&[], &scene.text());
    for dry in dry {
        assert_eq!((dry.code, &dry.stderr), (0, &real.stderr));
        let document: Value = serde_json::from_str(&dry.stdout).unwrap();
        assert_eq!((&document["dry_run"], &document["signatures"]), (&json!(true), &Value::Null));
    }
    assert_ne!(scene.listing(), before);
}

/// The `minisign` command takes a password from a stdin that is no terminal. It derives with a gigabyte, once here.
#[test]
fn a_key_of_minisign_with_a_password_works_both_ways() {
    let mut scene = Scene::new("[sign]\nkey = \"keys/p.key\"\n");
    std::fs::create_dir_all(scene.path("keys")).unwrap();
    let made =
        scene.program("minisign", &["-G", "-p", "keys/p.pub", "-s", "keys/p.key"], "pass word\npass word\n");
    assert_eq!(made.code, 0, "{made:?}");
    scene.environment = vec![("WAINWRIGHT_SIGN_PASSWORD", "pass word".to_owned())];
    scene.signed();
    assert!(SIGNED.iter().all(|file| scene.minisign_accepts(file, "keys/p.pub")));
    let theirs = scene.program("minisign", &["-S", "-s", "keys/p.key", "-m", WHEEL], "pass word\n");
    assert_eq!(theirs.code, 0, "{theirs:?}");
    let verified = scene.sign(&["--verify", WHEEL, "--public-key", "keys/p.pub"], "");
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.stderr.contains("timestamp:"), "the signature is theirs: {verified:?}");
}

#[test]
fn a_wrong_or_missing_password_is_refused() {
    let mut scene = Scene::new("[sign]\nkey = \"keys/p.key\"\n");
    std::fs::create_dir_all(scene.path("keys")).unwrap();
    scene.environment = vec![("WAINWRIGHT_SIGN_PASSWORD", "right".to_owned())];
    assert_eq!(scene.sign(&["--new-key", "keys/p.key"], "").code, 0);
    scene.environment = vec![("WAINWRIGHT_SIGN_PASSWORD", "wrong".to_owned())];
    let run = scene.sign(&[], &scene.text());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_eq!(
        run.stderr,
        "sign: error: cannot decrypt the secret key `keys/p.key`: the password is wrong, or the key is damaged\n\n\
         hint: set WAINWRIGHT_SIGN_PASSWORD to the password that the key was made with\n"
    );
    for environment in [vec![], vec![("WAINWRIGHT_SIGN_PASSWORD", String::new())]] {
        scene.environment = environment;
        let run = scene.sign(&[], &scene.text());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        assert_eq!(
            run.stderr,
            "sign: error: cannot decrypt the secret key `keys/p.key`: it is encrypted and WAINWRIGHT_SIGN_PASSWORD \
             is not set\n\nhint: set WAINWRIGHT_SIGN_PASSWORD\n"
        );
    }
    assert_eq!(scene.signatures(), 0);
}

#[test]
fn verifies_files_of_minisign_without_project_and_document() {
    let scene = Scene::with_key();
    scene.minisign_key("b");
    let elsewhere = scene.folder.path().parent().unwrap().to_owned();
    assert!(!elsewhere.join("pyproject.toml").exists());
    assert_eq!(scene.program("minisign", &["-S", "-s", "keys/a.key", "-m", WHEEL, SDIST], "").code, 0);
    assert_eq!(scene.program("minisign", &["-S", "-l", "-s", "keys/a.key", "-m", SUMS[0]], "").code, 0);
    std::fs::remove_file(scene.path("pyproject.toml")).unwrap();
    std::fs::remove_file(scene.path("release.toml")).unwrap();
    for key in ["keys/a.pub", scene.public("a").as_str()] {
        let run = scene.sign(&["--verify", WHEEL, SDIST, SUMS[0], "--public-key", key], "");
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr.matches(": the signature is good (timestamp:").count(), 3, "{run:?}");
    }
    let run = scene.sign(&["--verify", WHEEL, SUMS[1], "--public-key", "keys/b.pub"], "");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("cannot verify the files, 2 problems:\n"), "{run:?}");
    assert!(run.stderr.contains(&format!("`{WHEEL}`: it is signed with the key ")), "{run:?}");
    assert!(run.stderr.contains("`dist/SHA512SUMS`: it has no signature, `SHA512SUMS.minisig` is missing"));
    scene.write(WHEEL, "other bytes");
    let run = scene.sign(&["--verify", WHEEL, "--public-key", "keys/a.pub"], "");
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("its signature is for other bytes, another comment or another key"),
        "{run:?}"
    );
}

#[test]
fn verifies_every_signature_of_a_document() {
    let scene = Scene::with_key();
    let text = scene.signed();
    for arguments in [&["--verify"][..], &["--verify", "--public-key", "keys/a.pub"]] {
        let run = scene.sign(arguments, &text);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        assert_eq!(run.stderr.matches("sign: note: dist/").count(), 4, "{run:?}");
        let note = "SHA256SUMS: the signature is good (file:SHA256SUMS, version:0.5.0, sha256:";
        assert!(run.stderr.contains(note), "{run:?}");
    }
    let refused = |arguments: &[&str], document: &Value, expected: &str| {
        let run = scene.sign(arguments, &document.to_string());
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{expected}\n{}", run.stderr);
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    scene.minisign_key("b");
    refused(
        &["--verify", "--public-key", "keys/b.pub"],
        &document,
        "`dist/SHA256SUMS`: the document names the key ",
    );
    let mut none = document.clone();
    none["signatures"] = json!([]);
    refused(&["--verify", "--public-key", "keys/a.pub"], &none, "the document names no signature of it");
    let mut foreign = document.clone();
    foreign["signatures"][2]["public_key"] = json!(scene.public("b"));
    refused(&["--verify"], &foreign, &format!("cannot verify `{WHEEL}`: it is signed with the key "));
    foreign["signatures"][2]["public_key"] = json!("RW");
    refused(&["--verify"], &foreign, "its public key in the document is no minisign public key");
    let mut one_less = document.clone();
    one_less["signatures"].as_array_mut().unwrap().remove(2);
    refused(
        &["--verify"],
        &one_less,
        &format!("cannot verify `{WHEEL}`: the document names no signature of it"),
    );
    scene.write(SDIST, "other bytes");
    refused(&["--verify"], &document, "its signature is for other bytes");
    refused(&["--verify"], &document, "it changed after `build-wheels`");
    std::fs::remove_file(scene.path(&format!("{WHEEL}.minisig"))).unwrap();
    refused(&["--verify"], &document, &format!("`{WHEEL}`: it has no signature"));
}

#[test]
fn minisign_uses_a_new_key_without_a_password() {
    let scene = Scene::new("[sign]\nkey = \"~/n.key\"\n");
    let run = scene.sign(&["--new-key", "n.key"], "");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
    let public = scene.read("n.pub").lines().nth(1).unwrap().to_owned();
    assert_eq!(
        run.stderr,
        format!(
            "sign: make the key pair n.key and n.pub\nsign: note: the public key is {public}\nsign: warning: the secret \
             key has no password, as WAINWRIGHT_SIGN_PASSWORD is not set: whoever reads the file can sign\n"
        )
    );
    assert_eq!(scene.path("n.key").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let theirs = scene.program("minisign", &["-S", "-s", "n.key", "-m", WHEEL], "");
    assert_eq!(theirs.code, 0, "{theirs:?}");
    assert!(scene.minisign_accepts(WHEEL, "n.pub"));
    assert_eq!(scene.sign(&["--verify", WHEEL, "--public-key", "n.pub"], "").code, 0);
    scene.signed();
    assert!(SIGNED.iter().all(|file| scene.minisign_accepts(file, "n.pub")));
    // The command can make the same public key from the secret one.
    assert_eq!(scene.program("minisign", &["-R", "-s", "n.key", "-p", "again.pub"], "").code, 0);
    assert_eq!(scene.read("again.pub"), scene.read("n.pub"));
}

#[test]
fn minisign_uses_a_new_key_with_a_password() {
    let mut scene = Scene::new("[sign]\nkey = \"n.key\"\n");
    scene.environment = vec![("WAINWRIGHT_SIGN_PASSWORD", "pass word".to_owned())];
    let run = scene.sign(&["--new-key", "n.key"], "");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stderr.contains("warning"), "{run:?}");
    let theirs = scene.program("minisign", &["-S", "-s", "n.key", "-m", WHEEL], "pass word\n");
    assert_eq!(theirs.code, 0, "{theirs:?}");
    assert!(scene.minisign_accepts(WHEEL, "n.pub"));
    let wrong = scene.program("minisign", &["-S", "-s", "n.key", "-m", SDIST], "wrong\n");
    assert_ne!(wrong.code, 0, "the key is encrypted: {wrong:?}");
    scene.signed();
    assert!(SIGNED.iter().all(|file| scene.minisign_accepts(file, "n.pub")));
}

#[test]
fn a_new_key_overwrites_nothing() {
    let scene = Scene::new("");
    for existing in ["n.key", "n.pub"] {
        scene.write(existing, "precious");
        let run = scene.sign(&["--new-key", "n.key"], "");
        assert_eq!(run.code, 1, "{run:?}");
        let message = format!("sign: error: cannot make the key `{existing}`: the file exists\n\nhint: ");
        assert!(run.stderr.starts_with(&message), "{}", run.stderr);
        assert_eq!(scene.read(existing), "precious");
        std::fs::remove_file(scene.path(existing)).unwrap();
    }
    assert_eq!(scene.sign(&["--new-key", "n.pub"], "").code, 2);
    assert_eq!(scene.sign(&["--new-key", "absent/n.key"], "").code, 1);
    let before = scene.listing();
    let dry = scene.sign(&["--dry-run", "--new-key", "n.key"], "");
    assert_eq!(dry.code, 0);
    assert!(dry.stderr.starts_with("sign: make the key pair n.key and n.pub\n"), "{dry:?}");
    assert_eq!(scene.listing(), before);
}

#[test]
fn wrong_usage_is_told_from_a_failed_job() {
    let scene = Scene::with_key();
    for arguments in
        [&[WHEEL][..], &["--verify", WHEEL], &["--public-key", "keys/a.pub"], &["--new-key", "x", "--verify"]]
    {
        assert_eq!(scene.sign(arguments, "").code, 2, "{arguments:?}");
    }
    let run = scene.sign(&["--verify", WHEEL, "--public-key", "keys/a.key"], "");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("cannot use the public key `keys/a.key`: it holds no minisign public key"));
}

#[test]
fn no_output_holds_any_secret() {
    let mut scene = Scene::new("");
    let password = "marker-pass-4711";
    scene.environment = vec![("WAINWRIGHT_SIGN_PASSWORD", password.to_owned())];
    let mut runs = vec![scene.sign(&["--new-key", "p.key"], "")];
    scene.minisign_key("w");
    let line = |path: &str| scene.read(path).lines().nth(1).unwrap().to_owned();
    let (encrypted, plain) = (line("p.key"), line("keys/w.key"));
    // The characters 84 to 124 are the seed alone: what follows is the public key, which may be shown.
    let mut secrets = vec![password.to_owned(), plain[84..124].to_owned()];
    secrets.extend((72..180).step_by(12).map(|at| encrypted[at..at + 12].to_owned()));
    assert!(scene.read("p.key").contains(&secrets[2]) && scene.read("keys/w.key").contains(&secrets[1]));
    let damaged = |key: &str| format!("{}A{}", &key[..150], &key[151..]);
    let keys = [
        scene.read("p.key"),
        encrypted.clone(),
        plain.clone(),
        plain[..180].to_owned(),
        encrypted[..180].to_owned(),
        format!("untrusted comment: x\n{}\n", &plain[..180]),
        damaged(&plain),
        damaged(&encrypted),
        format!("{plain}{plain}"),
    ];
    for key in &keys {
        for password in [password, "marker-pass-4711x", ""] {
            scene.environment = vec![
                ("WAINWRIGHT_SIGN_PASSWORD", password.to_owned()),
                ("WAINWRIGHT_SIGN_KEY", key.clone()),
                ("RUST_BACKTRACE", "1".to_owned()),
            ];
            runs.push(scene.sign(&[], &scene.text()));
        }
        runs.extend([scene.sign(&["--help"], ""), scene.sign(&["--verify"], &scene.text())]);
        scene.environment.clear();
        runs.push(scene.sign(&["--verify", WHEEL, "--public-key", key.lines().last().unwrap()], ""));
        scene.write("release.toml", &format!("[sign]\nkey = {}\n", json!(key)));
        runs.push(scene.sign(&[], &scene.text()));
        scene.write("release.toml", "");
    }
    assert!(runs.iter().any(|run| run.code == 0 && !run.stdout.is_empty()), "one of them signs");
    for run in &runs {
        for secret in &secrets {
            let told = run.stdout.contains(secret) || run.stderr.contains(secret);
            assert!(!told, "the secret {secret} is told: {run:?}");
        }
    }
    for (path, bytes) in scene.listing() {
        let text = String::from_utf8_lossy(&bytes);
        let is_key = path.extension().is_some_and(|extension| extension == "key");
        assert!(is_key || !secrets.iter().any(|secret| text.contains(secret)), "{}", path.display());
    }
}
