//! Servers that send on to PyPI what they do not have: what is there is not at the server.

use std::fs;
use std::os::unix::fs::symlink;

use tests::indexes::PackageServer;
use tests::uploads::Stage;
use tests::user_cache;

use super::{all, held, lines, pypiserver};

#[test]
fn what_pypi_has_is_uploaded_to_a_server_that_sends_on_to_it() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = pypiserver(a.path());
    let second = PackageServer::sending_on(b.path(), &first.simple).unwrap();
    let mut stage = Stage::on(&[("first", &first), ("second", &second)], "");
    // The first stands for PyPI: its address is what pip says of that.
    let cache = stage.sandbox.path("cache/wainwright");
    fs::create_dir_all(&cache).unwrap();
    for entry in fs::read_dir(user_cache().join("wainwright")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("uv-") {
            symlink(entry.path(), cache.join(entry.file_name())).unwrap();
        }
    }
    stage.sandbox.set("XDG_CACHE_HOME", &stage.sandbox.path("cache").to_string_lossy());
    let settings = fs::read_to_string(stage.sandbox.project().join("release.toml")).unwrap();
    let pypi = "\n[[target]]\nname = \"pypi\"\nkind = \"pypi\"\n";
    fs::write(stage.sandbox.project().join("release.toml"), settings + pypi).unwrap();
    stage.must(&["--dry-run", "--to", "pypi"]);
    let is_answer = |name: &str| name.starts_with("simple-url-of-pip-");
    let entries = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap());
    let kept = entries.into_iter().find(|entry| is_answer(&entry.file_name().to_string_lossy())).unwrap();
    fs::write(kept.path(), first.simple.replace("http://", "https://")).unwrap();

    // What uv is told to look at counts as little.
    let path = stage.sandbox.path("uv.toml");
    let named = fs::read_to_string(&path).unwrap();
    fs::write(path, format!("check-url = \"{}\"\n{named}", first.simple)).unwrap();
    let said = stage.must(&["--to", "first", "--to", "second"]);
    assert_eq!((held(a.path()), held(b.path())), (all(), all()), "{said}");
    assert_eq!(lines(&said, "upload ").len(), 8, "{said}");
    // Also where it is there before the run begins, and where the run was cut short.
    for name in all().iter().skip(2) {
        fs::remove_file(b.path().join("packages").join(name)).unwrap();
    }
    let said = stage.must(&["--to", "second"]);
    assert_eq!((lines(&said, "upload ").len(), held(b.path())), (2, all()), "{said}");
}
