//! Deceiving clients, and learning from the origin how.

use super::exchange::{Answer, Stage};
use super::held::Then;
use super::{Exchange, Guard, Next};
use crate::facts::{Facets, Headers, source};
use crate::host::Host;
use crate::policy::{Facet, Policy};
use crate::respond;
use crate::respond::decoy::{Deceived, Sample, Took};

/// Headers of the connection, which the host settles by itself.
const OF_CONNECTION: [&[u8]; 3] = [b"connection", b"transfer-encoding", b"keep-alive"];

/// The longest subject that an answer repeats, in bytes.
const SUBJECT_BYTES: usize = 256;

impl Guard {
    /// Keeps what a decoy would need of a request's head.
    pub(super) fn note_head(&self, host: &dyn Host, x: &mut Exchange, index: usize, headers: &Headers<'_>) {
        if !self.decoys.deceives(index) {
            return;
        }
        x.began_us = host.now_us();
        let source = self.settings.policies.get(index).and_then(|policy| policy.subject.as_ref());
        let subject = source.and_then(|source| source::in_head(source, headers));
        x.said_subject = subject.and_then(|subject| as_text(&subject));
    }

    /// Keeps what a decoy would need of a request's decoded body.
    pub(super) fn note_body(&self, x: &mut Exchange, policy: &Policy, body: &[u8]) {
        if policy.decoy.is_none() || x.said_subject.is_some() {
            return;
        }
        let source = policy.subject.as_ref().filter(|source| source.is_in_body());
        let subject = source.and_then(|source| source::in_body(source, body).ok().flatten());
        x.said_subject = subject.and_then(|subject| as_text(&subject));
    }

    /// The answer to a request that is to be deceived: as the origin's own, or a plain refusal where that is
    /// not known.
    pub(super) fn deceive(&mut self, host: &dyn Host, x: &Exchange, index: usize) -> Next {
        let request = Deceived {
            policy: index,
            subject: x.said_subject.as_deref(),
            client: client(&x.facets),
            began_us: x.began_us,
            speech: x.speech,
        };
        let now_us = host.now_us();
        let Some((reply, until_us)) = self.decoys.answer(host, request, now_us) else {
            return Next::Reply(respond::block(x.speech));
        };
        if until_us <= now_us {
            return Next::Reply(reply);
        }
        self.wait(host, index, until_us, Then::Reply(reply)).unwrap_or_else(|then| match then {
            Then::Reply(reply) => Next::Reply(reply),
            Then::Pass => Next::Pass,
        })
    }

    /// Takes in a failure that its decoded body tells.
    pub(super) fn note_whole_failure(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        headers: &Headers<'_>,
        body: &[u8],
    ) {
        if self.wants_failure(host, x, headers) {
            self.study(host, x, headers, body);
        }
    }

    /// Whether a failure that came now is to be studied.
    fn wants_failure(&mut self, host: &dyn Host, x: &Exchange, headers: &Headers<'_>) -> bool {
        let Some(index) = x.policy.filter(|index| self.decoys.deceives(*index)) else { return false };
        let took_us = host.now_us().saturating_sub(x.began_us);
        let said = headers.get("x-envoy-upstream-service-time");
        let said_ms = said.and_then(|said| std::str::from_utf8(said).ok()?.parse().ok());
        let is_plain = headers.get("content-encoding").is_none() && x.method != b"HEAD";
        self.decoys.failed(host, index, Took::new(took_us, said_ms)) && is_plain
    }

    /// Takes in a failure whose headers came. `last`: no body follows.
    pub(super) fn note_failure(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        headers: &Headers<'_>,
        last: bool,
    ) {
        if !self.wants_failure(host, x, headers) {
            return;
        }
        if last {
            self.study(host, x, headers, b"");
            return;
        }
        let kept = headers.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        x.answer = Some(Answer { headers: kept, body: Vec::new(), is_learned: true });
        x.stage = Stage::AwaitsAnswerBody;
    }

    /// Studies a whole failure.
    pub(super) fn study(&mut self, host: &dyn Host, x: &Exchange, headers: &Headers<'_>, body: &[u8]) {
        let Some(index) = x.policy else { return };
        let Some(sample) = sample(x, headers, body, host.now_ms()) else { return };
        if let Some(lesson) = self.decoys.study(host, index, sample) {
            self.tell.lesson(host, &self.settings, index, lesson);
        }
    }
}

/// The failure, where it is text.
fn sample(x: &Exchange, headers: &Headers<'_>, body: &[u8], at_ms: u64) -> Option<Sample> {
    let status = std::str::from_utf8(headers.get(":status")?).ok()?.parse().ok()?;
    let own = headers.iter().filter(|(name, _)| !name.starts_with(b":") && !OF_CONNECTION.contains(name));
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    Some(Sample {
        status,
        headers: own.map(|(name, value)| Some((text(name)?, text(value)?))).collect::<Option<_>>()?,
        body: text(body)?,
        subject: x.said_subject.clone(),
        client: client(&x.facets),
        at_ms,
    })
}

/// What tells one client from another.
fn client(facets: &Facets) -> u64 {
    let values =
        [Facet::Fingerprint, Facet::Network, Facet::Session].map(|facet| facets.get(facet).unwrap_or(0));
    values.into_iter().fold(0, |all, value| all.rotate_left(21) ^ value)
}

fn as_text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= SUBJECT_BYTES)?;
    // Into a header's value nothing may get that would end it.
    (!text.bytes().any(|byte| byte.is_ascii_control())).then(|| text.to_owned())
}
