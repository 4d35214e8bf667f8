//! The fixed form in which workers tell each other what they learned, little-endian.
//!
//! Two bytes of length, which are 0 where nothing is known; then, in these: the status; the number of
//! headers; for each header its name and pieces; the body's pieces; the number of latencies and these, in twice four bytes. Texts
//! and lists begin with their length, in two bytes.

use super::latency::{Latencies, Took};
use crate::policy::{Alphabet, Made, Piece, SubjectForm, Template, TimeForm};

/// What one worker tells others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) template: Template,
    pub(super) latencies: Latencies,
}

/// Writes it into a sheet; whether it fits.
pub(super) fn write(told: &Told, sheet: &mut [u8]) -> bool {
    let mut out = vec![0, 0];
    put(&mut out, usize::from(told.template.status));
    put(&mut out, told.template.headers.len());
    for (name, pieces) in &told.template.headers {
        put_text(&mut out, name);
        put_pieces(&mut out, pieces);
    }
    put_pieces(&mut out, &told.template.body);
    put(&mut out, told.latencies.took().len());
    for took in told.latencies.took() {
        out.extend(took.us.to_le_bytes());
        out.extend(took.unsaid_us.to_le_bytes());
    }
    let length = u16::try_from(out.len()).unwrap_or(u16::MAX).to_le_bytes();
    if let Some(place) = out.first_chunk_mut() {
        *place = length;
    }
    let fits = out.len() < usize::from(u16::MAX);
    match sheet.get_mut(..out.len()).filter(|_| fits) {
        Some(place) => place.copy_from_slice(&out),
        None => return false,
    }
    true
}

/// Whether anything is written into a sheet.
pub(super) fn is_written(sheet: &[u8]) -> bool {
    sheet.first_chunk::<2>().is_some_and(|length| *length != [0, 0])
}

/// Reads a sheet; `None` where nothing is known, or nothing that can be read.
pub(super) fn read(sheet: &[u8]) -> Option<Told> {
    let length = usize::from(u16::from_le_bytes(*sheet.first_chunk()?));
    let mut rest = sheet.get(2..length)?;
    let rest = &mut rest;
    let status = u16::try_from(take(rest)?).ok().filter(|status| (200..600).contains(status))?;
    let headers = (0..take(rest)?).map(|_| Some((take_text(rest)?, take_pieces(rest)?)));
    let headers = headers.collect::<Option<Vec<_>>>()?;
    let body = take_pieces(rest)?;
    let took = (0..take(rest)?).map(|_| {
        let (pair, left) = rest.split_first_chunk::<8>()?;
        *rest = left;
        let pair = u64::from_le_bytes(*pair);
        Some(Took { us: pair as u32, unsaid_us: (pair >> 32) as u32 })
    });
    let latencies = took.collect::<Option<Vec<_>>>()?.into_iter().collect();
    Some(Told { template: Template { status, headers, body }, latencies })
}

fn put(out: &mut Vec<u8>, number: usize) {
    out.extend(u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes());
}

fn take(rest: &mut &[u8]) -> Option<usize> {
    let (number, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(usize::from(u16::from_le_bytes(*number)))
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len());
    out.extend(text.as_bytes());
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take(rest)?;
    let (text, left) = rest.split_at_checked(length)?;
    *rest = left;
    String::from_utf8(text.to_vec()).ok()
}

fn put_pieces(out: &mut Vec<u8>, pieces: &[Piece]) {
    put(out, pieces.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                out.push(0);
                put_text(out, text);
            }
            Piece::Made(made) => put_made(out, *made),
        }
    }
}

fn take_pieces(rest: &mut &[u8]) -> Option<Vec<Piece>> {
    (0..take(rest)?)
        .map(|_| {
            let (kind, left) = rest.split_first()?;
            *rest = left;
            match kind {
                0 => take_text(rest).map(Piece::Text),
                kind => take_made(*kind, rest).map(Piece::Made),
            }
        })
        .collect()
}

