//! Promises about memory: it is bounded, it loses no failure, it never mixes two clients up, and
//! it outlives a new configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::HashMap;
use std::sync::Arc;

use palisade::facts::Key;
use palisade::host::Host;
use palisade::memory::cache::{Slot, SpecId};
use palisade::memory::layout::page_name;
use palisade::memory::{Event, Mark, Memory, arrivals, bound};
use palisade::policy::{Facet, FailureTest, FanOut, TallySpec};
use palisade::sim::{Faults, SimHost, Store};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::SmallRng};

const NOW_MS: u64 = 1_800_000_000_000;
const MEMORY: u64 = 4 << 20;

fn spec() -> TallySpec {
    TallySpec {
        key: vec![Facet::Fingerprint],
        window_ms: 600_000,
        fan_out: FanOut { of: Facet::Subject, failed: true },
        failure_test: Some(FailureTest { usual: 0.2, hostile: 0.95 }),
        counts_successes: true,
        follows: false,
    }
}

fn memory() -> Memory {
    Memory::new(MEMORY, vec![spec()], [1, 2, 3, 4])
}

fn slot(key: u128) -> Slot {
    Slot { key: Key(key), spec: SpecId(0) }
}

fn host(store: &Arc<Store>, now_ms: u64) -> SimHost {
    let host = SimHost::new(Arc::clone(store));
    host.set_now_ms(now_ms);
    host
}

/// One of eight workers: fails so often, on four keys in turn.
fn fail(store: &Arc<Store>, times: u32) {
    let (mut memory, host) = (memory(), host(store, NOW_MS));
    for n in 0..times {
        memory.record(&host, slot(u128::from(n % 4)), Event::Failure(None), NOW_MS);
    }
    while memory.has_waiting() {
        memory.flush(&host, NOW_MS);
    }
    assert_eq!(memory.take_incidents().lost, 0);
}

#[test]
fn eight_workers_lose_no_failure_though_every_other_write_conflicts() {
    const EACH: u32 = 2_000;
    for conflict_every in [0, 2, 3] {
        let store = Arc::new(Store::default());
        store.inject(Faults { conflict_every, refuse: false });
        std::thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| fail(&store, EACH))));
        });
        let (mut memory, host) = (memory(), host(&store, NOW_MS));
        for key in 0..4 {
            assert_eq!(memory.view(&host, slot(key), NOW_MS).failures(&spec()), 8 * EACH / 4);
        }
    }
}

#[test]
fn an_unban_clears_a_record_once_though_eight_workers_meet_it_and_writes_conflict() {
    const EACH: u32 = 200;
    for conflict_every in [0, 2, 3] {
        let store = Arc::new(Store::default());
        fail(&store, 400);
        store.inject(Faults { conflict_every, refuse: false });
        let unban = Mark::of(1);
        let worker = || {
            let (mut memory, host) = (memory(), host(&store, NOW_MS));
            memory.set_mark(unban);
            // Each fails only after it has met the unban, as a request does.
            memory.record(&host, slot(0), Event::Pardoned(unban), NOW_MS);
            (0..EACH).for_each(|_| _ = memory.record(&host, slot(0), Event::Failure(None), NOW_MS));
            while memory.has_waiting() {
                memory.flush(&host, NOW_MS);
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(worker))));
        let (mut memory, host) = (memory(), host(&store, NOW_MS));
        assert_eq!(
            memory.view(&host, slot(0), NOW_MS).failures(&spec()),
            8 * EACH,
            "all since, nothing before"
        );
        assert_eq!(memory.view(&host, slot(1), NOW_MS).failures(&spec()), 100, "nobody else's");
        memory.set_mark(unban);
        memory.record(&host, slot(9), Event::Failure(None), NOW_MS);
        memory.record(&host, slot(9), Event::Pardoned(unban), NOW_MS);
        assert_eq!(
            memory.view(&host, slot(9), NOW_MS).failures(&spec()),
            1,
            "what began later has nothing before"
        );
    }
}

#[test]
fn failures_wait_while_the_host_refuses_and_are_written_when_it_does_not() {
    let store = Arc::new(Store::default());
    let (mut memory, host) = (memory(), host(&store, NOW_MS));
    store.inject(Faults { refuse: true, conflict_every: 0 });
    for n in 1..=100 {
        let tally = memory.record(&host, slot(1), Event::Failure(None), NOW_MS);
        assert_eq!(tally.failures(&spec()), n, "the worker itself knows");
    }
    assert!(memory.take_incidents().deferred > 0);
    store.inject(Faults::default());
    memory.flush(&host, NOW_MS);
    assert_eq!(self::memory().view(&host, slot(1), NOW_MS).failures(&spec()), 100);
}

