use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::form::{RECORD_BYTES, all, decode, encode};
use super::*;
use crate::policy::{LASTING, MOST_DECREES, Network};
use crate::sim::{SimHost, Store};

const NOW_S: u32 = 1_800_000_000;
const NOW_MS: u64 = NOW_S as u64 * 1000;

fn network(text: &str) -> Target<u64> {
    Target::Network(text.parse().unwrap())
}

fn condemn(target: Target<u64>, end: End) -> Decree {
    Decree { target, ruling: Ruling::Condemn { action: Action::Block, end } }
}

fn unban(target: Target<u64>) -> Decree {
    Decree { target, ruling: Ruling::Unban }
}

fn give(sheet: &mut [u8], origin: Origin, wanted: &[Decree], now_s: u32) -> Changes {
    edict::give(sheet, origin, wanted, now_s)
}

fn empty() -> Vec<u8> {
    vec![0; SHEET_BYTES]
}

/// In force, as they are shown.
fn in_force(sheet: &[u8], now_s: u32) -> Vec<String> {
    let standing = all(sheet).filter(|(_, given)| given.is_in_force(now_s));
    standing.map(|(_, given)| given.decree.target.shown().unwrap_or_default()).collect()
}

#[test]
fn the_actions_that_a_decree_can_name_are_those_that_stand() {
    let of = |action| Action::of(Standing { action, ..Standing::default() });
    let names: BTreeSet<&str> = (0..=u8::MAX).map(|code| of(code).name()).collect();
    assert_eq!(names, LASTING.into_iter().collect(), "each in order of severity belongs into LASTING");
    let severity = LASTING.map(lasting);
    assert!(severity.is_sorted());
}

#[test]
fn time_counts_from_when_a_decree_was_first_seen() {
    let mut sheet = empty();
    let hour = condemn(network("10.0.0.0/8"), End::After(3600));
    assert_eq!(give(&mut sheet, Origin::Configuration, &[hour], NOW_S).given.len(), 1);
    let before = sheet.clone();
    let again = give(&mut sheet, Origin::Configuration, &[hour], NOW_S + 1800);
    assert_eq!((again.given.len(), again.ended.len()), (0, 0));
    assert_eq!(sheet, before, "another worker, or the same configuration again, changes nothing");
    assert_eq!(in_force(&sheet, NOW_S + 3599), ["10.0.0.0/8"]);
    assert!(in_force(&sheet, NOW_S + 3600).is_empty());
    give(&mut sheet, Origin::Configuration, &[hour], NOW_S + 7200);
    assert!(in_force(&sheet, NOW_S + 7200).is_empty(), "it has ended, though it is still written");
    let longer = condemn(network("10.0.0.0/8"), End::After(10_000));
    give(&mut sheet, Origin::Configuration, &[longer], NOW_S + 7200);
    assert_eq!(in_force(&sheet, NOW_S + 9999), ["10.0.0.0/8"], "it may be made longer");
    assert!(in_force(&sheet, NOW_S + 10_000).is_empty());
}

#[test]
fn what_left_the_configuration_ends_and_what_was_given_by_hand_stays() {
    let mut sheet = empty();
    let [a, b, c] = ["10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"].map(|net| condemn(network(net), End::Open));
    give(&mut sheet, Origin::Configuration, &[a, b], NOW_S);
    give(&mut sheet, Origin::Hand, &[c], NOW_S);
    let changes = give(&mut sheet, Origin::Configuration, &[b], NOW_S + 1);
    assert_eq!(changes.ended, [a]);
    assert_eq!(in_force(&sheet, NOW_S + 1), ["11.0.0.0/8", "12.0.0.0/8"]);
    assert_eq!(give(&mut sheet, Origin::Configuration, &[], NOW_S + 2).ended, [b]);
    assert_eq!(in_force(&sheet, NOW_S + 2), ["12.0.0.0/8"]);
}

#[test]
fn an_unban_ends_what_was_condemned_before_it() {
    let mut sheet = empty();
    let [inner, written] = ["10.1.0.0/16", "10.2.0.0/16"].map(|net| condemn(network(net), End::Open));
    give(&mut sheet, Origin::Hand, &[inner], NOW_S);
    give(&mut sheet, Origin::Configuration, &[written], NOW_S);
    let changes = give(&mut sheet, Origin::Hand, &[unban(network("10.0.0.0/8"))], NOW_S + 1);
    assert_eq!(changes.ended, [written, inner]);
    assert_eq!(in_force(&sheet, NOW_S + 1), ["10.0.0.0/8"], "the unban alone");
    give(&mut sheet, Origin::Configuration, &[written], NOW_S + 2);
    assert_eq!(in_force(&sheet, NOW_S + 2), ["10.0.0.0/8"], "though it is still written");
    give(&mut sheet, Origin::Hand, &[inner], NOW_S + 3);
    assert_eq!(in_force(&sheet, NOW_S + 3).len(), 2, "what is condemned later holds");
    give(&mut sheet, Origin::Configuration, &[unban(inner.target)], NOW_S + 4);
    assert!(!all(&sheet).any(|(_, given)| given.decree == inner), "an unban that is written ends it too");
}