fn put_made(out: &mut Vec<u8>, made: Made) {
    let (kind, own): (u8, [u8; 8]) = match made {
        Made::Chars { alphabet, least, most } => {
            let place = Alphabet::ALL.iter().position(|own| *own == alphabet).unwrap_or(0) as u8;
            (1, [place, least, most, 0, 0, 0, 0, 0])
        }
        Made::Number { least, most } => (2, (u64::from(most) << 32 | u64::from(least)).to_le_bytes()),
        Made::Uuid(version) => (3, [version, 0, 0, 0, 0, 0, 0, 0]),
        Made::Time { form, offset_s } => {
            let [a, b, c, d] = offset_s.to_le_bytes();
            let (form, digits, offset) = match form {
                TimeForm::Seconds => (0, 0, false),
                TimeForm::Milliseconds => (1, 0, false),
                TimeForm::Http => (2, 0, false),
                TimeForm::Day => (3, 0, false),
                TimeForm::Rfc3339(digits, offset) => (4, digits, offset),
            };
            (4, [form, digits, u8::from(offset), 0, a, b, c, d])
        }
        Made::Subject(form) => {
            let form = match form {
                SubjectForm::Whole => 0,
                SubjectForm::Lower => 1,
                SubjectForm::LastFour => 2,
            };
            (5, [form, 0, 0, 0, 0, 0, 0, 0])
        }
        Made::Latency => (6, [0; 8]),
        Made::Length => (7, [0; 8]),
        Made::Canary(place) => (8, [place, 0, 0, 0, 0, 0, 0, 0]),
    };
    out.push(kind);
    out.extend(own);
}

fn take_made(kind: u8, rest: &mut &[u8]) -> Option<Made> {
    let (own, left) = rest.split_first_chunk::<8>()?;
    *rest = left;
    let [first, second, third, _, offset @ ..] = *own;
    Some(match kind {
        1 => {
            let alphabet = *Alphabet::ALL.get(usize::from(first))?;
            (second > 0 && second <= third).then_some(Made::Chars { alphabet, least: second, most: third })?
        }
        2 => {
            let both = u64::from_le_bytes(*own);
            let (least, most) = (both as u32, (both >> 32) as u32);
            (least <= most).then_some(Made::Number { least, most })?
        }
        3 => Made::Uuid(first),
        4 => {
            let form = match first {
                0 => TimeForm::Seconds,
                1 => TimeForm::Milliseconds,
                2 => TimeForm::Http,
                3 => TimeForm::Day,
                4 => TimeForm::Rfc3339(second.min(9), third != 0),
                _ => return None,
            };
            Made::Time { form, offset_s: i32::from_le_bytes(offset) }
        }
        5 => Made::Subject(
            *[SubjectForm::Whole, SubjectForm::Lower, SubjectForm::LastFour].get(usize::from(first))?,
        ),
        6 => Made::Latency,
        7 => Made::Length,
        8 => Made::Canary(first),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_piece() -> Vec<Piece> {
        let chars = Alphabet::ALL.map(|alphabet| Made::Chars { alphabet, least: 3, most: 9 });
        let forms = [
            TimeForm::Seconds,
            TimeForm::Milliseconds,
            TimeForm::Http,
            TimeForm::Day,
            TimeForm::Rfc3339(6, true),
        ];
        let times = forms.map(|form| Made::Time { form, offset_s: -3600 });
        let subjects = [SubjectForm::Whole, SubjectForm::Lower, SubjectForm::LastFour].map(Made::Subject);
        let others = [
            Made::Number { least: 7, most: 70_000 },
            Made::Uuid(7),
            Made::Latency,
            Made::Length,
            Made::Canary(3),
        ];
        let made = chars.into_iter().chain(times).chain(subjects).chain(others);
        std::iter::once(Piece::Text("é\"".into())).chain(made.map(Piece::Made)).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let template = Template {
            status: 401,
            headers: vec![("x-a".into(), every_piece()), ("b".into(), vec![])],
            body: every_piece(),
        };
        let told = Told {
            template,
            latencies: [5, 6, 7].into_iter().map(|ms| Took::new(ms * 1000, Some(4))).collect(),
        };
        let mut sheet = vec![0; 4096];
        assert!(write(&told, &mut sheet));
        assert_eq!(read(&sheet), Some(told.clone()));
        assert!(!write(&told, &mut [0; 64]));
        assert_eq!(read(&[0; 64]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes: Vec<u8>, whole: bool) {
            if whole && let Some(length) = bytes.first_chunk_mut::<2>() { *length = 200_u16.to_le_bytes(); bytes.resize(220, 1); }
            let _ = read(&bytes);
        }
    }
}
