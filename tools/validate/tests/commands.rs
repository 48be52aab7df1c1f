//! The commands of release.toml as checks: how they end, what they inform of, what coverage they must reach.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../build-wheels/tests/support/mod.rs"]
mod support;

mod recorded;

use document::CheckOutcome;
use recorded::details;
use support::{RELEASE, Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_validate");

/// A check of release.toml.
fn check(name: &str, run: &str, more: &str) -> String {
    format!("\n[[check]]\nname = \"{name}\"\nrun = '{run}'\n{more}\n")
}

/// A project with these checks, validated before anything is built.
fn with_checks(checks: &str) -> (World, Ran) {
    let world = World::new();
    world.write("release.toml", &format!("{RELEASE}{checks}"));
    world.commit();
    let ran = world.run(TOOL, &[], &world.document());
    (world, ran)
}

#[test]
fn a_failing_command_is_shown_with_its_last_lines_and_its_log() {
    let (world, ran) = with_checks(&format!(
        "{}{}",
        check("noisy", "seq 100; echo broken >&2; exit 3", ""),
        check("fine", "true", "")
    ));
    let error = ran.error(1);
    assert!(
        error.contains("  noisy: cannot pass: `seq 100; echo broken >&2; exit 3` ended with code 3\n"),
        "{error}"
    );
    assert!(error.contains("\n    100\n    broken\n") && !error.contains("\n    81\n"), "{error}");
    assert_eq!(ran.lines("ok: fine"), ["ok: fine: `true` ended with code 0"]);
    let log = std::fs::read_to_string(world.root.join(".git/wainwright/logs/noisy.log")).unwrap();
    assert_eq!(log.lines().count(), 101);
}

#[test]
fn one_check_is_run_alone_and_the_others_are_counted() {
    let checks = format!("{}{}", check("lint", "true", ""), check("tests", "exit 1", "pythons = [\"3.12\"]"));
    let (world, all) = with_checks(&checks);
    assert!(all.error(1).contains("  tests (3.12): cannot pass"), "{}", all.stderr);
    let ran = world.run(TOOL, &["--only", "lint", "--only", "versions"], &world.document());
    let told: Vec<&str> = ran.stderr.lines().collect();
    let expected = [
        "validate: check lint",
        "validate: check versions",
        "validate: skip: 19 other checks: left out by `--only`",
        "validate: ok: lint: `true` ended with code 0",
        "validate: ok: versions: 0.5.0 in 3 places of 2 files",
    ];
    assert_eq!(told, expected);
    let details = details(&ran.document());
    assert!(details.contains(&"Skipped tests (3.12): left out by `--only`".to_owned()), "{details:?}");
    for name in ["tests", "tests (3.12)"] {
        let ran = world.run(TOOL, &["--only", name], &world.document());
        assert!(
            ran.error(1).contains(": 1 of 1 check failed\n  tests (3.12): cannot pass"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn what_informs_is_told_and_refuses_nothing() {
    let types = check("types", "seq 100; echo \"bad types in $PWD\"; exit 1", "blocking = false");
    let (world, ran) = with_checks(&types);
    let release = ran.document();
    let found = release.checks.unwrap().into_iter().find(|check| check.name == "types").unwrap();
    assert_eq!(found.outcome, CheckOutcome::Warned);
    let command = "seq 100; echo \"bad types in $PWD\"; exit 1";
    assert_eq!(found.detail, format!("cannot pass: `{command}` ended with code 1"));
    let said = format!("warning: types: cannot pass: `{command}` ended with code 1\n    82\n");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    let log = world.root.join(".git/wainwright/logs/types.log");
    let said = format!(
        "\n    bad types in {}\n    all of its output is in `{}`\n",
        world.root.display(),
        log.display()
    );
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(log).unwrap().lines().count(), 101);
    let (_, both) = with_checks(&format!("{types}{}", check("lint", "exit 4", "")));
    let error = both.error(1);
    assert!(error.contains(": 1 of ") && !error.contains("types"), "{error}");
    assert!(both.stderr.contains("warning: types: cannot pass"), "{}", both.stderr);
}

#[test]
fn an_exclusive_check_runs_after_all_others() {
    let exclusive = check("a", "ls dist && mkdir dist/alone && rmdir dist/alone", "exclusive = true");
    let again = check("b", "mkdir dist/alone && rmdir dist/alone", "exclusive = true");
    let (_, ran) =
        with_checks(&format!("{exclusive}{again}{}", check("c", "seq 100000 | sort -R && mkdir dist", "")));
    assert_eq!(ran.document().checks.unwrap().iter().filter(|check| check.name.len() == 1).count(), 3);
}

#[test]
fn coverage_has_a_minimum_and_must_be_of_this_run() {
    let coverage = "coverage = { report = \"coverage.xml\", minimum = 90 }";
    let write = |rate: &str| format!("echo \"<coverage line-rate=\\\"{rate}\\\"/>\" > coverage.xml");
    let (world, good) = with_checks(&check("tests", &write("0.9321"), coverage));
    let said = "Passed tests: `echo \"<coverage line-rate=\\\"0.9321\\\"/>\" > coverage.xml` ended with code 0, \
                coverage 93.21 %, at least 90 % is asked for";
    assert!(details(&good.document()).contains(&said.to_owned()), "{}", good.stdout);
    let again = world.run(TOOL, &[], &world.document());
    assert_eq!(again.stdout, good.stdout, "a report does not make the tree dirty");
    let (_, low) = with_checks(&check("tests", &write("0.899"), coverage));
    let said = "  tests: cannot accept a coverage of 89.90 %: at least 90 % is asked for\n";
    assert!(low.error(1).contains(said), "{}", low.stderr);
    let (_, absent) = with_checks(&check("tests", "true", coverage));
    let said = "cannot use the coverage report `coverage.xml`: the command left none";
    assert!(absent.error(1).contains(said), "{}", absent.stderr);
    world.replace("release.toml", "echo", "true; : ");
    world.replace("release.toml", " > coverage.xml", "");
    world.commit();
    let stale = world.run(TOOL, &[], &world.document());
    let said = "cannot use the coverage report `coverage.xml`: it is of an earlier run";
    assert!(stale.error(1).contains(said), "{}", stale.stderr);
}

#[test]
fn a_check_may_not_take_a_name_that_is_taken() {
    let (_, ran) = with_checks(&check("versions", "true", ""));
    assert!(ran.error(1).contains("`versions` has the name of another check"), "{}", ran.stderr);
    let world = World::new();
    let unknown = world.run(TOOL, &["--package", "da-vinci-typo"], &world.document());
    assert!(
        unknown.error(2).contains("hint: the packages are: da-vinci, da-vinci-cdk"),
        "{}",
        unknown.stderr
    );
}
