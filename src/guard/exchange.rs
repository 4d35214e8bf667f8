//! What is kept of one exchange between its steps.

use std::borrow::Cow;
use std::net::IpAddr;

use super::canary::Canary;
use super::held::Then;
use crate::facts::graphql::Operation;
use crate::facts::{Facets, FingerprintId, Headers, Probes};
use crate::learn::Seen;
use crate::memory::Mark;
use crate::memory::cache::Slot;
use crate::report::Note;
use crate::respond::{Reply, Speech};
use crate::usage::Usage;

/// One request and its answer. Its size is bounded by the configuration and the body limit.
#[derive(Default)]
pub struct Exchange {
    /// Index of the policy; `None`: the route is not protected.
    pub(super) policy: Option<usize>,
    pub(super) stage: Stage,
    /// The entry that lets the request through, by its place; `None`: it is judged.
    pub(super) allowed: Option<usize>,
    /// Whether a verdict stood on what its session shares with others, and it was let through all the same.
    pub(super) spared: bool,
    pub(super) facets: Facets,
    pub(super) slots: Vec<Option<Slot>>,
    /// What this worker followed of the request's keys; empty where no rule asks for it.
    pub(super) usages: Vec<Option<Usage>>,
    /// What the request probes for, as far as it was read.
    pub(super) probes: Probes,
    /// What learning keeps of the request; `None` before it was judged.
    pub(super) seen: Option<Seen>,
    /// The client's address; read only where a decree goes by it.
    pub(super) address: Option<IpAddr>,
    /// The unban that the request meets.
    pub(super) unbanned: Option<Mark>,
    /// Whether a browser sent it ahead of its user.
    pub(super) prefetch: bool,
    /// What the request does that its policy is about, at most [`crate::facts::graphql::MOST_OPERATIONS`];
    /// `None`: that is not read, and it counts as one.
    pub(super) acts: Option<Vec<Operation>>,
    /// Whether its query string may name the operation of its body's document.
    pub(super) named_in_path: bool,
    /// What the request asks too much of.
    pub(super) size: Option<crate::facts::size::TooMuch>,
    /// The account that the request names elsewhere than as its subject, by its hash.
    pub(super) account: Option<u64>,
    /// Whether a success would change what a rule can see, as of the request: one that was asked for
    /// before a failure makes up for nothing, however late its answer comes.
    pub(super) success_matters: bool,
    pub(super) method: Vec<u8>,
    pub(super) path: Vec<u8>,
    pub(super) speech: Speech,
    /// The origin of the page that sent it, until its answer came: what the answer allows the page is read.
    pub(super) origin: Option<Vec<u8>>,
    /// Whether request headers can still be changed.
    pub(super) headers_held: bool,
    /// `content-encoding` of the body that is being read.
    pub(super) encoding: Option<Vec<u8>>,
    /// Its `content-type`.
    pub(super) content_type: Option<Vec<u8>>,
    /// A reply that waits for the end of the request's body.
    pub(super) refusal: Option<Step>,
    /// When it came, in microseconds since 1970, where its policy deceives.
    pub(super) began_us: u64,
    /// Its subject in clear, where its policy deceives: an answer may have to repeat it.
    pub(super) said_subject: Option<String>,
    /// How it holds a value that only the deceived were given; `None`: it does not.
    pub(super) canary: Option<Canary>,
    /// What is left of a limit, where the answer is to tell it.
    pub(super) announced: Vec<(Cow<'static, str>, String)>,
    /// The origin's answer, while its body is read.
    pub(super) answer: Option<Answer>,
}

/// An answer whose body tells the outcome.
pub(super) struct Answer {
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    /// Whether its outcome is known, and learned from: the body is read for its form alone.
    pub(super) is_learned: bool,
}

impl Answer {
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers::new(self.headers.iter().map(|(n, v)| (&n[..], &v[..])).collect())
    }
}

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is to be done any more, or nothing was yet.
    #[default]
    Idle,
    /// The request's body is awaited.
    AwaitsBody,
    /// The request went to the origin, whose answer is awaited.
    AwaitsAnswer,
    /// The answer's headers came; its body is awaited.
    AwaitsAnswerBody,
}

/// What to do next with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Let it go on; none of its body has to be seen.
    Pass,
    /// Hold it until its body was judged.
    Hold,
    /// Let its headers go on, but hold its body until it was judged.
    HoldBody,
    /// Answer it.
    Reply(Reply),
    /// Hold it until this time, in microseconds since 1970, whatever comes of its body meanwhile.
    Wait(u64, Then),
}

/// A step's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What to do next.
    pub next: Next,
    /// Request headers to remove first: a client's copies of Palisade's own.
    pub strip: Vec<String>,
    /// Request headers to set.
    pub tags: Vec<(&'static str, String)>,
    /// What filter state shall say of the verdict.
    pub note: Option<Note>,
}

impl Step {
    pub(crate) fn next(next: Next) -> Self {
        Self { next, strip: Vec::new(), tags: Vec::new(), note: None }
    }
}

impl Exchange {
    /// The fingerprint as it is printed, with what is known so far.
    pub(super) fn shown_fingerprint(&self) -> String {
        FingerprintId::of(&self.facets).to_string()
    }

    /// Index of its policy; `None`: the route is not protected, or the request needs no protection.
    #[must_use]
    pub fn policy(&self) -> Option<usize> {
        self.policy
    }

    /// Whether the request's body is awaited.
    #[must_use]
    pub fn awaits_body(&self) -> bool {
        self.stage == Stage::AwaitsBody
    }

    /// Whether the body is awaited to be read, not only to come to its end.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.refusal.is_none()
    }

    /// Whether the answer's body is to be shown.
    #[must_use]
    pub fn awaits_answer_body(&self) -> bool {
        self.stage == Stage::AwaitsAnswerBody
    }

    /// Headers that the origin's answer is to get.
    pub fn take_announced(&mut self) -> Vec<(Cow<'static, str>, String)> {
        std::mem::take(&mut self.announced)
    }

    /// Whether the answer's headers are to be shown.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        self.stage == Stage::AwaitsAnswer
    }
}
