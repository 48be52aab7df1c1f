//! Requests over HTTP (RFC 9110): made again where that is safe, patient with busy servers, silent about secrets.
//!
//! It knows no server: what an answer means is the caller's business. An answer of any status is an [`Answer`]; only
//! its absence is an error. Object stores are not reached through here, but through their own library.

mod answer;
mod patience;
mod request;
mod secrets;

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use document::Failure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::config::RedirectAuthHeaders;
use ureq::http;
use ureq::tls::{RootCerts, TlsConfig};

pub use answer::Answer;
pub use request::{Body, Request};
pub use secrets::Secrets;

/// How long one answer is waited for, where `WAINWRIGHT_TIMEOUT` says nothing else.
const SECONDS: u64 = 30;
/// The slowest connection that a file is sent or taken over, in bytes a second.
const SLOWEST: u64 = 20_000;
/// What a URL does not take as it is: all but the unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// How many redirects are followed.
const REDIRECTS: u32 = 10;

/// A client, with its connections kept open.
#[derive(Debug, Clone)]
pub struct Web {
    agent: ureq::Agent,
    seconds: u64,
}

impl Default for Web {
    fn default() -> Self {
        Self::new()
    }
}

impl Web {
    /// A client that waits as long as `WAINWRIGHT_TIMEOUT` says for each answer, and uses the usual variables for proxies.
    pub fn new() -> Self {
        let seconds = std::env::var("WAINWRIGHT_TIMEOUT").ok().and_then(|text| text.trim().parse().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or(SECONDS);
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(Duration::from_secs(seconds)))
            .timeout_recv_response(Some(Duration::from_secs(seconds)))
            .http_status_as_error(false)
            .max_redirects(REDIRECTS)
            // What is renamed is a redirect on the same host; no other one is told the secret (F10).
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("wainwright/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build();
        Self { agent: config.into(), seconds }
    }

    /// Makes a request, and again while the server is busy or, where it is [`Request::is_repeatable`], the answer is lost.
    ///
    /// The body of the answer is held in memory; of a file use [`Web::fetch`].
    pub fn send(&self, request: &Request) -> Result<Answer, Failure> {
        self.again(request, |response| {
            let mut bytes = Vec::new();
            std::io::copy(&mut response.body_mut().as_reader(), &mut bytes)?;
            Ok(bytes)
        })
    }

    /// Makes a request whose answer is a file, and writes it block by block; an answer that is no success is held.
    ///
    /// It is made once, for what was written cannot be taken back.
    pub fn fetch(&self, request: &Request, to: &mut dyn Write) -> Result<Answer, Failure> {
        let mut response = self.call(request).map_err(|cause| self.unanswered(request, &cause))?;
        let mut bytes = Vec::new();
        let sink: &mut dyn Write = if response.status().is_success() { to } else { &mut bytes };
        std::io::copy(&mut response.body_mut().as_reader(), sink)
            .map_err(|cause| self.unanswered(request, &cause.into()))?;
        Ok(Answer::new(&response, bytes, request))
    }

    fn again(
        &self,
        request: &Request,
        read: impl Fn(&mut http::Response<ureq::Body>) -> Result<Vec<u8>, ureq::Error>,
    ) -> Result<Answer, Failure> {
        for attempt in 0.. {
            let last = attempt + 1 == patience::ATTEMPTS;
            let answer = self.call(request).and_then(|mut response| {
                let bytes = read(&mut response)?;
                Ok(Answer::new(&response, bytes, request))
            });
            match answer {
                Ok(answer) => match patience::after(&answer, request.is_repeatable(), attempt) {
                    Some(pause) if !last => std::thread::sleep(pause),
                    _ => return Ok(answer),
                },
                Err(cause) if last || !patience::is_worth_a_try(&cause, request.is_repeatable()) => {
                    return Err(self.unanswered(request, &cause));
                }
                Err(_) => std::thread::sleep(patience::pause(attempt)),
            }
        }
        unreachable!("the last attempt returns")
    }

    fn call(&self, request: &Request) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let mut builder = http::Request::builder().method(request.method).uri(&request.address);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let size = request.body.size().map_err(ureq::Error::Io)?;
        // A file takes as long as it takes; a connection that stands still does not.
        let patience = Duration::from_secs(self.seconds + size / SLOWEST);
        let body = request.body.open().map_err(ureq::Error::Io)?;
        let whole = || Some(Duration::from_secs(self.seconds.saturating_mul(20)));
        match body {
            None => {
                let call = builder.body(())?;
                let call = self.agent.configure_request(call).timeout_recv_body(whole()).build();
                self.agent.run(call)
            }
            Some(mut reader) => {
                let call =
                    builder.header("content-length", size).body(ureq::SendBody::from_reader(&mut reader))?;
                let call = self.agent.configure_request(call);
                let call = call.timeout_send_body(Some(patience)).timeout_recv_body(whole()).build();
                self.agent.run(call)
            }
        }
    }

    /// The error of a request that nobody answered: the server, and never what was sent to it.
    fn unanswered(&self, request: &Request, cause: &ureq::Error) -> Failure {
        let cause = match cause {
            ureq::Error::Timeout(_) => format!("there is no answer within {} s", self.seconds),
            cause => cause.to_string(),
        };
        let what = format!("cannot reach {}: {cause}", server(&request.address));
        let hint = "try again later; WAINWRIGHT_TIMEOUT says for how many seconds an answer is waited for";
        Failure::new(request.hide(&what)).hint(hint)
    }
}

/// A text as a part of a path or as a value in a query (RFC 3986, 2.3).
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The scheme, the host and the port of an address, without a name and a password.
pub fn server(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
}

/// Refuses to send a secret where everybody on the way can read it; `named` is the setting that holds the address.
pub fn refuse_open(address: &str, named: &str) -> Result<(), Failure> {
    let host = server(address);
    let rest = host.strip_prefix("http://").map(|rest| rest.split(':').next().unwrap_or_default());
    if host.starts_with("https://") && address.contains("://")
        || rest.is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"))
    {
        return Ok(());
    }
    let what = format!("cannot ask `{host}`: a token is sent over https alone");
    Err(Failure::new(what).hint(format!("write `https://` in {named}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_without_what_it_is_told() {
        assert_eq!(server("https://me:secret@host.example:8443/a?b#c"), "https://host.example:8443");
        assert_eq!(server("http://127.0.0.1:1"), "http://127.0.0.1:1");
    }

    #[test]
    fn a_text_in_a_url_means_itself() {
        assert_eq!(encoded("a-1+cu 12.whl"), "a-1%2Bcu%2012.whl");
    }

    #[test]
    fn a_token_goes_nowhere_in_the_open() {
        for address in ["https://api.example", "http://127.0.0.1:4000", "http://localhost/api"] {
            assert!(refuse_open(address, "x").is_ok(), "{address}");
        }
        for address in ["http://api.example", "http://127.0.0.1.example", "ftp://x", "api.example"] {
            let error = refuse_open(address, "`api`").unwrap_err();
            assert!(error.to_string().contains("over https alone"), "{address}");
        }
    }
}
