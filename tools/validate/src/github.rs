//! What GitHub knows of a commit, asked over its REST interface.

use std::time::Duration;

use anyhow::Result;
use document::Failure;
use project::{Git, date_of};
use serde_json::Value;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{RootCerts, TlsConfig};

/// The host whose interface has a host of its own.
const PUBLIC: &str = "github.com";

/// How many entries a page has at most, and how many pages are read.
const PER_PAGE: usize = 100;
const PAGES: usize = 20;

/// How long one answer is waited for, where `WAINWRIGHT_TIMEOUT` says nothing else.
const SECONDS: u64 = 30;

/// A repository at GitHub, with the right to read it.
pub struct GitHub {
    agent: ureq::Agent,
    api: String,
    repository: String,
    token: String,
    seconds: u64,
}

impl GitHub {
    /// The repository that a remote leads to; else why there is nobody to ask.
    pub fn of(git: &Git, remote: Option<&str>) -> Result<Result<Self, String>> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let Some(token) = variable("GH_TOKEN").or_else(|| variable("GITHUB_TOKEN")) else {
            return Ok(Err("there is no token: neither GH_TOKEN nor GITHUB_TOKEN is set".to_owned()));
        };
        let address = remote.map_or(Ok(None), |remote| git.web_address(remote))?;
        let Some((host, repository)) = address.as_deref().and_then(host_and_path) else {
            return Ok(Err("no remote leads to GitHub".to_owned()));
        };
        let (api, server) = (variable("GITHUB_API_URL"), variable("GITHUB_SERVER_URL"));
        // Within a workflow both are set, and a remote elsewhere is none of GitHub's.
        let is_elsewhere =
            server.is_some_and(|server| !server.trim_end_matches('/').ends_with(&format!("/{host}")));
        let api = match api {
            Some(api) if !is_elsewhere => api.trim_end_matches('/').to_owned(),
            None if host == PUBLIC => format!("https://api.{PUBLIC}"),
            _ => return Ok(Err(format!("the remote leads to {host}, and not to GitHub"))),
        };
        refuse_open(&api)?;
        let seconds = variable("WAINWRIGHT_TIMEOUT").and_then(|seconds| seconds.trim().parse().ok());
        let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or(SECONDS);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(seconds)))
            .http_status_as_error(false)
            // A repository that was renamed is a redirect on the same host.
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .user_agent(concat!("wainwright/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build();
        let repository = repository.to_owned();
        Ok(Ok(Self { agent: config.into(), api, repository, token: token.trim().to_owned(), seconds }))
    }

    /// The entries of a list about a commit, all pages of it; `None` where GitHub knows no such thing.
    pub fn list(&self, commit: &str, what: &str, key: &str) -> Result<Option<Vec<Value>>, Failure> {
        let mut entries = Vec::new();
        for page in 1..=PAGES {
            let path = format!("commits/{commit}/{what}?per_page={PER_PAGE}&page={page}");
            let Some(mut answer) = self.get(&path)? else { return Ok(None) };
            let Some(Value::Array(more)) = answer.get_mut(key).map(Value::take) else {
                return Err(self.failure(&format!("the answer has no list `{key}`")));
            };
            let count = more.len();
            entries.extend(more);
            if count < PER_PAGE {
                break;
            }
        }
        Ok(Some(entries))
    }

    /// Asks for a path of the repository; `None` where GitHub knows no such thing, or does not say that it does.
    fn get(&self, path: &str) -> Result<Option<Value>, Failure> {
        let address = format!("{}/repos/{}/{path}", self.api, self.repository);
        let request = self
            .agent
            .get(&address)
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Accept", "application/vnd.github+json")
            .header("X-GitHub-Api-Version", "2022-11-28");
        let mut response = request.call().map_err(|cause| self.unanswered(&cause))?;
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (left, reset) = (header("x-ratelimit-remaining"), header("x-ratelimit-reset"));
        let wait = header("retry-after");
        let body = response.body_mut().read_to_string().map_err(|cause| self.unanswered(&cause))?;
        let answer: Option<Value> = serde_json::from_str(&body).ok();
        let said = answer.as_ref().and_then(|answer| answer.get("message")?.as_str()).unwrap_or_default();
        match status {
            200..=299 => answer.map(Some).ok_or_else(|| self.failure("the answer is no JSON")),
            // 422 stands for a commit that is not there.
            404 | 422 => Ok(None),
            401 => Err(self
                .failure("it does not accept the token (401)")
                .hint("renew the token in GH_TOKEN or GITHUB_TOKEN, or unset it to leave the check out")),
            403 | 429 if left.as_deref() == Some("0") || wait.is_some() || said.contains("rate limit") => {
                let until = reset.and_then(|reset| reset.parse().ok()).map(time_of);
                let until = until.or(wait.map(|seconds| format!("{seconds} seconds have passed")));
                let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
                Err(self
                    .failure(&format!("its limit of requests is reached{until} ({status})"))
                    .hint("run `validate` again then"))
            }
            403 => Err(self
                .failure(&format!("the token may not read it (403{})", also(said)))
                .hint("give the token the rights `checks: read` and `statuses: read`")),
            _ => Err(self
                .failure(&format!("it answered {status}{}", also(said)))
                .hint("run `validate` again; `ci = \"off\"` in [validate] leaves the check out")),
        }
    }

    fn unanswered(&self, cause: &ureq::Error) -> Failure {
        let cause = match cause {
            ureq::Error::Timeout(_) => format!("there is no answer within {} s", self.seconds),
            cause => cause.to_string(),
        };
        self.failure(&cause).hint("run `validate` again; `ci = \"off\"` in [validate] leaves the check out")
    }

    fn failure(&self, cause: &str) -> Failure {
        let what = format!("cannot ask GitHub about `{}` at {}: {cause}", self.repository, self.api);
        // Nothing sends it back, but nobody would notice if something did.
        Failure::new(what.replace(&self.token, "***"))
    }
}

/// Refuses to send a token where everybody on the way can read it.
fn refuse_open(api: &str) -> Result<(), Failure> {
    let rest = api.strip_prefix("http://");
    let host = rest.map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    if api.starts_with("https://") || host.is_some_and(|host| matches!(host, "127.0.0.1" | "localhost")) {
        return Ok(());
    }
    let what = format!("cannot ask GitHub at `{api}`: a token is sent over https alone");
    Err(Failure::new(what).hint("write `https://` in GITHUB_API_URL"))
}

/// The host and the path of a web address.
fn host_and_path(address: &str) -> Option<(&str, &str)> {
    address.strip_prefix("https://")?.split_once('/')
}

/// What a server said, behind what is known anyway.
fn also(said: &str) -> String {
    let first = said.lines().next().unwrap_or_default();
    if first.is_empty() { String::new() } else { format!(": {first}") }
}

/// A number of seconds since 1970 as a time of the day in UTC.
fn time_of(seconds: u64) -> String {
    let minutes = seconds / 60;
    format!("{} {:02}:{:02} UTC", date_of(seconds), minutes / 60 % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_nowhere_in_the_open() {
        for api in ["https://api.example", "http://127.0.0.1:4000", "http://localhost/api"] {
            assert!(refuse_open(api).is_ok(), "{api}");
        }
        for api in ["http://api.example", "http://127.0.0.1.example", "ftp://x", "api.example"] {
            assert!(refuse_open(api).unwrap_err().to_string().contains("over https alone"), "{api}");
        }
    }

    #[test]
    fn a_time_is_one_of_the_day() {
        assert_eq!(time_of(1_772_368_260), "2026-03-01 12:31 UTC");
    }
}
