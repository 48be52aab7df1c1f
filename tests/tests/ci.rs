//! The gate of the continuous integration: what GitHub says of the commit that is released.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::github::{GitHub, TOKEN};
use tests::{Sandbox, text};

/// A project whose remote is a repository at a GitHub with that interface.
fn project(api: &str) -> Result<Sandbox> {
    let mut sandbox = Sandbox::new("lockstep")?;
    sandbox.shell("git remote set-url origin https://github.example/octo/wagon.git")?;
    sandbox.set("GITHUB_API_URL", api);
    sandbox.set("GITHUB_TOKEN", TOKEN);
    Ok(sandbox)
}

fn head(sandbox: &Sandbox) -> Result<String> {
    Ok(sandbox.shell("git rev-parse HEAD")?.trim().to_owned())
}

/// Validates the project as it stands: how the gate ended, and all that was printed.
fn validated(sandbox: &Sandbox) -> Result<(Option<String>, String)> {
    let current = sandbox.must("bump-version", &["current"], "")?;
    let output = sandbox.run("validate", &["--allow-dirty"], &current)?;
    let (stdout, said) = (text(&output.stdout), text(&output.stderr));
    assert!(!stdout.contains(TOKEN) && !said.contains(TOKEN), "the token is told: {said}");
    if !output.status.success() {
        assert!(stdout.is_empty() && said.contains(": 1 of "), "{said}");
        return Ok((None, said));
    }
    let document: Value = serde_json::from_str(&stdout)?;
    let checks = document["checks"].as_array().context("checks")?;
    let check = checks.iter().find(|check| check["name"] == "ci").context("no such check")?;
    let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Ok((Some(format!("{}: {}", word("outcome"), word("detail"))), said))
}

fn refused(sandbox: &Sandbox, expected: &str) -> Result<()> {
    let (outcome, said) = validated(sandbox)?;
    assert_eq!(outcome, None, "{said}");
    assert!(said.contains(&format!("  ci: {expected}")), "{said}");
    Ok(())
}

#[test]
fn m25_the_ci_of_the_commit_is_green_before_a_release() -> Result<()> {
    let github = GitHub::with("octo/wagon")?;
    let mut sandbox = project(&github.api())?;
    let commit = head(&sandbox)?;
    let short = &commit[..10];
    assert_eq!(validated(&sandbox)?.0, Some(format!("skipped: GitHub does not know {short}")));
    let known = github.know(&commit)?;
    assert_eq!(validated(&sandbox)?.0, Some(format!("skipped: nothing has looked at {short}")));
    let run = |name: &str, status: &str, conclusion: Option<&str>, id: u32| {
        let address = format!("https://github.example/octo/wagon/actions/runs/{id}/job/1");
        let mut run = json!({"name": name, "head_sha": known, "status": status, "details_url": address});
        if let Some(conclusion) = conclusion {
            run["conclusion"] = json!(conclusion);
        }
        github.post("check-runs", &run)
    };
    run("tests", "completed", Some("success"), 1)?;
    run("docs", "completed", Some("skipped"), 1)?;
    assert_eq!(validated(&sandbox)?.0, Some(format!("passed: 2 checks of {short} passed")));
    run("windows", "in_progress", None, 1)?;
    let start = format!("cannot release what the CI has not passed: of {short}, ");
    refused(&sandbox, &format!("{start}it is not finished: windows (in_progress)"))?;
    // A job that checks before it releases is such a run itself.
    sandbox.set("GITHUB_RUN_ID", "1");
    assert_eq!(validated(&sandbox)?.0, Some(format!("passed: 2 checks of {short} passed")));
    sandbox.set("GITHUB_RUN_ID", "11");
    run("lint", "completed", Some("failure"), 2)?;
    let both = "it failed: lint (failure); it is not finished: windows (in_progress)";
    refused(&sandbox, &format!("{start}{both}"))?;
    // The last run of a name counts.
    run("lint", "completed", Some("success"), 3)?;
    run("windows", "completed", Some("neutral"), 3)?;
    assert_eq!(validated(&sandbox)?.0, Some(format!("passed: 4 checks of {short} passed")));
    sandbox.shell("git commit -q --allow-empty -m 'fix: not pushed'")?;
    let (outcome, _) = validated(&sandbox)?;
    assert!(outcome.is_some_and(|outcome| outcome.starts_with("skipped: ")));
    Ok(())
}

/// A server that gives the same answer to each path, and remembers what it was asked.
fn answering(
    answer: impl Fn(&str) -> Option<(u16, &'static str, Value)> + Send + 'static,
) -> Result<(String, Arc<Mutex<Vec<String>>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    std::thread::spawn(move || -> Result<()> {
        let mut silent: Vec<TcpStream> = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream?;
            let mut lines = BufReader::new(stream.try_clone()?).lines();
            let mut request = String::new();
            while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
                request.push_str(&line);
                request.push('\n');
            }
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            if let Ok(mut log) = log.lock() {
                log.push(request);
            }
            let Some((status, headers, body)) = answer(&path) else {
                silent.push(stream);
                continue;
            };
            let body = body.to_string();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
                body.len()
            )?;
        }
        Ok(())
    });
    Ok((address, asked))
}

