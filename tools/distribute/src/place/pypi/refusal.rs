//! Why an upload failed, told apart by what uv repeats of the server's answer.

use document::Failure;
use web::Secrets;

use super::credentials::Credentials;

/// How much of an answer is repeated, in characters.
const LONGEST: usize = 300;

/// The sort of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The server does not know who uploads, or a token has expired.
    Credentials,
    /// The identity of the job is none that the project trusts.
    Untrusted,
    /// Whoever uploads is known, and may not upload to this project.
    NotAllowed,
    /// The name of the project is taken, forbidden, or too like another one.
    Name,
    /// A file of that name is there.
    Exists,
    /// A file of that name was there and was deleted.
    Burned,
    /// The file or the project is too large.
    Quota,
    /// The version takes no more files.
    Closed,
    /// The file or its metadata is not as the server wants it.
    Metadata,
    /// The URL is not the one of uploads.
    Address,
    /// Too many uploads in a short time.
    Busy,
    /// The server failed, which says nothing of whether it has the file.
    Server,
    /// There was no answer.
    Unreachable,
    /// Anything else.
    Other,
}

/// A failed call of `uv publish`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What happened.
    pub sort: Sort,
    /// The words of the server, else those of uv, in one line and without secrets.
    pub said: String,
}

impl Refusal {
    /// Reads what uv said on stderr.
    pub fn read(stderr: &str, secrets: &Secrets) -> Self {
        let text = secrets.hide(stderr);
        // Before its first error uv tells of files that went well.
        let begin = if text.starts_with("error") { None } else { text.find("\nerror") };
        let text = begin.map_or(text.as_str(), |at| &text[at + 1..]);
        let status = ["status code ", "status code: "].iter().find_map(|start| {
            let rest = text.split(start).nth(1)?;
            rest.get(..3)?.parse::<u16>().ok()
        });
        let said = match text.split_once("Server says:") {
            Some((_, said)) => plain(said),
            None => plain(&errors(text)),
        };
        Self { sort: sort(status, &unquoted(text).to_lowercase()), said }
    }

    /// Says whether the same call may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self.sort, Sort::Busy | Sort::Server | Sort::Unreachable)
    }

    /// The error, for a file that was to go to a place.
    pub fn failure(&self, file: &str, place: &str, credentials: &Credentials) -> Failure {
        let (why, hint) = self.sort.words(credentials);
        let said = if self.said.is_empty() { String::new() } else { format!(": {}", self.said) };
        Failure::new(format!("cannot upload `{file}` to `{place}`: {why}{said}")).hint(hint)
    }
}

impl Sort {
    /// What it is, and what to do about it.
    fn words(self, credentials: &Credentials) -> (&'static str, String) {
        let (why, hint) = match self {
            Self::Credentials => return ("the server refuses the credentials", credentials.hint()),
            Self::Untrusted => {
                return ("the server does not trust the identity of this job", credentials.hint());
            }
            Self::NotAllowed => (
                "who uploads may not upload to this project",
                "ask an owner of the project for the role of a maintainer, or use a token that is for it; where the project is of others, choose another name",
            ),
            Self::Name => {
                ("the server does not take the name of the project", "choose another name in pyproject.toml")
            }
            Self::Exists => (
                "a file of that name is there with other bytes",
                "release another version: what was published is never replaced",
            ),
            Self::Burned => (
                "the name of the file was used before, and is never given out again",
                "release another version",
            ),
            Self::Quota => (
                "it is too large for the server",
                "make the files smaller, delete old ones there, or ask the server for a higher limit; then run `distribute` again",
            ),
            Self::Closed => ("the version takes no more files", "release another version"),
            Self::Metadata => (
                "the server refuses the file or its metadata",
                "look at `validate --for pypi` of the file, mend it in pyproject.toml, and release another version",
            ),
            Self::Address => (
                "the server takes no uploads at this URL",
                "check `publish-url`: it is that of uploads, not that of the simple index",
            ),
            Self::Busy => {
                ("the server asks to wait", "run `distribute` again later; it sends what is missing")
            }
            Self::Server => ("the server failed", "run `distribute` again later; it sends what is missing"),
            Self::Unreachable => (
                "there is no answer",
                "check the network and `publish-url`, and run `distribute` again; it sends what is missing",
            ),
            Self::Other => {
                ("uv failed", "mend what it says, and run `distribute` again; it sends what is missing")
            }
        };
        (why, hint.to_owned())
    }
}

