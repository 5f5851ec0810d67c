//! TCP: sockets set up as RPC wants them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
#[cfg(unix)]
use tokio::net::TcpSocket;
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// How long a server may be out of reach before the connection to it is given up: longer than a network hiccups, shorter than the
/// quarter of an hour that Linux takes by itself.
#[cfg(any(target_os = "linux", target_os = "android"))]
const GONE: Duration = Duration::from_secs(120);

/// How long nothing has to come from the other end before it is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// The time between two such questions.
const AGAIN: Duration = Duration::from_secs(15);

/// Connects to `address`. That a server's host has vanished without a word is noticed after two minutes on Linux, elsewhere when the
/// system does.
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
    notice_when_gone(&stream);
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
                notice_when_gone(&stream);
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

/// Has the system end a connection whose other end is out of reach: one that waits for a reply, and one that has bytes to send. Where
/// it cannot, the connection ends later.
fn notice_when_gone(stream: &TcpStream) {
    ask_when_silent(stream);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = SockRef::from(stream).set_tcp_user_timeout(Some(GONE));
}

/// Has the system ask whether the other end of a silent connection is still there, and end the connection if it is not.
pub(crate) fn ask_when_silent(stream: &TcpStream) {
    // Where it cannot, the connection ends when it is used.
    let _ = SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(AGAIN));
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_vanishes_is_noticed() {
        let listener = listen("127.0.0.1:0".parse().expect("an address")).expect("bound");
        let stream = connect(listener.local_addr().expect("bound")).await.expect("connected");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("an option") && stream.nodelay().expect("an option"));
        assert_eq!(socket.tcp_keepalive_time().expect("an option"), SILENCE);
        assert_eq!(socket.tcp_keepalive_interval().expect("an option"), AGAIN);
        assert_eq!(socket.tcp_user_timeout().expect("an option"), Some(GONE));
    }
}
