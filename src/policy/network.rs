//! A network: all addresses that begin alike.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network in CIDR notation (RFC 4632; for IPv6 RFC 4291, 2.3). IPv4 and IPv6 never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNetwork {
    /// It is neither an address nor one with a length behind a slash.
    Form,
    /// It has bits behind its length; the network that it is in.
    Inside(Network),
}

impl Network {
    /// The network of so many bits that an address is in; `None`: the address has not so many bits.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        (length <= bits(address)).then(|| Self { address: cut(address, length), length })
    }

    /// The network's first address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits its addresses have in common, 0 to 32 or 128.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether an address is in it. IPv4 that is written as IPv6 is IPv4: callers see to that.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && cut(address, self.length) == self.address
    }

    /// Whether all of another network is in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.length <= other.length && self.holds(other.address)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address without the bits behind a length.
fn cut(address: IpAddr, length: u8) -> IpAddr {
    let behind = u32::from(bits(address).saturating_sub(length));
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(behind).unwrap_or(0)).into()),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(behind).unwrap_or(0)).into()),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Reads `203.0.113.0/24`, `2001:db8::/32`, or an address alone.
impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.parse().map_err(|_| NoNetwork::Form)?;
        let length = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| NoNetwork::Form)?
            }
            Some(_) => return Err(NoNetwork::Form),
            None => bits(address),
        };
        // Of an IPv4 address in IPv6 it would not be known which length is meant.
        if address != address.to_canonical() {
            return Err(NoNetwork::Form);
        }
        let network = Self::new(address, length).ok_or(NoNetwork::Form)?;
        if network.address == address { Ok(network) } else { Err(NoNetwork::Inside(network)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn holds_what_begins_alike() {
        let holds = |net: &str, address: &str| network(net).holds(address.parse().unwrap());
        assert!(holds("203.0.113.0/24", "203.0.113.255") && !holds("203.0.113.0/24", "203.0.114.0"));
        assert!(holds("203.0.113.7", "203.0.113.7") && !holds("203.0.113.7", "203.0.113.6"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(!holds("::/64", "0.0.0.1") && !holds("0.0.0.0/1", "::1"), "the two never meet");
        assert!(network("10.0.0.0/8").covers(&network("10.1.0.0/16")));
        assert!(!network("10.1.0.0/16").covers(&network("10.0.0.0/8")));
    }

    #[test]
    fn what_is_no_network_is_told_why() {
        for text in
            ["", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "10.0.0/8", "::ffff:10.0.0.0/104"]
        {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork::Form), "{text}");
        }
        assert_eq!("10.1.2.3/8".parse::<Network>(), Err(NoNetwork::Inside(network("10.0.0.0/8"))));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(bits: u128, v4: bool, length in 0_u8..=128) {
            let address = if v4 { IpAddr::V4((bits as u32).into()) } else { IpAddr::V6(bits.into()) };
            if let Some(found) = Network::new(address.to_canonical(), length) {
                prop_assert!(found.holds(address.to_canonical()));
                prop_assert_eq!(found.to_string().parse(), Ok(found));
            }
        }

        #[test]
        fn any_text_is_survived(text in "[0-9a-f:./]{0,30}") {
            let _ = text.parse::<Network>();
        }
    }
}
