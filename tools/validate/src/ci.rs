//! The continuous integration: what it says of the commit that the release is made from.

use anyhow::Result;
use document::Failure;
use github::{Advice, GitHub};
use project::CiDemand;
use serde_json::Value;

use crate::validate::{Context, Verdict};

/// What to do where GitHub does not tell.
const ADVICE: Advice = Advice {
    token: "renew the token in GH_TOKEN or GITHUB_TOKEN, or unset it to leave the check out",
    rights: "give the token the rights `checks: read` and `statuses: read`",
    later: "run `validate` again then",
    again: "run `validate` again; `ci = \"off\"` in [validate] leaves the check out",
};

/// The conclusions of a check run that are no failure.
const GOOD: [&str; 3] = ["success", "neutral", "skipped"];

/// What the checks of a commit have come to, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    passed: usize,
    failed: Vec<String>,
    pending: Vec<String>,
}

/// Checks that all that has looked at the commit is content with it.
pub fn is_green(context: &Context) -> Result<Verdict> {
    let Context { project, release, .. } = context;
    let commit = &release.project.base;
    let unknown = |reason: String| {
        if project.settings.validate.ci != CiDemand::Required {
            return Ok(Verdict::Skipped(reason));
        }
        let what = format!("cannot tell what the CI says of {}: {reason}", commit.short());
        Err(Failure::new(what)
            .hint("push the commit and set GH_TOKEN, or write `ci = \"if-any\"` in [validate]")
            .into())
    };
    let github = match GitHub::of(&project.git, release.project.remote.as_deref(), ADVICE)? {
        Ok(github) => github,
        Err(reason) => return unknown(reason),
    };
    let Some(runs) = github.list(&format!("commits/{commit}/check-runs"), Some("check_runs"))? else {
        return unknown(format!("GitHub does not know {}", commit.short()));
    };
    // The older of the two interfaces, which a server may lack.
    let statuses = github.list(&format!("commits/{commit}/status"), Some("statuses"))?.unwrap_or_default();
    let own = std::env::var("GITHUB_RUN_ID").ok().filter(|id| !id.is_empty());
    let found = found(&runs, &statuses, own.as_deref());
    if found == Found::default() {
        return unknown(format!("nothing has looked at {}", commit.short()));
    }
    let mut wrong = Vec::new();
    for (names, what) in [(&found.failed, "it failed"), (&found.pending, "it is not finished")] {
        if !names.is_empty() {
            wrong.push(format!("{what}: {}", names.join(", ")));
        }
    }
    if wrong.is_empty() {
        let (count, short) = (found.passed, commit.short());
        let checks = if count == 1 { "check" } else { "checks" };
        return Ok(Verdict::Passed(format!("{count} {checks} of {short} passed")));
    }
    let what =
        format!("cannot release what the CI has not passed: of {}, {}", commit.short(), wrong.join("; "));
    let hint = if found.failed.is_empty() {
        "wait for it, and run `validate` again"
    } else {
        "mend it, and release the commit that passes"
    };
    Err(Failure::new(what).hint(hint).into())
}

/// Counts the check runs and the statuses. What is still to come in the workflow run that this is a part of would
/// wait for itself.
fn found(runs: &[Value], statuses: &[Value], own: Option<&str>) -> Found {
    let mut found = Found::default();
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for run in runs {
        let (name, status, conclusion) = (text(run, "name"), text(run, "status"), text(run, "conclusion"));
        let is_own = || {
            own.is_some_and(|own| is_of(&text(run, "details_url"), own) || is_of(&text(run, "html_url"), own))
        };
        match (status.as_str(), conclusion.as_str()) {
            ("completed", good) if GOOD.contains(&good) => found.passed += 1,
            ("completed", bad) => found.failed.push(format!("{name} ({bad})")),
            _ if is_own() => {}
            (status, _) => found.pending.push(format!("{name} ({status})")),
        }
    }
    for status in statuses {
        let (name, state) = (text(status, "context"), text(status, "state"));
        match state.as_str() {
            "success" => found.passed += 1,
            "pending" => found.pending.push(format!("{name} (pending)")),
            _ => found.failed.push(format!("{name} ({state})")),
        }
    }
    for names in [&mut found.failed, &mut found.pending] {
        names.sort();
        names.dedup();
    }
    found
}

/// Says whether an address leads into that workflow run.
fn is_of(address: &str, run: &str) -> bool {
    let mut parts = address.split('/').skip_while(|part| *part != "runs").skip(1);
    address.contains("/actions/runs/") && parts.next() == Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(name: &str, status: &str, conclusion: Option<&str>, id: &str) -> Value {
        let address = format!("https://h/o/r/actions/runs/{id}/job/9");
        json!({"name": name, "status": status, "conclusion": conclusion, "details_url": address})
    }

    #[test]
    fn tells_passed_failed_and_pending_apart() {
        let runs = [
            run("tests", "completed", Some("success"), "1"),
            run("docs", "completed", Some("skipped"), "1"),
            run("lint", "completed", Some("timed_out"), "1"),
            run("macos", "in_progress", None, "1"),
            run("windows", "queued", None, "1"),
        ];
        let statuses = [
            json!({"context": "cla", "state": "success"}),
            json!({"context": "cover", "state": "error"}),
            json!({"context": "slow", "state": "pending"}),
        ];
        let found = found(&runs, &statuses, None);
        assert_eq!(found.passed, 3);
        assert_eq!(found.failed, ["cover (error)", "lint (timed_out)"]);
        assert_eq!(found.pending, ["macos (in_progress)", "slow (pending)", "windows (queued)"]);
    }

    #[test]
    fn the_own_run_does_not_wait_for_itself_and_its_failures_count() {
        let runs = [
            run("release", "in_progress", None, "77"),
            run("after", "queued", None, "77"),
            run("tests", "completed", Some("failure"), "77"),
            run("other", "queued", None, "777"),
        ];
        let found = found(&runs, &[], Some("77"));
        assert_eq!(
            (found.failed, found.pending),
            (vec!["tests (failure)".to_owned()], vec!["other (queued)".to_owned()])
        );
    }
}
