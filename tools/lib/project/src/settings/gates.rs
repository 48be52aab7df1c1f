//! What must hold before anything is published: [[check]] and [validate].

use document::ProjectPath;
use serde::Deserialize;

/// `[validate]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ValidateSettings {}

/// `[[check]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckSettings {
    /// The name.
    pub name: String,
    /// The command, run by the shell in the project's root.
    pub run: String,
    /// The coverage report that the command leaves, and the least coverage.
    pub coverage: Option<Coverage>,
    /// Left out by `validate --quick`.
    #[serde(default)]
    pub slow: bool,
    /// Whether a failure stops the release. Where this is `false`, it is told, and stops nothing.
    #[serde(default = "yes")]
    pub blocking: bool,
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
