//! Who calls a port mapper, and by which transport.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use crate::portmap::table::Owner;
use crate::portmap::{Process, RESERVED};
use crate::rpc::Netid;
use crate::service::Context;

/// The caller. One that came by IPv4 to an IPv6 socket is one of IPv4, as every [`Peer`](crate::transport::Peer) of a socket:
/// a socket for both is two transports to a port mapper.
pub(super) struct Caller<'a> {
    cx: &'a Context,
}

impl<'a> Caller<'a> {
    pub(super) fn of(cx: &'a Context) -> Self {
        Self { cx }
    }

    /// It is on this host.
    pub(super) fn is_local(&self) -> bool {
        self.cx.peer().is_local()
    }

    /// Its host, if that is another one.
    pub(super) fn stranger(&self) -> Option<IpAddr> {
        self.cx.peer().other_host()
    }

    /// It asks over UDP.
    pub(super) fn is_datagram(&self) -> bool {
        matches!(self.netid(), Netid::Udp | Netid::Udp6)
    }

    /// The transport that it came by.
    pub(super) fn netid(&self) -> Netid {
        self.cx.peer().netid()
    }

    /// The address of this host that it called, if it is known.
    pub(super) fn called(&self) -> Option<IpAddr> {
        self.cx.local_addr().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
    }

    /// The address of this host that packets to it leave from: where it may have called is a broadcast address.
    pub(super) fn faced(&self) -> Option<IpAddr> {
        let peer = self.cx.peer().address()?;
        let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // Connecting a datagram socket sends nothing: it asks for the route.
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect(peer).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    }

    /// Whom an entry that it makes belongs to.
    pub(super) fn owner(&self) -> Owner {
        // As rpcbind finds it out: the kernel's word on a Unix socket, otherwise that only root has the lower ports.
        match (self.cx.peer().uid(), self.cx.peer().address()) {
            (Some(0), _) => Owner::Superuser,
            (Some(uid), _) => Owner::User(uid),
            (None, Some(address)) if self.is_local() && address.port() < RESERVED => Owner::Superuser,
            _ => Owner::Unknown,
        }
    }

    /// The process that calls, if it still runs and can be told: on a Unix socket.
    pub(super) fn process(&self) -> Option<Process> {
        self.cx.peer().pid().and_then(Process::running)
    }
}
