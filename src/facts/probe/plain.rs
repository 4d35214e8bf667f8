//! A value as whatever it is meant for would read it: escapes undone, in lower case. And whether it can
//! be a payload at all.

use super::marks::Marks;
use super::{scanner, traversal};

/// How often escapes are undone: payloads are encoded twice to pass what decodes once.
const ROUNDS: usize = 3;

/// How many words of prose a value needs for nothing in it to be evidence.
const PROSE_WORDS: usize = 6;

/// Decoded and in lower case. Never longer than the value.
pub(super) fn text(value: &[u8]) -> Vec<u8> {
    let mut text = value.to_vec();
    for round in 0..ROUNDS {
        let decoded = undone(&text, round == 0);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    for byte in &mut text {
        *byte = match *byte {
            b'\t' | 11 | 12 => b' ',
            other => other.to_ascii_lowercase(),
        };
    }
    text
}

/// Undoes `%41`, `%u0041`, `\u0041` and `\x41`, and at first `+` for a space.
fn undone(text: &[u8], plus: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, behind) =
            escape(rest).unwrap_or((if plus && first == b'+' { b' ' } else { first }, after));
        // An overlong form of a slash or a dot (CVE-2000-0884): 0xc0 0xaf.
        match (out.last(), byte) {
            (Some(0xc0), 0xaf) => replace_last(&mut out, b'/'),
            (Some(0xc0), 0xae) => replace_last(&mut out, b'.'),
            (Some(0xc1), 0x9c) => replace_last(&mut out, b'\\'),
            _ => out.push(byte),
        }
        rest = behind;
    }
    out
}

fn replace_last(out: &mut [u8], byte: u8) {
    if let Some(last) = out.last_mut() {
        *last = byte;
    }
}

/// The byte that an escape at the beginning stands for, and what follows. A code beyond ASCII is some
/// byte beyond ASCII.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, behind) = match text {
        [b'%', b'u' | b'U', rest @ ..] | [b'\\', b'u' | b'U', rest @ ..] => rest.split_at_checked(4)?,
        [b'%', rest @ ..] | [b'\\', b'x' | b'X', rest @ ..] => rest.split_at_checked(2)?,
        _ => return None,
    };
    let digit = |sum: u32, &b: &u8| Some(sum << 4 | char::from(b).to_digit(16)?);
    let code = digits.iter().try_fold(0, digit)?;
    Some((u8::try_from(code).unwrap_or(0xff), behind))
}

/// Signs that payloads are made of, raw or encoded.
static SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut rest: &[u8] = b"'\"`;|&$(){}<>%*\\=\0\n";
    while let [byte, more @ ..] = rest {
        #[allow(clippy::indexing_slicing, reason = "a byte indexes 256 places; done while compiling")]
        {
            signs[*byte as usize] = true;
        }
        rest = more;
    }
    signs
};

/// Words that payloads without a sign need.
static WORDS: Marks = Marks::new("union\norder by\norder+by\ngroup by\ngroup+by\ncmd.exe\ncmd /c\ncmd+/c");

/// Whether a byte is a sign that payloads are made of.
pub(super) fn is_sign(byte: u8) -> bool {
    SIGNS.get(usize::from(byte)).copied().unwrap_or(false)
}

/// Whether a value can be a payload at all. Padding of base64 is no sign.
pub(super) fn may_be_payload(value: &[u8]) -> bool {
    let padding = value.iter().rev().take_while(|&&b| b == b'=').count();
    let value = value.get(..value.len() - padding).unwrap_or(value);
    let (mut slashes, mut dots, mut spaces, mut last) = (0, 0, 0, 0);
    for &byte in value {
        match byte {
            b'.' | b'-' | b'@' if byte == last => return true,
            b'/' => slashes += 1,
            b'.' => dots += 1,
            b' ' | b'+' => spaces += 1,
            _ if is_sign(byte) => return true,
            _ => {}
        }
        last = byte;
    }
    if slashes == 0 && dots < 2 && spaces < 2 {
        return false;
    }
    let value = value.to_ascii_lowercase();
    (spaces > 1 && WORDS.is_in(&value))
        || (dots > 1 && scanner::is_called(&value))
        || (slashes > 0 && (WORDS.is_in(&value) || scanner::is_called(&value) || traversal::is_named(&value)))
}

/// Whether a value is written for people: mostly words, or mostly letters beyond ASCII.
pub(super) fn is_prose(text: &[u8]) -> bool {
    let beyond = text.iter().filter(|b| !b.is_ascii()).count();
    if beyond >= 12 && beyond * 3 >= text.len() {
        return true;
    }
    let (words, parts) = words(text);
    words >= PROSE_WORDS && words * 2 >= parts
}

/// How many of the parts between spaces are words of people, and how many parts there are.
pub(super) fn words(text: &[u8]) -> (usize, usize) {
    let parts = text.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    parts.fold((0, 0), |(words, parts), part| (words + usize::from(is_word(part)), parts + 1))
}

/// Letters with an apostrophe or a dash among them, and signs of a sentence around; no word of SQL.
fn is_word(part: &[u8]) -> bool {
    let sign =
        |b: &u8| matches!(b, b'.' | b',' | b'!' | b'?' | b':' | b';' | b'"' | b'(' | b')' | b'\'' | b'`');
    let begin = part.iter().take_while(|b| sign(b)).count();
    let end = part.iter().rev().take_while(|b| sign(b)).count();
    let Some(word) = part.get(begin..part.len().saturating_sub(end)).filter(|_| begin <= 1 && end <= 2)
    else {
        return false;
    };
    let letters = |b: &u8| b.is_ascii_alphabetic() || !b.is_ascii() || matches!(b, b'\'' | b'-');
    !word.is_empty() && word.iter().all(letters) && !super::sql::is_keyword(word)
}
