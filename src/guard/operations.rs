//! One request that does several things, as GraphQL has it: each counts as a request of its own would.

use super::{Exchange, Guard};
use crate::facts::graphql::{self, MOST_OPERATIONS, OF_OPERATION, Operation};
use crate::facts::{Facets, Headers, Outcome, outcome};
use crate::host::Host;
use crate::memory::Tally;
use crate::memory::cache::Slot;
use crate::policy::{Facet, Graphql, Policy, counts_probes};

/// How the origin answered a request.
pub(super) struct Outcomes {
    /// As one request: a failure if anything in it failed.
    pub(super) whole: Outcome,
    /// Of each operation; empty: each as the whole.
    each: Vec<Outcome>,
}

/// Facets and keys of an operation that is not its request's first; those of the first are the request's.
pub(super) struct Further {
    pub(super) facets: Facets,
    pub(super) slots: Vec<Option<Slot>>,
}

impl Guard {
    /// The operations of a request beside its first.
    pub(super) fn further(&self, x: &Exchange) -> Vec<Further> {
        let mut further = Vec::new();
        for act in x.acts.iter().flatten().skip(1) {
            further.extend(self.one_further(x, act));
        }
        further
    }

    fn one_further(&self, x: &Exchange, act: &Operation) -> Option<Further> {
        let (index, policy) = self.policy(x)?;
        let Graphql { subject, secret, .. } = policy.graphql.as_ref()?;
        let mut further = Further { facets: x.facets, slots: x.slots.clone() };
        let mut counted = x.facets;
        for (facet, value) in OF_OPERATION.into_iter().zip(act.named) {
            let way = if facet == Facet::Secret { secret } else { subject };
            if !way.is_empty() {
                further.facets.set(facet, value);
            }
            // Whose the further operations are that cannot say it is not known: each may be another's.
            counted.set(facet, if way.is_empty() { None } else { value });
        }
        self.plans.get(index)?.add_of_body(&self.hashes, &further.facets, &mut further.slots);
        further.facets = counted;
        Some(further)
    }

    /// Adds the tallies of what a request does beside its first, which may be condemned by themselves.
    pub(super) fn view_further(
        &mut self,
        host: &dyn Host,
        x: &Exchange,
        now_ms: u64,
        tallies: &mut Vec<Option<Tally>>,
    ) {
        for further in self.further(x) {
            for (slot, known) in further.slots.iter().zip(&x.slots) {
                if let Some(slot) = slot.filter(|_| slot != known) {
                    tallies.push(Some(self.view_one(host, x, slot, now_ms)));
                }
            }
        }
    }

    /// Leaves to a request that does nothing its policy is about only the tallies of probes.
    pub(super) fn drop_idle(&self, x: &Exchange, tallies: &mut [Option<Tally>]) {
        let policy = self.policy(x).filter(|_| x.does_nothing());
        for (tally, spec) in tallies.iter_mut().zip(policy.iter().flat_map(|(_, policy)| &policy.tallies)) {
            tally.take_if(|_| !counts_probes(spec));
        }
    }
}

impl Exchange {
    /// Takes in operations that were found in the request.
    pub(super) fn add_operations(&mut self, found: Vec<Operation>) {
        let acts = self.acts.get_or_insert_default();
        acts.extend(found);
        acts.truncate(MOST_OPERATIONS);
        // The first stands for the request, in what it says of itself.
        let Some(first) = acts.first() else { return };
        for (facet, value) in OF_OPERATION.into_iter().zip(first.named) {
            if value.is_some() {
                self.facets.set(facet, value);
            }
        }
    }

    /// Whether the request does nothing that its policy is about.
    pub(super) fn does_nothing(&self) -> bool {
        self.acts.as_ref().is_some_and(Vec::is_empty)
    }

    pub(super) fn does_several(&self) -> bool {
        self.acts.as_ref().is_some_and(|acts| acts.len() > 1)
    }

    /// What the answer tells of the request, and of each of its operations. `text`: its decoded body.
    pub(super) fn outcomes(&self, policy: &Policy, headers: &Headers<'_>, text: &[u8]) -> Outcomes {
        let acts = self.acts.as_deref().unwrap_or_default();
        let each = graphql::outcomes(policy, acts, headers, text);
        let has = |outcome| each.contains(&outcome);
        let whole = if each.is_empty() {
            outcome::from_body(policy, headers, text)
        } else if has(Outcome::Failure) {
            Outcome::Failure
        } else if has(Outcome::Success) {
            Outcome::Success
        } else {
            Outcome::Error
        };
        Outcomes { whole, each }
    }
}

impl From<Outcome> for Outcomes {
    fn from(whole: Outcome) -> Self {
        Self { whole, each: Vec::new() }
    }
}

impl Outcomes {
    /// That of one operation, by its place among the request's.
    pub(super) fn of(&self, place: usize) -> Outcome {
        self.each.get(place).copied().unwrap_or(self.whole)
    }

    /// What stands of an answer that broke off: its failures.
    pub(super) fn only_failures(mut self) -> Self {
        for outcome in self.each.iter_mut().chain([&mut self.whole]) {
            if *outcome != Outcome::Failure {
                *outcome = Outcome::Error;
            }
        }
        self
    }
}
