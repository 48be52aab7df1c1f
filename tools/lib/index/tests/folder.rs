//! What adding, removing and writing pages do to the folder of an index.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::fs;

use index::{Added, Index};
use support::{Stage, digest, metadata, package, sdist, wheel, wheel_name};

const NAME: &str = "da-vinci";
const WHEEL: &str = "da_vinci-0.5.0-py3-none-any.whl";

/// An index with two versions of one package and one of another.
fn filled() -> Stage {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    for version in ["0.10.0", "0.5.0"] {
        stage.add(&mut index, NAME, &wheel_name(NAME, version), &wheel(NAME, version, "")).unwrap();
    }
    stage.add(&mut index, NAME, "da_vinci-0.5.0.tar.gz", &sdist(NAME, "0.5.0")).unwrap();
    stage.add(&mut index, "leonardo", &wheel_name("leonardo", "1.0"), &wheel("leonardo", "1.0", "")).unwrap();
    index.write_pages().unwrap();
    stage
}

#[test]
fn reading_makes_nothing() {
    let stage = Stage::new();
    let listing = Index::read(&stage.root());
    assert_eq!(listing.holds(&package(NAME), WHEEL).unwrap(), None);
    assert!(listing.packages().unwrap().is_empty() && listing.files(&package(NAME)).unwrap().is_empty());
    assert!(listing.versions(&package(NAME)).unwrap().is_empty());
    assert!(!stage.root().exists());
}

#[test]
fn a_file_is_published_once_and_is_the_same_the_second_time() {
    let stage = Stage::new();
    let bytes = wheel(NAME, "0.5.0", "");
    let mut index = Index::open(&stage.root()).unwrap();
    assert_eq!(stage.add(&mut index, NAME, WHEEL, &bytes).unwrap(), Added::New);
    assert_eq!(stage.add(&mut index, NAME, WHEEL, &bytes).unwrap(), Added::Same);
    let published = stage.simple("da-vinci").join(WHEEL);
    assert_eq!(index.holds(&package(NAME), WHEEL).unwrap(), Some(digest(&published)));
    assert_eq!(fs::read(&published).unwrap(), bytes);
    let beside = fs::read_to_string(stage.simple("da-vinci").join(format!("{WHEEL}.metadata"))).unwrap();
    assert_eq!(beside, metadata(NAME, "0.5.0", ""));
}

#[test]
fn other_bytes_are_refused_with_both_digests() {
    let stage = filled();
    let mut index = Index::open(&stage.root()).unwrap();
    let before = index.holds(&package(NAME), WHEEL).unwrap().unwrap();
    let error = stage.add(&mut index, NAME, WHEEL, &wheel(NAME, "0.5.0", "other")).unwrap_err().to_string();
    let offered = digest(&stage.source("offered", &wheel(NAME, "0.5.0", "other")));
    assert!(error.contains(before.as_str()) && error.contains(offered.as_str()), "{error}");
    assert!(error.ends_with("no published file is ever replaced"), "{error}");
    assert_eq!(index.holds(&package(NAME), WHEEL).unwrap(), Some(before));
}

#[test]
fn a_source_that_changed_since_it_was_built_is_refused() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    let source = stage.source(WHEEL, &wheel(NAME, "0.5.0", ""));
    let built = digest(&stage.source("built", b"other"));
    let error = index.add(&package(NAME), &source, WHEEL, &built).unwrap_err().to_string();
    assert!(
        error.contains("its digest is ") && error.ends_with(&format!("it was built with {built}")),
        "{error}"
    );
    assert_eq!(fs::read_dir(stage.simple("da-vinci")).unwrap().count(), 0);
}

