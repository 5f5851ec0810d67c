//! The sockets of a port mapper.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UdpSocket};

use crate::rpc::{Netid, UniversalAddress};
use crate::transport::{tcp, udp};

/// Where a port mapper listens: any number of TCP ports, UDP ports and Unix sockets.
#[derive(Debug, Default)]
pub struct Sockets {
    pub(super) tcp: Vec<TcpListener>,
    pub(super) udp: Vec<UdpSocket>,
    #[cfg(unix)]
    pub(super) unix: Vec<UnixSocket>,
}

/// A Unix socket, and the path to remove when it is closed.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct UnixSocket {
    pub(super) listener: tokio::net::UnixListener,
    pub(super) address: Option<UniversalAddress>,
    _file: Option<SocketFile>,
}

/// The file of a Unix socket, which goes with it.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile(PathBuf);

/// A port that was chosen for TCP may be taken for UDP: then another one is chosen, so many times.
const ATTEMPTS: usize = 32;

impl Sockets {
    /// No sockets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
            match udp::bind(SocketAddr::new(address.ip(), bound.port())) {
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

    /// Binds a port on all addresses of this host: IPv6 and IPv4 where it has both.
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    pub fn bind_any(&mut self, port: u16) -> io::Result<()> {
        match self.bind((Ipv6Addr::UNSPECIFIED, port).into()) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
                // A host without IPv6 says so in several ways.
                tracing::debug!(target: "onc::portmap", %error, "IPv4 only");
                self.bind((Ipv4Addr::UNSPECIFIED, port).into())
            }
            outcome => outcome,
        }
    }

    /// Binds a Unix socket that every user may connect to. A path that begins with a zero byte is a name in Linux's abstract
    /// namespace. A socket of that path which nobody listens at is removed first.
    ///
    /// # Errors
    ///
    /// The system's; the text says which socket.
    #[cfg(unix)]
    pub fn bind_unix(&mut self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let failed = |error: io::Error| about("the Unix socket", path.display().to_string().replace('\0', "@"), &error);
        let in_file_system = !path.as_os_str().as_encoded_bytes().starts_with(&[0]);
        if in_file_system {
            remove_stale(path).map_err(failed)?;
        }
        let listener = tokio::net::UnixListener::bind(path).map_err(failed)?;
        let mut file = None;
        if in_file_system {
            use std::os::unix::fs::PermissionsExt;

            file = Some(SocketFile(path.to_owned()));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).map_err(failed)?;
        }
        self.unix.push(UnixSocket { address: address_of(&listener), listener, _file: file });
        Ok(())
    }

    /// Adds a socket that was bound elsewhere: by systemd, say.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    pub fn add_tcp(&mut self, listener: std::net::TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        self.tcp.push(TcpListener::from_std(listener)?);
        Ok(())
    }

    /// Adds a socket that was bound elsewhere: by systemd, say.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    pub fn add_udp(&mut self, socket: std::net::UdpSocket) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        self.udp.push(UdpSocket::from_std(socket)?);
        Ok(())
    }

    /// Adds a socket that was bound elsewhere: by systemd, say.
    ///
    /// # Errors
    ///
    /// The system's: it does not let itself be set up.
    #[cfg(unix)]
    pub fn add_unix(&mut self, listener: std::os::unix::net::UnixListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::UnixListener::from_std(listener)?;
        self.unix.push(UnixSocket { address: address_of(&listener), listener, _file: None });
        Ok(())
    }

    /// The address of the first TCP port, or else UDP port.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        let tcp = self.tcp.first().and_then(|socket| socket.local_addr().ok());
        tcp.or_else(|| self.udp.first().and_then(|socket| socket.local_addr().ok()))
    }

    /// Transport and universal address of each socket, one for each transport, in the order in which rpcbind has them.
    pub(super) fn addresses(&self) -> Vec<(Netid, UniversalAddress)> {
        let tcp = self.tcp.iter().filter_map(|socket| socket.local_addr().ok()).flat_map(both_families);
        let udp = self.udp.iter().filter_map(|socket| socket.local_addr().ok()).flat_map(both_families);
        let mut addresses: Vec<(Netid, UniversalAddress)> = tcp
            .map(|address| (Netid::tcp(&address), address.into()))
            .chain(udp.map(|address| (Netid::udp(&address), address.into())))
            .collect();
        #[cfg(unix)]
        addresses.extend(
            self.unix.iter().filter_map(|socket| socket.address.clone()).map(|address| (Netid::Local, address)),
        );
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

#[cfg(unix)]
fn address_of(listener: &tokio::net::UnixListener) -> Option<UniversalAddress> {
    let address = listener.local_addr().ok()?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::linux::net::SocketAddrExt;

        let std_address: std::os::unix::net::SocketAddr = address.clone().into();
        if let Some(name) = std_address.as_abstract_name() {
            return format!("@{}", std::str::from_utf8(name).ok()?).parse().ok();
        }
    }
    UniversalAddress::from_path(address.as_pathname()?)
}

/// Removes a socket that nobody listens at: its server was killed.
#[cfg(unix)]
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    let Ok(found) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of that name that is no socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

fn about(what: &str, place: impl std::fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what} {place} cannot be bound: {error}"))
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // What has taken its place meanwhile is another's; nothing can be done about the moment between.
        let _ = std::fs::remove_file(&self.0);
    }
}