#[test]
fn each_unban_has_a_mark_of_its_own_and_keeps_it() {
    let mut sheet = empty();
    let mark = |sheet: &[u8], decree: Decree| {
        all(sheet).find(|(_, given)| given.decree == decree).map(|(_, given)| given.mark).unwrap()
    };
    let [a, b] = ["10.0.0.0/8", "11.0.0.0/8"].map(|net| unban(network(net)));
    give(&mut sheet, Origin::Configuration, &[a], NOW_S);
    give(&mut sheet, Origin::Configuration, &[a, b], NOW_S + 1);
    assert!(Mark::default().precedes(mark(&sheet, a)) && mark(&sheet, a).precedes(mark(&sheet, b)));
    let before = mark(&sheet, a);
    give(&mut sheet, Origin::Configuration, &[a, b], NOW_S + 2);
    assert_eq!(mark(&sheet, a), before, "a new configuration is no new unban");
    give(&mut sheet, Origin::Hand, &[unban(Target::Session(7))], NOW_S + 3);
    let before = mark(&sheet, unban(Target::Session(7)));
    give(&mut sheet, Origin::Hand, &[unban(Target::Session(7))], NOW_S + 4);
    assert!(before.precedes(mark(&sheet, unban(Target::Session(7)))), "by hand each is a new one");
}

#[test]
fn there_are_no_more_than_there_are_places_for() {
    let mut sheet = empty();
    for n in 0..MOST_BY_HAND as u64 {
        assert!(give(&mut sheet, Origin::Hand, &[condemn(Target::Session(n), End::After(60))], NOW_S).done);
    }
    let more = condemn(Target::Session(999), End::Open);
    assert!(!give(&mut sheet, Origin::Hand, &[more], NOW_S + 59).done);
    assert!(give(&mut sheet, Origin::Hand, &[more], NOW_S + 60).done, "those that ended make room");
    let written: Vec<_> = (0..MOST_DECREES as u64).map(|n| condemn(Target::Session(n), End::Open)).collect();
    assert!(
        give(&mut sheet, Origin::Configuration, &written, NOW_S).done,
        "those of a configuration have their own"
    );
}

#[test]
fn of_several_the_most_severe_is_met_and_only_by_those_it_is_about() {
    let host = SimHost::new(Arc::new(Store::default()));
    let mut decrees = Decrees::new(&[], &Hashes::new(&crate::policy::Secret(vec![7; 16])));
    let limit = |target| Decree { target, ruling: Ruling::Condemn { action: Action::Limit, end: End::Open } };
    let parts: FingerprintId = "2-0-0-0-0-00001-0-0".parse().unwrap();
    for decree in [
        limit(network("10.0.0.0/8")),
        condemn(network("10.1.0.0/16"), End::After(60)),
        limit(Target::Fingerprint(parts)),
        condemn(Target::Session(5), End::Open),
        unban(Target::Campaign(3)),
    ] {
        assert!(decrees.give(&host, decree, NOW_MS).done);
    }
    let met = |address: &str, facet: Option<(Facet, u64)>, now_ms| {
        let mut facets = Facets::default();
        if let Some((facet, value)) = facet {
            facets.set(facet, Some(value));
        }
        let sender = Sender { address: address.parse().ok(), facets: &facets, campaigns: [0, 0] };
        decrees.meet(&sender, now_ms).condemned.map(|(standing, _)| Action::of(standing))
    };
    assert_eq!(met("10.2.0.1", None, NOW_MS), Some(Action::Limit));
    assert_eq!(met("10.1.0.1", None, NOW_MS), Some(Action::Block));
    assert_eq!(met("10.1.0.1", None, NOW_MS + 60_000), Some(Action::Limit), "the milder one goes on");
    assert_eq!(met("11.0.0.1", None, NOW_MS), None);
    assert_eq!(met("none", None, NOW_MS), None);
    assert_eq!(met("11.0.0.1", Some((Facet::Tls, 1 << 39)), NOW_MS), Some(Action::Limit));
    assert_eq!(met("11.0.0.1", Some((Facet::Tls, 2 << 39)), NOW_MS), None);
    assert_eq!(met("11.0.0.1", Some((Facet::Session, 5)), NOW_MS), Some(Action::Block));
    let facets = Facets::default();
    let sender = Sender { address: None, facets: &facets, campaigns: [0, 3] };
    assert_eq!(decrees.meet(&sender, NOW_MS).unbanned, Some(decrees.mark()));
}

