//! Texts that must not be published: keys, tokens, and code that PyPI does not take because nobody can read it.
//!
//! Members are searched on their way past, block by block, so that none of them is read twice or kept.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::Problem;
use crate::check::{Code, Weight};

/// Larger files are searched by nobody, PyPI among them.
const SIZE_LIMIT: u64 = 5 << 20;
/// The longest text that must be seen whole: what is left of one block stands before the next.
const OVERLAP: usize = 320;
/// Names under which programs keep passwords, tokens and keys.
const NAMES: [&str; 12] = [
    ".env",
    ".git-credentials",
    ".htpasswd",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "kubeconfig",
];
/// Endings of files that hold nothing but keys.
const KEY_STORES: [&str; 5] = [".jks", ".kdbx", ".keystore", ".p12", ".pfx"];
/// Examples of a `.env` that are there to be copied.
const EXAMPLES: [&str; 5] = ["dist", "example", "sample", "template", "test"];
/// Endings of files that are text.
const TEXTS: [&str; 28] = [
    "bash",
    "cfg",
    "conf",
    "crt",
    "env",
    "html",
    "ini",
    "ipynb",
    "js",
    "json",
    "key",
    "lock",
    "md",
    "pem",
    "properties",
    "py",
    "pye",
    "pyi",
    "rst",
    "sh",
    "sql",
    "toml",
    "ts",
    "txt",
    "xml",
    "yaml",
    "yml",
    "zsh",
];

/// What a text begins with, and what it is.
const STARTS: [(&str, Kind); 16] = [
    ("-----BEGIN ", Kind::PrivateKey),
    ("AKIA", Kind::AwsKey),
    ("ghp_", Kind::GithubToken),
    ("gho_", Kind::GithubToken),
    ("ghs_", Kind::GithubToken),
    ("ghu_", Kind::GithubToken),
    ("ghr_", Kind::GithubToken),
    ("github_pat_", Kind::GithubToken),
    ("glpat-", Kind::GitlabToken),
    ("npm_", Kind::NpmToken),
    ("pypi-AgEIcHlwaS5vcmcCJ", Kind::PypiToken),
    ("xoxb-", Kind::SlackToken),
    ("xoxp-", Kind::SlackToken),
    ("__pyarmor_", Kind::Pyarmor),
    ("---BEGIN PYE FILE---", Kind::SourceDefenderStart),
    ("---END PYE FILE---", Kind::SourceDefenderEnd),
];

static SEARCHER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(STARTS.iter().map(|(start, _)| start)).ok());

/// What was found in a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    PrivateKey,
    AwsKey,
    GithubToken,
    GitlabToken,
    NpmToken,
    PypiToken,
    SlackToken,
    Pyarmor,
    SourceDefenderStart,
    SourceDefenderEnd,
}

/// Says whether a file has a name under which secrets are kept.
pub(crate) fn is_named_like_one(base: &str) -> bool {
    let is_env = base.strip_prefix(".env.").is_some_and(|rest| !EXAMPLES.contains(&rest));
    NAMES.contains(&base) || is_env || KEY_STORES.iter().any(|end| base.ends_with(end))
}

/// The search of one member.
pub(crate) struct Search {
    kept: Vec<u8>,
    found: BTreeSet<Kind>,
    is_python: bool,
}

impl Search {
    /// Starts the search of a member; `None` for what is no text, or too large.
    pub(crate) fn of(name: &str, size: u64) -> Option<Self> {
        let base = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        let ending = base.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_text = ending.is_empty() || TEXTS.contains(&ending) || base.starts_with(".env");
        let is_python = matches!(ending, "py" | "pye");
        (is_text && size <= SIZE_LIMIT).then(|| Self { kept: Vec::new(), found: BTreeSet::new(), is_python })
    }

    /// Searches the next block of the member.
    pub(crate) fn take(&mut self, block: &[u8]) {
        self.kept.extend_from_slice(block);
        // What begins close to the end is judged when more of it is there.
        let sure = self.kept.len().saturating_sub(OVERLAP);
        self.look(sure);
        self.kept.drain(..sure);
    }

    /// Ends the search: what was found in the member `name`, `secret` being the code for keys and tokens and `hidden`
    /// that for code which nobody can read.
    pub(crate) fn finish(mut self, name: &str, secret: Code, hidden: Code) -> Vec<Problem> {
        self.look(self.kept.len());
        let has_both = self.found.contains(&Kind::SourceDefenderEnd);
        let mut problems = Vec::new();
        for kind in self.found {
            let what = match kind {
                Kind::PrivateKey => "a private key",
                Kind::AwsKey => "an access key of AWS",
                Kind::GithubToken => "a token of GitHub",
                Kind::GitlabToken => "a token of GitLab",
                Kind::NpmToken => "a token of npm",
                Kind::PypiToken => "a token of PyPI",
                Kind::SlackToken => "a token of Slack",
                Kind::Pyarmor if self.is_python => "code that Pyarmor made unreadable",
                Kind::SourceDefenderStart if self.is_python && has_both => {
                    "code that SourceDefender made unreadable"
                }
                Kind::Pyarmor | Kind::SourceDefenderStart | Kind::SourceDefenderEnd => continue,
            };
            let is_hidden = matches!(kind, Kind::Pyarmor | Kind::SourceDefenderStart);
            let mut problem = if is_hidden { hidden } else { secret }.found(format!("`{name}` holds {what}"));
            if kind == Kind::PypiToken && self.is_python {
                problem.weight = Weight::RefusedByPypi;
            }
            problems.push(problem);
        }
        problems
    }

