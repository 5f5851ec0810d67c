//! TCP: sockets set up as RPC wants them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
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

/// A connection has the options of the socket that accepted it, so that they are set once for all.
const HANDED_DOWN: bool = cfg!(any(target_os = "linux", target_os = "android"));

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
    finish_connecting(open(address)?, address).await
}

/// A socket that does not block.
fn open(address: SocketAddr) -> io::Result<Socket> {
    let open = |kind| Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP));
    // To tell it afterwards takes two calls of the system.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return open(Type::STREAM.nonblocking());
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let socket = open(Type::STREAM)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Connects a socket and sets it up.
async fn finish_connecting(socket: Socket, address: SocketAddr) -> io::Result<TcpStream> {
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if is_under_way(&error) => {}
        Err(error) => return Err(error),
    }
    // While the other end hears of the connection, and before the first call leaves. There are systems that set nothing on a socket
    // that was refused: it matters only if it is connected.
    let set_up = set_up(&socket);
    let stream = TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => set_up.map(|()| stream),
    }
}

/// The attempt to connect goes on.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(nix::errno::Errno::EINPROGRESS as i32);
    #[cfg(not(unix))]
    let in_progress = false;
    in_progress || error.kind() == io::ErrorKind::WouldBlock
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
    let mut attempt = 0;
    loop {
        attempt += 1;
        let socket = super::reserved::connect(address, || open(address), Ok)?;
        match finish_connecting(socket, address).await {
            Ok(stream) => return Ok(stream),
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
    let socket = open(address)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A server that is started again must not wait for the connections of its predecessor to be forgotten.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    hand_down(SockRef::from(&socket))?;
    TcpListener::from_std(socket.into())
}

/// Sets a socket up that connects. A connection whose other end is out of reach is ended by the system: one that waits
/// for a reply, and one that has bytes to send. Where the system cannot, the connection ends later.
fn set_up(socket: &Socket) -> io::Result<()> {
    set_options(socket)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = socket.set_tcp_user_timeout(Some(GONE));
    Ok(())
}

/// Sets what a listening socket accepts up in advance, where that can be done.
pub(super) fn hand_down(listener: SockRef<'_>) -> io::Result<()> {
    if HANDED_DOWN { set_options(&listener) } else { Ok(()) }
}

/// Sets a connection up that was accepted, where that could not be done in advance.
pub(crate) fn set_up_accepted(stream: &TcpStream) -> io::Result<()> {
    if HANDED_DOWN { Ok(()) } else { set_options(&SockRef::from(stream)) }
}

fn set_options(socket: &Socket) -> io::Result<()> {
    // Has the system ask whether the other end of a silent connection is still there. Where it cannot, the connection ends when it
    // is used.
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(AGAIN));
    // A lone small message must not wait for the acknowledgement of the one before.
    socket.set_tcp_nodelay(true)
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

    fn assert_set_up(stream: &TcpStream) {
        let socket = SockRef::from(stream);
        assert!(socket.keepalive().expect("an option") && stream.nodelay().expect("an option"));
        assert_eq!(socket.tcp_keepalive_time().expect("an option"), SILENCE);
        assert_eq!(socket.tcp_keepalive_interval().expect("an option"), AGAIN);
    }

    #[tokio::test]
    async fn ends_that_vanish_are_noticed() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = listen(address.parse().expect("an address")).expect("bound");
            let stream = connect(listener.local_addr().expect("bound")).await.expect("connected");
            assert_set_up(&stream);
            assert_eq!(SockRef::from(&stream).tcp_user_timeout().expect("an option"), Some(GONE));
            let (accepted, _) = listener.accept().await.expect("accepted");
            set_up_accepted(&accepted).expect("set up");
            assert_set_up(&accepted);
        }
    }

    #[tokio::test]
    async fn so_are_those_of_sockets_that_were_handed_over() {
        let mut sockets = super::super::Sockets::new();
        sockets.add_tcp(std::net::TcpListener::bind("127.0.0.1:0").expect("bound")).expect("added");
        let listener = &sockets.tcp[0];
        let _client = connect(listener.local_addr().expect("bound")).await.expect("connected");
        let (accepted, _) = listener.accept().await.expect("accepted");
        set_up_accepted(&accepted).expect("set up");
        assert_set_up(&accepted);
    }
}
