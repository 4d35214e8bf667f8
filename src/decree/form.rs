//! The form of decrees in shared data: a head, places for those of the configuration, and places for those
//! that were given by hand. Any bytes are some decrees.

use std::net::IpAddr;

use super::{Decree, End, Ruling};
use crate::decide::Action;
use crate::memory::bytes::{Parts, array, put};
use crate::memory::{Mark, Standing};
use crate::policy::{FingerprintId, MOST_DECREES, Network, Target};

/// The most decrees that are given by hand at a time, each until it ends.
pub const MOST_BY_HAND: usize = 64;

/// Places: first those of the configuration.
const PLACES: usize = MOST_DECREES + MOST_BY_HAND;

/// The head holds how many unbans were given.
const HEAD_BYTES: usize = 16;

/// Length of a record in bytes.
pub(super) const RECORD_BYTES: usize = 48;

/// Length of the sheet in bytes.
pub const SHEET_BYTES: usize = HEAD_BYTES + PLACES * RECORD_BYTES;

/// An unban by hand ends after so long, in seconds: no verdict that was given before it stands for longer than
/// a week, and no count reaches back further.
const UNBAN_S: u32 = 7 * 86_400;

/// How an end that is open is written.
const OPEN: u32 = u32::MAX;

/// A decree that was given.
///
/// | bytes | what |
/// |---|---|
/// | 0 | kind of the target: 1 network of IPv4, 2 of IPv6, 3 fingerprint, 4 campaign, 5 session; else none |
/// | 1 | 1 condemned, 2 unbanned |
/// | 2 | action |
/// | 3 | length of the network; which parts the fingerprint has, a bit each |
/// | 4..8 | when it was given, in seconds since 1970 |
/// | 8..12 | when it ends, likewise; 2^32 - 1: open |
/// | 12..14 | mark |
/// | 14 | 1: an unban by hand ended it |
/// | 16..44 | target |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) decree: Decree,
    pub(super) at_s: u32,
    /// Of an unban: its place in the order of all.
    pub(super) mark: Mark,
    pub(super) revoked: bool,
}

impl Given {
    /// When it ends, in seconds since 1970; [`u32::MAX`]: that is open.
    pub(super) fn until_s(&self) -> u32 {
        match self.decree.ruling {
            Ruling::Condemn { end: End::At(until_s), .. } => until_s,
            Ruling::Condemn { end: End::After(for_s), .. } => self.at_s.saturating_add(for_s),
            Ruling::Condemn { end: End::Open, .. } | Ruling::Unban => OPEN,
        }
    }

    pub(super) fn is_in_force(&self, now_s: u32) -> bool {
        !self.revoked && self.until_s() > now_s
    }

    /// Whether it need not be kept any more, where it was given by hand.
    pub(super) fn is_done(&self, now_s: u32) -> bool {
        let unban = self.decree.ruling == Ruling::Unban;
        !self.is_in_force(now_s) || (unban && now_s.saturating_sub(self.at_s) > UNBAN_S)
    }
}

/// All decrees in the sheet, with their places.
pub(super) fn all(sheet: &[u8]) -> impl Iterator<Item = (usize, Given)> + '_ {
    let records = sheet.get(HEAD_BYTES..).unwrap_or_default().as_chunks::<RECORD_BYTES>().0;
    records.iter().take(PLACES).enumerate().filter_map(|(place, record)| Some((place, decode(record)?)))
}

/// Writes a place; `None` empties it.
pub(super) fn write(sheet: &mut [u8], place: usize, given: Option<&Given>) {
    let record = given.map_or([0; RECORD_BYTES], encode);
    put(sheet, HEAD_BYTES + place * RECORD_BYTES, &record);
}

/// How many unbans were given, counted in 32 bits.
pub(super) fn unbans(sheet: &[u8]) -> u32 {
    u32::from_le_bytes(array(sheet, 0))
}

/// Counts one more, and returns its mark.
pub(super) fn count_unban(sheet: &mut [u8]) -> Mark {
    let number = unbans(sheet).wrapping_add(1);
    put(sheet, 0, &number.to_le_bytes());
    Mark::of(number)
}

pub(super) fn encode(given: &Given) -> [u8; RECORD_BYTES] {
    let mut target = [0; 28];
    let (kind, extent) = match given.decree.target {
        Target::Network(network) => {
            match network.address() {
                IpAddr::V4(v4) => put(&mut target, 0, &v4.octets()),
                IpAddr::V6(v6) => put(&mut target, 0, &v6.octets()),
            }
            (if network.address().is_ipv4() { 1 } else { 2 }, network.length())
        }
        Target::Fingerprint(parts) => {
            let mut written = Parts::new(&mut target);
            let mut present = 0;
            for (place, part) in parts.parts.iter().enumerate() {
                present |= u8::from(part.is_some()) << place;
                written.put(&part.unwrap_or_default().to_le_bytes());
            }
            (3, present)
        }
        Target::Campaign(id) => {
            put(&mut target, 0, &id.to_le_bytes());
            (4, 0)
        }
        Target::Session(hash) => {
            put(&mut target, 0, &hash.to_le_bytes());
            (5, 0)
        }
    };
    let (ruling, action) = match given.decree.ruling {
        Ruling::Condemn { action, .. } => (1, action.code()),
        Ruling::Unban => (2, 0),
    };
    let mut out = [0; RECORD_BYTES];
    let mut parts = Parts::new(&mut out);
    parts.put(&[kind, ruling, action, extent]);
    parts.put(&given.at_s.to_le_bytes());
    parts.put(&given.until_s().to_le_bytes());
    parts.put(&given.mark.bits().to_le_bytes());
    parts.put(&[u8::from(given.revoked), 0]);
    parts.put(&target);
    out
}

pub(super) fn decode(record: &[u8; RECORD_BYTES]) -> Option<Given> {
    let [kind, ruling, action, extent] = array(record, 0);
    let word = |at| u32::from_le_bytes(array(record, at));
    let network = |address: IpAddr| Network::new(address, extent).map(Target::Network);
    let target = match kind {
        1 => network(IpAddr::V4(array::<4>(record, 16).into()))?,
        2 => network(IpAddr::V6(array::<16>(record, 16).into()))?,
        3 => {
            let part = |place: usize| (extent >> place & 1 == 1).then(|| word(16 + 4 * place) & PART);
            Target::Fingerprint(FingerprintId { parts: std::array::from_fn(part) })
        }
        4 => Target::Campaign(word(16)),
        5 => Target::Session(u64::from_le_bytes(array(record, 16))),
        _ => return None,
    };
    let until_s = word(8);
    let ruling = match ruling {
        1 => Ruling::Condemn {
            action: Action::of(Standing { action, ..Standing::default() }),
            end: if until_s == OPEN { End::Open } else { End::At(until_s) },
        },
        2 => Ruling::Unban,
        _ => return None,
    };
    let [revoked] = array(record, 14);
    Some(Given {
        decree: Decree { target, ruling },
        at_s: word(4),
        mark: Mark::from_bits(u16::from_le_bytes(array(record, 12))),
        revoked: revoked == 1,
    })
}

/// The bits of a fingerprint's part.
const PART: u32 = (1 << 25) - 1;
