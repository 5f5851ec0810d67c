//! The sockets of a server.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::Path;

use socket2::SockRef;
use tokio::net::{TcpListener, UdpSocket, lookup_host};

use crate::rpc::{Netid, UniversalAddress};

use super::target::{Place, Target};
#[cfg(unix)]
use super::unix::{Name, UnixSocket};
use super::{tcp, udp};

/// Where a server listens: any number of TCP ports, UDP ports and Unix sockets.
///
/// All of it has to happen inside of a tokio runtime.
///
/// ```
/// # use onc_runtime::{Context, Fault};
/// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
/// # struct Calculator;
/// # impl calc::CalcV1 for Calculator {
/// #     async fn add(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> { Ok(a + b) }
/// # }
/// use onc_runtime::Server;
/// use onc_runtime::transport::Sockets;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut sockets = Sockets::new();
/// sockets.bind_tcp("127.0.0.1:0".parse()?)?;
/// sockets.bind_udp("127.0.0.1:0".parse()?)?;                              // another port than TCP's
/// sockets.add_tcp(std::net::TcpListener::bind("127.0.0.1:0")?)?;          // bound and set up as one likes
///
/// let server = Server::builder().add(calc::CalcV1Server::new(Calculator)).listen(sockets).build().await?;
/// assert_ne!(server.tcp_addr().map(|tcp| tcp.port()), server.udp_addr().map(|udp| udp.port()));
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct Sockets {
    pub(crate) tcp: Vec<TcpListener>,
    pub(crate) udp: Vec<UdpSocket>,
    #[cfg(unix)]
    pub(crate) unix: Vec<UnixSocket>,
}

/// A port that was chosen for TCP may be taken for UDP: then another one is chosen, so many times.
const ATTEMPTS: usize = 32;

