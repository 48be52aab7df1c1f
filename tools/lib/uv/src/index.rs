//! Which indexes the user has: those that uv's settings name, and PyPI as pip knows it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use document::Failure;
use toml_edit::{DocumentMut, Item, TableLike};

use crate::Uv;
use crate::install::cache_folder;

/// The pip that is asked where PyPI is.
const PIP: &str = "26.3";
/// How it is asked; the module is not meant for others, so the version is pinned.
const ASK: &str = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)";

/// An index that uv's settings name.
#[derive(Clone, PartialEq, Eq)]
pub struct UserIndex {
    /// Its name.
    pub name: String,
    /// The URL of `simple/`, which may hold a name and a password.
    pub url: String,
    /// The URL that files are uploaded to, where there is one.
    pub publish_url: Option<String>,
}

/// Neither URL is shown: both may hold a password.
impl std::fmt::Debug for UserIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserIndex({})", self.name)
    }
}

/// Returns the index of that name as uv finds it for the project in `root`: in `UV_INDEX` and `UV_DEFAULT_INDEX`, in
/// `[[tool.uv.index]]` of pyproject.toml or `[[index]]` of uv.toml there and above, then in the uv.toml of the user and
/// of the machine. `UV_CONFIG_FILE` and `UV_NO_CONFIG` count as for uv. `None` where nothing names it.
///
/// # Errors
///
/// A file of settings cannot be read, or names the index without a URL.
pub fn named(root: &Path, name: &str) -> Result<Option<UserIndex>> {
    named_in(root, name, &|variable| env::var_os(variable))
}

/// Returns the index of a location of a release document: `pypi://NAME?url=SIMPLE&publish-url=URL`, or `pypi://pypi` for
/// PyPI itself. A name and a password come from the settings of uv, where these name the same URL.
///
/// # Errors
///
/// The location is none of these, the settings of uv cannot be read, or pip cannot be asked where PyPI is.
pub fn located(root: &Path, location: &str) -> Result<UserIndex> {
    let wrong = || {
        Failure::document(format!("cannot read the location `{}` of a target", location.escape_debug()))
            .hint("it reads `pypi://NAME?url=URL`, or `pypi://pypi` for PyPI itself")
    };
    let (name, more) = location.strip_prefix("pypi://").ok_or_else(wrong)?.split_once('?').unzip();
    let name = name.unwrap_or(&location["pypi://".len()..]).to_owned();
    let Some(more) = more else {
        return match named(root, &name)? {
            _ if name == "pypi" => {
                Ok(UserIndex { name, url: default_simple(&Uv::find()?)?, publish_url: None })
            }
            Some(index) => Ok(index),
            None => Err(Failure::new(format!(
                "cannot find the index `{name}`: the settings of uv do not name it"
            ))
            .hint(format!("add an [[index]] with `name = \"{name}\"` and its `url` to the settings of uv"))
            .into()),
        };
    };
    let (url, publish_url) = more.strip_prefix("url=").ok_or_else(wrong)?.split_once("&publish-url=").unzip();
    let url = url.unwrap_or(&more["url=".len()..]).to_owned();
    let is_same =
        |index: &UserIndex| without_login(&index.url).trim_end_matches('/') == url.trim_end_matches('/');
    match named(root, &name)?.filter(is_same) {
        Some(index) => Ok(index),
        None => Ok(UserIndex { name, url, publish_url: publish_url.map(str::to_owned) }),
    }
}

/// The user and the password for the index of that name, from `UV_INDEX_<NAME>_USERNAME` and `UV_INDEX_<NAME>_PASSWORD`.
pub fn login(name: &str) -> Option<(String, String)> {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(sign).collect();
    let of = |what: &str| env::var(format!("UV_INDEX_{name}_{what}")).ok().filter(|text| !text.is_empty());
    let (user, password) = (of("USERNAME"), of("PASSWORD"));
    (user.is_some() || password.is_some()).then(|| (user.unwrap_or_default(), password.unwrap_or_default()))
}

