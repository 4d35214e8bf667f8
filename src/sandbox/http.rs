//! A small blocking HTTP/1.1 client: one request, one connection, one whole answer.
//!
//! For Envoy's admin interface and for tests on the loopback. It never keeps a connection, follows
//! no redirect and bounds what it reads.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Bytes of an answer that are read at most.
const ANSWER_LIMIT: u64 = 64 * 1024 * 1024;
/// Headers of an answer that are parsed at most.
const HEADERS_LIMIT: usize = 64;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case with their values, in the order they came in.
    pub headers: Vec<(String, String)>,
    /// The body, without its transfer coding.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first value of a header, named in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request and reads the whole answer. `connection: close` is added, `host` unless
/// `headers` name one, and `content-length` when there is a body.
///
/// # Errors
/// Says at which step the exchange broke; an answer later than `deadline` is an error.
pub fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    deadline: Duration,
) -> Result<Answer, String> {
    let failed = |step: &str, e: std::io::Error| format!("{method} http://{to}{path}: {step}: {e}");
    let mut stream = TcpStream::connect_timeout(&to, deadline).map_err(|e| failed("connect", e))?;
    stream.set_read_timeout(Some(deadline)).map_err(|e| failed("set up", e))?;
    stream.set_write_timeout(Some(deadline)).map_err(|e| failed("set up", e))?;
    let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("host: {to}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    stream.write_all(&request).map_err(|e| failed("send", e))?;
    let bytes = read_answer(&mut stream.take(ANSWER_LIMIT)).map_err(|e| failed("read", e))?;
    parse(&bytes).map_err(|e| format!("{method} http://{to}{path}: {e}"))
}

/// Reads until the answer is whole by its own measure, or the connection ends: Envoy may keep a
/// connection open for a second after an answer of its own.
fn read_answer(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let count = stream.read(&mut part)?;
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
        let whole = |answer: Answer| {
            let length = answer.header("content-length").and_then(|text| text.parse::<usize>().ok());
            answer.header("transfer-encoding").is_some() || length.is_some_and(|n| answer.body.len() >= n)
        };
        if count == 0 || parse(&bytes).is_ok_and(whole) {
            return Ok(bytes);
        }
    }
}

/// Parses a whole answer.
fn parse(bytes: &[u8]) -> Result<Answer, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    let mut head = httparse::Response::new(&mut headers);
    let body_at = match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err("the answer ends within its head".to_owned()),
        Err(e) => return Err(format!("the answer's head: {e}")),
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|h| (h.name.to_ascii_lowercase(), String::from_utf8_lossy(h.value).into_owned()))
        .collect();
    let rest = bytes.get(body_at..).unwrap_or_default();
    let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v.eq_ignore_ascii_case("chunked"));
    let body = if chunked { unchunk(rest)? } else { rest.to_vec() };
    Ok(Answer { status: head.code.unwrap_or(0), headers, body })
}

/// Takes the chunked transfer coding off.
fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>, String> {
    let broken = || "the answer's chunks are broken".to_owned();
    let mut body = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(rest) else {
            return Err(broken());
        };
        if length == 0 {
            return Ok(body);
        }
        let end =
            usize::try_from(length).ok().and_then(|length| start.checked_add(length)).ok_or_else(broken)?;
        body.extend_from_slice(rest.get(start..end).ok_or_else(broken)?);
        // Two bytes of line end follow each chunk.
        rest = rest.get(end.saturating_add(2)..).ok_or_else(broken)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        let answer =
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                .unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    }

    #[test]
    fn a_cut_answer_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nA").unwrap_err().contains("within its head"));
        let cut = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc";
        assert!(parse(cut).unwrap_err().contains("chunks"));
    }
}
