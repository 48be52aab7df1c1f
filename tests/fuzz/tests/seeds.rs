//! The first inputs of the targets: each gets as far as the code that its target is for.

use fuzz::{archives, changelogs, commits, places, settings, versions};

/// The text below this folder, in the forms that a file may have.
fn forms(path: &str) -> [String; 3] {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    [text.replace('\n', "\r\n"), format!("\u{feff}{}", text.trim_end()), text]
}

#[test]
fn every_place_of_the_version_is_found_and_follows() {
    for (path, expected) in [
        ("cdk/pyproject.toml", 8),
        ("cdk/uv.lock", 2),
        ("cdk/poetry.lock", 3),
        ("core/src/wagon_core/__init__.py", 2),
        ("engine/Cargo.toml", 1),
        ("engine/Cargo.lock", 1),
        ("legacy/setup.py", 2),
        ("legacy/setup.cfg", 1),
        ("web/package.json", 1),
        ("web/package-lock.json", 2),
        ("deploy/chart/Chart.yaml", 3),
        ("deploy/chart/Chart.lock", 2),
        ("dynamic/wagon.version", 1),
        (".release-please-manifest.json", 2),
        ("Dockerfile", 2),
        ("install.txt", 2),
        ("site.toml", 1),
        ("compose.yaml", 2),
        ("values.yaml", 2),
        ("site.json", 1),
    ] {
        for text in forms(&format!("project/{path}")) {
            assert_eq!(places::check(path, &text), expected, "{path}: {text:?}");
        }
    }
}

#[test]
fn versions_commits_changelogs_and_settings_can_be_read() {
    for text in forms("texts/version.txt") {
        assert!(versions::check(&text) > 6, "{text:?}");
    }
    for text in forms("texts/commit.txt") {
        assert!(commits::check(&text) > 0, "{text:?}");
    }
    for text in forms("texts/CHANGELOG.md") {
        assert!(changelogs::check_markdown(&text), "{text:?}");
    }
    for text in forms("texts/CHANGES.rst") {
        assert!(changelogs::check_rst(&text), "{text:?}");
    }
}

#[test]
fn settings_can_be_read() {
    for file in [
        ".bumpversion.cfg",
        ".bumpversion.toml",
        ".cz.toml",
        "release-please-config.json",
        "releaserc.toml",
        "release.toml",
    ] {
        assert!(settings::check(file, &forms(&format!("texts/{file}"))[2]), "{file}");
    }
}

#[test]
fn archives_and_their_texts_can_be_read() {
    let bytes = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("texts").join(name);
        std::fs::read(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
    };
    assert!(archives::check_wheel(&bytes("wheel")));
    assert!(archives::check_sdist(&bytes("sdist")));
    assert!(archives::check_metadata(&bytes("METADATA")));
    assert!(archives::check_record(&forms("texts/RECORD")[2]));
}
