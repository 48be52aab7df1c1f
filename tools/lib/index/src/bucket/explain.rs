//! What went wrong at an object store, in the words of whoever has to mend it.

use std::error::Error as _;

use document::Failure;
use object_store::Error;

use super::clock::Clock;
use super::credentials::{self, Source};
use super::location::{Kind, Location};

/// What was asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// To list what is there.
    List,
    /// To read an object, or what is known about it.
    Read,
    /// To write an object.
    Write,
    /// To remove an object.
    Delete,
}

/// What servers say of credentials that they do not take.
const REFUSED: [&str; 8] = [
    "AuthenticationFailed",
    "AuthenticationRequired",
    "InvalidAccessKeyId",
    "InvalidAuthenticationInfo",
    "InvalidSecurity",
    "InvalidToken",
    "NoAuthenticationInformation",
    "SignatureDoesNotMatch",
];

impl Request {
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "remove",
        }
    }

    /// The right that it takes, in the words of the store.
    pub(crate) fn right(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::S3, Self::List) => "s3:ListBucket",
            (Kind::S3, Self::Read) => "s3:GetObject",
            (Kind::S3, Self::Write) => "s3:PutObject",
            (Kind::S3, Self::Delete) => "s3:DeleteObject",
            (Kind::Gcs, Self::List) => "storage.objects.list",
            (Kind::Gcs, Self::Read) => "storage.objects.get",
            (Kind::Gcs, Self::Write) => "storage.objects.create",
            (Kind::Gcs, Self::Delete) => "storage.objects.delete",
            (Kind::Azure, Self::List | Self::Read) => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
            }
            (Kind::Azure, Self::Write) => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
            }
            (Kind::Azure, Self::Delete) => {
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete"
            }
        }
    }
}

/// The failure of a request for something below the index; credentials are never shown, only their source.
pub(crate) fn failure(
    location: &Location,
    source: &Source,
    clock: &Clock,
    request: Request,
    below: &str,
    error: &Error,
) -> Failure {
    let body = innermost(error);
    let (code, said) = (element(&body, "Code"), element(&body, "Message"));
    let code = code.as_deref().unwrap_or_default();
    let what = |cause: String| {
        Failure::new(format!("cannot {} `{}`: {cause}", request.verb(), location.name(below)))
    };
    if let Some((cause, hint)) = told_by_clock(clock, error, code, &body) {
        return what(cause).hint(hint);
    }
    if let Some((cause, hint)) = told_by_code(location, source, code) {
        return what(cause).hint(hint);
    }
    match error {
        _ if is_denied(error, code) => {
            let named = named_right(&body);
            let right = named.as_deref().unwrap_or(request.right(location.kind));
            what(format!("the credentials from {source} have no right to it ({right})"))
                .hint(format!("allow `{right}`; `distribute --print-policy` prints what is needed"))
        }
        Error::Unauthenticated { .. } => what(format!("the credentials from {source} are refused"))
            .hint("set others: they may have expired, or belong to another account"),
        Error::NotFound { .. } => what("it is not there".to_owned()).hint("run the same command again"),
        _ if is_of_the_machine(&body) => credentials::absent(location.kind),
        _ => {
            let (cause, hint) = told_by_wire(request, code, &cause(error)).unwrap_or_else(|| {
                let cause = said.map_or_else(|| cause(error), |said| format!("{said} ({code})"));
                (cause, "see that the server can be reached, and run the same command again: it goes on where it stopped")
            });
            what(cause).hint(hint)
        }
    }
}

/// Says whether a right is missing; of a list the library tells no more than the code.
fn is_denied(error: &Error, code: &str) -> bool {
    let codes = ["AccessDenied", "AuthorizationPermissionMismatch", "InsufficientAccountPermissions"];
    matches!(error, Error::PermissionDenied { .. }) || codes.contains(&code)
}

/// Says whether a request failed that asked the machine itself for credentials, which is the last place to look.
fn is_of_the_machine(body: &str) -> bool {
    ["169.254.169.254", "metadata.google.internal", "127.0.0.1:9/"].iter().any(|host| body.contains(host))
}

/// The cause and the hint of what is refused for its time alone.
fn told_by_clock(clock: &Clock, error: &Error, code: &str, body: &str) -> Option<(String, &'static str)> {
    let hint = "set the clock right, as with NTP";
    let is_said = code == "RequestTimeTooSkewed" || body.contains("Request date header too old");
    let is_silent =
        code.is_empty() && matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. });
    let is_refused = is_silent || REFUSED.contains(&code);
    match clock.difference() {
        Some(difference) if is_said || is_refused => {
            let code = if code.is_empty() { String::new() } else { format!(" ({code})") };
            Some((format!("the clock of this machine is {difference} of that of the server{code}"), hint))
        }
        None if is_said => {
            Some((format!("the clock of this machine is not that of the server ({code})"), hint))
        }
        _ => None,
    }
}

