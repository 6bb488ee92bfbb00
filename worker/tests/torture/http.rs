//! As much of HTTP/1.1 as the workers speak: whole requests in, whole answers out.

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;

/// A request with its whole body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: reqwest::Method,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// An answer with its whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    status: reqwest::StatusCode,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// The connection's next request; none where the caller has gone.
pub(crate) async fn read(reader: &mut BufReader<OwnedReadHalf>) -> anyhow::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().context("no method")?.parse()?;
    let target = words.next().context("no target")?.to_owned();
    let mut headers = Vec::new();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line).await? == 0 {
            bail!("cut off in its head");
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match name.as_str() {
            "content-length" => length = value.parse()?,
            "transfer-encoding" => bail!("a body of unknown length"),
            "host" | "connection" => {}
            _ => headers.push((name, value.to_owned())),
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await?;
    Ok(Some(Request {
        method,
        target,
        headers,
        body,
    }))
}

/// What the server at `upstream` answers.
pub(crate) async fn forward(
    http: &reqwest::Client,
    upstream: &str,
    request: Request,
) -> anyhow::Result<Answer> {
    let mut call = http
        .request(request.method, format!("{upstream}{}", request.target))
        .body(request.body);
    for (name, value) in request.headers {
        call = call.header(name, value);
    }
    let response = call.send().await?;
    let content_type = response.headers().get("content-type");
    Ok(Answer {
        status: response.status(),
        content_type: content_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: response.bytes().await?.to_vec(),
    })
}

impl Answer {
    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = match self.status {
            reqwest::StatusCode::NO_CONTENT => String::new(),
            _ => format!("content-length: {}\r\n", self.body.len()),
        };
        let kind = self.content_type.as_ref();
        let kind = kind.map_or(String::new(), |kind| format!("content-type: {kind}\r\n"));
        let head = format!("HTTP/1.1 {}\r\n{length}{kind}\r\n", self.status);
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
