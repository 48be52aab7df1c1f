//! GitHub's REST interface: what it knows of a repository's commits and tags, and its releases with their assets.
//!
//! Whatever it says is told as it is; what follows from it is the caller's business. A token reaches the server that it
//! is meant for and nothing else.

mod client;
mod refusal;
mod release;
mod releases;
mod token;
mod upload;

pub use client::GitHub;
pub use refusal::Advice;
pub use release::{Asset, Release};
pub use releases::Releases;
pub use upload::{NewAsset, asset_name};
