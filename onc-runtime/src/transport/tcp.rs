//! TCP: sockets set up as RPC wants them.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// Connects to `address`.
///
/// # Errors
///
/// The system's, as of connecting.
///
/// # Cancel safety
///
/// Dropped, the attempt is abandoned.
pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    set_up(&stream)?;
    Ok(stream)
}

/// Listens on `address`. An IPv6 wildcard address takes IPv4 too.
///
/// # Errors
///
/// The system's, as of binding.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A server that is started again must not wait for the connections of its predecessor to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Sets an accepted or connected stream up.
pub(crate) fn set_up(stream: &TcpStream) -> io::Result<()> {
    // A lone small message must not wait for the acknowledgement of the one before.
    stream.set_nodelay(true)
}
