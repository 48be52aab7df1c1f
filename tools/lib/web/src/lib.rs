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
pub const SLOWEST: u64 = 20_000;
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

    /// Makes a request, and follows to where it is sent.
    ///
    /// The library does that for what is read. What is written it would drop the body of, or turn into a question; so
    /// it goes to its new place by itself, as it is, where the server says that and is the same (RFC 9110, 15.4).
    fn call(&self, request: &Request) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let mut address = request.address.clone();
        for _ in 0..=REDIRECTS {
            let response = self.call_at(request, &address)?;
            match moved(request, &address, &response) {
                Some(place) => address = place,
                None => return Ok(response),
            }
        }
        Err(ureq::Error::TooManyRedirects)
    }

    fn call_at(&self, request: &Request, address: &str) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let mut builder = http::Request::builder().method(request.method).uri(address);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let size = request.body.size().map_err(ureq::Error::Io)?;
        // A file takes as long as it takes; a connection that stands still does not.
        let patience = Duration::from_secs(self.seconds + size / SLOWEST);
        let body = request.body.open().map_err(ureq::Error::Io)?;
        let whole = || Some(Duration::from_secs(self.seconds.saturating_mul(20)));
        let redirects = if request.is_question() { REDIRECTS } else { 0 };
        match body {
            None => {
                let call = self.agent.configure_request(builder.body(())?).max_redirects(redirects);
                self.agent.run(call.timeout_recv_body(whole()).build())
            }
            Some(mut reader) => {
                let call =
                    builder.header("content-length", size).body(ureq::SendBody::from_reader(&mut reader))?;
                let call = self.agent.configure_request(call).max_redirects(redirects);
                let call = call.timeout_send_body(Some(patience)).timeout_recv_body(whole()).build();
                self.agent.run(call)
            }
        }
    }

    /// The error of a request that nobody answered: the server, and never what was sent to it.
    fn unanswered(&self, request: &Request, cause: &ureq::Error) -> Failure {
        let (cause, hint) = match cause {
            ureq::Error::Timeout(_) => (
                format!("there is no answer within {} s", self.seconds),
                "try again later; WAINWRIGHT_TIMEOUT says for how many seconds an answer is waited for",
            ),
            cause => (cause.to_string(), "try again later, if that is its right address"),
        };
        let what = format!("cannot reach {}: {cause}", server(&request.address));
        Failure::new(request.hide(&what)).hint(hint)
    }
}

/// Where a request that writes is to be made instead; `None` where the answer counts.
fn moved(request: &Request, address: &str, response: &http::Response<ureq::Body>) -> Option<String> {
    if request.is_question() || !matches!(response.status().as_u16(), 307 | 308) {
        return None;
    }
    let place = response.headers().get("location")?.to_str().ok()?;
    let here = server(address);
    let place = if place.starts_with('/') { format!("{here}{place}") } else { place.to_owned() };
    // Another server is told neither the secret nor what is written.
    (server(&place) == here && place.contains("://")).then_some(place)
}

