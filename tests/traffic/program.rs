//! Programs that are not ours: curl, and clients and servers in Python.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use palisade::sandbox::project_root;
use serde_json::Value;

use crate::wire::Head;

/// Servers in Python; they end when this process does.
pub(crate) struct Servers {
    pub(crate) grpc_port: u16,
    pub(crate) socket_port: u16,
    _child: Child,
}

pub(crate) fn servers() -> &'static Servers {
    static SERVERS: LazyLock<Servers> = LazyLock::new(|| {
        let mut child = python("servers.py").stdout(Stdio::piped()).spawn().expect(REMEDY);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Value =
            serde_json::from_str(&line).unwrap_or_else(|e| panic!("servers.py: {e}: {REMEDY}"));
        let port = |name: &str| u16::try_from(ports[name].as_u64().unwrap()).unwrap();
        Servers { grpc_port: port("grpc"), socket_port: port("socket"), _child: child }
    });
    &SERVERS
}

const REMEDY: &str = "are the tests' Python packages installed (`make clients`)?";

/// Runs one of the Python programs, in this folder or one beside it, with JSON as its input, and gives the
/// JSON it prints.
pub(crate) fn run(script: &str, arguments: &[&str], input: &Value) -> Value {
    let mut child = python(script).args(arguments).stdout(Stdio::piped()).spawn().expect(REMEDY);
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed: see its error output; {REMEDY}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn python(script: &str) -> Command {
    let root = project_root().unwrap();
    let mut command = Command::new(root.join(".venv/bin/python"));
    command.arg(PathBuf::from("tests/traffic").join(script)).current_dir(root).stdin(Stdio::piped());
    command
}

/// What curl got.
#[derive(Debug)]
pub(crate) struct Curled {
    /// The last head: what comes before it are `100 Continue` and the like.
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// How many heads there were.
    pub(crate) heads: usize,
}

/// Runs curl; `input` is what `--data-binary @-` sends.
pub(crate) fn curl(arguments: &[&str], input: &[u8]) -> Curled {
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl is missing: install it (Debian: apt-get install curl)");
    // In a thread: curl may answer before it has read all.
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "curl {arguments:?}: {}", output.status);
    parse(&output.stdout)
}

fn parse(mut bytes: &[u8]) -> Curled {
    for heads in 1.. {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes = &bytes[end + 4..];
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            line.split_once(':').map(|(n, v)| (n.to_lowercase(), v.trim().to_owned())).expect("a header")
        };
        let head = Head { line, headers: lines.map(header).collect() };
        if head.status() >= 200 {
            return Curled { head, body: bytes.to_vec(), heads };
        }
    }
    panic!("an answer without a last head")
}