    /// Notes what begins before `end` in the part that is kept.
    fn look(&mut self, end: usize) {
        let Some(searcher) = SEARCHER.as_ref() else { return };
        for hit in searcher.find_iter(&self.kept) {
            let kind = STARTS[hit.pattern().as_usize()].1;
            if hit.start() < end
                && !self.found.contains(&kind)
                && is_real(kind, &self.kept[hit.start()..], hit.len())
            {
                self.found.insert(kind);
            }
        }
    }
}

/// Says whether what stands there is more than the beginning: enough letters of the right kind follow.
fn is_real(kind: Kind, text: &[u8], start: usize) -> bool {
    let rest = &text[start..];
    let run = |is: fn(u8) -> bool| rest.iter().take_while(|byte| is(**byte)).count();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let dashed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let length = match kind {
        Kind::Pyarmor => {
            let hooks: [&[u8]; 5] = [b"_(__name__, __file__,", b"enter__", b"exit__", b"assert__", b"bcc__"];
            return hooks.iter().any(|hook| text.starts_with(&[b"__pyarmor_", *hook].concat()));
        }
        Kind::SourceDefenderStart | Kind::SourceDefenderEnd => return true,
        Kind::PrivateKey => return is_private_key(rest),
        Kind::AwsKey => {
            let length = run(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            // The manuals of AWS have one that ends so.
            if length != 16 || rest[..length].ends_with(b"EXAMPLE") {
                return false;
            }
            length
        }
        Kind::GithubToken if run(word) >= 36 => run(word),
        Kind::NpmToken if run(word) == 36 => 36,
        Kind::GitlabToken if run(dashed) >= 20 => run(dashed),
        Kind::PypiToken if run(dashed) >= 150 => run(dashed),
        Kind::SlackToken if run(dashed) >= 30 && rest[0].is_ascii_digit() => run(dashed),
        _ => return false,
    };
    // A row of crosses or a word in its place is no secret.
    rest[..length].iter().collect::<BTreeSet<_>>().len() >= 8
}

/// Says whether a line `PRIVATE KEY-----` and a line of base64 follow; code that looks for keys has the first alone.
fn is_private_key(rest: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&rest[..rest.len().min(OVERLAP)]);
    let Some((kind, body)) = text.split_once("PRIVATE KEY-----") else { return false };
    let is_kind = kind.len() <= 20 && kind.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    let body = body.trim_start_matches("\\r").trim_start_matches("\\n").trim_start();
    let length = body.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).count();
    is_kind && length >= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, blocks: &[&str]) -> Vec<String> {
        let size = blocks.iter().map(|block| block.len() as u64).sum();
        let mut search = Search::of(name, size).unwrap();
        blocks.iter().for_each(|block| search.take(block.as_bytes()));
        search.finish(name, Code::W033, Code::W054).iter().map(ToString::to_string).collect()
    }

    fn letters(count: usize) -> String {
        "aB3dE6gH9jK2".chars().cycle().take(count).collect()
    }

    #[test]
    fn finds_keys_and_tokens() {
        let pem = ["-----BEGIN RSA ", "PRIVATE KEY-----\r\n"].concat() + &letters(64);
        for (text, what) in [
            (pem, "a private key"),
            (["AK", "IA", "ABCDEFGH23456789"].concat(), "an access key of AWS"),
            (format!("gh{}{}", "p_", letters(36)), "a token of GitHub"),
            (format!("github{}{}", "_pat_", letters(82)), "a token of GitHub"),
            (format!("gl{}{}", "pat-", letters(20)), "a token of GitLab"),
            (format!("np{}{}", "m_", letters(36)), "a token of npm"),
            (format!("py{}{}", "pi-AgEIcHlwaS5vcmcCJ", letters(155)), "a token of PyPI"),
            (format!("xo{}{}", "xb-", "1234567890-abcdefghij-ABCDEFGHIJ"), "a token of Slack"),
        ] {
            let expected = [format!("W033: `a/b.py` holds {what}")];
            assert_eq!(found("a/b.py", &["x = '", &text, "'"]), expected);
            let (first, second) = text.split_at(text.len() / 2);
            assert_eq!(
                found("a/b.py", &[&"x".repeat(70_000), first, second, "'", &"y".repeat(1000)]),
                expected
            );
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "-----BEGIN RSA PRIVATE KEY-----\\n",
            "if b'-----BEGIN OPENSSH PRIVATE KEY-----' in text:\n    return True\n",
            "-----BEGIN CERTIFICATE-----\nMIIB",
            concat!("AK", "IAIOSFODNN7EXAMPLE"),
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "glpat-TOKEN",
            "__pyarmor_plugin__",
            "---BEGIN PYE FILE---",
        ] {
            assert_eq!(found("a/b.py", &[text]), [""; 0], "{text}");
        }
        assert!(Search::of("a/b.so", 1).is_none() && Search::of("a/b.py", SIZE_LIMIT + 1).is_none());
    }

    #[test]
    fn finds_code_that_nobody_can_read() {
        let call = "__pyarmor__(__name__, __file__, b'x')";
        assert_eq!(found("a.py", &[call]), ["W054: `a.py` holds code that Pyarmor made unreadable"]);
        assert_eq!(found("a.txt", &[call]), [""; 0]);
        let file = ["---BEGIN PYE FILE---\n", "x", "\n---END PYE FILE---"];
        assert_eq!(found("a.pye", &file), ["W054: `a.pye` holds code that SourceDefender made unreadable"]);
    }

    #[test]
    fn knows_the_names_of_secrets() {
        for name in [".env", ".env.production", "id_rsa", "store.p12"] {
            assert!(is_named_like_one(name), "{name}");
        }
        for name in [".env.example", "env.py", "id_rsa.pub", "key.py"] {
            assert!(!is_named_like_one(name), "{name}");
        }
    }
}