#[test]
fn ten_million_random_keys_stay_within_the_bound() {
    let store = Arc::new(Store::default());
    let (mut memory, host) = (memory(), host(&store, NOW_MS));
    let bound = bound(MEMORY);
    let mut random = SmallRng::seed_from_u64(7);
    for n in 0..10_000_000_u64 {
        memory.record(&host, slot(random.random()), Event::Failure(Some(n)), NOW_MS + n / 100);
    }
    let counts_of_arrivals = 1;
    assert_eq!(store.keys() as u64, u64::from(bound.pages) + counts_of_arrivals, "every page is in use");
    assert!(store.value_bytes() <= bound.bytes);
    assert!(store.value_bytes() >= bound.records * 64, "every page is full");
}

#[test]
fn a_client_without_a_record_costs_no_look_at_the_table() {
    let store = Arc::new(Store::default());
    let (mut memory, host) = (memory(), host(&store, NOW_MS));
    let mut random = SmallRng::seed_from_u64(7);
    let mut look = |times: u32, now_ms| {
        let before = store.reads();
        for _ in 0..times {
            assert_eq!(memory.view(&host, slot(random.random()), now_ms).failures(&spec()), 0);
        }
        store.reads() - before
    };
    let pages = u64::from(bound(MEMORY).pages);
    assert!(look(100_000, NOW_MS) <= pages + 1, "each page once, and the counts of arrivals");
    assert_eq!(look(100_000, NOW_MS + 49), 0);
    assert_eq!(look(100_000, NOW_MS + 50), 1, "the counts alone");
}

#[test]
fn a_worker_hears_of_anothers_first_record_within_50_ms() {
    let store = Arc::new(Store::default());
    let (mut one, mut other, host) = (memory(), memory(), host(&store, NOW_MS));
    assert_eq!(other.view(&host, slot(1), NOW_MS).failures(&spec()), 0);
    one.record(&host, slot(1), Event::Failure(None), NOW_MS);
    one.tell(&host, NOW_MS);
    assert_eq!(other.view(&host, slot(1), NOW_MS + 50).failures(&spec()), 1);
}

#[test]
fn a_record_that_could_not_be_told_of_is_told_of_with_the_next_tick() {
    let store = Arc::new(Store::default());
    let (mut one, mut other, host) = (memory(), memory(), host(&store, NOW_MS));
    assert_eq!(other.view(&host, slot(1), NOW_MS).failures(&spec()), 0);
    one.record(&host, slot(1), Event::Failure(None), NOW_MS);
    store.inject(Faults { refuse: true, conflict_every: 0 });
    one.tell(&host, NOW_MS);
    assert!(one.has_waiting());
    store.inject(Faults::default());
    one.flush(&host, NOW_MS + 100);
    assert!(!one.has_waiting());
    assert_eq!(other.view(&host, slot(1), NOW_MS + 150).failures(&spec()), 1);
}

#[test]
fn counts_of_arrivals_that_are_not_ours_hide_no_record() {
    let store = Arc::new(Store::default());
    let (mut one, mut other, host) = (memory(), memory(), host(&store, NOW_MS));
    assert_eq!(other.view(&host, slot(1), NOW_MS).failures(&spec()), 0);
    store.overwrite(arrivals::NAME, b"not ours at all");
    assert_eq!(other.view(&host, slot(2), NOW_MS + 60).failures(&spec()), 0);
    one.record(&host, slot(1), Event::Failure(None), NOW_MS + 60);
    one.tell(&host, NOW_MS + 60);
    assert_eq!(one.take_incidents().unreadable, 1);
    assert_eq!(other.view(&host, slot(1), NOW_MS + 110).failures(&spec()), 1);
}

#[test]
fn another_programs_bytes_are_no_tally() {
    let store = Arc::new(Store::default());
    let (mut memory, host) = (memory(), host(&store, NOW_MS));
    for page in 0..bound(MEMORY).pages {
        store.overwrite(&page_name(page), b"not ours at all, and not even of a page's length");
    }
    assert_eq!(memory.view(&host, slot(1), NOW_MS).failures(&spec()), 0);
    memory.record(&host, slot(1), Event::Failure(None), NOW_MS);
    assert_eq!(self::memory().view(&host, slot(1), NOW_MS).failures(&spec()), 1);
    assert_eq!(memory.take_incidents().unreadable, 1);
}

#[test]
fn a_key_written_by_two_at_first_loses_neither() {
    // The race of two first inserts: both found nothing, both write.
    let store = Arc::new(Store::default());
    let (one, other) = (host(&store, NOW_MS), host(&store, NOW_MS));
    use palisade::host::{Expected, StoreError};
    assert_eq!(one.load("pal1:0").unwrap(), None);
    assert_eq!(other.load("pal1:0").unwrap(), None);
    assert_eq!(one.store("pal1:0", b"a", Expected::Absent), Ok(()));
    assert_eq!(other.store("pal1:0", b"b", Expected::Absent), Err(StoreError::Conflict));
}

