//! Texts taken apart: what may vary, and what stands between.
//!
//! A lexeme is a run of letters and digits with single marks in it, such as `req_8f3a`, `a@b.example`,
//! `2026-11-25T10:00:00.123Z`, or a whole `Date`. Texts have the same shape where everything between their
//! lexemes is the same.

use super::clock;

/// Marks that may stand in a lexeme, and neither begin nor end it.
const MARKS: &[u8] = b"-_.@+:%/=~";

/// The lexemes of a text, and the text between them: one part more than there are lexemes.
pub(super) fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut lexemes, mut between) = (Vec::new(), Vec::new());
    let (mut from, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let end = end_of(text, at);
        if end == at {
            at += 1;
            continue;
        }
        between.push(text.get(from..at).unwrap_or_default());
        lexemes.push(text.get(at..end).unwrap_or_default());
        (from, at) = (end, end);
    }
    between.push(text.get(from..).unwrap_or_default());
    (lexemes, between)
}

/// The parts of a lexeme between its marks, and the marks.
pub(super) fn parts(lexeme: &str) -> (Vec<&str>, Vec<&str>) {
    let is_mark = |c: char| !c.is_ascii_alphanumeric();
    (lexeme.split(is_mark).collect(), lexeme.matches(is_mark).collect())
}

/// Where the lexeme ends that begins here; here, where none does.
fn end_of(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let is_word = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_alphanumeric);
    if !is_word(at) {
        return at;
    }
    if is_date(text, at) {
        return at + clock::HTTP_BYTES;
    }
    let mut end = at;
    while is_word(end) || (bytes.get(end).is_some_and(|b| MARKS.contains(b)) && is_word(end + 1)) {
        // `Expires=` before a date.
        if end > at && !is_word(end) && is_date(text, end + 1) {
            return end;
        }
        end += 1;
    }
    end
}

fn is_date(text: &str, at: usize) -> bool {
    let date = text.get(at..at + clock::HTTP_BYTES).filter(|date| date.ends_with(" GMT"));
    date.is_some_and(|date| clock::read(date).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_told_from_what_is_between() {
        let text =
            r#"{"error":"No user a@b.example.","id":"req_8f3a","at":"2026-11-25T10:00:00.1Z","n":[1,2]}"#;
        let (lexemes, between) = split(text);
        assert_eq!(
            lexemes,
            [
                "error",
                "No",
                "user",
                "a@b.example",
                "id",
                "req_8f3a",
                "at",
                "2026-11-25T10:00:00.1Z",
                "n",
                "1",
                "2"
            ]
        );
        assert_eq!((between[0], between[4], between.len()), ("{\"", ".\",\"", 12));
        assert_eq!(
            split("sid=a; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/").0,
            ["sid=a", "Expires", "Sun, 06 Nov 1994 08:49:37 GMT", "Path"]
        );
        assert_eq!(split("Sun, 06 Nov 1994 08:49:37 GMT").0.len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text: String) {
            let (lexemes, between) = split(&text);
            let mut whole = String::new();
            for (n, between) in between.iter().enumerate() {
                whole.push_str(between);
                whole.push_str(lexemes.get(n).unwrap_or(&""));
            }
            prop_assert_eq!(whole, text);
        }
    }
}
