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
    /// The report in Cobertura's XML form, as `coverage xml` writes it.
    #[cfg_attr(test, schemars(with = "String"))]
    pub report: ProjectPath,
    /// The least line coverage in percent.
    pub minimum: u8,
}

/// The default of what is left out where that means yes.
fn yes() -> bool {
    true
}
