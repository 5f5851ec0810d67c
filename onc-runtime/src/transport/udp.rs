//! UDP: sockets set up as RPC wants them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

/// Room in the kernel for datagrams that have not been read: a burst of calls.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A socket that sends to `address` and receives from nowhere else.
///
/// # Errors
///
/// The system's.
pub fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = open(any, true)?;
    socket.bind(&any.into())?;
    socket.connect(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// [`connect`], from a port below 1024, which only root may use.
///
/// # Errors
///
/// The system's; `PermissionDenied`: this is not root.
#[cfg(unix)]
pub fn connect_reserved(address: SocketAddr) -> io::Result<UdpSocket> {
    super::reserved::connect(
        address,
        || open(address, true),
        |socket| {
            socket.connect(&address.into())?;
            UdpSocket::from_std(socket.into())
        },
    )
}

/// A socket that receives at `address`. An IPv6 wildcard address takes IPv4 too.
///
/// # Errors
///
/// The system's, as of binding.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address, !address.ip().is_unspecified())?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn open(address: SocketAddr, only_v6: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(only_v6)?;
    }
    socket.set_nonblocking(true)?;
    // The system may grant less; that is no reason to fail.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(socket)
}
