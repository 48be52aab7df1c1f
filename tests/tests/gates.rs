//! The commands that a project asks for before a release, with the real programs that projects use.

use anyhow::{Context, Result};
use serde_json::Value;
use tests::{Sandbox, text, uv};

/// The plain project with tests of its own that reach a part of its lines and branches.
fn tested() -> Result<Sandbox> {
    let sandbox = Sandbox::new("plain")?;
    sandbox.shell(
        r#"
        mkdir tests
        cat > src/plain/loads.py <<'END'
def load(wagons, limit):
    total = 0
    for wagon in wagons:
        if wagon > limit:
            raise ValueError("too heavy")
        if wagon:
            total += wagon
    return total


def unload(wagons):
    return [0 for _ in wagons]
END
        cat > tests/test_loads.py <<'END'
import sys

from plain.loads import load


def test_load():
    assert load([1, 2], 3) == 3


def test_python():
    print("on", sys.version_info[:2])
END
        printf '.coverage\ncoverage.*\n.venv/\n__pycache__/\n*.egg-info/\n.*_cache/\n' >> .gitignore
        "#,
    )?;
    Ok(sandbox)
}

/// Writes release.toml, and commits all.
fn settle(sandbox: &Sandbox, settings: &str) -> Result<()> {
    std::fs::write(sandbox.project().join("release.toml"), settings)?;
    sandbox.shell("git add -A && git commit -qm 'test: load wagons'")?;
    Ok(())
}

/// A check of release.toml.
fn check(name: &str, run: &str, more: &str) -> String {
    format!("[[check]]\nname = \"{name}\"\nrun = '''{run}'''\n{more}\n")
}

/// A command with programs from the index, on the Python of the check or any.
fn with(programs: &str, command: &str) -> String {
    format!("PYTHONPATH=src {} run --quiet --no-project --with {programs} {command}", uv())
}

/// The checks of the document that validate hands on.
fn checks(document: &str) -> Result<Vec<(String, String, String)>> {
    let document: Value = serde_json::from_str(document)?;
    let checks = document["checks"].as_array().context("checks")?;
    let word = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    Ok(checks
        .iter()
        .map(|check| (word(check, "name"), word(check, "outcome"), word(check, "detail")))
        .collect())
}

fn validated(sandbox: &Sandbox) -> Result<Vec<(String, String, String)>> {
    let current = sandbox.must("bump-version", &["current"], "")?;
    checks(&sandbox.must("validate", &[], &current)?)
}

#[test]
fn o8_v17_coverage_is_that_of_the_coverage_program_in_each_form() -> Result<()> {
    for branch in ["", "--branch"] {
        let sandbox = tested()?;
        let run = format!("coverage run {branch} --source=src -m pytest -q -p no:cacheprovider");
        let script = |export: &str| format!("{} && {export}", with("coverage==7.10.7 --with pytest", &run));
        let export = |kind: &str| with("coverage==7.10.7", &format!("coverage {kind} -q -o coverage.{kind}"));
        let mut settings = String::new();
        for (name, report, export) in [
            ("data", ".coverage", "true".to_owned()),
            ("json", "coverage.json", export("json")),
            ("xml", "coverage.xml", export("xml")),
        ] {
            let coverage =
                format!("coverage = {{ report = \"{report}\", minimum = 50.5 }}\nexclusive = true");
            settings.push_str(&check(name, &script(&export), &coverage));
        }
        settle(&sandbox, &settings)?;
        let checks = validated(&sandbox)?;
        let total =
            sandbox.shell(&with("coverage==7.10.7", "coverage report --format=total --precision=4"))?;
        let cut = total
            .trim()
            .split_once('.')
            .map_or(total.trim().to_owned(), |(whole, part)| format!("{whole}.{}", &part[..2]));
        let wanted = format!("coverage {cut} %, at least 50.5 % is asked for");
        for name in ["data", "json", "xml"] {
            let (_, outcome, detail) = checks.iter().find(|check| check.0 == name).context(name)?;
            assert_eq!(outcome, "passed");
            assert!(detail.ends_with(&wanted), "{branch} {name}: {detail}, and not {wanted}");
        }
        // The same data, which is not enough any more.
        sandbox.shell("sed -i 's/50.5/99.9/' release.toml && git commit -qam 'test: ask for more'")?;
        let current = sandbox.must("bump-version", &["current"], "")?;
        let error = sandbox.refused("validate", &[], &current, 1)?;
        let said = format!("cannot accept a coverage of {cut} %: at least 99.9 % is asked for");
        assert_eq!(error.matches(&said).count(), 3, "{error}");
    }
    Ok(())
}

