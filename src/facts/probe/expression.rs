//! Expressions for template engines, and lookups through JNDI with their nested forms.

use super::marks::Marks;
use super::plain;

/// Beside the brackets of an expression: what reaches for the program itself.
static REACHING: Marks = Marks::new(
    "__class__\n__globals__\n__import__\n__builtins__\n__mro__\n__init__\ngetruntime\n.getclass(\n\
     class.forname\njava.lang\nt(java\nconstructor\nlipsum\ncycler\n|attr(\nrequest.application\n\
     config.items\npopen(\nsystem(\nexec(\nfreemarker.template\n?new()\n#_memberaccess\n#context\n\
     @java\nprocess.mainmodule\nchild_process\n_self.env\nregisterundefinedfiltercallback\nfile.open\n\
     file.read\nio.popen\ndump(app\nsettings.secret_key\n|filter(\n|map(\nself.__\n\
     get_flashed_messages\nognl\n$class.inspect\n#set($\nsortby(\nphpinfo()",
);

/// Brackets of expressions, as template engines open them, and close them.
const BRACKETS: [(&[u8], u8); 8] = [
    (b"{{", b'}'),
    (b"${", b'}'),
    (b"#{", b'}'),
    (b"*{", b'}'),
    (b"%{", b'}'),
    (b"<%", b'>'),
    (b"<#", b'>'),
    (b"{%", b'%'),
];

/// Most words of prose beside an example of arithmetic.
const FEW_WORDS: usize = 2;

/// Longest arithmetic that is worked on, in bytes.
const EXPRESSION_BYTES: usize = 48;

/// Steps of undoing nested lookups; nobody who means something else nests them so.
const LOOKUPS: usize = 48;

/// Whether a decoded value, in lower case, holds an expression that no visitor writes.
pub(super) fn is_in(text: &[u8]) -> bool {
    if !text.iter().any(|b| matches!(b, b'{' | b'<' | b'#')) {
        return false;
    }
    let opens = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        BRACKETS.iter().find_map(|(open, close)| rest.strip_prefix(*open).map(|behind| (behind, *close)))
    };
    let mut opened = (0..text.len()).filter_map(opens).peekable();
    if opened.peek().is_none() || REACHING.is_in(text) {
        return opened.peek().is_some();
    }
    plain::words(text).0 <= FEW_WORDS
        && opened.any(|(behind, close)| {
            let end = behind.iter().take(EXPRESSION_BYTES).position(|&b| b == close);
            let inside = end.and_then(|end| behind.get(..end));
            inside.is_some_and(|inside| computes(inside) || is_asked_for(inside))
        })
}

/// `7*7`, `7*'7'`, `= 7 * 7`: what is answered by 49 is evaluated.
fn computes(inside: &[u8]) -> bool {
    let inside: Vec<u8> = inside
        .iter()
        .copied()
        .filter(|b| !matches!(b, b' ' | b'=' | b'\'' | b'"' | b'(' | b')' | b'{' | b'[' | b'$'))
        .collect();
    let inside = inside.strip_suffix(b"%").unwrap_or(&inside);
    let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    match inside.get(digits..) {
        Some([b'*' | b'+' | b'-' | b'/' | b'%', rest @ ..]) if digits > 0 => {
            !rest.is_empty()
                && rest.iter().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'+' | b'-' | b'/'))
        }
        _ => false,
    }
}

/// Names of a template's own objects, asked for as a whole.
fn is_asked_for(inside: &[u8]) -> bool {
    [
        &b"config"[..],
        b"self",
        b"request",
        b"app",
        b"debug",
        b"dump()",
        b"$smarty.version",
        b"phpinfo()",
        b"settings",
        b"''",
        b"[]",
        b"()",
        b"g",
    ]
    .contains(&inside.trim_ascii_start().trim_ascii_end())
}

/// Whether a decoded value, in lower case, is a lookup through JNDI once its nested lookups are undone:
/// `${${lower:j}ndi:...}`, `${${::-j}${env:NONE:-n}di:...}`.
pub(super) fn is_jndi(text: &[u8]) -> bool {
    if !text.windows(2).any(|w| w == b"${") {
        return false;
    }
    let mut text: Vec<u8> = text.iter().copied().filter(|&b| b != b' ').collect();
    // `$${` is read as `${` where it stands inside another lookup.
    text.dedup_by(|a, b| *a == b'$' && *b == b'$');
    for _ in 0..LOOKUPS {
        if is_lookup(&text) {
            return true;
        }
        // The innermost lookup is the one that opens last before the first that closes.
        let Some((open, close)) = innermost(&text) else { return false };
        let inside = text.get(open + 2..close).unwrap_or_default();
        let value = looked_up(inside).to_vec();
        text.splice(open..=close, value);
    }
    true
}

/// A dotless i is what upper-casing tells from none.
fn is_lookup(text: &[u8]) -> bool {
    text.windows(7).any(|w| w == b"${jndi:") || text.windows(8).any(|w| w == b"${jnd\xc4\xb1:")
}

fn innermost(text: &[u8]) -> Option<(usize, usize)> {
    let mut open = None;
    for (at, pair) in text.windows(2).enumerate() {
        if pair == b"${" {
            open = Some(at);
        }
        if let (Some(open), [_, b'}']) = (open, pair) {
            return Some((open, at + 1));
        }
    }
    None
}

/// What a lookup gives: its default behind `:-`, or what `lower:` and `upper:` are given.
fn looked_up(inside: &[u8]) -> &[u8] {
    if let Some(at) = inside.windows(2).position(|w| w == b":-") {
        return inside.get(at + 2..).unwrap_or_default();
    }
    let quoted = |text: &'static [u8]| inside.strip_prefix(text);
    let value = quoted(b"lower:").or_else(|| quoted(b"upper:")).or_else(|| quoted(b"date:"));
    let value = value.unwrap_or_default();
    value.strip_prefix(b"'").and_then(|v| v.strip_suffix(b"'")).unwrap_or(value)
}
