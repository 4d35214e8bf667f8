//! Writes decoys: what a template leaves open is made anew, differently each time.

use super::canary;
use super::clock;
use crate::facts::Hashes;
use crate::policy::{Alphabet, Made, Mask, Piece, SubjectForm, Template, TimeForm};

/// What a decoy is written for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion<'a> {
    /// The request's subject, as it was sent.
    pub(super) subject: Option<&'a str>,
    /// When the answer is given, in milliseconds since 1970.
    pub(super) at_ms: u64,
}

/// An answer, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// Draws what has no pattern from a keyed hash, so that nobody can foresee it.
pub(super) struct Pen<'a> {
    hashes: &'a Hashes,
    canaries: &'a [Mask],
    seed: u64,
    drawn: u64,
}

impl<'a> Pen<'a> {
    /// A pen that writes something else for each seed.
    pub(super) fn new(hashes: &'a Hashes, canaries: &'a [Mask], seed: u64) -> Self {
        Self { hashes, canaries, seed, drawn: 0 }
    }

    /// Writes an answer out.
    pub(super) fn write(&mut self, template: &Template, occasion: Occasion<'_>) -> Written {
        let escaped = occasion.subject.map(|subject| escaped(template, subject));
        let body = self.text(&template.body, Occasion { subject: escaped.as_deref(), ..occasion }, 0);
        let length = body.len();
        let header =
            |(name, pieces): &(String, Vec<Piece>)| (name.clone(), self.text(pieces, occasion, length));
        let headers = template.headers.iter().map(header).collect();
        Written { status: template.status, headers, body }
    }

    /// A number drawn from 0 to below `bound`, which is at least 1.
    pub(super) fn draw(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        // The bounds are small beside 2^64: the bias is below one in 2^40.
        self.hashes.pair(self.seed, self.drawn) % bound.max(1)
    }

    fn text(&mut self, pieces: &[Piece], occasion: Occasion<'_>, length: usize) -> String {
        let mut out = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Made(made) => out.push_str(&self.made(*made, occasion, length)),
            }
        }
        out
    }

    fn made(&mut self, made: Made, occasion: Occasion<'_>, length: usize) -> String {
        match made {
            Made::Chars { alphabet, least, most } => {
                let count = u64::from(least) + self.draw(u64::from(most.saturating_sub(least)) + 1);
                self.chars(alphabet, count)
            }
            Made::Number { least, most } => {
                (u64::from(least) + self.draw(u64::from(most.saturating_sub(least)) + 1)).to_string()
            }
            Made::Uuid(version) => self.uuid(version, occasion.at_ms),
            Made::Time { form, offset_s } => {
                let at_ms = occasion.at_ms.saturating_add_signed(i64::from(offset_s) * 1000);
                let digits = self.chars(Alphabet::Digits, 6);
                clock::write(form, at_ms, &digits)
            }
            Made::Subject(form) => form.of(occasion.subject.unwrap_or_default()),
            // It is known when the answer goes out.
            Made::Latency => String::new(),
            Made::Length => length.to_string(),
            Made::Canary(place) => {
                let nonce = self.draw(u64::MAX);
                let mask = self.canaries.get(usize::from(place));
                mask.map(|mask| canary::make(self.hashes, mask, nonce)).unwrap_or_default()
            }
        }
    }

    fn chars(&mut self, alphabet: Alphabet, count: u64) -> String {
        let characters = alphabet.characters();
        let one = |_| {
            let place = self.draw(characters.len() as u64) as usize;
            characters.get(place).copied().map_or('0', char::from)
        };
        (0..count).map(one).collect()
    }

    /// RFC 9562: random but for version and variant, and of version 7 the time, in milliseconds.
    fn uuid(&mut self, version: u8, at_ms: u64) -> String {
        let random = self.chars(Alphabet::LowerHex, 32);
        let part = |from: usize, to: usize| random.get(from..to).unwrap_or_default().to_owned();
        let time = format!("{:012x}", at_ms & 0xffff_ffff_ffff);
        let head = if version == 7 { time } else { part(0, 12) };
        let (first, second) = head.split_at_checked(8).unwrap_or((&head, ""));
        let variant = ['8', '9', 'a', 'b'].get(self.draw(4) as usize).copied().unwrap_or('8');
        format!("{first}-{second}-{version}{}-{variant}{}-{}", part(13, 16), part(17, 20), part(20, 32))
    }
}

