//! What GitHub means by an answer that is no success.

use document::Failure;
use project::date_of;
use web::Answer;

/// What a tool tells people to do about a refusal.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// Where the token is not accepted.
    pub token: &'static str,
    /// Where the token has not the right.
    pub rights: &'static str,
    /// Where the limit of requests is reached.
    pub later: &'static str,
    /// Where the server does not work, or is not reached.
    pub again: &'static str,
}

/// Why GitHub refuses, with what to do; `what` completes "cannot".
pub(crate) fn failure(what: &str, answer: &Answer, advice: &Advice) -> Failure {
    let (said, status) = (answer.said(), answer.status);
    let failure = |cause: &str| Failure::new(format!("cannot {what}: {cause}"));
    match status {
        401 => failure("it does not accept the token (401)").hint(advice.token),
        403 | 429 if is_limit(answer) => {
            let until = answer.header("x-ratelimit-reset").and_then(|reset| reset.parse().ok()).map(time_of);
            let wait = answer.header("retry-after");
            let until = until.or(wait.map(|seconds| format!("{seconds} seconds have passed")));
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            failure(&format!("its limit of requests is reached{until} ({status})")).hint(advice.later)
        }
        403 => {
            failure(&format!("the token may not do that (403{})", also(&said))).hint(rights(answer, advice))
        }
        404 => failure("it knows no such thing, or the token may not see it (404)").hint(advice.rights),
        422 => failure(&format!("it refuses that (422{}{})", also(&said), fields(answer))).hint(advice.again),
        _ => failure(&format!("it answered {status}{}", also(&said))).hint(advice.again),
    }
}

/// Says whether there were too many requests, of this hour or at once.
pub(crate) fn is_limit(answer: &Answer) -> bool {
    matches!(answer.status, 403 | 429)
        && (answer.header("x-ratelimit-remaining") == Some("0")
            || answer.header("retry-after").is_some()
            || answer.said().contains("rate limit"))
}

/// What a server said, behind what is known anyway.
fn also(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// The right that is missing, in GitHub's own words where it has them.
fn rights(answer: &Answer, advice: &Advice) -> String {
    if let Some(address) = answer.header("x-github-sso").and_then(|header| header.split_once("url=")) {
        return format!("allow the token to be used for the organisation at {}", address.1);
    }
    match answer.header("x-accepted-github-permissions") {
        Some(accepted) if !accepted.is_empty() => format!("{} (GitHub asks for `{accepted}`)", advice.rights),
        _ => advice.rights.to_owned(),
    }
}

/// The fields that a request was refused for.
fn fields(answer: &Answer) -> String {
    let json = answer.json().unwrap_or_default();
    let text = |error: &serde_json::Value, key: &str| {
        error.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let errors = json.get("errors").and_then(|errors| errors.as_array()).into_iter().flatten();
    let told = errors.map(|error| {
        // Where it is no field that is wrong, an error is a text.
        if let Some(whole) = error.as_str() {
            return whole.to_owned();
        }
        let (field, code, message) = (text(error, "field"), text(error, "code"), text(error, "message"));
        let why = if message.is_empty() { code } else { message };
        if field.is_empty() { why } else { format!("`{field}`: {why}") }
    });
    let told: Vec<String> = told.filter(|text| !text.is_empty()).collect();
    if told.is_empty() { String::new() } else { format!("; {}", told.join(", ")) }
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
    fn a_time_is_one_of_the_day() {
        assert_eq!(time_of(1_772_368_260), "2026-03-01 12:31 UTC");
    }
}
