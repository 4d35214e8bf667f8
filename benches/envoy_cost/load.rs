//! Keep-alive load in a closed loop: each connection sends its next request when it has the answer.
//! Every answer's status is checked, so that a figure is of the thing it is named after.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Connections at a time: enough to keep one worker busy.
const CONNECTIONS: u64 = 16;
/// Bytes of one answer at most.
const ANSWER_LIMIT: usize = 64 * 1024;

/// What to send: writes request number `n` into the buffer.
pub(crate) type Requests<'a> = &'a (dyn Fn(u64, &mut Vec<u8>) + Sync);

/// Open connections to one Envoy, kept between calls so that opening them is not measured.
pub(crate) struct Load {
    connections: Vec<Connection>,
    sent: u64,
}

impl Load {
    /// Opens the connections.
    pub(crate) fn open(to: SocketAddr) -> Result<Self, String> {
        let connections = (0..CONNECTIONS).map(|_| Connection::open(to)).collect::<Result<_, _>>()?;
        Ok(Self { connections, sent: 0 })
    }

    /// Sends the next `count` requests, each expected to be answered with `status`.
    pub(crate) fn send(&mut self, count: u64, requests: Requests, status: u16) -> Result<(), String> {
        let next = AtomicU64::new(self.sent);
        self.sent += count;
        let end = self.sent;
        let next = &next;
        std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .connections
                .iter_mut()
                .map(|connection| scope.spawn(move || send_on(connection, next, end, requests, status)))
                .collect();
            let ended = || Err("a load thread ended early".to_owned());
            threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| ended()))
        })
    }
}

fn send_on(
    connection: &mut Connection,
    next: &AtomicU64,
    end: u64,
    requests: Requests,
    status: u16,
) -> Result<(), String> {
    let mut request = Vec::with_capacity(4096);
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= end {
            return Ok(());
        }
        request.clear();
        requests(n, &mut request);
        let got = connection.exchange(&request)?;
        if got != status {
            return Err(format!("request {n} was answered {got} instead of {status}"));
        }
    }
}

/// One keep-alive connection, opened again when Envoy closed it with its last answer, as it does
/// after a refusal that came before the request's body was read.
pub(crate) struct Connection {
    to: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(to: SocketAddr) -> Result<Self, String> {
        Ok(Self { to, stream: Some(connect(to)?), buffer: vec![0; ANSWER_LIMIT] })
    }

    /// Sends one request, reads its whole answer, and returns the status.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> Result<u16, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.to)?,
        };
        stream.write_all(request).map_err(|e| format!("send: {e}"))?;
        let mut filled = 0;
        loop {
            let space = self.buffer.get_mut(filled..).filter(|space| !space.is_empty());
            let space = space.ok_or("an answer is longer than expected")?;
            let read = stream.read(space).map_err(|e| format!("read: {e}"))?;
            if read == 0 {
                return Err("Envoy closed a connection within an answer".to_owned());
            }
            filled += read;
            if let Some(answer) = whole_answer(self.buffer.get(..filled).unwrap_or_default())? {
                self.stream = answer.keeps_open.then_some(stream);
                return Ok(answer.status);
            }
        }
    }
}

fn connect(to: SocketAddr) -> Result<TcpStream, String> {
    let failed = |e: std::io::Error| format!("connect to Envoy at {to}: {e}");
    let stream = TcpStream::connect(to).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(failed)?;
    Ok(stream)
}

struct Answer {
    status: u16,
    keeps_open: bool,
}

/// The answer once its head and body are there.
fn whole_answer(bytes: &[u8]) -> Result<Option<Answer>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head_length) = head.parse(bytes).map_err(|e| format!("answer: {e}"))?
    else {
        return Ok(None);
    };
    let value = |name: &str| {
        let header = head.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let length = value("content-length").and_then(|length| length.parse::<usize>().ok());
    let length = length.ok_or("an answer without a length")?;
    let keeps_open = value("connection") != Some("close");
    let status = head.code.unwrap_or(0);
    Ok((bytes.len() >= head_length + length).then_some(Answer { status, keeps_open }))
}
