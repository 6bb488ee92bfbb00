//! The server's worker API over HTTP: one method a call, errors told apart by what the caller must do.

use std::path::Path;
use std::time::Duration;

use mrprism_protocol::id::{Fence, JobId, RunId};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::{
    ArtifactRef, Claim, ClaimRequest, EventBatch, EventsReply, Finish, Heartbeat, HeartbeatReply,
    Problem, Register,
};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// Why a call failed, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// 401: the token is wrong; waiting does not help.
    #[error("the server refuses this worker's token: {0}")]
    Unauthorised(String),
    /// 404: the server does not know what was named; after a register it may.
    #[error("the server does not know it: {0}")]
    NotFound(String),
    /// 409: the lease is gone, or the science version differs.
    #[error("{0}")]
    Conflict(String),
    /// Another refusal: the same call would be refused again.
    #[error("the server refused the call ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's words.
        detail: String,
    },
    /// No connection, a timeout, 5xx or 429: the same call may succeed later.
    #[error("the server cannot be reached or is not well: {0}")]
    Unreachable(String),
    /// Trouble with a file on this machine.
    #[error("{0}")]
    Local(String),
}

impl CallError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    fn local(path: &Path, error: &std::io::Error) -> Self {
        Self::Local(format!("{}: {error}", path.display()))
    }
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> Self {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::Unreachable(text)
    }
}

/// The server, with this worker's token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
    token: String,
}

