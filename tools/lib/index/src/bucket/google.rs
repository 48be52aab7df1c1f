//! Where the rights to a bucket of Google Cloud Storage come from: found as Google's own libraries find them.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use anyhow::Result;
use document::Failure;
use object_store::StaticCredentialProvider;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder, GoogleConfigKey};

use super::credentials::{Source, printed_by};
use super::profile::{settings, variable};

/// Variables that hold a token: that of the library, of `gcloud`, and of those who come from Terraform.
const TOKENS: [&str; 3] = ["GOOGLE_BEARER_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];
/// Variables that hold the path of a key of a service account.
const KEY_FILES: [&str; 3] = ["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "SERVICE_ACCOUNT"];

/// A builder with the credentials of the environment, and where they are from.
pub(crate) fn found() -> Result<(GoogleCloudStorageBuilder, Source)> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in settings("GOOGLE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some((name, token)) = TOKENS.iter().find_map(|name| Some((name, variable(name)?))) {
        return Ok((with_token(builder, &token), Source::named(&format!("`{name}` in the environment"))));
    }
    if variable("GOOGLE_SERVICE_ACCOUNT_KEY").is_some() {
        return Ok((builder, Source::named("`GOOGLE_SERVICE_ACCOUNT_KEY` in the environment")));
    }
    if let Some((name, path)) = KEY_FILES.iter().find_map(|name| Some((name, variable(name)?))) {
        kind_of(&PathBuf::from(&path), name)?;
        let source = Source::named(&format!("the key that `{name}` names"));
        return Ok((builder.with_service_account_path(path), source));
    }
    let Some((path, named)) = default_file() else {
        return Ok((builder, Source::named("the service account of the machine")));
    };
    let kind = kind_of(&path, &named)?;
    if matches!(kind.as_str(), "service_account" | "authorized_user") {
        let source = Source::named(&format!("the file that {named}"));
        return Ok((builder.with_application_credentials(path.to_string_lossy()), source));
    }
    // Identities of other providers, as those of CI jobs are, only `gcloud` can follow.
    let token = told_by_gcloud(&path, &kind)?;
    Ok((with_token(builder, &token), Source::named(&format!("the file that {named}, through `gcloud`"))))
}

/// The error where nothing was found at all.
pub(crate) fn absent() -> Failure {
    Failure::new(
        "cannot find credentials for Google Cloud Storage: looked in the environment (`GOOGLE_APPLICATION_CREDENTIALS`, \
         `GOOGLE_SERVICE_ACCOUNT`, `GOOGLE_OAUTH_ACCESS_TOKEN`), for those that `gcloud` keeps, and for the service \
         account of the machine",
    )
    .hint("set `GOOGLE_APPLICATION_CREDENTIALS`, or run `gcloud auth application-default login`")
}

fn with_token(builder: GoogleCloudStorageBuilder, token: &str) -> GoogleCloudStorageBuilder {
    let bearer = token.trim().to_owned();
    builder.with_credentials(Arc::new(StaticCredentialProvider::new(GcpCredential { bearer })))
}

/// The file of the application default credentials, and who names it.
fn default_file() -> Option<(PathBuf, String)> {
    let variable_name = "GOOGLE_APPLICATION_CREDENTIALS";
    if let Some(path) = variable(variable_name) {
        return Some((path.into(), format!("`{variable_name}` names")));
    }
    let folder = variable("CLOUDSDK_CONFIG").map(PathBuf::from).or_else(|| {
        let (base, below) = if cfg!(windows) {
            (variable("APPDATA")?.into(), "gcloud")
        } else {
            (std::env::home_dir()?, ".config/gcloud")
        };
        Some(base.join(below))
    })?;
    let path = folder.join("application_default_credentials.json");
    path.is_file().then(|| (path, "`gcloud auth application-default login` keeps".to_owned()))
}

/// The `type` of a file of credentials; nothing else of it is looked at, and nothing is shown.
fn kind_of(path: &PathBuf, named: &str) -> Result<String> {
    let refused = |cause: String| {
        Failure::new(format!("cannot read the credentials in `{}`: {cause}", path.display())).hint(format!(
            "see that `{}` names the JSON file of a key",
            named.split(' ').next().unwrap_or(named).trim_matches('`')
        ))
    };
    let text = std::fs::read(path).map_err(|cause| refused(cause.to_string()))?;
    let json: serde_json::Value =
        serde_json::from_slice(&text).map_err(|_| refused("it is no JSON".to_owned()))?;
    // Keys of service accounts are taken without a `type` too.
    let kind = json.get("type").map_or(Some("service_account"), serde_json::Value::as_str);
    Ok(kind.ok_or_else(|| refused("its `type` is no text".to_owned()))?.to_owned())
}

fn told_by_gcloud(path: &PathBuf, kind: &str) -> Result<String> {
    let mut gcloud = Command::new("gcloud");
    gcloud
        .args(["auth", "application-default", "print-access-token"])
        .env("GOOGLE_APPLICATION_CREDENTIALS", path);
    let said = format!("`{}` of the type `{}`", path.display(), kind.escape_debug());
    let printed = printed_by(gcloud, &said, || {
        "install `gcloud`, and see that `gcloud auth application-default print-access-token` works".to_owned()
    })?;
    Ok(String::from_utf8_lossy(&printed).trim().to_owned())
}
