//! The release documents of an index in a folder.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use document::Release;
use index::{Added, Index};
use support::Stage;

fn release(tag: &str, target: &str) -> Release {
    let id = "1".repeat(40);
    let text = serde_json::json!({
        "format": 1, "dry_run": false,
        "project": { "name": "shop", "base": id, "branch": null, "remote": null },
        "version": { "previous": null, "previous_tag": null, "current": "1.0", "tag": tag, "level": "major",
            "date": "2026-01-01" },
        "packages": [], "edits": [], "notes": null, "commit": null, "expected": null, "artifacts": [],
        "checks": null, "checksums": null, "signatures": null, "tag": null,
        "publications": [{ "target": target, "kind": "directory", "location": target, "url": null, "files": [] }],
        "announcements": null, "withdrawals": null,
    });
    Release::from_json(text.to_string().as_bytes()).unwrap()
}

#[test]
fn a_document_is_kept_once_and_joined_with_a_later_one() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    assert_eq!(index.document("shop", "shop/v1.0").unwrap().release, None);
    let first = release("shop/v1.0", "b");
    assert_eq!(index.put_document(&first).unwrap(), Added::New);
    assert_eq!(index.put_document(&first).unwrap(), Added::Same);
    assert_eq!(index.document("shop", "shop/v1.0").unwrap().release, Some(first));
    assert_eq!(index.put_document(&release("shop/v1.0", "a")).unwrap(), Added::Joined);
    assert_eq!(index.put_document(&release("shop/v1.0", "b")).unwrap(), Added::Same);
    let kept = Index::read(&stage.root()).document("shop", "shop/v1.0").unwrap().release.unwrap();
    let targets: Vec<String> = kept.publications.unwrap().into_iter().map(|one| one.target).collect();
    assert_eq!(targets, ["a", "b"]);
    let text = std::fs::read_to_string(stage.root().join("releases/shop/v1.0.json")).unwrap();
    assert!(text.ends_with("}\n"), "{text}");
}

#[test]
fn refuses_what_would_lose_a_document_or_leave_the_index() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    index.put_document(&release("v1.0", "a")).unwrap();
    let mut other = release("v1.0", "a");
    other.version.current = "2.0".parse().unwrap();
    let error = index.put_document(&other).unwrap_err().to_string();
    assert!(error.contains("releases/v1.0.json`: cannot join two release documents of v1.0"), "{error}");
    for tag in ["../v1.0", "/v1.0", "a//b", ""] {
        let error = index.document("shop", tag);
        assert_eq!(error.is_ok(), tag.is_empty(), "{tag}: {error:?}");
    }
    std::fs::write(stage.root().join("releases/v1.0.json"), "{\"format\": 1").unwrap();
    let error = format!("{:#}", index.put_document(&release("v1.0", "a")).unwrap_err());
    assert!(
        error.contains("releases/v1.0.json`: cannot read the release document: it is truncated"),
        "{error}"
    );
    assert!(format!("{:#}", index.document("shop", "v1.0").unwrap_err()).contains("it is truncated"));
}

#[test]
fn projects_with_equal_tags_each_keep_a_document_and_find_their_own() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    let shop = release("v1.0", "a");
    let mut mill = release("v1.0", "a");
    mill.project.name = "mill".to_owned();
    assert_eq!(index.put_document(&shop).unwrap(), Added::New);
    assert_eq!(index.document("mill", "v1.0").unwrap().release, None, "that of shop is not that of mill");
    assert_eq!(index.put_document(&mill).unwrap(), Added::New);
    assert_eq!(index.put_document(&mill).unwrap(), Added::Same);
    assert_eq!(index.put_document(&shop).unwrap(), Added::Same);
    for (release, path) in [(shop, "releases/v1.0.json"), (mill, "releases/mill/v1.0.json")] {
        let kept = index.document(&release.project.name, "v1.0").unwrap();
        assert_eq!((kept.path.as_str(), kept.release), (path, Some(release)));
    }
}
