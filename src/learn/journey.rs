//! The order of calls: what a session did before the request at hand.
//!
//! People come to a page, look around and then sign in; tools go straight for it. A session counts
//! as seen from its first request that the origin answered with success under a policy that does not
//! learn, such as one of role content.

/// How a session came to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Journey {
    /// The request names no session.
    None,
    /// The request names a session that never had an answer.
    Unknown,
    /// The session was first seen less than [`YOUNG_S`] ago.
    Young,
    /// It was seen before.
    Seen,
    /// It made [`BUSY`] requests at least.
    Busy,
}

impl Journey {
    /// Its name in notes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Young => "young",
            Self::Seen => "seen",
            Self::Busy => "busy",
        }
    }
}

/// How long a session is young, in seconds: nobody reads a page and fills a form in less.
pub const YOUNG_S: u32 = 3;

/// Requests that make a session a busy one.
pub const BUSY: u8 = 4;

/// Bits of a stored value that hold the time; the highest two hold whether the session is busy.
const TIME_BITS: u32 = 30;
const TIME_MASK: u32 = (1 << TIME_BITS) - 1;

/// A session first seen at a time, as it is stored.
#[must_use]
pub fn first_seen(now_s: u32, busy: bool) -> u32 {
    now_s & TIME_MASK | u32::from(busy) << TIME_BITS
}

/// Whether the stored session is a busy one.
#[must_use]
pub fn is_busy(stored: u32) -> bool {
    stored >> TIME_BITS != 0
}

/// The same session, busy from now on.
#[must_use]
pub fn busy(stored: u32) -> u32 {
    stored | 1 << TIME_BITS
}

/// The journey of a session as it is stored; `None`: it is not.
#[must_use]
pub fn of(stored: Option<u32>, now_s: u32) -> Journey {
    let Some(stored) = stored else { return Journey::Unknown };
    // In 30 bits, as it is stored.
    let age_s = (now_s & TIME_MASK).wrapping_sub(stored & TIME_MASK) & TIME_MASK;
    match stored {
        _ if age_s < YOUNG_S => Journey::Young,
        _ if is_busy(stored) => Journey::Busy,
        _ => Journey::Seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ages_and_becomes_busy() {
        let stored = first_seen(1_800_000_000, false);
        let at = |stored, seconds: u32| of(Some(stored), 1_800_000_000 + seconds);
        assert_eq!(of(None, 1), Journey::Unknown);
        assert_eq!(
            [at(stored, 0), at(stored, 2), at(stored, 3)],
            [Journey::Young, Journey::Young, Journey::Seen]
        );
        assert_eq!([at(busy(stored), 1), at(busy(stored), 9)], [Journey::Young, Journey::Busy]);
        assert!(is_busy(busy(stored)) && !is_busy(stored));
    }
}
