//! Fingerprints that were taken lately, so that a make of client that comes again is not hashed
//! anew. It changes no fingerprint: what is recalled is what hashing would give.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use ahash::RandomState;

use super::{Fingerprint, Headers, probe};

/// Makes of client that are recalled. When there are more, all are forgotten: whoever invents a new
/// one for each request costs one hashing a request, and nothing else.
const MAKES: usize = 1024;

/// Room to join parts in that is kept between requests, in bytes.
const JOINED_BYTES: usize = 64 << 10;

/// The most that this takes between requests, in bytes: a map of 2,048 places, and the room.
pub const BOUND_BYTES: u64 = (2 * MAKES * (size_of::<((u64, usize), Make)>() + 1) + JOINED_BYTES) as u64;

/// What the headers of a make of client tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Make {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// What its agent and what it accepts tell of probing.
    pub mark: probe::Mark,
}

/// The fingerprints of one worker's late clients.
pub struct Recall {
    state: RandomState,
    known: HashMap<(u64, usize), Make, RandomState>,
    /// Room to join parts in, kept between requests.
    joined: Vec<u8>,
}

impl Recall {
    /// Knows nobody yet. `seeds` key its hashes, so that nobody can aim at another's place.
    #[must_use]
    pub fn new(seeds: [u64; 4]) -> Self {
        let [a, b, c, d] = seeds;
        let state = RandomState::with_seeds(a, b, c, d);
        Self { known: HashMap::with_hasher(state.clone()), state, joined: Vec::new() }
    }

    /// [`Fingerprint::new`] and [`probe::Mark::of`], from memory where it was taken lately.
    pub fn make(&mut self, headers: &Headers<'_>, edge_headers: &[String], tls: Option<&[u8]>) -> Make {
        let name = self.name(headers, tls);
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        let make = Make {
            fingerprint: Fingerprint::new(headers, edge_headers, tls),
            mark: probe::Mark::of(headers),
        };
        if self.known.len() >= MAKES {
            self.known.clear();
        }
        self.known.insert(name, make);
        make
    }

    /// Names everything that a fingerprint is made of, by a keyed hash of 64 bits and the length.
    /// Names that a fingerprint leaves out are part of it all the same: that costs a place, and
    /// spares asking for each name whether it counts. The parts are joined first, since each call of
    /// the hasher costs more than the few bytes of a name.
    fn name(&mut self, headers: &Headers<'_>, tls: Option<&[u8]>) -> (u64, usize) {
        let joined = &mut self.joined;
        joined.clear();
        joined.shrink_to(JOINED_BYTES);
        let mut join = |part: &[u8]| {
            joined.extend_from_slice(part);
            joined.push(b'\n');
        };
        for (name, value) in headers.iter() {
            join(name);
            if probe::is_of_make(name) {
                join(value);
            }
        }
        if let Some(tls) = tls {
            // No header has an empty name.
            join(b"");
            join(tls);
        }
        let mut hasher = self.state.build_hasher();
        hasher.write(joined);
        (hasher.finish(), joined.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn view(pairs: &Pairs) -> Headers<'_> {
        Headers::new(pairs.iter().map(|(n, v)| (&n[..], &v[..])).collect())
    }

    /// Few names and values, so that requests differ in little and often come again.
    fn pairs() -> impl Strategy<Value = Pairs> {
        let names = ["user-agent", "accept-language", "accept-encoding", "cookie", "x-a", "x-ab", "x-b"];
        let pair = (prop::sample::select(names.to_vec()), prop::sample::select(vec!["", "a", "ab"]));
        let bytes = |(name, value): (&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        prop::collection::vec(pair.prop_map(bytes), 0..5)
    }

    proptest! {
        #[test]
        fn what_is_recalled_is_what_hashing_gives(requests in prop::collection::vec((pairs(), prop::option::of("[ab]{0,2}")), 1..40)) {
            let mut recall = Recall::new([1, 2, 3, 4]);
            let edge = ["x-b".to_owned()];
            for (pairs, tls) in &requests {
                let tls = tls.as_deref().map(str::as_bytes);
                let anew = Fingerprint::new(&view(pairs), &edge, tls);
                prop_assert_eq!(recall.make(&view(pairs), &edge, tls).fingerprint, anew);
            }
        }
    }

    #[test]
    fn a_new_make_for_each_request_does_not_make_it_grow() {
        let mut recall = Recall::new([1, 2, 3, 4]);
        for n in 0..5 * MAKES {
            let agent = n.to_string();
            let headers = Headers::new(vec![(b"user-agent", agent.as_bytes())]);
            recall.make(&headers, &[], None);
            assert!(recall.known.len() <= MAKES);
        }
    }
}
