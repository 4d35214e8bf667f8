//! A map that forgets: two generations of a fixed size. When the young one is full it becomes the old
//! one, and what was old is forgotten. So what is written again is kept, at the cost of a hash map.

use std::collections::HashMap;
use std::hash::Hash;

use ahash::RandomState;

/// A map of at most two generations.
pub struct Generations<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    /// Entries in each.
    size: usize,
}

/// The most bytes that a map of two generations of this size takes.
#[must_use]
pub const fn bound_bytes<K, V>(size: usize) -> u64 {
    2 * map_bytes(size, size_of::<(K, V)>())
}

/// The most bytes that a hash map takes which never holds more than this many entries: places for a
/// power of two, of which at most seven in eight are taken, and a byte of control for each.
const fn map_bytes(entries: usize, entry_bytes: usize) -> u64 {
    ((entries * 8 / 7).next_power_of_two() * (entry_bytes + 1)) as u64
}

impl<K: Hash + Eq, V> Generations<K, V> {
    /// An empty map. `seeds` key its hashes, so that nobody can aim at its places.
    #[must_use]
    pub fn new(size: usize, seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        let state = RandomState::with_seeds(a, b, c, d);
        Self { young: HashMap::with_hasher(state.clone()), old: HashMap::with_hasher(state), size }
    }

    /// The value under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Sets the value under a key.
    pub fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.size && !self.young.contains_key(&key) {
            self.turn();
        }
        self.young.insert(key, value);
    }

    /// The value under a key, which is written again by that, to be changed; a new one where there is none.
    pub fn renew(&mut self, key: K) -> &mut V
    where
        K: Copy,
        V: Copy + Default,
    {
        if self.young.len() >= self.size && !self.young.contains_key(&key) {
            self.turn();
        }
        let old = &self.old;
        self.young.entry(key).or_insert_with(|| old.get(&key).copied().unwrap_or_default())
    }

    fn turn(&mut self) {
        std::mem::swap(&mut self.young, &mut self.old);
        self.young.clear();
    }

    /// How many entries each generation has.
    #[cfg(test)]
    pub(crate) fn sizes(&self) -> [usize; 2] {
        [self.young.len(), self.old.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_last_and_does_not_grow() {
        let mut map = Generations::new(100, [1, 2, 3, 4]);
        for key in 0..1000_u64 {
            map.insert(key, key);
            assert!(map.sizes().iter().all(|&size| size <= 100));
            assert!((key.saturating_sub(99)..=key).all(|key| map.get(&key) == Some(&key)));
        }
        assert_eq!(map.get(&700), None);
    }

    #[test]
    fn what_is_changed_is_written_again() {
        let mut map = Generations::new(100, [1, 2, 3, 4]);
        for n in 0..1000_u64 {
            *map.renew(0) += 1;
            *map.renew(n + 1) = n;
            assert!(map.sizes().iter().all(|&size| size <= 100));
        }
        assert_eq!((map.get(&0), map.get(&1000), map.get(&700)), (Some(&1000), Some(&999), None));
    }

    #[test]
    fn what_is_written_again_is_kept() {
        let mut map = Generations::new(100, [1, 2, 3, 4]);
        for n in 0..1000 {
            map.insert(n, n);
            map.insert(0, n);
        }
        assert_eq!(map.get(&0), Some(&999));
    }
}
