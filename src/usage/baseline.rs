//! What is usual: of how many requests in a window no more than one key in a hundred makes more.
//!
//! A histogram of the numbers that keys reach, by steps of the square root of two: the survival function,
//! from which a quantile is read to within that factor, whatever the distribution. Greenwald and Khanna's
//! summary (2001) would be closer, and needs more memory than the factor is worth here.

/// Numbers of requests, each about the square root of two times the one before.
const STEPS: [u32; 28] = [
    1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 1448, 2048, 2896, 4096,
    5793, 8192, 11585, 16384,
];

/// Of so many keys one makes more than what is usual.
const ONE_IN: u32 = 100;

/// Keys from which it is told what is usual, besides that a window has passed.
const WARM_UP: u32 = 200;

/// After so many keys the older ones count for half.
const FADE_AT: u32 = 4096;

/// What keys of one tally reach in their windows.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    /// How many keys reached each step.
    reached: [u32; STEPS.len()],
    /// When the first window is over.
    ready_ms: u64,
    /// Which step was usual when older keys last faded.
    settled: Option<usize>,
}

impl Baseline {
    /// A key begins a window.
    pub(super) fn begin(&mut self, window_ms: u64, now_ms: u64) {
        if self.ready_ms == 0 {
            self.ready_ms = now_ms.saturating_add(window_ms);
        }
        if self.keys() >= FADE_AT {
            self.settled = self.step(now_ms);
            self.reached.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// A key's number rises by one, to this.
    pub(super) fn rise(&mut self, to: u32) {
        if let Some(count) = STEPS.binary_search(&to).ok().and_then(|step| self.reached.get_mut(step)) {
            *count = count.saturating_add(1);
        }
    }

    /// A key that came so far is not to be counted.
    pub(super) fn withdraw(&mut self, requests: u32) {
        for (count, _) in self.reached.iter_mut().zip(STEPS).filter(|(_, step)| *step <= requests) {
            *count = count.saturating_sub(1);
        }
    }

    /// The number that one key in [`ONE_IN`] reaches at most; `None`: too little was seen.
    pub(super) fn usual(&self, now_ms: u64) -> Option<u32> {
        self.step(now_ms).and_then(|step| STEPS.get(step).copied())
    }

    /// Each time that older keys fade it rises by one step at most, whoever brings that about.
    fn step(&self, now_ms: u64) -> Option<usize> {
        if self.keys() < WARM_UP || now_ms < self.ready_ms {
            return None;
        }
        let rare = |count: u32| count.saturating_mul(ONE_IN) < self.keys();
        let found = self.reached.iter().position(|count| rare(*count)).unwrap_or(STEPS.len() - 1);
        Some(self.settled.map_or(found, |settled| found.min(settled + 1)))
    }

    fn keys(&self) -> u32 {
        self.reached.first().copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(numbers: impl IntoIterator<Item = u32>) -> Baseline {
        let mut baseline = Baseline::default();
        for number in numbers {
            baseline.begin(1, 1);
            (1..=number).for_each(|n| baseline.rise(n));
        }
        baseline
    }

    #[test]
    fn nothing_is_usual_before_it_was_seen() {
        assert_eq!(filled([5; 199]).usual(9), None);
        assert_eq!(filled([5; 200]).usual(9), Some(6));
        assert_eq!(filled([5; 200]).usual(1), None, "the first window is not over");
    }

    #[test]
    fn it_falls_at_once_and_rises_by_steps() {
        let mut baseline = filled([5; 4_000]);
        for _ in 0..100 {
            baseline.begin(1, 9);
            (1..=5).for_each(|n| baseline.rise(n));
        }
        let mut steps = vec![baseline.usual(9).unwrap()];
        for _ in 0..4 {
            for _ in 0..2_040 {
                baseline.begin(1, 9);
                (1..=100).for_each(|n| baseline.rise(n));
            }
            steps.push(baseline.usual(9).unwrap());
        }
        assert_eq!(steps, [6, 8, 11, 16, 23]);
        for _ in 0..50_000 {
            baseline.begin(1, 9);
            (1..=2).for_each(|n| baseline.rise(n));
        }
        assert_eq!(baseline.usual(9), Some(3));
    }

    proptest! {
        #[test]
        fn one_key_in_a_hundred_makes_more(numbers in prop::collection::vec(1_u32..5_000, 200..1_000)) {
            let usual = filled(numbers.iter().copied()).usual(9).unwrap();
            let mut sorted = numbers;
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let exact = sorted[sorted.len() / 100];
            prop_assert!(f64::from(usual) >= f64::from(exact) * 0.99, "{usual} {exact}");
            prop_assert!(f64::from(usual) <= f64::from(exact) * 1.51 + 1.0, "{usual} {exact}");
        }

        #[test]
        fn what_is_withdrawn_was_never_there(numbers in prop::collection::vec(1_u32..5_000, 0..50)) {
            let mut baseline = filled([5; 300]);
            for number in &numbers {
                (1..=*number).for_each(|n| baseline.rise(n));
            }
            numbers.iter().for_each(|number| baseline.withdraw(*number));
            prop_assert_eq!(baseline.reached, filled([5; 300]).reached);
        }
    }
}
