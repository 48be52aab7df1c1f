//! What nobody may see of an answer: a server may send back what was sent to it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;

use crate::encoded;

/// Texts that nobody may see, in all the ways in which a server may repeat them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a token or a password.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        self.0.extend([secret.to_owned(), encoded(secret)]);
        self.0.retain(|secret| !secret.is_empty());
        // A secret may be a part of another one.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.0.dedup();
    }

    /// Adds the password of a user, by itself and as a header has both (RFC 7617).
    pub fn add_login(&mut self, user: &str, password: &str) {
        if password.is_empty() {
            return;
        }
        let both = format!("{user}:{password}");
        [STANDARD.encode(&both), URL_SAFE_NO_PAD.encode(&both)].iter().for_each(|header| self.add(header));
        self.add(password);
    }

    /// Adds the password of a user as a URL has both.
    pub fn add_encoded_login(&mut self, user: &str, password: &str) {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        self.add_login(&decoded(user), &decoded(password));
        self.add(password);
    }

    /// Adds those of another one.
    pub fn join(&mut self, others: &Self) {
        others.0.iter().for_each(|secret| self.add(secret));
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let mut secrets = Secrets::default();
        secrets.add_encoded_login("me%40home", "mar%6Ber/1");
        secrets.add("");
        for text in [
            "marker/1",
            "mar%6Ber/1",
            "marker%2F1",
            "Basic bWVAaG9tZTptYXJrZXIvMQ==",
            "bWVAaG9tZTptYXJrZXIvMQ",
        ] {
            let hidden = secrets.hide(&format!("it was {text}."));
            assert!(hidden.ends_with("***.") && !hidden.contains("mar"), "{text}: {hidden}");
        }
        assert_eq!(secrets.hide("me@home"), "me@home");
        assert!(!format!("{secrets:?}").contains("marker"));
        secrets.add("marker/1-and-more");
        assert_eq!(secrets.hide("marker/1-and-more"), "***");
    }
}