#[test]
fn what_cannot_be_installed_is_refused() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    assert!(stage.add(&mut index, NAME, WHEEL, b"no wheel").is_err());
    assert!(stage.add(&mut index, NAME, "da_vinci-0.5.0.tar.gz", b"no sdist").is_err());
    let error = stage.add(&mut index, "leonardo", WHEEL, &wheel(NAME, "0.5.0", "")).unwrap_err().to_string();
    assert!(error.ends_with("its name says `da-vinci`"), "{error}");
    for name in ["../x.whl", "index.html", ".lock", "", "a\\b"] {
        assert!(index.path(&package(NAME), name).is_err(), "{name}");
    }
    assert!(index.packages().unwrap().is_empty());
}

#[test]
fn a_missing_metadata_file_comes_back() {
    let stage = filled();
    let beside = stage.simple("da-vinci").join(format!("{WHEEL}.metadata"));
    fs::remove_file(&beside).unwrap();
    let mut index = Index::open(&stage.root()).unwrap();
    assert_eq!(stage.add(&mut index, NAME, WHEEL, &wheel(NAME, "0.5.0", "")).unwrap(), Added::Same);
    assert!(beside.exists());
    assert!(index.write_pages().unwrap().is_empty());
}

#[test]
fn metadata_left_behind_by_another_wheel_stop_the_wheel_before_it_is_published() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    fs::create_dir_all(stage.simple("da-vinci")).unwrap();
    fs::write(stage.simple("da-vinci").join(format!("{WHEEL}.metadata")), "old").unwrap();
    let error = stage.add(&mut index, NAME, WHEEL, &wheel(NAME, "0.5.0", "")).unwrap_err().to_string();
    assert!(error.contains(".whl.metadata`: it is there with digest "), "{error}");
    assert_eq!(index.holds(&package(NAME), WHEEL).unwrap(), None);
}

#[test]
fn a_side_file_that_is_there_stays() {
    let stage = filled();
    let mut index = Index::open(&stage.root()).unwrap();
    let name = format!("{WHEEL}.minisig");
    let (first, second) = (stage.source("first", b"first"), stage.source("second", b"second"));
    assert_eq!(index.side_file(&package(NAME), &name).unwrap(), None);
    assert_eq!(index.add_side_file(&package(NAME), &first, &name).unwrap(), Added::New);
    assert_eq!(index.add_side_file(&package(NAME), &first, &name).unwrap(), Added::Same);
    assert_eq!(index.add_side_file(&package(NAME), &second, &name).unwrap(), Added::Kept);
    assert_eq!(index.side_file(&package(NAME), &name).unwrap().unwrap(), b"first");
    assert!(index.add_side_file(&package(NAME), &first, WHEEL).is_err());
}

#[test]
fn pages_list_files_by_version_and_name() {
    let stage = filled();
    let page: serde_json::Value = serde_json::from_str(&stage.page("da-vinci/index.json")).unwrap();
    assert_eq!(page["meta"]["api-version"], "1.1");
    assert_eq!(page["versions"], serde_json::json!(["0.5.0", "0.10.0"]));
    let files = page["files"].as_array().unwrap();
    let names: Vec<&str> = files.iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(names, [WHEEL, "da_vinci-0.5.0.tar.gz", "da_vinci-0.10.0-py3-none-any.whl"]);
    let beside = digest(&stage.simple("da-vinci").join(format!("{WHEEL}.metadata")));
    assert_eq!(files[0]["core-metadata"]["sha256"], beside.as_str());
    assert_eq!(files[0]["hashes"]["sha256"], digest(&stage.simple("da-vinci").join(WHEEL)).as_str());
    assert_eq!(
        (&files[0]["requires-python"], &files[1]["requires-python"]),
        (&">=3.8".into(), &">=3.8".into())
    );
    assert_eq!(files[0]["yanked"], false);
    assert_eq!(files[1].get("core-metadata"), None);
    let html = stage.page("da-vinci/index.html");
    assert_eq!(html.matches("<a ").count(), 3);
    assert!(html.contains(&format!("data-core-metadata=\"sha256={beside}\"")), "{html}");
    assert!(
        stage
            .page("index.html")
            .contains("<a href=\"da-vinci/\">da-vinci</a></li>\n<li><a href=\"leonardo/\">")
    );
    let root: serde_json::Value = serde_json::from_str(&stage.page("index.json")).unwrap();
    assert_eq!(root["projects"], serde_json::json!([{ "name": "da-vinci" }, { "name": "leonardo" }]));
}

