//! What is released: release.toml, the places that carry the version, the git repository and its tags.
//!
//! [`Project::find`] is the way in. Nothing here changes a file of the project but [`files::replace`], which a
//! tool calls with what it decided, and nothing is printed.

mod address;
mod build_settings;
mod charts;
mod command;
mod component;
mod configured;
mod crates;
mod current;
mod date;
pub mod files;
mod find;
mod finder;
mod foreign;
mod git;
mod habits;
mod keyed;
mod locks;
pub mod log;
mod manifest;
mod matrix;
mod places;
mod poetry;
#[cfg(test)]
mod properties;
mod python;
mod reachable;
mod requirement;
mod seal;
mod settings;
mod settings_text;
pub mod shell;
mod spots;
mod state;
mod survey;
mod tags;
mod toml_text;
mod tree;
mod yaml;

pub use command::{Ended, Running, run, run_quietly, run_within};
pub use date::{date_of, is_date, today};
pub use find::{Project, ProjectPackage, Repository};
pub use foreign::Foreign;
pub use git::{CONFIG, Config, Git, STATUS, TAGS, TagRef, TreeState};
pub use keyed::keys_at;
pub use matrix::Recipe;
pub use places::{Carrier, Place, Spot};
pub use reachable::Reachable;
pub use requirement::name as requirement_name;
pub use seal::{Seal, SealKind};
pub use settings::{
    AnnouncementSettings, AutoSettings, BuildSettings, ChangelogSection, ChangelogSettings, ChangelogStyle,
    CheckSettings, CiDemand, CommitForm, ConfigSetting, Coverage, DriftLevel, DriftSettings, Exclusion,
    ListEdits, PackageSettings, Percent, PlatformSettings, ProblemLevel, ProjectSettings, ScriptCall,
    Settings, SignSettings, TargetKind, TargetSettings, ValidateSettings, VariantSettings, VersionFile,
    VersionSpelling, Versioning, in_bucket, is_repository,
};
pub use state::{Lock, State};
pub use survey::Survey;
pub use tags::{TagPattern, Tags};
