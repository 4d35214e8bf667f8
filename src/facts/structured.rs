//! Structured fields (RFC 9651), as far as signatures of messages need them: dictionaries, lists of items, and
//! items of whole numbers, texts, tokens, bytes and truths.
//!
//! What is read is also written anew as the standard has it, since that is what is signed. Dates, decimal
//! fractions and the like are read by nobody here, and a field that holds one is taken for unreadable.

use ct_codecs::{Base64, Decoder};

/// What a field may hold at most; one with more is unreadable.
const FIELD_BYTES: usize = 4096;
const MEMBERS: usize = 16;
const ITEMS: usize = 32;
const PARAMETERS: usize = 16;

/// The longest whole number, in digits.
const DIGITS: usize = 15;

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A word without quotes.
    Token,
    /// Bytes.
    Bytes(Vec<u8>),
    /// True or false.
    Truth,
}

/// What stands behind a value, by name; none is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, Bare)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&Bare> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Bare::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Bare::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// Their names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// A value with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) value: Bare,
    pub(super) parameters: Parameters,
    /// The whole as the standard writes it.
    pub(super) written: String,
}

/// What stands under a key of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Item(Bare),
    List(Vec<Item>),
}

/// A member of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) parameters: Parameters,
    /// The value and its parameters as the standard writes them.
    pub(super) written: String,
}

/// Reads a dictionary; of a key that is there twice the last counts. `None`: it is not of that form.
pub(super) fn dictionary(field: &[u8]) -> Option<Vec<Member>> {
    let mut reader = Reader::new(field)?;
    let mut members: Vec<Member> = Vec::new();
    loop {
        let member = reader.member()?;
        members.retain(|known| known.key != member.key);
        members.push(member);
        reader.skip(b" \t");
        if reader.rest.is_empty() {
            return Some(members);
        }
        reader.expect(b',')?;
        reader.skip(b" \t");
        // A comma at the end is a mistake: a member has to follow, which is read next.
        if members.len() >= MEMBERS {
            return None;
        }
    }
}

/// Reads a single item. `None`: it is not of that form.
pub(super) fn item(field: &[u8]) -> Option<Item> {
    let mut reader = Reader::new(field)?;
    let item = reader.item()?;
    reader.rest.is_empty().then_some(item)
}

/// What is yet to be read, and what was read as the standard writes it.
struct Reader<'f> {
    rest: &'f [u8],
    written: String,
}

