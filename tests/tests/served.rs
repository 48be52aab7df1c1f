//! Indexes of others, read as they are served: pypiserver, devpi, a web server before our own index, and PyPI.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use document::PackageName;
use index::{Served, ServedFile};
use tests::indexes::{PASSWORD, PackageServer};
use tests::servers::Faults;
use web::Web;

fn name(text: &str) -> PackageName {
    text.parse().expect("a package name")
}

/// A wheel of pure metadata, by its name and version.
fn wheel(folder: &Path, version: &str, requires: &str) -> Result<std::path::PathBuf> {
    let script = "
import sys, zipfile
folder, version, requires = sys.argv[1:]
path = f'{folder}/odd_wagon-{version}-py3-none-any.whl'
info = f'odd_wagon-{version}.dist-info'
with zipfile.ZipFile(path, 'w') as wheel:
    wheel.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: odd-wagon\\nVersion: {version}\\n' + (f'Requires-Python: {requires}\\n' if requires else ''))
    wheel.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(f'{info}/RECORD', ''.join(f'{info}/{name},,\\n' for name in ('METADATA', 'WHEEL', 'RECORD')))
print(path)
";
    let mut python = Command::new("python3");
    let output = python.args(["-c", script]).arg(folder).args([version, requires]).output()?;
    Ok(tests::text(&output.stdout).trim_end().into())
}

/// The files of the package that was uploaded, each with its digest found to be that of its bytes.
fn files(served: &Served) -> Result<Vec<ServedFile>> {
    let files = served.files(&name("odd-wagon"))?.context("the index does not know it")?;
    for file in &files {
        let mut bytes = Vec::new();
        let (sha256, size) = served.download(file, &mut bytes)?;
        assert_eq!((size, Some(&sha256)), (bytes.len() as u64, file.sha256.as_ref()), "{file:?}");
        assert!(file.size.is_none_or(|said| said == size), "{file:?}");
    }
    Ok(files)
}

#[test]
fn pypiserver_is_read_by_its_links() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = PackageServer::pypiserver(folder.path())?;
    let served = Served::at(&server.simple, Web::new())?;
    assert_eq!(served.files(&name("odd-wagon"))?, None);
    server
        .upload(&[&wheel(folder.path(), "1.0", "")?, &wheel(folder.path(), "1.1+local.1", ">=3.9, <4")?])?;
    let mut found = files(&served)?;
    found.sort_by(|a, b| a.version.cmp(&b.version));
    let versions: Vec<_> = found.iter().flat_map(|file| &file.version).map(ToString::to_string).collect();
    assert_eq!(versions, ["1.0", "1.1+local.1"]);
    assert!(found.iter().all(|file| file.url.starts_with(&server.uploads) && file.size.is_none()));
    Ok(())
}

#[test]
fn devpi_is_read_by_its_json() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = PackageServer::devpi(folder.path())?;
    let served = Served::at(&server.simple, Web::new())?;
    assert_eq!(served.files(&name("odd-wagon"))?, None);
    server.upload(&[&wheel(folder.path(), "1.0", "")?, &wheel(folder.path(), "1.1", ">=3.9, <4")?])?;
    let mut found = files(&served)?;
    found.sort_by(|a, b| a.version.cmp(&b.version));
    let requires: Vec<_> = found.iter().map(|file| file.requires_python.as_deref()).collect();
    assert_eq!(requires, [None, Some(">=3.9, <4")]);
    Ok(())
}

/// Answers only who shows a name and a password, on the way to the server behind; elsewhere it says what it was shown.
const GUARD: &str = r#"
from mitmproxy import http
def request(flow):
    shown = flow.request.headers.get("authorization", "")
    if "/elsewhere/" in flow.request.path:
        flow.response = http.Response.make(200, f"shown: {shown}", {"content-type": "text/plain"})
    elif "/moved/" in flow.request.path:
        flow.response = http.Response.make(301, b"", {"location": flow.request.path.replace("/moved/", "/simple/")})
    elif "/old/" in flow.request.path:
        flow.response = http.Response.make(200, b'{"meta": {"api-version": "2.0"}, "files": []}', {"content-type": "application/vnd.pypi.simple.v2+json"})
    elif not shown.startswith("Basic "):
        flow.response = http.Response.make(401, b'{"message": "who are you?"}', {"content-type": "application/json"})
"#;

#[test]
fn a_guarded_index_is_read_with_a_password_that_nothing_shows() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = PackageServer::pypiserver(folder.path())?;
    server.upload(&[&wheel(folder.path(), "1.0", "")?])?;
    let guard = Faults::start(&server.uploads, GUARD, folder.path())?;
    let at = |path: &str| Served::at(&format!("{}/{path}", guard.endpoint), Web::new());
    let error = at("simple/")?.files(&name("odd-wagon")).unwrap_err();
    assert!(error.to_string().ends_with("it answered 401: who are you?"), "{error}");
    let (hint, _) = document::Failure::of(&error);
    assert!(hint.is_some_and(|hint| hint.contains("UV_INDEX_NAME_PASSWORD")), "{hint:?}");
    for path in ["simple", "moved"] {
        let served = at(path)?.with_login("me", PASSWORD);
        let found = files(&served)?;
        assert_eq!(found[0].url, format!("{}/packages/{}", guard.endpoint, found[0].file_name));
        assert!(!format!("{served:?} {served} {found:?}").contains(PASSWORD));
    }
    let guarded = guard.endpoint.replacen("://", &format!("://me:{PASSWORD}@"), 1);
    assert_eq!(files(&Served::at(&format!("{guarded}/simple/"), Web::new())?)?.len(), 1);
    // Another host, though it is the same machine, is shown nothing.
    let served = Served::at(&format!("{guarded}/simple/"), Web::new())?;
    let mut file = files(&served)?.remove(0);
    file.url = format!("{}/elsewhere/x", guard.endpoint.replace("127.0.0.1", "localhost"));
    let mut shown = Vec::new();
    served.download(&file, &mut shown)?;
    assert_eq!(tests::text(&shown), "shown: ");
    let error = at("old/")?.files(&name("odd-wagon")).unwrap_err().to_string();
    assert!(error.ends_with("it speaks version 2.0 of the interface, and 1 is known"), "{error}");
    let error = at("elsewhere/")?.files(&name("odd-wagon")).unwrap_err().to_string();
    assert!(error.ends_with("it is of the type `text/plain`, which is no page of an index"), "{error}");
    Ok(())
}

#[test]
fn pypi_is_read_where_pip_says_that_it_is() -> Result<()> {
    let served = Served::at(&uv::index::default_simple(&uv::Uv::find()?)?, Web::new())?;
    let found = served.files(&name("iniconfig"))?.context("PyPI does not know it")?;
    let wheel = found.iter().find(|file| file.file_name == "iniconfig-2.0.0-py3-none-any.whl");
    let wheel = wheel.context("2.0.0 has no wheel")?;
    assert_eq!(wheel.requires_python.as_deref(), Some(">=3.7"));
    let mut bytes = Vec::new();
    assert_eq!(Some(served.download(wheel, &mut bytes)?.0), wheel.sha256);
    assert!(bytes.starts_with(b"PK"));
    assert_eq!(served.files(&name("wainwright-has-no-such-package"))?, None);
    Ok(())
}