fn sort(status: Option<u16>, text: &str) -> Sort {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["trusted publishing", "oidc token"]) {
        return Sort::Untrusted;
    }
    if says(&["already been used", "previously used", "previously been used", "filename was used"]) {
        return Sort::Burned;
    }
    // In the words of PyPI, GitLab, Nexus, Artifactory and uv.
    const EXISTS: [&str; 5] = [
        "already exist",
        "already been taken",
        "updating asset",
        "overwrite artifact",
        "local file and index file do not match",
    ];
    if says(&EXISTS) {
        return Sort::Exists;
    }
    match status {
        Some(400 | 403 | 413 | 422)
            if says(&["too large", "size limit", "exceeds", "quota", "storage limit"]) =>
        {
            Sort::Quota
        }
        Some(413 | 507) => Sort::Quota,
        Some(400 | 403) if says(&["older than", "no longer accept", "release is closed", "14 days"]) => {
            Sort::Closed
        }
        Some(400 | 403) if says(&["too similar", "the name '", "name is not allowed", "prohibited"]) => {
            Sort::Name
        }
        Some(400 | 401 | 403)
            if says(&["allowed to upload", "not valid for project", "not allowed to edit"]) =>
        {
            Sort::NotAllowed
        }
        Some(401 | 403) => Sort::Credentials,
        None if says(&["missing credentials", "no password", "failed to fetch credentials"]) => {
            Sort::Credentials
        }
        Some(409) => Sort::Exists,
        Some(429) => Sort::Busy,
        Some(404 | 405 | 410) => Sort::Address,
        None if says(&["redirect", "are not supported by the endpoint"]) => Sort::Address,
        Some(408 | 425 | 500..=599) => Sort::Server,
        Some(400..=499) => Sort::Metadata,
        None if says(&["failed to publish: ", "pep 740"]) => Sort::Metadata,
        None if says(&[
            "error sending request",
            "failed to send post request",
            "timed out",
            "connection",
        ]) =>
        {
            Sort::Unreachable
        }
        _ => Sort::Other,
    }
}

/// A text without what stands in quotes: names of files and projects may be any words.
fn unquoted(text: &str) -> String {
    let (mut rest, mut before, mut kept) = (text, ' ', String::new());
    while let Some(c) = rest.chars().next() {
        kept.push(c);
        rest = &rest[c.len_utf8()..];
        // An apostrophe stands in a word.
        if matches!(c, '`' | '\'' | '"') && !before.is_alphanumeric() {
            let is_end = |(at, _): &(usize, &str)| !rest[at + 1..].starts_with(char::is_alphanumeric);
            let line = rest.split('\n').next().unwrap_or_default();
            if let Some((at, _)) = line.match_indices(c).find(is_end) {
                kept.push(c);
                rest = &rest[at + 1..];
            }
        }
        before = c;
    }
    kept
}

/// What uv says in one line.
fn errors(text: &str) -> String {
    text.lines().map(|line| line.trim().trim_start_matches("error: ")).collect::<Vec<_>>().join(" ")
}