impl<'f> Reader<'f> {
    fn new(field: &'f [u8]) -> Option<Self> {
        let rest = field.trim_ascii();
        (field.len() <= FIELD_BYTES).then_some(Self { rest, written: String::new() })
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.take()? == wanted).then_some(())
    }

    /// Whether this comes next, which is then read.
    fn finds(&mut self, wanted: u8) -> bool {
        let found = self.rest.first() == Some(&wanted);
        if found {
            self.take();
        }
        found
    }

    fn skip(&mut self, these: &[u8]) {
        self.rest = self.take_while(|b| these.contains(&b)).1;
    }

    /// What begins with such bytes, and what is left.
    fn take_while(&self, fits: impl Fn(u8) -> bool) -> (&'f [u8], &'f [u8]) {
        let end = self.rest.iter().position(|&b| !fits(b)).unwrap_or(self.rest.len());
        self.rest.split_at_checked(end).unwrap_or((self.rest, b""))
    }

    /// Such bytes, all of them ASCII.
    fn word(&mut self, fits: impl Fn(u8) -> bool) -> String {
        let (word, rest) = self.take_while(|b| b.is_ascii() && fits(b));
        self.rest = rest;
        String::from_utf8_lossy(word).into_owned()
    }

    fn key(&mut self) -> Option<String> {
        self.rest.first().filter(|b| b.is_ascii_lowercase() || **b == b'*')?;
        Some(self.word(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b)))
    }

    fn member(&mut self) -> Option<Member> {
        let key = self.key()?;
        self.written.clear();
        let value = if !self.finds(b'=') {
            self.written.push_str("?1");
            Value::Item(Bare::Truth)
        } else if self.rest.first() == Some(&b'(') {
            Value::List(self.list()?)
        } else {
            Value::Item(self.bare()?)
        };
        let parameters = self.parameters()?;
        Some(Member { key, value, parameters, written: std::mem::take(&mut self.written) })
    }

    /// The items of an inner list.
    fn list(&mut self) -> Option<Vec<Item>> {
        self.expect(b'(')?;
        let mut items: Vec<Item> = Vec::new();
        let mut written = String::from("(");
        loop {
            self.skip(b" ");
            if self.finds(b')') {
                written.push(')');
                self.written = written;
                return Some(items);
            }
            let item = self.item().filter(|_| items.len() < ITEMS)?;
            if !matches!(self.rest.first(), Some(b' ' | b')')) {
                return None;
            }
            if !items.is_empty() {
                written.push(' ');
            }
            written.push_str(&item.written);
            items.push(item);
        }
    }

    fn item(&mut self) -> Option<Item> {
        self.written.clear();
        let value = self.bare()?;
        let parameters = self.parameters()?;
        Some(Item { value, parameters, written: std::mem::take(&mut self.written) })
    }

    fn parameters(&mut self) -> Option<Parameters> {
        let mut found = Parameters::default();
        while self.finds(b';') {
            self.skip(b" ");
            let key = self.key()?;
            self.written.push(';');
            self.written.push_str(&key);
            let value = if self.finds(b'=') {
                self.written.push('=');
                self.bare()?
            } else {
                Bare::Truth
            };
            // Of one that is there twice it is not said where it stands.
            if found.get(&key).is_some() || found.0.len() >= PARAMETERS {
                return None;
            }
            found.0.push((key, value));
        }
        Some(found)
    }

    fn bare(&mut self) -> Option<Bare> {
        match *self.rest.first()? {
            b'"' => self.text(),
            b':' => self.bytes(),
            b'?' => self.truth(),
            b'-' | b'0'..=b'9' => self.number(),
            b'*' | b'a'..=b'z' | b'A'..=b'Z' => {
                let token = self.word(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&b));
                self.written.push_str(&token);
                Some(Bare::Token)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Bare> {
        let negative = self.finds(b'-');
        let digits = self.word(|b| b.is_ascii_digit());
        // What goes on with a point is a fraction.
        if !(1..=DIGITS).contains(&digits.len()) || self.rest.first() == Some(&b'.') {
            return None;
        }
        let size = digits.parse::<i64>().ok()?;
        let number = if negative { -size } else { size };
        self.written.push_str(&number.to_string());
        Some(Bare::Number(number))
    }

    fn text(&mut self) -> Option<Bare> {
        self.expect(b'"')?;
        let mut text = String::new();
        self.written.push('"');
        loop {
            let b = match self.take()? {
                b'"' => break,
                b'\\' => {
                    self.written.push('\\');
                    self.take().filter(|b| matches!(b, b'"' | b'\\'))?
                }
                b => b,
            };
            if !(b' '..=b'~').contains(&b) {
                return None;
            }
            text.push(char::from(b));
            self.written.push(char::from(b));
        }
        self.written.push('"');
        Some(Bare::Text(text))
    }

    fn bytes(&mut self) -> Option<Bare> {
        self.expect(b':')?;
        let digits = self.word(|b| b != b':');
        self.expect(b':')?;
        let mut room = vec![0; digits.len()];
        let bytes = Base64::decode(&mut room, digits.as_bytes(), None).ok()?.to_vec();
        self.written.push(':');
        self.written.push_str(&digits);
        self.written.push(':');
        Some(Bare::Bytes(bytes))
    }

    fn truth(&mut self) -> Option<Bare> {
        self.expect(b'?')?;
        let digit = self.take().filter(|b| matches!(b, b'0' | b'1'))?;
        self.written.push('?');
        self.written.push(char::from(digit));
        Some(Bare::Truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(field: &str) -> Option<Vec<(String, String)>> {
        let members = dictionary(field.as_bytes())?;
        Some(members.into_iter().map(|member| (member.key, member.written)).collect())
    }

    fn one(field: &str) -> Option<String> {
        let mut members = written(&format!("a={field}"))?;
        members.pop().map(|(_, written)| written)
    }

    #[test]
    fn is_written_as_the_standard_has_it() {
        let same = [
            r#"("@authority" "signature-agent";key="x");created=1;keyid="k";tag="web-bot-auth""#,
            "()",
            ":aGVsbG8=:",
            r#""a \"b\" \\ c""#,
            "?0;x",
            "-15;a=token/x",
        ];
        for field in same {
            assert_eq!(one(field).as_deref(), Some(field));
        }
        let as_it_should_be =
            [(r#"(  "a"   "b" )"#, r#"("a" "b")"#), ("007", "7"), ("-0", "0"), (r#"1;  a=2;b"#, "1;a=2;b")];
        for (field, expected) in as_it_should_be {
            assert_eq!(one(field).as_deref(), Some(expected), "{field}");
        }
        assert_eq!(
            written("a=1 ,\tb;x=2,  a=3"),
            Some(vec![("b".into(), "?1;x=2".into()), ("a".into(), "3".into())]),
            "the last of a key counts"
        );
    }

    #[test]
    fn what_is_not_of_the_form_is_nothing() {
        let broken = [
            "",
            ",",
            "a=",
            "a=1,",
            "A=1",
            "a=1 b=2",
            "a=(1",
            "a=(\"x\"\"y\")",
            "a=\"x",
            "a=\"\\x\"",
            "a=\"é\"",
            "a=:aGVsbG8:",
            "a=:*:",
            "a=?2",
            "a=1.5",
            "a=1234567890123456",
            "a=@1",
            "a=%\"x\"",
            "a=1;b=1;b=2",
            "a=-",
            "a=1;",
            "a=1;B",
        ];
        for field in broken {
            assert_eq!(written(field), None, "{field}");
        }
        let too_many = |one: &str, count: usize| vec![one; count].join(",");
        assert!(written(&too_many("a=1", MEMBERS)).is_some(), "one key, however often");
        let members: Vec<String> = (0..=MEMBERS).map(|n| format!("a{n}=1")).collect();
        assert!(written(&members[..MEMBERS].join(",")).is_some() && written(&members.join(",")).is_none());
        assert!(one(&format!("({})", vec!["1"; ITEMS + 1].join(" "))).is_none());
        assert!(one(&format!("\"{}\"", "x".repeat(FIELD_BYTES))).is_none());
    }

    fn any_item() -> impl Strategy<Value = String> {
        let bare = prop_oneof![
            (-999_999_999_999_999_i64..=999_999_999_999_999).prop_map(|n| n.to_string()),
            "[ -!#-\\[\\]-~]{0,12}".prop_map(|text| format!("\"{text}\"")),
            "[a-zA-Z*][a-z0-9:/.]{0,8}",
            Just(":aGVsbG8=:".to_owned()),
            Just("?1".to_owned()),
        ];
        (bare, prop::option::of("[a-z*][a-z0-9_.*-]{0,6}"))
            .prop_map(|(bare, name)| name.map_or(bare.clone(), |name| format!("{bare};{name}=1")))
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = dictionary(&bytes);
            let _ = item(&bytes);
        }

        #[test]
        fn near_misses_are_survived(text in "[a-c=\"\\\\:;,() ?0-9.@-]{0,60}") {
            if let Some(members) = dictionary(text.as_bytes()) {
                prop_assert!(!members.is_empty());
            }
        }

        /// What was written is read as the same again, and written the same.
        #[test]
        fn what_is_written_stays_as_it_is(items in prop::collection::vec(any_item(), 0..6)) {
            let field = format!("({})", items.join(" "));
            prop_assert_eq!(one(&field), Some(field));
        }
    }
}
