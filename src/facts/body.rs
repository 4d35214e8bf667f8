//! Undoing a body's content encoding, up to a limit.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Why a body cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyTrouble {
    /// It is longer than the limit, as sent or decoded.
    TooLarge,
    /// Its encoding is unknown or broken, or it is not of the form its policy reads.
    Unreadable,
}

/// The body as the application sees it. `encoding` is the value of `content-encoding`.
///
/// # Errors
/// The body is longer than `limit` bytes, or encoded in a way that is not gzip.
pub fn decode<'b>(
    body: &'b [u8],
    encoding: Option<&[u8]>,
    limit: usize,
) -> Result<Cow<'b, [u8]>, BodyTrouble> {
    if body.len() > limit {
        return Err(BodyTrouble::TooLarge);
    }
    let encoding = encoding.unwrap_or_default().trim_ascii();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity") {
        return Ok(Cow::Borrowed(body));
    }
    if !encoding.eq_ignore_ascii_case(b"gzip") && !encoding.eq_ignore_ascii_case(b"x-gzip") {
        return Err(BodyTrouble::Unreadable);
    }
    // One byte past the limit tells "just fits" from "more to come": a bomb is not unpacked.
    let mut text = Vec::new();
    MultiGzDecoder::new(body)
        .take(limit as u64 + 1)
        .read_to_end(&mut text)
        .map_err(|_| BodyTrouble::Unreadable)?;
    if text.len() > limit {
        return Err(BodyTrouble::TooLarge);
    }
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_undone_up_to_the_limit() {
        let text = vec![b'x'; 1000];
        assert_eq!(decode(&gzip(&text), Some(b"GZIP"), 1000).unwrap(), &text[..]);
        assert_eq!(decode(&gzip(&text), Some(b"gzip"), 999), Err(BodyTrouble::TooLarge));
        assert_eq!(decode(&gzip(&vec![0; 10_000_000]), Some(b"gzip"), 65_536), Err(BodyTrouble::TooLarge));
    }

    #[test]
    fn other_encodings_and_broken_ones_are_said() {
        assert_eq!(decode(b"x", Some(b"br"), 10), Err(BodyTrouble::Unreadable));
        assert_eq!(decode(b"not gzip", Some(b"gzip"), 10), Err(BodyTrouble::Unreadable));
        assert_eq!(decode(b"12345678901", None, 10), Err(BodyTrouble::TooLarge));
        assert_eq!(decode(b"x", Some(b"identity"), 10).unwrap(), &b"x"[..]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes, Some(b"gzip"), 1000);
        }
    }
}
