//! Publishers to a bucket that are many, that are killed, or that have large or other files.

use std::fs;

use anyhow::{Context, Result};
use tests::bucket::Stage;
use tests::servers::{Faults, Moto};
use tests::text;

#[test]
fn fifty_publishers_at_once_lose_nothing() -> Result<()> {
    let stage = Stage::new("fifty")?;
    for publishers in [8, 50] {
        let mut running = Vec::new();
        for number in 0..publishers {
            running.push(stage.publisher(&format!("{publishers}.{number}"))?);
        }
        for child in running {
            let output = child.wait_with_output()?;
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        let page = stage.page("wagon-core")?;
        let versions = page["versions"].as_array().context("versions")?;
        let all = (0..publishers).map(|number| format!("{publishers}.{number}"));
        all.for_each(|version| {
            assert!(versions.contains(&version.clone().into()), "{version} is not in {versions:?}")
        });
    }
    let html = stage.python(
        "print(s3.get_object(Bucket=b, Key='py/simple/wagon-core/index.html')['Body'].read().decode())",
    )?;
    assert_eq!(html.matches("<a ").count(), 58);
    assert!(stage.keys()?.contains("py/simple/index.json"));
    Ok(())
}

#[test]
fn a_run_that_is_killed_anywhere_is_finished_by_the_next() -> Result<()> {
    let stage = Stage::new("killed")?;
    let program = stage.sandbox.programs().join("distribute");
    fs::write(stage.sandbox.path("document.json"), &stage.document)?;
    let mut killed = 0;
    for when in 1..200 {
        let mut command = stage.sandbox.command("strace");
        let inject = format!("inject=writev,sendto:signal=SIGKILL:when={when}");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=writev,sendto", "-e", &inject]);
        command.arg(&program).stdin(fs::File::open(stage.sandbox.path("document.json"))?);
        let output = command.output()?;
        if output.status.success() {
            break;
        }
        assert!(output.stdout.is_empty(), "a killed run has handed on a document");
        killed += 1;
    }
    assert!(killed > 5, "only {killed} runs were killed");
    stage.distribute(&[])?;
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    let page = stage.page("wagon-cdk")?;
    assert_eq!(page["files"].as_array().map(Vec::len), Some(2));
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("skip: write the pages of team"), "{said}");
    Ok(())
}

#[test]
fn large_files_go_up_in_parts_and_are_not_replaced_either() -> Result<()> {
    let stage = Stage::new("large")?;
    // Bytes that no archive makes smaller, in the one package of a project of its own.
    stage.sandbox.shell(
        "mkdir -p ../big/big && cd ../big && git init -q && head -c 41000000 /dev/urandom > big/data && touch big/__init__.py
         printf '[project]\\nname = \"big\"\\nversion = \"1.0\"\\n[build-system]\\nrequires = [\"hatchling\"]\\nbuild-backend = \"hatchling.build\"\\n' > pyproject.toml
         sed -n '/^\\[\\[target\\]\\]$/,$p' ../project/release.toml > release.toml
         printf '/dist/\\n' > .gitignore; git add -A; git commit -qm 'chore: start'; git init -q --bare ../big.git
         git remote add origin ../big.git; git push -q origin HEAD",
    )?;
    let folder = stage.sandbox.path("big").to_string_lossy().into_owned();
    let mut document = String::new();
    for tool in tests::PIPELINE.into_iter().take_while(|tool| *tool != "distribute") {
        let mut arguments = vec!["--project", &folder];
        arguments.extend(Some("minor").filter(|_| tool == "bump-version"));
        document = stage.sandbox.must(tool, &arguments, &document)?;
    }
    let out = stage.sandbox.must("distribute", &["--project", &folder, "--paranoid"], &document)?;
    let again = stage.sandbox.run("distribute", &["--project", &folder], &document)?;
    assert_eq!(text(&again.stdout), out);
    assert!(text(&again.stderr).contains("skip: publish big-1.1-*.whl"), "{}", text(&again.stderr));
    let tags = stage.python(
        "for o in s3.list_objects_v2(Bucket=b, Prefix='py/simple/big/')['Contents']:\n \
         if o['Key'].endswith('.whl'): print(o['ETag'].strip('\"'))",
    )?;
    assert!(tags.contains('-'), "it went up in one part: {tags}");
    assert_eq!(stage.page("big")?["files"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn other_bytes_of_a_published_name_are_never_replaced() -> Result<()> {
    let stage = Stage::new("replaced")?;
    stage.python("s3.put_object(Bucket=b, Key='py/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl', Body=b'other')")?;
    let before = stage.keys()?;
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    let place = "cannot publish `s3://replaced/py/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl`: it is there with digest ";
    // The digest of `other`, and that of the wheel.
    assert!(
        error.contains(place)
            && error.contains("d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"),
        "{error}"
    );
    assert!(
        error.contains("and this one has ") && error.contains("no published file is ever replaced"),
        "{error}"
    );
    assert_eq!(stage.keys()?, before);
    Ok(())
}

/// The first request of each kind for each key meets a busy server, and the answer to the second is lost after the
/// server did the work; every request is noted.
const FAULTS: &str = "
from mitmproxy import http
seen = {}
def request(flow):
    key = flow.request.method + ' ' + flow.request.path
    seen[key] = seen.get(key, 0) + 1
    if seen[key] == 1:
        flow.response = http.Response.make(503, b'<Error><Code>SlowDown</Code></Error>', {'Retry-After': '0'})
def response(flow):
    key = flow.request.method + ' ' + flow.request.path
    status = flow.response.status_code
    print('WENT', key, status, flush=True)
    if seen[key] == 2 and status < 300:
        flow.kill()
";

#[test]
fn a_busy_server_and_lost_answers_end_in_success() -> Result<()> {
    let stage = Stage::new("faults")?;
    let folder = tempfile::tempdir()?;
    let faults = Faults::start(&stage.endpoint, FAULTS, folder.path())?;
    stage
        .sandbox
        .shell(&format!("sed -i 's#^endpoint = .*#endpoint = \"{}\"#' release.toml", faults.endpoint))?;
    let (_, said) = stage.distribute(&[])?;
    assert!(said.contains("wagon_core-0.2.0-py3-none-any.whl with its signature"), "{said}");
    assert_eq!(stage.installed("wagon-cdk")?, "0.2.0");
    let log = fs::read_to_string(folder.path().join("mitmproxy.log"))?;
    let put = |status: &str| {
        let line =
            format!("WENT PUT /faults/py/simple/wagon-core/wagon_core-0.2.0-py3-none-any.whl {status}");
        log.lines().filter(|found| **found == line).count()
    };
    assert_eq!(
        (put("503"), put("200")),
        (1, 1),
        "the wheel was written once, and its answer was lost:\n{log}"
    );
    Ok(())
}

#[test]
fn a_server_that_ignores_conditions_is_refused_and_left_as_it_was() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moto = Moto::start(&folder.path().join("moto.log"))?;
    let script = "def request(flow):\n    flow.request.headers.pop('if-match', None)\n";
    let faults = Faults::start(&moto.endpoint, script, folder.path())?;
    let stage = Stage::on(&faults.endpoint, "unconditional", "")?;
    let error = stage.sandbox.refused("distribute", &[], &stage.document, 1)?;
    assert!(
        error.contains("cannot publish to `s3://unconditional/py`: the server ignores `If-Match`"),
        "{error}"
    );
    assert_eq!(stage.keys()?, "");
    Ok(())
}
