//! An origin in this process that does to each request what a test wants: it answers, resets the
//! connection, or never answers. It keeps connections, as origins do; its threads end with the
//! process.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use super::stage::DEADLINE;

/// Bytes of a request's head that are looked at.
const HEAD_LIMIT: usize = 256 * 1024;

/// How many requests are answered in one go where the path asks for that.
pub(crate) const TOGETHER: usize = 8;

/// What becomes of a request.
pub(crate) enum Deed {
    /// These bytes, and the connection stays.
    Answer(Vec<u8>),
    /// These bytes, and then the connection is reset; after the first byte, not before the test
    /// says so ([`Origin::go_on`]), so that it happens in the middle of what the client sees.
    Reset(Vec<u8>),
    /// These bytes, once so many requests wait for it; then all of them in one go.
    Together(usize, Vec<u8>),
    /// Nothing, until Envoy gives up.
    Silence,
}

/// A running origin.
pub(crate) struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the threads of all connections share.
#[derive(Default)]
struct Shared {
    asked: AtomicUsize,
    /// How many connections may go on in the middle of their answers.
    open: Mutex<usize>,
    opened: Condvar,
    waiting: Mutex<Vec<TcpStream>>,
}

impl Origin {
    /// An origin that does as the last segment of the path says, see [`as_asked`].
    pub(crate) fn obedient() -> Self {
        Self::start(as_asked)
    }

    /// An origin that does what `decide` says of a request's head.
    pub(crate) fn start(decide: impl Fn(&str) -> Deed + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (decide, shared) = (Arc::new(decide), Arc::<Shared>::default());
        let origin = Self { address, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let (decide, shared) = (Arc::clone(&decide), Arc::clone(&shared));
                // Ends when Envoy closes the connection, in whatever way.
                std::thread::spawn(move || serve(stream, &*decide, &shared));
            }
        });
        origin
    }

    /// Where it listens.
    pub(crate) fn upstream(&self) -> String {
        self.address.to_string()
    }

    /// How many requests have come so far.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Lets one connection that waits in the middle of its answer be reset.
    pub(crate) fn go_on(&self) {
        *self.shared.open.lock().unwrap() += 1;
        self.shared.opened.notify_one();
    }
}

/// Serves one connection until it ends.
fn serve(mut stream: TcpStream, decide: &dyn Fn(&str) -> Deed, shared: &Shared) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    loop {
        let head = look_at(&stream)?;
        let deed = decide(&head);
        // What is closed with something unread in it is reset rather than ended in order.
        if !matches!(deed, Deed::Reset(_)) {
            read(&mut stream, &head)?;
        }
        shared.asked.fetch_add(1, Ordering::SeqCst);
        match deed {
            Deed::Answer(bytes) => stream.write_all(&bytes).ok()?,
            Deed::Together(count, bytes) => {
                let mut waiting = shared.waiting.lock().unwrap();
                waiting.push(stream.try_clone().ok()?);
                if waiting.len() >= count {
                    waiting.drain(..).try_for_each(|mut stream| stream.write_all(&bytes)).ok()?;
                }
            }
            Deed::Silence => {
                let _ = stream.read(&mut [0]);
                return None;
            }
            Deed::Reset(bytes) => {
                if !bytes.is_empty() && stream.write_all(&bytes).is_ok() {
                    shared.wait();
                }
                return None;
            }
        }
    }
}

impl Shared {
    fn wait(&self) {
        let open = self.open.lock().unwrap();
        let (mut open, late) = self.opened.wait_timeout_while(open, DEADLINE, |open| *open == 0).unwrap();
        if !late.timed_out() {
            *open -= 1;
        }
    }
}

/// The next request's head, left unread; `None` once the connection ended.
fn look_at(stream: &TcpStream) -> Option<String> {
    let mut seen = vec![0; 4096];
    let mut known = 0;
    loop {
        let count = stream.peek(&mut seen).ok().filter(|count| *count > 0)?;
        if let Some(end) = end_of_head(&seen[..count]) {
            return Some(String::from_utf8_lossy(&seen[..end]).into_owned());
        }
        if count == seen.len() && count < HEAD_LIMIT {
            seen.resize(2 * count, 0);
        } else if count == known {
            // The rest of the head is still on its way.
            std::thread::yield_now();
        }
        known = count;
    }
}

/// Reads the request whose head was looked at, to its end.
fn read(stream: &mut TcpStream, head: &str) -> Option<()> {
    let mut one = [0; 1];
    let mut bytes = Vec::new();
    while end_of_head(&bytes).is_none() {
        // Byte by byte, so that nothing of the next request is taken.
        stream.read_exact(&mut one).ok()?;
        bytes.push(one[0]);
    }
    let head = head.to_ascii_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
    if header("transfer-encoding:").is_some_and(|value| value.contains("chunked")) {
        return read_chunks(stream);
    }
    let length: usize = header("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()
}

fn read_chunks(stream: &mut TcpStream) -> Option<()> {
    loop {
        let line = read_line(stream)?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            // Trailers, if any, and the empty line after them.
            while !read_line(stream)?.is_empty() {}
            return Some(());
        }
        // The chunk and its line end.
        stream.read_exact(&mut vec![0; length + 2]).ok()?;
    }
}

fn read_line(stream: &mut TcpStream) -> Option<String> {
    let (mut line, mut one) = (Vec::new(), [0; 1]);
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut one).ok()?;
        line.push(one[0]);
    }
    line.truncate(line.len() - 2);
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

/// The last segment of the path: a status, or one of a few words; anything else is answered with 200.
fn as_asked(head: &str) -> Deed {
    let json = "content-type: application/json\r\n";
    let path = head.split([' ', '?']).nth(1).unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        "reset" => Deed::Reset(Vec::new()),
        "cut" => Deed::Reset(begun(r#"{"user":"a","ok":"#)),
        "cut-after-refusal" => Deed::Reset(begun(r#"{"error":"wrong password"}"#)),
        "401-together" => Deed::Together(TOGETHER, answer(401, json, "{}")),
        "200-together" => Deed::Together(TOGETHER, answer(200, json, "{}")),
        "silence" => Deed::Silence,
        "refused" => Deed::Answer(answer(200, json, r#"{"user":"a","ok":false}"#)),
        "refused-in-chunks" => Deed::Answer(with_trailers("{\"ok\":false}")),
        "accepted-in-chunks" => Deed::Answer(with_trailers("{\"ok\":true}")),
        "accepted" => Deed::Answer(answer(200, json, r#"{"user":"a","ok":true}"#)),
        "sorry" => Deed::Answer(answer(200, "content-type: text/html\r\n", "<p>Sorry, wrong password.</p>")),
        "marked" => Deed::Answer(answer(200, "x-result: bad\r\n", "{}")),
        word => Deed::Answer(answer(word.parse().unwrap_or(200), json, "{}")),
    }
}

/// The beginning of an answer of 200.
fn begun(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{body}")
        .into_bytes()
}

/// An answer of 200 in chunks, with a trailer after the last.
fn with_trailers(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\nx-end: 1\r\n\r\n"
    )
    .into_bytes()
}

/// An answer's bytes; `headers` are whole lines.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Told\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
