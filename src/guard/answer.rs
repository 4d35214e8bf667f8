//! From the origin's answer to what is learned of it. Answers that are not the origin's teach
//! nothing: neither Palisade's own, nor other filters', nor Envoy's for a lost connection.

use std::borrow::Cow;

use super::exchange::{Answer, Stage};
use super::operations::{Further, Outcomes};
use super::{Exchange, Guard};
use crate::decide::{self, Action, Judgement};
use crate::detect::{self, Evidence};
use crate::facts::body::{self, BodyTrouble};
use crate::facts::outcome::{self, Reading};
use crate::facts::probe::Kind;
use crate::facts::{Facets, Headers, Outcome, operation};
use crate::host::{Attribute, Host};
use crate::learn::{self, Condemned, campaign, profile};
use crate::memory::cache::Slot;
use crate::memory::{Event, Tally};
use crate::policy::{Facet, Flow, Policy, SubjectSource, counts_probes, is_address_only, is_shared};
use crate::report::VerdictLine;

/// Response-code details of an answer that came from the origin.
const VIA_UPSTREAM: &[u8] = b"via_upstream";

impl Guard {
    /// Takes the answer's status; whether that was enough. It is where the outcome hangs on nothing
    /// else and changes no tally: then it does not matter who gave the answer either. A page's request
    /// has the answer's headers read now and then, for what they let the page read.
    pub fn answer_status(&mut self, host: &dyn Host, x: &mut Exchange, status: &[u8]) -> bool {
        let Some((index, policy)) = self.policy(x).filter(|_| x.stage == Stage::AwaitsAnswer) else {
            return true;
        };
        let headers = Headers::new(vec![(b":status", status)]);
        let found = match outcome::from_headers(policy, &headers) {
            Reading::Known(found) if !policy.reads_answer_headers() => found,
            _ => return false,
        };
        let origin = x.origin.as_deref();
        let pages = origin.is_some_and(|origin| self.cors.wants(index, origin, host.now_ms()));
        let changes = match found {
            _ if !x.probes.is_empty() => true,
            Outcome::Error => false,
            Outcome::Failure => true,
            Outcome::Success => x.success_matters || self.earns(x),
        };
        if !changes {
            self.tell.outcome(index, found);
            self.witness(host, x, index, if x.does_nothing() { Outcome::Error } else { found });
            x.stage = Stage::Idle;
        }
        !changes && !pages
    }

    /// Takes the answer's headers. `last`: no body follows.
    pub fn answer(&mut self, host: &dyn Host, x: &mut Exchange, headers: &Headers<'_>, last: bool) {
        if let (Some(index), Some(origin)) = (x.policy, x.origin.take())
            && is_the_origins(host, headers)
        {
            self.cors.learn(index, &origin, headers, host.now_ms());
        }
        if x.stage != Stage::AwaitsAnswer {
            return;
        }
        x.stage = Stage::Idle;
        let Some((_, policy)) = self.policy(x) else { return };
        if !is_the_origins(host, headers) {
            self.learn(host, x, &Outcome::Error.into());
            return;
        }
        let reading = outcome::from_headers(policy, headers);
        let follows = policy.flow.as_ref().is_some_and(Flow::needs_answer_body);
        match reading {
            Reading::Known(found) if last || !follows || found != Outcome::Success => {
                self.take_in(host, x, found, headers, last);
            }
            _ if last => {
                let found = outcome::from_body(policy, headers, b"");
                self.take_in(host, x, found, headers, last);
            }
            _ => {
                let kept = headers.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                x.answer = Some(Answer { headers: kept, body: Vec::new(), is_learned: false });
                x.stage = Stage::AwaitsAnswerBody;
            }
        }
    }

    /// Takes in an outcome that the headers tell, or an answer without a body.
    fn take_in(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        found: Outcome,
        headers: &Headers<'_>,
        last: bool,
    ) {
        self.learn(host, x, &found.into());
        self.follow_success(host, x, found, headers, b"");
        if found == Outcome::Failure {
            self.note_failure(host, x, headers, last);
        }
    }

