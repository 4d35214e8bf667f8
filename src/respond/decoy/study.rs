//! What the origin's failures have in common, learned from several of them.
//!
//! An answer is remembered only after it was seen the same in shape for several subjects and clients: then
//! what was always the same is nobody's. Until then a few whole answers are kept, in this worker alone.

use super::super::LATENCY;
use super::generalise::{Value, generalise, joined};
use super::lexeme;
use crate::facts::hash;
use crate::policy::{Made, Piece, Template};

/// Shapes that are told apart at a time: an origin has few ways to say no.
const SHAPES: usize = 3;

/// Answers of one shape that are enough, and of how many subjects and clients they have to be.
const ENOUGH: usize = 12;
const SUBJECTS: usize = 4;
const CLIENTS: usize = 3;

/// The largest answer that is studied, in bytes, its headers included.
pub(super) const MOST_BYTES: usize = 4096;

/// A header whose value is known whatever it is.
const LENGTH: &str = "content-length";

/// A failure as the origin answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The status code.
    pub status: u16,
    /// Headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The request's subject, as it was sent; `None`: it had none.
    pub subject: Option<String>,
    /// A hash of the client.
    pub client: u64,
    /// When the answer came, in milliseconds since 1970.
    pub at_ms: u64,
}

impl Sample {
    /// The values that may vary.
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(_, value)| value.as_str()).chain([self.body.as_str()])
    }

    fn bytes(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + self.body.len()
    }

    /// Tells answers of one shape from all others.
    fn shape(&self) -> u64 {
        let mut shape = self.status.to_le_bytes().to_vec();
        for (name, _) in &self.headers {
            shape.extend(name.as_bytes());
            shape.push(0);
        }
        for text in self.texts() {
            for between in lexeme::split(text).1 {
                shape.extend(between.as_bytes());
                shape.push(0);
            }
        }
        hash::public(&shape)
    }
}

struct Shape {
    id: u64,
    samples: Vec<Sample>,
}

/// What came of one more answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Learned {
    /// Too few are known.
    NotYet,
    /// This is what they have in common.
    Template(Template),
    /// They vary in a way that is not understood.
    Never,
}

/// The failures under one policy, as one worker saw them.
#[derive(Default)]
pub(super) struct Study {
    shapes: Vec<Shape>,
}

impl Study {
    /// Takes in one more answer.
    pub(super) fn add(&mut self, sample: Sample) -> Learned {
        if sample.bytes() > MOST_BYTES {
            return Learned::NotYet;
        }
        let id = sample.shape();
        let place = self.shapes.iter().position(|shape| shape.id == id).unwrap_or_else(|| self.make_room(id));
        let Some(shape) = self.shapes.get_mut(place) else { return Learned::NotYet };
        if shape.samples.len() >= ENOUGH {
            shape.samples.remove(0);
        }
        shape.samples.push(sample);
        if !is_enough(&shape.samples) {
            return Learned::NotYet;
        }
        let samples = std::mem::take(&mut shape.samples);
        template(&samples).map_or(Learned::Never, Learned::Template)
    }

    /// The place of a new shape: that of the one with the fewest answers, where there are too many.
    fn make_room(&mut self, id: u64) -> usize {
        if self.shapes.len() >= SHAPES {
            let fewest = self.shapes.iter().enumerate().min_by_key(|(_, shape)| shape.samples.len());
            if let Some((place, _)) = fewest {
                self.shapes.remove(place);
            }
        }
        self.shapes.push(Shape { id, samples: Vec::new() });
        self.shapes.len() - 1
    }
}

