//! Which token is shown to which server.

use document::Failure;

use crate::GitHub;

/// The host whose interface has a host of its own.
pub(crate) const PUBLIC: &str = "github.com";
/// The domain of the servers that GitHub runs for enterprises.
const HOSTED: &str = ".ghe.com";

/// The variables with tokens for GitHub itself, and for a server of one's own, as the program `gh` knows them.
const TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];
const ENTERPRISE_TOKENS: [&str; 2] = ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];

impl GitHub {
    /// Refuses a location at a server that is neither GitHub's own, nor named by the environment or by these settings:
    /// a document may come from anybody, and the server would be shown the token for an enterprise. One of this machine
    /// is none.
    pub fn refuse_foreign<'a>(location: &str, own: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let more = location.split_once('?').map_or("", |(_, more)| more);
        let Some(api) = more.split('&').find_map(|pair| pair.strip_prefix("api=")) else { return Ok(()) };
        let is_known = names(api, api_of_environment().as_deref()).contains(&TOKENS[0]);
        if web::is_here(api) || is_known || own.into_iter().any(|own| own.trim_end_matches('/') == api) {
            return Ok(());
        }
        let what = format!(
            "cannot ask GitHub at {api}: the document alone names that server, and it would be shown a token"
        );
        Err(Failure::new(what).hint(format!("run it with GITHUB_API_URL={api} where that server is yours")))
    }
}

/// The address of GitHub's own interface.
pub(crate) fn public_api() -> String {
    format!("https://api.{PUBLIC}")
}

/// A variable of the environment that is not empty, without the white space around it.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// The address that the environment names, as each workflow does.
pub(crate) fn api_of_environment() -> Option<String> {
    variable("GITHUB_API_URL").map(|api| api.trim_end_matches('/').to_owned())
}

/// Says whether there is any token at all.
pub(crate) fn is_any() -> bool {
    TOKENS.iter().chain(&ENTERPRISE_TOKENS).any(|name| variable(name).is_some())
}

/// The token for the server at that address; else the variables that could hold one.
///
/// The address may come from a file that anybody could write. So a token for GitHub goes to GitHub, or to where the
/// environment itself leads.
pub(crate) fn token(api: &str) -> Result<String, Vec<&'static str>> {
    let names = names(api, api_of_environment().as_deref());
    names.iter().find_map(|name| variable(name)).ok_or(names)
}

fn names(api: &str, of_environment: Option<&str>) -> Vec<&'static str> {
    let host = web::server(api);
    if host == public_api() || host.starts_with("https://") && host.ends_with(HOSTED) {
        return TOKENS.to_vec();
    }
    let mut names = ENTERPRISE_TOKENS.to_vec();
    if of_environment == Some(api) {
        names.extend(TOKENS);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_github_is_shown_to_github_alone() {
        let public = public_api();
        assert_eq!(names(&public, None), TOKENS);
        assert_eq!(names("https://api.acme.ghe.com", None), TOKENS);
        for foreign in [
            "https://git.acme.example/api/v3",
            "https://api.github.com.acme.example",
            "https://xghe.com",
            "http://api.acme.ghe.com",
        ] {
            assert_eq!(names(foreign, Some(&public)), ENTERPRISE_TOKENS, "{foreign}");
            assert_eq!(names(foreign, Some(foreign)).len(), 4, "{foreign}");
        }
    }
}
