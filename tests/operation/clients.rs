//! Made-up clients, and connections that stay open for many requests.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use palisade::sandbox::http;

use super::stage::DEADLINE;

/// A client with a network of its own.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: String,
    agent: &'static str,
}

impl Client {
    /// The client number `n`, below 65,536; each has an address in another network.
    pub(crate) fn number(n: usize) -> Self {
        Self { address: format!("11.{}.{}.9", n / 256, n % 256), agent: "curl/8.5.0" }
    }

    /// Sends a login for an account on a connection of its own, and returns the answer's status.
    pub(crate) fn login(&self, to: SocketAddr, path: &str, account: usize) -> u16 {
        self.post(to, path, &body(account)).status
    }

    /// Sends a body on a connection of its own.
    pub(crate) fn post(&self, to: SocketAddr, path: &str, body: &str) -> http::Answer {
        let headers = [
            ("user-agent", self.agent),
            ("content-type", "application/json"),
            ("x-forwarded-for", &self.address),
        ];
        http::send(to, "POST", path, &headers, body.as_bytes(), DEADLINE).expect("an answer")
    }

    /// A request's bytes for a connection that stays open.
    pub(crate) fn request(&self, path: &str, account: usize) -> Vec<u8> {
        let (address, agent, body) = (&self.address, self.agent, body(account));
        let length = body.len();
        format!(
            "POST {path} HTTP/1.1\r\nhost: shop.example\r\nuser-agent: {agent}\r\ncontent-type: application/json\r\n\
             x-forwarded-for: {address}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// The account that a test's login is for.
pub(crate) fn account(n: usize) -> String {
    format!("person{n}@people.example")
}

fn body(n: usize) -> String {
    format!(r#"{{"email":"{}","password":"secret{n}"}}"#, account(n))
}

/// A connection to Envoy.
pub(crate) struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).expect("a connection to Envoy");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { stream, bytes: Vec::new() }
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("Envoy reads");
    }

    /// Reads one whole answer and returns its status.
    pub(crate) fn answer(&mut self) -> u16 {
        loop {
            if let Some((status, Some(end))) = self.head()
                && self.bytes.len() >= end
            {
                self.bytes.drain(..end);
                return status;
            }
            assert!(self.read_more(), "Envoy closed the connection within an answer");
        }
    }

    /// Reads an answer up to some text, and returns its status.
    pub(crate) fn answer_until(&mut self, text: &str) -> u16 {
        loop {
            if let Some((status, _)) = self.head()
                && self.bytes.windows(text.len()).any(|w| w == text.as_bytes())
            {
                return status;
            }
            assert!(self.read_more(), "Envoy closed the connection within an answer");
        }
    }

    /// Reads until Envoy closes or resets the connection.
    pub(crate) fn end(mut self) {
        while self.read_more() {}
    }

    /// The status, and where the answer ends if it says how long it is.
    fn head(&self) -> Option<(u16, Option<usize>)> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(&self.bytes).expect("an answer") else {
            return None;
        };
        let body = head.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
        let body = body.and_then(|h| std::str::from_utf8(h.value).ok()?.parse::<usize>().ok());
        Some((head.code?, body.map(|body| length + body)))
    }

    fn read_more(&mut self) -> bool {
        let mut part = [0; 16 * 1024];
        let count = match self.stream.read(&mut part) {
            Ok(count) => count,
            Err(e) if e.kind() == ErrorKind::ConnectionReset => 0,
            Err(e) => panic!("Envoy does not answer: {e}"),
        };
        self.bytes.extend_from_slice(&part[..count]);
        count > 0
    }
}
