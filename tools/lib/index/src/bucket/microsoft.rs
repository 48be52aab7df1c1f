//! Where the rights to a container of Azure come from: found as Azure's command line and libraries find them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

use document::Failure;

use super::credentials::Source;
use super::profile::{settings, variable};

/// What the environment says about a storage account.
#[derive(Debug)]
pub(crate) struct Found {
    /// The builder with the credentials.
    pub builder: MicrosoftAzureBuilder,
    /// Where they are from.
    pub source: Source,
    /// The storage account.
    pub account: Option<String>,
    /// The URL of the account on a server of one's own.
    pub endpoint: Option<String>,
}

/// The credentials of the environment: a connection string, a token, a key, an identity, a shared access signature;
/// else those of `az` where somebody is logged in, or of the machine.
pub(crate) fn found() -> Found {
    let text = variable("AZURE_STORAGE_CONNECTION_STRING").unwrap_or_default();
    let connection = connection(&text);
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in settings("AZURE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let told = |name: &str| connection.get(name).map(|value| (*value).to_owned());
    let named = ["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT"].into_iter().find_map(variable);
    let account = named.or_else(|| told("AccountName"));
    let endpoint = told("BlobEndpoint");
    let has = |names: &[&str]| {
        names.iter().all(|name| {
            variable(name).is_some() || variable(&name.replacen("AZURE_", "AZURE_STORAGE_", 1)).is_some()
        })
    };
    if let Some(url) = variable("IDENTITY_ENDPOINT") {
        builder = builder.with_msi_endpoint(url);
    }
    let from = |name: &str| Source::named(&format!("`{name}` in the environment"));
    // In the order in which the library takes them.
    let keys = ["AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"];
    let signatures = ["AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN"];
    let (builder, source) = if variable("AZURE_STORAGE_TOKEN").is_some() {
        (builder, from("AZURE_STORAGE_TOKEN"))
    } else if let Some((name, key)) = keys.iter().find_map(|name| Some((name, variable(name)?))) {
        (builder.with_access_key(key), from(name))
    } else if let Some(key) = told("AccountKey") {
        (builder.with_access_key(key), from("AZURE_STORAGE_CONNECTION_STRING"))
    } else if has(&["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"]) {
        (builder, from("AZURE_FEDERATED_TOKEN_FILE"))
    } else if has(&["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"]) {
        (builder, from("AZURE_CLIENT_SECRET"))
    } else if let Some(name) = signatures.iter().find(|name| variable(name).is_some()) {
        (builder, from(name))
    } else if let Some(signature) = told("SharedAccessSignature") {
        let builder = builder.with_config(AzureConfigKey::SasKey, signature);
        (builder, from("AZURE_STORAGE_CONNECTION_STRING"))
    } else if is_logged_in() {
        (builder.with_use_azure_cli(true), Source::named("`az login`"))
    } else {
        (builder, Source::named("the managed identity of the machine"))
    };
    Found { builder, source, account, endpoint }
}

/// The error where nothing was found at all.
pub(crate) fn absent() -> Failure {
    Failure::new(
        "cannot find credentials for Azure: looked in the environment (`AZURE_STORAGE_CONNECTION_STRING`, \
         `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`, `AZURE_CLIENT_ID` with `AZURE_TENANT_ID` and a secret), for \
         those of `az login`, and for the managed identity of the machine",
    )
    .hint("set `AZURE_STORAGE_KEY` or `AZURE_STORAGE_SAS_TOKEN`, or run `az login`")
}

/// The parts of a connection string; keys hold `=` too.
fn connection(text: &str) -> BTreeMap<&str, &str> {
    text.split(';').filter_map(|part| part.trim().split_once('=')).collect()
}

/// Says whether somebody is logged in with the command line of Azure; on a machine of CI its identity counts.
fn is_logged_in() -> bool {
    let has_identity = ["IDENTITY_ENDPOINT", "AZURE_MSI_ENDPOINT", "MSI_ENDPOINT"]
        .into_iter()
        .any(|name| variable(name).is_some());
    let folder = variable("AZURE_CONFIG_DIR").map(PathBuf::from);
    let folder = folder.or_else(|| Some(std::env::home_dir()?.join(".azure")));
    !has_identity && folder.is_some_and(|folder| folder.join("azureProfile.json").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_is_taken_apart() {
        let text = "DefaultEndpointsProtocol=https;AccountName=acme; AccountKey=YWJj==;BlobEndpoint=http://127.0.0.1:1/acme;";
        let parts = connection(text);
        assert_eq!((parts["AccountName"], parts["AccountKey"]), ("acme", "YWJj=="));
        assert_eq!(parts["BlobEndpoint"], "http://127.0.0.1:1/acme");
        assert!(connection("").is_empty());
    }
}
