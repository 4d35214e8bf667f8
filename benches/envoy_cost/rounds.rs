//! What was measured: each case's cost in each round of each start, and what is made of that.
//!
//! A figure depends more on where a process happened to lay out its memory than on anything within
//! one process, so every median is over the rounds of several starts.

use std::collections::BTreeMap;

/// Microseconds a request, by start, case and round.
#[derive(Default)]
pub(crate) struct Rounds {
    starts: Vec<BTreeMap<&'static str, Vec<f64>>>,
}

impl Rounds {
    /// What comes next is of Envoys started anew.
    pub(crate) fn begin_start(&mut self) {
        self.starts.push(BTreeMap::new());
    }

    /// Adds one round of a case.
    pub(crate) fn add(&mut self, case: &'static str, us_each: f64) {
        if let Some(start) = self.starts.last_mut() {
            start.entry(case).or_default().push(us_each);
        }
    }

    /// A case's costs in all rounds.
    pub(crate) fn costs(&self, case: &str) -> Vec<f64> {
        self.starts.iter().filter_map(|start| start.get(case)).flatten().copied().collect()
    }

    /// The median of the differences within each round: what the first costs more than the second.
    pub(crate) fn added(&self, case: &str, plain: &str) -> Option<f64> {
        median(&self.added_in_starts(case, plain).concat())
    }

    /// The least and the most of that in any one start.
    pub(crate) fn added_range(&self, case: &str, plain: &str) -> Option<[f64; 2]> {
        let mut starts: Vec<f64> =
            self.added_in_starts(case, plain).iter().filter_map(|added| median(added)).collect();
        starts.sort_by(f64::total_cmp);
        Some([*starts.first()?, *starts.last()?])
    }

    fn added_in_starts(&self, case: &str, plain: &str) -> Vec<Vec<f64>> {
        let added = |start: &BTreeMap<&str, Vec<f64>>| {
            let (case, plain) = (start.get(case)?, start.get(plain)?);
            Some(case.iter().zip(plain).map(|(case, plain)| case - plain).collect())
        };
        self.starts.iter().filter_map(added).collect()
    }
}

/// The values at a quarter, half and three quarters of the sorted list.
pub(crate) fn quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |quarter: usize| sorted.get(sorted.len() * quarter / 4).copied();
    Some([at(1)?, at(2)?, at(3)?])
}

/// The median.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quartiles(values).map(|[_, median, _]| median)
}
