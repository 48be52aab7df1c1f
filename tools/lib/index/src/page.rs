//! The pages of the index: PEP 503 and PEP 691, with the additions of PEP 592, 629, 658, 700 and 714.

use distribution::{FileName, readable_size};
use document::{PackageName, Sha256, Version};
use serde::{Deserialize, Serialize};

use crate::Listed;

/// The version of the index interface that the pages speak (PEP 629, PEP 700).
const API_VERSION: &str = "1.1";

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#8881}\
body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}\
h1{margin-bottom:.2rem}\
pre{background:var(--soft);border:1px solid var(--line);border-radius:.4rem;overflow-x:auto;padding:.6rem .8rem}\
div{overflow-x:auto}\
table{border-collapse:collapse;width:100%}\
td,th{border-bottom:1px solid var(--line);padding:.35rem .6rem;text-align:left;vertical-align:top}\
td:nth-child(n+4),th:nth-child(n+4){text-align:right;white-space:nowrap}\
tr.yanked td{opacity:.65}\
small{display:block}\
ul{columns:16rem;padding-left:1.2rem}";

/// The page of one package as JSON (PEP 691).
#[derive(Serialize, Deserialize)]
pub(crate) struct ProjectPage {
    meta: Meta,
    name: PackageName,
    versions: Vec<Version>,
    pub(crate) files: Vec<FileEntry>,
}

/// One file on the page of a package (PEP 691).
#[derive(Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub(crate) filename: String,
    url: String,
    pub(crate) hashes: Hashes,
    pub(crate) size: u64,
    #[serde(rename = "requires-python", default, skip_serializing_if = "Option::is_none")]
    pub(crate) requires_python: Option<String>,
    #[serde(rename = "core-metadata", default, skip_serializing_if = "Option::is_none")]
    pub(crate) core_metadata: Option<Hashes>,
    #[serde(rename = "upload-time", default, skip_serializing_if = "Option::is_none")]
    upload_time: Option<String>,
    #[serde(default)]
    pub(crate) yanked: Yanked,
}

/// The digests of a file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Hashes {
    pub(crate) sha256: Sha256,
}

/// Whether a file was yanked, and why (PEP 592).
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Yanked {
    /// Yanked without a reason, or not.
    Flag(bool),
    /// Yanked for a reason.
    Reason(String),
}

#[derive(Serialize, Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
}

/// The page that lists the packages as JSON (PEP 691).
#[derive(Serialize, Deserialize)]
pub(crate) struct RootPage {
    meta: Meta,
    projects: Vec<ProjectEntry>,
}

#[derive(Serialize, Deserialize)]
struct ProjectEntry {
    name: PackageName,
}

impl Default for Yanked {
    fn default() -> Self {
        Yanked::Flag(false)
    }
}

impl ProjectPage {
    /// What the page says about each file; an entry whose name is that of no file of the package is left out.
    pub(crate) fn into_listed(self) -> Vec<Listed> {
        let name = self.name;
        let listed = |entry: FileEntry| {
            let parsed = FileName::parse(&entry.filename).ok().filter(|parsed| parsed.name == name)?;
            Some(Listed {
                file_name: entry.filename,
                version: parsed.version,
                size: entry.size,
                sha256: entry.hashes.sha256,
                requires_python: entry.requires_python,
                metadata: entry.core_metadata.map(|hashes| hashes.sha256),
                yanked: entry.yanked.into_reason(),
                uploaded: entry.upload_time,
            })
        };
        self.files.into_iter().filter_map(listed).collect()
    }
}

impl RootPage {
    /// The packages that the page lists.
    pub(crate) fn into_names(self) -> Vec<PackageName> {
        self.projects.into_iter().map(|project| project.name).collect()
    }
}

impl Yanked {
    /// The reason, empty when none was given; `None` for a file that was not yanked.
    pub(crate) fn into_reason(self) -> Option<String> {
        match self {
            Yanked::Flag(false) => None,
            Yanked::Flag(true) => Some(String::new()),
            Yanked::Reason(reason) => Some(reason),
        }
    }
}