/// The user and the password for an index, where the settings of uv name it on the same server, or the caller knows it.
///
/// A release document may come from anybody, so what it calls by a name of the user's is shown no password.
pub fn login_at(root: &Path, index: &UserIndex, is_known: bool) -> Result<Option<(String, String)>> {
    let is_trusted = is_known || is_named(root, &index.name, &index.url)?;
    Ok(login(&index.name).filter(|_| is_trusted))
}

/// The URL of PyPI's `simple/` as pip knows it. It is asked once, and kept in the user's cache folder.
pub fn default_simple(uv: &Uv) -> Result<String> {
    default_simple_in(&cache_folder()?, uv)
}

fn default_simple_in(cache: &Path, uv: &Uv) -> Result<String> {
    let kept = cache.join(format!("simple-url-of-pip-{PIP}"));
    let is_url = |text: &str| text.starts_with("https://") && !text.contains(char::is_whitespace);
    if let Ok(text) = fs::read_to_string(&kept)
        && is_url(text.trim())
    {
        return Ok(text.trim().to_owned());
    }
    fs::create_dir_all(cache).with_context(|| format!("cannot make the folder `{}`", cache.display()))?;
    let mut ask = uv.command();
    // Nothing that a project pins counts here.
    ask.current_dir(cache).args(["run", "--quiet", "--no-project", "--with", &format!("pip=={PIP}")]);
    ask.args(["python", "-I", "-c", ASK]);
    let said = project::run(&mut ask).map_err(|error| {
        Failure::new(format!("cannot ask pip {PIP} where PyPI is: {error:#}")).hint(
            "give uv a way to an index with pip, or write `url = \"https://…/simple/\"` into the [[target]]",
        )
    })?;
    let url = said.trim();
    if !is_url(url) {
        return Err(Failure::new(format!("cannot use what pip {PIP} calls PyPI: `{}`", url.escape_debug()))
            .hint("write `url = \"https://…/simple/\"` into the [[target]]")
            .into());
    }
    project::files::replace(&kept, format!("{url}\n").as_bytes())?;
    Ok(url.to_owned())
}

/// Says whether the settings of uv name an index so on the server of that URL.
fn is_named(root: &Path, name: &str, url: &str) -> Result<bool> {
    let server = |url: &str| {
        let url = without_login(url);
        let path = url.split_once("://").and_then(|(scheme, rest)| Some(scheme.len() + 3 + rest.find('/')?));
        url[..path.unwrap_or(url.len())].to_owned()
    };
    Ok(named(root, name)?.is_some_and(|named| server(&named.url) == server(url)))
}

/// A URL without a name and a password.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or_default())
}

fn named_in(
    root: &Path,
    name: &str,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<UserIndex>> {
    let mut found = None;
    for file in settings_files(root, variable) {
        found = in_file(&file, name)?;
        if found.is_some() {
            break;
        }
    }
    let texts = ["UV_INDEX", "UV_DEFAULT_INDEX"].into_iter().filter_map(variable);
    let texts: Vec<String> = texts.filter_map(|text| text.into_string().ok()).collect();
    let mut entries = texts.iter().flat_map(|text| text.split_whitespace());
    // Variables have no place for the URL of uploads.
    if let Some(url) = entries.find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=')) {
        let publish_url = found.and_then(|index| index.publish_url);
        found = Some(UserIndex { name: name.to_owned(), url: url.to_owned(), publish_url });
    }
    Ok(found)
}