#[test]
fn equal_files_give_equal_pages_and_nothing_is_written_twice() {
    let (one, two) = (filled(), filled());
    for page in ["index.html", "index.json", "da-vinci/index.html", "da-vinci/index.json"] {
        assert_eq!(one.page(page), two.page(page), "{page}");
    }
    let mut index = Index::open(&one.root()).unwrap();
    one.add(&mut index, NAME, WHEEL, &wheel(NAME, "0.5.0", "")).unwrap();
    assert!(index.write_pages().unwrap().is_empty());
}

#[test]
fn a_damaged_or_absent_page_is_made_again_from_the_files() {
    let stage = filled();
    let good = stage.page("da-vinci/index.json");
    for damage in [Some(&good[..good.len() / 2]), Some("[]"), None] {
        let path = stage.simple("da-vinci/index.json");
        match damage {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let mut index = Index::open(&stage.root()).unwrap();
        stage.add(&mut index, NAME, WHEEL, &wheel(NAME, "0.5.0", "")).unwrap();
        assert_eq!(index.write_pages().unwrap(), ["simple/da-vinci/index.json"]);
        assert_eq!(stage.page("da-vinci/index.json"), good);
    }
}

#[test]
fn a_file_that_changed_by_hand_is_hashed_again() {
    let stage = filled();
    let path = stage.simple("da-vinci").join(WHEEL);
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    bytes[length / 3] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let files = Index::read(&stage.root()).files(&package(NAME)).unwrap();
    assert_eq!(files[0].sha256, digest(&path));
}

#[test]
fn a_digest_is_taken_from_the_page_when_the_file_is_older() {
    let stage = filled();
    let page = stage.simple("da-vinci/index.json");
    let written = fs::metadata(&page).unwrap().modified().unwrap();
    let wheel = digest(&stage.simple("da-vinci").join(WHEEL));
    let marked = "00".repeat(32);
    fs::write(&page, stage.page("da-vinci/index.json").replace(wheel.as_str(), &marked)).unwrap();
    fs::File::options().append(true).open(&page).unwrap().set_modified(written).unwrap();
    let files = Index::read(&stage.root()).files(&package(NAME)).unwrap();
    assert_eq!(files[0].sha256.as_str(), marked);
    assert_eq!(Index::read(&stage.root()).holds(&package(NAME), WHEEL).unwrap(), Some(wheel));
}

#[test]
fn a_yanked_file_stays_yanked() {
    let stage = filled();
    let page =
        stage.page("da-vinci/index.json").replacen("\"yanked\": false", "\"yanked\": \"wrong colours\"", 1);
    fs::write(stage.simple("da-vinci/index.json"), page).unwrap();
    let mut index = Index::open(&stage.root()).unwrap();
    stage.add(&mut index, NAME, &wheel_name(NAME, "0.6.0"), &wheel(NAME, "0.6.0", "")).unwrap();
    index.write_pages().unwrap();
    assert!(stage.page("da-vinci/index.html").contains("data-yanked=\"wrong colours\""));
    assert_eq!(index.files(&package(NAME)).unwrap()[0].yanked.as_deref(), Some("wrong colours"));
}

#[test]
fn a_file_is_yanked_for_a_reason_that_outlives_its_page_and_given_free_again() {
    let stage = filled();
    let mut index = Index::open(&stage.root()).unwrap();
    index.yank(&package(NAME), WHEEL, Some("it <breaks>")).unwrap();
    let yanked = |index: &Index| index.files(&package(NAME)).unwrap()[0].yanked.clone();
    // A run that was cut short here has left pages that do not say it.
    assert_eq!(yanked(&index).as_deref(), Some("it <breaks>"));
    assert!(!index.has_current_pages(&[package(NAME)]).unwrap());
    index.write_pages().unwrap();
    assert!(stage.page("da-vinci/index.html").contains("data-yanked=\"it &lt;breaks&gt;\""));
    fs::remove_file(stage.simple("da-vinci/index.json")).unwrap();
    index.touch(&package(NAME));
    index.write_pages().unwrap();
    assert!(stage.page("da-vinci/index.json").contains("\"yanked\": \"it <breaks>\""));
    index.yank(&package(NAME), WHEEL, None).unwrap();
    index.write_pages().unwrap();
    assert_eq!(yanked(&index), None);
    assert!(!stage.page("da-vinci/index.html").contains("data-yanked"));
    assert_eq!(Index::read(&stage.root()).files(&package(NAME)).unwrap()[0].yanked, None);
    index.yank(&package(NAME), WHEEL, Some("")).unwrap();
    index.write_pages().unwrap();
    assert!(stage.page("da-vinci/index.html").contains("data-yanked"));
    assert!(index.yank(&package(NAME), "../x", Some("")).is_err());
    index.remove(&package(NAME), WHEEL).unwrap();
    assert!(!stage.simple(&format!("da-vinci/{WHEEL}.yanked")).exists());
}

#[test]
fn removing_takes_the_files_beside_it_and_then_the_package() {
    let stage = filled();
    let mut index = Index::open(&stage.root()).unwrap();
    let name = wheel_name("leonardo", "1.0");
    let signature = stage.source("signature", b"x");
    index.add_side_file(&package("leonardo"), &signature, &format!("{name}.minisig")).unwrap();
    assert!(index.remove(&package("leonardo"), &name).unwrap());
    assert!(!index.remove(&package("leonardo"), &name).unwrap());
    assert!(!index.remove(&package("never"), "never-1.0.tar.gz").unwrap());
    let changed = index.write_pages().unwrap();
    let pages = ["index.html", "index.json", "leonardo/index.html", "leonardo/index.json"];
    assert_eq!(changed, pages.map(|page| format!("simple/{page}")));
    assert!(!stage.simple("leonardo").exists() && !stage.simple("never").exists());
    assert_eq!(index.packages().unwrap(), [package(NAME)]);
    assert!(!stage.page("index.html").contains("leonardo"));
}

#[test]
fn adding_and_removing_leaves_the_index_as_it_was() {
    let stage = filled();
    let before = (stage.page("da-vinci/index.json"), stage.page("da-vinci/index.html"));
    let mut index = Index::open(&stage.root()).unwrap();
    let name = wheel_name(NAME, "0.6.0");
    stage.add(&mut index, NAME, &name, &wheel(NAME, "0.6.0", "")).unwrap();
    index.write_pages().unwrap();
    assert_ne!(stage.page("da-vinci/index.json"), before.0);
    index.remove(&package(NAME), &name).unwrap();
    index.write_pages().unwrap();
    assert_eq!((stage.page("da-vinci/index.json"), stage.page("da-vinci/index.html")), before);
}

#[test]
fn what_a_killed_run_left_behind_is_swept_away() {
    let stage = filled();
    let left = stage.simple("leonardo/.incoming-x");
    fs::write(&left, "half").unwrap();
    let mut index = Index::open(&stage.root()).unwrap();
    index.remove(&package("leonardo"), &wheel_name("leonardo", "1.0")).unwrap();
    index.write_pages().unwrap();
    assert!(!stage.simple("leonardo").exists());
}

#[test]
fn one_process_at_a_time_has_an_index_open() {
    let stage = filled();
    let index = Index::open(&stage.root()).unwrap();
    let lock = fs::File::open(stage.root().join(".lock")).unwrap();
    assert!(matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)));
    drop(index);
    lock.try_lock().unwrap();
}