#[test]
fn a_table_that_grows_keeps_most_of_what_it_knew() {
    let store = Arc::new(Store::default());
    let (mut small, host) = (memory(), host(&store, NOW_MS));
    let key = |n: u64| u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(n);
    for n in 0..1_000 {
        small.record(&host, slot(key(n)), Event::Failure(None), NOW_MS);
    }
    let mut large = Memory::new(MEMORY * 5 / 4, vec![spec()], [1, 2, 3, 4]);
    let kept = (0..1_000).filter(|&n| large.view(&host, slot(key(n)), NOW_MS).failures(&spec()) == 1).count();
    assert!((750..850).contains(&kept), "{kept} of 1000; four of five are expected");
}

/// What a test does to memory: which key, whether it fails, how far the clock moves (it can jump
/// back), which worker.
type Move = (u8, bool, i16, bool);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against a plain model: a tally is the one of its own key, or gone; never another's. Keys
    /// are aimed at one page, so that records are replaced all the time.
    #[test]
    fn two_clients_never_merge(moves in prop::collection::vec(any::<Move>(), 1..600)) {
        let store = Arc::new(Store::default());
        let mut workers = [memory(), memory()];
        let host = host(&store, NOW_MS);
        let mut model: HashMap<u8, u32> = HashMap::new();
        let mut now_ms = NOW_MS;
        for (key, fails, jump, first) in moves {
            now_ms = now_ms.saturating_add_signed(i64::from(jump) / 1000);
            let worker = &mut workers[usize::from(first)];
            let failed_by = |tally: palisade::memory::Tally| tally.failures(&spec());
            if fails {
                let failures = failed_by(worker.record(&host, slot(u128::from(key)), Event::Failure(Some(u64::from(key))), now_ms));
                let known = model.entry(key).or_default();
                // Either counted on, or begun anew after its record had made room.
                prop_assert!(failures == *known + 1 || failures == 1, "{} after {}", failures, known);
                *known = failures;
            } else {
                let failures = failed_by(worker.view(&host, slot(u128::from(key)), now_ms));
                let known = model.get(&key).copied().unwrap_or(0);
                prop_assert!(failures == known || failures == 0);
            }
        }
    }

    /// Whatever one worker believes of a key, quiet or absent, after 100 ms it knows what the others
    /// recorded. So few keys that no record has to make room.
    #[test]
    fn after_100_ms_every_worker_knows_what_the_others_recorded(moves in prop::collection::vec((0_u128..20, 0_usize..3, any::<bool>(), 0_u64..120), 1..200)) {
        let store = Arc::new(Store::default());
        let mut workers = [memory(), memory(), memory()];
        let host = host(&store, NOW_MS);
        let mut failed_at: HashMap<u128, Vec<u64>> = HashMap::new();
        let mut now_ms = NOW_MS;
        for (key, worker, fails, wait_ms) in moves {
            now_ms += wait_ms;
            let worker = &mut workers[worker];
            let times = failed_at.entry(key).or_default();
            if fails {
                worker.record(&host, slot(key), Event::Failure(None), now_ms);
                worker.tell(&host, now_ms);
                times.push(now_ms);
            } else {
                let seen = worker.view(&host, slot(key), now_ms).failures(&spec()) as usize;
                let known_to_all = times.iter().filter(|&&at| at + 100 <= now_ms).count();
                prop_assert!((known_to_all..=times.len()).contains(&seen), "{} of {:?} at {}", seen, times, now_ms);
            }
        }
    }

    /// The window slides: the count is between that of two thirds of it and that of the whole,
    /// with a third to spare for counts that are spread evenly.
    #[test]
    fn windows_slide(gaps in prop::collection::vec(0_u64..120_000, 1..100)) {
        let spec = spec();
        let mut tally = palisade::memory::Tally::default();
        let mut now_ms = NOW_MS;
        let mut times = Vec::new();
        for gap in gaps {
            now_ms += gap;
            times.push(now_ms);
            tally.apply(&spec, Event::Failure(None), now_ms);
            let within = |ms: u64| times.iter().filter(|&&t| now_ms - t < ms).count() as u32;
            let counted = tally.failures(&spec);
            prop_assert!(counted >= within(spec.window_ms * 2 / 3), "{} of {}", counted, within(spec.window_ms));
            prop_assert!(counted <= within(spec.window_ms * 4 / 3));
        }
    }

    #[test]
    fn the_failure_test_has_a_floor_and_a_ceiling(outcomes in prop::collection::vec(any::<(bool, u8)>(), 0..300)) {
        let spec = spec();
        let mut tally = palisade::memory::Tally::default();
        for (fails, subject) in outcomes {
            let subject = Some(u64::from(subject));
            tally.apply(&spec, if fails { Event::Failure(subject) } else { Event::Success(subject) }, NOW_MS);
            prop_assert!((0.0..=32.0).contains(&tally.test_nats()));
        }
    }
}
