//! What is kept of one exchange: the live guard's side of it, and the candidate's.

use std::borrow::Cow;

use super::compare::Said;
use crate::guard::Exchange;

/// One request and its answer, as both guards see it.
#[derive(Default)]
pub struct Exchanges {
    pub(super) live: Exchange,
    /// `None`: no candidate sees it.
    pub(super) beside: Option<Box<Beside>>,
}

/// The candidate's side.
pub(super) struct Beside {
    pub(super) exchange: Exchange,
    /// Index of the policy, which is that of both.
    pub(super) policy: usize,
    /// The client, by a keyed hash; `None`: it cannot be told from others.
    pub(super) client: Option<u64>,
    /// Whether the candidate decides.
    pub(super) decides: bool,
    /// What the live guard and the candidate's came to; `None`: nothing yet.
    pub(super) said: [Option<Said>; 2],
}

impl Exchanges {
    fn any(&self, asks: fn(&Exchange) -> bool) -> bool {
        asks(&self.live) || self.beside.as_ref().is_some_and(|beside| asks(&beside.exchange))
    }

    /// Whether the candidate decides.
    pub(super) fn candidate_decides(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.decides)
    }

    /// See [`Exchange::awaits_body`].
    #[must_use]
    pub fn awaits_body(&self) -> bool {
        self.any(Exchange::awaits_body)
    }

    /// See [`Exchange::reads_body`].
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.any(|x| x.awaits_body() && x.reads_body())
    }

    /// See [`Exchange::awaits_answer`].
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        self.any(Exchange::awaits_answer)
    }

    /// See [`Exchange::awaits_answer_body`].
    #[must_use]
    pub fn awaits_answer_body(&self) -> bool {
        self.any(Exchange::awaits_answer_body)
    }

    /// See [`Exchange::take_announced`]: those of the guard that decides.
    pub fn take_announced(&mut self) -> Vec<(Cow<'static, str>, String)> {
        match &mut self.beside {
            Some(beside) if beside.decides => beside.exchange.take_announced(),
            _ => self.live.take_announced(),
        }
    }
}
