//! One HTTP/1.1 connection, written byte by byte so that headers keep their order and letters.
//!
//! It never repeats a request that may have reached the other side.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const MOST_BYTES: usize = 1 << 20;
/// Headers of an answer.
const MOST_HEADERS: usize = 64;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// The value of `content-type`, or nothing.
    pub(crate) content_type: String,
    /// The value of `set-cookie`, or nothing.
    pub(crate) set_cookie: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// Whether Palisade gave it itself: a 403 or 429 with a problem of its own type.
    pub(crate) fn is_palisades(&self) -> bool {
        if !matches!(self.status, 403 | 429) || !self.content_type.starts_with("application/problem+json") {
            return false;
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body.get("type").and_then(Value::as_str).is_some_and(|kind| kind.contains("palisade"))
    }

    /// The session that its cookie begins.
    pub(crate) fn session(&self) -> Option<&str> {
        self.set_cookie.split(';').next()?.strip_prefix("sid=")
    }
}

/// A request in HTTP/1.1, its headers in the order and letters given.
pub(crate) fn write<N: Display, V: Display>(
    method: &str,
    path: &str,
    headers: impl IntoIterator<Item = (N, V)>,
    body: &[u8],
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A connection that is kept between requests, and opened when first needed.
pub(crate) struct Connection {
    target: SocketAddr,
    stream: Option<TcpStream>,
    /// Bytes that arrived and were not used yet.
    buffer: Vec<u8>,
}

impl Connection {
    /// A connection, not yet opened.
    pub(crate) fn new(target: SocketAddr) -> Self {
        Self { target, stream: None, buffer: Vec::new() }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The connection could not be made, broke, took longer than ten seconds, or what came is not
    /// HTTP. The connection is opened anew for the next request.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Reply> {
        let result = match tokio::time::timeout(PATIENCE, self.try_exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::TimedOut, "no answer within ten seconds")),
        };
        if result.is_err() {
            self.close();
        }
        result
    }

    fn close(&mut self) {
        self.stream = None;
        self.buffer.clear();
    }

    async fn try_exchange(&mut self, request: &[u8]) -> Result<Reply> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.target).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        if let Some(stream) = &mut self.stream {
            stream.write_all(request).await?;
        }
        loop {
            let (mut reply, length) = self.read_head().await?;
            if (100..200).contains(&reply.status) {
                continue;
            }
            self.read_body(&mut reply, &length).await?;
            if length.closes {
                self.close();
            }
            return Ok(reply);
        }
    }

    /// More bytes; an end of the stream is an error unless the answer ends with it.
    async fn read_more(&mut self) -> Result<()> {
        if self.buffer.len() > MOST_BYTES {
            return Err(Error::new(ErrorKind::InvalidData, "the answer is too long"));
        }
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        match stream.read_buf(&mut self.buffer).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn read_head(&mut self) -> Result<(Reply, Length)> {
        loop {
            if let Some((used, reply, length)) = parse_head(&self.buffer)? {
                self.buffer.drain(..used);
                return Ok((reply, length));
            }
            self.read_more().await?;
        }
    }

    async fn read_body(&mut self, reply: &mut Reply, length: &Length) -> Result<()> {
        match length.body {
            _ if matches!(reply.status, 204 | 304) => Ok(()),
            BodyLength::Known(bytes) => {
                reply.body = self.take(bytes).await?;
                Ok(())
            }
            BodyLength::Chunked => self.read_chunks(&mut reply.body).await,
            BodyLength::UntilClose => {
                while self.read_more().await.is_ok() {}
                reply.body = std::mem::take(&mut self.buffer);
                Ok(())
            }
        }
    }

    async fn take(&mut self, bytes: usize) -> Result<Vec<u8>> {
        while self.buffer.len() < bytes {
            self.read_more().await?;
        }
        Ok(self.buffer.drain(..bytes).collect())
    }

    async fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<()> {
        loop {
            let size = match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.buffer.drain(..used);
                    usize::try_from(size).unwrap_or(usize::MAX)
                }
                Ok(httparse::Status::Partial) => {
                    self.read_more().await?;
                    continue;
                }
                Err(_) => return Err(Error::new(ErrorKind::InvalidData, "a chunk has no size")),
            };
            if body.len().saturating_add(size) > MOST_BYTES {
                return Err(Error::new(ErrorKind::InvalidData, "the answer is too long"));
            }
            // Each chunk ends with a line break. Trailers are not read: neither side sends any.
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(());
            }
            body.extend_from_slice(chunk.get(..size).unwrap_or(&[]));
        }
    }
}

/// How an answer ends.
struct Length {
    body: BodyLength,
    closes: bool,
}

enum BodyLength {
    Known(usize),
    Chunked,
    UntilClose,
}

/// The head of an answer and the bytes it took; `None`: it has not all arrived.
fn parse_head(bytes: &[u8]) -> Result<Option<(usize, Reply, Length)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let used = match head.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(e) => return Err(Error::new(ErrorKind::InvalidData, e)),
    };
    let value = |name: &str| {
        let header = head.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name));
        header.map(|h| String::from_utf8_lossy(h.value).into_owned())
    };
    let reply = Reply {
        status: head.code.unwrap_or(0),
        content_type: value("content-type").unwrap_or_default(),
        set_cookie: value("set-cookie").unwrap_or_default(),
        body: Vec::new(),
    };
    let chunked = value("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
    let body = match value("content-length").and_then(|v| v.parse().ok()) {
        _ if chunked => BodyLength::Chunked,
        Some(bytes) => BodyLength::Known(bytes),
        None => BodyLength::UntilClose,
    };
    let closes = matches!(body, BodyLength::UntilClose) && !matches!(reply.status, 100..200 | 204 | 304)
        || value("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
    Ok(Some((used, reply, Length { body, closes })))
}