/// The words of an answer in one line: of a page for browsers its text alone.
fn plain(said: &str) -> String {
    let mut text = said.to_owned();
    if said.trim_start().starts_with('<') {
        text.clear();
        let (mut is_tag, mut is_hidden) = (false, false);
        for piece in said.split_inclusive(['<', '>']) {
            if is_tag {
                let name = piece.trim_end_matches('>').to_lowercase();
                is_hidden =
                    name.starts_with("style") || name.starts_with("script") || name.starts_with("title");
                text.push(' ');
            } else if !is_hidden {
                text.push_str(piece.trim_end_matches('<'));
            }
            is_tag = piece.ends_with('<');
        }
    }
    for (entity, sign) in [("&#039;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
        text = text.replace(entity, sign);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    // The number of the status stands before what PyPI says.
    let line = match line.split_once(' ') {
        Some((status, rest)) if status.len() == 3 && status.parse::<u16>().is_ok() => rest.to_owned(),
        _ => line,
    };
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cause: &str) -> Refusal {
        let text = format!(
            "Uploading a.whl (1B)\nerror: Failed to publish `a.whl` to `https://x`\n  cause: {cause}\n"
        );
        let mut secrets = Secrets::default();
        secrets.add("marker");
        Refusal::read(&text, &secrets)
    }

    fn answered(status: &str, said: &str) -> (Sort, String) {
        let refusal = read(&format!("Server returned status code {status}. Server says: {said}"));
        (refusal.sort, refusal.said)
    }

    #[test]
    fn what_pypi_answers_is_told_apart() {
        for (status, said, sort) in [
            (
                "403 Forbidden",
                "403 Invalid or non-existent authentication information. See https://x/help/#invalid-auth for more information.",
                Sort::Credentials,
            ),
            ("403 Forbidden", "403 Invalid API Token: not valid for project: 'a'", Sort::NotAllowed),
            (
                "403 Forbidden",
                "403 The user 'me' isn't allowed to upload to project 'a'. See https://x/help/#project-name for more information.",
                Sort::NotAllowed,
            ),
            ("400 Bad Request", "400 The name 'a' is too similar to an existing project.", Sort::Name),
            (
                "400 Bad Request",
                "400 The name 'a' isn't allowed. See https://x/help/#project-name for more information.",
                Sort::Name,
            ),
            (
                "400 Bad Request",
                "400 File already exists ('a.whl', with blake2_256 hash 'ab'). See https://x/help/#file-name-reuse for more information.",
                Sort::Exists,
            ),
            (
                "400 Bad Request",
                "400 This filename has already been used, use a different version. See https://x/help/#file-name-reuse for more information.",
                Sort::Burned,
            ),
            (
                "400 Bad Request",
                "400 This filename was previously used by a file that has since been deleted. Use a different version.",
                Sort::Burned,
            ),
            ("400 Bad Request", "400 File too large. Limit for project 'a' is 100 MB.", Sort::Quota),
            (
                "400 Bad Request",
                "400 Project size too large. Limit for project 'a' total size is 10 GB.",
                Sort::Quota,
            ),
            ("413 Payload Too Large", "<html>x</html>", Sort::Quota),
            (
                "400 Bad Request",
                "400 The use of local versions in <Version('1+a')> is not allowed.",
                Sort::Metadata,
            ),
            ("400 Bad Request", "400 Can't have direct dependency: 'x @ https://x'", Sort::Metadata),
            ("429 Too Many Requests", "Too many new projects created", Sort::Busy),
            ("503 Service Unavailable", "busy", Sort::Server),
            ("404 Not Found", "nothing", Sort::Address),
            ("409 Conflict", "409 a.whl", Sort::Exists),
            ("400 Bad Request", "Validation failed: File name has already been taken", Sort::Exists),
            ("400 Bad Request", "Repository does not allow updating assets: pypi-hosted", Sort::Exists),
            ("403 Forbidden", "Not enough permissions to delete/overwrite artifact 'a.whl'", Sort::Exists),
            ("401 Unauthorized", "401 Unauthorized", Sort::Credentials),
        ] {
            let (found, words) = answered(status, said);
            assert_eq!(found, sort, "{said}");
            assert!(!words.starts_with("40"), "{words}");
        }
    }

    #[test]
    fn what_uv_says_by_itself_is_told_apart() {
        for (cause, sort) in [
            ("Failed to send POST request\n  cause: Missing credentials for: https://x/", Sort::Credentials),
            (
                "Failed to send POST request\n  cause: error sending request\n  cause: tcp connect error",
                Sort::Unreachable,
            ),
            (
                "POST requests are not supported by the endpoint, are you using the simple index URL?",
                Sort::Address,
            ),
            ("Redirected URL is not in the same realm. Redirected to: https://y", Sort::Address),
        ] {
            assert_eq!(read(cause).sort, sort, "{cause}");
        }
        let text = "error: Failed to obtain token for trusted publishing\n  cause: Server returned error code 422, is trusted publishing correctly configured?\n";
        let refusal = Refusal::read(text, &Secrets::default());
        assert_eq!(refusal.sort, Sort::Untrusted);
        let failure = refusal.failure("a.whl", "pypi", &Credentials::Trusted("GitHub Actions"));
        assert!(failure.to_string().contains("does not trust the identity"), "{failure}");
        assert!(failure.given_hint().unwrap().contains("workflow and environment"));
    }

    #[test]
    fn neither_names_nor_what_went_well_tell_why() {
        let text = "File quota-1.whl already exists, skipping\nUploading quota-1.tar.gz (1B)\n\
                    error: Failed to publish `/a/already exist/trusted publishing/quota-1.tar.gz` to `https://x`\n  \
                    cause: Server returned status code 403 Forbidden. Server says: ";
        for (said, sort) in [
            ("403 Invalid or non-existent authentication information.", Sort::Credentials),
            ("403 The user 'me' isn't allowed to upload to project 'quota'. See x", Sort::NotAllowed),
            ("403 Invalid API Token: not valid for project: 'exceeds'", Sort::NotAllowed),
        ] {
            assert_eq!(Refusal::read(&format!("{text}{said}\n"), &Secrets::default()).sort, sort, "{said}");
        }
        assert_eq!(unquoted("It isn't 'a b' of \"c\" or `d` 'e"), "It isn't '' of \"\" or `` 'e");
    }

    #[test]
    fn an_answer_becomes_one_line_without_secrets_and_tags() {
        let page = "<!DOCTYPE HTML>\n<html><head><title>Error</title><style>b { c }</style></head>\n<body>\n<pre>It&#039;s\n marker</pre></body></html>";
        assert_eq!(answered("500 X", page).1, "It's ***");
        let long = "ä".repeat(1000);
        assert_eq!(answered("500 X", &long).1.chars().count(), LONGEST + 1);
        assert_eq!(answered("500 X", "").1, "");
    }
}
