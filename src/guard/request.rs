//! From a request's headers, and its body where the policy reads it, to what is done with it.

use super::exchange::Stage;
use super::tell::Reason;
use super::{Exchange, Guard, Next, Step};
use crate::decide::{Action, Judgement};
use crate::detect;
use crate::facts::body::{self, BodyTrouble};
use crate::facts::probe::Kind;
use crate::facts::{Fingerprint, Headers, Probes, graphql, size, subject};
use crate::host::{Attribute, Host};
use crate::learn::{Recognised, Seen, campaign, profile};
use crate::memory::{Standing, Tally};
use crate::policy::{Facet, Mode, OnTrouble, Policy, Role, SubjectSource, TlsSource};
use crate::report::Trouble;
use crate::respond::{self, Refusal};

/// How much of a path and method is kept for the log, in bytes.
const SHOWN_BYTES: usize = 256;

/// Which policy a request is under.
enum Found {
    Policy(usize),
    Unknown,
    None,
}

impl Guard {
    /// Begins an exchange with the request's headers. `last`: no body follows.
    pub fn request(&mut self, host: &dyn Host, x: &mut Exchange, headers: &Headers<'_>, last: bool) -> Step {
        let strip = own_names(headers);
        let mut step = match self.policy_of(host, headers) {
            Found::None => Step::next(Next::Pass),
            Found::Unknown => {
                self.tell.trouble(host, &self.settings, None, Trouble::UnknownPolicy, 1);
                match self.settings.on_trouble {
                    OnTrouble::Allow => Step::next(Next::Pass),
                    OnTrouble::Block => Step::next(Next::Reply(respond::refuse_trouble(is_grpc(headers)))),
                }
            }
            Found::Policy(index) => self.begin(host, x, index, headers, last),
        };
        step.strip = strip;
        step
    }

    /// Goes on with the whole body of a request, or with `Err` where it passed the limit.
    pub fn request_body(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        sent: Result<&[u8], BodyTrouble>,
    ) -> Step {
        if let Some(step) = x.refusal.take() {
            x.stage = Stage::Idle;
            return step;
        }
        let Some((index, policy)) = self.policy(x) else { return Step::next(Next::Pass) };
        let limit = self.settings.body_limit;
        let mut done = None;
        let read = sent.and_then(|sent| {
            let text = body::decode(sent, x.encoding.as_deref(), limit)?;
            x.facets.set_payload(x.content_type.as_deref(), &text);
            if self.plans.get(index).is_some_and(|plan| plan.wants(Facet::Probe)) {
                x.probes.add_body(x.content_type.as_deref(), &text, &self.hashes);
            }
            if text.is_empty() {
                return Ok(());
            }
            let named = !x.named_in_path;
            done = graphql::from_body(policy, named, x.content_type.as_deref(), &text, &self.hashes)?;
            size::read_body(&policy.sizes, &text, &mut x.size)?;
            subject::from_body(policy, &text, &self.hashes, &mut x.facets)?;
            self.read_account_in_body(x, &text)
        });
        // What was read of a body in which something else is unreadable counts.
        if let Some(done) = done {
            x.add_operations(done);
        }
        if let Err(trouble) = read
            && let Some(step) = self.body_trouble(host, x, trouble)
        {
            return step;
        }
        if let Some(plan) = self.plans.get(index) {
            plan.add_of_body(&self.hashes, &x.facets, &mut x.slots);
        }
        self.judge(host, x)
    }

    fn policy_of(&self, host: &dyn Host, headers: &Headers<'_>) -> Found {
        let named = host
            .attribute(Attribute::RoutePolicy)
            .filter(|name| !name.is_empty())
            .or_else(|| host.attribute(Attribute::HostPolicy).filter(|name| !name.is_empty()));
        if let Some(name) = named {
            let id = std::str::from_utf8(&name).ok().and_then(|name| self.settings.by_name.get(name));
            return id.map_or(Found::Unknown, |id| Found::Policy(usize::from(id.0)));
        }
        let part = |name| headers.get(name).unwrap_or_default();
        let (authority, method, path) = (part(":authority"), part(":method"), part(":path"));
        let route = self.settings.routes.iter().find(|r| r.matches.allows(authority, method, path));
        route.map_or(Found::None, |route| Found::Policy(usize::from(route.policy.0)))
    }