impl Client {
    /// A client of the server at `server` (`http://host:port`).
    ///
    /// # Errors
    /// When the system offers no way to make connections.
    pub(crate) fn new(server: String, token: String) -> Result<Self, CallError> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_mins(1))
            .build()?;
        Ok(Self {
            http,
            server,
            token,
        })
    }

    /// Introduces this worker process.
    pub(crate) async fn register(&self, register: &Register) -> Result<(), CallError> {
        let call = self
            .call(Method::POST, "/worker/register", 30)
            .json(register);
        send(call).await.map(drop)
    }

    /// Asks for a job; none when the wait was over.
    pub(crate) async fn claim(&self, request: &ClaimRequest) -> Result<Option<Claim>, CallError> {
        let seconds = u64::from(request.wait_seconds) + 15;
        let call = self
            .call(Method::POST, "/worker/claim", seconds)
            .json(request);
        let response = send(call).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        Ok(Some(response.json().await?))
    }

    /// Keeps leases alive; `timeout` is one heartbeat's interval.
    pub(crate) async fn heartbeat(
        &self,
        beat: &Heartbeat,
        timeout: Duration,
    ) -> Result<HeartbeatReply, CallError> {
        let call = self
            .call(Method::POST, "/worker/heartbeat", 30)
            .timeout(timeout)
            .json(beat);
        Ok(send(call).await?.json().await?)
    }

    /// Delivers a batch of events.
    pub(crate) async fn events(&self, batch: &EventBatch) -> Result<EventsReply, CallError> {
        let call = self.call(Method::POST, "/worker/events", 60).json(batch);
        Ok(send(call).await?.json().await?)
    }

    /// Ends an attempt.
    pub(crate) async fn finish(&self, finish: &Finish) -> Result<(), CallError> {
        let call = self.call(Method::POST, "/worker/finish", 30).json(finish);
        send(call).await.map(drop)
    }

    /// Stores a file, streamed, under its name and the hash that the server holds it to. The handle pins its content:
    /// an atomic replacement meanwhile does no harm.
    pub(crate) async fn upload(
        &self,
        (job, fence): (JobId, Fence),
        kind: ArtifactKind,
        (name, hash): (&str, &str),
        file: std::fs::File,
    ) -> Result<(), CallError> {
        let path = Path::new(name);
        let bytes = file
            .metadata()
            .map_err(|error| CallError::local(path, &error))?
            .len();
        // A name may hold a slash; as one path segment it is written %2F.
        let segment = name.replace('%', "%25").replace('/', "%2F");
        let url =
            format!("/worker/jobs/{job}/artifacts/{kind}/{segment}?fence={fence}&hash={hash}");
        let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), 1 << 18);
        let call = self
            .http
            .request(Method::PUT, self.url(&url))
            .bearer_auth(&self.token)
            .header(reqwest::header::CONTENT_LENGTH, bytes)
            .header(reqwest::header::CONTENT_TYPE, "application/octet-stream")
            .body(Body::wrap_stream(stream));
        send(call).await.map(drop)
    }

    /// Files of a run that the server keeps.
    pub(crate) async fn artifacts(&self, run: RunId) -> Result<Vec<ArtifactRef>, CallError> {
        let call = self.call(Method::GET, &format!("/runs/{run}/artifacts"), 30);
        Ok(send(call).await?.json().await?)
    }

    /// The first `bytes` bytes of a stored file.
    pub(crate) async fn head_of(&self, hash: &str, bytes: usize) -> Result<Vec<u8>, CallError> {
        let mut response = self.artifact(hash).await?;
        let mut head = Vec::new();
        while head.len() < bytes {
            match response.chunk().await? {
                Some(chunk) => head.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok(head)
    }

    /// Fetches a stored file to `path` and checks its hash; nothing stays at `path` on error.
    pub(crate) async fn download(&self, hash: &str, path: &Path) -> Result<(), CallError> {
        let fetched = self.download_unchecked(hash, path).await;
        let result = match fetched {
            Ok(found) if found == hash => return Ok(()),
            Ok(_) => Err(CallError::Unreachable(format!(
                "the file {hash} arrived damaged"
            ))),
            Err(error) => Err(error),
        };
        // The unfinished file is of no use; that it is gone already is no trouble.
        let _ = tokio::fs::remove_file(path).await;
        result
    }

    async fn download_unchecked(&self, hash: &str, path: &Path) -> Result<String, CallError> {
        let mut response = self.artifact(hash).await?;
        let local = |error: std::io::Error| CallError::local(path, &error);
        let mut file = tokio::fs::File::create(path).await.map_err(local)?;
        let mut hasher = blake3::Hasher::new();
        while let Some(chunk) = response.chunk().await? {
            hasher.update(&chunk);
            file.write_all(&chunk).await.map_err(local)?;
        }
        file.sync_all().await.map_err(local)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    async fn artifact(&self, hash: &str) -> Result<Response, CallError> {
        let call = self
            .http
            .request(Method::GET, self.url(&format!("/artifacts/{hash}")))
            .bearer_auth(&self.token);
        send(call).await
    }

    fn call(&self, method: Method, path: &str, seconds: u64) -> RequestBuilder {
        self.http
            .request(method, self.url(path))
            .bearer_auth(&self.token)
            .timeout(Duration::from_secs(seconds))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.server)
    }
}

async fn send(call: RequestBuilder) -> Result<Response, CallError> {
    let response = call.send().await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<Problem>(&text).map_or(text, |problem| problem.to_string());
    Err(match status {
        StatusCode::UNAUTHORIZED => CallError::Unauthorised(detail),
        StatusCode::NOT_FOUND => CallError::NotFound(detail),
        StatusCode::CONFLICT => CallError::Conflict(detail),
        StatusCode::TOO_MANY_REQUESTS => CallError::Unreachable(detail),
        _ if status.is_server_error() => CallError::Unreachable(format!("{status} {detail}")),
        _ => CallError::Refused {
            status: status.as_u16(),
            detail,
        },
    })
}

/// Waiting times between retries: doubling from 0.2 s to 10 s, each shortened by chance so that workers do not
/// come back all at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    seconds: f64,
}

impl Backoff {
    /// Starts short.
    pub(crate) fn new() -> Self {
        Self { seconds: 0.2 }
    }

    /// How long to wait now.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let whole = self.seconds;
        self.seconds = (whole * 2.0).min(10.0);
        let chance = f64::from(uuid::Uuid::now_v7().as_bytes()[15]) / 255.0;
        Duration::from_secs_f64(whole * (0.5 + 0.5 * chance))
    }

    /// Waits.
    pub(crate) async fn wait(&mut self) {
        tokio::time::sleep(self.next_wait()).await;
    }
}

/// Calls until the answer is no longer "later".
pub(crate) async fn persist<T, F: Future<Output = Result<T, CallError>>>(
    what: &str,
    mut call: impl FnMut() -> F,
) -> Result<T, CallError> {
    let mut backoff = Backoff::new();
    loop {
        match call().await {
            Err(error) if error.is_transient() => {
                tracing::warn!("{what}: {error}; trying again");
                backoff.wait().await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;

    #[test]
    fn waits_grow_to_ten_seconds_and_no_further() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..12).map(|_| backoff.next_wait().as_secs_f64()).collect();
        assert!((0.1..=0.2).contains(&waits[0]), "{waits:?}");
        assert!((5.0..=10.0).contains(&waits[11]), "{waits:?}");
    }
}
