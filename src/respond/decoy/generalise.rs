//! From values that were seen in the same place to what makes others like them.
//!
//! What was always the same is repeated; what varied is made anew, or nothing is learned: no value that a
//! client was given is ever given to another.

use super::clock;
use super::lexeme;
use crate::policy::{Alphabet, Made, Piece, SubjectForm, TimeForm};

/// A time is told by being so near to when the answer was given, in milliseconds.
const NEAR_MS: u64 = 400 * 86_400_000;

/// Times that keep their distance from now differ in it by so much at most, in milliseconds: the clock of the
/// origin is another, and answers take their time.
const SAME_MS: i64 = 5_000;

/// Numbers of more digits are drawn digit by digit.
const NUMBER_DIGITS: usize = 9;

/// What is drawn has so many characters at least, where it is told by nothing else.
const DRAWN: usize = 8;

/// A value in an answer, and what is known of that answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    /// The request's subject, as it was sent.
    pub(super) subject: Option<&'a str>,
    /// When the answer came, in milliseconds since 1970.
    pub(super) at_ms: u64,
}

/// What makes values like these, at least two; `None`: they vary in a way that is not understood.
pub(super) fn generalise(values: &[Value<'_>]) -> Option<Vec<Piece>> {
    let first = values.first()?.text;
    let made = |made: Made| Some(vec![Piece::Made(made)]);
    if let Some(form) = subject(values) {
        return made(Made::Subject(form));
    }
    if let Some(time) = time(values) {
        return made(time);
    }
    if values.iter().all(|value| value.text == first) {
        return Some(vec![Piece::Text(first.to_owned())]);
    }
    if let Some(version) = uuid(values) {
        return made(Made::Uuid(version));
    }
    let texts: Vec<&str> = values.iter().map(|value| value.text).collect();
    let pieces = by_parts(&texts);
    if pieces.is_some() || !is_drawn(&texts) {
        return pieces;
    }
    let wide = [Alphabet::Base64Url, Alphabet::Base64];
    wide.into_iter().find_map(|alphabet| chars(&texts, alphabet)).map(|made| vec![Piece::Made(made)])
}

/// Whether values look as if they were drawn, rather than said: they are long, and hold digits.
fn is_drawn(texts: &[&str]) -> bool {
    let with_digits = texts.iter().filter(|text| text.bytes().any(|b| b.is_ascii_digit())).count();
    texts.iter().all(|text| text.len() >= DRAWN) && 2 * with_digits >= texts.len()
}

/// Whether each is its own request's subject, and in which form.
fn subject(values: &[Value<'_>]) -> Option<SubjectForm> {
    let forms = [SubjectForm::Whole, SubjectForm::Lower, SubjectForm::LastFour];
    let first = values.first()?.subject?;
    // Of one subject nothing can be told.
    if values.iter().all(|value| value.subject == Some(first)) {
        return None;
    }
    forms.into_iter().find(|form| {
        values.iter().all(|value| value.subject.is_some_and(|subject| form.of(subject) == value.text))
    })
}

/// Whether each is a time at the same distance from when its answer was given.
fn time(values: &[Value<'_>]) -> Option<Made> {
    let (form, _) = clock::read(values.first()?.text)?;
    let mut offsets = Vec::with_capacity(values.len());
    for value in values {
        let (own, time_ms) = clock::read(value.text)?;
        let near = own == form && time_ms.abs_diff(value.at_ms) < NEAR_MS;
        offsets.push(near.then(|| time_ms as i64 - value.at_ms as i64)?);
    }
    let (least, most) = (*offsets.iter().min()?, *offsets.iter().max()?);
    let is_day = form == TimeForm::Day;
    if is_day && values.iter().all(|v| clock::write(form, v.at_ms, "") == v.text) {
        return Some(Made::Time { form, offset_s: 0 });
    }
    if is_day || most - least > SAME_MS {
        return None;
    }
    // Whole seconds are cut off, not rounded: on the average half of one is missing.
    let cut_ms = if super::pen::is_exact(form) { 0 } else { 500 };
    let middle_ms = offsets.iter().sum::<i64>() / i64::try_from(offsets.len()).ok()? + cut_ms;
    let offset_s = i32::try_from((middle_ms + 499).div_euclid(1000)).ok()?;
    Some(Made::Time { form, offset_s })
}

fn uuid(values: &[Value<'_>]) -> Option<u8> {
    let version = |text: &str| {
        let (parts, marks) = lexeme::parts(text);
        let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
        let is_hex = parts.iter().all(|part| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        let is_uuid = lengths == [8, 4, 4, 4, 12] && marks.iter().all(|mark| *mark == "-") && is_hex;
        let digit = parts.get(2)?.bytes().next()?;
        (is_uuid && matches!(digit, b'4' | b'7')).then(|| digit - b'0')
    };
    let first = version(values.first()?.text)?;
    values.iter().all(|value| version(value.text) == Some(first)).then_some(first)
}

/// Values with the same marks, part by part.
fn by_parts(texts: &[&str]) -> Option<Vec<Piece>> {
    let taken: Vec<_> = texts.iter().map(|text| lexeme::parts(text)).collect();
    let (first, marks) = taken.first()?;
    if taken.iter().any(|(_, other)| other != marks) {
        return None;
    }
    let address = marks.contains(&"@");
    let mut pieces = Vec::new();
    for place in 0..first.len() {
        let column: Vec<&str> =
            taken.iter().map(|(parts, _)| parts.get(place).copied().unwrap_or("")).collect();
        pieces.push(one_part(&column, address)?);
        pieces.extend(marks.get(place).map(|mark| Piece::Text((*mark).to_owned())));
    }
    Some(joined(pieces))
}

fn one_part(column: &[&str], address: bool) -> Option<Piece> {
    let first = column.first()?;
    if column.iter().all(|part| part == first) {
        return Some(Piece::Text((*first).to_owned()));
    }
    if let Some(number) = number(column) {
        return Some(Piece::Made(number));
    }
    // Words that vary are names, or say something: only an address is one whatever they are.
    let is_word = |part: &&str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_hex = |part: &&str| part.bytes().all(|b| b.is_ascii_hexdigit());
    if !address && column.iter().all(is_word) && !column.iter().all(is_hex) {
        return None;
    }
    Alphabet::ALL.into_iter().find_map(|alphabet| chars(column, alphabet)).map(Piece::Made)
}

/// Numbers that are counted rather than drawn: some are shorter than others, or they are all short.
fn number(column: &[&str]) -> Option<Made> {
    let is_number = |part: &&str| {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        digits && part.len() <= NUMBER_DIGITS && (part.len() == 1 || !part.starts_with('0'))
    };
    if !column.iter().all(is_number) {
        return None;
    }
    let numbers: Vec<u32> = column.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    Some(Made::Number { least: *numbers.iter().min()?, most: *numbers.iter().max()? })
}

fn chars(column: &[&str], alphabet: Alphabet) -> Option<Made> {
    let all = alphabet.characters();
    let fits = |part: &&str| !part.is_empty() && part.bytes().all(|b| all.contains(&b));
    if !column.iter().all(fits) {
        return None;
    }
    let lengths = || column.iter().map(|part| part.len());
    let (least, most) = (u8::try_from(lengths().min()?).ok()?, u8::try_from(lengths().max()?).ok()?);
    Some(Made::Chars { alphabet, least, most })
}

/// Neighboring texts as one.
pub(super) fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, Piece::Text(text)) if text.is_empty() => {}
            (_, piece) => out.push(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_MS: u64 = 1_795_600_000_000;

    fn of(texts: &[&str]) -> Option<Vec<Piece>> {
        let value =
            |(n, text): (usize, &&'static str)| Value { text, subject: None, at_ms: AT_MS + 1000 * n as u64 };
        let texts: Vec<&'static str> = texts.iter().map(|t| &*String::leak((*t).to_owned())).collect();
        generalise(&texts.iter().enumerate().map(value).collect::<Vec<_>>())
    }

    fn chars_of(alphabet: Alphabet, least: u8, most: u8) -> Piece {
        Piece::Made(Made::Chars { alphabet, least, most })
    }

    #[test]
    fn what_never_varies_is_repeated() {
        assert_eq!(of(&["invalid", "invalid"]), Some(vec![Piece::Text("invalid".into())]));
    }

    #[test]
    fn ids_are_made_anew() {
        assert_eq!(
            of(&["req_8f3a", "req_09bc"]),
            Some(vec![Piece::Text("req_".into()), chars_of(Alphabet::LowerHex, 4, 4)])
        );
        assert_eq!(
            of(&["8f3a-X", "09bcde-X"]),
            Some(vec![chars_of(Alphabet::LowerHex, 4, 6), Piece::Text("-X".into())])
        );
        assert_eq!(of(&["a-B_c9xy", "Zx7-_9ab"]), Some(vec![chars_of(Alphabet::Base64Url, 8, 8)]));
        assert_eq!(of(&["57", "104"]), Some(vec![Piece::Made(Made::Number { least: 57, most: 104 })]));
        assert_eq!(of(&["0057", "1044"]), Some(vec![chars_of(Alphabet::Digits, 4, 4)]));
        assert_eq!(
            of(&["0d8fe5a0-1c52-4b33-9d3a-0123456789ab", "11111111-2222-4333-8444-555555555555"]),
            Some(vec![Piece::Made(Made::Uuid(4))])
        );
    }

    #[test]
    fn times_move_on_even_where_they_looked_the_same() {
        let time = |form, offset_s| Some(vec![Piece::Made(Made::Time { form, offset_s })]);
        let at = |form, ms: u64| clock::write(form, AT_MS + ms, "000000");
        let seconds = TimeForm::Rfc3339(0, false);
        assert_eq!(of(&[&at(seconds, 0), &at(seconds, 1000)]), time(seconds, 0));
        assert_eq!(of(&[&at(seconds, 3_600_000), &at(seconds, 3_601_000)]), time(seconds, 3600));
        assert_eq!(of(&[&at(TimeForm::Day, 0), &at(TimeForm::Day, 1000)]), time(TimeForm::Day, 0));
        assert_eq!(
            of(&[&at(TimeForm::Milliseconds, 12), &at(TimeForm::Milliseconds, 1015)]),
            time(TimeForm::Milliseconds, 0)
        );
    }

    #[test]
    fn a_subject_is_that_of_the_request() {
        let value = |text, subject| Value { text, subject: Some(subject), at_ms: AT_MS };
        let of = |values: &[Value<'_>]| generalise(values);
        let subject = |form| Some(vec![Piece::Made(Made::Subject(form))]);
        assert_eq!(of(&[value("A@b.ex", "A@b.ex"), value("c@d.ex", "c@d.ex")]), subject(SubjectForm::Whole));
        assert_eq!(of(&[value("a@b.ex", "A@b.ex"), value("c@d.ex", "c@d.ex")]), subject(SubjectForm::Lower));
        assert_eq!(of(&[value("1234", "9991234"), value("5678", "9995678")]), subject(SubjectForm::LastFour));
    }

    #[test]
    fn names_are_nobodys_to_make_up() {
        assert_eq!(of(&["Ann", "Bob"]), None);
        assert_eq!(of(&["welcome", "goodbye"]), None);
        let address = of(&["ann@shop.example", "bob7@mail.example"]).unwrap();
        assert!(
            address.iter().all(|piece| !matches!(piece, Piece::Text(text) if text.contains("ann"))),
            "{address:?}"
        );
    }
}