    /// Takes the next part of the answer's body. `last`: it is complete.
    pub fn answer_body(&mut self, host: &dyn Host, x: &mut Exchange, part: &[u8], last: bool) {
        let limit = self.settings.body_limit;
        let Some(answer) = x.answer.as_mut().filter(|_| x.stage == Stage::AwaitsAnswerBody) else { return };
        let too_large = answer.body.len().saturating_add(part.len()) > limit;
        if !too_large {
            answer.body.extend_from_slice(part);
            if !last {
                return;
            }
        }
        x.stage = Stage::Idle;
        let Some(answer) = x.answer.take() else { return };
        let Some((index, policy)) = self.policy(x) else { return };
        let headers = answer.headers();
        if answer.is_learned {
            if !too_large {
                self.study(host, x, &headers, &answer.body);
            }
            return;
        }
        let decoded = if too_large {
            Err(BodyTrouble::TooLarge)
        } else {
            body::decode(&answer.body, headers.get("content-encoding"), limit)
        };
        let (found, text) = match decoded {
            Ok(text) => (x.outcomes(policy, &headers, &text), text),
            Err(trouble) => {
                let found = match outcome::from_headers(policy, &headers) {
                    Reading::Known(found) => found,
                    Reading::NeedsBody => Outcome::Error,
                };
                self.tell.trouble(host, &self.settings, Some(index), trouble.into(), 1);
                (found.into(), Cow::default())
            }
        };
        self.learn(host, x, &found);
        self.follow_success(host, x, found.whole, &headers, &text);
        if found.whole == Outcome::Failure {
            self.note_whole_failure(host, x, &headers, &text);
        }
    }

    fn follow_success(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        found: Outcome,
        headers: &Headers<'_>,
        body: &[u8],
    ) {
        if found == Outcome::Success && !x.does_nothing() {
            self.follow(host, x, headers, body);
        }
    }

    /// Ends an exchange. One whose answer never came, or broke off, was nobody's success; and it was
    /// a failure only if what came of it says so.
    pub fn done(&mut self, host: &dyn Host, x: &mut Exchange) {
        match x.stage {
            Stage::Idle | Stage::AwaitsBody => {}
            Stage::AwaitsAnswer => self.learn(host, x, &Outcome::Error.into()),
            Stage::AwaitsAnswerBody => {
                if x.answer.as_ref().is_some_and(|answer| !answer.is_learned) {
                    let found = self.read_cut(x).unwrap_or_else(|| Outcome::Error.into());
                    self.learn(host, x, &found.only_failures());
                }
            }
        }
        x.stage = Stage::Idle;
    }

    /// What the first part of an answer's body tells, where it can be read.
    fn read_cut(&self, x: &mut Exchange) -> Option<Outcomes> {
        let answer = x.answer.take()?;
        let (_, policy) = self.policy(x)?;
        let headers = answer.headers();
        let encoding = headers.get("content-encoding");
        let text = body::decode(&answer.body, encoding, self.settings.body_limit).ok()?;
        Some(x.outcomes(policy, &headers, &text))
    }

    /// Lets the behaviors of the request be learned from, as of when it was sent.
    fn witness(&mut self, host: &dyn Host, x: &Exchange, index: usize, found: Outcome) {
        if let (Outcome::Success, Some(assistant), Some(session)) =
            (found, &mut self.assistant, x.facets.get(Facet::Session))
        {
            assistant.witness(session, index);
        }
        if let Some(seen) = &x.seen {
            self.learner.witness(host, index, &x.facets, seen, found);
        }
    }

