//! What is worked out once for each policy, so that no exchange has to.

use super::canary::CANARY;
use super::tell::Reason;
use crate::facts::{Facets, Hashes, Key, hash};
use crate::memory::cache::{Slot, SpecId};
use crate::policy::{
    Candidate, ClientSources, Facet, FanOut, Finding, Limit, Policy, Rate, SessionSource, Settings,
    TallySpec, TlsSource, Trust, counts_probes,
};

/// One policy, ready to be carried out.
pub(super) struct Plan {
    tallies: Vec<TallyPlan>,
    /// The stored form of what is given as reason with canaries.
    pub(super) canary: u16,
    /// The stored form of each rule's name.
    pub(super) reasons: Vec<u16>,
    /// The facets that have to be read, a bit each.
    facets: u32,
    /// Whether any of its keys is followed.
    pub(super) follows: bool,
    /// Whether a rule goes by where paths are among their neighbors.
    pub(super) looks_at_paths: bool,
}

/// How keys of one kind are formed.
pub(super) struct KeyPlan {
    facets: Vec<Facet>,
    /// What makes these keys differ from all others.
    scope: Vec<u8>,
}

/// What trust comes to: how much of it a session used up is counted in a tally of its own.
pub(super) struct TrustPlan {
    pub(super) trust: Trust,
    pub(super) spec: TallySpec,
    id: SpecId,
    scope: Vec<u8>,
}

impl TrustPlan {
    pub(super) fn new(trust: Trust, specs: &mut Vec<TallySpec>) -> Self {
        let spec = TallySpec {
            key: vec![Facet::Session],
            window_ms: trust.per_ms,
            fan_out: FanOut { of: Facet::Subject, failed: true },
            failure_test: None,
            counts_successes: false,
            follows: false,
        };
        let id = SpecId(u16::try_from(specs.len()).unwrap_or(u16::MAX));
        specs.push(spec.clone());
        // A policy's scope has a facet's number where this has a letter.
        let scope = [&trust.per_ms.to_le_bytes()[..], b"trust"].concat();
        Self { trust, spec, id, scope }
    }

    /// Where it is counted of a session.
    pub(super) fn slot(&self, hashes: &Hashes, session: u64) -> Slot {
        let values = [(Facet::Session as u8, session)].into_iter();
        Slot { key: hashes.tally(&self.scope, values), spec: self.id }
    }
}

struct TallyPlan {
    spec: SpecId,
    key: KeyPlan,
}

/// The plans of all policies, and the tallies' specifications in one list.
pub(super) fn plans(settings: &Settings) -> (Vec<Plan>, Vec<TallySpec>) {
    let mut specs = Vec::new();
    let plans = settings.policies.iter().map(|policy| plan(policy, settings, &mut specs)).collect();
    (plans, specs)
}

fn plan(policy: &Policy, settings: &Settings, specs: &mut Vec<TallySpec>) -> Plan {
    let told_by = settings.candidate.iter().flat_map(|candidate| &candidate.by).copied();
    let tallies = policy
        .tallies
        .iter()
        .map(|spec| {
            let id = SpecId(u16::try_from(specs.len()).unwrap_or(u16::MAX));
            specs.push(spec.clone());
            TallyPlan { spec: id, key: KeyPlan { facets: spec.key.clone(), scope: scope(policy, spec) } }
        })
        .collect();
    Plan {
        tallies,
        canary: hash::public(CANARY.as_bytes()) as u16,
        reasons: policy.rules.iter().map(|rule| hash::public(rule.name.as_bytes()) as u16).collect(),
        facets: (read(policy).chain(limited(policy, &settings.limits)).chain(told_by))
            .fold(0, |all, facet| all | bit(facet)),
        follows: policy.tallies.iter().any(|spec| spec.follows),
        looks_at_paths: policy.rules.iter().any(|rule| by_path(rule.finding)),
    }
}

fn by_path(finding: Finding) -> bool {
    matches!(finding, Finding::InOrder { .. } | Finding::Steady { .. })
}

/// The facets that a policy's keys are made of, those that its tallies count, and those that its
/// learning goes by.
fn read(policy: &Policy) -> impl Iterator<Item = Facet> + '_ {
    let keys = policy.tallies.iter().flat_map(|tally| &tally.key).copied();
    let counted = policy.tallies.iter().map(|tally| tally.fan_out.of);
    // The journey of a session begins under whatever policy.
    keys.chain(counted).chain([Facet::Session]).chain(policy.learning.as_ref().map(|_| Facet::Network))
}

/// The facets of the keys of limits that a policy's requests are under.
fn limited<'l>(policy: &'l Policy, limits: &'l [Limit]) -> impl Iterator<Item = Facet> + 'l {
    let under = limits.iter().zip(&policy.costs).filter(|(_, cost)| **cost > 0);
    under.flat_map(|(limit, _)| limit.key.iter().copied())
}

/// How the keys of limits are formed. Another rate is another limit: what a bucket holds is told in its terms.
pub(super) fn limit_keys(limits: &[Limit]) -> Vec<KeyPlan> {
    let key = |limit: &Limit| {
        let Rate { tokens, period_ms, burst } = limit.rate;
        let mut scope = b"limit".to_vec();
        scope.extend(tokens.to_le_bytes());
        scope.extend(period_ms.to_le_bytes());
        scope.extend(burst.to_le_bytes());
        scope.extend(limit.name.as_bytes());
        KeyPlan { facets: limit.key.clone(), scope }
    };
    limits.iter().map(key).collect()
}

