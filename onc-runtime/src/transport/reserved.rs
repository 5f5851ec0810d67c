//! Ports below 1024, which on Unix only root may use: servers that trust their network take a call from one as proof.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::Socket;

use crate::rpc::random_xid;

/// The ports that are tried.
const FIRST: u16 = 512;
const LAST: u16 = 1023;

/// Ports of well-known services in that range, so that a client does not keep one of them from starting.
const TAKEN: [u16; 22] =
    [512, 513, 514, 515, 543, 544, 546, 547, 548, 554, 587, 623, 631, 636, 664, 853, 873, 953, 989, 990, 993, 995];

/// Binds a socket to a port below 1024 that nobody has, and has `connect` connect it. `connect` may be called several times, each
/// time with a new socket that `open` makes: a port may be free and yet not connect, because a connection from it to the
/// same address has just been closed.
pub(super) fn connect<T>(
    to: SocketAddr,
    open: impl Fn() -> io::Result<Socket>,
    connect: impl Fn(Socket) -> io::Result<T>,
) -> io::Result<T> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // Each time from another one on, so that two clients do not go through the same ones.
    let count = LAST - FIRST + 1;
    let start = (random_xid() % u32::from(count)) as u16;
    let candidates = (0..count).map(|at| FIRST + (start + at) % count).filter(|port| !TAKEN.contains(port));
    for port in candidates {
        let socket = open()?;
        match socket.bind(&SocketAddr::new(any, port).into()).and_then(|()| connect(socket)) {
            Ok(connected) => return Ok(connected),
            Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) => {}
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(io::Error::new(
                    error.kind(),
                    "ports below 1024 are root's, or need CAP_NET_BIND_SERVICE: `reserved_port` asks for one",
                ));
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port below 1024 is free"))
}