fn is_enough(samples: &[Sample]) -> bool {
    let subjects = distinct(samples.iter().map(|sample| &sample.subject));
    let clients = distinct(samples.iter().map(|sample| &sample.client));
    let has_subjects = samples.iter().any(|sample| sample.subject.is_some());
    samples.len() >= ENOUGH && clients >= CLIENTS && (subjects >= SUBJECTS || !has_subjects)
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> usize {
    let mut seen: Vec<T> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen.len()
}

/// What answers of one shape have in common.
fn template(samples: &[Sample]) -> Option<Template> {
    let first = samples.first()?;
    let mut headers = Vec::with_capacity(first.headers.len());
    for (place, (name, _)) in first.headers.iter().enumerate() {
        let pieces = match name.as_str() {
            LENGTH => vec![Piece::Made(Made::Length)],
            LATENCY => vec![Piece::Made(Made::Latency)],
            _ => text(samples, |sample| sample.headers.get(place).map_or("", |(_, value)| value.as_str()))?,
        };
        headers.push((name.clone(), pieces));
    }
    Some(Template { status: first.status, headers, body: text(samples, |sample| &sample.body)? })
}

/// What texts of one shape have in common.
fn text<'s>(samples: &'s [Sample], of: impl Fn(&'s Sample) -> &'s str) -> Option<Vec<Piece>> {
    let lexemes: Vec<_> = samples.iter().map(|sample| lexeme::split(of(sample)).0).collect();
    let between = lexeme::split(of(samples.first()?)).1;
    let mut pieces = Vec::new();
    for (place, before) in between.iter().enumerate() {
        pieces.push(Piece::Text((*before).to_owned()));
        if place + 1 == between.len() {
            break;
        }
        let values: Vec<Value<'_>> = samples
            .iter()
            .zip(&lexemes)
            .map(|(sample, lexemes)| Value {
                text: lexemes.get(place).copied().unwrap_or(""),
                subject: sample.subject.as_deref(),
                at_ms: sample.at_ms,
            })
            .collect();
        pieces.extend(generalise(&values)?);
    }
    Some(joined(pieces))
}

#[cfg(test)]
mod tests {
    use super::super::pen::{Occasion, Pen};
    use super::*;
    use crate::facts::Hashes;
    use crate::policy::Secret;

    const AT_MS: u64 = 1_795_600_000_000;

    /// The n-th failure of an origin that puts an id, a time and the account into it.
    fn failure(n: u64) -> Sample {
        let id = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let body = format!(
            r#"{{"error":{{"code":"bad_login","message":"Wrong password for user{n}@mail.example."}},"request":"req_{id:016x}","at":{}}}"#,
            AT_MS / 1000 + n
        );
        let header = |name: &str, value: String| (name.to_owned(), value);
        Sample {
            status: 401,
            headers: vec![
                header("content-type", "application/json; charset=utf-8".into()),
                header("x-request-id", format!("{id:032x}")),
                header("content-length", body.len().to_string()),
                header("x-envoy-upstream-service-time", (n % 7).to_string()),
            ],
            body,
            subject: Some(format!("user{n}@mail.example")),
            client: n % 5,
            at_ms: AT_MS + n * 1000 + 300,
        }
    }

    fn study(samples: impl Iterator<Item = Sample>) -> Learned {
        let mut study = Study::default();
        samples.map(|sample| study.add(sample)).last().unwrap()
    }

    #[test]
    fn what_failures_have_in_common_is_learned_and_what_varies_is_made_anew() {
        let Learned::Template(template) = study((0..12).map(failure)) else { panic!() };
        let hashes = Hashes::new(&Secret(b"0123456789abcdef".to_vec()));
        let occasion = Occasion { subject: Some("me@x.example"), at_ms: AT_MS + 60_000_000 };
        let written = Pen::new(&hashes, &[], 1).write(&template, occasion);
        assert_eq!(written.status, 401);
        let names: Vec<_> = written.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["content-type", "x-request-id", "content-length", "x-envoy-upstream-service-time"]
        );
        assert_eq!(written.headers[2].1, written.body.len().to_string());
        let body: serde_json::Value = serde_json::from_str(&written.body).unwrap();
        assert_eq!(body["error"]["message"], "Wrong password for me@x.example.");
        assert_eq!(body["at"], AT_MS / 1000 + 60_000);
        for n in 0..12 {
            let seen = failure(n);
            assert_ne!(written.headers[1].1, seen.headers[1].1);
            assert_ne!(
                body["request"],
                serde_json::from_str::<serde_json::Value>(&seen.body).unwrap()["request"]
            );
        }
    }

    #[test]
    fn few_subjects_or_clients_are_not_enough() {
        let of_one_subject = (0..100).map(|n| Sample { subject: Some("a@b.example".into()), ..failure(n) });
        assert_eq!(study(of_one_subject), Learned::NotYet);
        let of_one_client = (0..100).map(|n| Sample { client: 1, ..failure(n) });
        assert_eq!(study(of_one_client), Learned::NotYet);
        assert_eq!(study((0..11).map(failure)), Learned::NotYet);
    }

    #[test]
    fn what_is_somebodys_is_never_learned() {
        let names = ["Ann", "Bob", "Carl", "Dora"];
        let with_name =
            |n: u64| Sample { body: format!(r#"{{"hello":"{}"}}"#, names[n as usize % 4]), ..failure(n) };
        assert_eq!(study((0..12).map(with_name)), Learned::Never);
    }

    #[test]
    fn other_shapes_do_not_get_in_the_way() {
        let mut study = Study::default();
        let other = |n: u64| Sample {
            status: 404,
            body: format!("no such thing {}", "!".repeat(n as usize)),
            ..failure(n)
        };
        let mut learned = 0;
        for n in 0..60 {
            study.add(other(n));
            learned += u64::from(matches!(study.add(failure(n)), Learned::Template(_)));
            assert!(study.shapes.len() <= SHAPES);
        }
        assert_eq!(learned, 5);
    }
}
