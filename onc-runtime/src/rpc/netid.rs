//! Netids: the names of transports.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A transport, by the name that port mappers know it by: RFC 5665 §5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Netid {
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    Tcp6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    Udp6,
    /// A Unix stream socket. Not in RFC 5665, but what rpcbind and libtirpc call it; `unix` is read as well.
    Local,
    /// SCTP over IPv4.
    Sctp,
    /// SCTP over IPv6.
    Sctp6,
    /// DCCP over IPv4.
    Dccp,
    /// DCCP over IPv6.
    Dccp6,
    /// RDMA over IPv4.
    Rdma,
    /// RDMA over IPv6.
    Rdma6,
    /// System V's loopback transport without connections.
    Ticlts,
    /// System V's loopback transport with connections.
    Ticots,
    /// System V's loopback transport with connections and orderly release.
    Ticotsord,
}

/// A name that is no [`Netid`] known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownNetid(Box<str>);

impl Netid {
    /// All of them.
    const ALL: [Self; 14] = [
        Self::Tcp,
        Self::Tcp6,
        Self::Udp,
        Self::Udp6,
        Self::Local,
        Self::Sctp,
        Self::Sctp6,
        Self::Dccp,
        Self::Dccp6,
        Self::Rdma,
        Self::Rdma6,
        Self::Ticlts,
        Self::Ticots,
        Self::Ticotsord,
    ];

    /// TCP of the address's family.
    #[must_use]
    pub const fn tcp(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::Tcp,
            SocketAddr::V6(_) => Self::Tcp6,
        }
    }

    /// UDP of the address's family.
    #[must_use]
    pub const fn udp(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::Udp,
            SocketAddr::V6(_) => Self::Udp6,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tcp6 => "tcp6",
            Self::Udp => "udp",
            Self::Udp6 => "udp6",
            Self::Local => "local",
            Self::Sctp => "sctp",
            Self::Sctp6 => "sctp6",
            Self::Dccp => "dccp",
            Self::Dccp6 => "dccp6",
            Self::Rdma => "rdma",
            Self::Rdma6 => "rdma6",
            Self::Ticlts => "ticlts",
            Self::Ticots => "ticots",
            Self::Ticotsord => "ticotsord",
        }
    }

    /// The protocol number by which version 2 of the port mapper knows it; that version knows only TCP and UDP over IPv4.
    #[must_use]
    pub const fn protocol(self) -> Option<u32> {
        // RFC 1833 §3.1: IPPROTO_TCP, IPPROTO_UDP.
        match self {
            Self::Tcp => Some(6),
            Self::Udp => Some(17),
            _ => None,
        }
    }

    /// The other way round from [`protocol`](Self::protocol).
    #[must_use]
    pub const fn from_protocol(protocol: u32) -> Option<Self> {
        match protocol {
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            _ => None,
        }
    }

    /// Whether its addresses are IPv6 addresses.
    #[must_use]
    pub const fn is_ipv6(self) -> bool {
        matches!(self, Self::Tcp6 | Self::Udp6 | Self::Sctp6 | Self::Dccp6 | Self::Rdma6)
    }

    /// Whether its addresses are IPv4 addresses.
    #[must_use]
    pub const fn is_ipv4(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp | Self::Sctp | Self::Dccp | Self::Rdma)
    }
}

impl fmt::Display for Netid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Netid {
    type Err = UnknownNetid;

    fn from_str(name: &str) -> Result<Self, UnknownNetid> {
        match Self::ALL.into_iter().find(|netid| netid.as_str() == name) {
            Some(netid) => Ok(netid),
            // libtirpc's netconfig has both names for the one transport.
            None if name == "unix" => Ok(Self::Local),
            None => Err(UnknownNetid(name.chars().take(32).collect())),
        }
    }
}

impl fmt::Display for UnknownNetid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a known netid; known are tcp, tcp6, udp, udp6, local", self.0.escape_debug())
    }
}

impl std::error::Error for UnknownNetid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for netid in Netid::ALL {
            assert_eq!(netid.to_string().parse(), Ok(netid));
            assert!(!(netid.is_ipv4() && netid.is_ipv6()));
            assert_eq!(netid.is_ipv6(), netid.as_str().ends_with('6'));
            if let Some(protocol) = netid.protocol() {
                assert_eq!(Netid::from_protocol(protocol), Some(netid));
            }
        }
        assert_eq!("unix".parse(), Ok(Netid::Local));
    }

    #[test]
    fn other_names_are_refused() {
        for name in ["", "TCP", "tcp ", "tcp4", "x25"] {
            let error = name.parse::<Netid>().unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
        let long = "x".repeat(1 << 20).parse::<Netid>().unwrap_err();
        assert!(long.to_string().len() < 200);
    }
}
