//! What may change against the release before: `drift` in [validate].

use serde::Deserialize;

/// `drift` in `[validate]`: the wheel of the release before, compared with the new one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DriftSettings {
    /// What becomes of a change that the step of the version does not allow.
    pub level: DriftLevel,
    /// How much a wheel may grow, in percent of its size before.
    pub size_growth: u32,
    /// What may change in any release: names such as `shop.cart` with all that is below them, files, requirements.
    pub allow: Vec<String>,
}

/// What becomes of a change that the step of the version does not allow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum DriftLevel {
    /// Nothing is compared.
    Off,
    /// It is told, and stops nothing.
    #[default]
    Warn,
    /// It stops the release where it is an error, as a removed name in a patch is.
    Error,
    /// It stops the release where it is an error or a warning, as a removed name in a minor release is.
    Strict,
}

impl Default for DriftSettings {
    fn default() -> Self {
        Self { level: DriftLevel::default(), size_growth: 50, allow: Vec::new() }
    }
}