    fn begin(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        index: usize,
        headers: &Headers<'_>,
        last: bool,
    ) -> Step {
        x.policy = Some(index);
        x.grpc = is_grpc(headers);
        x.prefetch = is_prefetch(headers);
        x.method = shortened(headers.get(":method"));
        x.path = shortened(headers.get(":path"));
        self.client_facets(host, x, index, headers);
        let (Some(policy), Some(plan)) = (self.settings.policies.get(index), self.plans.get(index)) else {
            return Step::next(Next::Pass);
        };
        subject::from_head(policy, headers, &self.hashes, &mut x.facets);
        if policy.graphql.is_some() {
            let path = headers.get(":path").unwrap_or_default();
            x.named_in_path = graphql::is_named_in_path(path);
            // Where a body follows that one cannot read, it is not known that nothing is done.
            let found = graphql::from_path(policy, path, &self.hashes);
            if let Some(found) = found.filter(|found| last || !found.is_empty()) {
                x.add_operations(found);
            }
        }
        x.slots = plan.slots(&self.hashes, &x.facets);
        self.read_account(x, headers);
        size::read_head(&policy.sizes, headers, &mut x.size);
        x.headers_held = true;
        if last || !body_is_read(headers, policy) {
            return self.judge(host, x);
        }
        let limit = self.settings.body_limit as u64;
        let declared = declared_length(headers);
        // Where only some fields count, the body tells whether the request is under its policy at all.
        let is_certain = policy.graphql.as_ref().is_none_or(|graphql| graphql.fields.is_empty());
        if let Some(step) = is_certain.then(|| self.early_reply(host, x)).flatten() {
            // HTTP/1.1 has to close a connection on an answer that comes before the body's end, and
            // a new connection costs more than the rest of a short body.
            if self.settings.hold_headers && declared.is_some_and(|bytes| bytes <= limit) {
                x.refusal = Some(step);
                x.stage = Stage::AwaitsBody;
                return Step::next(Next::Hold);
            }
            return step;
        }
        if declared.is_some_and(|bytes| bytes > limit) {
            return match self.body_trouble(host, x, BodyTrouble::TooLarge) {
                Some(step) => step,
                None => self.judge(host, x),
            };
        }
        x.encoding = headers.get("content-encoding").map(<[u8]>::to_vec);
        x.content_type = headers.get("content-type").map(<[u8]>::to_vec);
        x.stage = Stage::AwaitsBody;
        x.headers_held = self.settings.hold_headers;
        Step::next(if x.headers_held { Next::Hold } else { Next::HoldBody })
    }

    fn client_facets(&mut self, host: &dyn Host, x: &mut Exchange, index: usize, headers: &Headers<'_>) {
        let Some(plan) = self.plans.get(index) else { return };
        let client = &self.settings.client;
        if plan.wants(Facet::Address) || plan.wants(Facet::Network) {
            let wanted = |facet| plan.wants(facet);
            // An edge that left its header out leaves Envoy's own view.
            match client.address.as_ref().and_then(|name| headers.get(name)) {
                Some(address) => x.facets.set_address(&self.hashes, address, wanted),
                None => {
                    let address = host.attribute(Attribute::SourceAddress).unwrap_or_default();
                    x.facets.set_address(&self.hashes, &address, wanted);
                }
            }
        }
        if plan.wants(Facet::Session) {
            x.facets.set_session(&self.hashes, client.session.as_ref(), headers);
        }
        let state;
        let tls = match &client.tls {
            None => None,
            Some(TlsSource::Header(name)) => headers.get(name),
            Some(TlsSource::FilterState(key)) => {
                state = host.attribute(Attribute::FilterState(key));
                state.as_deref()
            }
        };
        let make = self.recall.make(headers, &self.edge_headers, tls);
        x.facets.set_fingerprint(&make.fingerprint);
        if plan.wants(Facet::Probe) {
            let (probes, carriers) = Probes::of_head(headers, make.mark, &self.hashes);
            x.probes = probes;
            if !carriers.is_empty() {
                // A header that carries a payload is none of the client's make, which is to stay the same
                // whatever it is tried with.
                let own = headers.without(&carriers);
                x.facets.set_fingerprint(&Fingerprint::new(&own, &self.edge_headers, tls));
            }
            if self.settings.policies.get(index).is_some_and(|policy| policy.role == Role::Decoy) {
                x.probes.add(Kind::Decoy, &self.hashes, b"", &x.path);
            }
        }
    }

