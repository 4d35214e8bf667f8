//! A fast origin in this process: keep-alive HTTP/1.1, a fixed answer, the status as the path asks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Bytes of a request's line or header line that are read at most.
const LINE_LIMIT: u64 = 16 * 1024;
const BODY: &str =
    r#"{"ok":true,"id":"b7a1c1de-5d3f-4d39-8f0a-3c1f7e0c2f11","items":[1,2,3,4,5,6,7,8],"note":"ready"}"#;

/// The status of answers to requests that carry a verdict.
pub(crate) const TOLD: u16 = 202;

/// Starts it on a free port; its threads end with the process.
pub(crate) fn start() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("the origin's port: {e}"))?;
    let address = listener.local_addr().map_err(|e| format!("the origin's port: {e}"))?;
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            std::thread::spawn(move || {
                // A connection that Envoy closed ends its thread, in whatever way it closed.
                let _ = serve(stream);
            });
        }
    });
    Ok(address)
}

fn serve(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        line.clear();
        if (&mut reader).take(LINE_LIMIT).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let request_line = line.clone();
        let (mut length, mut is_told) = (0_u64, false);
        loop {
            line.clear();
            (&mut reader).take(LINE_LIMIT).read_line(&mut line)?;
            if line.trim_end().is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            is_told |= line.starts_with("x-palisade-action:");
        }
        body.clear();
        (&mut reader).take(length).read_to_end(&mut body)?;
        writer.write_all(answer_to(&request_line, is_told).as_bytes())?;
    }
}

/// `?status=404` in the request's line asks for that status; the default is 200, or [`TOLD`] where a verdict
/// is told.
fn answer_to(request_line: &str, is_told: bool) -> String {
    let asked = request_line.split_once("?status=").and_then(|(_, rest)| rest.get(..3));
    let otherwise = if is_told { TOLD } else { 200 }.to_string();
    let status = asked.unwrap_or(&otherwise);
    let length = BODY.len();
    format!(
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{BODY}"
    )
}
