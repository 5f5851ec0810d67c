//! Addresses of this host, seen from itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::rpc::UniversalAddress;

/// The loopback address of IPv4, or else of IPv6.
pub(super) fn loopback(v4: bool) -> IpAddr {
    if v4 { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

/// The address at which a server of this host is reached from here: a wildcard at its loopback.
pub(super) fn from_here(address: UniversalAddress) -> UniversalAddress {
    match address {
        UniversalAddress::Ip(address) if address.ip().is_unspecified() => {
            SocketAddr::new(loopback(address.is_ipv4()), address.port()).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_reached_at_its_loopback_and_others_where_they_are() {
        let reached = |address: &str| from_here(address.parse().expect("address")).to_string();
        assert_eq!(reached("0.0.0.0.8.1"), "127.0.0.1.8.1");
        assert_eq!(reached("::.8.1"), "::1.8.1");
        for other in ["192.0.2.1.8.1", "2001:db8::7.8.1", "/run/x.sock"] {
            assert_eq!(reached(other), other);
        }
    }
}
