//! Where the rights to an S3 bucket come from: found as the AWS command line finds them.

use std::fmt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Result;
use document::Failure;
use object_store::StaticCredentialProvider;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential};
use serde::Deserialize;

use super::location::Kind;
use super::profile::{self, Profile, variable};

/// Where credentials were found, for people; no part of them is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source(String);

impl Source {
    /// A source of that name.
    pub(crate) fn named(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a program prints that makes credentials (the format of `credential_process`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    access_key_id: String,
    secret_access_key: String,
    /// What the servers beside containers call `Token`.
    #[serde(alias = "Token")]
    session_token: Option<String>,
}

/// The region: that of the location, of the environment, of the profile; S3's oldest where nobody names one.
pub(crate) fn region(stated: Option<&str>, profile: &Profile) -> String {
    let from_environment = || ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(variable);
    let found = stated.map(str::to_owned).or_else(from_environment);
    found.or_else(|| profile.get("region").map(str::to_owned)).unwrap_or_else(|| "us-east-1".to_owned())
}

/// The server: that of the location, of the environment, of the profile; `None` is Amazon's own.
pub(crate) fn endpoint(stated: Option<&str>, profile: &Profile) -> Option<String> {
    if let Some(stated) = stated {
        return Some(stated.to_owned());
    }
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        return None;
    }
    let named = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].into_iter().find_map(variable);
    named.or_else(|| profile.get("endpoint_url").map(str::to_owned))
}

/// Gives a builder its credentials, in the order of the AWS command line, and says where they are from.
pub(crate) fn found(builder: AmazonS3Builder, profile: &Profile) -> Result<(AmazonS3Builder, Source)> {
    let name = &profile.name;
    if let Some(key) = variable("AWS_ACCESS_KEY_ID") {
        let Some(secret) = variable("AWS_SECRET_ACCESS_KEY") else {
            let what = "cannot use the key in `AWS_ACCESS_KEY_ID`: `AWS_SECRET_ACCESS_KEY` is not set";
            return Err(Failure::new(what).hint("set both, or neither").into());
        };
        let source = Source("`AWS_ACCESS_KEY_ID` in the environment".to_owned());
        return Ok((with(builder, key, secret, variable("AWS_SESSION_TOKEN")), source));
    }
    if let Some(setting) =
        profile.delegated().filter(|_| !profile.has_own_keys() || profile.get("role_arn").is_some())
    {
        let made = exported(profile, setting)?;
        let source = Source(format!("`{setting}` of the AWS profile `{name}`, through `aws`"));
        return Ok((with_made(builder, made), source));
    }
    if let (Some(token), Some(role)) = (variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")) {
        let mut builder = builder
            .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token)
            .with_config(AmazonS3ConfigKey::RoleArn, role);
        if let Some(session) = variable("AWS_ROLE_SESSION_NAME") {
            builder = builder.with_config(AmazonS3ConfigKey::RoleSessionName, session);
        }
        if let Some(url) = ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"].into_iter().find_map(variable) {
            builder = builder.with_config(AmazonS3ConfigKey::StsEndpoint, url);
        }
        return Ok((builder, Source("`AWS_WEB_IDENTITY_TOKEN_FILE` in the environment".to_owned())));
    }
    if let Some(program) = profile.get("credential_process").filter(|_| !profile.has_own_keys()) {
        let source = Source(format!("`credential_process` of the AWS profile `{name}`"));
        return Ok((with_made(builder, made_by_process(program, name)?), source));
    }
    if let (Some(key), Some(secret)) =
        (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"))
    {
        let token = profile.get("aws_session_token").map(str::to_owned);
        let source = Source(format!("the keys of the AWS profile `{name}`"));
        return Ok((with(builder, key.to_owned(), secret.to_owned(), token), source));
    }
    of_the_machine(builder)
}

/// The role of a container or of an instance, which the library asks for itself wherever it can.
fn of_the_machine(builder: AmazonS3Builder) -> Result<(AmazonS3Builder, Source)> {
    if let Some(uri) = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        let builder = builder.with_config(AmazonS3ConfigKey::ContainerCredentialsRelativeUri, uri);
        return Ok((builder, Source("the role of the container".to_owned())));
    }
    if let Some(uri) = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        let source = Source("the role of the container".to_owned());
        let Some(file) = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return Ok((with_made(builder, of_the_container(&uri)?), source));
        };
        let builder = builder
            .with_config(AmazonS3ConfigKey::ContainerCredentialsFullUri, uri)
            .with_config(AmazonS3ConfigKey::ContainerAuthorizationTokenFile, file);
        return Ok((builder, source));
    }
    let mut builder = builder;
    if let Some(url) = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        builder = builder.with_metadata_endpoint(url);
    }
    if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        // Nothing answers there, so the error comes at once and says where was looked.
        builder = builder.with_metadata_endpoint("http://127.0.0.1:9");
    }
    Ok((builder, Source("the role of the instance".to_owned())))
}

