//! Requests in HTTP/2, frame by frame (RFC 9113), header by header as literals (RFC 7541, 6.2.2).

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{Ending, Storm, any_bytes, bodies, http1, one_of};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Bytes of a frame at most, where nothing else was agreed.
const FRAME_BYTES: usize = 16_384;

/// One to three requests on a connection, and how it ends.
pub(super) fn any(chance: &mut StdRng) -> Storm {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(&mut bytes, SETTINGS, 0, 0, &[]);
    for n in 0..chance.random_range(1..=3_u32) {
        request(chance, &mut bytes, 2 * n + 1);
    }
    let ending = match chance.random_range(0..10) {
        0 => Ending::HalfClose,
        1 => Ending::Leave,
        _ => Ending::Wait,
    };
    Storm { bytes, ending }
}

fn request(chance: &mut StdRng, bytes: &mut Vec<u8>, stream: u32) {
    let (body, encoding) = bodies::any(chance);
    let mut block = Vec::new();
    let method = one_of(chance, &["POST", "POST", "POST", "POST", "GET", "HEAD", "CONNECT", "X"]);
    literal(&mut block, b":method", method.as_bytes());
    literal(&mut block, b":scheme", one_of(chance, &["http", "http", "https"]).as_bytes());
    let mut path = http1::path(chance);
    path.truncate(8_000);
    literal(&mut block, b":path", &path);
    literal(
        &mut block,
        b":authority",
        one_of(chance, &["shop.example", "shop.example", "shop.example:80", "[::1]"]).as_bytes(),
    );
    for _ in 0..chance.random_range(0..8) {
        let name = one_of(chance, &http1::NAMES);
        let value = if chance.random_bool(0.5) { http1::value(chance) } else { any_bytes(chance, 60) };
        let value = value.trim_ascii();
        // Those of a connection are refused in this version, so they are rare.
        if !["connection", "upgrade", "te"].contains(&name) || chance.random_bool(0.1) {
            literal(&mut block, name.as_bytes(), &value[..value.len().min(1_000)]);
        }
    }
    literal(
        &mut block,
        b"content-type",
        one_of(chance, &["application/json", "application/json", "application/grpc", "x"]).as_bytes(),
    );
    if !encoding.is_empty() {
        literal(&mut block, b"content-encoding", encoding.as_bytes());
    }
    if chance.random_bool(0.3) {
        let length = body.len() + usize::from(chance.random_bool(0.3));
        literal(&mut block, b"content-length", length.to_string().as_bytes());
    }
    let without_body = chance.random_bool(0.1);
    let end = if without_body { END_STREAM } else { 0 };
    frame(bytes, HEADERS, END_HEADERS | end, stream, &block);
    if without_body {
        return;
    }
    // No more than what a stream may send before it is allowed more.
    let body = &body[..body.len().min(60_000)];
    let last = chance.random_range(0..4);
    for part in body.chunks(FRAME_BYTES) {
        frame(bytes, DATA, 0, stream, part);
    }
    match last {
        0 => frame(bytes, RESET, 0, stream, &8_u32.to_be_bytes()),
        1 => {
            let mut trailers = Vec::new();
            literal(&mut trailers, b"x-end", &any_bytes(chance, 20));
            frame(bytes, HEADERS, END_HEADERS | END_STREAM, stream, &trailers);
        }
        _ => frame(bytes, DATA, END_STREAM, stream, &[]),
    }
}

fn frame(bytes: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    bytes.extend([length[1], length[2], length[3], kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
}

/// A header that is not to be indexed, without Huffman coding.
fn literal(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    for text in [name, value] {
        // Lengths from 127 on continue in groups of seven bits (RFC 7541, 5.1).
        match text.len() {
            length @ 0..127 => block.push(length as u8),
            length => {
                block.push(127);
                let mut rest = length - 127;
                while rest >= 128 {
                    block.push((rest % 128) as u8 | 128);
                    rest /= 128;
                }
                block.push(rest as u8);
            }
        }
        block.extend(text);
    }
}