#[test]
fn what_github_refuses_is_told_with_what_to_do() -> Result<()> {
    for (status, headers, message, expected, hint) in [
        (401, "", "Bad credentials", "it does not accept the token (401)", "renew the token"),
        (
            403,
            "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1772368260\r\n",
            "API rate limit exceeded",
            "its limit of requests is reached until 2026-03-01 12:31 UTC (403)",
            "run `validate` again then",
        ),
        (
            429,
            "Retry-After: 600\r\n",
            "You have exceeded a secondary rate limit",
            "its limit of requests is reached until 600 seconds have passed (429)",
            "run `validate` again then",
        ),
        (
            403,
            "",
            "Resource not accessible by integration",
            "the token may not do that (403: Resource not accessible by integration)",
            "`checks: read` and `statuses: read`",
        ),
        (502, "", "", "it answered 502", "`ci = \"off\"` in [validate]"),
        (200, "", "", "the answer has no list `check_runs`", "hint: "),
    ] {
        let (api, asked) = answering(move |_| Some((status, headers, json!({"message": message}))))?;
        let sandbox = project(&api)?;
        refused(&sandbox, &format!("cannot ask GitHub about `octo/wagon` at {api}: {expected}"))?;
        assert!(validated(&sandbox)?.1.contains(hint));
        let asked = asked.lock().map_err(|_| anyhow::anyhow!("the server broke off"))?.concat();
        let path =
            format!("GET /repos/octo/wagon/commits/{}/check-runs?per_page=100&page=1", head(&sandbox)?);
        assert!(asked.starts_with(&path), "{asked}");
        assert!(asked.to_lowercase().contains(&format!("authorization: bearer {TOKEN}")), "{asked}");
    }
    Ok(())
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for_for_ever() -> Result<()> {
    let (api, _) = answering(|_| None)?;
    let mut sandbox = project(&api)?;
    sandbox.set("WAINWRIGHT_TIMEOUT", "1");
    refused(
        &sandbox,
        &format!(
            "cannot ask GitHub about `octo/wagon` at {api}: cannot reach {api}: there is no answer within 1 s"
        ),
    )?;
    // Nobody listens at a port that was free just now.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    sandbox.set("GITHUB_API_URL", &format!("http://127.0.0.1:{port}"));
    refused(&sandbox, "cannot ask GitHub about `octo/wagon` at http://127.0.0.1")?;
    sandbox.set("GITHUB_API_URL", "http://github.example/api/v3");
    refused(&sandbox, "cannot ask `http://github.example`: a token is sent over https alone")
}

#[test]
fn commit_statuses_count_beside_check_runs_and_all_pages_are_read() -> Result<()> {
    let (api, _) = answering(|path| {
        let runs =
            |count: usize| vec![json!({"name": "t", "status": "completed", "conclusion": "success"}); count];
        let page = |page: usize| path.ends_with(&format!("&page={page}"));
        let body = match (path.contains("/check-runs?"), page(1)) {
            (true, true) => json!({"total_count": 102, "check_runs": runs(100)}),
            (true, false) => json!({"total_count": 102, "check_runs": runs(2)}),
            (false, _) => json!({"state": "pending", "statuses": [
                {"context": "cla", "state": "success"}, {"context": "deploy", "state": "error"},
            ]}),
        };
        Some((200, "", body))
    })?;
    let sandbox = project(&api)?;
    refused(
        &sandbox,
        &format!(
            "cannot release what the CI has not passed: of {}, it failed: deploy (error)",
            &head(&sandbox)?[..10]
        ),
    )?;
    let (api, _) = answering(|path| {
        Some(match path.contains("/check-runs?") {
            true => (
                200,
                "",
                json!({"check_runs": [{"name": "t", "status": "completed", "conclusion": "success"}]}),
            ),
            false => (404, "", json!({"message": "Not Found"})),
        })
    })?;
    let sandbox = project(&api)?;
    assert!(validated(&sandbox)?.0.is_some_and(|outcome| outcome.starts_with("passed: 1 check of ")));
    Ok(())
}

#[test]
fn a_project_may_require_the_ci_or_do_without() -> Result<()> {
    let demand = |sandbox: &Sandbox, ci: &str| {
        sandbox
            .shell(&format!("git checkout -q . && printf '\\n[validate]\\nci = \"{ci}\"\\n' >> release.toml"))
    };
    let (api, asked) = answering(|_| Some((404, "", json!({"message": "Not Found"}))))?;
    let mut sandbox = project(&api)?;
    let short = head(&sandbox)?[..10].to_owned();
    assert_eq!(validated(&sandbox)?.0, Some(format!("skipped: GitHub does not know {short}")));
    demand(&sandbox, "required")?;
    refused(&sandbox, &format!("cannot tell what the CI says of {short}: GitHub does not know {short}"))?;
    let count = |asked: &Mutex<Vec<String>>| asked.lock().map_or(0, |asked| asked.len());
    assert_eq!(count(&asked), 2);
    demand(&sandbox, "off")?;
    assert_eq!(validated(&sandbox)?.0, Some("skipped: `ci` is off in [validate]".to_owned()));
    sandbox.set("GITHUB_TOKEN", " ");
    demand(&sandbox, "required")?;
    refused(&sandbox, &format!("cannot tell what the CI says of {short}: there is no token"))?;
    // Within a workflow the address of GitHub itself is known, and the remote leads elsewhere.
    sandbox.set("GH_TOKEN", TOKEN);
    sandbox.set("GITHUB_SERVER_URL", "https://other.example");
    demand(&sandbox, "if-any")?;
    let elsewhere = "skipped: the remote leads to github.example, and not to GitHub";
    assert_eq!(validated(&sandbox)?.0.as_deref(), Some(elsewhere));
    sandbox.shell("git remote set-url origin ../origin.git")?;
    assert_eq!(validated(&sandbox)?.0.as_deref(), Some("skipped: no remote leads to GitHub"));
    assert_eq!(count(&asked), 2, "nobody was asked");
    Ok(())
}
