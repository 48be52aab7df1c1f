//! `[[target]]`: where the files are published.

use std::fmt;

use document::{Failure, ProjectPath};
use serde::Deserialize;

/// `[[target]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TargetSettings {
    /// The name for `distribute --to`.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// For a directory: the folder, relative to the project's root or absolute.
    pub path: Option<String>,
    /// For an object store: the bucket, for Azure the container. For S3 `--bucket` and `S3_PYPI_BUCKET` win over it.
    pub bucket: Option<String>,
    /// For an object store: the folder in the bucket that the index lies in; the top of the bucket where it is left out.
    pub prefix: Option<String>,
    /// For S3: the region. `AWS_REGION`, `AWS_DEFAULT_REGION` and the AWS profile are asked where it is left out.
    pub region: Option<String>,
    /// For an object store: the URL of a server of your own; the bucket is the first part of the path on it.
    /// For S3 `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` are asked where it is left out.
    pub endpoint: Option<String>,
    /// For Azure: the storage account.
    pub account: Option<String>,
    /// The URL that people install from, with `simple/` below it: a CDN, or the website of a bucket. Where it is left
    /// out, that of the folder or of the bucket itself. For PyPI's kind: the simple index of another server, where the
    /// settings of uv do not say it.
    pub url: Option<String>,
    /// For PyPI's kind: the name of an index in the settings of uv; PyPI itself where it is left out.
    pub index: Option<String>,
    /// For PyPI's kind: the URL that files are uploaded to, where the settings of uv do not say it.
    pub publish_url: Option<String>,
    /// For PyPI's kind: the target of that kind that the same files are uploaded to first, and installed from.
    pub rehearse: Option<String>,
    /// For PyPI's kind: whether each file must have its attestation (PEP 740) beside it, or none is sent. Where it is left
    /// out, those that are there are sent, with trusted publishing.
    pub attestations: Option<bool>,
    /// For PyPI's kind: for how many seconds the files may be missing from the simple index after the upload; 900 where it
    /// is left out.
    pub wait: Option<u64>,
    /// For PyPI's kind: how large a file may be, in MiB. Where it is left out, 100 for PyPI itself, which raises it for a
    /// project on request, and no limit for another server.
    pub file_limit: Option<u64>,
    /// For PyPI's kind: how large all files of a package may be together, in GiB. Where it is left out, 10 for PyPI itself,
    /// and no limit for another server.
    pub project_limit: Option<u64>,
    /// For GitHub: the repository, `owner/name`; the one that the remote leads to where it is left out.
    pub repository: Option<String>,
    /// For GitHub: the address of the interface of an Enterprise Server, as `https://git.acme.example/api/v3`;
    /// `GITHUB_API_URL`, else GitHub itself, where it is left out.
    pub api: Option<String>,
    /// For GitHub: the title of a release, with `{version}` or `{tag}`, and `{name}` for the project's name;
    /// `{name} {version}` where it is left out.
    pub title: Option<String>,
    /// For GitHub: the category of the discussion that is opened for each release; none where it is left out.
    pub discussion_category: Option<String>,
    /// For GitHub: whether a release may become the latest one of the repository. The highest version does where it is
    /// left out, and never a pre-release.
    pub latest: Option<bool>,
}

/// The kind of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum TargetKind {
    /// An index in a folder.
    Directory,
    /// An index in a bucket of Amazon S3, or of a server that speaks its language.
    S3,
    /// An index in a bucket of Google Cloud Storage.
    Gcs,
    /// An index in a container of Azure Blob Storage.
    Azure,
    /// PyPI, or a server that takes uploads as PyPI does.
    Pypi,
    /// The releases of a repository at GitHub, or at a GitHub Enterprise Server.
    Github,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Directory => "directory",
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Azure => "azure",
            Self::Pypi => "pypi",
            Self::Github => "github",
        })
    }
}

impl TargetSettings {
    /// The target of a project that names none: an index in `dist/index`.
    pub(crate) fn embedded(dist: &ProjectPath) -> Self {
        Self {
            name: "index".to_owned(),
            kind: TargetKind::Directory,
            path: Some(format!("{dist}/index")),
            bucket: None,
            prefix: None,
            region: None,
            endpoint: None,
            account: None,
            url: None,
            index: None,
            publish_url: None,
            rehearse: None,
            attestations: None,
            wait: None,
            file_limit: None,
            project_limit: None,
            repository: None,
            api: None,
            title: None,
            discussion_category: None,
            latest: None,
        }
    }

