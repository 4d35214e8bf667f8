//! Campaigns: condemned behaviors linked as one actor who keeps retooling.
//!
//! A profile belongs to a campaign where it has enough in common with one of those that it was condemned
//! for: each side of the make that is the same weighs as much as it is rare among customers. That lends
//! suspicion to what was never seen before; only evidence of its own condemns it.

use super::profile::{MAKE, Profile, SIDES};
use crate::memory::bytes::array;

/// Length of a record in bytes.
const CAMPAIGN_BYTES: usize = 160;

/// Campaigns that are known at a time; a new one takes the place of the one seen longest ago.
const CAMPAIGNS: usize = 64;

/// Length of the sheet in bytes.
pub const SHEET_BYTES: usize = CAMPAIGNS * CAMPAIGN_BYTES;

/// Profiles by which a campaign is recognised: the last ones.
const MEMBERS: usize = 4;

/// Likeness in nats from which a condemned profile belongs to a campaign.
const BELONGS: f32 = 6.0;

/// Likeness in nats below which nothing is suspected.
const SUSPECT: f32 = 4.0;

/// The share of its likeness that a profile inherits as suspicion.
const LENT: f32 = 0.6;

/// After so long without a new sign, in seconds, a campaign lends no suspicion any more.
const OVER_S: u32 = 86_400;

/// The most that one side weighs, in nats.
const MOST_WEIGHT: f32 = 5.0;

/// One campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Its id; 0: there is none in this place.
    pub id: u32,
    /// When it was first and last seen, in seconds since 1970.
    pub first_s: u32,
    /// See above.
    pub last_s: u32,
    /// Behaviors condemned as its.
    pub members: u32,
    /// Requests refused as its.
    pub refused: u32,
    /// The verdict on all of it, and when that ends, in seconds since 1970; 0: there never was one.
    pub verdict: Verdict,
    /// When it was unbanned, in seconds since 1970; 0: it was not, or someone was condemned as its since.
    pub unbanned_s: u32,
    profiles: [Profile; MEMBERS],
}

/// The verdict on a campaign as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// When it ends, in seconds since 1970.
    pub until_s: u32,
    /// The action, as [`crate::decide::Action`] numbers it.
    pub action: u8,
}

/// An id as it is shown; `None`: there is none.
#[must_use]
pub fn shown(id: u32) -> Option<String> {
    (id != 0).then(|| format!("{id:08x}"))
}

/// How much each side of a profile weighs, in nats, in the order of [`MAKE`].
pub type Weights = [f32; MAKE.len()];

/// The weight of a value that so many customers of all have, by the rule of three: what was seen with
/// none of n may still be 3 in n.
#[must_use]
pub fn weight(customers: f32, all: f32) -> f32 {
    ((all + 3.0) / (customers + 3.0)).ln().clamp(0.0, MOST_WEIGHT)
}

impl Campaign {
    fn likeness(&self, profile: &Profile, weights: &Weights) -> f32 {
        let like = |member: &Profile| {
            let same = |side| profile.get(side) != 0 && profile.get(side) == member.get(side);
            let sides = MAKE.iter().zip(weights).filter(|(side, _)| same(**side));
            sides.map(|(_, weight)| weight).sum::<f32>()
        };
        self.profiles.iter().map(like).fold(0.0, f32::max)
    }

    fn is_over(&self, now_s: u32) -> bool {
        let quiet = now_s.saturating_sub(self.last_s) > OVER_S;
        self.id == 0 || (quiet && !self.is_condemned(now_s))
    }

    /// Whether the verdict on it is in force.
    #[must_use]
    pub fn is_condemned(&self, now_s: u32) -> bool {
        self.verdict.until_s > now_s
    }

    /// Whether a profile is like enough for a verdict on all of the campaign. One of its own is not where
    /// it is made of what customers have too.
    #[must_use]
    pub fn is_like(&self, profile: &Profile, weights: &Weights) -> bool {
        self.likeness(profile, weights) >= BELONGS
    }

    /// The last profiles that were condemned as its.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter().filter(|profile| **profile != Profile::default())
    }
}

/// The campaign that a profile is most like, and how much, in nats.
#[must_use]
pub fn likest(sheet: &[u8], profile: &Profile, weights: &Weights, now_s: u32) -> Option<(Campaign, f32)> {
    let live = all(sheet).filter(|campaign| !campaign.is_over(now_s));
    let likeness = live.map(|campaign| (campaign, campaign.likeness(profile, weights)));
    likeness.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, nats)| *nats > 0.0)
}

