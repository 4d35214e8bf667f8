//! Limits: how much of a key's requests passes, whatever speaks against them.

use super::tell::Reason;
use super::{Exchange, Guard, Step};
use crate::host::Host;
use crate::memory::bucket::Spent;
use crate::policy::{Mode, Rate};
use crate::respond::{self, Quota};

impl Guard {
    /// Takes what a request costs from each limit that it is under; the refusal, where there is not enough. It
    /// is of this request alone, and no failure of anybody.
    pub(super) fn spend(&mut self, host: &dyn Host, x: &mut Exchange, now_ms: u64) -> Option<Step> {
        let (index, policy) = self.policy(x)?;
        let enforces = policy.mode == Mode::Enforce;
        // A request that does several things costs as many times.
        let times = u32::try_from(x.acts.as_ref().map_or(1, Vec::len)).unwrap_or(u32::MAX);
        for place in 0..self.settings.limits.len() {
            let cost = self.settings.policies.get(index).and_then(|p| p.costs.get(place)).copied();
            let cost = cost.unwrap_or(0).saturating_mul(times);
            let Some(limit) = self.settings.limits.get(place).filter(|_| cost > 0) else { continue };
            let Some(key) = self.limit_keys.get(place).and_then(|key| key.of(&self.hashes, &x.facets)) else {
                continue;
            };
            let spent = self.memory.spend(host, key, limit.rate, cost, now_ms);
            let quota = quota(&limit.name, limit.rate, spent);
            if !spent.passes {
                let reply = respond::limit(&quota, spent.wait_ms.div_ceil(1000), x.speech);
                return Some(self.refuse_alone(host, x, Reason::Limit(place), reply, now_ms));
            }
            if limit.announce && enforces {
                x.announced.extend(quota.headers());
            }
        }
        None
    }
}

/// What is left of a rate, as a client is told.
pub(super) fn quota(name: &str, rate: Rate, spent: Spent) -> Quota<'_> {
    Quota {
        name,
        tokens: rate.tokens,
        period_s: rate.period_ms.div_ceil(1000),
        left: spent.left,
        full_s: spent.full_ms.div_ceil(1000),
    }
}
