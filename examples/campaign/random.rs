//! Chance, from one seed: every actor has a stream of its own, so that what one of them sees
//! changes nothing for the others.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// One stream of chance.
pub(crate) struct Dice(StdRng);

impl Dice {
    /// The stream of a name within a seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(StdRng::seed_from_u64(mix(seed ^ mix(stream))))
    }

    /// From 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// Any number.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.random::<u64>()
    }

    /// A number below `end`, which is at least 1.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end.max(1))
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Evenly between two numbers.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Log-normal: half of all are below `median`; `sigma` is that of the logarithm.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        // Box and Muller 1958.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        median * (sigma * normal).exp()
    }

    /// The gaps of a Poisson process.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// How often in a row something of this probability happens, at most `most` times.
    pub(crate) fn run(&mut self, probability: f64, most: usize) -> usize {
        (0..most).take_while(|_| self.chance(probability)).count()
    }

    /// One of several, of which there is at least one; each as likely.
    pub(crate) fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// One of several, of which there is at least one; by weight.
    pub(crate) fn weigh<'t, T>(&mut self, of: &'t [T], weight: impl Fn(&T) -> f64) -> &'t T {
        let mut left = self.unit() * of.iter().map(&weight).sum::<f64>();
        of.iter()
            .find(|item| {
                left -= weight(item);
                left < 0.0
            })
            .unwrap_or(&of[of.len() - 1])
    }
}

/// Mixes the bits of a number (the finalizer of SplitMix64, Steele et al. 2014).
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The whole part of a count that is not negative.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count that is no fraction")]
pub(crate) fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

/// Milliseconds of a time in seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a span of days at most")]
pub(crate) fn ms(seconds: f64) -> u64 {
    (seconds.max(0.001) * 1000.0) as u64
}