    fn learn(&mut self, host: &dyn Host, x: &Exchange, found: &Outcomes) {
        let Some(index) = x.policy.filter(|_| x.allowed.is_none()) else { return };
        self.tell.outcome(index, found.whole);
        self.weigh_trust(host, x, found.whole);
        let first = if x.does_nothing() { Outcome::Error } else { found.of(0) };
        self.witness(host, x, index, first);
        self.count(host, x, index, (&x.facets, &x.slots), first, x.probes.value(first == Outcome::Success));
        for (place, Further { facets, slots }) in (1..).zip(self.further(x)) {
            if let Some(seen) = x.seen.as_ref().filter(|_| facets.get(Facet::Subject).is_some()) {
                self.learner.witness(host, index, &facets, seen, found.of(place));
            }
            // The probes of a request are sent once, whatever it does.
            self.count(host, x, index, (&facets, &slots), found.of(place), None);
        }
    }

    /// Counts how one of the things ended that a request did, and judges by what was counted.
    fn count(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        index: usize,
        (facets, slots): (&Facets, &[Option<Slot>]),
        found: Outcome,
        probe: Option<u64>,
    ) {
        if found == Outcome::Error && probe.is_none() {
            return;
        }
        let Some(policy) = self.settings.policies.get(index) else { return };
        let now_ms = host.now_ms();
        let mut tallies: Vec<Option<Tally>> = Vec::with_capacity(slots.len());
        for (slot, spec) in slots.iter().zip(&policy.tallies) {
            let value = facets.get(spec.fan_out.of);
            // A probe is one whatever comes of it; what is none says nothing about probes.
            let event = match found {
                _ if counts_probes(spec) => probe.map(|probe| Event::Failure(Some(probe))),
                Outcome::Success => Some(Event::Success(value)),
                Outcome::Failure => Some(Event::Failure(value)),
                Outcome::Error => None,
            };
            // What is followed was counted with the request; and what only trust let through says nothing good
            // of those that it is shared with.
            let speaks = x.spared && found == Outcome::Success && is_shared(&spec.key);
            let event = event.filter(|_| !spec.follows && !speaks);
            tallies.push(slot.map(|slot| match event {
                Some(event) => self.memory.record(host, slot, event, now_ms),
                None => self.memory.view(host, slot, now_ms),
            }));
        }
        self.memory.tell(host, now_ms);
        let evidence = detect::evidence(policy, &tallies, &x.usages);
        // Whom trust spares what is found of others, what is found of himself is held against, by itself.
        let (of_others, own): (Vec<_>, Vec<_>) =
            evidence.into_iter().partition(|e| x.spared && is_on_shared(policy, e));
        for evidence in [own, of_others] {
            if !evidence.is_empty() {
                self.condemn(host, x, index, &Judgement::new(evidence), (slots, &tallies), now_ms);
            }
        }
    }

    /// Puts the verdict on the keys that the strongest evidence is about.
    fn condemn(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        index: usize,
        judgement: &Judgement,
        (slots, tallies): (&[Option<Slot>], &[Option<Tally>]),
        now_ms: u64,
    ) {
        let (Some(policy), Some(plan)) = (self.settings.policies.get(index), self.plans.get(index)) else {
            return;
        };
        let template = match &policy.subject {
            Some(SubjectSource::Path(pattern)) => Some(pattern),
            _ => None,
        };
        // A rule on texts has a key for each of a text's values, and is told of once.
        let mut told = Vec::new();
        for (rule_index, action) in leads(policy, judgement, tallies, now_ms) {
            let Some(rule) = policy.rules.get(rule_index) else { continue };
            let found = (slots.get(rule.tally), tallies.get(rule.tally), policy.tallies.get(rule.tally));
            let (Some(Some(slot)), Some(Some(tally)), Some(spec)) = found else { continue };
            let reason = plan.reasons.get(rule_index).copied().unwrap_or_default();
            let Some(standing) = decide::stand(&policy.ladder, action, reason, tally.standing, now_ms) else {
                continue;
            };
            self.memory.record(host, *slot, Event::Condemned(standing), now_ms);
            if told.contains(&rule.name.as_str()) {
                continue;
            }
            told.push(rule.name.as_str());
            let campaign = x.seen.map_or(0, |seen| self.learner.enlist(host, index, &seen));
            let line = VerdictLine {
                operation: &operation::shown(&x.method, &x.path, template),
                reasons: judgement.reasons(policy).collect(),
                key: spec.key.iter().map(|facet| facet.name()).collect(),
                fingerprint: &x.shown_fingerprint(),
                probes: x.probes.kinds().map(Kind::name).collect(),
                campaign: campaign::shown(campaign),
                ..VerdictLine::new(policy, standing, judgement.score)
            };
            self.tell.line(host, line, now_ms);
        }
    }