    /// The folder of a directory, as release.toml has it; `None` for the other kinds.
    pub fn folder(&self) -> Option<&str> {
        self.path.as_deref().filter(|_| self.kind == TargetKind::Directory)
    }

    /// Where it is, in one text that the release document keeps: the path of a directory, `pypi://INDEX`, else
    /// `KIND://BUCKET/PREFIX`, with what else is needed to find it behind a `?`.
    pub fn location(&self) -> Result<String, Failure> {
        if let Some(path) = self.folder() {
            return Ok(path.to_owned());
        }
        if self.kind == TargetKind::Pypi {
            return Ok(self.server());
        }
        if self.kind == TargetKind::Github {
            let Some(repository) = &self.repository else {
                let what =
                    format!("cannot find the target `{}`: its repository is that of the remote", self.name);
                return Err(
                    Failure::usage(what).hint("write `repository = \"owner/name\"` in its [[target]]")
                );
            };
            return Ok(self.on_github(repository));
        }
        let Some(bucket) = self.bucket.as_deref().filter(|bucket| !bucket.is_empty()) else {
            let what = format!("cannot find the target `{}`: no bucket is named", self.name);
            let hint = match self.kind {
                TargetKind::S3 => "give `--bucket`, set `S3_PYPI_BUCKET`, or write `bucket` in release.toml",
                _ => "write `bucket` in its [[target]] of release.toml",
            };
            return Err(Failure::usage(what).hint(hint));
        };
        if let Some(wrong) = bucket.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._$".contains(*c))) {
            let what = format!(
                "cannot use `{}` as a bucket: `{wrong}` stands in no name of one",
                bucket.escape_debug()
            );
            return Err(
                Failure::usage(what).hint("name the bucket alone, without `s3://` and without a folder")
            );
        }
        let mut location = format!("{}://{bucket}", self.kind);
        for part in self.prefix.iter().flat_map(|prefix| prefix.split('/')).filter(|part| !part.is_empty()) {
            location += &format!("/{part}");
        }
        let more = [
            ("account", &self.account),
            ("endpoint", &self.endpoint),
            ("region", &self.region),
            ("url", &self.url),
        ];
        let more: Vec<String> =
            more.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?))).collect();
        Ok(if more.is_empty() { location } else { format!("{location}?{}", more.join("&")) })
    }

    /// Refuses keys that its kind has no use for, and the absence of those that it cannot do without.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        use TargetKind::{Azure, Directory, Gcs, Github, Pypi, S3};
        let stores: &[TargetKind] = &[S3, Gcs, Azure];
        for (key, value) in [("region", &self.region), ("account", &self.account)] {
            let odd = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
            if let Some(value) = value.as_deref().filter(|value| value.is_empty() || value.contains(odd)) {
                let what = format!(
                    "release.toml: the [[target]] `{}` has `{}` as its `{key}`",
                    self.name,
                    value.escape_debug()
                );
                return Err(Failure::new(what).hint("write its name, as in `eu-west-1`"));
            }
        }
        let keys: [(&str, bool, &[TargetKind]); 19] = [
            ("path", self.path.is_some(), &[Directory]),
            ("bucket", self.bucket.is_some(), stores),
            ("prefix", self.prefix.is_some(), stores),
            ("region", self.region.is_some(), &[S3]),
            ("endpoint", self.endpoint.is_some(), stores),
            ("account", self.account.is_some(), &[Azure]),
            ("index", self.index.is_some(), &[Pypi]),
            ("publish-url", self.publish_url.is_some(), &[Pypi]),
            ("rehearse", self.rehearse.is_some(), &[Pypi]),
            ("attestations", self.attestations.is_some(), &[Pypi]),
            ("wait", self.wait.is_some(), &[Pypi]),
            ("file-limit", self.file_limit.is_some(), &[Pypi]),
            ("project-limit", self.project_limit.is_some(), &[Pypi]),
            ("url", self.url.is_some(), &[Directory, S3, Gcs, Azure, Pypi]),
            ("repository", self.repository.is_some(), &[Github]),
            ("api", self.api.is_some(), &[Github]),
            ("title", self.title.is_some(), &[Github]),
            ("discussion-category", self.discussion_category.is_some(), &[Github]),
            ("latest", self.latest.is_some(), &[Github]),
        ];
        let target = format!("release.toml: the [[target]] `{}` of the kind `{}`", self.name, self.kind);
        for (key, _, kinds) in keys.iter().filter(|(_, is_set, _)| *is_set) {
            if !kinds.contains(&self.kind) {
                let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
                return Err(Failure::new(format!("{target} has a `{key}`"))
                    .hint(format!("drop the key; it belongs to the kind {}", kinds.join(", "))));
            }
        }
        // The bucket of S3 may come from the command line.
        for (key, value, kinds) in
            [("path", &self.path, &[Directory][..]), ("bucket", &self.bucket, &[Gcs, Azure])]
        {
            if kinds.contains(&self.kind) && value.is_none() {
                return Err(Failure::new(format!("{target} has no `{key}`"))
                    .hint(format!("write `{key}` in its [[target]]")));
            }
        }
        self.check_server(&target)?;
        self.check_github(&target)?;
        self.check_places(&target)
    }

    /// Refuses URLs that are none or that hold a password, and prefixes that leave the bucket.
    fn check_places(&self, target: &str) -> Result<(), Failure> {
        let urls = [
            ("endpoint", &self.endpoint),
            ("url", &self.url),
            ("publish-url", &self.publish_url),
            ("api", &self.api),
        ];
        for (key, url) in urls {
            let Some(url) = url.as_deref() else { continue };
            if url.contains(['@', '?', '#', '&']) {
                let what = format!("{target} has an `{key}` with more than a server and a path");
                return Err(Failure::new(what)
                    .hint("names and passwords come from the environment, never from a URL"));
            }
            let is_url = ["http://", "https://"].iter().any(|start| url.starts_with(start))
                || (key == "url" && self.kind != TargetKind::Pypi && url.starts_with("file://"));
            if !is_url || url.contains(char::is_whitespace) {
                let what = format!("{target} has an `{key}` that is no URL: `{url}`");
                return Err(Failure::new(what).hint("write it with its scheme, as in `https://pkgs.example`"));
            }
        }
        // No shell reads it: a folder named `~` would be made in the project.
        if self.path.as_deref().is_some_and(|path| path.trim().is_empty() || path.starts_with(['~', '$'])) {
            let path = self.path.as_deref().unwrap_or_default().escape_debug();
            return Err(Failure::new(format!("{target} has a `path` that names no folder: `{path}`"))
                .hint("write the folder in full, or from the root of the project on"));
        }
        let odd = |part: &str| {
            matches!(part, "." | "..") || part.contains(|c: char| "?#&\\".contains(c) || c.is_control())
        };
        if self.prefix.iter().flat_map(|prefix| prefix.split('/')).any(odd) {
            return Err(Failure::new(format!("{target} has a `prefix` that is no folder of a bucket"))
                .hint("write plain names with `/` between them"));
        }
        Ok(())
    }
}

