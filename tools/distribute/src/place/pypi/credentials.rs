//! With what right files are uploaded: found before anything is sent, handed to uv, shown by nothing.

use std::env;
use std::process::Command;

use document::Failure;
use uv::Uv;
use web::Secrets;

use super::kept;
use super::server::Server;

/// The variables by which uv could be told another place, or another right, than what was found here.
const FOREIGN: [&str; 8] = [
    "UV_PUBLISH_TOKEN",
    "UV_PUBLISH_USERNAME",
    "UV_PUBLISH_PASSWORD",
    "UV_PUBLISH_URL",
    "UV_PUBLISH_INDEX",
    "UV_PUBLISH_CHECK_URL",
    "UV_PUBLISH_NO_ATTESTATIONS",
    "UV_KEYRING_PROVIDER",
];

/// The right to upload.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A name and a password; for a token the name is `__token__`.
    Login {
        /// The name.
        user: String,
        /// The password or the token.
        password: String,
        /// The variable or the setting that it comes from.
        from: String,
    },
    /// The keyring of the user, asked through that provider.
    Keyring {
        /// The provider, in uv's words.
        provider: String,
        /// The name; some keyrings need none.
        user: Option<String>,
    },
    /// Trusted publishing: the server believes the identity of the job on this platform.
    Trusted(&'static str),
    /// What uv finds by itself: its store, or `.netrc`.
    Kept(Secrets),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Login { .. } => "Login",
            Self::Keyring { .. } => "Keyring",
            Self::Trusted(_) => "Trusted",
            Self::Kept(_) => "Kept",
        })
    }
}

/// Whom the secrets of `UV_PUBLISH_…` are for; no other server is told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee {
    /// This server.
    This,
    /// The server that the release is meant for, where this one is there for its rehearsal.
    Real,
    /// PyPI, which is a target of the run beside this one.
    Pypi,
}

impl Addressee {
    /// Why a server is not told them.
    fn reason(self) -> &'static str {
        match self {
            Self::This => "",
            Self::Real => "; UV_PUBLISH_TOKEN is not shown to a rehearsal",
            Self::Pypi => "; UV_PUBLISH_TOKEN is for PyPI, which gets the release too",
        }
    }
}

/// Finds the right to upload to a server.
pub fn find(uv: &Uv, server: &Server, place: &str, general: Addressee) -> Result<Credentials, Failure> {
    let variable = |name: &str| env::var(name).ok();
    if let Some(login) = given(server, general, &variable) {
        check(&login, server, place)?;
        return Ok(login);
    }
    if let Some(secrets) = kept::secrets(uv, server) {
        return Ok(Credentials::Kept(secrets));
    }
    trusted(&variable).unwrap_or_else(|| Err(absent(server, place, general)))
}

