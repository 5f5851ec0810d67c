//! Who calls a port mapper, and by which transport.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::portmap::Process;
use crate::portmap::table::Owner;
use crate::rpc::Netid;
use crate::service::Context;

/// The caller, with IPv4 addresses inside IPv6 ones taken out: a socket for both is two transports to a port mapper.
pub(super) struct Caller<'a> {
    cx: &'a Context,
}

/// Ports below this one can only be bound by root.
const RESERVED: u16 = 1024;

impl<'a> Caller<'a> {
    pub(super) fn of(cx: &'a Context) -> Self {
        Self { cx }
    }

    /// It is on this host.
    pub(super) fn is_local(&self) -> bool {
        self.cx.peer().is_local()
    }

    /// Its address, if it is on another host.
    pub(super) fn stranger(&self) -> Option<IpAddr> {
        if self.is_local() { None } else { self.ip() }
    }

    /// It asks over UDP.
    pub(super) fn is_datagram(&self) -> bool {
        matches!(self.netid(), Netid::Udp | Netid::Udp6)
    }

    /// The transport that it came by.
    pub(super) fn netid(&self) -> Netid {
        let netid = self.cx.peer().netid();
        match (netid, self.ip()) {
            (Netid::Tcp6, Some(IpAddr::V4(_))) => Netid::Tcp,
            (Netid::Udp6, Some(IpAddr::V4(_))) => Netid::Udp,
            _ => netid,
        }
    }

    /// The address of this host that it called, if it is known.
    pub(super) fn called(&self) -> Option<IpAddr> {
        self.cx.local_addr().map(|address| address.ip().to_canonical()).filter(|ip| !ip.is_unspecified())
    }

    /// The address of this host that packets to it leave from: where it may have called is a broadcast address.
    pub(super) fn faced(&self) -> Option<IpAddr> {
        let peer = self.cx.peer().address()?;
        let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // Connecting a datagram socket sends nothing: it asks for the route.
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect(peer).ok()?;
        socket.local_addr().ok().map(|address| address.ip().to_canonical())
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

    fn ip(&self) -> Option<IpAddr> {
        self.cx.peer().address().as_ref().map(SocketAddr::ip).map(|ip| ip.to_canonical())
    }
}
