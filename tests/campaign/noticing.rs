//! How many requests attackers need to notice that they are refused, or deceived.

use super::campaign::ledger::Followed;
use super::campaign::policies::{self, DECEPTIONS, POLICIES};
use super::campaign::spells::{Spell, Spells};
use super::campaign::target::{Guarded, Open};
use super::campaign::world::{Noticed, Options, TacticMark, Tell};
use super::{SMALL, WHOLE, play_before};

/// A day on which the filter refuses or deceives: what its attackers needed to notice.
fn spells(options: Options, texts: &[&str]) -> Spells {
    let settings = policies::settings(texts).unwrap();
    let (ledger, world) = play_before(options, |shop| Guarded::new(shop, &settings, 2));
    Spells::of(&ledger.tactics, &world.tactics, None)
}

/// Of seeds 1 to 8 at this size the least is 15.5 times on the mean, and 10.4 times on the median.
#[test]
fn attackers_need_ten_times_as_many_requests_to_notice_that_they_are_deceived_as_that_they_are_refused() {
    let options = Options { seed: 3, size: 0.05, ..WHOLE };
    let refused = spells(options, &[POLICIES]);
    let deceived = spells(options, &[POLICIES, DECEPTIONS]);
    assert!(refused.notices() > 300 && deceived.notices() > 200, "{refused:?} {deceived:?}");
    let times = deceived.mean() / refused.mean();
    assert!(times >= 13.0, "{times} times: {} after {}", deceived.mean(), refused.mean());
    let medians = (deceived.median().unwrap_or_else(|most| most), refused.median().unwrap());
    assert!(medians.0 >= 10 * medians.1, "{medians:?}");
}

#[test]
fn nobody_notices_what_is_not_there_but_by_chance() {
    let (_, world) = play_before(Options { size: 0.05, ..WHOLE }, |shop| Open { shop });
    let tells: Vec<Tell> = world.tactics.iter().filter_map(|mark| Some(mark.noticed?.tell)).collect();
    // A list yields little for a while now and then.
    assert!(tells.iter().all(|tell| *tell == Tell::Yield), "{tells:?}");
    assert!(tells.len() * 10 < world.tactics.len(), "{} of {}", tells.len(), world.tactics.len());
}

#[test]
fn what_is_cut_off_counts_as_far_as_it_was_seen() {
    let of = |spells: &[(u64, bool)]| {
        let spell =
            |&(requests, notices): &(u64, bool)| Spell { requests, tell: notices.then_some(Tell::Refusals) };
        Spells(spells.iter().map(spell).collect())
    };
    let whole = of(&[(10, true), (20, true), (30, true), (40, true)]);
    assert_eq!((whole.mean(), whole.median()), (25.0, Ok(20)));
    // Remission of leukemia under 6-mercaptopurine in weeks (Freireich 1963): its median is known to be 23.
    let seen = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(|weeks| (weeks, true));
    let cut_off = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(|weeks| (weeks, false));
    let remission = of(&[&seen[..], &cut_off].concat());
    assert_eq!(remission.median(), Ok(23));
    assert!((remission.mean() - 359.0 / 9.0).abs() < 1e-9);
    assert_eq!(of(&[(7, false), (9, false), (8, true)]).median(), Ok(8));
    assert_eq!(of(&[(7, false), (9, false)]).median(), Err(9));
}

#[test]
fn a_spell_begins_with_the_first_that_is_stopped_and_ends_when_somebody_notices() {
    let followed = |tried, opposed| {
        let mut followed = Followed::default();
        (followed.tried, followed.opposed) = (tried, opposed);
        followed
    };
    let (_, world) = play_before(SMALL, |shop| Open { shop });
    let mark = |after: Option<u64>| {
        let noticed = after.map(|after| Noticed { tell: Tell::Loot, after });
        TacticMark { noticed, ..world.tactics[0].clone() }
    };
    let tactics =
        [followed(90, Some(11)), followed(90, Some(11)), followed(90, None), followed(90, Some(50))];
    let marks = [mark(Some(30)), mark(None), mark(Some(30)), mark(Some(30))];
    let spells = Spells::of(&tactics, &marks, None).0;
    assert_eq!(spells, [Spell { requests: 20, tell: Some(Tell::Loot) }, Spell { requests: 80, tell: None }]);
}
