//! A value cut into the tokens of SQL, as far as telling an injection needs.

/// Most tokens of one value.
const TOKENS: usize = 160;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name or keyword, in lower case.
    Word(&'t [u8]),
    /// A number.
    Number,
    /// A quoted text, or one whose end is missing.
    Text,
    /// `=`, `<`, `>`, `!=` and the like.
    Compare,
    /// `||` or `&&`.
    Both,
    /// `--`, `#` or `/*`, and everything behind it.
    Comment,
    /// Any other sign.
    Sign(u8),
}

/// Cuts a text; comments that are closed are spaces, as `/**/` and `/*!50000` in payloads are.
pub(super) fn cut(text: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(&first) = rest.first() {
        if tokens.len() >= TOKENS {
            break;
        }
        let (token, length) = match rest {
            [b' ' | b'\n' | b'\r' | 0, ..] => (None, 1),
            [b'/', b'*', b'!', more @ ..] => (None, 3 + run(more, |b| b.is_ascii_digit())),
            [b'/', b'*', more @ ..] => match more.windows(2).position(|w| w == b"*/") {
                Some(end) => (None, end + 4),
                None => (Some(Token::Comment), rest.len()),
            },
            [b'*', b'/', ..] => (None, 2),
            [b'-', b'-', ..] | [b'#', ..] => (Some(Token::Comment), rest.len()),
            [b'\'' | b'"', more @ ..] => (
                Some(Token::Text),
                1 + more.iter().position(|&b| b == first).map_or(more.len(), |end| end + 1),
            ),
            [b'|', b'|', ..] | [b'&', b'&', ..] => (Some(Token::Both), 2),
            [b'=' | b'<' | b'>' | b'!', more @ ..] => {
                (Some(Token::Compare), 1 + run(more, |b| matches!(b, b'=' | b'<' | b'>')))
            }
            [b'0'..=b'9', ..] => (Some(Token::Number), run(rest, |b| b.is_ascii_alphanumeric() || b == b'.')),
            [b'a'..=b'z' | b'_' | b'@', ..] => {
                let length = run(rest, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'@'));
                (rest.get(..length).map(Token::Word), length)
            }
            _ => (Some(Token::Sign(first)), 1),
        };
        tokens.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

fn run(text: &[u8], is_of_kind: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|&&b| is_of_kind(b)).count()
}
