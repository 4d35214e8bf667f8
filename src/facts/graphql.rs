//! How many operations a GraphQL request does: each element of a batch, each field that is asked for at
//! the top of each operation, whatever aliases and fragments it is dressed in.
//!
//! A count, not a parser: the origin parses. What is no GraphQL counts as one operation. Grammar:
//! GraphQL specification, October 2021, section 2.

use std::collections::BTreeMap;

use serde::Deserialize;

/// More operations than this count as this many.
pub const MOST_OPERATIONS: u32 = 100;

/// Fragments that are told apart; those beyond count as one field each.
const MOST_FRAGMENTS: usize = 64;

/// One request of a batch; whatever else is in it does not matter.
#[derive(Deserialize)]
struct Query<'t> {
    #[serde(borrow, default)]
    query: Option<std::borrow::Cow<'t, str>>,
}

/// A request may be one query or an array of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body<'t> {
    Batch(#[serde(borrow)] Vec<Query<'t>>),
    One(#[serde(borrow)] Query<'t>),
}

/// The operations that a body does, 1 to [`MOST_OPERATIONS`].
#[must_use]
pub fn operations(body: &[u8]) -> u32 {
    let queries = match serde_json::from_slice(body) {
        Ok(Body::Batch(queries)) => queries,
        Ok(Body::One(query)) => vec![query],
        Err(_) => return 1,
    };
    let each = |query: &Query<'_>| query.query.as_deref().map_or(1, |text| fields(text).max(1));
    let sum = queries.iter().take(MOST_OPERATIONS as usize).map(each).fold(0, u32::saturating_add);
    sum.clamp(1, MOST_OPERATIONS)
}

/// The fields at the top of a definition, and the fragments that are spread there.
#[derive(Default)]
struct Top<'t> {
    fields: u32,
    spreads: Vec<&'t str>,
}

/// The fields at the top of all operations of a document.
fn fields(document: &str) -> u32 {
    let mut reader = Reader { tokens: Tokens { rest: document }, ahead: None };
    let mut operations = Vec::new();
    let mut fragments = BTreeMap::new();
    while let Some(token) = reader.next() {
        match token {
            Token::Name("fragment") => {
                let name = reader.name().unwrap_or_default();
                let top = reader.definition();
                if fragments.len() < MOST_FRAGMENTS {
                    fragments.insert(name, top);
                }
            }
            Token::Name("query" | "mutation" | "subscription") => operations.push(reader.definition()),
            Token::Sign(b'{') => operations.push(reader.selections()),
            _ => {}
        }
    }
    let mut sum = 0_u32;
    for top in &operations {
        // Each fragment once for each operation: one that spreads itself comes to an end.
        let mut open = vec![top];
        let mut seen = Vec::new();
        while let Some(top) = open.pop() {
            sum = sum.saturating_add(top.fields);
            for spread in &top.spreads {
                match fragments.get(spread) {
                    Some(fragment) if !seen.contains(spread) => {
                        seen.push(spread);
                        open.push(fragment);
                    }
                    _ => sum = sum.saturating_add(1),
                }
            }
        }
    }
    sum
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    Spread,
    Sign(u8),
}

struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest =
                self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
            let first = *rest.as_bytes().first()?;
            let (token, length) = match first {
                b'#' => (None, rest.find('\n').unwrap_or(rest.len())),
                b'"' => (Some(Token::Sign(b'"')), string(rest)),
                b'.' if rest.starts_with("...") => (Some(Token::Spread), 3),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                    let end =
                        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                    (rest.get(..end).map(Token::Name), end)
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

/// The length of a string or block string, quotes included.
fn string(text: &str) -> usize {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        // An escaped end, \""", ends it here too: what follows is then read as tokens, and counts.
        return block.find("\"\"\"").map_or(text.len(), |at| at + 6);
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' | b'\n' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    ahead: Option<Token<'t>>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Option<Token<'t>> {
        self.ahead.take().or_else(|| self.tokens.next())
    }

    fn name(&mut self) -> Option<&'t str> {
        match self.next()? {
            Token::Name(name) => Some(name),
            other => {
                self.ahead = Some(other);
                None
            }
        }
    }

    /// Goes to the selections of a definition, past its variables and directives, and reads them.
    fn definition(&mut self) -> Top<'t> {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(') => self.skip(b'(', b')'),
                Token::Sign(b'{') => return self.selections(),
                _ => {}
            }
        }
        Top::default()
    }

    /// Reads selections up to the brace that ends them. Inline fragments are no level of their own.
    fn selections(&mut self) -> Top<'t> {
        let mut top = Top::default();
        // How many inline fragments are open.
        let mut inline = 0_u32;
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'}') if inline == 0 => break,
                Token::Sign(b'}') => inline -= 1,
                Token::Sign(b'(') => self.skip(b'(', b')'),
                // The selections of a field that was counted.
                Token::Sign(b'{') => self.skip(b'{', b'}'),
                Token::Sign(b'@') => _ = self.name(),
                // What was read was an alias, and the field's own name follows.
                Token::Sign(b':') => _ = self.name(),
                Token::Spread => match self.name() {
                    Some("on") | None => inline += u32::from(self.opens()),
                    Some(fragment) if top.spreads.len() < MOST_OPERATIONS as usize => {
                        top.spreads.push(fragment)
                    }
                    Some(_) => top.fields = top.fields.saturating_add(1),
                },
                Token::Name(_) => top.fields = top.fields.saturating_add(1),
                Token::Sign(_) => {}
            }
        }
        top
    }

    /// Goes to the brace that opens an inline fragment; whether there is one.
    fn opens(&mut self) -> bool {
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'{') => return true,
                Token::Sign(b'}') => {
                    self.ahead = Some(token);
                    return false;
                }
                Token::Sign(b'(') => self.skip(b'(', b')'),
                _ => {}
            }
        }
        false
    }

    /// Goes past what ends with this sign, however deep it nests.
    fn skip(&mut self, begin: u8, end: u8) {
        let mut depth = 1_u32;
        while let Some(token) = self.next() {
            match token {
                Token::Sign(sign) if sign == begin => depth += 1,
                Token::Sign(sign) if sign == end => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_field_at_the_top_is_an_operation() {
        for (document, count) in [
            ("{ me { id name } }", 1),
            ("query Q($id: ID! = \"}\") @x(a: {b: 1}) { product(id: $id) { id price } }", 1),
            (
                "mutation { a: login(u: \"x\", p: \"{\") { token } b: login(u: \"y\", p: \"\\\"}\") { token } }",
                2,
            ),
            ("{ a:login b : login, c:\nlogin # d: login\n e: login @include(if: true) }", 4),
            ("query A { x } query B { y z } fragment F on P { a b c }", 3),
            (
                "mutation { ... on Mutation { a: login b: login ... @skip(if: false) { c: login } } d: login }",
                4,
            ),
            (
                "mutation { ...F } fragment F on Mutation { a: login b: login ...G } fragment G on Mutation { c: x }",
                3,
            ),
            ("{ p { ...F } } fragment F on Product { id name price }", 1),
            ("{ ...F } fragment F on Q { ...G } fragment G on Q { ...F a }", 2),
            ("{ a(text: \"\"\"}\n{ b: c\"\"\") }", 1),
            ("{ ...Missing }", 1),
            ("", 0),
            ("}}}{{{", 0),
        ] {
            assert_eq!(fields(document), count, "{document}");
        }
    }

    #[test]
    fn a_batch_does_what_all_of_it_does() {
        assert_eq!(
            operations(br#"[{"query":"{ a b }"},{"query":"{ c }","variables":{}},{"id":"persisted"}]"#),
            4
        );
        assert_eq!(operations(br#"{"query":"{ a }","operationName":null}"#), 1);
        assert_eq!(operations(b"not json"), 1);
        assert_eq!(operations(b"[]"), 1);
        let many = format!("[{}]", vec![r#"{"query":"{a}"}"#; 5000].join(","));
        assert_eq!(operations(many.as_bytes()), MOST_OPERATIONS);
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[{}()@:.\"# \\na-c\\\\]{0,200}") {
            fields(&text);
        }

        #[test]
        fn aliases_are_counted_however_many(count in 1_u32..90) {
            let aliases: String = (0..count).map(|n| format!("a{n}: login(email: \"u{n}@x\") {{ token }} ")).collect();
            let body = serde_json::json!({"query": format!("mutation {{ {aliases} }}")}).to_string();
            prop_assert_eq!(operations(body.as_bytes()), count);
        }
    }
}