    /// A body that cannot be read: counted, said, and answered where the policy wants that.
    fn body_trouble(&mut self, host: &dyn Host, x: &mut Exchange, trouble: BodyTrouble) -> Option<Step> {
        let (index, policy) = self.policy(x)?;
        let (on_trouble, mode) = (policy.on_trouble, policy.mode);
        self.tell.trouble(host, &self.settings, Some(index), trouble.into(), 1);
        if on_trouble == OnTrouble::Allow || mode == Mode::Observe {
            return None;
        }
        self.tell.answered(index);
        x.stage = Stage::Idle;
        Some(Step::next(Next::Reply(respond::refuse_trouble(x.grpc))))
    }

    /// The verdict on a request of which everything is known that will be.
    fn judge(&mut self, host: &dyn Host, x: &mut Exchange) -> Step {
        let now_ms = host.now_ms();
        let idle = x.does_nothing();
        if let Some(recognised) = self.recognise(host, x, now_ms).filter(|_| !idle) {
            return self.uphold(host, x, recognised.standing, Some(recognised), now_ms);
        }
        let mut tallies = self.view(host, x, now_ms);
        self.drop_idle(x, &mut tallies);
        x.success_matters = x.does_several() || self.success_matters(x, &tallies, now_ms);
        self.view_further(host, x, now_ms, &mut tallies);
        if let Some(standing) = severest(&tallies, now_ms) {
            return self.uphold(host, x, standing, None, now_ms);
        }
        let too_much =
            x.size.map(Reason::TooMuch).and_then(|reason| self.refuse_alone(host, x, reason, now_ms));
        let refused = too_much.or_else(|| if idle { None } else { self.refuse_early(host, x, now_ms) });
        if let Some(step) = refused {
            return step;
        }
        self.follow_usage(host, x, &tallies, now_ms);
        x.stage = Stage::AwaitsAnswer;
        self.point_out(x, &tallies)
    }

    /// Whether a success would change what a rule can see in one of the request's tallies.
    fn success_matters(&self, x: &Exchange, tallies: &[Option<Tally>], now_ms: u64) -> bool {
        let Some((_, policy)) = self.policy(x) else { return false };
        let mut seen = x.slots.iter().zip(tallies).zip(&policy.tallies);
        seen.any(|((slot, tally), spec)| {
            let value = x.facets.get(spec.fan_out.of);
            slot.zip(*tally)
                .is_some_and(|(slot, tally)| self.memory.minds_success(slot, &tally, value, now_ms))
        })
    }

