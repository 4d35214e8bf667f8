//! The hashes that name things beyond one process: facets, subjects, keys of tallies.
//!
//! SipHash-1-3 with 128 bits of output (Aumasson and Bernstein, 2012; crate `siphasher`), a keyed
//! pseudo-random function that gives the same result on every machine and in every build. Parts
//! are written with their length, so that `ab`+`c` and `a`+`bc` differ.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::policy::Secret;

/// Names one tally: 128 bits, keyed with the operator's secret. Two clients share one with a
/// probability of 2^-128 per pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub u128);

/// The key of facets that are shown and compared across installations. Not a secret; changing it
/// changes every fingerprint, so it belongs to the fingerprint's version.
const PUBLIC_KEY: (u64, u64) = (0x7061_6c69_7361_6465, 0x6661_6365_7473_2f31);

/// Hashes a public facet, such as the user agent.
#[must_use]
pub fn public(part: &[u8]) -> u64 {
    narrow(digest(PUBLIC_KEY, &[part]))
}

/// The keyed hashes of one installation.
#[derive(Clone)]
pub struct Hashes {
    subjects: (u64, u64),
    tallies: (u64, u64),
}

impl Hashes {
    /// Derives independent keys from the operator's secret: the same in every worker and in every
    /// Envoy that has the same secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let derive = |label: &[u8]| {
            let wide = digest(PUBLIC_KEY, &[b"palisade key 1", label, &secret.0]);
            ((wide >> 64) as u64, wide as u64)
        };
        Self { subjects: derive(b"subjects"), tallies: derive(b"tallies") }
    }

    /// Hashes something personal: a subject, a session, an address.
    #[must_use]
    pub fn personal(&self, kind: &str, value: &[u8]) -> u64 {
        narrow(digest(self.subjects, &[kind.as_bytes(), value]))
    }

    /// Hashes one side of a profile, so that sums of such hashes name combinations of sides that
    /// nobody can aim at.
    #[must_use]
    pub fn side(&self, side: u8, value: u32) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.tallies.0, self.tallies.1);
        hasher.write_u8(side);
        hasher.write_u32(value);
        hasher.finish128().h1
    }

    /// Names what two personal hashes have in common, such as an account and a network.
    #[must_use]
    pub fn pair(&self, one: u64, other: u64) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.subjects.0, self.subjects.1);
        hasher.write_u64(one);
        hasher.write_u64(other);
        hasher.finish128().h1
    }

    /// Names the tally of a policy's key: `scope` says which tally, `facets` whose.
    #[must_use]
    pub fn tally(&self, scope: &[u8], facets: impl Iterator<Item = (u8, u64)>) -> Key {
        let mut hasher = SipHasher13::new_with_keys(self.tallies.0, self.tallies.1);
        write_part(&mut hasher, scope);
        for (kind, value) in facets {
            hasher.write_u8(kind);
            hasher.write_u64(value);
        }
        Key(hasher.finish128().as_u128())
    }

    /// Seeds for in-memory maps, so that nobody can aim at their buckets.
    #[must_use]
    pub fn map_seeds(&self) -> [u64; 4] {
        [self.subjects.0, self.subjects.1, self.tallies.0, self.tallies.1]
    }
}

fn digest(key: (u64, u64), parts: &[&[u8]]) -> u128 {
    let mut hasher = SipHasher13::new_with_keys(key.0, key.1);
    for part in parts {
        write_part(&mut hasher, part);
    }
    hasher.finish128().as_u128()
}

fn write_part(hasher: &mut SipHasher13, part: &[u8]) {
    hasher.write_u64(part.len() as u64);
    hasher.write(part);
}

fn narrow(wide: u128) -> u64 {
    (wide >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(secret: &str) -> Hashes {
        Hashes::new(&Secret(secret.as_bytes().to_vec()))
    }

    /// Pinned: state in shared data and printed fingerprints must survive a new build.
    #[test]
    fn vectors() {
        assert_eq!(public(b"curl/8.5.0"), 9_484_674_781_469_366_934);
        let h = hashes("0123456789abcdef");
        assert_eq!(h.personal("subject", b"a@b.example"), 4_674_204_931_768_795_064);
        assert_eq!(
            h.tally(b"login", [(0, 1), (2, 3)].into_iter()),
            Key(273_851_589_557_998_319_928_213_352_840_212_307_210)
        );
    }

    #[test]
    fn parts_do_not_run_together() {
        let h = hashes("0123456789abcdef");
        assert_ne!(h.personal("ab", b"c"), h.personal("a", b"bc"));
    }

    #[test]
    fn another_secret_gives_other_hashes() {
        assert_ne!(
            hashes("one secret......").personal("s", b"x"),
            hashes("another secret..").personal("s", b"x")
        );
    }
}
