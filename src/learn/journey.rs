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
    /// It asked for one thing before.
    Glanced,
    /// It asked for some things before.
    Seen,
    /// It asked for [`BUSY`] things at least.
    Busy,
}

impl Journey {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Unknown, Self::Young, Self::Glanced, Self::Seen, Self::Busy];

    /// Its name in notes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Young => "young",
            Self::Glanced => "glanced",
            Self::Seen => "seen",
            Self::Busy => "busy",
        }
    }
}

/// How long a session is young, in seconds: nobody reads a page and fills a form in less.
pub const YOUNG_S: u32 = 3;

/// Requests after which a session has seen something, and is a busy one.
const SEEN: u8 = 2;
const BUSY: u8 = 4;

/// Bits of a stored value that hold the time; the highest two hold how much the session asked for.
const TIME_BITS: u32 = 30;
const TIME_MASK: u32 = (1 << TIME_BITS) - 1;

/// What is to be stored of a session that made so many requests, as far as one worker counted;
/// `None`: what is stored already.
#[must_use]
pub fn after(stored: Option<u32>, requests: u8, now_s: u32) -> Option<u32> {
    let asked = match requests {
        ..SEEN => 0,
        SEEN..BUSY => 1,
        BUSY.. => 2,
    };
    let since = stored.unwrap_or(now_s) & TIME_MASK;
    let is_more = stored.is_none_or(|stored| stored >> TIME_BITS < asked);
    is_more.then_some(since | asked << TIME_BITS)
}

/// Whether a stored session can become no busier.
#[must_use]
pub fn is_busy(stored: u32) -> bool {
    stored >> TIME_BITS > 1
}

/// The journey of a session as it is stored; `None`: it is not.
#[must_use]
pub fn of(stored: Option<u32>, now_s: u32) -> Journey {
    let Some(stored) = stored else { return Journey::Unknown };
    // In 30 bits, as it is stored.
    let age_s = (now_s & TIME_MASK).wrapping_sub(stored & TIME_MASK) & TIME_MASK;
    match stored >> TIME_BITS {
        _ if age_s < YOUNG_S => Journey::Young,
        0 => Journey::Glanced,
        1 => Journey::Seen,
        _ => Journey::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ages_and_becomes_busy() {
        let mut stored = after(None, 1, 1_800_000_000).unwrap();
        let at = |stored, seconds: u32| of(Some(stored), 1_800_000_000 + seconds);
        assert_eq!(of(None, 1), Journey::Unknown);
        assert_eq!(
            [at(stored, 0), at(stored, 2), at(stored, 3)],
            [Journey::Young, Journey::Young, Journey::Glanced]
        );
        for (requests, journey) in [(2, Journey::Seen), (4, Journey::Busy)] {
            stored = after(Some(stored), requests, 1_800_000_100).unwrap();
            assert_eq!([at(stored, 2), at(stored, 100)], [Journey::Young, journey]);
            assert_eq!(after(Some(stored), requests, 1_800_000_200), None);
        }
        assert!(is_busy(stored));
        assert_eq!(after(Some(stored), 1, 1_800_000_300), None, "another worker counted less");
    }
}
