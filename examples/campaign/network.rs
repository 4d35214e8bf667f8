//! Networks: homes, carriers that share few addresses among thousands, offices, data centres, and
//! the proxies that attackers rent, some of which are customers' own lines.

use super::random::{Dice, mix};

/// First octets that are given out publicly to access networks.
const FIRST: [u32; 40] = [
    2, 5, 24, 31, 37, 46, 50, 62, 67, 68, 71, 73, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90,
    91, 92, 93, 94, 95, 98, 99, 109, 151, 176, 178, 188, 212,
];
const HOMES: u32 = 24_000;
const CARRIERS: u32 = 6;
const FIRST_CARRIER: u32 = 24_000;
const FIRST_OFFICE: u32 = 24_200;
const FIRST_HOTEL: u32 = 24_400;
const FIRST_RELAY: u32 = 24_300;
const FIRST_SERVICE: u32 = 24_800;
const FIRST_PROXY: u32 = 30_000;
/// Addresses of a carrier, behind which thousands of its customers are at once.
const CARRIER_ADDRESSES: u64 = 8;

/// The `index`-th network of 256 addresses, each a different one.
fn block(index: u32) -> u32 {
    let (column, row) = (index as usize % FIRST.len(), index / 40);
    let first = FIRST.get(column).copied().unwrap_or(2);
    (first << 24) | ((row.wrapping_mul(40_503) & 0xffff) << 8)
}

/// The `number`-th line at somebody's home.
pub(crate) fn home(number: u64) -> u32 {
    let at = u32::try_from(mix(number) % u64::from(HOMES)).unwrap_or(0);
    block(at) + 1 + u32::try_from(mix(number ^ 0x51) % 250).unwrap_or(0)
}

/// An address of a carrier, as a phone gets one for a while.
pub(crate) fn carrier(carrier: u64, draw: u64) -> u32 {
    let at = u32::try_from(carrier % u64::from(CARRIERS)).unwrap_or(0);
    block(FIRST_CARRIER + at) + 10 + u32::try_from(draw % CARRIER_ADDRESSES).unwrap_or(0)
}

/// An exit of a privacy relay or VPN, another for each visit, shared with thousands.
pub(crate) fn relay(draw: u64) -> u32 {
    block(FIRST_RELAY + u32::try_from(draw % 6).unwrap_or(0)) + 40 + u32::try_from(draw / 6 % 10).unwrap_or(0)
}

/// The one address of an office.
pub(crate) fn office(number: u64) -> u32 {
    block(FIRST_OFFICE + u32::try_from(number % 200).unwrap_or(0)) + 17
}

/// The one address of a hotel, a café or a train.
pub(crate) fn hotel(number: u64) -> u32 {
    block(FIRST_HOTEL + u32::try_from(number % 400).unwrap_or(0)) + 33
}

/// A machine in a data centre.
pub(crate) fn service(number: u32) -> u32 {
    block(FIRST_SERVICE + number) + 5
}

/// A machine that an attacker works from, without a proxy.
pub(crate) fn machine(number: u32) -> u32 {
    block(FIRST_SERVICE + 1_000 + number) + 9
}

/// What proxy providers rent out: addresses in so many networks of 256.
pub(crate) struct Proxies {
    networks: u64,
    /// Addresses, or `None`: no address is given out twice.
    addresses: Option<u64>,
    /// How many each provider has given out.
    given: [u64; PROVIDERS],
    /// How each provider's list begins.
    seed: u64,
}

/// Proxy providers.
pub(crate) const PROVIDERS: usize = 6;

impl Proxies {
    /// Providers that share so many addresses, in less than half as many networks.
    pub(crate) fn new(seed: u64, addresses: u64, used_once: bool) -> Self {
        let addresses = addresses.max(PROVIDERS as u64 * 20);
        let networks = addresses * 60 / 130;
        Self {
            networks,
            addresses: (!used_once).then_some(addresses),
            given: [0; PROVIDERS],
            seed: mix(seed),
        }
    }

    /// The next address of a provider. Providers go through their lists, so that an address comes
    /// back only when all others of its provider had their turn.
    pub(crate) fn next(&mut self, provider: usize) -> u32 {
        let provider = provider % PROVIDERS;
        let Some(given) = self.given.get_mut(provider) else { return 0 };
        let turn = *given;
        *given += 1;
        let (provider, providers) = (provider as u64, PROVIDERS as u64);
        match self.addresses {
            None => self.address(turn * providers + provider),
            Some(addresses) => {
                let own = addresses / providers;
                self.address((turn + self.seed % own) % own * providers + provider)
            }
        }
    }

    /// The `number`-th address: of 8 networks one is of customers' homes.
    fn address(&self, number: u64) -> u32 {
        let (network, host) = (number % self.networks, number / self.networks % 250);
        let place = mix(network ^ self.seed);
        // Of 300 addresses one is a carrier's, and of 1,500 one is a VPN's.
        if self.addresses.is_some() && mix(number).is_multiple_of(300) {
            let is_relay = mix(number ^ 1).is_multiple_of(5);
            return if is_relay { relay(place) } else { carrier(place, number) };
        }
        let low = |n: u64| u32::try_from(n).unwrap_or(0);
        let at = if network.is_multiple_of(8) {
            low(network / 8 % u64::from(HOMES))
        } else {
            FIRST_PROXY + low(network)
        };
        block(at) + 1 + low((host * 83 + place) % 250)
    }
}

/// As text.
pub(crate) fn write(address: u32, to: &mut String) {
    use std::fmt::Write as _;
    let [a, b, c, d] = address.to_be_bytes();
    let _ = write!(to, "{a}.{b}.{c}.{d}");
}

/// A provider, for one who rents.
pub(crate) fn rent(dice: &mut Dice) -> usize {
    dice.below(PROVIDERS)
}