#[cfg(unix)]
#[test]
fn a_web_server_may_read_what_is_published() {
    use std::os::unix::fs::PermissionsExt;
    let stage = filled();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let plain = stage.source("plain", b"");
    assert_eq!(mode(stage.simple("da-vinci").join(WHEEL)), mode(plain.clone()));
    assert_eq!(mode(stage.simple("index.html")), mode(plain));
}

#[test]
fn says_whether_the_pages_are_those_of_the_files() {
    let stage = filled();
    let listing = Index::read(&stage.root());
    let packages = [package(NAME), package("leonardo")];
    assert!(listing.has_current_pages(&packages).unwrap());
    fs::remove_file(stage.simple("leonardo").join(wheel_name("leonardo", "1.0"))).unwrap();
    assert!(!listing.has_current_pages(&packages).unwrap());
    let mut index = Index::open(&stage.root()).unwrap();
    index.touch(&package("leonardo"));
    index.write_pages().unwrap();
    assert!(listing.has_current_pages(&packages).unwrap());
    fs::remove_file(stage.simple("da-vinci").join(format!("{WHEEL}.metadata"))).unwrap();
    assert!(!listing.has_current_pages(&packages).unwrap());
}

#[test]
fn has_a_file_with_these_bytes_and_refuses_others() {
    let stage = filled();
    let listing = Index::read(&stage.root());
    let published = listing.holds(&package(NAME), WHEEL).unwrap().unwrap();
    assert!(listing.has(&package(NAME), WHEEL, &published).unwrap());
    assert!(!listing.has(&package(NAME), "da_vinci-9-py3-none-any.whl", &published).unwrap());
    let other = digest(&stage.source("other", b"other"));
    let error = listing.has(&package(NAME), WHEEL, &other).unwrap_err().to_string();
    assert!(error.ends_with("no published file is ever replaced"), "{error}");
}

