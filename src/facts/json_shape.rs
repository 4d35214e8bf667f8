//! The shape of a JSON text: names in order, types of values, white space; no value.
//!
//! Read once from its bytes, since white space is what a parser does not show. It is looser than
//! [`super::json`], which finds the subject: what is not quite JSON has a shape too.

use super::payload::{NAME_BYTES, NAMES};

/// How deep objects and arrays are described; a deeper one is an `o` or an `a`.
const DEPTH: usize = 4;

/// How much of the white space in one place is described, in bytes.
const SPACE_BYTES: usize = 8;

/// Writes style and structure, each on a line.
pub(super) fn write(body: &[u8], out: &mut Vec<u8>) {
    let mut walk =
        Walk { rest: body, names_left: NAMES, spaces: [None; 4], structure: Vec::with_capacity(128) };
    match walk.text() {
        Ok(()) => {}
        Err(Stop::Full) => walk.structure.push(b'+'),
        Err(Stop::Broken) => walk.structure.push(b'!'),
    }
    for (place, space) in walk.spaces.into_iter().enumerate() {
        if place > 0 {
            out.push(b'|');
        }
        write_space(space.unwrap_or_default(), out);
    }
    out.push(b'\n');
    out.append(&mut walk.structure);
}

fn write_space(space: &[u8], out: &mut Vec<u8>) {
    out.extend(space.iter().take(SPACE_BYTES).map(|byte| match byte {
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => b'.',
    }));
    if space.len() > SPACE_BYTES {
        out.push(b'+');
    }
}

/// Where white space tells one writer of JSON from another; of each place the first counts.
#[derive(Clone, Copy)]
enum Place {
    AfterOpening,
    BeforeColon,
    AfterColon,
    AfterComma,
}

/// Why a walk ended early.
enum Stop {
    /// The text is not JSON.
    Broken,
    /// More names than are described.
    Full,
}

/// One way through a JSON text. Looser than a parser: numbers and escapes are not checked, since
/// the shape of what is not quite JSON describes its writer all the same.
struct Walk<'b> {
    rest: &'b [u8],
    names_left: usize,
    spaces: [Option<&'b [u8]>; 4],
    structure: Vec<u8>,
}

impl<'b> Walk<'b> {
    fn text(&mut self) -> Result<(), Stop> {
        self.space();
        self.value(DEPTH)?;
        self.space();
        if self.rest.is_empty() { Ok(()) } else { Err(Stop::Broken) }
    }

