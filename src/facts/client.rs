//! The facets of a client: independent hashes, each describing it from one side.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::{Fingerprint, Hashes, Headers, hash, payload};
use crate::policy::{Facet, SessionSource};

/// Every facet of one request that could be read. Absent ones take part in no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    values: [Option<u64>; FACETS],
}

/// How many kinds of facet there are.
const FACETS: usize = Facet::Small as usize + 1;

impl Facets {
    /// The facet's value.
    #[must_use]
    pub fn get(&self, facet: Facet) -> Option<u64> {
        self.values.get(facet as usize).copied().flatten()
    }

    /// Sets a facet.
    pub fn set(&mut self, facet: Facet, value: Option<u64>) {
        if let Some(slot) = self.values.get_mut(facet as usize) {
            *slot = value;
        }
    }

    /// Sets address and network, each where `wanted`, from the address as the host or an edge
    /// wrote it. Addresses are personal: keyed, like sessions and subjects.
    pub fn set_address(&mut self, hashes: &Hashes, text: &[u8], wanted: impl Fn(Facet) -> bool) {
        let Some(address) = address(text) else { return };
        let octets = octets(address);
        if wanted(Facet::Address) {
            self.set(Facet::Address, Some(hashes.personal("address", &octets)));
        }
        if wanted(Facet::Network) {
            let network = octets.get(..network_octets(address));
            self.set(Facet::Network, network.map(|n| hashes.personal("network", n)));
        }
    }

    /// Sets what the headers tell of the client's make.
    pub fn set_fingerprint(&mut self, fingerprint: &Fingerprint) {
        self.set(Facet::HeaderOrder, Some(fingerprint.order));
        self.set(Facet::HeaderSet, Some(fingerprint.set));
        self.set(Facet::Agent, fingerprint.agent);
        self.set(Facet::Locale, fingerprint.locale);
        self.set(Facet::Tls, fingerprint.tls);
        self.set(Facet::Fingerprint, Some(fingerprint.whole));
    }

    /// Sets the session, where the request has one.
    pub fn set_session(&mut self, hashes: &Hashes, source: Option<&SessionSource>, headers: &Headers<'_>) {
        let value = match source {
            None => None,
            Some(SessionSource::Cookie(name)) => headers.cookie(name),
            Some(SessionSource::Header(name)) => headers.get(name),
            Some(SessionSource::Bearer) => headers.bearer(),
        };
        self.set(Facet::Session, value.and_then(|value| session(hashes, value)));
    }

    /// Sets the shape of the body, decoded; none where it is empty.
    pub fn set_payload(&mut self, content_type: Option<&[u8]>, body: &[u8]) {
        self.set(Facet::Payload, payload::facet(content_type, body));
    }
}

/// The hash of a session, wherever it was read; `None`: it is empty.
#[must_use]
pub fn session(hashes: &Hashes, value: &[u8]) -> Option<u64> {
    (!value.is_empty()).then(|| hashes.personal("session", value))
}

/// The hash of a TLS fingerprint that an edge reports.
#[must_use]
pub fn tls(value: Option<&[u8]>) -> Option<u64> {
    value.map(<[u8]>::trim_ascii).filter(|v| !v.is_empty()).map(hash::public)
}

/// The address of a client, as the host or an edge wrote it.
///
/// It reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; of a list that an edge
/// joined with commas the last, which the nearest hop wrote. IPv4 in IPv6 is IPv4.
#[must_use]
pub fn address(text: &[u8]) -> Option<IpAddr> {
    let last = text.rsplit(|&b| b == b',').next().unwrap_or(text);
    let text = std::str::from_utf8(last.trim_ascii()).ok()?;
    let address = IpAddr::from_str(text).ok().or_else(|| SocketAddr::from_str(text).ok().map(|s| s.ip()))?;
    Some(address.to_canonical())
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => Ipv6Addr::octets(&v6),
    }
}

/// /24 of IPv4 (behind 12 octets of mapping), /48 of IPv6.
fn network_octets(address: IpAddr) -> usize {
    if address.is_ipv4() { 15 } else { 6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Secret;

    fn facets(text: &str) -> Facets {
        let mut facets = Facets::default();
        let hashes = Hashes::new(&Secret(b"0123456789abcdef".to_vec()));
        facets.set_address(&hashes, text.as_bytes(), |_| true);
        facets
    }

    #[test]
    fn an_address_is_the_same_in_every_form() {
        for form in ["192.0.2.7:443", " 192.0.2.7 ", "10.0.0.1, 192.0.2.7", "::ffff:192.0.2.7"] {
            assert_eq!(facets(form), facets("192.0.2.7"), "{form}");
        }
        assert_eq!(facets("[2001:db8::1]:80"), facets("2001:db8::1"));
    }

    #[test]
    fn networks_are_24_and_48_bits() {
        let network = |text| facets(text).get(Facet::Network);
        assert_eq!(network("192.0.2.7"), network("192.0.2.250"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("2001:db8:1::1"), network("2001:db8:1:ffff::2"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
    }

    #[test]
    fn what_is_no_address_gives_no_facet() {
        for text in ["", "unknown", "1.2.3", "\u{fffd}"] {
            assert_eq!(facets(text), Facets::default(), "{text}");
        }
    }
}
