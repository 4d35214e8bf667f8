//! Sorting in little code.
//!
//! The standard library's sorts are fast, and several KiB of a module for each type that is sorted: with a dozen
//! of them a tenth of it. Its heap takes a few hundred bytes, and what is sorted here is short or seldom.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Sorts by a key; equal ones keep their order.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    let keyed = std::mem::take(items).into_iter().enumerate();
    let heap: BinaryHeap<_> = keyed.map(|(place, item)| Keyed { key: (key(&item), place), item }).collect();
    items.extend(heap.into_sorted_vec().into_iter().map(|keyed| keyed.item));
}

struct Keyed<K, T> {
    key: K,
    item: T,
}

impl<K: Ord, T> Ord for Keyed<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<K: Ord, T> PartialOrd for Keyed<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> PartialEq for Keyed<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K: Ord, T> Eq for Keyed<K, T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(items in prop::collection::vec((0_u8..20, any::<u8>()), 0..200)) {
            let (mut one, mut other) = (items.clone(), items);
            sort_by_key(&mut one, |item| item.0);
            other.sort_by_key(|item| item.0);
            prop_assert_eq!(one, other);
        }
    }
}
