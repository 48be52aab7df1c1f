//! An index that some server serves over HTTP: what it says about the files of a package, and the files.
//!
//! It speaks the JSON of PEP 691 with the additions of PEP 592 and 700, or the HTML of PEP 503. It is read only: how files
//! come there is the business of whoever knows the server.

mod json;
pub(crate) mod links;

use std::fmt;
use std::io::{self, Write};

use anyhow::Result;
use distribution::FileName;
use document::{Failure, PackageName, Sha256, Version};
use sha2::Digest;
use url::Url;
use web::{Answer, Request, Web};

/// What is asked for: JSON where the server has it.
const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// An index over HTTP. Its name and password are shown by nothing.
#[derive(Clone)]
pub struct Served {
    web: Web,
    simple: Url,
    login: Option<(String, String)>,
}

/// One file that an index serves, with what the index says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedFile {
    /// Its name.
    pub file_name: String,
    /// Where it is, in full.
    pub url: String,
    /// The version in its name (PEP 440); `None` where the name is that of no wheel or sdist of the package.
    pub version: Option<Version>,
    /// Its digest; `None` where the index does not say it.
    pub sha256: Option<Sha256>,
    /// Its size in bytes, which JSON alone says (PEP 700).
    pub size: Option<u64>,
    /// When it came there, as the index has it (RFC 3339).
    pub uploaded: Option<String>,
    /// The reason why it was yanked (PEP 592), empty when none was given; `None` when it was not.
    pub yanked: Option<String>,
    /// `Requires-Python` of its metadata.
    pub requires_python: Option<String>,
}

/// The page of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedPage {
    /// The files, in the order of the index.
    pub files: Vec<ServedFile>,
    /// The URL that it came from in the end: a server may send on to another one.
    pub address: String,
}

impl Served {
    /// The index at the URL of its `simple/`. A name and a password in the URL are kept apart from it.
    ///
    /// # Errors
    ///
    /// It is no URL of a web server.
    pub fn at(url: &str, web: Web) -> Result<Self> {
        let shown = without_login(url);
        let wrong = |cause: &str| {
            Failure::new(format!("cannot read the index `{shown}`: {cause}"))
                .hint("give the URL that pip takes as `--index-url`, such as `https://HOST/simple/`")
        };
        let mut simple = Url::parse(url.trim()).map_err(|cause| wrong(&cause.to_string()))?;
        if !matches!(simple.scheme(), "http" | "https") || !simple.has_host() {
            return Err(wrong("it is at no web server").into());
        }
        let decoded =
            |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = (!simple.username().is_empty() || simple.password().is_some())
            .then(|| (decoded(simple.username()), decoded(simple.password().unwrap_or_default())));
        // What has a host can have a name and a password.
        let _ = simple.set_username("").and_then(|()| simple.set_password(None));
        simple.set_fragment(None);
        if !simple.path().ends_with('/') {
            simple.set_path(&format!("{}/", simple.path()));
        }
        Ok(Self { web, simple, login })
    }

    /// The same index, read as that user, where its URL names none.
    #[must_use]
    pub fn with_login(mut self, user: &str, password: &str) -> Self {
        self.login.get_or_insert_with(|| (user.to_owned(), password.to_owned()));
        self
    }

    /// The URL of `simple/`, with `/` at its end and without a password.
    pub fn url(&self) -> &str {
        self.simple.as_str()
    }

    /// The files of a package in the order of the index, as it serves them now; `None` where it knows no such package.
    pub fn files(&self, package: &PackageName) -> Result<Option<Vec<ServedFile>>> {
        Ok(self.page(package)?.map(|page| page.files))
    }

    /// The page of a package as it is served now; `None` where the index knows no such package.
    pub fn page(&self, package: &PackageName) -> Result<Option<ServedPage>> {
        let page = self.simple.join(&format!("{package}/"))?;
        // No store on the way may answer with what was so before.
        let request =
            Request::get(page.as_str()).header("accept", ACCEPT).header("cache-control", "no-cache");
        let answer = self.web.send(&self.known(request, &page))?;
        if matches!(answer.status, 404 | 410) {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.refused(&format!("the page of `{package}` from"), &answer).into());
        }
        let at = Url::parse(&answer.address).unwrap_or(page);
        let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        let read = match media.trim().to_ascii_lowercase().as_str() {
            "application/json" => json::read(&answer.body, &at, package),
            json if json.ends_with("+json") => json::read(&answer.body, &at, package),
            "" | "text/html" | "application/xhtml+xml" => links::read(&answer.body, &at, package),
            html if html.ends_with("+html") => links::read(&answer.body, &at, package),
            other => {
                Err(format!("it is of the type `{}`, which is no page of an index", other.escape_debug()))
            }
        };
        let files = read.map_err(|cause| {
            Failure::new(format!("cannot read the page of `{package}` from {self}: {cause}")).hint(
                "check that the URL is that of `simple/`, and that the server speaks PEP 503 or PEP 691",
            )
        });
        Ok(Some(ServedPage { files: files?, address: answer.address }))
    }

    /// Writes the bytes of a file; returns their digest and how many they are, whatever the index says of both.
    pub fn download(&self, file: &ServedFile, to: &mut dyn Write) -> Result<(Sha256, u64)> {
        let name = &file.file_name;
        let url = Url::parse(&file.url)
            .map_err(|cause| Failure::new(format!("cannot download `{name}` from {self}: {cause}")))?;
        let mut sink = Hashing { to, sha256: sha2::Sha256::new(), size: 0 };
        let answer = self.web.fetch(&self.known(Request::get(url.as_str()), &url), &mut sink)?;
        if !answer.is_success() {
            return Err(self.refused(&format!("`{name}` from"), &answer).into());
        }
        Ok((Sha256::from_bytes(&sink.sha256.finalize().into()), sink.size))
    }

    /// The digest of a file: as the index says it, else from its bytes.
    pub fn digest(&self, file: &ServedFile) -> Result<Sha256> {
        match &file.sha256 {
            Some(sha256) => Ok(sha256.clone()),
            None => self.download(file, &mut io::sink()).map(|(sha256, _)| sha256),
        }
    }

    /// The request with the name and the password, where it goes to the server that they are for.
    fn known(&self, request: Request, url: &Url) -> Request {
        match &self.login {
            Some((user, password)) if url.origin() == self.simple.origin() => request.login(user, password),
            _ => request,
        }
    }

    fn refused(&self, what: &str, answer: &Answer) -> Failure {
        let said = answer.said();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.escape_debug()) };
        let failure = Failure::new(format!("cannot read {what} {self}: it answered {}{said}", answer.status));
        match (answer.status, &self.login) {
            (401 | 403, None) => failure
                .hint("set UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD, and name the index so in the settings of uv"),
            (401 | 403, Some(_)) => failure.hint("check the user and the password of the index"),
            _ => failure.hint("look at the page in a browser, and try again"),
        }
    }
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.simple)
    }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Served({})", self.simple)
    }
}

