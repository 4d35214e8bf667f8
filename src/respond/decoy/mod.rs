//! Deception: answers that look as the origin's own where it refuses.
//!
//! [`study`] learns from the origin's failures what they have in common, taken apart by [`lexeme`] and
//! made general by [`generalise`]; [`pen`] writes an answer like them, with what varies made anew; it is
//! given after a time like those that the origin takes ([`latency`]), to whoever understands it ([`fit`]).
//! What one worker learned the others hear of ([`wire`]). Values that come back and were given to the deceived
//! alone are [`canary`] values.

mod canary;
mod clock;
mod fit;
mod generalise;
mod latency;
mod lexeme;
mod pen;
mod study;
mod wire;

pub use canary::is_canary;
pub use latency::Took;
pub use study::Sample;

use super::{Reply, Speech, Whole};
use crate::facts::{Hashes, hash};
use crate::host::Host;
use crate::memory::layout::DECOY_BYTES;
use crate::memory::sheet::{SheetId, SheetSpec, Sheets};
use crate::memory::table::Incidents;
use crate::policy::{Decoy, Mask, Settings, Template};
use latency::Latencies;
use pen::{Occasion, Pen};
use study::{Learned, Study};
use wire::Told;

/// The value that tells of changes. Like a sheet's name it carries the version of the form.
const BOARD: &str = "pal1.decoys";

/// Once an answer is known only one of so many failures is studied further, to notice when it changes.
const SELDOM: u64 = 16;

/// A request that is to be deceived.
#[derive(Clone, Copy, Debug)]
pub struct Deceived<'a> {
    /// The policy's place.
    pub policy: usize,
    /// Its subject, as it was sent.
    pub subject: Option<&'a str>,
    /// A hash of the client: two at the same time are told different things.
    pub client: u64,
    /// When it came, in microseconds since 1970.
    pub began_us: u64,
    /// What the client speaks.
    pub speech: Speech,
}

/// What was learned, to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lesson {
    /// The answer with this status.
    Known(u16),
    /// Nothing: answers vary in a way that is not understood.
    NotUnderstood,
}

/// One policy's decoys.
struct Deception {
    decoy: Decoy,
    /// `None`: the origin is not learned from.
    sheet: Option<SheetId>,
    study: Study,
    latencies: Latencies,
    seen: u64,
    /// Whether its failures were found not to be understood.
    given_up: bool,
}

/// The decoys of all policies, as one worker knows them.
pub struct Decoys {
    hashes: Hashes,
    canaries: Vec<Mask>,
    sheets: Sheets,
    /// By policy; `None`: it deceives nobody.
    of: Vec<Option<Deception>>,
    drawn: u64,
}

impl Decoys {
    /// The decoys of these settings, nothing learned yet.
    #[must_use]
    pub fn new(settings: &Settings, hashes: &Hashes) -> Self {
        let mut specs = Vec::new();
        let deceptions = settings.policies.iter().map(|policy| {
            let decoy = policy.decoy.clone()?;
            let sheet = decoy.learn.then(|| {
                let name = format!("pal1.d{:x}", hash::public(policy.name.as_bytes()));
                specs.push(SheetSpec { name, bytes: DECOY_BYTES });
                SheetId(specs.len() - 1)
            });
            let (study, latencies) = (Study::default(), Latencies::default());
            Some(Deception { decoy, sheet, study, latencies, seen: 0, given_up: false })
        });
        let of = deceptions.collect();
        let sheets = Sheets::on_board(BOARD, specs);
        Self { hashes: hashes.clone(), canaries: settings.canaries.clone(), sheets, of, drawn: 0 }
    }

    /// Whether a value is one that only the deceived were given.
    #[must_use]
    pub fn is_canary(&self, value: &[u8]) -> bool {
        !self.canaries.is_empty() && is_canary(&self.hashes, &self.canaries, value)
    }

    /// Whether a policy deceives anybody.
    #[must_use]
    pub fn deceives(&self, policy: usize) -> bool {
        self.of.get(policy).is_some_and(Option::is_some)
    }

