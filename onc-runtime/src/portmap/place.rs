//! Where a port mapper is, and connecting to it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use crate::channel::{Channel, Client, DatagramLink, Link, Settings, StreamLink};
use crate::observe::{Side, observed};
use crate::rpc::{Credential, Netid};
#[cfg(unix)]
use crate::transport::{Name, unix};
use crate::transport::{Stream, tcp, udp};
use crate::xdr::Limits;

use super::protocol::rpcb_v4;

/// Where a port mapper listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A Unix socket. A name that begins with `@` or a zero byte is in Linux's abstract namespace.
    #[cfg(unix)]
    Unix(PathBuf),
    /// A TCP port.
    Tcp(SocketAddr),
    /// A UDP port.
    Udp(SocketAddr),
}

/// The largest reply that is read: a list of some fifty thousand entries.
const MAX_REPLY: usize = 4 << 20;

/// Longer than anybody waits for a port mapper: those who ask have limits of their own.
const TIMEOUT: Duration = Duration::from_secs(25);

impl Place {
    /// Where the port mapper of this host is looked for: on its Unix sockets, where it knows who registers, then at its port
    /// on the loopback interface.
    pub(super) fn of_this_host() -> Vec<Self> {
        let mut places = Vec::new();
        // libtirpc since 1.3.5.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        places.push(Self::Unix("@/run/rpcbind.sock".into()));
        #[cfg(unix)]
        for path in ["/run/rpcbind.sock", "/var/run/rpcbind.sock"] {
            places.push(Self::Unix(path.into()));
        }
        places.extend(
            [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
                .map(|host: IpAddr| Self::Tcp((host, super::PORT).into())),
        );
        places
    }

    /// Connects.
    pub(super) async fn connect(&self) -> io::Result<Client> {
        let link = match self {
            Self::Tcp(address) => stream(tcp::connect(*address).await?, Netid::tcp(address)),
            Self::Udp(address) => Link::Datagram(DatagramLink::new(udp::connect(*address)?)),
            #[cfg(unix)]
            Self::Unix(path) => stream(unix::connect(path).await?, Netid::Local),
        };
        self.start(link)
    }

    /// Connects as root, if that makes a difference and we are: from a port below 1024. Port mappers take that for proof of who
    /// registers where there is no Unix socket, and root's entries are only root's to remove.
    pub(super) async fn connect_as_root(&self) -> Option<Client> {
        match self {
            // One at a higher port could be anybody's: who asks there proves nothing by his own.
            #[cfg(unix)]
            Self::Tcp(address) if address.ip().is_loopback() && address.port() < super::RESERVED => {
                self.start(stream(tcp::connect_reserved(*address).await.ok()?, Netid::tcp(address))).ok()
            }
            _ => None,
        }
    }

    /// Opens another connection, over which nothing is sent: it ends when the port mapper does, or when that finds it idle.
    pub(super) async fn watch(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp(address) => Ok(Box::new(tcp::connect(*address).await?)),
            #[cfg(unix)]
            Self::Unix(path) => Ok(Box::new(unix::connect(path).await?)),
            Self::Udp(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn start(&self, link: Link) -> io::Result<Client> {
        let settings = Settings {
            datagrams: matches!(self, Self::Udp(_)),
            timeout: TIMEOUT,
            max_record_size: MAX_REPLY,
            limits: Limits::default(),
            max_calls: 1024,
            max_unsent: 1 << 20,
            idle_timeout: Duration::MAX,
            server: Some(self.to_string().into()),
        };
        // One connection, and no other after it: those who ask begin anew, maybe elsewhere.
        Client::start(Channel::new(settings), link, None, Credential::None, Some(&rpcb_v4::INTERFACE))
            .map_err(io::Error::other)
    }
}

fn stream(io: impl Stream, netid: Netid) -> Link {
    Link::Stream(StreamLink::new(observed(io, Side::Client, netid), MAX_REPLY))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(unix)]
            Self::Unix(path) => Name(path).fmt(f),
            Self::Tcp(address) => write!(f, "tcp {address}"),
            Self::Udp(address) => write!(f, "udp {address}"),
        }
    }
}
