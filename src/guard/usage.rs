//! What the keys of a request make a habit of.

use super::{Exchange, Guard};
use crate::detect;
use crate::host::Host;
use crate::memory::Tally;
use crate::policy::Facet;
use crate::usage::{Followed, Place, Request};

impl Guard {
    /// Counts a request that goes to the origin. What is found in it is no more usual.
    pub(super) fn follow_usage(
        &mut self,
        host: &dyn Host,
        x: &mut Exchange,
        tallies: &[Option<Tally>],
        now_ms: u64,
    ) {
        let Some(usages) = &mut self.usages else { return };
        let Some((policy, plan)) =
            x.policy.and_then(|index| self.settings.policies.get(index).zip(self.plans.get(index)))
        else {
            return;
        };
        if x.prefetch || x.does_nothing() || !plan.follows {
            return;
        }
        let place = if plan.looks_at_paths { Place::of(&x.path) } else { None };
        // Pages of a list differ in their query alone.
        let asked = [x.facets.get(Facet::Subject), place.as_ref().map(Place::value)];
        let subject = asked.into_iter().flatten().reduce(|one, other| one ^ other.rotate_left(1));
        let request = Request { subject, place, at_ms: now_ms };
        let operations = x.acts.as_ref().map_or(1, Vec::len);
        let keys = x.slots.iter().zip(tallies).zip(&policy.tallies);
        let counted = keys.map(|((slot, told), spec)| {
            let (slot, told) = slot.zip(*told).filter(|_| spec.follows)?;
            let followed = Followed { tally: slot.spec.0.into(), spec, key: slot.key.0 as u64, told };
            if let Some(unban) = x.unbanned {
                usages.pardon(followed.key, unban, now_ms);
            }
            let mut tell = |event| self.memory.record(host, slot, event, now_ms);
            let mut usage = usages.count(&followed, &request, &mut tell);
            for _ in 1..operations {
                usage = usages.count(&followed, &request, &mut tell);
            }
            Some(usage)
        });
        x.usages = counted.collect();
        self.memory.tell(host, now_ms);
        let evidence = detect::evidence(policy, &[], &x.usages);
        x.success_matters |= !evidence.is_empty();
        for found in evidence {
            let tally = policy.rules.get(found.rule).map(|rule| rule.tally);
            if let Some(Some(slot)) = tally.and_then(|tally| x.slots.get(tally)) {
                usages.disown(slot.spec.0.into(), slot.key.0 as u64);
            }
        }
    }
}
