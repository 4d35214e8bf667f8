//! Campaigns that are condemned as a whole: whoever is of one is refused, by whatever he is caught or not.
//!
//! That takes more than what lends suspicion. A request is of a condemned campaign where it is like it by
//! what is rare among customers, and shares with one of its profiles a combination that hardly any customers
//! have: so nobody is refused whose make is common, though an attacker has the very same. While too few
//! customers are known to tell what is common, nobody is.

use super::actor::weights;
use super::book::{self, Head};
use super::campaign::{self, Campaign, Verdict};
use super::journey::Journey;
use super::learner::{Learner, Seen};
use super::lesson::{Behaviors, LEAST_MAKES};
use super::profile::{self, COUNTED, Mask, Profile, SINGLES, Side};
use super::sentence::{Shares, is_rare};
use crate::decide::Action;
use crate::facts::{Facets, Hashes};
use crate::host::Host;

/// A condemned campaign that a request is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlaw {
    /// The campaign.
    pub campaign: u32,
    /// The verdict on all of it.
    pub verdict: Verdict,
}

impl Learner {
    /// Condemns all of a campaign until a time, in seconds since 1970; whether it is known. Whoever is of it
    /// is refused from now on, by this worker at once, by the others within two ticks.
    pub fn condemn_campaign(&mut self, host: &dyn Host, id: u32, until_s: u32, action: Action) -> bool {
        let verdict = Verdict { until_s, action: action.code() };
        let changed = self.change_campaign(host, id, &mut |sheet| campaign::condemn(sheet, id, verdict));
        self.outlaws |= changed;
        changed
    }

    /// Ends the verdict on a campaign; what it is suspected of stays.
    pub fn release_campaign(&mut self, host: &dyn Host, id: u32) {
        self.change_campaign(host, id, &mut |sheet| campaign::condemn(sheet, id, Verdict::default()));
    }

    /// Ends the verdict on a campaign, and the suspicion that it lends.
    pub fn unban_campaign(&mut self, host: &dyn Host, id: u32, now_ms: u64) {
        let now_s = (now_ms / 1000) as u32;
        self.change_campaign(host, id, &mut |sheet| campaign::unban(sheet, id, now_s));
    }

    /// The verdict that stands on a campaign.
    pub fn verdict_on(&mut self, host: &dyn Host, id: u32, now_ms: u64) -> Option<Verdict> {
        let found = campaign::find(self.sheets.read(host, self.campaigns), id)?;
        found.is_condemned((now_ms / 1000) as u32).then_some(found.verdict)
    }

    fn change_campaign(
        &mut self,
        host: &dyn Host,
        id: u32,
        change: &mut dyn FnMut(&mut [u8]) -> bool,
    ) -> bool {
        // Nothing is written where there is nothing to change.
        if campaign::find(self.sheets.read(host, self.campaigns), id).is_none() {
            return false;
        }
        let mut known = false;
        self.sheets.change(host, self.campaigns, &mut |sheet| known = change(sheet)) && known
    }

    /// Keeps in mind whether any campaign is condemned, so that most requests need not be attributed.
    pub(super) fn look_for_outlaws(&mut self, host: &dyn Host, now_ms: u64) {
        let sheet = self.sheets.read(host, self.campaigns);
        self.outlaws = campaign::any_condemned(sheet, (now_ms / 1000) as u32);
    }

    /// The condemned campaign that a request is of. Someone who succeeded with this subject before, in this
    /// session or from this network, is of none.
    pub fn outlaw(&mut self, host: &dyn Host, policy: usize, facets: &Facets, seen: &Seen) -> Option<Outlaw> {
        if !self.outlaws || seen.spared.is_some() {
            return None;
        }
        let book = self.class(policy)?.book;
        let campaigns = self.sheets.read(host, self.campaigns).to_vec();
        let customers = Customers::new(self.sheets.read(host, book), &self.hashes, &seen.profile);
        let found = customers.campaign(&campaigns, (seen.at_ms / 1000) as u32)?;
        let known = self.is_familiar(host, facets);
        (!known).then_some(Outlaw { campaign: found.id, verdict: found.verdict })
    }
}

/// How common a request's make is.
struct Customers<'b> {
    book: &'b [u8],
    hashes: &'b Hashes,
    profile: &'b Profile,
    head: Head,
    behaviors: Behaviors,
}

impl<'b> Customers<'b> {
    fn new(book: &'b [u8], hashes: &'b Hashes, profile: &'b Profile) -> Self {
        let behaviors = profile::keys(profile, hashes).map(|key| book::find(book, key?));
        Self { book, hashes, profile, head: Head::read(book), behaviors }
    }

    /// The condemned campaign that the request is of.
    fn campaign(&self, campaigns: &[u8], now_s: u32) -> Option<Campaign> {
        let of_side = |mask: usize| {
            let behavior = self.behaviors.get(mask).copied().flatten();
            Some(behavior.map_or(0.0, |behavior| behavior.customers()))
        };
        let weights = weights(self.head.customers, of_side);
        let likest = campaign::likest(campaigns, self.profile, &weights, now_s);
        let id = campaign::of(campaigns, self.profile, likest, now_s)?;
        let found = campaign::find(campaigns, id)?;
        let belongs = found.is_condemned(now_s) && found.is_like(self.profile, &weights);
        (belongs && self.shares_what_is_rare(&found)).then_some(found)
    }

    /// Whether a combination of the request's make is a condemned profile's too, and hardly any customer's,
    /// however they come to a request.
    fn shares_what_is_rare(&self, campaign: &Campaign) -> bool {
        let shares = Shares::new(&self.behaviors, &self.head);
        let is_shared = |mask: &Mask| campaign.profiles().any(|member| self.has_alike(*mask, member));
        let mut counted = COUNTED.iter().enumerate().take(SINGLES);
        counted.any(|(place, mask)| {
            let expected = shares.together(makes(*mask)) * self.head.customers;
            mask.makes() >= LEAST_MAKES
                && is_shared(mask)
                && is_rare(expected, &self.head)
                && is_rare(self.customers_with(place), &self.head)
        })
    }

    fn has_alike(&self, mask: Mask, member: &Profile) -> bool {
        makes(mask).all(|side| self.profile.get(side) != 0 && self.profile.get(side) == member.get(side))
    }

    /// How many customers have the make of a combination, whatever they looked at before.
    fn customers_with(&self, place: usize) -> f32 {
        let with = |journey: Journey| {
            let mut profile = *self.profile;
            profile.set(Side::Journey, journey as u32 + 1);
            let key = profile::keys(&profile, self.hashes).get(place).copied().flatten()?;
            Some(book::find(self.book, key)?.customers())
        };
        Journey::ALL.into_iter().filter_map(with).sum()
    }
}

/// The sides of a combination that tell of the make.
fn makes(mask: Mask) -> impl Iterator<Item = Side> {
    mask.sides().filter(|side| *side != Side::Journey)
}