/// Puts the target in S3 into that bucket, which somebody has named beside release.toml; a name for several is refused.
pub fn in_bucket(
    mut targets: Vec<TargetSettings>,
    bucket: Option<&str>,
) -> Result<Vec<TargetSettings>, Failure> {
    let Some(bucket) = bucket.filter(|bucket| !bucket.is_empty()) else { return Ok(targets) };
    let mut in_s3: Vec<&mut TargetSettings> =
        targets.iter_mut().filter(|target| target.kind == TargetKind::S3).collect();
    if let [one] = in_s3.as_mut_slice() {
        one.bucket = Some(bucket.to_owned());
    } else if let [first, ..] = in_s3.as_slice() {
        let what = format!("cannot take `{bucket}` for the bucket: {} targets are in S3", in_s3.len());
        return Err(Failure::usage(what).hint(format!("choose one, as with `--to {}`", first.name)));
    }
    Ok(targets)
}

#[cfg(test)]
pub(super) mod tests {
    use crate::Settings;

    /// The settings with one target of those keys.
    pub(in crate::settings) fn read(keys: &str) -> Result<Settings, String> {
        let text = format!("[[target]]\nname = \"t\"\n{keys}\n");
        Settings::parse(&text).map_err(|error| format!("{error:#}"))
    }

