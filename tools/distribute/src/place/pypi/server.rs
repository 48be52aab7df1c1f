//! Which server a target of PyPI's kind is: what it serves, and where it takes uploads.

use anyhow::Result;
use document::{Failure, PackageName};
use index::{Limits, Served, ServedFile};
use project::{Project, TargetSettings};
use url::Url;
use uv::Uv;
use web::{Secrets, Web};

/// A server that takes uploads as PyPI does. Names and passwords in its URLs are shown by nothing.
#[derive(Clone)]
pub struct Server {
    /// What it serves.
    pub served: Served,
    /// The name of its index in the settings of uv.
    pub index: Option<String>,
    /// Where it takes uploads, perhaps with a name and a password; `None` for PyPI itself, which uv knows.
    pub upload: Option<String>,
    /// What it takes.
    pub limits: Limits,
    simple: String,
    uv: Uv,
}

impl Server {
    /// The server of a target, by release.toml and by the settings of uv.
    pub fn of(uv: &Uv, project: &Project, target: &TargetSettings) -> Result<Self> {
        let user = match &target.index {
            Some(name) => uv::index::named(&project.root, name)?,
            None => None,
        };
        let (simple, upload) = match (&target.index, target.url.clone(), target.publish_url.clone()) {
            (None, None, _) => (uv::index::default_simple(uv)?, None),
            (None, Some(url), upload) => (url, upload),
            (Some(name), url, upload) => {
                let absent = |what: &str, key: &str| {
                    let what = format!("cannot find the target `{}`: {what}", target.name);
                    Failure::new(what).hint(format!(
                        "write `{key}` into the [[tool.uv.index]] with `name = \"{name}\"` in pyproject.toml, or into the [[target]]"
                    ))
                };
                let no_url = || match &user {
                    Some(_) => absent(&format!("its index `{name}` has no `url`"), "url"),
                    None => absent(&format!("the settings of uv name no index `{name}`"), "url"),
                };
                let url = url.or_else(|| user.as_ref().map(|user| user.url.clone())).ok_or_else(no_url)?;
                let upload = upload.or_else(|| user.as_ref()?.publish_url.clone());
                let no_upload = || absent(&format!("its index `{name}` has no `publish-url`"), "publish-url");
                (url, Some(upload.ok_or_else(no_upload)?))
            }
        };
        if let Some(upload) = &upload {
            refuse_odd(upload, &target.name)?;
        }
        let mut served = Served::at(&simple, Web::new())?;
        let login = target.index.as_deref().and_then(uv::index::login);
        if let Some((user, password)) = &login {
            served = served.with_login(user, password);
        }
        let simple = with_login(&simple, login.as_ref());
        let limits = limits(target, upload.is_none());
        Ok(Self { served, index: target.index.clone(), upload, limits, simple, uv: uv.clone() })
    }

    /// The server that serves this, and takes uploads there.
    #[cfg(test)]
    pub fn at(served: Served, upload: Option<&str>) -> Self {
        let simple = served.url().to_owned();
        Self {
            served,
            index: None,
            upload: upload.map(str::to_owned),
            limits: Limits::default(),
            simple,
            uv: Uv::find().unwrap(),
        }
    }

    /// Says whether it is PyPI itself.
    pub fn is_pypi(&self) -> bool {
        self.upload.is_none()
    }

    /// The files of a package that it has itself. Some servers send on to PyPI where they have none, as GitLab and
    /// pypiserver do; `None` for that.
    pub fn own_files(&self, package: &PackageName) -> Result<Option<Vec<ServedFile>>> {
        let Some(page) = self.served.page(package)? else { return Ok(Some(Vec::new())) };
        let host = |url: &str| web::server(url).split("://").last().unwrap_or_default().to_owned();
        let from = host(&page.address);
        let is_sent_on = !self.is_pypi()
            && from != host(self.served.url())
            && from == host(&uv::index::default_simple(&self.uv)?);
        Ok((!is_sent_on).then_some(page.files))
    }

    /// Where it is, in the words of the release document: what a machine without the settings of uv needs to find it.
    pub fn location(&self) -> String {
        let location = format!("pypi://{}", self.index.as_deref().unwrap_or("pypi"));
        match self.uploads() {
            None => location,
            Some(uploads) => format!("{location}?url={}&publish-url={uploads}", self.served.url()),
        }
    }

    /// Where it takes uploads, without a name and a password; `None` for PyPI itself.
    pub fn uploads(&self) -> Option<String> {
        self.upload.as_deref().map(without_login)
    }