/// The files that hold settings of uv, from the nearest on, whether they are there or not.
fn settings_files(root: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    if let Some(file) = variable("UV_CONFIG_FILE").filter(|file| !file.is_empty()) {
        return vec![root.join(file)];
    }
    let is_on = |text: OsString| matches!(text.to_str(), Some("1" | "true" | "yes" | "on" | "y" | "t"));
    if variable("UV_NO_CONFIG").is_some_and(is_on) {
        return Vec::new();
    }
    let own = root.ancestors().flat_map(|folder| [folder.join("uv.toml"), folder.join("pyproject.toml")]);
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || folder("HOME").or_else(env::home_dir).map(|home| home.join(".config"));
    let user = if cfg!(windows) { folder("APPDATA") } else { folder("XDG_CONFIG_HOME").or_else(home) };
    let machine = variable("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty());
    let machine = env::split_paths(&machine.unwrap_or_else(|| "/etc/xdg".into())).collect::<Vec<_>>();
    let shared = user.into_iter().chain(machine).chain([PathBuf::from("/etc")]);
    own.chain(shared.map(|folder| folder.join("uv/uv.toml"))).collect()
}

fn in_file(file: &Path, name: &str) -> Result<Option<UserIndex>> {
    let Some(bytes) = project::files::read_if_present(file)? else { return Ok(None) };
    let shown = file.display();
    let wrong = |cause: &str, hint: &str| {
        Failure::new(format!("cannot look for the index `{}` in `{shown}`: {cause}", name.escape_debug()))
            .hint(hint)
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8", "save it as UTF-8"))?;
    let document: DocumentMut = text.trim_start_matches('\u{feff}').parse().map_err(|cause| {
        let cause: toml_edit::TomlError = cause;
        wrong(cause.message(), "mend the file: uv cannot read it either")
    })?;
    let settings: Option<&Item> = if file.ends_with("pyproject.toml") {
        document.get("tool").and_then(|tool| tool.get("uv"))
    } else {
        Some(document.as_item())
    };
    let Some(list) = settings.and_then(|settings| settings.get("index")) else { return Ok(None) };
    let tables: Vec<&dyn TableLike> = match (list.as_array_of_tables(), list.as_array()) {
        (Some(tables), _) => tables.iter().map(|table| table as &dyn TableLike).collect(),
        (None, Some(array)) => {
            let inline = array.iter().filter_map(|value| value.as_inline_table());
            inline.map(|table| table as &dyn TableLike).collect()
        }
        (None, None) => Vec::new(),
    };
    let text_of = |table: &dyn TableLike, key: &str| table.get(key)?.as_str().map(str::to_owned);
    let Some(table) = tables.into_iter().find(|table| text_of(*table, "name").as_deref() == Some(name))
    else {
        return Ok(None);
    };
    let url = text_of(table, "url")
        .ok_or_else(|| wrong("it has no `url`", "add `url = \"https://HOST/simple/\"`"))?;
    Ok(Some(UserIndex { name: name.to_owned(), url, publish_url: text_of(table, "publish-url") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files, in which `project` is the project and `config` the user's settings.
    fn look(files: &[(&str, &str)], variables: &[(&str, &str)], name: &str) -> Result<Option<UserIndex>> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = folder.path().join("project");
        fs::create_dir_all(&root).unwrap();
        named_in(&root, name, &|variable| match variable {
            "XDG_CONFIG_HOME" => Some(folder.path().join("config").into()),
            "XDG_CONFIG_DIRS" => Some(folder.path().join("machine").into()),
            _ => variables.iter().find(|(known, _)| *known == variable).map(|(_, value)| value.into()),
        })
    }

    #[test]
    fn an_index_is_found_where_uv_finds_it() {
        let of = |table: &str, url: &str| format!("[[{table}]]\r\nname = 'own'\r\nurl = \"{url}\"\r\n");
        let (nearest, above) = (of("tool.uv.index", "https://near"), of("index", "https://above"));
        let (user, machine) = (of("index", "https://user"), of("index", "https://machine"));
        let all: [(&str, &str); 5] = [
            (
                "project/uv.toml",
                "index = [{ name = \"other\", url = \"x\" }, { name = \"own\", url = \"https://uv\", publish-url = \"https://up\" }]",
            ),
            ("project/pyproject.toml", &nearest),
            ("uv.toml", &above),
            ("config/uv/uv.toml", &user),
            ("machine/uv/uv.toml", &machine),
        ];
        for (from, url) in ["https://uv", "https://near", "https://above", "https://user", "https://machine"]
            .into_iter()
            .enumerate()
        {
            let found = look(&all[from..], &[], "own").unwrap().unwrap();
            assert_eq!(found.url, url);
            assert_eq!(found.publish_url.is_some(), from == 0);
        }
        let variables = [("UV_INDEX", "https://x other=https://y own=https://variable/?a=b")];
        let found = look(&all, &variables, "own").unwrap().unwrap();
        assert_eq!(
            (found.url.as_str(), found.publish_url.as_deref()),
            ("https://variable/?a=b", Some("https://up"))
        );
        let found = look(&all, &[("UV_CONFIG_FILE", "../config/uv/uv.toml")], "own").unwrap().unwrap();
        assert_eq!(found.url, "https://user");
        assert_eq!(look(&all, &[("UV_NO_CONFIG", "1")], "own").unwrap(), None);
        assert_eq!(look(&all, &[], "nobody's").unwrap(), None);
    }

    #[test]
    fn settings_that_cannot_be_read_are_an_error_without_a_password() {
        let file =
            |text: &str| look(&[("project/pyproject.toml", text)], &[], "own").unwrap_err().to_string();
        let error = file("[[tool.uv.index]]\nname = \"own\"\npublish-url = \"https://me:marker@host\"\n");
        assert!(
            error.starts_with("cannot look for the index `own` in `") && error.ends_with("it has no `url`"),
            "{error}"
        );
        let error = file("[[tool.uv.index]]\nurl = \"https://me:marker@host\nname = \"own\"\n");
        assert!(error.contains("pyproject.toml") && !error.contains("marker"), "{error}");
        let text = "\u{feff}[[tool.uv.index]]\nname = \"own\"\nurl = \"https://me:marker@host\"";
        let found = look(&[("project/pyproject.toml", text)], &[], "own").unwrap().unwrap();
        assert_eq!(
            (found.url.as_str(), format!("{found:?}").as_str()),
            ("https://me:marker@host", "UserIndex(own)")
        );
    }

    #[test]
    fn a_location_says_where_an_index_is_and_uv_who_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[tool.uv.index]]\nname = \"own\"\nurl = \"https://me:marker@host.example/simple\"\n";
        fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        let url = |location: &str| located(folder.path(), location).map(|index| index.url);
        let of = "pypi://own?url=";
        assert_eq!(
            url(&format!("{of}https://host.example/simple/")).unwrap(),
            "https://me:marker@host.example/simple"
        );
        assert_eq!(url("pypi://own").unwrap(), "https://me:marker@host.example/simple");
        let moved =
            located(folder.path(), &format!("{of}https://b.example/?a&b&publish-url=https://up/")).unwrap();
        assert_eq!(
            (moved.url.as_str(), moved.publish_url.as_deref()),
            ("https://b.example/?a&b", Some("https://up/"))
        );
        assert!(url("pypi://pypi").unwrap().starts_with("https://"));
        for (location, cause) in [
            ("s3://bucket", "cannot read the location `s3://bucket` of a target"),
            ("pypi://own?uri=x", "cannot read the location"),
            ("pypi://other", "cannot find the index `other`: the settings of uv do not name it"),
        ] {
            let error = url(location).unwrap_err().to_string();
            assert!(error.starts_with(cause), "{error}");
        }
    }

    #[test]
    fn a_password_goes_where_the_settings_of_uv_lead() {
        // No variable is set here, so the file alone is asked.
        let folder = tempfile::tempdir().unwrap();
        let text = "[[index]]\nname = \"own\"\nurl = \"https://me:marker@host.example/simple\"\n";
        fs::write(folder.path().join("uv.toml"), text).unwrap();
        for (url, is_same) in [
            ("https://host.example/other/", true),
            ("https://host.example", true),
            ("http://host.example/simple", false),
            ("https://host.example.org/simple", false),
            ("https://host.example@else.example/simple", false),
        ] {
            assert_eq!(is_named(folder.path(), "own", url).unwrap(), is_same, "{url}");
        }
        assert!(!is_named(folder.path(), "other", "https://host.example/simple").unwrap());
    }

    #[test]
    fn pip_says_once_where_pypi_is() {
        let cache = tempfile::tempdir().unwrap();
        let url = default_simple_in(cache.path(), &Uv::find().unwrap()).unwrap();
        assert!(url.starts_with("https://") && url.ends_with("/simple"), "{url}");
        let nobody = Uv { path: cache.path().join("absent") };
        assert_eq!(default_simple_in(cache.path(), &nobody).unwrap(), url);
        let elsewhere = tempfile::tempdir().unwrap();
        let error = default_simple_in(elsewhere.path(), &nobody).unwrap_err();
        assert!(error.to_string().starts_with("cannot ask pip "), "{error}");
    }
}