    /// Where the only target is.
    pub(in crate::settings) fn location(keys: &str) -> String {
        read(keys).unwrap().target[0].location().map_err(|error| error.to_string()).unwrap()
    }

    #[test]
    fn a_location_says_all_that_is_needed_to_find_it() {
        assert_eq!(location("kind = \"directory\"\npath = \"dist/index\""), "dist/index");
        assert_eq!(location("kind = \"s3\"\nbucket = \"wheels\""), "s3://wheels");
        let more = "prefix = \"/a/b/\"\nregion = \"eu-west-1\"\nendpoint = \"http://127.0.0.1:8333\"";
        assert_eq!(
            location(&format!("kind = \"s3\"\nbucket = \"wheels\"\n{more}")),
            "s3://wheels/a/b?endpoint=http://127.0.0.1:8333&region=eu-west-1"
        );
        assert_eq!(
            location("kind = \"azure\"\nbucket = \"c\"\naccount = \"acme\""),
            "azure://c?account=acme"
        );
    }

    #[test]
    fn keys_of_another_kind_are_refused() {
        for (keys, expected) in [
            ("kind = \"directory\"", "`t` of the kind `directory` has no `path`"),
            ("kind = \"gcs\"", "of the kind `gcs` has no `bucket`"),
            ("kind = \"s3\"\npath = \"x\"", "of the kind `s3` has a `path`"),
            ("kind = \"directory\"\npath = \"x\"\nbucket = \"b\"", "of the kind `directory` has a `bucket`"),
            ("kind = \"gcs\"\nbucket = \"b\"\nregion = \"x\"", "of the kind `gcs` has a `region`"),
            ("kind = \"s3\"\naccount = \"x\"", "of the kind `s3` has a `account`"),
            ("kind = \"s3\"\nendpoint = \"localhost:80\"", "has an `endpoint` that is no URL"),
            ("kind = \"s3\"\nendpoint = \"http://me:secret@host\"", "with more than a server and a path"),
            ("kind = \"s3\"\nendpoint = \"me:secret@host\"", "with more than a server and a path"),
            ("kind = \"directory\"\npath = \"~/index\"", "has a `path` that names no folder: `~/index`"),
            ("kind = \"directory\"\npath = \"$HOME/index\"", "has a `path` that names no folder"),
            ("kind = \"directory\"\npath = \"\"", "has a `path` that names no folder: ``"),
            ("kind = \"s3\"\nprefix = \"a/../b\"", "has a `prefix` that is no folder of a bucket"),
            ("kind = \"s3\"\nrehearse = \"x\"", "of the kind `s3` has a `rehearse`"),
            ("kind = \"s3\"\nwait = 1", "of the kind `s3` has a `wait`"),
            ("kind = \"s3\"\nfile-limit = 300", "of the kind `s3` has a `file-limit`"),
            ("kind = \"pypi\"\nbucket = \"x\"", "of the kind `pypi` has a `bucket`"),
        ] {
            let error = read(keys).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_bucket_from_outside_is_for_one_target() {
        let two =
            read("kind = \"s3\"\nbucket = \"a\"\n[[target]]\nname = \"u\"\nkind = \"s3\"").unwrap().target;
        let error = super::in_bucket(two.clone(), Some("b")).unwrap_err().to_string();
        assert!(error.contains("2 targets are in S3"), "{error}");
        assert_eq!(super::in_bucket(two.clone(), None).unwrap(), two);
        let one = super::in_bucket(two[..1].to_vec(), Some("b")).unwrap();
        assert_eq!(one[0].location().unwrap(), "s3://b");
    }

    #[test]
    fn a_bucket_is_named_somewhere_and_is_a_bucket() {
        let mut settings = read("kind = \"s3\"").unwrap();
        let target = &mut settings.target[0];
        assert!(target.location().unwrap_err().to_string().contains("no bucket is named"));
        target.bucket = Some("s3://b/c".to_owned());
        assert!(target.location().unwrap_err().to_string().contains("`:` stands in no name of one"));
    }
}