    /// The URL of its `simple/` with the name and the password, for uv.
    pub fn simple(&self) -> &str {
        &self.simple
    }

    /// Says whether the URL of uploads has a password in it.
    pub fn has_password(&self) -> bool {
        self.upload.as_deref().and_then(password_in).is_some()
    }

    /// The passwords in its URLs.
    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for url in self.upload.iter().chain([&self.simple]).filter_map(|url| Url::parse(url).ok()) {
            secrets.add_encoded_login(url.username(), url.password().unwrap_or_default());
        }
        secrets
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.location())
    }
}

/// Refuses what is no URL of a web server, without its text: it may hold a password.
fn refuse_odd(upload: &str, target: &str) -> Result<(), Failure> {
    let cause = match Url::parse(upload) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => return Ok(()),
        Ok(_) => "it is at no web server".to_owned(),
        Err(cause) => cause.to_string(),
    };
    let what = format!("cannot publish to `{target}`: its `publish-url` is no URL of uploads: {cause}");
    Err(Failure::new(what)
        .hint("write `publish-url = \"https://HOST/PATH/\"`, as the server has it for twine"))
}

/// The limits of PyPI; those of other servers are their own business, and told by their answers.
fn limits(target: &TargetSettings, is_pypi: bool) -> Limits {
    let limits = match is_pypi {
        true => Limits::default(),
        false => Limits { file: u64::MAX, project: u64::MAX, open: None },
    };
    let bytes = |limit: Option<u64>, unit: u64| limit.map(|limit| limit.saturating_mul(unit));
    Limits {
        file: bytes(target.file_limit, 1 << 20).unwrap_or(limits.file),
        project: bytes(target.project_limit, 1 << 30).unwrap_or(limits.project),
        ..limits
    }
}

/// The password in a URL, as it is written there.
fn password_in(url: &str) -> Option<String> {
    Url::parse(url).ok()?.password().map(str::to_owned)
}

/// A URL without a name and a password.
fn without_login(url: &str) -> String {
    with(url, "", None)
}

/// A URL with a name and a password, where it has none.
fn with_login(url: &str, login: Option<&(String, String)>) -> String {
    let has_one = Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    match login {
        Some((user, password)) if !has_one => with(url, user, Some(password)),
        _ => url.to_owned(),
    }
}

fn with(url: &str, user: &str, password: Option<&str>) -> String {
    let Ok(mut parsed) = Url::parse(url) else { return url.to_owned() };
    // What has no host cannot have a name, and needs none.
    match parsed.set_username(user).and_then(|()| parsed.set_password(password)) {
        Ok(()) => parsed.into(),
        Err(()) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_limit_counts_and_another_server_has_none() {
        let limits = |keys: &str, is_pypi| {
            let text = format!("[[target]]\nname = \"t\"\nkind = \"pypi\"\n{keys}\n");
            limits(&project::Settings::parse(&text).unwrap().target[0], is_pypi)
        };
        assert_eq!(limits("", true), Limits::default());
        let raised = limits("file-limit = 300\nproject-limit = 20", true);
        assert_eq!((raised.file, raised.project), (300 << 20, 20 << 30));
        assert_eq!(raised.open, Limits::default().open);
        let other = limits("file-limit = 1", false);
        assert_eq!((other.file, other.project, other.open), (1 << 20, u64::MAX, None));
    }

    #[test]
    fn a_url_of_uploads_is_one_and_is_not_shown_where_it_is_none() {
        assert!(refuse_odd("https://me:secret@host.example/legacy/", "t").is_ok());
        for (url, cause) in [
            ("https://me:marker@host.example:x/", "invalid port number"),
            ("me:marker@host.example/legacy/", "it is at no web server"),
            ("host.example/marker", "relative URL without a base"),
            ("file:///marker", "it is at no web server"),
        ] {
            let error = refuse_odd(url, "t").unwrap_err().to_string();
            assert!(error.ends_with(cause) && !error.contains("marker"), "{error}");
        }
    }

    #[test]
    fn a_login_is_put_into_a_url_and_taken_out_of_it() {
        let login = ("me".to_owned(), "a@b/c".to_owned());
        let url = with_login("https://host.example/simple/", Some(&login));
        assert_eq!(url, "https://me:a%40b%2Fc@host.example/simple/");
        assert_eq!(with_login(&url, Some(&("you".to_owned(), String::new()))), url);
        assert_eq!(password_in(&url).as_deref(), Some("a%40b%2Fc"));
        assert_eq!(without_login(&url), "https://host.example/simple/");
        assert_eq!(password_in("https://host.example/a@b"), None);
    }
}
