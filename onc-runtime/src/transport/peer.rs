//! Who is at the other end.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::rpc::Netid;

/// The other end of a connection, or the sender of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    netid: Netid,
    address: Option<SocketAddr>,
    uid: Option<u32>,
    gid: Option<u32>,
    pid: Option<u32>,
}

impl Peer {
    /// A peer at an IP address.
    #[must_use]
    pub fn ip(netid: Netid, address: SocketAddr) -> Self {
        Self { netid, address: Some(address), uid: None, gid: None, pid: None }
    }

    /// A peer that connected from this address. One that came by IPv4 to an IPv6 socket is a peer of IPv4.
    pub(crate) fn tcp(address: SocketAddr) -> Self {
        let address = canonical(address);
        Self::ip(Netid::tcp(&address), address)
    }

    /// A peer that sent a datagram from this address. One that came by IPv4 to an IPv6 socket is a peer of IPv4.
    pub(crate) fn udp(address: SocketAddr) -> Self {
        let address = canonical(address);
        Self::ip(Netid::udp(&address), address)
    }

    /// A peer on this host that has no IP address: on a Unix socket, whose owner the kernel tells, or in this process.
    #[must_use]
    pub fn local(uid: Option<u32>) -> Self {
        Self { netid: Netid::Local, address: None, uid, gid: None, pid: None }
    }

    /// The same, with its group and the number of its process.
    #[cfg(unix)]
    pub(crate) fn with_process(self, gid: Option<u32>, pid: Option<u32>) -> Self {
        Self { gid, pid, ..self }
    }

    /// The transport that it came by.
    #[must_use]
    pub fn netid(&self) -> Netid {
        self.netid
    }

    /// Its address; none on a Unix socket and in memory.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The user it runs as, where the kernel tells: on a Unix socket.
    #[must_use]
    pub fn uid(&self) -> Option<u32> {
        self.uid
    }

    /// The group it runs as, where the kernel tells: on a Unix socket.
    #[must_use]
    pub fn gid(&self) -> Option<u32> {
        self.gid
    }

    /// The number of the process that connected, where the kernel tells: on a Unix socket. It may have ended since.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }

    /// It is on this host: by the loopback interface, a Unix socket or in memory.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.address.is_none_or(|address| address.ip().to_canonical().is_loopback())
    }

    /// The host that it is on, if that is another one: an IPv4 address, or an IPv6 network of 64 bits, in which a host has as many
    /// addresses as it likes.
    pub(crate) fn other_host(&self) -> Option<IpAddr> {
        let address = self.address.filter(|_| !self.is_local())?;
        Some(match address.ip().to_canonical() {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
            ip => ip,
        })
    }
}

/// An IPv4 address that an IPv6 socket shows as one of IPv6, as what it is.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.uid) {
            (Some(address), _) => write!(f, "{address}"),
            (None, Some(uid)) => write!(f, "local user {uid}"),
            (None, None) => write!(f, "this host"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_hosts_are_told_apart_by_what_they_cannot_choose() {
        let host = |address: &str| {
            let host = Peer::ip(Netid::Tcp6, address.parse().expect("an address")).other_host();
            host.map(|host| host.to_string())
        };
        assert_eq!(host("192.0.2.1:1000").as_deref(), Some("192.0.2.1"));
        assert_eq!(host("[::ffff:192.0.2.1]:1001").as_deref(), Some("192.0.2.1"));
        assert_eq!(host("[2001:db8::1:2:3:4]:1000").as_deref(), Some("2001:db8::"));
        assert_eq!(host("[2001:db8:0:1::1]:1000").as_deref(), Some("2001:db8:0:1::"));
        for here in ["127.0.0.1:1000", "127.9.9.9:1000", "[::1]:1000", "[::ffff:127.0.0.1]:1000"] {
            assert_eq!(host(here), None, "{here}");
        }
        assert_eq!(Peer::local(Some(0)).other_host(), None);
    }
}
