//! Clients of the three kinds of object stores, each with the credentials that its users have already.

use std::sync::{Arc, Once};
use std::time::Duration;

use anyhow::Result;
use document::Failure;
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::clock::Clock;
use super::credentials::{self, Source};
use super::google;
use super::location::{Kind, Location};
use super::microsoft;
use super::profile::Profile;
use super::traffic::Traffic;
use super::wire::Connector;

type Client = (Arc<dyn ObjectStore>, Location, Source);
/// What learns from the requests of a client.
pub(crate) type Wires = (Clock, Traffic);

/// How long a server may be silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// Makes a client of a store; the location comes back with what the environment adds to it. What its server says about
/// the time, and what goes over the line, comes into `wires`.
pub(crate) fn connect(location: Location, wires: &Wires) -> Result<Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // One that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    match location.kind {
        Kind::S3 => s3(location, wires),
        Kind::Gcs => gcs(location, wires),
        Kind::Azure => azure(location, wires),
    }
}

fn s3(mut location: Location, wires: &Wires) -> Result<Client> {
    let profile = Profile::read()?;
    location.endpoint = credentials::endpoint(location.endpoint.as_deref(), &profile);
    let region = credentials::region(location.region.as_deref(), &profile);
    location.region = Some(region.clone());
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&location.bucket)
        .with_region(&region)
        .with_checksum_algorithm(Checksum::SHA256)
        // Of a request for several keys the server says that it is done, and hides in it what is not.
        .with_disable_bulk_delete(true)
        .with_retry(retries())
        .with_client_options(options(&location));
    builder = match &location.endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint.trim_end_matches('/')),
        // A dot in the name would not fit the certificate.
        None => builder.with_virtual_hosted_style_request(!location.bucket.contains('.')),
    };
    let (builder, source) = credentials::found(builder, &profile)?;
    let unsigned = Connector { signer: None, clock: wires.0.clone(), traffic: wires.1.clone() };
    let built =
        builder.clone().with_http_connector(unsigned).build().map_err(|cause| refused(&location, &cause))?;
    let signer = Arc::clone(built.credentials());
    let connector = Connector {
        signer: Some((Arc::clone(&signer), region)),
        clock: wires.0.clone(),
        traffic: wires.1.clone(),
    };
    let built = builder.with_credentials(signer).with_http_connector(connector).build();
    let built = built.map_err(|cause| refused(&location, &cause))?;
    Ok((Arc::new(built), location, source))
}

fn gcs(location: Location, wires: &Wires) -> Result<Client> {
    let (builder, source) = google::found()?;
    let mut builder = builder
        .with_bucket_name(&location.bucket)
        .with_retry(retries())
        .with_client_options(options(&location))
        .with_http_connector(Connector { signer: None, clock: wires.0.clone(), traffic: wires.1.clone() });
    if let Some(endpoint) = &location.endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
        // A server of one's own that asks for no rights, as emulators are.
        if std::env::var_os("STORAGE_EMULATOR_HOST").is_some() {
            builder = builder.with_skip_signature(true);
        }
    }
    let built = builder.build().map_err(|cause| refused(&location, &cause))?;
    Ok((Arc::new(built), location, source))
}

fn azure(mut location: Location, wires: &Wires) -> Result<Client> {
    let found = microsoft::found();
    location.account = location.account.or(found.account);
    location.endpoint = location.endpoint.or(found.endpoint);
    let mut builder = found
        .builder
        .with_container_name(&location.bucket)
        .with_retry(retries())
        .with_client_options(options(&location))
        .with_allow_http(is_plain(&location))
        .with_http_connector(Connector { signer: None, clock: wires.0.clone(), traffic: wires.1.clone() });
    if let Some(account) = &location.account {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = &location.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    let built = builder.build().map_err(|cause| refused(&location, &cause))?;
    Ok((Arc::new(built), location, found.source))
}

fn options(location: &Location) -> ClientOptions {
    ClientOptions::new()
        // A large file on a slow line takes as long as it takes, while bytes flow.
        .with_timeout_disabled()
        .with_read_timeout(SILENCE)
        .with_allow_http(is_plain(location))
        .with_pool_max_idle_per_host(super::WIDTH)
}

fn is_plain(location: &Location) -> bool {
    location.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"))
}

/// Server errors and broken connections are tried again, more slowly each time and never in step.
fn retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(10),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: 8, retry_timeout: Duration::from_secs(120) }
}

fn refused(location: &Location, cause: &object_store::Error) -> anyhow::Error {
    // The library names what is absent or of a wrong form, never a value.
    let text = cause.to_string();
    let text = text.lines().next().unwrap_or_default();
    Failure::new(format!("cannot use `{location}`: {text}"))
        .hint("see that its settings and the credentials in the environment are whole")
        .into()
}
