//! What business flows have to say of an exchange: whether its request came too early, and what its
//! answer shows to be done.

use super::tell::Reason;
use super::{Exchange, Guard, Step};
use crate::facts::body::BodyTrouble;
use crate::facts::{Headers, client, json, outcome, source, subject};
use crate::flow::{Issued, Who};
use crate::host::Host;
use crate::policy::{Facet, Flow, Pointer, Proof, SessionSource};
use crate::respond;

/// 201 says that a new resource was made (RFC 9110, 15.3.2), which 200 does not.
const CREATED: u16 = 201;

impl Guard {
    /// Reads the account that a request names in its head.
    pub(super) fn read_account(&self, x: &mut Exchange, headers: &Headers<'_>) {
        let source = self.flow(x).and_then(|flow| flow.account.as_ref());
        let value = source.and_then(|source| source::in_head(source, headers));
        x.account = value.and_then(|value| subject::account(&value, &self.hashes));
    }

    /// Reads the account that a request names in its body.
    pub(super) fn read_account_in_body(&self, x: &mut Exchange, body: &[u8]) -> Result<(), BodyTrouble> {
        let source = self.flow(x).and_then(|flow| flow.account.as_ref()).filter(|source| source.is_in_body());
        let Some(source) = source else { return Ok(()) };
        let value = source::in_body(source, body)?;
        x.account = value.and_then(|value| subject::account(&value, &self.hashes));
        Ok(())
    }

    /// The refusal of a request that comes before what has to be done first. It is of this request alone,
    /// and no failure of anybody.
    pub(super) fn refuse_early(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Step> {
        let index = x.policy?;
        let flow = self.settings.policies.get(index)?.flow.as_ref()?;
        if flow.requires.is_empty() || x.prefetch {
            return None;
        }
        let lacking = self.flows.lacking(host, flow, who(x, flow), now_ms)?;
        let reply = respond::block(x.speech);
        Some(self.refuse_alone(host, x, Reason::Lacks(lacking), reply, now_ms))
    }

    /// Takes in what a successful answer shows to be done, and whom it ties together. `body`: decoded,
    /// where it was read.
    pub(super) fn follow(&mut self, host: &dyn Host, x: &Exchange, answer: &Headers<'_>, body: &[u8]) {
        let Some(flow) = x.policy.and_then(|index| self.settings.policies.get(index)?.flow.as_ref()) else {
            return;
        };
        if !flow.tells() || x.prefetch {
            return;
        }
        let hashes = &self.hashes;
        let field = |pointer: &Option<Pointer>| {
            let found = json::find(pointer.as_ref()?, body).ok().flatten()?;
            found.as_str().map(str::to_owned).or_else(|| found.as_i64().map(|number| number.to_string()))
        };
        let cookies = match &self.settings.client.session {
            Some(SessionSource::Cookie(name)) => answer.set_cookie(name),
            _ => None,
        };
        let of_field = field(&flow.issues_session);
        let sessions = cookies.into_iter().chain(of_field.as_deref().map(str::as_bytes));
        let places = |holds: &dyn Fn(&Proof) -> bool| {
            let proofs = flow.proves.iter().enumerate().filter(|(_, proof)| holds(proof));
            proofs.map(|(place, _)| place).collect::<Vec<_>>()
        };
        let account = field(&flow.issues_account).and_then(|name| subject::account(name.as_bytes(), hashes));
        let issued = Issued {
            sessions: sessions.filter_map(|value| client::session(hashes, value)).collect(),
            account,
            created: account.is_some() || outcome::status_of(answer) == CREATED,
            proven: places(&|proof| {
                proof.answer.as_ref().is_none_or(|wanted| outcome::matches(wanted, answer, body))
            }),
            disproven: places(&|proof| {
                proof.answer.as_ref().is_some_and(|wanted| outcome::contradicts(wanted, body))
            }),
        };
        self.flows.witness(host, flow, who(x, flow), &issued, host.now_ms());
    }

    fn flow(&self, x: &Exchange) -> Option<&Flow> {
        self.policy(x)?.1.flow.as_ref()
    }
}

/// Whose a request is.
fn who(x: &Exchange, flow: &Flow) -> Who {
    let account = if flow.subject_is_account { x.facets.get(Facet::Subject) } else { x.account };
    Who { session: x.facets.get(Facet::Session), account }
}