/// The cause and the hint of what no second try mends: wrong settings that only the wire shows.
fn told_by_wire(request: Request, code: &str, cause: &str) -> Option<(String, &'static str)> {
    if code == "NoSuchKey" && request == Request::List {
        let hint = "write the `endpoint` in release.toml without the bucket and without a folder";
        return Some(("the `endpoint` is no place of buckets (NoSuchKey)".to_owned(), hint));
    }
    if cause.contains("InvalidContentType") {
        return Some(("the server speaks no TLS there".to_owned(), "write the `endpoint` with `http://`"));
    }
    let hint = "see that `AWS_WEB_IDENTITY_TOKEN_FILE` names the file that the CI has written";
    cause.starts_with("Failed to read token file").then(|| (cause.to_owned(), hint))
}

/// The right that the server says is missing: Amazon and Google name it in the sentence for people.
fn named_right(body: &str) -> Option<String> {
    let words = body.split(|c: char| c.is_whitespace() || c == '<' || c == '>');
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || ".:".contains(c));
    let is_right = |word: &str| {
        let is_amazon = word.split_once(':').is_some_and(|(service, action)| {
            matches!(service, "s3" | "kms" | "sts" | "s3express") && !action.is_empty()
        });
        is_amazon || word.starts_with("storage.objects.") || word.starts_with("storage.buckets.")
    };
    words
        .map(|word| word.trim_end_matches(['.', ',']))
        .find(|word| plain(word) && is_right(word))
        .map(str::to_owned)
}

/// The cause and the hint of what a server says by its code.
fn told_by_code(location: &Location, source: &Source, code: &str) -> Option<(String, &'static str)> {
    Some(match code {
        "NoSuchBucket" => (
            format!("there is no bucket `{}`", location.bucket),
            match location.kind {
                Kind::S3 => "make the bucket, or name another one with `--bucket` or in release.toml",
                _ => "make the bucket, or name another one in release.toml",
            },
        ),
        "ContainerNotFound" => (
            format!("there is no container `{}`", location.bucket),
            "make the container, or name another one as `bucket` in release.toml",
        ),
        "ExpiredToken" | "TokenRefreshRequired" | "RequestExpired" => (
            format!("the credentials from {source} have expired ({code})"),
            "get new ones, as with `aws sso login`, and run the same command again: it goes on where it stopped",
        ),
        "AuthorizationFailure" | "AuthorizationSourceIPMismatch" => (
            format!("the credentials from {source} are refused ({code})"),
            "set others, and see that the firewall of the account lets this machine in",
        ),
        code if REFUSED.contains(&code) => (
            format!("the credentials from {source} are refused ({code})"),
            "set others: they may have expired, or belong to another account",
        ),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => (
            format!("the bucket lies in another region ({code})"),
            "write its `region` in release.toml, or set `AWS_REGION`",
        ),
        "SlowDown" | "TooManyRequests" | "ServerBusy" => {
            (format!("the server has too much to do ({code})"), "run the same command again later")
        }
        _ => return None,
    })
}

/// The text of an XML element in the answer of a server.
fn element(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once("</")?.0.to_owned())
}

fn innermost(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(" {cause}"));
        next = cause.source();
    }
    text
}

/// The last cause, which says what happened on the wire; an answer of a server, with what it repeats of the
/// request, is left out.
fn cause(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let text = last.to_string();
    let text = text.split(['<', '\n']).next().unwrap_or_default().trim_end_matches([':', ' ']).to_owned();
    if text.is_empty() { "the server gave no reason".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_server_is_told_by_its_code_alone() {
        let body = "<Error><Code>AccessDenied</Code><Message>No</Message><Token>secret</Token></Error>";
        assert_eq!(element(body, "Code").as_deref(), Some("AccessDenied"));
        assert_eq!(element(body, "Region"), None);
    }

    #[test]
    fn what_no_second_try_mends_is_told_with_its_setting() {
        let told = |request, code, cause| told_by_wire(request, code, cause).map(|(cause, _)| cause);
        let tls = "received corrupt message of type InvalidContentType";
        assert_eq!(told(Request::Read, "", tls).as_deref(), Some("the server speaks no TLS there"));
        assert!(
            told(Request::List, "NoSuchKey", "x").is_some()
                && told(Request::Read, "NoSuchKey", "x").is_none()
        );
        let token = "Failed to read token file '/x': No such file or directory (os error 2)";
        assert_eq!(told(Request::List, "", token).as_deref(), Some(token));
    }

    #[test]
    fn the_right_that_a_server_names_is_taken_from_its_sentence() {
        let amazon = "<Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/a is not authorized to perform: \
                      kms:GenerateDataKey on resource: arn:aws:kms:x because</Message>";
        assert_eq!(named_right(amazon).as_deref(), Some("kms:GenerateDataKey"));
        let google =
            "<Details>a@b.example does not have storage.objects.delete access to the object.</Details>";
        assert_eq!(named_right(google).as_deref(), Some("storage.objects.delete"));
        assert_eq!(named_right("<Message>Access Denied</Message> s3://bucket/x s3:"), None);
    }
}
