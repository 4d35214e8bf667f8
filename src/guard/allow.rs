//! Whether an entry of `allow` lets a request through. The host is asked only for what an entry that could
//! still fit needs, and for each thing once at most: a call costs as much as most of a request.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::hint::black_box;

use super::exchange::Stage;
use super::tell::Reason;
use super::{Exchange, Guard, Next, Step};
use crate::decide::Action;
use crate::facts::signature::{self, Claimed, Patience};
use crate::facts::{Headers, client};
use crate::host::{Attribute, Host};
use crate::policy::{
    Allow, Claim, ClientSources, Flow, Identity, Network, Peer, PolicyId, SecretHeader, Signer,
};
use crate::report::Note;

/// A request and what the host said of it so far.
pub(super) struct Caller<'c> {
    pub(super) host: &'c dyn Host,
    pub(super) headers: &'c Headers<'c>,
    address: OnceCell<Cow<'c, [u8]>>,
    identities: [OnceCell<Option<Vec<u8>>>; 4],
    claimed: OnceCell<Vec<Claimed>>,
}

impl<'c> Caller<'c> {
    pub(super) fn new(host: &'c dyn Host, headers: &'c Headers<'c>) -> Self {
        Self {
            host,
            headers,
            address: OnceCell::new(),
            identities: Default::default(),
            claimed: OnceCell::new(),
        }
    }

    /// The client's address as text: the edge's, or where that left its header out Envoy's own view.
    pub(super) fn address(&self, client: &ClientSources) -> &[u8] {
        self.address.get_or_init(|| match client.address.as_ref().and_then(|name| self.headers.get(name)) {
            Some(address) => Cow::Borrowed(address),
            None => Cow::Owned(self.host.attribute(Attribute::SourceAddress).unwrap_or_default()),
        })
    }

    fn is_in(&self, networks: &[Network], client: &ClientSources) -> bool {
        let Some(address) = client::address(self.address(client)) else { return false };
        networks.iter().any(|network| network.holds(address))
    }

    /// What the client's certificate says, where it showed one.
    fn identity(&self, identity: Identity) -> Option<&[u8]> {
        let asked = self.identities.get(identity as usize)?;
        let shows = || self.host.attribute(Attribute::ClientCertificate).as_deref() == Some(&[1]);
        let ask = || self.host.attribute(Attribute::Identity(identity)).filter(|_| shows());
        asked.get_or_init(ask).as_deref()
    }

    fn is_peer(&self, peer: &Peer) -> bool {
        self.identity(peer.identity).is_some_and(|found| peer.fits(found))
    }

    fn has_claim(&self, claim: &Claim) -> bool {
        let Some(found) = self.host.attribute(Attribute::Claim(&claim.payload, &claim.name)) else {
            return false;
        };
        let wanted = claim.value.as_bytes();
        if claim.is_list {
            // Envoy hands a list over as it does headers: its items as names, without values.
            return Headers::from_wire(&found).iter().any(|(item, rest)| item == wanted && rest.is_empty());
        }
        found == wanted
    }

    fn is_signed(&self, signers: &[Signer], patience: &mut Patience) -> bool {
        if !signature::is_claimed(self.headers) {
            return false;
        }
        let now_ms = self.host.now_ms();
        let claimed = self.claimed.get_or_init(|| signature::claimed(self.headers, now_ms / 1000));
        signers.iter().any(|signer| patience.finds(claimed, signer, now_ms))
    }

    /// Whether all conditions of an entry hold, the cheapest looked at first.
    fn fits(&self, entry: &Allow, client: &ClientSources, patience: &mut Patience) -> bool {
        entry.header.as_ref().is_none_or(|header| has_secret(self.headers, header))
            && (entry.signed_by.is_empty() || signature::is_claimed(self.headers))
            && (entry.addresses.is_empty() || self.is_in(&entry.addresses, client))
            && entry.claim.as_ref().is_none_or(|claim| self.has_claim(claim))
            && entry.peer.as_ref().is_none_or(|peer| self.is_peer(peer))
            && (entry.signed_by.is_empty() || self.is_signed(&entry.signed_by, patience))
    }
}

/// Whether a header holds the secret. How long that takes tells nothing but its length.
fn has_secret(headers: &Headers<'_>, header: &SecretHeader) -> bool {
    let Some(found) = headers.get(&header.name) else { return false };
    let wanted = &header.value.0;
    let differ = found.iter().zip(wanted).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
    found.len() == wanted.len() && differ == 0
}

impl Guard {
    /// The entry that lets a request through, by its place.
    pub(super) fn allowing(&mut self, caller: &Caller<'_>, index: usize) -> Option<usize> {
        let Self { settings, patience, .. } = self;
        let under = |id: &PolicyId| usize::from(id.0) == index;
        settings.allow.iter().position(|entry| {
            (entry.policies.is_empty() || entry.policies.iter().any(under))
                && caller.fits(entry, &settings.client, patience)
        })
    }

    /// Whether what an allowed request comes to is looked at all the same: steps are facts, and who could
    /// not take the next one, since nobody saw the last, would be harmed.
    pub(super) fn goes_on(&self, x: &Exchange) -> bool {
        self.policy(x).is_some_and(|(_, policy)| policy.flow.as_ref().is_some_and(Flow::tells))
    }

    /// Lets a request through that an entry allows.
    pub(super) fn let_through(&mut self, x: &mut Exchange) -> Step {
        let mut step = Step::next(Next::Pass);
        let (Some(entry), Some((index, policy))) = (x.allowed, self.policy(x)) else { return step };
        let reason = Reason::Allowed(entry);
        let name = reason.name(&self.settings, index).to_owned();
        step.note = Some(Note::new(policy, Action::Allow, name, String::new()));
        x.stage = if self.goes_on(x) { Stage::AwaitsAnswer } else { Stage::Idle };
        self.tell.allowed(index);
        self.tell.verdict(index, Action::Allow, reason);
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;

    #[test]
    fn a_secret_is_the_whole_of_it() {
        let header =
            SecretHeader { name: "x-monitor".into(), value: Secret(b"a long enough secret".to_vec()) };
        let has = |value: &str| has_secret(&Headers::new(vec![(b"x-monitor", value.as_bytes())]), &header);
        assert!(has("a long enough secret"));
        for other in [
            "",
            "a long enough secre",
            "a long enough secret ",
            "a long enough secreT",
            "b long enough secret",
        ] {
            assert!(!has(other), "{other}");
        }
        assert!(!has_secret(&Headers::new(vec![]), &header));
    }
}
