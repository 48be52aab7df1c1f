//! What a server has answered.

use serde_json::Value;
use ureq::{ResponseExt, http};

use crate::{Request, Secrets};

/// An answer: its status, its headers and its body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The address that has answered: another one than was asked, after a redirect.
    pub address: String,
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    secrets: Secrets,
}

impl Answer {
    pub(crate) fn new(response: &http::Response<ureq::Body>, body: Vec<u8>, request: &Request) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        let address = response.get_uri().to_string();
        let (status, headers) = (response.status().as_u16(), headers.collect());
        Self { address, status, headers, body, secrets: request.secrets.clone() }
    }

    /// Says whether the status is one of success, 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, in any spelling.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `None` when it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The first line of what the server says for people: the `message` of JSON, else the text; never longer than a line.
    /// What was secret in the request is hidden, before the end is cut off.
    pub fn said(&self) -> String {
        let json = self.json();
        let message = json.as_ref().and_then(|json| json.get("message")?.as_str().map(str::to_owned));
        let text = message.unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned());
        // A page for browsers says nothing in its first line.
        if text.trim_start().starts_with('<') {
            return String::new();
        }
        self.secrets.hide(&text).lines().next().unwrap_or_default().trim().chars().take(200).collect()
    }
}
