//! Token buckets: how much of a key's requests pass, and when the next does.
//!
//! The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): of each bucket one time is kept, at
//! which it will be full again if nothing more is taken. It shapes as well as a bucket with a count, needs no
//! refilling, and can be changed by one conditional write.

use super::tally::Tally;
use crate::policy::Rate;

/// What came of asking for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Whether they were there, and were taken.
    pub passes: bool,
    /// Tokens that are left.
    pub left: u32,
    /// After how long as many are there as were asked for, in milliseconds; 0 where they were.
    pub wait_ms: u64,
    /// After how long the bucket is full, in milliseconds.
    pub full_ms: u64,
}

/// Takes tokens out of a bucket, if they are there. More than the burst never are.
pub(super) fn take(bucket: &mut Tally, rate: Rate, tokens: u32, now_ms: u64) -> Spent {
    let now_us = now_ms.saturating_mul(1000);
    let token_us = (rate.period_ms.saturating_mul(1000) / u64::from(rate.tokens.max(1))).max(1);
    let depth_us = token_us.saturating_mul(u64::from(rate.burst));
    // A clock that jumped back leaves the bucket empty at most.
    let full_us = full_us(bucket).clamp(now_us, now_us.saturating_add(depth_us));
    let after_us = full_us.saturating_add(token_us.saturating_mul(u64::from(tokens)));
    let over_us = after_us.saturating_sub(now_us.saturating_add(depth_us));
    let passes = over_us == 0;
    let full_us = if passes { after_us } else { full_us };
    set_full_us(bucket, full_us);
    bucket.seen_ms = bucket.seen_ms.max(now_ms);
    let owed_us = full_us.saturating_sub(now_us);
    Spent {
        passes,
        left: u32::try_from(depth_us.saturating_sub(owed_us) / token_us).unwrap_or(u32::MAX),
        wait_ms: over_us.div_ceil(1000),
        full_ms: owed_us.div_ceil(1000),
    }
}

/// A bucket's record has the form of a tally's, in which nothing speaks against anybody: its time, in
/// microseconds since 1970, takes the place of the distinct values.
fn full_us(bucket: &Tally) -> u64 {
    bucket.distinct.low
}

fn set_full_us(bucket: &mut Tally, full_us: u64) {
    bucket.distinct.low = full_us;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: u64 = 1_800_000_000_000;
    const RATE: Rate = Rate { tokens: 6, period_ms: 60_000, burst: 3 };

    #[test]
    fn a_burst_passes_and_then_one_token_at_a_time() {
        let mut bucket = Tally::default();
        let mut at = |after_ms, tokens| take(&mut bucket, RATE, tokens, NOW_MS + after_ms);
        assert_eq!([0, 1, 2].map(|ms| at(ms, 1).left), [2, 1, 0]);
        let over = at(3, 1);
        assert_eq!((over.passes, over.wait_ms, over.left), (false, 9_997, 0));
        assert!(!at(9_999, 1).passes);
        assert!(at(10_000, 1).passes);
        assert!(!at(10_001, 1).passes);
        assert_eq!(at(60_000, 3).left, 0, "all of it at once, when it is full again");
    }

    #[test]
    fn what_costs_more_takes_more_and_what_never_fits_never_passes() {
        let mut bucket = Tally::default();
        assert_eq!(take(&mut bucket, RATE, 2, NOW_MS).left, 1);
        let over = take(&mut bucket, RATE, 2, NOW_MS);
        assert_eq!((over.passes, over.wait_ms, over.left, over.full_ms), (false, 10_000, 1, 20_000));
        assert!(!take(&mut bucket, RATE, 4, NOW_MS + 1_000_000).passes);
    }

    #[test]
    fn a_clock_that_jumps_back_locks_nobody_out() {
        let mut bucket = Tally::default();
        take(&mut bucket, RATE, 3, NOW_MS + 1_000_000_000);
        assert!(!take(&mut bucket, RATE, 1, NOW_MS).passes);
        assert!(take(&mut bucket, RATE, 1, NOW_MS + 10_000).passes);
    }

    proptest! {
        /// In any stretch of time no more passes than the rate and one burst.
        #[test]
        fn never_more_than_the_rate(tokens in 1_u32..100, period_s in 1_u64..1000, burst in 1_u32..50, gaps in prop::collection::vec(0_u64..5_000, 1..300), cost in 1_u32..4) {
            let rate = Rate { tokens, period_ms: period_s * 1000, burst };
            let mut bucket = Tally::default();
            let (mut at_ms, mut passed) = (NOW_MS, 0_u64);
            for gap_ms in gaps {
                at_ms += gap_ms;
                let spent = take(&mut bucket, rate, cost, at_ms);
                passed += u64::from(spent.passes) * u64::from(cost);
                if !spent.passes && cost <= burst {
                    prop_assert!(take(&mut bucket.clone(), rate, cost, at_ms + spent.wait_ms).passes, "honest");
                }
            }
            let allowed = u64::from(burst) + (at_ms - NOW_MS) * u64::from(tokens) / rate.period_ms + 1;
            prop_assert!(passed <= allowed, "{passed} of {allowed}");
        }
    }
}
