//! The actions, from mild to severe, and their numbers in stored verdicts.

use crate::memory::Standing;

/// What to do with a request, from mild to severe: a delayed request still goes on, a limited client is told
/// when to come back, a deceived one is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Nothing.
    Allow,
    /// Report only.
    Observe,
    /// Tell the origin.
    Tag,
    /// Hold each request for a while.
    Delay,
    /// Answer 429 to what is too much.
    Limit,
    /// Answer as the origin does where it refuses.
    Deceive,
    /// Answer 403.
    Block,
}

impl Action {
    /// Its name in configuration, metrics, headers and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Observe => "observe",
            Self::Tag => "tag",
            Self::Delay => "delay",
            Self::Limit => "limit",
            Self::Deceive => "deceive",
            Self::Block => "block",
        }
    }

    /// Whether a verdict on a key stands for a while, rather than being found anew with each request.
    #[must_use]
    pub fn stands(self) -> bool {
        self >= Self::Delay
    }

    /// Its number in a stored verdict; 0: it never stands. Pinned, since state in shared data outlives a new
    /// build.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Allow | Self::Observe | Self::Tag => 0,
            Self::Limit => 3,
            Self::Block => 4,
            Self::Delay => 5,
            Self::Deceive => 6,
        }
    }

    /// The action of a stored verdict; numbers of another version are a limit.
    #[must_use]
    pub fn of(standing: Standing) -> Self {
        let stored = |action: &Self| action.code() == standing.action;
        [Self::Delay, Self::Deceive, Self::Block].into_iter().find(stored).unwrap_or(Self::Limit)
    }
}
