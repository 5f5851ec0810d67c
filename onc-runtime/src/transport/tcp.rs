//! TCP: sockets set up as RPC wants them.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
#[cfg(unix)]
use tokio::net::TcpSocket;
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

/// Connects to `address` from a port below 1024, which only root may use: there are servers that take no calls from others.
///
/// # Errors
///
/// The system's, as of connecting; `PermissionDenied`: this is not root.
///
/// # Cancel safety
///
/// Dropped, the attempt is abandoned.
#[cfg(unix)]
pub async fn connect_reserved(address: SocketAddr) -> io::Result<TcpStream> {
    // A port from which a connection to the same address was closed just now is refused only on connecting.
    const ATTEMPTS: usize = 16;
    let open = || Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
    let mut attempt = 0;
    loop {
        attempt += 1;
        let socket = super::reserved::connect(address, open, Ok)?;
        socket.set_nonblocking(true)?;
        match TcpSocket::from_std_stream(socket.into()).connect(address).await {
            Ok(stream) => {
                set_up(&stream)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
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

/// Has the socket wake its task only when so many bytes have arrived, or the peer has closed.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "neither std nor a crate of ours has SO_RCVLOWAT")]
pub(super) fn set_receive_low_water(stream: &TcpStream, bytes: usize) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    // SAFETY: the descriptor is open as long as `stream` is borrowed, and the option's value is an int that lives until the
    // call returns, with its size.
    let failed = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const bytes).cast(),
            size_of_val(&bytes) as libc::socklen_t,
        )
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Only Linux's poll heeds it.
#[cfg(not(target_os = "linux"))]
pub(super) fn set_receive_low_water(_stream: &TcpStream, _bytes: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
