//! HTTP/1.1 on a socket, from either side, byte for byte and piece by piece.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a peer may be silent before a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// The start line of a message and its headers, as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// The first value of a header, whatever the name's case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// A word of the start line; the status of an answer is word 1, as is the path of a request.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.line.split(' ').nth(index).unwrap_or_default()
    }

    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or_else(|_| panic!("no status: {}", self.line))
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"))
    }
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Message {
    pub(crate) fn status(&self) -> u16 {
        self.head.status()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection.
pub(crate) struct Wire {
    reader: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&to, DEADLINE).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self::over(stream)
    }

    /// A connection that was accepted: it waits as long as its peer keeps it.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    /// Sends bytes. A peer that answered early may have stopped reading; its answer tells.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.reader.get_mut().write_all(bytes);
    }

    /// Sends as much as goes out without waiting for the peer, and gives the rest.
    pub(crate) fn fill<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        let stream = self.reader.get_mut();
        stream.set_nonblocking(true).unwrap();
        while let Ok(count) = stream.write(bytes)
            && count > 0
        {
            bytes = &bytes[count..];
        }
        stream.set_nonblocking(false).unwrap();
        bytes
    }

    /// The next head; `None` where the peer closed, or reset, the connection.
    pub(crate) fn head(&mut self) -> Option<Head> {
        let line = self.line()?;
        Some(Head { line, headers: self.headers() })
    }

    /// The next whole answer; `bodiless` where the request was one that gets no body (HEAD).
    pub(crate) fn answer(&mut self, bodiless: bool) -> Message {
        let head = self.head().expect("an answer");
        if bodiless || matches!(head.status(), 100..=199 | 204 | 304) {
            return Message { head, body: Vec::new(), trailers: Vec::new() };
        }
        self.rest(head, true).expect("a whole answer")
    }

    /// What belongs to a head; without a length only an answer goes on until the connection ends.
    pub(crate) fn rest(&mut self, head: Head, is_answer: bool) -> Option<Message> {
        let (mut body, mut trailers) = (Vec::new(), Vec::new());
        if head.is_chunked() {
            loop {
                let part = self.chunk()?;
                if part.is_empty() {
                    break;
                }
                body.extend(part);
            }
            trailers = self.headers();
        } else if let Some(length) = head.header("content-length") {
            body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut body).ok()?;
        } else if is_answer {
            self.reader.read_to_end(&mut body).ok()?;
        }
        Some(Message { head, body, trailers })
    }

    /// The next chunk of a chunked body; empty at its end, before the trailers.
    pub(crate) fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(&self.line()?, 16).expect("a chunk's size");
        let mut part = vec![0; size];
        self.reader.read_exact(&mut part).ok()?;
        if size > 0 {
            self.line()?;
        }
        Some(part)
    }

    /// Headers, or trailers, up to the empty line.
    pub(crate) fn headers(&mut self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line}"));
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        headers
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok()?;
        let whole = line.strip_suffix('\n')?;
        Some(whole.strip_suffix('\r').unwrap_or(whole).to_owned())
    }
}

/// The end of a head, and a body of known length.
pub(crate) fn sized(body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend(body);
    bytes
}

/// The end of a head, and a body in chunks, with trailers.
pub(crate) fn chunked(parts: &[&[u8]], trailers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = b"transfer-encoding: chunked\r\n\r\n".to_vec();
    for part in parts {
        bytes.extend(chunk(part));
    }
    bytes.extend(b"0\r\n");
    for (name, value) in trailers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    bytes
}

/// One chunk.
pub(crate) fn chunk(part: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", part.len()).into_bytes();
    bytes.extend(part);
    bytes.extend(b"\r\n");
    bytes
}

/// An answer of known length.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} Told\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    // An answer that says "no body" has no length either.
    if matches!(status, 204 | 304) {
        bytes.extend(b"\r\n");
    } else {
        bytes.extend(sized(body));
    }
    bytes
}