/// The page of a package as JSON; the files must be sorted already.
pub(crate) fn project_json(name: &PackageName, files: &[Listed]) -> serde_json::Result<String> {
    let mut versions: Vec<Version> = files.iter().map(|file| file.version.clone()).collect();
    versions.dedup();
    let entry = |file: &Listed| FileEntry {
        filename: file.file_name.clone(),
        url: url(&file.file_name),
        hashes: Hashes { sha256: file.sha256.clone() },
        size: file.size,
        requires_python: file.requires_python.clone(),
        core_metadata: file.metadata.clone().map(|sha256| Hashes { sha256 }),
        upload_time: file.uploaded.clone(),
        yanked: match file.yanked.as_deref() {
            None => Yanked::Flag(false),
            Some("") => Yanked::Flag(true),
            Some(reason) => Yanked::Reason(reason.to_owned()),
        },
    };
    let page =
        ProjectPage { meta: meta(), name: name.clone(), versions, files: files.iter().map(entry).collect() };
    serde_json::to_string_pretty(&page).map(|text| text + "\n")
}

/// The page of a package as HTML (PEP 503); the files must be sorted already. `url` is that of the folder above.
///
/// People read it from the newest version down. Its only links are files, for whoever installs takes each for one.
pub(crate) fn project_html(name: &PackageName, files: &[Listed], url: Option<&str>) -> String {
    let mut body = format!("<h1>{name}</h1>\n");
    if let Some(version) = newest(files) {
        let url = url.map_or_else(|| "URL-OF-THE-PAGE-ABOVE".to_owned(), escape);
        body += &format!(
            "<p>Newest version: <strong>{version}</strong></p>\n\
             <pre>pip install --index-url {url} {name}\nuv pip install --default-index {url} {name}</pre>\n"
        );
    }
    body +=
        "<div><table>\n<tr><th>Version</th><th>File</th><th>Python</th><th>Size</th><th>Uploaded</th></tr>\n";
    for file in files.iter().rev() {
        let (version, size) = (&file.version, readable_size(file.size));
        let class = if file.yanked.is_some() { " class=\"yanked\"" } else { "" };
        let python = file.requires_python.as_deref().map_or_else(|| "any".to_owned(), escape);
        let date = file.uploaded.as_deref().and_then(|time| time.get(..10)).unwrap_or("–");
        body += &format!(
            "<tr{class}><td>{version}</td><td>{}</td><td>{python}</td><td>{size}</td><td>{}</td></tr>\n",
            anchor(file),
            escape(date)
        );
    }
    document(&format!("Links for {name}"), &(body + "</table></div>\n"))
}

/// The version that an installer takes: the highest final one that is not yanked, else the highest that is not.
fn newest(files: &[Listed]) -> Option<&Version> {
    let mut kept = files.iter().rev().filter(|file| file.yanked.is_none()).map(|file| &file.version);
    let first = kept.next()?;
    let final_one = std::iter::once(first).chain(kept).find(|version| !version.is_prerelease());
    Some(final_one.unwrap_or(first))
}

/// The page that lists the packages as JSON (PEP 691).
pub(crate) fn root_json(projects: &[PackageName]) -> serde_json::Result<String> {
    let projects = projects.iter().map(|name| ProjectEntry { name: name.clone() }).collect();
    serde_json::to_string_pretty(&RootPage { meta: meta(), projects }).map(|text| text + "\n")
}

/// The page that lists the packages as HTML (PEP 503).
pub(crate) fn root_html(projects: &[PackageName]) -> String {
    let mut body = "<h1>Packages</h1>\n<ul>\n".to_owned();
    for name in projects {
        body += &format!("<li><a href=\"{name}/\">{name}</a></li>\n");
    }
    document("Simple index", &(body + "</ul>\n"))
}

