//! What a server is asked.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Secrets;

/// One request. A secret in it is shown by nothing.
#[derive(Clone)]
pub struct Request {
    pub(crate) method: &'static str,
    pub(crate) address: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    pub(crate) secrets: Secrets,
    is_repeatable: bool,
}

/// What is sent with a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file, which is read while it is sent.
    File(PathBuf),
}

impl Request {
    /// Asks for what is at an address.
    pub fn get(address: impl Into<String>) -> Self {
        Self::new("GET", address)
    }

    /// A request of that method. GET, HEAD, PUT and DELETE change nothing when they are repeated (RFC 9110, 9.2.2).
    pub fn new(method: &'static str, address: impl Into<String>) -> Self {
        let is_repeatable = matches!(method, "GET" | "HEAD" | "PUT" | "DELETE");
        let address = address.into();
        Self {
            method,
            address,
            headers: Vec::new(),
            body: Body::Empty,
            secrets: Secrets::default(),
            is_repeatable,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Shows a token (RFC 6750), which no error repeats.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.secrets.add(token);
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Shows a user's name and password (RFC 7617), of which no error repeats the latter.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.secrets.add_login(user, password);
        self.header("authorization", format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
    }

    /// Sends bytes of that media type.
    #[must_use]
    pub fn bytes(mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(bytes.into());
        self.header("content-type", media_type)
    }

    /// Sends a file of that media type.
    #[must_use]
    pub fn file(mut self, media_type: &str, path: impl Into<PathBuf>) -> Self {
        self.body = Body::File(path.into());
        self.header("content-type", media_type)
    }

    /// Says that the server does no more when the request comes twice, whatever its method.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// Says whether the request may be made again when nobody knows what became of it.
    pub fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// Says whether nothing is written by it.
    pub(crate) fn is_question(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    pub(crate) fn hide(&self, text: &str) -> String {
        self.secrets.hide(text)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.hide(&self.address))
    }
}

impl Body {
    pub(crate) fn size(&self) -> io::Result<u64> {
        Ok(match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(path) => path.metadata()?.len(),
        })
    }

    pub(crate) fn open(&self) -> io::Result<Option<Box<dyn Read + '_>>> {
        Ok(match self {
            Self::Empty => None,
            Self::Bytes(bytes) => Some(Box::new(Cursor::new(bytes))),
            Self::File(path) => Some(Box::new(File::open(path)?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_by_nothing() {
        let request = Request::get("https://host.example/?key=marker").token("marker");
        assert_eq!(format!("{request:?}"), "GET https://host.example/?key=***");
        assert_eq!(request.hide("it said marker"), "it said ***");
        let request = Request::get("https://host.example/").login("me", "marker");
        assert_eq!(request.headers, [("authorization", "Basic bWU6bWFya2Vy".to_owned())]);
        assert_eq!(request.hide("it said marker"), "it said ***");
    }
}
