//! What an unban does to what was learned: the behaviors of whoever is unbanned begin anew.

use super::actor::weights_in;
use super::book;
use super::campaign;
use super::learner::Learner;
use super::lesson::LEAST_MAKES;
use super::profile::{self, COUNTED, MASKS, Profile, SINGLES};
use super::sentence;
use crate::host::Host;
use crate::memory::Mark;

impl Learner {
    /// Takes in which unban was the last.
    pub fn set_mark(&mut self, mark: Mark) {
        self.mark = mark;
    }

    /// Clears the behaviors of a request that carry verdicts, or could soon, of what was before an unban:
    /// each once, whichever worker is first.
    pub fn pardon(&mut self, host: &dyn Host, policy: usize, profile: &Profile, unban: Mark) {
        let Some(class) = self.class(policy) else { return };
        let book = class.book;
        let keys = profile::keys(profile, &self.hashes);
        if !speaks_against(self.sheets.read(host, book), &keys, unban) {
            return;
        }
        // What waits came before, and is not to be counted after.
        self.study(host, policy);
        let mut clear = |book: &mut [u8]| {
            for (key, mut behavior) in of(book, &keys) {
                if behavior.is_to_be_cleared(unban) {
                    behavior.clear(unban);
                    book::put(book, key, &behavior, 0);
                }
            }
        };
        self.sheets.change(host, book, &mut clear);
    }

    /// The campaigns that a request is of: by its make, and by the verdict that it would meet; 0: none.
    pub fn campaigns_of(
        &mut self,
        host: &dyn Host,
        policy: usize,
        profile: &Profile,
        now_ms: u64,
    ) -> [u32; 2] {
        let Some(class) = self.class(policy) else { return [0; 2] };
        let book = class.book;
        let keys = profile::keys(profile, &self.hashes);
        let book = self.sheets.read(host, book);
        let met = sentence::recognise(book, &keys, now_ms).map_or(0, |met| met.campaign);
        let weights = weights_in(book, &keys);
        let (campaigns, now_s) = (self.sheets.read(host, self.campaigns), (now_ms / 1000) as u32);
        let likest = campaign::likest(campaigns, profile, &weights, now_s);
        [campaign::of(campaigns, profile, likest, now_s).unwrap_or(0), met]
    }
}

/// A request's behaviors that can be condemned, as they are in the book.
fn of(book: &[u8], keys: &[Option<u64>; MASKS]) -> Vec<(u64, super::behavior::Behavior)> {
    let can_be = COUNTED.iter().zip(keys).take(SINGLES).filter(|(mask, _)| mask.makes() >= LEAST_MAKES);
    can_be.filter_map(|(_, key)| Some(((*key)?, book::find(book, (*key)?)?))).collect()
}

fn speaks_against(book: &[u8], keys: &[Option<u64>; MASKS], unban: Mark) -> bool {
    of(book, keys).iter().any(|(_, behavior)| behavior.is_to_be_cleared(unban))
}