#[test]
fn many_pages_and_metadata_come_back_at_once() {
    let stage = Stage::new();
    let mut index = Index::open(&stage.root()).unwrap();
    let names: Vec<String> = (0..40).map(|at| format!("wagon-{at:02}")).collect();
    for name in &names {
        stage.add(&mut index, name, &wheel_name(name, "1.0"), &wheel(name, "1.0", "")).unwrap();
    }
    let made = index.write_pages().unwrap();
    assert_eq!(made.len(), 2 * names.len() + 2);
    let pages =
        |name: &str| (stage.page(&format!("{name}/index.json")), stage.page(&format!("{name}/index.html")));
    let before: Vec<_> = names.iter().map(|name| pages(name)).collect();
    for name in &names {
        let folder = stage.simple(name);
        fs::remove_file(folder.join("index.html")).unwrap();
        fs::remove_file(folder.join("index.json")).unwrap();
        fs::remove_file(folder.join(format!("{}.metadata", wheel_name(name, "1.0")))).unwrap();
        index.touch(&package(name));
    }
    let changed = index.write_pages().unwrap();
    assert_eq!(changed.len(), 3 * names.len());
    assert_eq!(names.iter().map(|name| pages(name)).collect::<Vec<_>>(), before);
    let left = fs::read_dir(stage.simple("wagon-00")).unwrap().count();
    assert_eq!(left, 4);
}

#[test]
fn metadata_that_changed_by_hand_are_read_again() {
    let stage = filled();
    let beside = stage.simple("da-vinci").join(format!("{WHEEL}.metadata"));
    fs::write(&beside, metadata(NAME, "0.5.0", "").replace(">=3.8", ">=3.9")).unwrap();
    let files = Index::read(&stage.root()).files(&package(NAME)).unwrap();
    assert_eq!(files[0].requires_python.as_deref(), Some(">=3.9"));
    assert_eq!(files[0].metadata, Some(digest(&beside)));
}
