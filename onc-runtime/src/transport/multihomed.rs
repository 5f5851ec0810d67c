//! A UDP socket of a server, on a host that may have several addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, ready};

use tokio::net::UdpSocket;

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
use self::control as system;
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
use self::plain as system;

/// A socket that knows to which of this host's addresses a datagram came, and answers from there.
///
/// A client takes replies only from the address that it called; of a socket that is bound to all addresses the system would
/// choose one.
#[derive(Debug)]
pub(crate) struct MultihomedSocket {
    io: UdpSocket,
    /// It is bound to all addresses, and tells of each datagram where it came to.
    tells: bool,
}

/// Where a datagram came from, and to: where the answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Return {
    /// Who sent it.
    pub(crate) to: SocketAddr,
    /// To which address of this host; `None`: to the one that the socket is bound to, or nobody knows.
    pub(crate) from: Option<IpAddr>,
}

impl MultihomedSocket {
    /// Sets `io`, which is bound, up.
    ///
    /// # Errors
    ///
    /// The socket does not let itself be set up.
    pub(crate) fn new(io: UdpSocket) -> io::Result<Self> {
        let local = io.local_addr()?;
        let tells = local.ip().is_unspecified() && system::tell(&io, local)?;
        Ok(Self { io, tells })
    }

    /// Receives a datagram, or has the task woken when there is one. One task at a time may wait here.
    pub(crate) fn poll_receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<(usize, Return)>> {
        loop {
            // This is counted: however fast they come, other tasks have their turn.
            ready!(self.io.poll_recv_ready(cx))?;
            let received = if self.tells {
                system::receive(&self.io, buffer)
            } else {
                self.io.try_recv_from(buffer).map(|(length, to)| (length, Return { to, from: None }))
            };
            match received {
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => {}
                    // An ICMP answer to one of our replies says nothing about the next call.
                    io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused => {}
                    _ => return Poll::Ready(Err(error)),
                },
                received => return Poll::Ready(received),
            }
        }
    }

    /// Sends an answer, or has the task woken when it can be sent. One task at a time may wait here.
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>, message: &[u8], destination: Return) -> Poll<io::Result<()>> {
        loop {
            match self.try_send(message, destination) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(self.io.poll_send_ready(cx))?,
                sent => return Poll::Ready(sent),
            }
        }
    }

    /// Sends an answer. Any number of tasks may wait here.
    ///
    /// # Cancel safety
    ///
    /// It has been sent or not.
    pub(crate) async fn send(&self, message: &[u8], destination: Return) -> io::Result<()> {
        loop {
            match self.try_send(message, destination) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.io.writable().await?,
                sent => return sent,
            }
        }
    }

    fn try_send(&self, message: &[u8], destination: Return) -> io::Result<()> {
        if let Return { to, from: Some(from) } = destination {
            match system::send(&self.io, message, to, from) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {}
                sent => return sent,
            }
        }
        // Bound to one address, or the datagram came by broadcast, to an address that nobody sends from.
        self.io.try_send_to(message, destination.to).map(drop)
    }
}

/// With the packet information of RFC 3542 and what IPv4 has like it.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod control {
    use std::io::{self, IoSlice, IoSliceMut};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::os::fd::AsRawFd as _;

    use nix::cmsg_space;
    use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
    use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
    use nix::sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt,
    };
    use tokio::io::Interest;
    use tokio::net::UdpSocket;

    use super::Return;

    /// Has the system tell of each datagram where it came to.
    pub(super) fn tell(socket: &UdpSocket, local: SocketAddr) -> io::Result<bool> {
        match local {
            SocketAddr::V4(_) => setsockopt(socket, Ipv4PacketInfo, &true)?,
            SocketAddr::V6(_) => setsockopt(socket, Ipv6RecvPacketInfo, &true)?,
        }
        Ok(true)
    }

    pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Return)> {
        socket.try_io(Interest::READABLE, || receive_now(socket, buffer))
    }

    fn receive_now(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Return)> {
        let mut space = cmsg_space!(in6_pktinfo);
        let mut room = [IoSliceMut::new(buffer)];
        let received = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut room, Some(&mut space), MsgFlags::empty())?;
        let to = received.address.as_ref().and_then(address);
        let to = to.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a datagram from nowhere"))?;
        let from = received.cmsgs()?.find_map(|message| match message {
            // The address itself, and not the one that would be sent from: they differ for a broadcast only.
            ControlMessageOwned::Ipv4PacketInfo(info) => Some(v4(info.ipi_addr).into()),
            ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into()),
            _ => None,
        });
        Ok((received.bytes, Return { to, from }))
    }

    pub(super) fn send(socket: &UdpSocket, message: &[u8], to: SocketAddr, from: IpAddr) -> io::Result<()> {
        let to = SockaddrStorage::from(to);
        let room = [IoSlice::new(message)];
        let send = |control: ControlMessage<'_>| {
            sendmsg(socket.as_raw_fd(), &room, &[control], MsgFlags::empty(), Some(&to))
                .map(drop)
                .map_err(io::Error::from)
        };
        socket.try_io(Interest::WRITABLE, || match from {
            IpAddr::V4(from) => {
                let source = in_addr { s_addr: u32::from_ne_bytes(from.octets()) };
                let none = in_addr { s_addr: 0 };
                send(ControlMessage::Ipv4PacketInfo(&in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: source,
                    ipi_addr: none,
                }))
            }
            IpAddr::V6(from) => {
                let source = in6_addr { s6_addr: from.octets() };
                send(ControlMessage::Ipv6PacketInfo(&in6_pktinfo { ipi6_addr: source, ipi6_ifindex: 0 }))
            }
        })
    }

    fn v4(address: in_addr) -> Ipv4Addr {
        Ipv4Addr::from(address.s_addr.to_ne_bytes())
    }

    fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
        let v4 = storage.as_sockaddr_in().map(|address| SocketAddrV4::from(*address).into());
        v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddrV6::from(*address).into()))
    }
}

/// Where the system does not tell: it chooses the address that answers come from.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod plain {
    use std::io;
    use std::net::{IpAddr, SocketAddr};

    use tokio::net::UdpSocket;

    use super::Return;

    #[expect(clippy::unnecessary_wraps, reason = "as where it can fail")]
    pub(super) fn tell(_: &UdpSocket, _: SocketAddr) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, Return)> {
        socket.try_recv_from(buffer).map(|(length, to)| (length, Return { to, from: None }))
    }

    pub(super) fn send(socket: &UdpSocket, message: &[u8], to: SocketAddr, _: IpAddr) -> io::Result<()> {
        socket.try_send_to(message, to).map(drop)
    }
}