    /// The verdict that stands on what the request's client does, whoever it is.
    fn recognise(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Recognised> {
        let index = x.policy?;
        let mut seen = Seen { at_ms: now_ms, ahead: x.prefetch, ..Seen::default() };
        if !x.prefetch {
            seen.pace = self.learner.pace(&x.facets, now_ms);
        }
        if !self.learner.learns(index) {
            x.seen = Some(seen);
            return None;
        }
        seen.profile = self.learner.profile(host, &x.facets, now_ms);
        let recognised = self.learner.recognise(host, index, &x.facets, &mut seen);
        x.seen = Some(seen);
        recognised
    }

    /// The reply, where a verdict stands on one of the keys that are known so far.
    fn early_reply(&mut self, host: &dyn Host, x: &mut Exchange) -> Option<Step> {
        let now_ms = host.now_ms();
        let tallies = self.view(host, x, now_ms);
        let standing = severest(&tallies, now_ms)?;
        let (index, policy) = self.policy(x)?;
        let enforces = policy.mode == Mode::Enforce;
        if enforces && self.learner.learns(index) {
            // As far as it is known without the body.
            let profile = self.learner.profile(host, &x.facets, now_ms);
            x.seen = Some(Seen { profile, at_ms: now_ms, ..Seen::default() });
        }
        enforces.then(|| self.uphold(host, x, standing, None, now_ms))
    }

    /// Carries a standing verdict out, or says what would be done where the policy observes.
    fn uphold(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        standing: Standing,
        recognised: Option<Recognised>,
        now_ms: u64,
    ) -> Step {
        let Some((index, policy)) = self.policy(x) else { return Step::next(Next::Pass) };
        let next = if policy.mode == Mode::Observe {
            x.stage = Stage::AwaitsAnswer;
            Next::Pass
        } else {
            x.stage = Stage::Idle;
            let action = Action::of(standing);
            let left_s = (u64::from(standing.until_s) * 1000).saturating_sub(now_ms).div_ceil(1000);
            let refusal = Refusal { action, policy: &policy.name, left_s, grpc: x.grpc };
            let reply = respond::refuse(refusal);
            self.tell.answered(index);
            if let Some(recognised) = &recognised {
                self.learner.refused(index, recognised);
            }
            Next::Reply(reply)
        };
        let campaign = match (&recognised, &x.seen) {
            (Some(recognised), _) => recognised.campaign,
            (None, Some(seen)) => self.learner.campaign_of(host, index, seen),
            (None, None) => 0,
        };
        let note = self.standing_note(x, index, standing, recognised, campaign);
        Step { note, ..Step::next(next) }
    }

    /// What the evidence so far is worth saying. Only the origin's answers condemn: until the next
    /// one even a high score is no more than a tag.
    fn point_out(&mut self, x: &Exchange, tallies: &[Option<Tally>]) -> Step {
        let mut step = Step::next(Next::Pass);
        let Some((index, policy)) = self.policy(x) else { return step };
        let evidence = detect::evidence(policy, tallies, &x.usages);
        if evidence.is_empty() {
            return step;
        }
        let judgement = Judgement::new(policy, evidence);
        let action = judgement.action.min(Action::Tag);
        if action == Action::Allow {
            return step;
        }
        let listed = judgement.reasons(policy).collect::<Vec<_>>().join(",");
        let fingerprint = x.shown_fingerprint();
        let (policy_name, name) = (&policy.name, action.name());
        let score = shown_score(judgement.score);
        step.note = Some(format!(
            "action={name};policy={policy_name};reasons={listed};score={score};fingerprint={fingerprint}"
        ));
        if action == Action::Tag && policy.mode == Mode::Enforce && x.headers_held {
            step.tags = vec![
                ("x-palisade-action", name.to_owned()),
                ("x-palisade-score", score),
                ("x-palisade-reasons", listed),
                ("x-palisade-fingerprint", fingerprint),
            ];
        }
        let lead = judgement.evidence.first().map_or(Reason::Changed, |e| Reason::Rule(e.rule));
        self.tell.verdict(index, action, lead);
        step
    }

    /// Counts a standing verdict, and says it for filter state.
    fn standing_note(
        &mut self,
        x: &Exchange,
        index: usize,
        standing: Standing,
        recognised: Option<Recognised>,
        campaign: u32,
    ) -> Option<String> {
        let policy = self.settings.policies.get(index)?;
        let reason = match &recognised {
            Some(_) => Reason::Behavior,
            None => self.plans.get(index)?.reason(standing.reason),
        };
        let action = Action::of(standing);
        self.tell.verdict(index, action, reason);
        let reason = reason.name(&self.settings, index);
        let observed = if policy.mode == Mode::Observe { ";enforced=no" } else { "" };
        let fingerprint = x.shown_fingerprint();
        let key = recognised.map(|found| {
            let key = profile::names(found.mask).collect::<Vec<_>>().join("+");
            let journey = x.seen.map_or("", |seen| seen.profile.journey().name());
            format!(";key={key};journey={journey}")
        });
        let key = key.unwrap_or_default();
        let campaign = campaign::shown(campaign).map_or(String::new(), |id| format!(";campaign={id}"));
        Some(format!(
            "action={};policy={};reasons={reason};until={};repeat={};fingerprint={fingerprint}{key}{campaign}{observed}",
            action.name(),
            policy.name,
            standing.until_s,
            standing.repeats
        ))
    }

    /// The tallies of the request's keys, in the policy's order. Where a block stands that is carried
    /// out nothing is more severe, so that the rest need not be asked for.
    fn view(&mut self, host: &dyn Host, x: &Exchange, now_ms: u64) -> Vec<Option<Tally>> {
        let enforces = self.policy(x).is_some_and(|(_, policy)| policy.mode == Mode::Enforce);
        let enforces = enforces && !x.does_nothing();
        let mut tallies = Vec::with_capacity(x.slots.len());
        for slot in &x.slots {
            let tally = slot.map(|slot| self.memory.view(host, slot, now_ms));
            tallies.push(tally);
            let blocks = |t: Tally| t.standing.stands(now_ms) && Action::of(t.standing) == Action::Block;
            if enforces && tally.is_some_and(blocks) {
                break;
            }
        }
        tallies
    }

    pub(super) fn policy(&self, x: &Exchange) -> Option<(usize, &Policy)> {
        let index = x.policy?;
        Some((index, self.settings.policies.get(index)?))
    }
}

/// Of the verdicts in force that were looked at the most severe, and of equals the one that ends last.
fn severest(tallies: &[Option<Tally>], now_ms: u64) -> Option<Standing> {
    let standings = tallies.iter().flatten().map(|t| t.standing).filter(|s| s.stands(now_ms));
    standings.max_by_key(|s| (Action::of(*s), s.until_s))
}

/// Names of Palisade's own headers that a client sent.
fn own_names(headers: &Headers<'_>) -> Vec<String> {
    let own = headers.iter().filter(|(name, _)| name.starts_with(b"x-palisade-"));
    own.map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect()
}

fn is_grpc(headers: &Headers<'_>) -> bool {
    headers.begins("content-type", "application/grpc")
}

/// Whether a browser sends it ahead of its user (Fetch standard, `Sec-Purpose`; before it `Purpose`).
fn is_prefetch(headers: &Headers<'_>) -> bool {
    let ahead = ["sec-purpose", "purpose"].iter().any(|name| headers.begins(name, "prefetch"));
    // What changes something at the origin is no prefetch, whatever it says of itself.
    ahead && matches!(headers.get(":method"), Some(b"GET" | b"HEAD"))
}

/// Bodies that stream, or are of a kind that holds nothing of the form that is read, are never held.
fn body_is_read(headers: &Headers<'_>, policy: &Policy) -> bool {
    const NOT_READ: [&str; 6] =
        ["application/grpc", "multipart/", "application/octet-stream", "video/", "audio/", "image/"];
    let form = headers.begins("content-type", "application/x-www-form-urlencoded");
    let holds = |source: &SubjectSource| match source {
        SubjectSource::Json(_) => !form,
        SubjectSource::Form(_) => form || headers.get("content-type").is_none(),
        _ => false,
    };
    let tunnel = headers.get("upgrade").is_some() || headers.get(":method") == Some(b"CONNECT");
    (policy.sources().any(holds) || policy.graphql.is_some() || (policy.reads_json() && !form))
        && !tunnel
        && !NOT_READ.iter().any(|kind| headers.begins("content-type", kind))
}

fn declared_length(headers: &Headers<'_>) -> Option<u64> {
    std::str::from_utf8(headers.get("content-length")?).ok()?.trim().parse().ok()
}

/// With one digit after the point.
fn shown_score(score: f64) -> String {
    let tenths = (score * 10.0).round() as u64;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn shortened(value: Option<&[u8]>) -> Vec<u8> {
    let value = value.unwrap_or_default();
    value.get(..SHOWN_BYTES).unwrap_or(value).to_vec()
}