#[test]
fn what_one_worker_gives_the_others_carry_out_after_their_tick() {
    let store = Arc::new(Store::default());
    let hosts = [0, 1].map(|_| SimHost::new(Arc::clone(&store)));
    let hashes = Hashes::new(&crate::policy::Secret(vec![7; 16]));
    let [mut one, mut other] = [0, 1].map(|_| Decrees::new(&[], &hashes));
    other.tick(&hosts[1]);
    assert!(one.give(&hosts[0], condemn(Target::Session(5), End::Open), NOW_MS).done);
    assert!(!one.is_empty() && other.is_empty());
    other.tick(&hosts[1]);
    assert!(!other.is_empty());
    let reads = store.reads();
    let facets = Facets::default();
    let sender = Sender { address: None, facets: &facets, campaigns: [0, 0] };
    (0..100).for_each(|_| _ = other.meet(&sender, NOW_MS));
    assert_eq!(store.reads(), reads, "a request asks the host for nothing");
}

fn decree_of() -> impl Strategy<Value = Decree> {
    let address = any::<(bool, u128, u8)>().prop_map(|(v4, bits, length)| {
        let address = if v4 { IpAddr::V4((bits as u32).into()) } else { IpAddr::V6(bits.into()) };
        let length = length % if v4 { 33 } else { 129 };
        Target::Network(Network::new(address, length).unwrap())
    });
    let parts = prop::array::uniform7(prop::option::of(0_u32..1 << 25));
    let target = prop_oneof![
        address,
        parts.prop_map(|parts| Target::Fingerprint(FingerprintId { parts })),
        any::<u32>().prop_map(Target::Campaign),
        any::<u64>().prop_map(Target::Session),
    ];
    let end = prop_oneof![Just(End::Open), (0..u32::MAX).prop_map(End::At)];
    let action = prop::sample::select(LASTING.map(lasting).to_vec());
    let condemned = (action, end).prop_map(|(action, end)| Ruling::Condemn { action, end });
    (target, prop_oneof![condemned, Just(Ruling::Unban)])
        .prop_map(|(target, ruling)| Decree { target, ruling })
}

/// As a configuration has them: none twice.
fn distinct(decrees: &[Decree]) -> Vec<Decree> {
    let new = |place: usize, decree: &Decree| !decrees[..place].iter().any(|d| edict::is_same(d, decree));
    decrees.iter().enumerate().filter(|(place, decree)| new(*place, decree)).map(|(_, d)| *d).collect()
}

proptest! {
    #[test]
    fn records_are_read_back(decree in decree_of(), at_s: u32, mark: u16, revoked: bool) {
        let given = Given { decree, at_s, mark: Mark::from_bits(mark), revoked };
        prop_assert_eq!(decode(&encode(&given)), Some(given));
    }

    #[test]
    fn any_bytes_are_decrees(bytes in prop::collection::vec(any::<u8>(), 0..600), records in prop::collection::vec(prop::array::uniform32(any::<u8>()), 0..8), decree in decree_of(), now_s: u32) {
        let mut sheet = bytes;
        // Kinds that there are, more often than chance would bring them.
        for (place, record) in records.iter().enumerate() {
            let mut whole = [0; RECORD_BYTES];
            whole[..32].copy_from_slice(record);
            whole[0] %= 6;
            whole[1] %= 3;
            if let Some(at) = sheet.get_mut(16 + place * RECORD_BYTES..16 + (place + 1) * RECORD_BYTES) {
                at.copy_from_slice(&whole);
            }
        }
        let length = sheet.len();
        for (_, given) in all(&sheet) {
            prop_assert_eq!(decode(&encode(&given)), Some(given));
        }
        for origin in [Origin::Configuration, Origin::Hand] {
            give(&mut sheet, origin, &[decree], now_s);
        }
        prop_assert_eq!(sheet.len(), length);
        let _ = needs(&all(&sheet).collect::<Vec<_>>());
    }

    /// Whatever was there: afterwards a configuration's decrees are those that are written, each once.
    #[test]
    fn a_configuration_has_what_is_written(first in prop::collection::vec(decree_of(), 0..20), second in prop::collection::vec(decree_of(), 0..20), kept in 0_usize..20) {
        let first = distinct(&first);
        let mut sheet = empty();
        give(&mut sheet, Origin::Configuration, &first, NOW_S);
        let wanted: Vec<Decree> = first.iter().take(kept).copied().chain(second).collect();
        let wanted = distinct(&wanted);
        prop_assert!(give(&mut sheet, Origin::Configuration, &wanted, NOW_S + 1).done);
        let found: Vec<Decree> = all(&sheet).map(|(_, given)| given.decree).collect();
        prop_assert_eq!(found.len(), wanted.len());
        prop_assert!(wanted.iter().all(|decree| found.contains(decree)));
    }
}
