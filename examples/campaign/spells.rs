//! How many requests an attacker needs to notice that he is opposed.
//!
//! A spell begins with a tactic's first request that is stopped, by a refusal or a decoy, and ends when its operator
//! notices. Tactics that are changed before, or whose list ends, cut it off: such spells are censored.

use super::ledger::Followed;
use super::shot::Class;
use super::world::{Noticed, TacticMark, Tell};

/// From the first that was stopped to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    /// Requests, the first that was stopped included.
    pub(crate) requests: u64,
    /// What ended it; `None`: it was cut off.
    pub(crate) tell: Option<Tell>,
}

/// The spells of one class of attackers, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spells(pub(crate) Vec<Spell>);

impl Spells {
    /// Those of a class, or of all. Who notices what is not there has none.
    pub(crate) fn of(tactics: &[Followed], marks: &[TacticMark], class: Option<Class>) -> Self {
        let pairs = tactics.iter().zip(marks).filter(|(_, mark)| class.is_none_or(|one| one == mark.class));
        let spell = |(followed, mark): (&Followed, &TacticMark)| {
            let first = followed.opposed?;
            let Noticed { tell, after } = match mark.noticed {
                Some(noticed) if noticed.after < first => return None,
                Some(noticed) => noticed,
                None => return Some(Spell { requests: followed.tried + 1 - first, tell: None }),
            };
            Some(Spell { requests: after + 1 - first, tell: Some(tell) })
        };
        Self(pairs.filter_map(spell).collect())
    }

    /// How many end because somebody notices.
    pub(crate) fn notices(&self) -> usize {
        self.0.iter().filter(|spell| spell.tell.is_some()).count()
    }

    /// How many end because somebody notices in this way.
    pub(crate) fn by(&self, tell: Tell) -> usize {
        self.0.iter().filter(|spell| spell.tell == Some(tell)).count()
    }

    /// Requests under opposition for each notice: the mean where noticing is as likely at each request, whatever cut
    /// the others off (Epstein and Sobel, Journal of the American Statistical Association 48, 1953). Where nobody
    /// notices it is more than all requests, which are given.
    pub(crate) fn mean(&self) -> f64 {
        let requests: u64 = self.0.iter().map(|spell| spell.requests).sum();
        requests as f64 / self.notices().max(1) as f64
    }

    /// The number of requests after which half have noticed, whatever cut the others off (Kaplan and Meier, Journal of
    /// the American Statistical Association 53, 1958); `Err`: it is more than the longest spell, which is given.
    pub(crate) fn median(&self) -> Result<u64, u64> {
        let mut spells = self.0.clone();
        // At the same number who notices comes before who is cut off.
        spells.sort_by_key(|spell| (spell.requests, spell.tell.is_none()));
        let mut unaware = 1.0;
        for (n, spell) in spells.iter().enumerate() {
            if spell.tell.is_some() {
                unaware *= 1.0 - 1.0 / (spells.len() - n) as f64;
            }
            if unaware <= 0.5 {
                return Ok(spell.requests);
            }
        }
        Err(spells.last().map_or(0, |spell| spell.requests))
    }
}