/// What the environment or a URL says, before anything is looked for.
fn given(
    server: &Server,
    general: Addressee,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Credentials> {
    // A secret of a workflow often ends with a newline.
    let text = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let own = |name: &str| if general == Addressee::This { text(name) } else { None };
    let login = |user: Option<String>, password: String, from: &str| {
        let user = user.unwrap_or_else(|| "__token__".to_owned());
        Some(Credentials::Login { user, password, from: from.to_owned() })
    };
    if let Some(name) = &server.index
        && let [user, password] = login_variables(name)
        && let Some(secret) = text(&password)
    {
        return login(text(&user), secret, &password);
    }
    if let Some(token) = own("UV_PUBLISH_TOKEN") {
        return login(None, token, "UV_PUBLISH_TOKEN");
    }
    if let Some(password) = own("UV_PUBLISH_PASSWORD") {
        return login(own("UV_PUBLISH_USERNAME"), password, "UV_PUBLISH_PASSWORD");
    }
    if server.has_password() {
        // uv takes it out of the URL by itself.
        return Some(Credentials::Kept(Secrets::default()));
    }
    let provider = text("UV_KEYRING_PROVIDER").filter(|provider| provider != "disabled")?;
    Some(Credentials::Keyring { provider, user: own("UV_PUBLISH_USERNAME") })
}

/// The variables of uv for the index of that name.
fn login_variables(index: &str) -> [String; 2] {
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = index.chars().map(sign).collect();
    ["USERNAME", "PASSWORD"].map(|what| format!("UV_INDEX_{name}_{what}"))
}

/// Refuses what PyPI is known to refuse: it takes tokens alone.
fn check(credentials: &Credentials, server: &Server, place: &str) -> Result<(), Failure> {
    let Credentials::Login { user, password, from } = credentials else { return Ok(()) };
    if !server.is_pypi() || user == "__token__" && password.starts_with("pypi-") {
        return Ok(());
    }
    let what = format!("cannot publish to `{place}`: what {from} holds is no token of PyPI");
    Err(Failure::new(what).hint(
        "make a token in the settings of the account, and set UV_PUBLISH_TOKEN to all of it, with `pypi-`",
    ))
}

/// Trusted publishing, where a platform offers it; an error where the job lacks the permission; `None` elsewhere.
fn trusted(variable: &dyn Fn(&str) -> Option<String>) -> Option<Result<Credentials, Failure>> {
    let is_on = |name: &str| variable(name).is_some_and(|text| text == "true");
    if is_on("GITHUB_ACTIONS") {
        let named = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        if named.iter().all(|name| variable(name).is_some_and(|text| !text.is_empty())) {
            return Some(Ok(Credentials::Trusted("GitHub Actions")));
        }
        let what = "cannot publish: the job may not show its identity (ACTIONS_ID_TOKEN_REQUEST_URL is not set), and there is no token";
        return Some(Err(Failure::new(what)
            .hint("write `id-token: write` below `permissions:` of the job, or set UV_PUBLISH_TOKEN")));
    }
    if is_on("GITLAB_CI") {
        let mut names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        if ["PYPI_ID_TOKEN", "TESTPYPI_ID_TOKEN"].iter().any(|name| variable(name).is_some())
            || names.any(|name| name.ends_with("_ID_TOKEN") && variable(&name).is_some())
        {
            return Some(Ok(Credentials::Trusted("GitLab")));
        }
        let what = "cannot publish: the job may not show its identity (PYPI_ID_TOKEN is not set), and there is no token";
        return Some(Err(Failure::new(what).hint(
            "write `id_tokens: { PYPI_ID_TOKEN: { aud: pypi } }` into the job, or set UV_PUBLISH_TOKEN",
        )));
    }
    is_on("BUILDKITE").then_some(Ok(Credentials::Trusted("Buildkite")))
}

fn absent(server: &Server, place: &str, general: Addressee) -> Failure {
    let what = format!("cannot publish to `{place}`: there is no token, and no other right to upload");
    let of_index = server.index.as_deref().map(login_variables);
    let why = general.reason();
    Failure::new(what).hint(match of_index {
        Some([_, password]) if general != Addressee::This => {
            format!("set {password} to the token or the password of its user{why}")
        }
        None if general != Addressee::This => {
            format!("give the target an `index`, and set UV_INDEX_NAME_PASSWORD{why}")
        }
        Some([_, password]) => format!("set UV_PUBLISH_TOKEN, or {password} for this index alone"),
        None => "set UV_PUBLISH_TOKEN, or UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD; a workflow with trusted publishing needs none".to_owned(),
    })
}

impl Credentials {
    /// Says whether the server believes the identity of the job.
    pub fn are_trusted(&self) -> bool {
        matches!(self, Self::Trusted(_))
    }

    /// Hands it to a call of `uv publish`, by the environment alone, and nothing else of the kind.
    pub fn hand_to(&self, command: &mut Command) {
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.args(["--trusted-publishing", if self.are_trusted() { "always" } else { "never" }]);
        match self {
            Self::Login { user, password, .. } => {
                command.env("UV_PUBLISH_USERNAME", user).env("UV_PUBLISH_PASSWORD", password);
            }
            Self::Keyring { provider, user } => {
                command.env("UV_KEYRING_PROVIDER", provider);
                command.envs(user.as_ref().map(|user| ("UV_PUBLISH_USERNAME", user)));
            }
            Self::Trusted(_) | Self::Kept(_) => {}
        }
    }

    /// The texts that nobody may see.
    pub fn secrets(&self, server: &Server) -> Secrets {
        let mut secrets = server.secrets();
        match self {
            Self::Login { user, password, .. } => secrets.add_login(user, password),
            Self::Kept(kept) => secrets.join(kept),
            Self::Keyring { .. } | Self::Trusted(_) => {}
        }
        secrets
    }

    /// What to do where they are refused.
    pub fn hint(&self) -> String {
        match self {
            Self::Login { from, .. } => {
                format!("check {from}: it must be whole, not expired, and allowed to upload this project")
            }
            Self::Keyring { .. } => "check what the keyring has for the URL of uploads".to_owned(),
            Self::Trusted(platform) => format!(
                "compare the trusted publisher in the settings of the project with this job on {platform}: owner, repository, workflow and environment"
            ),
            Self::Kept(_) => {
                "check the name and the password in the store of uv, in `.netrc` or in the `publish-url`"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use index::Served;
    use web::Web;

    use super::*;

    fn server(upload: Option<&str>, index: Option<&str>) -> Server {
        let served = Served::at("https://simple.example/", Web::new()).unwrap();
        let mut server = Server::at(served, upload);
        server.index = index.map(str::to_owned);
        server
    }

    fn given_by(variables: &[(&str, &str)], server: &Server, general: Addressee) -> Option<Credentials> {
        let of = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        given(server, general, &of)
    }

    fn login(user: &str, password: &str, from: &str) -> Option<Credentials> {
        let [user, password, from] = [user, password, from].map(str::to_owned);
        Some(Credentials::Login { user, password, from })
    }

    #[test]
    fn the_variables_of_the_index_win_and_a_rehearsal_is_told_no_others() {
        let own = server(Some("https://up.example/"), Some("my-index"));
        let mut variables = vec![
            ("UV_PUBLISH_TOKEN", "pypi-token\n"),
            ("UV_INDEX_MY_INDEX_USERNAME", "me"),
            ("UV_INDEX_MY_INDEX_PASSWORD", "secret"),
        ];
        assert_eq!(
            given_by(&variables, &own, Addressee::This),
            login("me", "secret", "UV_INDEX_MY_INDEX_PASSWORD")
        );
        variables.truncate(1);
        assert_eq!(
            given_by(&variables, &own, Addressee::This),
            login("__token__", "pypi-token", "UV_PUBLISH_TOKEN")
        );
        assert_eq!(given_by(&variables, &own, Addressee::Real), None);
        assert_eq!(given_by(&variables, &own, Addressee::Pypi), None);
        let in_url = server(Some("https://me:secret@up.example/"), None);
        assert_eq!(given_by(&[], &in_url, Addressee::Real), Some(Credentials::Kept(Secrets::default())));
        assert_eq!(
            Credentials::Kept(Secrets::default()).secrets(&in_url).hide("bWU6c2VjcmV0 secret"),
            "*** ***"
        );
        let keyring = given_by(
            &[("UV_KEYRING_PROVIDER", "subprocess"), ("UV_PUBLISH_USERNAME", "me")],
            &own,
            Addressee::This,
        );
        let wanted = Credentials::Keyring { provider: "subprocess".to_owned(), user: Some("me".to_owned()) };
        assert_eq!(keyring, Some(wanted));
    }

    #[test]
    fn pypi_is_given_tokens_alone() {
        let pypi = server(None, None);
        let token = login("__token__", "pypi-abc", "UV_PUBLISH_TOKEN").unwrap();
        assert!(check(&token, &pypi, "pypi").is_ok());
        for wrong in
            [login("me", "marker", "UV_PUBLISH_PASSWORD"), login("__token__", "marker", "UV_PUBLISH_TOKEN")]
        {
            let error = check(&wrong.unwrap(), &pypi, "pypi").unwrap_err().to_string();
            assert!(error.contains("holds is no token of PyPI") && !error.contains("marker"), "{error}");
        }
    }

    #[test]
    fn an_identity_is_looked_for_where_a_platform_has_one() {
        let of = |variables: &'static [(&str, &str)]| {
            trusted(&move |name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(of(&[]).is_none());
        let job = of(&[
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "x"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "y"),
        ]);
        assert_eq!(job.unwrap().unwrap(), Credentials::Trusted("GitHub Actions"));
        assert!(
            of(&[("GITHUB_ACTIONS", "true")])
                .unwrap()
                .unwrap_err()
                .given_hint()
                .unwrap()
                .contains("id-token: write")
        );
        let job = of(&[("GITLAB_CI", "true"), ("PYPI_ID_TOKEN", "x")]);
        assert_eq!(job.unwrap().unwrap(), Credentials::Trusted("GitLab"));
        assert!(of(&[("GITLAB_CI", "true")]).unwrap().is_err());
        let mut command = Command::new("uv");
        Credentials::Trusted("GitLab").hand_to(&mut command);
        assert!(command.get_args().any(|argument| argument == "always"));
        assert!(command.get_envs().any(|(name, value)| name == "UV_PUBLISH_TOKEN" && value.is_none()));
    }
}
