//! The learning of one policy: which book it writes, and what has to follow a success.

use super::lesson::{Lesson, Terms};
use crate::facts::{Facets, Hashes, hash};
use crate::memory::Mark;
use crate::memory::sheet::SheetId;
use crate::policy::{Facet, Ladder, Policy};

/// How long lessons that condemn nobody may wait, in milliseconds.
const UNHURRIED_MS: u64 = 1000;

/// The learning of one policy.
pub(super) struct Class {
    pub(super) book: SheetId,
    pub(super) usual: f64,
    pub(super) learns_usual: bool,
    pub(super) ladder: Ladder,
    pub(super) lessons: Vec<Lesson>,
    /// The hash of the policy's name, which outlives a change of the configuration.
    pub(super) name: u32,
    pub(super) follow_up: Option<Follow>,
}

/// What has to follow a success of a policy.
#[derive(Clone)]
pub(super) struct Follow {
    /// Under which policies.
    pub(super) policies: Vec<usize>,
    pub(super) by: Facet,
    pub(super) within_s: u32,
}

impl Class {
    pub(super) fn new(policy: &Policy, book: SheetId) -> Option<Self> {
        let learning = policy.learning.as_ref()?;
        let follow_up = learning.follow_up.as_ref().map(|follow| Follow {
            policies: follow.policies.iter().map(|id| usize::from(id.0)).collect(),
            by: if follow.by_session { Facet::Session } else { Facet::Subject },
            within_s: u32::try_from(follow.within_ms / 1000).unwrap_or(u32::MAX),
        });
        Some(Self {
            book,
            usual: learning.usual,
            learns_usual: learning.learns_usual,
            ladder: policy.ladder,
            lessons: Vec::new(),
            name: hash::public(policy.name.as_bytes()) as u32,
            follow_up,
        })
    }

    /// What its book is kept by, since this was the last unban.
    pub(super) fn terms(&self, mark: Mark) -> Terms {
        Terms { ladder: self.ladder, usual: self.usual, learns_usual: self.learns_usual, mark }
    }

    /// Whether lessons are to be written: those that speak against somebody at once.
    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        let hurried =
            |lesson: &Lesson| lesson.speaks_against() || now_ms.saturating_sub(lesson.at_ms) >= UNHURRIED_MS;
        self.lessons.iter().any(hurried)
    }

    /// Under what something begun is kept.
    pub(super) fn late_key(&self, hashes: &Hashes, facets: &Facets) -> Option<u64> {
        let follow = self.follow_up.as_ref()?;
        Some(hashes.pair(u64::from(self.name), facets.get(follow.by)?).max(1))
    }
}
