//! A repository at GitHub, and the requests that it takes.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use document::Failure;
use project::{Git, is_repository};
use serde_json::Value;
use web::{Answer, Request, Web};

use crate::refusal::{self, Advice};
use crate::token;

/// How many entries a page has at most, and how many pages are read.
const PER_PAGE: usize = 100;
const PAGES: usize = 100;
/// How many tags may stand between a tag and its commit.
const DEPTH: usize = 5;
/// How often a request is made that came at a busy time, and the longest wait that GitHub may ask for, in seconds.
const ATTEMPTS: usize = 4;
const LONGEST: u64 = 60;

/// A repository at GitHub, or at a GitHub Enterprise Server, with a token.
#[derive(Clone)]
pub struct GitHub {
    web: Web,
    api: String,
    repository: String,
    token: String,
    advice: Advice,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.repository, self.api)
    }
}

impl GitHub {
    /// The repository that a remote leads to; else why there is nobody to ask.
    pub fn of(git: &Git, remote: Option<&str>, advice: Advice) -> Result<Result<Self, String>> {
        if !token::is_any() {
            return Ok(Err("there is no token: neither GH_TOKEN nor GITHUB_TOKEN is set".to_owned()));
        }
        let (api, repository) = match place(git, remote)? {
            Ok(place) => place,
            Err(reason) => return Ok(Err(reason)),
        };
        Self::at(&api, &repository, advice).map(Ok).map_err(Into::into)
    }

