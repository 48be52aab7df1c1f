//! What the object-store library leaves out of S3, added on the wire: keys that end in `/`, checksums that are read
//! back, multipart uploads that replace nothing, and `Retry-After`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use object_store::ClientOptions;
use object_store::aws::{AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
    ReqwestConnector,
};

use super::clock::Clock;
use super::connect::SILENCE;
use super::stretch::{self, Outgoing, Stretch};
use super::traffic::{Told, Traffic};

/// The attribute of an object in which the checksum that S3 computed itself is found.
pub(crate) const SERVED: &str = "wainwright-served-sha256";

/// The longest wait that a server may ask for.
const LONGEST_WAIT: u64 = 60;

/// How many bytes of a request the system takes at once, before any of them has gone out.
const HELD: u64 = 4 << 20;

/// Marks a request whose key ends in `/`, which the library takes away from every path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrailingSlash;

/// Makes clients that sign what they add; without a signer they only wait as they are told.
#[derive(Debug)]
pub(crate) struct Connector {
    /// Who signs, and for which region.
    pub signer: Option<(AwsCredentialProvider, String)>,
    /// What learns the time of the server.
    pub clock: Clock,
    /// What learns how many bytes go out.
    pub traffic: Traffic,
}

#[derive(Debug)]
struct Wire {
    client: HttpClient,
    signer: Option<(AwsCredentialProvider, String)>,
    clock: Clock,
    traffic: Traffic,
    /// The client for stretches of files; the other one takes no body but those of the library.
    uploader: reqwest::Client,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        let uploader = reqwest::Client::builder()
            .user_agent(concat!("wainwright/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(5))
            .http1_only();
        // The system knows of bytes that nobody takes any more.
        #[cfg(target_os = "linux")]
        let uploader = uploader.tcp_user_timeout(SILENCE);
        let uploader = uploader
            .build()
            .map_err(|cause| object_store::Error::Generic { store: "HTTP", source: Box::new(cause) })?;
        let (signer, clock, traffic) = (self.signer.clone(), self.clock.clone(), self.traffic.clone());
        Ok(HttpClient::new(Wire { client, signer, clock, traffic, uploader }))
    }
}

#[async_trait]
impl HttpService for Wire {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_read_back = request.method().as_str() == "HEAD";
        let stretch = stretch::meant(request.body());
        if let Some((credentials, region)) = &self.signer {
            let is_slashed = request.extensions().get::<TrailingSlash>().is_some();
            if is_slashed {
                append_slash(&mut request)?;
            }
            if is_read_back {
                let mode = "ENABLED".parse().map_err(unknown)?;
                request.headers_mut().insert("x-amz-checksum-mode", mode);
            }
            if request.method().as_str() == "POST"
                && request.uri().query().is_some_and(|query| query.starts_with("uploadId="))
            {
                request.headers_mut().insert("if-none-match", "*".parse().map_err(unknown)?);
            }
            if let Some(stretch) = &stretch {
                describe(&mut request, stretch)?;
            }
            if is_slashed || is_read_back || stretch.is_some() {
                sign(&mut request, credentials, region).await?;
            }
        }
        let mut response = match stretch {
            Some(stretch) => self.upload(request, stretch).await?,
            None => self.client.execute(request).await?,
        };
        if let Some(date) = response.headers().get("date").and_then(|date| date.to_str().ok()) {
            self.clock.note(date);
        }
        if is_read_back && let Some(sum) = response.headers().get("x-amz-checksum-sha256").cloned() {
            let name = format!("x-amz-meta-{SERVED}");
            response.headers_mut().insert(name.parse::<reqwest::header::HeaderName>().map_err(unknown)?, sum);
        }
        if let Some(wait) = asked_to_wait(&response) {
            tokio::time::sleep(wait).await;
        }
        Ok(response)
    }
}

