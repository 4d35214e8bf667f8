//! From a request's headers, and its body where the policy reads it, to what is done with it.

use super::allow::Caller;
use super::exchange::Stage;
use super::held::Then;
use super::{Exchange, Guard, Next, Step};
use crate::facts::body::{self, BodyTrouble};
use crate::facts::probe::Kind;
use crate::facts::{Fingerprint, Headers, Probes, client, graphql, preflight, size, subject};
use crate::host::{Attribute, Host};
use crate::policy::{Facet, Mode, OnTrouble, Policy, Role, SubjectSource, TlsSource};
use crate::report::Trouble;
use crate::respond::{self, Speech};

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
                    OnTrouble::Block => Step::next(Next::Reply(respond::refuse_trouble(Speech::of(headers)))),
                }
            }
            Found::Policy(index) => self.begin(host, x, index, headers, last),
        };
        self.let_page_read(host, x, &mut step);
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
        let mut step = self.judge_body(host, x, sent);
        self.let_page_read(host, x, &mut step);
        step
    }

    fn judge_body(&mut self, host: &dyn Host, x: &mut Exchange, sent: Result<&[u8], BodyTrouble>) -> Step {
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
            self.note_body(x, policy, &text);
            self.look_in_body(x, policy, &text);
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

    /// Adds to a reply what lets the page read it that asked.
    fn let_page_read(&self, host: &dyn Host, x: &Exchange, step: &mut Step) {
        let (Next::Reply(reply) | Next::Wait(_, Then::Reply(reply))) = &mut step.next else { return };
        if let (Some(index), Some(origin)) = (x.policy, &x.origin) {
            self.cors.add(index, origin, host.now_ms(), &mut reply.headers);
        }
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
        // A refused one is a broken page to its user, and one that passes does nothing.
        if preflight::is_preflight(headers, last) {
            return Step::next(Next::Pass);
        }
        if !self.decrees.is_settled() {
            self.settle_decrees(host);
        }
        x.policy = Some(index);
        x.speech = Speech::of(headers);
        x.origin = respond::origin(headers);
        x.prefetch = is_prefetch(headers);
        x.method = shortened(headers.get(":method"));
        x.path = shortened(headers.get(":path"));
        let caller = Caller::new(host, headers);
        x.allowed = self.allowing(&caller, index);
        if x.allowed.is_some() && !self.goes_on(x) {
            return self.let_through(x);
        }
        self.client_facets(&caller, x, index);
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
        self.note_head(host, x, index, headers);
        self.look_in_head(x, policy, headers);
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

    fn client_facets(&mut self, caller: &Caller<'_>, x: &mut Exchange, index: usize) {
        let (host, headers) = (caller.host, caller.headers);
        let Some(plan) = self.plans.get(index) else { return };
        let client = &self.settings.client;
        let decreed = self.decrees.needs();
        let wanted = |facet| plan.wants(facet) || (facet == Facet::Network && decreed.network);
        if wanted(Facet::Address) || wanted(Facet::Network) || decreed.address {
            let text = caller.address(client);
            x.facets.set_address(&self.hashes, text, wanted);
            x.address = decreed.address.then(|| client::address(text)).flatten();
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
            if self.settings.policies.get(index).is_some_and(|policy| policy.role == Role::Honeypot) {
                x.probes.add(Kind::Honeypot, &self.hashes, b"", &x.path);
            }
        }
    }

    /// A body that cannot be read: counted, said, and answered where the policy wants that.
    fn body_trouble(&mut self, host: &dyn Host, x: &mut Exchange, trouble: BodyTrouble) -> Option<Step> {
        let (index, policy) = self.policy(x)?;
        let (on_trouble, mode) = (policy.on_trouble, policy.mode);
        self.tell.trouble(host, &self.settings, Some(index), trouble.into(), 1);
        if on_trouble == OnTrouble::Allow || mode == Mode::Observe || x.allowed.is_some() {
            return None;
        }
        self.tell.answered(index);
        x.stage = Stage::Idle;
        Some(Step::next(Next::Reply(respond::refuse_trouble(x.speech))))
    }

    pub(super) fn policy(&self, x: &Exchange) -> Option<(usize, &Policy)> {
        let index = x.policy?;
        Some((index, self.settings.policies.get(index)?))
    }
}

/// Names of Palisade's own headers that a client sent.
fn own_names(headers: &Headers<'_>) -> Vec<String> {
    let own = headers.iter().filter(|(name, _)| name.starts_with(b"x-palisade-"));
    own.map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect()
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

fn shortened(value: Option<&[u8]>) -> Vec<u8> {
    let value = value.unwrap_or_default();
    value.get(..SHOWN_BYTES).unwrap_or(value).to_vec()
}