/// The one link of a file, with what PEP 503, 592, 658 and 714 say about it.
fn anchor(file: &Listed) -> String {
    let name = escape(&file.file_name);
    let mut attributes = format!("href=\"{}#sha256={}\"", url(&file.file_name), file.sha256);
    if let Some(requires) = &file.requires_python {
        attributes += &format!(" data-requires-python=\"{}\"", escape(requires));
    }
    if let Some(digest) = &file.metadata {
        attributes +=
            &format!(" data-dist-info-metadata=\"sha256={digest}\" data-core-metadata=\"sha256={digest}\"");
    }
    let Some(reason) = &file.yanked else { return format!("<a {attributes}>{name}</a>") };
    let reason = escape(reason);
    let shown = if reason.is_empty() { "yanked".to_owned() } else { format!("yanked: {reason}") };
    format!("<del><a {attributes} data-yanked=\"{reason}\">{name}</a></del> <small>{shown}</small>")
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"pypi:repository-version\" content=\"{API_VERSION}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn meta() -> Meta {
    Meta { api_version: API_VERSION.to_owned() }
}

/// A file name as a relative URL (RFC 3986): some servers take a bare `+` for a space.
fn url(file_name: &str) -> String {
    let mut url = String::with_capacity(file_name.len());
    for byte in file_name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => url.push(char::from(byte)),
            other => url += &format!("%{other:02X}"),
        }
    }
    url
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Listed {
        Listed {
            file_name: "a-1!2.0+x.1-py3-none-any.whl".to_owned(),
            version: "1!2.0+x.1".parse().unwrap(),
            size: 12_345,
            sha256: "ab".repeat(32).parse().unwrap(),
            requires_python: Some(">=3.9,<4".to_owned()),
            metadata: Some("cd".repeat(32).parse().unwrap()),
            yanked: None,
            uploaded: None,
        }
    }

    #[test]
    fn a_link_carries_digest_metadata_and_python() {
        let (file, metadata) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(
            anchor(&listed()),
            format!(
                "<a href=\"a-1%212.0%2Bx.1-py3-none-any.whl#sha256={file}\" data-requires-python=\"&gt;=3.9,&lt;4\" \
                 data-dist-info-metadata=\"sha256={metadata}\" data-core-metadata=\"sha256={metadata}\">\
                 a-1!2.0+x.1-py3-none-any.whl</a>"
            )
        );
    }

    #[test]
    fn a_yanked_file_says_so_in_both_forms() {
        let mut file = listed();
        file.yanked = Some("breaks \"all\"".to_owned());
        let name = "a".parse().unwrap();
        let json = project_json(&name, &[file]).unwrap();
        assert!(json.contains("\"yanked\": \"breaks \\\"all\\\"\""), "{json}");
        let page: ProjectPage = serde_json::from_str(&json).unwrap();
        let reason = page.files.into_iter().next().unwrap().yanked.into_reason();
        assert_eq!(reason.as_deref(), Some("breaks \"all\""));
        let mut file = listed();
        file.yanked = Some(String::new());
        assert!(project_json(&name, &[file.clone()]).unwrap().contains("\"yanked\": true"));
        assert!(anchor(&file).contains(" data-yanked=\"\">"));
    }

    #[test]
    fn the_newest_version_is_the_one_that_installers_take() {
        let of = |versions: &[(&str, bool)]| {
            let file = |(version, is_yanked): &(&str, bool)| Listed {
                version: version.parse().unwrap(),
                yanked: is_yanked.then(String::new),
                ..listed()
            };
            let files: Vec<Listed> = versions.iter().map(file).collect();
            newest(&files).map(ToString::to_string)
        };
        assert_eq!(of(&[("1.0", false), ("1.1", true), ("2.0rc1", false)]).as_deref(), Some("1.0"));
        assert_eq!(of(&[("1.0rc1", false), ("1.0rc2", false)]).as_deref(), Some("1.0rc2"));
        assert_eq!(of(&[("1.0", true)]), None);
        let page = project_html(&"a".parse().unwrap(), &[listed()], Some("https://b/x&y/simple/"));
        assert!(page.contains("pip install --index-url https://b/x&amp;y/simple/ a\n"), "{page}");
        assert_eq!(page.matches("<a ").count(), 1);
    }
}