    /// Takes in how long a failure took; whether it is to be studied.
    pub fn failed(&mut self, host: &dyn Host, policy: usize, took: Took) -> bool {
        let Some(Some(deception)) = self.of.get_mut(policy) else { return false };
        deception.latencies.add(took);
        let Some(sheet) = deception.sheet else { return false };
        deception.seen = deception.seen.wrapping_add(1);
        let settled = deception.given_up || wire::is_written(self.sheets.read(host, sheet));
        !settled || deception.seen.is_multiple_of(SELDOM)
    }

    /// Studies a failure; what was learned, where that is new.
    pub fn study(&mut self, host: &dyn Host, policy: usize, sample: Sample) -> Option<Lesson> {
        let deception = self.of.get_mut(policy)?.as_mut()?;
        let sheet = deception.sheet?;
        let template = match deception.study.add(sample) {
            Learned::NotYet => return None,
            Learned::Never => {
                let first = !std::mem::replace(&mut deception.given_up, true);
                return first.then_some(Lesson::NotUnderstood);
            }
            Learned::Template(template) => template,
        };
        deception.given_up = false;
        let known = wire::read(self.sheets.read(host, sheet));
        let status = template.status;
        let told = Told { template, latencies: deception.latencies.clone() };
        let mut fits = true;
        self.sheets.change(host, sheet, &mut |bytes| fits = wire::write(&told, bytes));
        let is_new = known.is_none_or(|known| known.template != told.template);
        (fits && is_new).then_some(Lesson::Known(status))
    }

    /// The answer to a request that is to be deceived, and until when it is to wait, in microseconds since
    /// 1970; `None`: none is known that its client would take for the origin's.
    pub fn answer(&mut self, host: &dyn Host, request: Deceived<'_>, now_us: u64) -> Option<(Reply, u64)> {
        let deception = self.of.get(request.policy)?.as_ref()?;
        let told = deception.sheet.and_then(|sheet| wire::read(self.sheets.read(host, sheet)));
        let learned = told.as_ref().map(|told| &told.template);
        let fits = |template: &&Template| fit::fits(template, request.speech);
        let template = learned.filter(fits).or_else(|| deception.decoy.written.as_ref().filter(fits))?;
        self.drawn = self.drawn.wrapping_add(1);
        let seed = self.hashes.pair(now_us ^ request.client, self.drawn);
        let mut pen = Pen::new(&self.hashes, &self.canaries, seed);
        let drawn = pen.draw(1 << 32);
        let own = Some(&deception.latencies).filter(|own| own.are_enough());
        let latencies = own.or(told.as_ref().map(|told| &told.latencies));
        let takes_us = match deception.decoy.takes_ms {
            Some((from, to)) => (from * 1000) + ((drawn * ((to - from) * 1000 + 1)) >> 32),
            None => latencies.and_then(|latencies| latencies.like(drawn)).unwrap_or(0),
        };
        let whole =
            Whole { began_us: request.began_us, unsaid_us: latencies.map_or(0, Latencies::unsaid_us) };
        let until_us = request.began_us.saturating_add(takes_us).max(now_us);
        let written = pen.write(template, Occasion { subject: request.subject, at_ms: until_us / 1000 });
        Some((reply(written, template, whole), until_us))
    }

    /// Housekeeping: what was learned is told, and heard of.
    pub fn tick(&mut self, host: &dyn Host) {
        if self.of.iter().flatten().any(|deception| deception.sheet.is_some()) {
            self.sheets.tell_and_hear(host);
        }
    }

    /// What happened to sheets since this was last asked.
    pub fn take_incidents(&mut self) -> Incidents {
        self.sheets.take_incidents()
    }
}

fn reply(written: pen::Written, template: &Template, whole: Whole) -> Reply {
    let headers = written.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Reply {
        status: u32::from(template.status),
        // It stands among the headers, which are whole.
        grpc_status: None,
        headers,
        body: written.body.into_bytes().into(),
        details: "palisade_deceive",
        whole: Some(whole),
    }
}