/// How a candidate tells clients apart.
pub(super) fn client_key(candidate: &Candidate) -> KeyPlan {
    KeyPlan { facets: candidate.by.clone(), scope: b"client".to_vec() }
}

/// The bucket of a key that a verdict limits.
pub(super) fn bucket(hashes: &Hashes, key: Key) -> Key {
    hashes.tally(b"bucket", [(0, key.0 as u64), (1, (key.0 >> 64) as u64)].into_iter())
}

/// Another window or other distinct values are something else, so they get keys of their own;
/// another threshold or ladder is not, so state outlives such a change. Probes are counted together,
/// whatever policy they meet.
fn scope(policy: &Policy, spec: &TallySpec) -> Vec<u8> {
    // Pinned, since state in shared data outlives a new build: subjects came first.
    let of = match spec.fan_out.of {
        Facet::Subject => 0,
        other => 1 + other as u8,
    };
    let mut scope = spec.window_ms.to_le_bytes().to_vec();
    scope.push(u8::from(spec.follows) << 7 | of << 1 | u8::from(!spec.fan_out.failed));
    if !counts_probes(spec) {
        scope.extend(policy.name.as_bytes());
    }
    scope
}

fn bit(facet: Facet) -> u32 {
    1 << facet as u16
}

impl Plan {
    /// The reason behind its stored form.
    pub(super) fn reason(&self, stored: u16) -> Reason {
        let rule = self.reasons.iter().position(|&reason| reason == stored);
        let other = if stored == self.canary { Reason::Canary } else { Reason::Changed };
        rule.map_or(other, Reason::Rule)
    }

    /// Whether a key is made of this facet, or a tally counts it, so that it has to be read.
    pub(super) fn wants(&self, facet: Facet) -> bool {
        self.facets & bit(facet) != 0
    }

    /// The places of this request's tallies, in the policy's order; `None` where it lacks a facet.
    pub(super) fn slots(&self, hashes: &Hashes, facets: &Facets) -> Vec<Option<Slot>> {
        self.tallies.iter().map(|tally| tally.slot(hashes, facets)).collect()
    }

    /// Places the tallies whose key has a facet of the body, once that is known.
    pub(super) fn add_of_body(&self, hashes: &Hashes, facets: &Facets, slots: &mut [Option<Slot>]) {
        for (tally, slot) in self.tallies.iter().zip(slots) {
            if tally.key.facets.iter().any(|facet| facet.is_of_body()) {
                *slot = tally.slot(hashes, facets);
            }
        }
    }
}

impl TallyPlan {
    fn slot(&self, hashes: &Hashes, facets: &Facets) -> Option<Slot> {
        Some(Slot { key: self.key.of(hashes, facets)?, spec: self.spec })
    }
}

impl KeyPlan {
    /// The key of a request; `None` where it lacks a facet.
    pub(super) fn of(&self, hashes: &Hashes, facets: &Facets) -> Option<Key> {
        if self.facets.iter().any(|&facet| facets.get(facet).is_none()) {
            return None;
        }
        let values = self.facets.iter().map(|&facet| (facet as u8, facets.get(facet).unwrap_or_default()));
        Some(hashes.tally(&self.scope, values))
    }
}

/// The names that an operator gave, and those of headers that the configuration reads: an edge
/// adds them, or they come and go with the session.
pub(super) fn edge_headers(client: &ClientSources) -> Vec<String> {
    let mut names = client.edge_headers.clone();
    names.extend(client.address.clone());
    if let Some(TlsSource::Header(name)) = &client.tls {
        names.push(name.clone());
    }
    if let Some(SessionSource::Header(name)) = &client.session {
        names.push(name.clone());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn settings() -> Settings {
        let written = serde_json::json!({
            "secret": "long enough for a test",
            "policies": {"login": {"role": "login", "subject": {"json": "/email"}}},
        });
        config::read(&written, &|_| None).unwrap().settings
    }

    fn login() -> Policy {
        settings().policies.remove(0)
    }

    fn spec(of: Facet, failed: bool) -> TallySpec {
        TallySpec {
            key: vec![Facet::Session],
            window_ms: 0x0102_0304,
            fan_out: FanOut { of, failed },
            failure_test: None,
            counts_successes: false,
            follows: false,
        }
    }

    /// Pinned: state in shared data must survive a new build.
    #[test]
    fn scopes() {
        let policy = login();
        let scope = |of, failed| scope(&policy, &spec(of, failed));
        assert_eq!(scope(Facet::Subject, true), b"\x04\x03\x02\x01\0\0\0\0\0login");
        assert_eq!(scope(Facet::Subject, false), b"\x04\x03\x02\x01\0\0\0\0\x01login");
        assert_eq!(scope(Facet::Address, true), b"\x04\x03\x02\x01\0\0\0\0\x02login");
        assert_eq!(scope(Facet::Address, false), b"\x04\x03\x02\x01\0\0\0\0\x03login");
        assert_eq!(scope(Facet::Fingerprint, true), b"\x04\x03\x02\x01\0\0\0\0\x06login");
        assert_eq!(scope(Facet::Probe, true), b"\x04\x03\x02\x01\0\0\0\0\x24", "of all policies");
    }

    #[test]
    fn what_a_tally_counts_is_read() {
        let mut policy = login();
        policy.learning = None;
        policy.tallies = vec![spec(Facet::Subject, true)];
        assert!(!plan(&policy, &settings(), &mut Vec::new()).wants(Facet::Address));
        policy.tallies = vec![spec(Facet::Address, true)];
        assert!(plan(&policy, &settings(), &mut Vec::new()).wants(Facet::Address));
    }
}