impl Sockets {
    /// No sockets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        #[cfg(unix)]
        if !self.unix.is_empty() {
            return false;
        }
        self.tcp.is_empty() && self.udp.is_empty()
    }

    /// Binds TCP and UDP to one port, 0 for any that is free. An IPv6 wildcard address takes IPv4 too.
    ///
    /// # Errors
    ///
    /// The system's; the text says which socket.
    pub fn bind(&mut self, address: SocketAddr) -> io::Result<()> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let listener = tcp::listen(address).map_err(|error| about("TCP", address, &error))?;
            let bound = listener.local_addr()?;
            match udp::bind(with_port(address, bound.port())) {
                Ok(socket) => {
                    self.tcp.push(listener);
                    self.udp.push(socket);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && attempt < ATTEMPTS => {
                }
                Err(error) => return Err(about("UDP", bound, &error)),
            }
        }
    }

    /// Binds TCP alone.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_tcp(&mut self, address: SocketAddr) -> io::Result<()> {
        self.tcp.push(tcp::listen(address).map_err(|error| about("TCP", address, &error))?);
        Ok(())
    }

    /// Binds UDP alone.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_udp(&mut self, address: SocketAddr) -> io::Result<()> {
        self.udp.push(udp::bind(address).map_err(|error| about("UDP", address, &error))?);
        Ok(())
    }

    /// Binds a port on all addresses of this host: IPv6 and IPv4 where it has both.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_any(&mut self, port: u16) -> io::Result<()> {
        match self.bind((Ipv6Addr::UNSPECIFIED, port).into()) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
                // A host without IPv6 says so in several ways.
                tracing::debug!(target: "onc::server", %error, "IPv4 only");
                self.bind((Ipv4Addr::UNSPECIFIED, port).into())
            }
            outcome => outcome,
        }
    }

    /// Binds a Unix socket that every user may connect to; its file is removed when it is closed. A name that begins with `@` or
    /// a zero byte is in Linux's abstract namespace. A socket of that name which nobody listens at is removed first.
    ///
    /// # Errors
    ///
    /// The system's; the text says which socket.
    #[cfg(unix)]
    pub fn bind_unix(&mut self, name: impl AsRef<Path>) -> io::Result<()> {
        let name = name.as_ref();
        self.unix.push(UnixSocket::bind(name).map_err(|error| about("the Unix socket", Name(name), &error))?);
        Ok(())
    }

    /// Adds a socket that was bound elsewhere. One of tokio's has `into_std`.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    pub fn add_tcp(&mut self, listener: std::net::TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        tcp::hand_down(SockRef::from(&listener))?;
        self.tcp.push(TcpListener::from_std(listener)?);
        Ok(())
    }

    /// Adds a socket that was bound elsewhere. One of tokio's has `into_std`.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    pub fn add_udp(&mut self, socket: std::net::UdpSocket) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        self.udp.push(UdpSocket::from_std(socket)?);
        Ok(())
    }

    /// Adds a socket that was bound elsewhere. One of tokio's has `into_std`.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    #[cfg(unix)]
    pub fn add_unix(&mut self, listener: std::os::unix::net::UnixListener) -> io::Result<()> {
        self.unix.push(UnixSocket::from_std(listener)?);
        Ok(())
    }

    /// Binds what a target says: of a host's addresses the first that can be had, for TCP and UDP as far as they are wanted, at one
    /// port; or a Unix socket alone.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind), or the target has no address or names none that can be bound.
    pub(crate) async fn bind_target(&mut self, target: Target, tcp: bool, udp: bool) -> io::Result<()> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidInput, what);
        let candidates = match target.place().map_err(|error| wrong(error.to_string()))? {
            Place::Address(address) => vec![address],
            Place::Port(host, port) => lookup_host((&*host, port)).await?.collect(),
            #[cfg(unix)]
            Place::Unix(name) => return self.bind_unix(name),
            _ => return Err(wrong("write HOST:PORT; port 0 is any that is free".into())),
        };
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
        for address in candidates {
            let bound = match (tcp, udp) {
                (true, true) => self.bind(address),
                (true, false) => self.bind_tcp(address),
                (false, true) => self.bind_udp(address),
                (false, false) => Ok(()),
            };
            match bound {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// All of `other` too.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.tcp.append(&mut other.tcp);
        self.udp.append(&mut other.udp);
        #[cfg(unix)]
        self.unix.append(&mut other.unix);
    }

    /// The address of the first TCP port, or else UDP port.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        let tcp = self.tcp.first().and_then(|socket| socket.local_addr().ok());
        tcp.or_else(|| self.udp.first().and_then(|socket| socket.local_addr().ok()))
    }

    /// Transport and universal address of each socket, one for each transport, in the order in which rpcbind has them.
    pub(crate) fn addresses(&self) -> Vec<(Netid, UniversalAddress)> {
        let tcp = self.tcp.iter().filter_map(|socket| socket.local_addr().ok()).flat_map(both_families);
        let udp = self.udp.iter().filter_map(|socket| socket.local_addr().ok()).flat_map(both_families);
        #[cfg_attr(not(unix), expect(unused_mut, reason = "Unix sockets are added to it"))]
        let mut addresses: Vec<(Netid, UniversalAddress)> = tcp
            .map(|address| (Netid::tcp(&address), address.into()))
            .chain(udp.map(|address| (Netid::udp(&address), address.into())))
            .collect();
        #[cfg(unix)]
        addresses.extend(self.unix.iter().filter_map(UnixSocket::address).map(|address| (Netid::Local, address)));
        let order = [Netid::Tcp6, Netid::Udp6, Netid::Tcp, Netid::Udp, Netid::Local];
        let first = |netid: Netid| addresses.iter().find(|(other, _)| *other == netid).cloned();
        order.into_iter().filter_map(first).collect()
    }
}

/// An IPv6 wildcard socket takes IPv4 too.
fn both_families(address: SocketAddr) -> impl Iterator<Item = SocketAddr> {
    let v6 = address.is_ipv6() && address.ip().is_unspecified();
    let v4 = v6.then(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())));
    std::iter::once(address).chain(v4)
}

/// The address with another port; an IPv6 address keeps its scope.
fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

fn about(what: &str, place: impl std::fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {place} cannot be bound: {error}"))
}