#[test]
fn r2_the_tests_run_on_each_python_in_an_environment_of_its_own() -> Result<()> {
    let sandbox = tested()?;
    let pytest = format!("{} run --quiet --with pytest==8.4.2 pytest -q -s -p no:cacheprovider", uv());
    let direct = "{python} -c 'import sys; print(sys.version_info[:2])' | grep -F \"$WANTED\"";
    let settings = format!(
        "{}{}{}",
        check("tests", &pytest, "pythons = [\"3.10\", \"3.12\"]"),
        check("direct", "{python} -V", "pythons = [\"3.11\"]"),
        check("one", &direct.replace("$WANTED", "(3, 13)"), "pythons = [\"3.13\"]"),
    );
    settle(&sandbox, &settings)?;
    let checks = validated(&sandbox)?;
    let names: Vec<&str> = checks.iter().map(|check| check.0.as_str()).collect();
    for name in ["direct (3.11)", "one (3.13)", "tests (3.10)", "tests (3.12)"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let logs = sandbox.shell("cd .git/wainwright/logs && grep -H on tests* && cat direct*")?;
    assert!(logs.contains("tests@3.10.log:.on (3, 10)"), "{logs}");
    assert!(logs.contains("tests@3.12.log:.on (3, 12)"), "{logs}");
    assert!(logs.contains("Python 3.11."), "{logs}");
    assert!(!sandbox.project().join(".venv").exists(), "the project's own environment is left alone");
    Ok(())
}

#[test]
fn a_python_that_is_nowhere_is_named_with_where_it_was_looked_for() -> Result<()> {
    let sandbox = tested()?;
    settle(&sandbox, &check("tests", "true", "pythons = [\"3.12\", \"3.99\"]"))?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let error = sandbox.refused("validate", &[], &current, 1)?;
    assert!(
        error.contains("1 of ") && error.contains("tests (3.99): cannot find Python 3.99: looked"),
        "{error}"
    );
    assert!(error.contains("hint: install it"), "{error}");
    Ok(())
}

#[test]
fn r3_lint_and_tests_stop_a_release_and_types_inform() -> Result<()> {
    let sandbox = tested()?;
    sandbox.shell("printf 'import os\n\nWAGONS: int = \"three\"\n' > src/plain/wrong.py")?;
    let settings = format!(
        "{}{}{}",
        check("lint", &with("ruff==0.14.0", "ruff check --no-cache src"), ""),
        check("tests", &with("pytest==8.4.2", "pytest -q -p no:cacheprovider"), "slow = true"),
        check("types", &with("mypy==1.18.2", "mypy --cache-dir=/dev/null src"), "blocking = false"),
    );
    settle(&sandbox, &settings)?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let error = sandbox.refused("validate", &[], &current, 1)?;
    assert!(error.contains("F401") && error.contains("`os` imported but unused"), "{error}");
    let warning = error.find("validate: warning: types: cannot pass").context("the warning")?;
    assert!(warning < error.find("validate: error: ").context("the error")?, "{error}");
    assert!(error.contains("Incompatible types in assignment"), "{error}");
    assert!(error.contains(": 1 of ") && error.contains("ok: tests: "), "{error}");
    sandbox.shell("sed -i '/import os/d' src/plain/wrong.py && git commit -qam 'fix: tidy'")?;
    let current = sandbox.must("bump-version", &["current"], "")?;
    let output = sandbox.run("validate", &["--quick"], &current)?;
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let found = checks(&text(&output.stdout))?;
    let outcome = |name: &str| found.iter().find(|check| check.0 == name).map(|check| check.1.as_str());
    assert_eq!(
        (outcome("lint"), outcome("tests"), outcome("types")),
        (Some("passed"), Some("skipped"), Some("warned"))
    );
    Ok(())
}