/// The campaign of which a profile is a known member, or else the likest, if it is like enough.
#[must_use]
pub fn of(sheet: &[u8], profile: &Profile, likest: Option<(Campaign, f32)>, now_s: u32) -> Option<u32> {
    let belongs = || likest.filter(|(_, nats)| *nats >= BELONGS).map(|(found, _)| found.id);
    with_member(sheet, profile, now_s).or_else(belongs)
}

/// The campaign of which a profile is a known member.
#[must_use]
pub fn with_member(sheet: &[u8], profile: &Profile, now_s: u32) -> Option<u32> {
    let is_same = |record: &&[u8; CAMPAIGN_BYTES]| {
        let is_side = |member, side| word(record, place_of(member, side as usize)) == profile.get(side);
        (0..MEMBERS).any(|member| MAKE.into_iter().all(|side| is_side(member, side)))
    };
    let mut known = taken(sheet).filter(is_same).map(read);
    known.find(|campaign| !campaign.is_over(now_s)).map(|found| found.id)
}

/// The suspicion that likeness lends, in nats; less with each hour that passed without a sign.
#[must_use]
pub fn suspicion(campaign: &Campaign, likeness: f32, now_s: u32) -> f32 {
    if likeness < SUSPECT || campaign.unbanned_s != 0 {
        return 0.0;
    }
    let quiet = now_s.saturating_sub(campaign.last_s) as f32 / OVER_S as f32;
    likeness * LENT * (1.0 - quiet).max(0.0)
}

/// Enters a profile that was condemned, into this campaign or, where it is not there, as the first of
/// a new one with this id. One that was unbanned begins anew.
pub fn enter(sheet: &mut [u8], id: u32, profile: &Profile, now_s: u32) {
    let records = sheet.as_chunks_mut::<CAMPAIGN_BYTES>().0;
    let place = records.iter().position(|record| read(record).id == id);
    let worth = |record: &[u8; CAMPAIGN_BYTES]| {
        let campaign = read(record);
        (campaign.is_condemned(now_s), campaign.last_s)
    };
    let oldest = || records.iter().enumerate().min_by_key(|(_, record)| worth(record));
    let Some(place) = place.or_else(|| oldest().map(|(place, _)| place)) else { return };
    let Some(record) = records.get_mut(place) else { return };
    let mut campaign = read(record);
    if campaign.unbanned_s != 0 && now_s <= campaign.unbanned_s {
        // Condemned before, and told of late.
        return;
    }
    if campaign.id != id || campaign.unbanned_s != 0 {
        let verdict = if campaign.id == id { campaign.verdict } else { Verdict::default() };
        campaign = Campaign { id, first_s: now_s, verdict, ..Campaign::default() };
    }
    if let Some(member) = campaign.profiles.get_mut(campaign.members as usize % MEMBERS) {
        *member = *profile;
    }
    campaign.members = campaign.members.saturating_add(1);
    campaign.last_s = campaign.last_s.max(now_s);
    *record = written(&campaign);
}

/// Counts requests that were refused as a campaign's.
pub fn count(sheet: &mut [u8], id: u32, requests: u32, now_s: u32) {
    for record in sheet.as_chunks_mut::<CAMPAIGN_BYTES>().0 {
        let mut campaign = read(record);
        if campaign.id == id {
            campaign.refused = campaign.refused.saturating_add(requests);
            campaign.last_s = campaign.last_s.max(now_s);
            *record = written(&campaign);
        }
    }
}

/// Condemns all of a campaign, or ends the verdict on it; whether it is known.
pub fn condemn(sheet: &mut [u8], id: u32, verdict: Verdict) -> bool {
    change(sheet, id, |campaign| campaign.verdict = verdict)
}

/// Ends the verdict on a campaign and the suspicion that it lends.
pub fn unban(sheet: &mut [u8], id: u32, now_s: u32) -> bool {
    change(sheet, id, |campaign| (campaign.verdict, campaign.unbanned_s) = (Verdict::default(), now_s.max(1)))
}

fn change(sheet: &mut [u8], id: u32, change: impl FnOnce(&mut Campaign)) -> bool {
    let mut records = sheet.as_chunks_mut::<CAMPAIGN_BYTES>().0.iter_mut();
    let found = records.find(|record| id != 0 && read(record).id == id);
    let Some(record) = found else { return false };
    let mut campaign = read(record);
    change(&mut campaign);
    *record = written(&campaign);
    true
}

