//! Bodies that are JSON, nearly JSON, or meant to exhaust whoever reads them.

use std::io::Write as _;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::{any_bytes, one_of};

/// 60 MiB of nothing in 60 KiB.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(&vec![0; 60 << 20]));

pub(super) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A body and the `content-encoding` that is claimed for it.
pub(super) fn any(chance: &mut StdRng) -> (Vec<u8>, &'static str) {
    let text = text(chance);
    match chance.random_range(0..12) {
        0 => (BOMB.clone(), "gzip"),
        1 => (gzip(&text), "gzip"),
        2 => {
            let mut cut = gzip(&text);
            cut.truncate(chance.random_range(0..cut.len()));
            (cut, "gzip")
        }
        3 => {
            let mut broken = gzip(&text);
            let at = chance.random_range(0..broken.len());
            broken[at] ^= 0x55;
            (broken, "x-gzip")
        }
        4 => ([gzip(&text), gzip(b"{}"), b"rest".to_vec()].concat(), "gzip"),
        5 => (gzip(&gzip(&text)), "gzip, gzip"),
        6 => (text, one_of(chance, &["gzip", "br", "deflate", "identity, gzip", ",,", "\u{80}", "gzip;q=1"])),
        _ => (text, ""),
    }
}

/// What is in it before it is encoded.
fn text(chance: &mut StdRng) -> Vec<u8> {
    let deep = |open: &str, times| open.repeat(times).into_bytes();
    match chance.random_range(0..16) {
        0 => deep("[", 100_000),
        1 => deep("{\"user\":[", 60_000 / 9),
        2 => [deep("[", 127), deep("]", 127)].concat(),
        3 => format!(
            r#"{{"user":[{{"email":{}}}],"email":{}e{}}}"#,
            "9".repeat(400),
            "1".repeat(30),
            "9".repeat(9)
        )
        .into_bytes(),
        4 => br#"{"email":"a","email":{},"email":null,"user":[],"user":[{"email":"b"}]}"#.to_vec(),
        5 => [&br#"{"email":""#[..], &any_bytes(chance, 40), b"\"}"].concat(),
        6 => br#"{"email":"\ud800","user":[{"email":"\udc00\ud800"}],"ok":"\u0000"}"#.to_vec(),
        7 => br#"{"email":"\ud83d\ude00","user":[{"email":"\u00e9"}]}"#.to_vec(),
        8 => vec![b'x'; 1 << 20],
        9 => vec![b' '; one_of(chance, &[65_535, 65_536, 65_537])],
        10 => format!(r#"{{"email":"{}"}}"#, "a".repeat(chance.random_range(0..70_000))).into_bytes(),
        11 => [&b"user="[..], &any_bytes(chance, 60), b"&user=%zz&=&&user"].concat(),
        12 => one_of(
            chance,
            &["", "{", "}", "null", "-", "\"", "[1,]", "\u{feff}{}", "0e", "tru", "{\"ok\":false}"],
        )
        .as_bytes()
        .to_vec(),
        13 => any_bytes(chance, 3_000),
        14 => {
            format!("{{{}}}", (0..2_000).map(|n| format!("\"k{n}\":{n},")).collect::<String>()).into_bytes()
        }
        _ => format!(
            r#"{{"email":"a{0}@x.example","user":[{{"email":"a{0}@x.example"}}]}}"#,
            chance.random_range(0..1_000)
        )
        .into_bytes(),
    }
}