    /// Writes the line of a behavior that was condemned.
    pub(super) fn tell_condemned(&mut self, host: &dyn Host, condemned: &Condemned, now_ms: u64) {
        let Some(policy) = self.settings.policies.get(condemned.policy) else { return };
        let sentence = &condemned.sentence;
        let line = VerdictLine {
            reasons: vec![learn::REASON],
            key: profile::names(sentence.mask).collect(),
            campaign: campaign::shown(condemned.campaign),
            ..VerdictLine::new(policy, sentence.standing, f64::from(sentence.odds))
        };
        self.tell.line(host, line, now_ms);
    }
}

/// The rules whose keys are condemned, and to what. First the strongest on a key that says who the client
/// is, if that is half of what the verdict takes; then all on keys that say what it asks for, if each is
/// enough for a verdict by itself; or else the strongest: a client goes on to ask for something else. A key that
/// others share is condemned only to what its rule reaches by itself; and an account is never locked by what
/// strangers do to it, only slowed down.
fn leads(
    policy: &Policy,
    judgement: &Judgement,
    tallies: &[Option<Tally>],
    now_ms: u64,
) -> Vec<(usize, Action)> {
    let Some(lowest) = policy.ladder.lowest_standing() else { return Vec::new() };
    let fit = |e: &detect::Evidence| {
        let tally = policy.rules.get(e.rule)?.tally;
        let key = policy.tallies.get(tally).map_or(&[][..], |spec| &spec.key);
        let past = tallies.get(tally).copied().flatten().unwrap_or_default().standing;
        let score = if is_of_nobody(key) { e.nats } else { judgement.score };
        let action = decide::climb(&policy.ladder, score, past, now_ms);
        let action = if policy.names_account(key) { action.min(Action::Delay) } else { action };
        let asks = key.iter().any(|facet| facet.is_asked_for());
        action.stands().then_some(Fit { rule: e.rule, nats: e.nats, action, asks })
    };
    let fitting: Vec<Fit> = judgement.evidence.iter().filter_map(fit).collect();
    let client = fitting.iter().find(|fit| !fit.asks && 2.0 * fit.nats >= lowest);
    let asked = fitting.iter().filter(|fit| fit.asks && fit.nats >= lowest);
    let mut leads: Vec<_> = client.into_iter().chain(asked).collect();
    if leads.is_empty() {
        leads.extend(fitting.first());
    }
    leads.into_iter().map(|fit| (fit.rule, fit.action)).collect()
}

/// Evidence on whose key a verdict can stand.
struct Fit {
    rule: usize,
    nats: f64,
    action: Action,
    /// Whether the key says what is asked for.
    asks: bool,
}

fn is_on_shared(policy: &Policy, evidence: &Evidence) -> bool {
    let spec = policy.rules.get(evidence.rule).and_then(|rule| policy.tallies.get(rule.tally));
    spec.is_some_and(|spec| is_shared(&spec.key))
}

/// Whether a key says nothing of who the client is: an address alone, which many people may share, or
/// only what is asked for, which anyone can do to lock its owner out.
pub(super) fn is_of_nobody(key: &[Facet]) -> bool {
    is_address_only(key) || key.iter().all(|facet| facet.is_asked_for())
}

/// Envoy's router marks answers of the origin with the time they took; where an operator has
/// that switched off, the response-code details tell.
fn is_the_origins(host: &dyn Host, headers: &Headers<'_>) -> bool {
    headers.get("x-envoy-upstream-service-time").is_some()
        || host.attribute(Attribute::AnswerDetails).as_deref() == Some(VIA_UPSTREAM)
}
