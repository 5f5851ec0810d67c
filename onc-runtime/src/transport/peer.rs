//! Who is at the other end.

use std::fmt;
use std::net::SocketAddr;

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
