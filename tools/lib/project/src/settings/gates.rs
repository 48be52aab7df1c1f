//! What must hold before anything is published: [[check]], [validate], and the scripts of a [[package]].

use std::collections::BTreeMap;

use document::{Failure, ProjectPath};
use serde::Deserialize;

use super::DriftSettings;

/// `[validate]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValidateSettings {
    /// The level of the problems of a code, as in `{ W033 = "error", W031 = "off" }`, in place of the check's own.
    pub levels: BTreeMap<String, ProblemLevel>,
    /// What may change against the release before.
    pub drift: DriftSettings,
    /// A branch whose commits every release must hold, as git names it here: `origin/main`. What the branch of the
    /// release follows must be held in any case.
    pub fresh: Option<String>,
    /// What the checks that GitHub has of the commit must be. They are read where GH_TOKEN or GITHUB_TOKEN is set.
    pub ci: CiDemand,
}

/// What a release asks of the continuous integration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum CiDemand {
    /// Nothing.
    Off,
    /// That none has failed and none is unfinished, where anything can be told.
    #[default]
    IfAny,
    /// That there are some, and all have passed.
    Required,
}

/// How much weight a problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ProblemLevel {
    /// The file must not be published.
    Error,
    /// It is told, and stops nothing.
    Warning,
    /// It is not told.
    Off,
}

/// How a script that a package installs is tried.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "a script is tried with arguments, as in `\"--version\"`, or not at all: `false`"
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ScriptCall {
    /// Whether it is run, with `--help`.
    Run(bool),
    /// It is run with these arguments, which spaces part.
    With(String),
}

/// `[[check]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckSettings {
    /// The name.
    pub name: String,
    /// The command, run by the shell in the project's root. With `pythons`, `{python}` in it is the interpreter.
    pub run: String,
    /// The coverage report that the command leaves, and the least coverage.
    pub coverage: Option<Coverage>,
    /// Left out by `validate --quick`.
    #[serde(default)]
    pub slow: bool,
    /// Whether a failure stops the release. Where this is `false`, it is told, and stops nothing.
    #[serde(default = "yes")]
    pub blocking: bool,
    /// The Pythons that the command is run with, once each: `["3.10", "3.13"]`. Its `{python}` and `UV_PYTHON` are the
    /// path of the interpreter, and `uv run` makes an environment of its own for each.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub pythons: Option<Vec<String>>,
    /// Run while no other command is. Those that leave the same coverage report wait for each other without it.
    #[serde(default)]
    pub exclusive: bool,
}

impl CheckSettings {
    /// Refuses Pythons that name none, or one twice.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Some(pythons) = &self.pythons else { return Ok(()) };
        let wrong = |why: &str, hint: &str| {
            let what = format!("release.toml: `pythons` of the [[check]] `{}` {why}", self.name);
            Err(Failure::new(what).hint(hint))
        };
        if pythons.is_empty() {
            return wrong("names no Python", "name those that it is run with, or drop the key");
        }
        let is_version = |text: &str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain)
        };
        if let Some(text) = pythons.iter().find(|text| !is_version(text)) {
            return wrong(&format!("has `{text}`, which is no version"), "write it like `3.12`");
        }
        let mut seen = std::collections::BTreeSet::new();
        match pythons.iter().find(|python| !seen.insert(*python)) {
            Some(python) => wrong(&format!("has `{python}` twice"), "name each Python once"),
            None => Ok(()),
        }
    }
}

/// The coverage that a check must reach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coverage {
    /// What the command leaves: a report in Cobertura's XML form as of `coverage xml`, one of `coverage json`, or the
    /// data of coverage.py, `.coverage`.
    #[cfg_attr(test, schemars(with = "String"))]
    pub report: ProjectPath,
    /// The least coverage in percent; lines, and branches where they are measured.
    pub minimum: Percent,
}

/// A number from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minimum" = 0, "maximum" = 100)))]
pub struct Percent(f64);

// It is never NaN.
impl Eq for Percent {}

impl Percent {
    /// That number; `None` where it is not from 0 to 100.
    pub fn new(number: f64) -> Option<Self> {
        (0.0..=100.0).contains(&number).then_some(Self(number))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        Self::new(number).ok_or_else(|| format!("`{number}` is no percentage, write a number from 0 to 100"))
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The default of what is left out where that means yes.
fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use crate::Settings;

    fn read(check: &str) -> Result<Settings, String> {
        let text = format!("[[check]]\nname = \"tests\"\nrun = \"pytest\"\n{check}\n");
        Settings::parse(&text).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn pythons_are_versions_each_named_once() {
        for (pythons, expected) in [
            ("[]", "`pythons` of the [[check]] `tests` names no Python"),
            ("[\"3.12\", \"3.9\", \"3.12\"]", "has `3.12` twice"),
            ("[\"-3\"]", "has `-3`, which is no version"),
            ("[\"3.12; ls\"]", "has `3.12; ls`, which is no version"),
            ("[\"\"]", "has ``, which is no version"),
        ] {
            let error = read(&format!("pythons = {pythons}")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read("pythons = [\"3.12\", \"3.13t\", \"3.10.13\", \"pypy@3.10\"]").is_ok());
    }

    #[test]
    fn a_minimum_is_a_percentage() {
        let minimum = |text: &str| read(&format!("coverage = {{ report = \"x\", minimum = {text} }}"));
        for (text, shown) in [("92.5", "92.5"), ("90", "90"), ("0", "0"), ("100.0", "100")] {
            let settings = minimum(text).unwrap();
            let coverage = settings.check[0].coverage.clone().unwrap();
            assert_eq!(coverage.minimum.to_string(), shown);
        }
        for wrong in ["100.1", "-1", "nan", "inf"] {
            let error = minimum(wrong).unwrap_err();
            assert!(error.contains("is no percentage, write a number from 0 to 100"), "{error}");
        }
    }
}
