//! The tokens of a GraphQL document, and the values that are written in it.
//!
//! Reading is one pass from front to back: whatever the text, it takes time in proportion to its length.
//! Grammar: GraphQL specification, October 2021, section 2; of the next draft, `\u{...}`.

use serde_json::Value;

use crate::facts::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Name(&'t str),
    /// A number, as it is written.
    Number(&'t str),
    /// What stands between quotes, as it is written.
    Text(&'t str),
    /// What stands between three quotes each.
    Block(&'t str),
    Spread,
    /// Any other character, by its first byte.
    Sign(u8),
}

#[derive(Clone)]
pub(super) struct Tokens<'t> {
    pub(super) rest: &'t str,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest =
                self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
            let first = *rest.as_bytes().first()?;
            let end = |is_part: fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (token, length) = match first {
                b'#' => (None, rest.find(['\n', '\r']).unwrap_or(rest.len())),
                b'"' => {
                    let (token, length) = text(rest);
                    (Some(token), length)
                }
                b'.' if rest.starts_with("...") => (Some(Token::Spread), 3),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let length = end(|c| c.is_ascii_alphanumeric() || c == '_');
                    (rest.get(..length).map(Token::Name), length)
                }
                b'-' | b'0'..=b'9' => {
                    let length = end(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
                    (rest.get(..length).map(Token::Number), length)
                }
                _ => (Some(Token::Sign(first)), rest.chars().next().map_or(1, char::len_utf8)),
            };
            self.rest = rest.get(length..).unwrap_or_default();
            if token.is_some() {
                return token;
            }
        }
    }
}

impl<'t> Tokens<'t> {
    /// Goes past what ends with this sign, however deep it nests, and returns what stood before it.
    pub(super) fn enclosed(&mut self, begin: u8, end: u8) -> &'t str {
        let whole = self.rest;
        let mut depth = 1_u32;
        while let Some(token) = self.next() {
            match token {
                Token::Sign(sign) if sign == begin => depth += 1,
                Token::Sign(sign) if sign == end => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                // Without the sign itself, which is one byte.
                let length = (whole.len() - self.rest.len()).saturating_sub(1);
                return whole.get(..length).unwrap_or_default();
            }
        }
        whole
    }
}

/// A text or block that begins here, and its length with its quotes.
fn text(rest: &str) -> (Token<'_>, usize) {
    if let Some(block) = rest.strip_prefix("\"\"\"") {
        let mut from = 0;
        while let Some(at) = block.get(from..).and_then(|more| more.find("\"\"\"")) {
            let end = from + at;
            let inside = block.get(..end).unwrap_or_default();
            if !inside.ends_with('\\') {
                return (Token::Block(inside), end + 6);
            }
            from = end + 3;
        }
        return (Token::Block(block), rest.len());
    }
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'"' | b'\n' | b'\r' if !escaped => {
                return (Token::Text(rest.get(1..at).unwrap_or_default()), at + 1);
            }
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    (Token::Text(rest.get(1..).unwrap_or_default()), rest.len())
}

/// How much of a value is kept, in bytes: no more is compared, however much of it is outer space.
pub(super) const KEPT_BYTES: usize = 1024;

/// A value that is written in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written<'t, 'w> {
    /// It stands there.
    Here(Token<'t>),
    /// It is in a variable; with the names that lead to it inside that.
    Variable(&'t str, &'w [String]),
}

/// As much of a text as is kept.
pub(super) fn kept(text: &str) -> String {
    let end = (0..=text.len().min(KEPT_BYTES)).rev().find(|&end| text.is_char_boundary(end));
    end.and_then(|end| text.get(..end)).unwrap_or_default().to_owned()
}

/// The value of `name: value, ...` to which a way of names leads; `None`: there is none, or it is none
/// that is compared.
pub(super) fn entry<'t, 'w>(tokens: &mut Tokens<'t>, way: &'w [String]) -> Option<Written<'t, 'w>> {
    let (name, rest) = way.split_first()?;
    loop {
        match tokens.next()? {
            Token::Name(found) if found == name => {
                return (tokens.next()? == Token::Sign(b':')).then(|| value(tokens, rest))?;
            }
            Token::Sign(b'{') => _ = tokens.enclosed(b'{', b'}'),
            Token::Sign(b'[') => _ = tokens.enclosed(b'[', b']'),
            Token::Sign(b'$' | b':') => {
                // The name of a variable, or a value that is a name, is no entry.
                let before = tokens.clone();
                if !matches!(tokens.next(), Some(Token::Name(_))) {
                    *tokens = before;
                }
            }
            Token::Sign(b'}') => return None,
            _ => {}
        }
    }
}

