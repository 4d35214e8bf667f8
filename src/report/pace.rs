//! How many lines a worker writes: an attack must not fill a disk.

/// Lines a second, in the long run.
const LINES_PER_S: u64 = 10;

/// Lines that may come at once.
const BURST: u64 = 50;

/// A token bucket over milliseconds.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Thousandths of a line that may be written.
    tokens: u64,
    last_ms: u64,
    suppressed: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { tokens: BURST * 1000, last_ms: 0, suppressed: 0 }
    }
}

impl Pace {
    /// Whether a line may be written now, and if so how many were held back before it.
    pub fn take(&mut self, now_ms: u64) -> Option<u64> {
        let gained = now_ms.saturating_sub(self.last_ms).saturating_mul(LINES_PER_S);
        self.tokens = self.tokens.saturating_add(gained).min(BURST * 1000);
        self.last_ms = now_ms;
        if self.tokens < 1000 {
            self.suppressed += 1;
            return None;
        }
        self.tokens -= 1000;
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_thinned_and_counted() {
        let mut pace = Pace::default();
        let lines: Vec<u64> = (0..10_000).filter_map(|ms| pace.take(1_000_000 + ms)).collect();
        assert!((148..=151).contains(&lines.len()), "{}", lines.len());
        let told: u64 = lines.iter().sum::<u64>() + pace.take(2_000_000).unwrap();
        assert_eq!(told, 10_000 - lines.len() as u64);
        assert_eq!(pace.take(0), Some(0), "a clock that jumps back neither panics nor pays");
    }
}
