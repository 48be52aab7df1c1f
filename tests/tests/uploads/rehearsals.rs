//! Rehearsals: a release goes to a test index first, and that is another one than it is meant for.

use std::fs;

use tests::indexes::PASSWORD;
use tests::uploads::Stage;

use super::{FILES, all, held, lines, pypiserver};

#[test]
fn a_release_is_rehearsed_on_another_index_and_only_then_published() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (test, real) = (pypiserver(a.path()), pypiserver(b.path()));
    let mut stage = Stage::new(
        "[[target]]\nname = \"real\"\nkind = \"pypi\"\nindex = \"real\"\nrehearse = \"test\"\nwait = 20\n\
         [[target]]\nname = \"test\"\nkind = \"pypi\"\nindex = \"test\"\nwait = 20\n",
    );
    stage.name_indexes(&[("real", &real), ("test", &test)]);
    stage.sandbox.set("UV_PUBLISH_USERNAME", "me");
    let said = stage.refused(&["--to", "real"]);
    assert!(
        said.contains("set UV_INDEX_TEST_PASSWORD") && said.contains("not shown to a rehearsal"),
        "{said}"
    );
    stage.sandbox.set("UV_INDEX_TEST_USERNAME", "me");
    stage.sandbox.set("UV_INDEX_TEST_PASSWORD", PASSWORD);
    let burned = a.path().join("packages").join(FILES[0]);
    fs::write(&burned, "other bytes").unwrap();
    let said = stage.refused(&["--to", "real"]);
    assert!(said.contains("cannot rehearse on `test`: ") && said.contains("`--no-rehearsal`"), "{said}");
    fs::remove_file(burned).unwrap();
    stage.sandbox.set("WAINWRIGHT_TIMEOUT", "1");
    let named = fs::read_to_string(stage.sandbox.path("uv.toml")).unwrap();
    let nobody = named.replace(&test.simple, "http://127.0.0.1:1/simple/");
    fs::write(stage.sandbox.path("uv.toml"), nobody).unwrap();
    let said = stage.refused(&["--to", "real"]);
    assert!(said.contains("hint: try again later") && said.contains("`--no-rehearsal`"), "{said}");
    fs::write(stage.sandbox.path("uv.toml"), named).unwrap();
    assert!(held(b.path()).is_empty());

    let said = stage.must(&["--to", "real"]);
    assert_eq!((held(a.path()), held(b.path())), (all(), all()));
    let places: Vec<&str> =
        lines(&said, "upload ").iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(places, ["test", "test", "test", "test", "real", "real", "real", "real"]);
    assert!(
        said.contains("wagon-core from test installs, and imports: wagon_core, wagon_core.wheels"),
        "{said}"
    );
    assert!(said.contains("wagon-cdk from test installs, and imports: wagon_cdk"), "{said}");
    let again = stage.must(&[]);
    assert!(again.contains("the release is published already, so nothing is left to rehearse"), "{again}");
    assert_eq!(lines(&again, "skip: ").len(), 9, "{again}");
}

#[test]
fn a_test_index_that_is_the_real_one_is_refused() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (real, other) = (pypiserver(a.path()), pypiserver(b.path()));
    let target = |name: &str, keys: &str| format!("[[target]]\nname = \"{name}\"\nkind = \"pypi\"\n{keys}\n");
    let mut stage = Stage::new(
        &(target("real", "index = \"real\"\nrehearse = \"test\"")
            + &target("test", "index = \"test\"")
            + &target("pypi", "rehearse = \"copied\"")
            + &target("copied", "index = \"copied\"")),
    );
    let wheel = stage.sandbox.shell("find . -name '*.whl' | head -n 1").unwrap().trim().to_owned();
    let said = stage
        .sandbox
        .shell(&format!(
            "{} publish --dry-run --no-config --trusted-publishing never {wheel} 2>&1 || true",
            tests::uv()
        ))
        .unwrap();
    let uploads = said.split(" against ").nth(1).unwrap().lines().next().unwrap();
    for (simple, upload, key) in [
        (&real.simple, other.uploads.as_str(), "url"),
        (&other.simple, real.uploads.trim_end_matches('/'), "publish-url"),
    ] {
        let index = |name: &str, simple: &str, upload: &str| {
            format!(
                "[[index]]\nname = \"{name}\"\nurl = \"{}\"\npublish-url = \"{upload}\"\n",
                simple.trim_end_matches('/')
            )
        };
        let settings = index("real", &real.simple, &real.uploads) + &index("test", simple, upload);
        fs::write(stage.sandbox.path("uv.toml"), settings + &index("copied", &other.simple, uploads))
            .unwrap();
        let path = stage.sandbox.path("uv.toml").to_string_lossy().into_owned();
        stage.sandbox.set("UV_CONFIG_FILE", &path);
        let said = stage.refused(&["--check", "--to", "real"]);
        let what = format!(
            "cannot rehearse on `test`: it has the `{key}` of the index that the release is meant for"
        );
        assert!(
            said.contains(&what) && said.contains("hint: give the target `test` the URLs of a test index"),
            "{said}"
        );
    }
    let said = stage.refused(&["--check", "--to", "pypi"]);
    assert!(said.contains("cannot rehearse on `copied`: it has the `publish-url` of the index"), "{said}");
    assert!(held(a.path()).is_empty() && held(b.path()).is_empty());
}