/// The keys that the server beside a container gives to who shows the token of the environment.
fn of_the_container(uri: &str) -> Result<Made> {
    let named = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let refused = |cause: String| {
        Failure::new(format!("cannot get credentials from `{named}`: {cause}")).hint(format!(
            "see that `{named}` and `AWS_CONTAINER_AUTHORIZATION_TOKEN` belong to this container"
        ))
    };
    let host =
        uri.strip_prefix("http://").map(|rest| rest.split(['/', ':', '@', '?']).next().unwrap_or_default());
    // The addresses that Amazon's own tools trust without encryption.
    if host
        .is_some_and(|host| !matches!(host, "127.0.0.1" | "localhost" | "169.254.170.2" | "169.254.170.23"))
    {
        return Err(
            refused("it is neither on this machine nor does it start with `https://`".to_owned()).into()
        );
    }
    let mut request = web::Request::get(uri);
    if let Some(token) = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
        request = request.header("authorization", token);
    }
    let answer = web::Web::new().send(&request)?;
    if !answer.is_success() {
        return Err(refused(format!("the server answered with {}", answer.status)).into());
    }
    serde_json::from_slice(&answer.body)
        .map_err(|_| refused("the server gave none as JSON".to_owned()).into())
}

/// The error where nothing was found at all.
pub(crate) fn absent(kind: Kind) -> Failure {
    match kind {
        Kind::S3 => {}
        Kind::Gcs => return super::google::absent(),
        Kind::Azure => return super::microsoft::absent(),
    }
    Failure::new(format!(
        "cannot find credentials for S3: looked in the environment (`AWS_ACCESS_KEY_ID`, `AWS_WEB_IDENTITY_TOKEN_FILE`), \
         in {}, and for the role of a container and of an instance",
        profile::places()
    ))
    .hint("set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `AWS_PROFILE`")
}

fn with(builder: AmazonS3Builder, key: String, secret: String, token: Option<String>) -> AmazonS3Builder {
    let (key_id, secret_key) = (key.trim().to_owned(), secret.trim().to_owned());
    builder.with_credentials(Arc::new(StaticCredentialProvider::new(AwsCredential {
        key_id,
        secret_key,
        token,
    })))
}

fn with_made(builder: AmazonS3Builder, made: Made) -> AmazonS3Builder {
    with(builder, made.access_key_id, made.secret_access_key, made.session_token)
}

/// The credentials of a role or of a single sign-on, which the AWS command line knows how to get.
fn exported(profile: &Profile, setting: &str) -> Result<Made> {
    let mut aws = Command::new("aws");
    aws.args(["configure", "export-credentials", "--format", "process", "--profile", &profile.name]);
    let said = format!("`{setting}` of the AWS profile `{}`", profile.name);
    made_by(aws, &said, || {
        format!(
            "install version 2 of the AWS command line, and see that `aws sts get-caller-identity --profile {}` works",
            profile.name
        )
    })
}

fn made_by_process(program: &str, name: &str) -> Result<Made> {
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, program]);
    let said = format!("`credential_process` of the AWS profile `{name}`");
    made_by(shell, &said, || "run the command by hand, and see what it prints".to_owned())
}

/// Runs a program for its credentials as JSON.
fn made_by(command: Command, said: &str, hint: impl Fn() -> String) -> Result<Made> {
    let printed = printed_by(command, said, &hint)?;
    serde_json::from_slice(&printed).map_err(|_| {
        let what = format!("cannot get credentials from {said}: the program printed no credentials as JSON");
        Failure::new(what).hint(hint()).into()
    })
}

/// Runs a program for its credentials. What it prints is never shown: it may hold some.
pub(crate) fn printed_by(mut command: Command, said: &str, hint: impl Fn() -> String) -> Result<Vec<u8>> {
    let refused =
        |cause: String| Failure::new(format!("cannot get credentials from {said}: {cause}")).hint(hint());
    let output = command.stdin(Stdio::null()).output();
    let output =
        output.map_err(|cause| refused(format!("`{}`: {cause}", command.get_program().to_string_lossy())))?;
    if !output.status.success() {
        return Err(refused(format!("the program ended with {}", output.status)).into());
    }
    Ok(output.stdout)
}