    /// The repository `owner/name` at the interface with that address; a token for it must be there.
    pub fn at(api: &str, repository: &str, advice: Advice) -> Result<Self, Failure> {
        let is_of_environment = token::api_of_environment().as_deref() == Some(api);
        web::refuse_open(
            api,
            if is_of_environment { "GITHUB_API_URL" } else { "the `api` of its [[target]]" },
        )?;
        let what = |why: &str| format!("cannot ask GitHub about `{repository}` at {api}: {why}");
        let token = token::token(api).map_err(|names| {
            Failure::new(what("there is no token for it")).hint(format!("set {}", names.join(" or ")))
        })?;
        // It goes into a header, where only these may be.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let hint = "copy the token anew, as one line of letters, digits and signs";
            return Err(Failure::new(what("its token has a character that no token has")).hint(hint));
        }
        let (api, repository) = (api.to_owned(), repository.to_owned());
        Ok(Self { web: Web::new(), api, repository, token, advice })
    }

    /// The repository that settings name, or else the one that a remote leads to.
    pub fn named(
        git: &Git,
        remote: &str,
        api: Option<&str>,
        repository: Option<&str>,
        advice: Advice,
    ) -> Result<Self> {
        let (api, repository) = place_named(git, remote, api, repository)?;
        Ok(Self::at(&api, &repository, advice)?)
    }

    /// The location of that repository in the words of a release document; no token is needed.
    pub fn location_named(
        git: &Git,
        remote: &str,
        api: Option<&str>,
        repository: Option<&str>,
    ) -> Result<String> {
        place_named(git, remote, api, repository).map(|(api, repository)| location(&api, &repository))
    }

    /// The repository at a location in the words of a release document: `github://owner/name?api=URL`.
    pub fn located(location: &str, advice: Advice) -> Result<Self, Failure> {
        let wrong = || Failure::document(format!("cannot find `{location}`: it is no repository at GitHub"));
        let rest = location.strip_prefix("github://").ok_or_else(wrong)?;
        let (repository, more) = rest.split_once('?').unwrap_or((rest, ""));
        if !is_repository(repository) {
            return Err(wrong());
        }
        let api = more.split('&').find_map(|pair| pair.strip_prefix("api="));
        Self::at(&api.map_or_else(token::public_api, str::to_owned), repository, advice)
    }

    /// The location in the words of a release document; [`GitHub::located`] reads it.
    pub fn location(&self) -> String {
        location(&self.api, &self.repository)
    }

    /// The page of the repository for people.
    pub fn page(&self) -> String {
        let server = self.api.strip_suffix("/api/v3").unwrap_or(&self.api);
        format!("{}/{}", server.replacen("https://api.", "https://", 1), self.repository)
    }

    /// The page of the release of a tag.
    pub fn page_of(&self, tag: &str) -> String {
        format!("{}/releases/tag/{}", self.page(), web::encoded_path(tag))
    }

    /// The address of the interface.
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The repository, `owner/name`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The commit that a tag of the repository leads to; `None` where there is no such tag.
    pub fn commit_of_tag(&self, tag: &str) -> Result<Option<String>, Failure> {
        let mut found = self.get(&format!("git/ref/tags/{}", web::encoded_path(tag)))?;
        // A tag of a tag is rare, and never deep.
        for _ in 0..DEPTH {
            let text = |key: &str| {
                let value = found.as_ref()?.get("object")?.get(key)?;
                value.as_str().map(str::to_owned)
            };
            let (Some(id), Some(kind)) = (text("sha"), text("type")) else { return Ok(None) };
            if kind != "tag" {
                return Ok(Some(id));
            }
            found = self.get(&format!("git/tags/{id}"))?;
        }
        Ok(None)
    }

    /// The categories of the repository's discussions, none where it has no discussions; `None` where nobody tells, as
    /// a token without the right to read them.
    ///
    /// The REST interface does not know them, so this is a question in GraphQL.
    pub fn discussion_categories(&self) -> Result<Option<Vec<String>>, Failure> {
        let server = self.api.strip_suffix("/v3").unwrap_or(&self.api);
        let (owner, name) = self.repository.split_once('/').unwrap_or_default();
        let query = format!(
            "query {{ repository(owner: \"{owner}\", name: \"{name}\") \
             {{ hasDiscussionsEnabled discussionCategories(first: 100) {{ nodes {{ name }} }} }} }}"
        );
        let request = self.request("POST", &format!("{server}/graphql")).repeatable();
        let body = serde_json::json!({ "query": query }).to_string();
        let answer = self.send(&request.bytes("application/json", body), &self.question())?;
        let json = answer.json().filter(|_| answer.is_success()).unwrap_or_default();
        let repository = &json["data"]["repository"];
        if repository["hasDiscussionsEnabled"] == false {
            return Ok(Some(Vec::new()));
        }
        let nodes = repository["discussionCategories"]["nodes"].as_array();
        let name = |node: &Value| node["name"].as_str().map(str::to_owned);
        Ok(nodes.map(|nodes| nodes.iter().filter_map(name).collect()))
    }

    /// What is at a path of the repository; `None` where GitHub knows no such thing, or does not say that it does.
    pub fn get(&self, path: &str) -> Result<Option<Value>, Failure> {
        let what = self.question();
        let answer = self.send(&self.request("GET", &self.address(path)), &what)?;
        match answer.status {
            // 422 stands for a commit that is not there.
            404 | 422 => Ok(None),
            _ => self.read(&answer, &what).map(Some),
        }
    }

    /// The entries of a list, all pages of it, which stand below `key` where the answer is no list itself; `None` where
    /// GitHub knows no such thing.
    pub fn list(&self, path: &str, key: Option<&str>) -> Result<Option<Vec<Value>>, Failure> {
        let (mut entries, what) = (Vec::new(), self.question());
        for page in 1..=PAGES {
            let address = self.address(&format!("{path}?per_page={PER_PAGE}&page={page}"));
            let answer = self.send(&self.request("GET", &address), &what)?;
            if matches!(answer.status, 404 | 422) {
                return Ok(None);
            }
            let mut json = self.read(&answer, &what)?;
            let list = match key {
                Some(key) => json.get_mut(key).map(Value::take),
                None => Some(json),
            };
            let Some(Value::Array(more)) = list else {
                let named = key.map(|key| format!(" `{key}`")).unwrap_or_default();
                return Err(self.failure(&what, &format!("the answer has no list{named}")));
            };
            let count = more.len();
            entries.extend(more);
            // What the token may not see is missing from a page, which then is no last one.
            let is_last = match answer.header("link") {
                Some(link) => !link.contains("rel=\"next\""),
                None => count < PER_PAGE,
            };
            if is_last {
                break;
            }
        }
        Ok(Some(entries))
    }

    pub(crate) fn address(&self, path: &str) -> String {
        let slash = if path.is_empty() { "" } else { "/" };
        format!("{}/repos/{}{slash}{path}", self.api, self.repository)
    }

    pub(crate) fn request(&self, method: &'static str, address: &str) -> Request {
        let request = Request::new(method, address).token(&self.token);
        request.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
    }

    /// Makes a request, and again after the pause that GitHub asks for; any other answer is returned. An error is
    /// that there is none, and that nobody knows what became of the request.
    pub(crate) fn send(&self, request: &Request, what: &str) -> Result<Answer, Failure> {
        for attempt in 1.. {
            let answer = self.web.send(request).map_err(|cause| self.failure(what, &cause.to_string()))?;
            // Uploads come in crowds, for which GitHub has a limit of its own.
            let asked = answer.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
            let pause = asked.filter(|seconds| answer.status == 403 && *seconds <= LONGEST);
            match pause {
                Some(seconds) if attempt < ATTEMPTS => std::thread::sleep(Duration::from_secs(seconds)),
                _ => return Ok(answer),
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Writes the body of an answer, block by block; any refusal is an error.
    pub(crate) fn fetch(&self, request: &Request, to: &mut dyn Write, what: &str) -> Result<(), Failure> {
        let answer = self.web.fetch(request, to);
        let answer = answer.map_err(|cause| self.failure(what, &cause.to_string()))?;
        if answer.is_success() { Ok(()) } else { Err(self.refusal(&answer, what)) }
    }

    pub(crate) fn advice(&self) -> &Advice {
        &self.advice
    }

    /// The JSON of an answer; any refusal is an error.
    pub(crate) fn read(&self, answer: &Answer, what: &str) -> Result<Value, Failure> {
        if !answer.is_success() {
            return Err(self.refusal(answer, what));
        }
        answer.json().ok_or_else(|| self.failure(what, "the answer is no JSON"))
    }

    pub(crate) fn refusal(&self, answer: &Answer, what: &str) -> Failure {
        self.hidden(refusal::failure(what, answer, &self.advice))
    }

    pub(crate) fn failure(&self, what: &str, cause: &str) -> Failure {
        self.hidden(Failure::new(format!("cannot {what}: {cause}")).hint(self.advice.again))
    }

    fn question(&self) -> String {
        format!("ask GitHub about `{}` at {}", self.repository, self.api)
    }

    /// Nothing sends the token back, but nobody would notice if something did.
    fn hidden(&self, failure: Failure) -> Failure {
        let clean = |text: &str| text.replace(&self.token, "***");
        let told = Failure::new(clean(&failure.to_string()));
        match failure.given_hint() {
            Some(hint) => told.hint(clean(hint)),
            None => told,
        }
    }
}

fn location(api: &str, repository: &str) -> String {
    let api = if api == token::public_api() { String::new() } else { format!("?api={api}") };
    format!("github://{repository}{api}")
}

/// The interface and the repository that settings name, or else those that a remote leads to.
fn place_named(
    git: &Git,
    remote: &str,
    api: Option<&str>,
    repository: Option<&str>,
) -> Result<(String, String)> {
    let api = api.map(|api| api.trim_end_matches('/').to_owned());
    Ok(match (api, repository) {
        (api, Some(repository)) => {
            let api = api.or_else(token::api_of_environment).unwrap_or_else(token::public_api);
            (api, repository.to_owned())
        }
        (Some(api), None) => (api, found(path_of(git, remote)?)?),
        (None, None) => found(place(git, Some(remote))?)?,
    })
}

/// Turns the reason why there is no repository into an error.
fn found<T>(place: Result<T, String>) -> Result<T, Failure> {
    place.map_err(|reason| {
        Failure::new(format!("cannot find the repository at GitHub: {reason}"))
            .hint("write `repository = \"owner/name\"` in its [[target]], and `api` for a server of your own")
    })
}

/// The repository that a remote leads to, on whatever server.
fn path_of(git: &Git, remote: &str) -> Result<Result<String, String>> {
    let address = git.web_address(remote)?;
    let path = address.as_deref().and_then(host_and_path).map(|(_, path)| path.to_owned());
    Ok(path.ok_or_else(|| "no remote leads to a server".to_owned()))
}

/// The interface and the repository that a remote leads to; else why there are none.
fn place(git: &Git, remote: Option<&str>) -> Result<Result<(String, String), String>> {
    let address = remote.map_or(Ok(None), |remote| git.web_address(remote))?;
    let Some((host, repository)) = address.as_deref().and_then(host_and_path) else {
        return Ok(Err("no remote leads to GitHub".to_owned()));
    };
    // Within a workflow both are set, and a remote elsewhere is none of GitHub's.
    let (api, server) = (token::api_of_environment(), token::variable("GITHUB_SERVER_URL"));
    let is_elsewhere =
        server.is_some_and(|server| !server.trim_end_matches('/').ends_with(&format!("/{host}")));
    Ok(match api {
        Some(api) if !is_elsewhere => Ok((api, repository.to_owned())),
        None if host == token::PUBLIC => Ok((token::public_api(), repository.to_owned())),
        _ => Err(format!("the remote leads to {host}, and not to GitHub")),
    })
}

/// The host and the path of a web address.
fn host_and_path(address: &str) -> Option<(&str, &str)> {
    address.strip_prefix("https://")?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE: Advice = Advice { token: "", rights: "", later: "", again: "" };

    fn at(api: &str) -> GitHub {
        let (api, repository) = (api.to_owned(), "octo/wagon".to_owned());
        GitHub { web: Web::new(), api, repository, token: "t".to_owned(), advice: ADVICE }
    }

    #[test]
    fn a_page_is_where_people_look() {
        for (api, page) in [
            ("https://api.github.com", "https://github.com/octo/wagon"),
            ("https://git.acme.example/api/v3", "https://git.acme.example/octo/wagon"),
            ("https://api.acme.ghe.com", "https://acme.ghe.com/octo/wagon"),
        ] {
            assert_eq!(at(api).page(), page);
        }
        let page = at("https://api.github.com").page_of("a#b/v1%2 ü");
        assert_eq!(page, "https://github.com/octo/wagon/releases/tag/a%23b/v1%252%20%C3%BC");
    }

    #[test]
    fn a_location_names_the_server_where_it_is_not_the_public_one() {
        assert_eq!(at("https://api.github.com").location(), "github://octo/wagon");
        let own = at("https://git.acme.example/api/v3").location();
        assert_eq!(own, "github://octo/wagon?api=https://git.acme.example/api/v3");
        for wrong in ["s3://octo/wagon", "github://octo", "github://octo/..", "github://o/w/x", "github://"] {
            let error = GitHub::located(wrong, ADVICE).unwrap_err().to_string();
            assert!(error.contains("it is no repository at GitHub"), "{error}");
        }
        let open = GitHub::located("github://o/w?api=http://git.acme.example", ADVICE).unwrap_err();
        assert!(open.to_string().contains("a token is sent over https alone"), "{open}");
        assert_eq!(open.given_hint(), Some("write `https://` in the `api` of its [[target]]"));
    }
}