/// Whether there is a verdict in force on any campaign.
#[must_use]
pub fn any_condemned(sheet: &[u8], now_s: u32) -> bool {
    all(sheet).any(|campaign| campaign.is_condemned(now_s))
}

/// The campaign with this id.
#[must_use]
pub fn find(sheet: &[u8], id: u32) -> Option<Campaign> {
    all(sheet).find(|campaign| campaign.id == id)
}

/// All campaigns in the sheet.
pub fn all(sheet: &[u8]) -> impl Iterator<Item = Campaign> + '_ {
    taken(sheet).map(read)
}

/// The records of all campaigns: most places are empty, and reading a whole one for nothing would cost a
/// refusal as much as all else that it takes.
fn taken(sheet: &[u8]) -> impl Iterator<Item = &[u8; CAMPAIGN_BYTES]> {
    sheet.as_chunks::<CAMPAIGN_BYTES>().0.iter().filter(|record| word(record, 0) != 0)
}

fn word(record: &[u8; CAMPAIGN_BYTES], place: usize) -> u32 {
    u32::from_le_bytes(array(record, 4 * place))
}

/// Where a side of a member's profile stands, in words.
fn place_of(member: usize, side: usize) -> usize {
    8 + member * SIDES + side
}

fn written(campaign: &Campaign) -> [u8; CAMPAIGN_BYTES] {
    let mut out = [0; CAMPAIGN_BYTES];
    let head = [campaign.id, campaign.first_s, campaign.last_s, campaign.members, campaign.refused];
    let ruled = [campaign.verdict.until_s, campaign.verdict.action.into(), campaign.unbanned_s];
    let all = head.into_iter().chain(ruled).chain(campaign.profiles.iter().flat_map(|profile| profile.0));
    for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(all) {
        *place = word.to_le_bytes();
    }
    out
}