    /// `depth`: how many levels of objects and arrays may still be described. It bounds recursion.
    fn value(&mut self, depth: usize) -> Result<(), Stop> {
        let sign = match self.rest {
            [b'{', ..] if depth > 0 => return self.object(depth - 1),
            [b'[', ..] if depth > 0 => return self.array(depth - 1),
            [b'{', after @ ..] => {
                self.rest = after;
                self.close()?;
                b'o'
            }
            [b'[', after @ ..] => {
                self.rest = after;
                self.close()?;
                b'a'
            }
            [b'"', ..] => {
                self.string()?;
                b's'
            }
            [b'-' | b'0'..=b'9', ..] => {
                let of_number = |b: &&u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                self.skip(self.rest.iter().take_while(of_number).count());
                b'n'
            }
            [b't', b'r', b'u', b'e', after @ ..] | [b'f', b'a', b'l', b's', b'e', after @ ..] => {
                self.rest = after;
                b'b'
            }
            [b'n', b'u', b'l', b'l', after @ ..] => {
                self.rest = after;
                b'z'
            }
            _ => return Err(Stop::Broken),
        };
        self.structure.push(sign);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Stop> {
        self.open(b'{');
        let space = self.space();
        if self.take(b'}') {
            self.structure.push(b'}');
            return Ok(());
        }
        self.note(Place::AfterOpening, space);
        loop {
            self.names_left = self.names_left.checked_sub(1).ok_or(Stop::Full)?;
            let name = self.string()?;
            self.structure.push(b'"');
            self.structure.extend(name.iter().take(NAME_BYTES));
            self.structure.push(b'"');
            let space = self.space();
            self.note(Place::BeforeColon, space);
            self.need(b':')?;
            let space = self.space();
            self.note(Place::AfterColon, space);
            self.value(depth)?;
            self.space();
            if self.take(b'}') {
                self.structure.push(b'}');
                return Ok(());
            }
            self.comma()?;
        }
    }

    /// Of an array's items the first stands for all.
    fn array(&mut self, depth: usize) -> Result<(), Stop> {
        self.open(b'[');
        let space = self.space();
        if !self.take(b']') {
            self.note(Place::AfterOpening, space);
            self.value(depth)?;
            self.space();
            if !self.take(b']') {
                self.comma()?;
                self.close()?;
            }
        }
        self.structure.push(b']');
        Ok(())
    }

    fn comma(&mut self) -> Result<(), Stop> {
        self.need(b',')?;
        let space = self.space();
        self.note(Place::AfterComma, space);
        Ok(())
    }

    fn open(&mut self, sign: u8) {
        self.structure.push(sign);
        self.skip(1);
    }

    /// Goes on behind the bracket that closes the one that was opened last, whatever is between.
    fn close(&mut self) -> Result<(), Stop> {
        let mut open = 1_usize;
        while let Some((&byte, after)) = self.rest.split_first() {
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.rest = after;
            if open == 0 {
                return Ok(());
            }
        }
        Err(Stop::Broken)
    }

    /// A string as it stands, its escapes not undone.
    fn string(&mut self) -> Result<&'b [u8], Stop> {
        self.need(b'"')?;
        let mut escaped = false;
        let ends = |byte: &u8| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        };
        let length = self.rest.iter().position(ends).ok_or(Stop::Broken)?;
        let (text, behind) = self.rest.split_at(length);
        self.rest = behind.get(1..).unwrap_or_default();
        Ok(text)
    }

    fn space(&mut self) -> &'b [u8] {
        let length = self.rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        let (space, after) = self.rest.split_at(length);
        self.rest = after;
        space
    }

    fn note(&mut self, place: Place, space: &'b [u8]) {
        if let Some(first) = self.spaces.get_mut(place as usize) {
            first.get_or_insert(space);
        }
    }

    fn need(&mut self, sign: u8) -> Result<(), Stop> {
        if self.take(sign) { Ok(()) } else { Err(Stop::Broken) }
    }

    fn take(&mut self, sign: u8) -> bool {
        let found = self.rest.first() == Some(&sign);
        if found {
            self.skip(1);
        }
        found
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn shown(body: &str) -> String {
        let mut out = Vec::new();
        write(body.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writers_of_json_are_told_apart_by_white_space() {
        assert_eq!(shown(r#"{"a":1,"b":[1,2]}"#), "|||\n{\"a\"n\"b\"[n]}");
        assert_eq!(shown(r#"{"a": 1, "b": [1, 2]}"#), "||.|.\n{\"a\"n\"b\"[n]}");
        assert_eq!(shown("{\n  \"a\" : 1,\n  \"b\": []\n}"), "n..|.|.|n..\n{\"a\"n\"b\"[]}");
        assert_eq!(shown(&format!("[{}\t1]", " ".repeat(9))), "........+|||\n[n]");
    }

    #[test]
    fn types_and_levels_are_described() {
        let text = r#"{"s":"","n":0,"b":true,"z":null,"o":{},"a":[{"x":false},[]],"d":[[[[1,"]"]]]]}"#;
        assert_eq!(shown(text), "|||\n{\"s\"s\"n\"n\"b\"b\"z\"z\"o\"{}\"a\"[{\"x\"b}]\"d\"[[[a]]]}");
    }

    #[test]
    fn names_stand_as_they_are_written() {
        assert_eq!(shown(r#"{"\u0061\"b":1}"#), "|||\n{\"\\u0061\\\"b\"n}");
    }

    #[test]
    fn what_is_not_json_ends_where_it_breaks() {
        for (body, shape) in
            [("", "!"), ("x", "!"), ("{\"a\"", "{\"a\"!"), ("{}x", "{}!"), ("[1,", "[n!"), ("{a:1}", "{!")]
        {
            assert_eq!(shown(body).split('\n').nth(1), Some(shape), "{body}");
        }
        assert!(shown(&"[".repeat(100_000)).ends_with("[[[[!"));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            Just(json!(true)),
            any::<i32>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_json_never_breaks(value in values()) {
            let (compact, pretty) = (value.to_string(), serde_json::to_string_pretty(&value).unwrap());
            let structure = |text: &str| shown(text).split_once('\n').map(|(_, structure)| structure.to_owned());
            prop_assert!(!shown(&compact).ends_with('!'));
            prop_assert_eq!(structure(&compact), structure(&pretty));
        }
    }
}