/// A subject as it may stand in a body: it is the client's own text, and is to end neither a string nor a tag.
fn escaped(template: &Template, subject: &str) -> String {
    let is_json = |(name, pieces): &(String, Vec<Piece>)| {
        let says = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains("json"));
        name == "content-type" && pieces.iter().any(says)
    };
    let json = template.headers.iter().any(is_json);
    let mut out = String::with_capacity(subject.len());
    for character in subject.chars() {
        match character {
            '"' | '\\' if json => out.extend(['\\', character]),
            '&' if !json => out.push_str("&amp;"),
            '<' if !json => out.push_str("&lt;"),
            '>' if !json => out.push_str("&gt;"),
            '"' if !json => out.push_str("&quot;"),
            '\'' if !json => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

impl SubjectForm {
    /// The subject in this form.
    pub(super) fn of(self, subject: &str) -> String {
        match self {
            Self::Whole => subject.to_owned(),
            Self::Lower => subject.to_ascii_lowercase(),
            Self::LastFour => {
                let skipped = subject.chars().count().saturating_sub(4);
                subject.chars().skip(skipped).collect()
            }
        }
    }
}

/// The forms of a time that a fraction of a second is told in.
pub(super) fn is_exact(form: TimeForm) -> bool {
    matches!(form, TimeForm::Milliseconds | TimeForm::Rfc3339(1.., _))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;

    const OCCASION: Occasion<'_> = Occasion { subject: Some("Ann@B.example"), at_ms: 784_111_777_123 };

    fn hashes() -> Hashes {
        Hashes::new(&Secret(b"0123456789abcdef".to_vec()))
    }

    fn written(made: Made) -> String {
        let template = Template { status: 401, headers: vec![], body: vec![Piece::Made(made)] };
        Pen::new(&hashes(), &[], 7).write(&template, OCCASION).body
    }

    #[test]
    fn what_is_made_has_its_form() {
        assert_eq!(written(Made::Subject(SubjectForm::Whole)), "Ann@B.example");
        assert_eq!(written(Made::Subject(SubjectForm::Lower)), "ann@b.example");
        assert_eq!(written(Made::Subject(SubjectForm::LastFour)), "mple");
        let hour = Made::Time { form: TimeForm::Rfc3339(0, false), offset_s: 3600 };
        assert_eq!(written(hour), "1994-11-06T09:49:37Z");
        let hex = written(Made::Chars { alphabet: Alphabet::LowerHex, least: 16, most: 16 });
        assert!(
            hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()),
            "{hex}"
        );
        let number: u32 = written(Made::Number { least: 57, most: 60 }).parse().unwrap();
        assert!((57..=60).contains(&number));
    }

    #[test]
    fn a_subject_ends_no_string_and_begins_no_tag() {
        let body = |kind: &str| {
            let headers = vec![("content-type".into(), vec![Piece::Text(kind.into())])];
            let made = vec![Piece::Made(Made::Subject(SubjectForm::Whole))];
            let template = Template { status: 401, headers, body: made };
            let occasion = Occasion { subject: Some("a\"\\<b>'&"), ..OCCASION };
            Pen::new(&hashes(), &[], 7).write(&template, occasion).body
        };
        assert_eq!(body("application/json"), "a\\\"\\\\<b>'&");
        assert_eq!(body("text/html; charset=utf-8"), "a&quot;\\&lt;b&gt;&#39;&amp;");
    }

    #[test]
    fn uuids_are_of_their_version() {
        let uuid = written(Made::Uuid(4));
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        let ordered = written(Made::Uuid(7));
        assert!(ordered.starts_with(&format!("{:012x}", 784_111_777_123_u64)[..8]), "{ordered}");
        assert_eq!((ordered.len(), &ordered[14..15]), (36, "7"));
    }

    #[test]
    fn lengths_are_of_the_body() {
        let template = Template {
            status: 401,
            headers: vec![("content-length".into(), vec![Piece::Made(Made::Length)])],
            body: vec![Piece::Text("{\"a\":\"ä".into()), Piece::Text("\"}".into())],
        };
        let written = Pen::new(&hashes(), &[], 7).write(&template, OCCASION);
        assert_eq!(written.headers, [("content-length".to_owned(), written.body.len().to_string())]);
    }

    #[test]
    fn every_draw_is_another() {
        let made = Made::Chars { alphabet: Alphabet::Alnum, least: 20, most: 20 };
        let template =
            Template { status: 401, headers: vec![], body: vec![Piece::Made(made), Piece::Made(made)] };
        let hashes = hashes();
        let bodies: Vec<_> =
            (0..100).map(|seed| Pen::new(&hashes, &[], seed).write(&template, OCCASION).body).collect();
        for (n, body) in bodies.iter().enumerate() {
            assert_ne!(body[..20], body[20..]);
            assert!(bodies[..n].iter().all(|other| other != body));
        }
    }
}
