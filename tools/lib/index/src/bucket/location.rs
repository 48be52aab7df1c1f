//! Where an index in a bucket is: the one text that release.toml and the release document have for it.

use std::fmt;

use anyhow::Result;
use document::Failure;

/// The kind of an object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Amazon S3, or a server that speaks its language.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

/// A bucket, and the folder in it that an index lies in: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The kind of the store.
    pub kind: Kind,
    /// The bucket, for Azure the container.
    pub bucket: String,
    /// The folder without `/` at its ends; empty for the top of the bucket.
    pub prefix: String,
    /// For S3: the region.
    pub region: Option<String>,
    /// The URL of a server of one's own.
    pub endpoint: Option<String>,
    /// For Azure: the storage account.
    pub account: Option<String>,
    /// The URL that people install from, above `simple/`, where it is not that of the bucket.
    pub url: Option<String>,
}

impl Kind {
    /// The kind in the words of release.toml; `None` for a target of another sort.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "s3" => Some(Self::S3),
            "gcs" => Some(Self::Gcs),
            "azure" => Some(Self::Azure),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Azure => "azure",
        })
    }
}

/// The place for people: without the server.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind, self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl Location {
    /// The server that would be shown a token, where none of these endpoints of the settings names it: a document may
    /// come from anybody. One of this machine is none.
    ///
    /// A request to S3 is signed, and holds no secret. Google Cloud and Azure are shown tokens, with which whoever gets
    /// them can do the same.
    pub fn foreign_server<'a>(&self, own: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let host = web::server(self.endpoint.as_ref().filter(|_| self.kind != Kind::S3)?);
        let is_known = own.into_iter().any(|own| web::server(own) == host);
        (!is_known && !web::is_here(&host)).then_some(host)
    }

    /// Reads the text of a location.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Failure::document(format!("cannot read the location `{}` of a target", text.escape_debug()))
                .hint("it reads `s3://BUCKET/PREFIX`, with `?endpoint=URL` for a server of your own")
        };
        let (kind, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (path, more) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let mut location = Self {
            kind: Kind::parse(kind).ok_or_else(wrong)?,
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            region: None,
            endpoint: None,
            account: None,
            url: None,
        };
        let odd = |part: &str| part.is_empty() || matches!(part, "." | "..");
        if bucket.is_empty() || (!prefix.is_empty() && prefix.split('/').any(odd)) {
            return Err(wrong().into());
        }
        for (key, value) in more.split('&').filter_map(|pair| pair.split_once('=')) {
            let slot = match key {
                "region" => &mut location.region,
                "endpoint" => &mut location.endpoint,
                "account" => &mut location.account,
                "url" => &mut location.url,
                _ => return Err(wrong().into()),
            };
            *slot = Some(value.to_owned());
        }
        Ok(location)
    }

    /// The key of a path below the index.
    pub(crate) fn key(&self, below: &str) -> String {
        if self.prefix.is_empty() { below.to_owned() } else { format!("{}/{below}", self.prefix) }
    }

    /// The name of a key for people.
    pub(crate) fn name(&self, below: &str) -> String {
        format!("{}://{}/{}", self.kind, self.bucket, self.key(below))
    }

    /// The URL of `simple/` for those who install, with `/` at its end.
    pub fn public_url(&self) -> String {
        if let Some(url) = &self.url {
            return simple_url(url);
        }
        let key = self.key("simple/");
        let simple = web::encoded_path(&key);
        match (&self.endpoint, self.kind) {
            (Some(endpoint), _) => format!("{}/{}/{simple}", endpoint.trim_end_matches('/'), self.bucket),
            (None, Kind::S3) => {
                let region = self.region.as_deref().map(|region| format!(".{region}")).unwrap_or_default();
                format!("https://{}.s3{region}.amazonaws.com/{simple}", self.bucket)
            }
            (None, Kind::Gcs) => format!("https://storage.googleapis.com/{}/{simple}", self.bucket),
            (None, Kind::Azure) => {
                let account = self.account.as_deref().unwrap_or_default();
                format!("https://{account}.blob.core.windows.net/{}/{simple}", self.bucket)
            }
        }
    }
}

/// The URL of `simple/` below a URL that may name it already, with `/` at its end.
pub fn simple_url(url: &str) -> String {
    format!("{}/simple/", url.trim_end_matches('/').trim_end_matches("/simple"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_whole() {
        let location = Location::parse("s3://b/a/c?endpoint=http://127.0.0.1:1&region=eu-west-1").unwrap();
        assert_eq!(
            (location.key("simple/"), location.name("x")),
            ("a/c/simple/".into(), "s3://b/a/c/x".into())
        );
        assert_eq!(location.public_url(), "http://127.0.0.1:1/b/a/c/simple/");
        let location = Location::parse("s3://b?region=eu-west-1").unwrap();
        assert_eq!(location.public_url(), "https://b.s3.eu-west-1.amazonaws.com/simple/");
        assert_eq!(location.to_string(), "s3://b");
        let location = Location::parse("s3://b/a b/ü").unwrap();
        assert_eq!(location.public_url(), "https://b.s3.amazonaws.com/a%20b/%C3%BC/simple/");
        for url in ["https://a.example/x", "https://a.example/x/simple/"] {
            let location = Location::parse(&format!("s3://b?url={url}")).unwrap();
            assert_eq!(location.public_url(), "https://a.example/x/simple/");
        }
    }

    #[test]
    fn what_is_no_location_is_refused() {
        for text in
            ["", "dist/index", "ftp://b", "s3://", "s3:///x", "s3://b/../c", "s3://b/", "s3://b?secret=x"]
        {
            let read = Location::parse(text);
            assert_eq!(read.is_ok(), text == "s3://b/", "{text}: {read:?}");
        }
    }
}
