//! Files that must not be sent: what PyPI refuses, other bytes of two publishers, attestations of other files.

use std::fs;

use serde_json::{Value, json};
use tests::text;
use tests::uploads::Stage;

use super::{FILES, all, held, pypiserver};

/// The document with a wheel that a few lines of Python make of the one that was built, from `path` to `path`.
fn with_wheel(stage: &Stage, lines: &str) -> String {
    let mut document: Value = serde_json::from_str(&stage.document).unwrap();
    let artifacts = document["artifacts"].as_array_mut().unwrap();
    let artifact =
        artifacts.iter_mut().find(|one| one["path"].as_str().unwrap().ends_with(FILES[0])).unwrap();
    let path = stage.sandbox.project().join(artifact["path"].as_str().unwrap());
    fs::write(stage.sandbox.path("change.py"), format!("import sys, zipfile\npath = sys.argv[1]\n{lines}"))
        .unwrap();
    let digest = format!("python3 ../change.py {0} && sha256sum {0} | cut -c -64", path.display());
    artifact["sha256"] = json!(stage.sandbox.shell(&digest).unwrap().trim());
    artifact["size"] = json!(fs::metadata(&path).unwrap().len());
    document.to_string()
}

/// The same members at another time.
const OTHER_BYTES: &str = "
members = [(i.filename, zipfile.ZipFile(path).read(i)) for i in zipfile.ZipFile(path).infolist()]
with zipfile.ZipFile(path, 'w') as wheel:
    for name, data in members: wheel.writestr(zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6)), data)
";

/// The same members, with a requirement from a URL.
const DIRECT: &str = "
members = [(i.filename, zipfile.ZipFile(path).read(i)) for i in zipfile.ZipFile(path).infolist()]
more = b'\\nRequires-Dist: odd @ https://host.example/odd.whl\\nName: '
with zipfile.ZipFile(path, 'w') as wheel:
    for name, data in members: wheel.writestr(name, data.replace(b'\\nName: ', more) if name.endswith('/METADATA') else data)
";

#[test]
fn of_two_who_publish_other_bytes_at_once_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let (one, mut other) = (Stage::on(&[("own", &server)], ""), Stage::on(&[("own", &server)], ""));
    other.document = with_wheel(&other, OTHER_BYTES);
    let outputs = std::thread::scope(|scope| {
        let both = [&one, &other].map(|stage| scope.spawn(|| stage.run(&[])));
        both.map(|one| one.join().unwrap())
    });
    let codes = outputs.each_ref().map(|output| output.status.code());
    let said = outputs.each_ref().map(|output| text(&output.stderr));
    assert!(codes == [Some(0), Some(1)] || codes == [Some(1), Some(0)], "{codes:?} {said:?}");
    let loser = &said[usize::from(codes[0] == Some(0))];
    assert!(loser.contains("there, and ") || loser.contains("with other bytes"), "{loser}");
    assert_eq!(held(folder.path()), all());
}

#[test]
fn what_pypi_refuses_and_wrong_attestations_are_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let server = pypiserver(folder.path());
    let mut stage = Stage::on(&[("own", &server)], "");
    stage.document = with_wheel(&stage, DIRECT);
    let said = stage.refused(&[]);
    assert!(
        said.contains("to `own`: PyPI refuses it: M037: ") && said.contains("`validate --explain M037`"),
        "{said}"
    );

    let stage = Stage::on(&[("own", &server)], "attestations = true");
    let said = stage.refused(&[]);
    assert!(
        said.contains("it has no attestation beside it") && said.contains("`pypi-attestations sign`"),
        "{said}"
    );
    let of = |name: &str, sha256: &str| {
        let statement = json!({ "subject": [{ "name": name, "digest": { "sha256": sha256 } }] }).to_string();
        let statement = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, statement);
        json!({ "version": 1, "envelope": { "statement": statement } }).to_string()
    };
    let document: Value = serde_json::from_str(&stage.document).unwrap();
    for artifact in document["artifacts"].as_array().unwrap() {
        let path = stage.sandbox.project().join(artifact["path"].as_str().unwrap());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = of(&name, artifact["sha256"].as_str().unwrap());
        fs::write(path.with_added_extension("publish.attestation"), text).unwrap();
    }
    let core = stage.sandbox.shell(&format!("find . -name {}.publish.attestation", FILES[0])).unwrap();
    let core = stage.sandbox.project().join(core.trim());
    let right = fs::read_to_string(&core).unwrap();
    for wrong in [of("other-1.0.whl", &"ab".repeat(32)), "no JSON".to_owned()] {
        fs::write(&core, wrong).unwrap();
        let said = stage.refused(&[]);
        assert!(said.contains("its attestation is about ") && said.contains("not about the file"), "{said}");
    }
    assert!(held(folder.path()).is_empty());
    fs::write(&core, right).unwrap();
    stage.must(&[]);
    assert_eq!(held(folder.path()), all());
}
