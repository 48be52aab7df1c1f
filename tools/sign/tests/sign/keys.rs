//! Keys: where they come from, those of the program `minisign`, new ones, and that none is ever told.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::scene::*;

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
