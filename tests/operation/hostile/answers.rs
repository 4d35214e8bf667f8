//! Answers of an origin that has lost its mind.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::super::origin::Deed;
use super::{any_bytes, bodies, one_of};

/// An answer, well formed as a rule; what is in it seldom is.
pub(super) fn any(chance: &mut StdRng) -> Deed {
    let status =
        one_of(chance, &["200", "200", "200", "401", "404", "500", "204", "304", "99", "599", "101", "103"]);
    let mut bytes = format!("HTTP/1.1 {status} Told\r\n").into_bytes();
    let mut line = |name: &str, value: &[u8]| bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    for _ in 0..chance.random_range(0..6) {
        let name = one_of(
            chance,
            &[
                "x-result",
                "content-type",
                "set-cookie",
                "x-envoy-upstream-service-time",
                "grpc-status",
                "x-a",
            ],
        );
        line(name, &any_bytes(chance, 60));
    }
    let (body, encoding) = bodies::any(chance);
    if !encoding.is_empty() {
        line("content-encoding", encoding.as_bytes());
    }
    let length = body.len();
    match chance.random_range(0..12) {
        0 => return Deed::Reset(Vec::new()),
        1 => {
            bytes.extend(any_bytes(chance, 200));
            return Deed::Answer(bytes);
        }
        2 | 3 => {
            bytes.extend(format!("transfer-encoding: chunked\r\n\r\n{length:x};a=b\r\n").into_bytes());
            bytes.extend([&body[..], b"\r\n0\r\nx-end: \xff\r\n\r\n"].concat());
            return Deed::Answer(bytes);
        }
        4 => line("content-length", format!("{}", length + 5).as_bytes()),
        _ => line("content-length", format!("{length}").as_bytes()),
    }
    bytes.extend(b"\r\n");
    bytes.extend(body);
    Deed::Answer(bytes)
}