/// A text as a part of a path or as a value in a query (RFC 3986, 2.3).
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A text as the parts of a path, between which each `/` stays.
pub fn encoded_path(text: &str) -> String {
    text.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// The scheme, the host and the port of an address, without a name and a password.
pub fn server(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{}", host.rsplit('@').next().unwrap_or_default())
}

/// Says whether an address is one of this machine.
pub fn is_here(address: &str) -> bool {
    let host = server(address);
    let name = host.split_once("://").map_or("", |(_, rest)| rest);
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|here| name.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

/// Refuses to send a secret where everybody on the way can read it; `named` is the setting that holds the address.
pub fn refuse_open(address: &str, named: &str) -> Result<(), Failure> {
    let host = server(address);
    if host.starts_with("https://") && address.contains("://")
        || host.starts_with("http://") && is_here(address)
    {
        return Ok(());
    }
    // Without a scheme it is called what it would be with one.
    let host = if address.contains("://") { &host } else { host.trim_start_matches("https://") };
    let what = format!("cannot ask `{host}`: a token is sent over https alone");
    Err(Failure::new(what).hint(format!("write `https://` in {named}")))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// A server that gives each of these answers once, one connection each; it returns what it was asked.
    fn serve(answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = move |answer: String| {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let head: Vec<String> =
                reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let size = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; size.map_or(0, |size| size.parse().unwrap())];
            reader.read_exact(&mut body).unwrap();
            let end = "\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(format!("HTTP/1.1 {answer}{end}").as_bytes()).unwrap();
            let token = head.iter().any(|line| line == "authorization: Bearer marker");
            format!("{} {} {token}", head[0].replace(" HTTP/1.1", ""), String::from_utf8(body).unwrap())
        };
        (address, std::thread::spawn(move || answers.into_iter().map(asked).collect()))
    }

    #[test]
    fn what_is_written_follows_to_where_the_same_server_has_moved_it() {
        for method in ["POST", "PATCH", "PUT"] {
            let answers = ["307 Moved\r\nlocation: /new?a=b", "201 Created"].map(str::to_owned);
            let (address, asked) = serve(answers.to_vec());
            let request = Request::new(method, format!("{address}/old")).token("marker");
            let answer = Web::new().send(&request.bytes("text/plain", "words")).unwrap();
            assert_eq!((answer.status, answer.address), (201, format!("{address}/new?a=b")));
            let expected = [format!("{method} /old words true"), format!("{method} /new?a=b words true")];
            assert_eq!(asked.join().unwrap(), expected);
        }
        let (address, asked) = serve(vec!["308 Moved\r\nlocation: /new".to_owned(), "204 Gone".to_owned()]);
        let answer = Web::new().send(&Request::new("DELETE", format!("{address}/old"))).unwrap();
        assert_eq!(answer.status, 204);
        assert_eq!(asked.join().unwrap(), ["DELETE /old  false", "DELETE /new  false"]);
    }

    #[test]
    fn what_is_written_goes_to_no_other_server_and_becomes_no_question() {
        let (other, _) = serve(vec!["200 OK".to_owned()]);
        for (answer, status) in [
            (format!("307 Moved\r\nlocation: {other}/new"), 307),
            ("301 Moved\r\nlocation: /new".to_owned(), 301),
        ] {
            let (address, asked) = serve(vec![answer]);
            let request = Request::new("DELETE", format!("{address}/old")).token("marker");
            assert_eq!(Web::new().send(&request).unwrap().status, status);
            assert_eq!(asked.join().unwrap(), ["DELETE /old  true"]);
        }
    }

    #[test]
    fn a_server_is_named_without_what_it_is_told() {
        assert_eq!(server("https://me:secret@host.example:8443/a?b#c"), "https://host.example:8443");
        assert_eq!(server("http://127.0.0.1:1"), "http://127.0.0.1:1");
    }

    #[test]
    fn a_text_in_a_url_means_itself() {
        assert_eq!(encoded("a-1+cu 12.whl"), "a-1%2Bcu%2012.whl");
        assert_eq!(encoded_path("core/v1#2"), "core/v1%232");
    }

    #[test]
    fn a_token_goes_nowhere_in_the_open() {
        for address in ["https://api.example", "http://127.0.0.1:4000", "http://localhost/api"] {
            assert!(refuse_open(address, "x").is_ok(), "{address}");
        }
        assert!(
            is_here("http://[::1]:80/x") && !is_here("http://[::1]x") && !is_here("http://localhost.example")
        );
        for address in ["http://api.example", "http://127.0.0.1.example", "ftp://x", "api.example"] {
            let error = refuse_open(address, "`api`").unwrap_err();
            assert!(error.to_string().contains("over https alone"), "{address}");
        }
        let error = refuse_open("api.example/v3", "`api`").unwrap_err().to_string();
        assert_eq!(error, "cannot ask `api.example`: a token is sent over https alone");
    }
}