impl Wire {
    /// Sends a stretch of a file, and tells of its bytes.
    async fn upload(&self, request: HttpRequest, stretch: Arc<Stretch>) -> Result<HttpResponse, HttpError> {
        let (parts, _) = request.into_parts();
        let mut request =
            reqwest::Request::new(parts.method, parts.uri.to_string().parse().map_err(unknown)?);
        *request.headers_mut() = parts.headers;
        let (body, sent) = Told::new(Outgoing::new(Arc::clone(&stretch)), &self.traffic);
        *request.body_mut() = Some(reqwest::Body::wrap(body));
        let mut done = std::pin::pin!(self.finish(request));
        let mut seen = 0;
        let done = loop {
            match tokio::time::timeout(patience(seen), &mut done).await {
                Ok(done) => break done,
                // A slow line takes as long as it takes, while bytes flow.
                Err(_) if sent.load(Ordering::Relaxed) > seen => seen = sent.load(Ordering::Relaxed),
                Err(silence) => break Err(HttpError::new(HttpErrorKind::Timeout, silence)),
            }
        };
        if !done.as_ref().is_ok_and(|response| response.status().is_success()) {
            self.traffic.tell(-sent.load(Ordering::Relaxed));
        }
        match done {
            Err(error) if stretch.is_faulty() => Err(HttpError::new(HttpErrorKind::Unknown, error)),
            done => done,
        }
    }

    async fn finish(&self, request: reqwest::Request) -> Result<HttpResponse, HttpError> {
        let mut response = self.uploader.execute(request).await.map_err(broken)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut whole = HttpResponse::new(response.bytes().await.map_err(broken)?.into());
        *whole.status_mut() = status;
        *whole.headers_mut() = headers;
        Ok(whole)
    }
}

/// What is told of a connection decides whether a request is made again, so each kind is kept apart.
fn broken(cause: reqwest::Error) -> HttpError {
    let kind = if cause.is_timeout() {
        HttpErrorKind::Timeout
    } else if cause.is_connect() {
        HttpErrorKind::Connect
    } else if cause.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, cause.without_url())
}

/// How long nothing may be seen of a request that has given so many bytes to the system, which may still hold them.
fn patience(sent: i64) -> Duration {
    SILENCE + Duration::from_secs(sent.unsigned_abs().min(HELD) / web::SLOWEST)
}

/// How long a server that has too much to do wants to be left alone.
fn asked_to_wait(response: &HttpResponse) -> Option<Duration> {
    if !matches!(response.status().as_u16(), 429 | 503) {
        return None;
    }
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT)))
}

fn append_slash(request: &mut HttpRequest) -> Result<(), HttpError> {
    let uri = request.uri().to_string();
    let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
    let slashed = if query.is_empty() { format!("{path}/") } else { format!("{path}/?{query}") };
    *request.uri_mut() = slashed.parse().map_err(unknown)?;
    Ok(())
}

/// Says in the headers of a request what it sends in place of its body.
fn describe(request: &mut HttpRequest, stretch: &Stretch) -> Result<(), HttpError> {
    let hex = stretch.sha256.as_str();
    let sum = STANDARD.encode(decode(hex).unwrap_or_default());
    let length = stretch.length.to_string();
    for (name, value) in
        [("content-length", length.as_str()), ("x-amz-content-sha256", hex), ("x-amz-checksum-sha256", &sum)]
    {
        request.headers_mut().insert(name, value.parse().map_err(unknown)?);
    }
    Ok(())
}

/// Signs a request again; the digest of its body stays the one that its headers tell.
async fn sign(
    request: &mut HttpRequest,
    credentials: &AwsCredentialProvider,
    region: &str,
) -> Result<(), HttpError> {
    let credential = credentials.get_credential().await.map_err(unknown)?;
    let digest = request.headers().get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    let digest = digest.and_then(decode);
    request.headers_mut().remove("authorization");
    let authorizer = AwsAuthorizer::new(&credential, "s3", region);
    authorizer.try_authorize(request, digest.as_deref()).map_err(unknown)
}

/// The bytes of a text of hexadecimal digits.
fn decode(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

fn unknown(cause: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_holds_may_still_go_out() {
        assert_eq!(patience(0), SILENCE);
        assert_eq!(patience(1_000_000), SILENCE + Duration::from_secs(50));
        assert_eq!(patience(i64::MAX), SILENCE + Duration::from_secs(209));
    }
}