/// What a value is, or what is inside it at the end of a way of names; no deeper than that is long.
pub(super) fn value<'t, 'w>(tokens: &mut Tokens<'t>, way: &'w [String]) -> Option<Written<'t, 'w>> {
    match tokens.next()? {
        Token::Sign(b'$') => match tokens.next()? {
            Token::Name(name) => Some(Written::Variable(name, way)),
            _ => None,
        },
        Token::Sign(b'{') if !way.is_empty() => entry(tokens, way),
        _ if !way.is_empty() => None,
        Token::Name("null") | Token::Sign(_) | Token::Spread => None,
        token => Some(Written::Here(token)),
    }
}

/// The text that a token means; its first [`KEPT_BYTES`].
pub(super) fn meant(token: Token<'_>) -> String {
    match token {
        Token::Text(text) => unescaped(&kept(text)),
        Token::Block(text) => kept(text).replace("\\\"\"\"", "\"\"\""),
        Token::Name(text) | Token::Number(text) => kept(text),
        Token::Spread | Token::Sign(_) => String::new(),
    }
}

/// A text as it is meant. One that is none stays as it is: the origin refuses it.
fn unescaped(text: &str) -> String {
    // But for `\u{...}` and tabs, it is written as in JSON.
    let mut json = "\"".to_owned();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        json.push_str(before);
        if let Some(after) = after.strip_prefix("u{") {
            let (code, after) = after.split_once('}').unwrap_or((after, ""));
            let meant = u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
            // It may be a quote or a backslash, which end nothing here.
            json.extend(meant.filter(|c| matches!(c, '"' | '\\')).map(|_| '\\'));
            json.extend(meant);
            rest = after;
        } else {
            // What stands after a backslash is its own, and be it another one.
            let (own, after) = after.split_at(after.chars().next().map_or(0, char::len_utf8));
            json.push('\\');
            json.push_str(own);
            rest = after;
        }
    }
    json.push_str(rest);
    json.push('"');
    match json::whole(json.replace(char::is_control, " ").as_bytes()) {
        Ok(Value::String(text)) => text,
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(found: Option<Written<'_, '_>>) -> Option<String> {
        match found? {
            Written::Here(token) => Some(meant(token)),
            Written::Variable(name, way) => Some(format!("${name}.{}", way.join("."))),
        }
    }

    fn found(arguments: &str, way: &str) -> Option<String> {
        let way: Vec<_> = way.split('.').map(str::to_owned).collect();
        text(entry(&mut Tokens { rest: arguments }, &way))
    }

    #[test]
    fn an_argument_is_found_however_it_is_written() {
        let here = |text: &str| Some(text.to_owned());
        for (arguments, way, expected) in [
            (r#"email: "a@x", password: "1""#, "email", here("a@x")),
            (r#"password: "email: \"b@x\"" email:"a@x""#, "email", here("a@x")),
            (r#"email: "a\u0040\u{78}\"\ud83d\ude00""#, "email", here("a@x\"\u{1f600}")),
            (r#"email: "\\u{78}\u{22}\u{5c}\u{1f600}""#, "email", here("\\u{78}\"\\\u{1f600}")),
            (r#"email: """a@x \""" """"#, "email", here("a@x \"\"\" ")),
            ("number: 12, flag: true", "number", here("12")),
            ("kind: email, email: MINE", "email", here("MINE")),
            ("kind: $email, email: \"a\"", "email", here("a")),
            (r#"input: {password: "1", email: "a@x"}"#, "input.email", here("a@x")),
            (r#"other: {email: "b"}, list: [{email: "c"}] email: "a""#, "email", here("a")),
            ("email: $e", "email", here("$e.")),
            ("input: $in", "input.email", here("$in.email")),
            ("input: {user: $u}", "input.user.email", here("$u.email")),
            (r#"input: {other: "x"}, email: "a""#, "input.email", None),
            ("email: null", "email", None),
            ("email: [1]", "email", None),
            ("email", "email", None),
            ("", "email", None),
        ] {
            assert_eq!(found(arguments, way), expected, "{arguments} at {way}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "\\PC{0,200}", signs in "[{}()\\[\\]$:\"\\\\u.#\r\na-f0-9]{0,200}") {
            for text in [text, signs] {
                let tokens = Tokens { rest: &text };
                prop_assert!(tokens.clone().count() <= text.len());
                for token in tokens.clone() {
                    if let Token::Text(text) = token {
                        prop_assert!(unescaped(text).len() <= text.len());
                    }
                }
                entry(&mut tokens.clone(), &["a".to_owned(), "b".to_owned()]);
            }
        }

        #[test]
        fn a_text_is_what_was_meant(meant in "\\PC{0,50}") {
            // A JSON text is a GraphQL text.
            let written = serde_json::to_string(&meant).unwrap();
            let arguments = format!("a: {written} b: 1");
            prop_assert_eq!(found(&arguments, "a"), Some(meant));
            prop_assert_eq!(found(&arguments, "b"), Some("1".to_owned()));
        }
    }
}
