//! The page of a package as JSON (PEP 691, 700), as any server writes it.

use std::collections::BTreeMap;

use document::PackageName;
use serde::Deserialize;
use url::Url;

use super::ServedFile;
use crate::page::Yanked;

/// The page; what others add to it is theirs.
#[derive(Deserialize)]
struct Page {
    meta: Meta,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    #[serde(rename = "requires-python")]
    requires_python: Option<String>,
    size: Option<u64>,
    #[serde(rename = "upload-time")]
    upload_time: Option<String>,
    yanked: Option<Yanked>,
}

/// The files of a page that was found there; the error is the cause.
pub(super) fn read(bytes: &[u8], page: &Url, package: &PackageName) -> Result<Vec<ServedFile>, String> {
    let read: Page = serde_json::from_slice(bytes).map_err(|cause| cause.to_string())?;
    let version = &read.meta.api_version;
    if version.split('.').next() != Some("1") {
        return Err(format!("it speaks version {} of the interface, and 1 is known", version.escape_debug()));
    }
    let file = |file: File| {
        let served = ServedFile::at(page, &file.url, package).ok_or_else(|| {
            format!("the URL of `{}` is none: `{}`", file.filename.escape_debug(), file.url.escape_debug())
        })?;
        let digest = file.hashes.get("sha256").and_then(|text| text.to_ascii_lowercase().parse().ok());
        Ok(ServedFile {
            version: super::version_of(package, &file.filename),
            sha256: digest.or(served.sha256),
            size: file.size,
            uploaded: file.upload_time,
            yanked: file.yanked.and_then(Yanked::into_reason),
            requires_python: file.requires_python.filter(|text| !text.is_empty()),
            file_name: file.filename,
            url: served.url,
        })
    };
    read.files.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_others_write() {
        let page = Url::parse("https://host.example/team/simple/a/").unwrap();
        let digest = "AB".repeat(32);
        let text = format!(
            r#"{{"meta": {{"api-version": "1.4", "_last-serial": 1}}, "name": "A", "versions": ["1.0"], "files": [
                {{"filename": "a-1.0.tar.gz", "url": "../../f/a-1.0.tar.gz", "hashes": {{"md5": "x"}}, "yanked": "bad", "gpg-sig": true}},
                {{"filename": "a-1.0-py3-none-any.whl", "url": "https://files.example/a%2B1?x=1#frag", "hashes": {{"sha256": "{digest}"}},
                  "requires-python": null, "size": 7, "upload-time": "2026-01-02T03:04:05Z", "yanked": false, "core-metadata": true}}]}}"#
        );
        let files = read(text.as_bytes(), &page, &"a".parse().unwrap()).unwrap();
        assert_eq!(files[0].url, "https://host.example/team/f/a-1.0.tar.gz");
        assert_eq!((files[0].sha256.as_ref(), files[0].yanked.as_deref()), (None, Some("bad")));
        assert_eq!(files[1].url, "https://files.example/a%2B1?x=1");
        assert_eq!(files[1].sha256.as_ref().map(ToString::to_string), Some(digest.to_lowercase()));
        assert_eq!((files[1].size, files[1].yanked.as_deref()), (Some(7), None));
        assert_eq!(files[1].version.as_ref().map(ToString::to_string).as_deref(), Some("1.0"));
    }

    #[test]
    fn refuses_another_version_and_what_is_no_page() {
        let page = Url::parse("https://host.example/simple/a/").unwrap();
        let cause = |text: &str| read(text.as_bytes(), &page, &"a".parse().unwrap()).unwrap_err();
        let other = r#"{"meta": {"api-version": "2.0"}, "files": []}"#;
        assert_eq!(cause(other), "it speaks version 2.0 of the interface, and 1 is known");
        assert!(cause("{}").contains("missing field `meta`"));
        assert!(cause("<html>").contains("expected value"));
        let empty = r#"{"meta": {"api-version": "1.0"}, "files": [{"filename": "a", "url": "https://:x"}]}"#;
        assert_eq!(cause(empty), "the URL of `a` is none: `https://:x`");
    }
}
