//! Who is at the other end of a connection, as far as that tells one apart from another. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Somebody of another machine, by an address. An IPv6 address counts with all of its network of 64 bits: whoever has one
/// has those (RFC 4291, section 2.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Neighbour {
    V4(Ipv4Addr),
    V6(u64),
}

impl Neighbour {
    /// `None`: it is a program of this machine, which is no other's neighbour.
    pub(super) fn at(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            address if address.is_loopback() => None,
            IpAddr::V4(address) => Some(Self::V4(address)),
            IpAddr::V6(address) => Some(Self::V6(network(address))),
        }
    }
}

/// The upper half.
fn network(address: Ipv6Addr) -> u64 {
    (address.to_bits() >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Option<Neighbour> {
        Neighbour::at(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_network_are_one_neighbour_s() {
        assert_eq!(at("2001:db8:0:1::1"), at("2001:db8:0:1:ffff::2"));
        assert_ne!(at("2001:db8:0:1::1"), at("2001:db8:0:2::1"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn this_machine_is_nobody_s_neighbour() {
        assert_eq!([at("127.0.0.1"), at("127.9.9.9"), at("::1"), at("::ffff:127.0.0.1")], [None; 4]);
    }
}
