//! How regularly requests follow each other.

/// Requests closer than this belong together, as a page and what it loads; in milliseconds.
const TOGETHER_MS: u64 = 50;

/// A gap longer than this begins anew, in milliseconds.
const APART_MS: u64 = 600_000;

/// Gaps from which regularity is told.
const LEAST_GAPS: u16 = 8;

/// The share that a new gap has in the running mean and variance.
const NEW_SHARE: f32 = 0.125;

/// The coefficient of variation below which a machine keeps time. Exponential gaps, as of a crowd, have 1.
const REGULAR: f32 = 0.15;

/// The gaps between one client's requests: their running mean and variance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rhythm {
    last_ms: u64,
    gaps: u16,
    mean_ms: f32,
    variance: f32,
}

impl Rhythm {
    /// Takes in a request; the gap before it, in milliseconds, if there was one to speak of.
    pub fn beat(&mut self, now_ms: u64) -> Option<u64> {
        let gap_ms = now_ms.saturating_sub(self.last_ms);
        if gap_ms < TOGETHER_MS && self.last_ms > 0 {
            return None;
        }
        self.last_ms = self.last_ms.max(now_ms);
        if gap_ms > APART_MS {
            *self = Self { last_ms: now_ms, ..Self::default() };
            return None;
        }
        let gap = gap_ms as f32;
        self.gaps = self.gaps.saturating_add(1);
        if self.gaps == 1 {
            self.mean_ms = gap;
        }
        let off = gap - self.mean_ms;
        self.mean_ms += NEW_SHARE * off;
        self.variance = (1.0 - NEW_SHARE) * (self.variance + NEW_SHARE * off * off);
        Some(gap_ms)
    }

    /// The coefficient of variation of the gaps; `None`: there were too few.
    #[must_use]
    pub fn variation(&self) -> Option<f32> {
        if self.gaps < LEAST_GAPS {
            return None;
        }
        // The running variance begins at 0, and has as much to go as there were few gaps.
        let seen = 1.0 - (1.0 - NEW_SHARE).powi(i32::from(self.gaps));
        Some((self.variance / seen).sqrt() / self.mean_ms.max(1.0))
    }

    /// Whether a machine keeps time.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.variation().is_some_and(|variation| variation < REGULAR)
    }
}