impl ServedFile {
    /// A file of a page, with what both sorts of pages say; `None` where the link leads to no file.
    fn at(page: &Url, link: &str, package: &PackageName) -> Option<Self> {
        let mut url = page.join(link.trim()).ok()?;
        let digest = url.fragment().and_then(|fragment| {
            fragment
                .split('&')
                .find_map(|part| part.strip_prefix("sha256="))?
                .to_ascii_lowercase()
                .parse()
                .ok()
        });
        url.set_fragment(None);
        let last = url.path_segments()?.next_back().filter(|last| !last.is_empty())?;
        let file_name = percent_encoding::percent_decode_str(last).decode_utf8().ok()?.into_owned();
        Some(Self {
            version: version_of(package, &file_name),
            file_name,
            url: url.into(),
            sha256: digest,
            size: None,
            uploaded: None,
            yanked: None,
            requires_python: None,
        })
    }
}

/// A writer that hashes and counts what goes through it.
struct Hashing<'a> {
    to: &'a mut dyn Write,
    sha256: sha2::Sha256,
    size: u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The version in the name of a file of that package; of an sdist also in one of the spellings before PEP 625.
fn version_of(package: &PackageName, file_name: &str) -> Option<Version> {
    if let Ok(name) = FileName::parse(file_name)
        && name.name == *package
    {
        return Some(name.version);
    }
    let endings = [".tar.gz", ".zip", ".tar.bz2", ".tgz"];
    let stem = endings.iter().find_map(|ending| file_name.strip_suffix(ending))?;
    let of = |(name, version): (&str, &str)| {
        PackageName::normalise(name).is_ok_and(|name| name == *package).then(|| version.parse().ok())?
    };
    let dashes = stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    dashes.filter_map(of).next()
}

/// A text that may be no URL without what may be a name and a password: all before its last `@` but the scheme.
fn without_login(url: &str) -> String {
    let Some((before, shown)) = url.rsplit_once('@') else { return url.escape_debug().to_string() };
    let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}{shown}").escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_with_and_without_its_last_slash_and_never_shows_a_password() {
        for url in ["https://me:mark%40er@host.example/simple", " https://host.example/simple/#x"] {
            let served = Served::at(url, Web::new()).unwrap();
            assert_eq!(served.url(), "https://host.example/simple/");
            assert!(!format!("{served:?} {served}").contains("mark"));
        }
        let served = Served::at("https://me:mark%40er@host.example/simple", Web::new()).unwrap();
        assert_eq!(served.login, Some(("me".to_owned(), "mark@er".to_owned())));
        assert_eq!(served.clone().with_login("you", "x").login, served.login);
        for (url, cause) in [
            ("host.example/simple", "relative URL without a base"),
            ("file:///srv/simple", "it is at no web server"),
            ("https://me:marker@:x/simple", "empty host"),
            ("https://me:a/marker@host.example/simple", "`https://host.example/simple`: invalid port"),
            ("me:marker@host.example/simple", "`host.example/simple`: it is at no web server"),
            ("https:/me:marker@host.example:x/", "invalid port number"),
        ] {
            let error = Served::at(url, Web::new()).unwrap_err().to_string();
            assert!(error.contains(cause) && !error.contains("marker"), "{error}");
        }
    }

    #[test]
    fn the_version_is_read_from_old_names_too() {
        let package = "zope-interface".parse().unwrap();
        for (name, version) in [
            ("zope_interface-5.0.tar.gz", Some("5.0")),
            ("zope.interface-4.1.1.tar.gz", Some("4.1.1")),
            ("zope-interface-3.0.zip", Some("3.0")),
            ("zope_interface-5.0-py3-none-any.whl", Some("5.0")),
            ("zope.interface-3.0-py2.6.egg", None),
            ("zope-5.0.tar.gz", None),
            ("other_interface-5.0.tar.gz", None),
        ] {
            let found = version_of(&package, name).map(|version| version.to_string());
            assert_eq!(found.as_deref(), version, "{name}");
        }
    }
}