fn read(record: &[u8; CAMPAIGN_BYTES]) -> Campaign {
    let word = |place| word(record, place);
    let profile = |member| Profile(std::array::from_fn(|side| word(place_of(member, side))));
    Campaign {
        id: word(0),
        first_s: word(1),
        last_s: word(2),
        members: word(3),
        refused: word(4),
        verdict: Verdict { until_s: word(5), action: word(6) as u8 },
        unbanned_s: word(7),
        profiles: std::array::from_fn(profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn profile(sides: [u32; 6]) -> Profile {
        let [a, b, c, d, e, f] = sides;
        Profile([a, b, c, d, e, f, 1])
    }

    const RARE: Weights = [4.0; 6];

    #[test]
    fn a_profile_belongs_where_enough_that_is_rare_is_the_same() {
        let mut sheet = vec![0; SHEET_BYTES];
        enter(&mut sheet, 7, &profile([1, 1, 1, 1, 1, 1]), 1000);
        let likeness = |sides, weights: &Weights| {
            likest(&sheet, &profile(sides), weights, 1000).map_or(0.0, |(_, nats)| nats)
        };
        assert_eq!(likeness([1, 1, 2, 2, 2, 2], &RARE), 8.0);
        assert_eq!(likeness([2, 2, 2, 2, 2, 2], &RARE), 0.0);
        let common = [0.1; 6];
        assert!(likeness([1, 1, 1, 1, 1, 1], &common) < SUSPECT, "what everybody has links nobody");
        assert_eq!(likeness([0, 0, 0, 0, 0, 1], &RARE), 4.0);
    }

    #[test]
    fn a_member_is_known_by_all_of_its_make_whatever_its_journey() {
        let mut sheet = vec![0; SHEET_BYTES];
        for (id, side) in [(7, 1), (8, 2), (8, 3)] {
            enter(&mut sheet, id, &profile([1, 1, 1, 1, 1, side]), 1000);
        }
        let known = |side, journey, now_s| {
            let Profile([a, b, c, d, e, _, _]) = profile([1; 6]);
            with_member(&sheet, &Profile([a, b, c, d, e, side, journey]), now_s)
        };
        assert_eq!([1, 2, 3, 4].map(|side| known(side, 5, 1000)), [Some(7), Some(8), Some(8), None]);
        assert_eq!(known(1, 1, 1001 + OVER_S), None, "it is over");
    }

    #[test]
    fn an_actor_who_changes_one_thing_at_a_time_is_followed() {
        let mut sheet = vec![0; SHEET_BYTES];
        enter(&mut sheet, 7, &profile([1; 6]), 1000);
        for step in 0..6_usize {
            let sides = std::array::from_fn(|side| if side <= step { 2 } else { 1 });
            let (found, nats) = likest(&sheet, &profile(sides), &RARE, 1000).unwrap();
            assert!(found.id == 7 && nats >= BELONGS, "step {step}: {nats}");
            enter(&mut sheet, found.id, &profile(sides), 1000 + step as u32);
        }
        let campaign = all(&sheet).next().unwrap();
        assert_eq!((campaign.first_s, campaign.last_s, campaign.members), (1000, 1005, 7));
    }

    #[test]
    fn suspicion_fades_within_a_day() {
        let mut sheet = vec![0; SHEET_BYTES];
        enter(&mut sheet, 7, &profile([1; 6]), 1000);
        let suspected = |now_s| {
            likest(&sheet, &profile([1; 6]), &RARE, now_s).map_or(0.0, |(c, nats)| suspicion(&c, nats, now_s))
        };
        assert!(suspected(1000) > suspected(1000 + OVER_S / 2) && suspected(1000 + OVER_S / 2) > 0.0);
        assert_eq!(suspected(1001 + OVER_S), 0.0);
    }

    #[test]
    fn the_campaign_seen_longest_ago_makes_room() {
        let mut sheet = vec![0; SHEET_BYTES];
        for id in 1..=CAMPAIGNS as u32 + 1 {
            enter(&mut sheet, id, &profile([id; 6]), id);
        }
        assert_eq!(all(&sheet).count(), CAMPAIGNS);
        assert!(all(&sheet).all(|campaign| campaign.id != 1));
        count(&mut sheet, 5, 10, 900);
        assert!(all(&sheet).any(|c| c.id == 5 && c.refused == 10 && c.last_s == 900));
    }
    #[test]
    fn a_condemned_campaign_outlives_others_and_quiet() {
        let mut sheet = vec![0; SHEET_BYTES];
        let verdict = Verdict { until_s: 10 * OVER_S, action: 4 };
        assert!(!condemn(&mut sheet, 7, verdict), "nobody was ever condemned as its");
        assert!(!condemn(&mut sheet, 0, verdict), "an empty place is no campaign");
        enter(&mut sheet, 7, &profile([1; 6]), 1);
        assert!(condemn(&mut sheet, 7, verdict));
        (100..300).for_each(|id| enter(&mut sheet, id, &profile([id; 6]), id));
        let of = |now_s| {
            let likest = likest(&sheet, &profile([1; 6]), &RARE, now_s);
            super::of(&sheet, &profile([1; 6]), likest, now_s)
        };
        assert_eq!((of(9 * OVER_S), of(10 * OVER_S)), (Some(7), None));
    }

    #[test]
    fn an_unbanned_campaign_lends_nothing_until_someone_is_condemned_anew() {
        let mut sheet = vec![0; SHEET_BYTES];
        enter(&mut sheet, 7, &profile([1; 6]), 1000);
        condemn(&mut sheet, 7, Verdict { until_s: 9000, action: 4 });
        assert!(unban(&mut sheet, 7, 1010));
        let found = find(&sheet, 7).unwrap();
        assert_eq!((found.is_condemned(1010), suspicion(&found, 20.0, 1010)), (false, 0.0));
        enter(&mut sheet, 7, &profile([2; 6]), 1010);
        count(&mut sheet, 7, 5, 1015);
        assert_eq!(suspicion(&find(&sheet, 7).unwrap(), 20.0, 1020), 0.0, "what was before is told of late");
        enter(&mut sheet, 7, &profile([3; 6]), 1020);
        let found = find(&sheet, 7).unwrap();
        assert!(suspicion(&found, 20.0, 1020) > 0.0);
        assert_eq!((found.members, found.profiles().count()), (1, 1), "it begins anew");
    }

    proptest! {
        #[test]
        fn any_bytes_are_campaigns(bytes in prop::collection::vec(any::<u8>(), 0..2000), id: u32, now_s: u32) {
            let mut sheet = bytes;
            let before = sheet.clone();
            let records = all(&sheet).all(|campaign| read(&written(&campaign)) == campaign);
            prop_assert!(records);
            let likest = likest(&sheet, &profile([1; 6]), &RARE, now_s);
            let _ = of(&sheet, &profile([1; 6]), likest, now_s);
            condemn(&mut sheet, id, Verdict { until_s: now_s, action: 4 });
            enter(&mut sheet, id, &profile([1; 6]), now_s);
            unban(&mut sheet, id, now_s);
            prop_assert_eq!(sheet.len(), before.len());
        }
    }
}
