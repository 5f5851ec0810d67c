//! Universal addresses: transport addresses as text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

use super::Netid;

/// An address as port mappers write it: RFC 5665 §5.2.3.
///
/// ```
/// use onc_runtime::rpc::UniversalAddress;
///
/// let address: UniversalAddress = "192.0.2.7.8.1".parse()?;
/// assert_eq!(address, UniversalAddress::Ip("192.0.2.7:2049".parse()?));
/// assert_eq!(UniversalAddress::Ip("[2001:db8::1]:111".parse()?).to_string(), "2001:db8::1.0.111");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UniversalAddress {
    /// IPv4 address and port as `h1.h2.h3.h4.p1.p2`, IPv6 address and port as the address's text and `.p1.p2`.
    ///
    /// The text has no room for the scope of a link-local IPv6 address: that is the reader's to know.
    Ip(SocketAddr),
    /// A Unix socket: its absolute path, or `@` and its name in Linux's abstract namespace.
    Local(Box<str>),
}

/// A text that is not a universal address: says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniversalAddressError {
    /// The start of what was read.
    text: Box<str>,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    NoPort,
    Port,
    Ipv4,
    Ipv6,
    Scope,
    Family(Netid),
    Path,
}

impl UniversalAddress {
    /// Reads the address of a transport whose netid is known.
    ///
    /// # Errors
    ///
    /// It is not an address, or one of another transport's kind.
    pub fn parse(netid: Netid, text: &str) -> Result<Self, UniversalAddressError> {
        let address: Self = text.parse()?;
        let fits = match &address {
            Self::Ip(SocketAddr::V4(_)) => netid.is_ipv4(),
            Self::Ip(SocketAddr::V6(_)) => netid.is_ipv6(),
            Self::Local(_) => !netid.is_ipv4() && !netid.is_ipv6(),
        };
        if fits { Ok(address) } else { Err(UniversalAddressError::new(text, Fault::Family(netid))) }
    }

    /// The address of a Unix socket, if its path is absolute and UTF-8.
    #[must_use]
    pub fn from_path(path: &Path) -> Option<Self> {
        path.to_str().filter(|path| path.starts_with('/')).map(|path| Self::Local(path.into()))
    }

    /// The IP address and port.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Local(_) => None,
        }
    }

    /// The path of a Unix socket in the file system.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Local(path) if path.starts_with('/') => Some(Path::new(&**path)),
            _ => None,
        }
    }

    /// The name of a Unix socket in Linux's abstract namespace, without the `@`.
    #[must_use]
    pub fn abstract_name(&self) -> Option<&str> {
        match self {
            Self::Local(name) => name.strip_prefix('@'),
            Self::Ip(_) => None,
        }
    }
}

impl From<SocketAddr> for UniversalAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for UniversalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // RFC 5665 §5.2.3.3, §5.2.3.4: the port's two octets in decimal.
            Self::Ip(address) => {
                let [high, low] = address.port().to_be_bytes();
                write!(f, "{}.{high}.{low}", address.ip())
            }
            Self::Local(path) => f.write_str(path),
        }
    }
}

impl FromStr for UniversalAddress {
    type Err = UniversalAddressError;

    fn from_str(text: &str) -> Result<Self, UniversalAddressError> {
        read(text).map_err(|fault| UniversalAddressError::new(text, fault))
    }
}

impl UniversalAddressError {
    fn new(text: &str, fault: Fault) -> Self {
        // A peer may have sent it: an excerpt is enough to recognise it by.
        Self { text: text.chars().take(64).collect(), fault }
    }
}

impl fmt::Display for UniversalAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault == Fault::Empty {
            return f.write_str("the universal address is empty: a port mapper says so that nothing is registered");
        }
        write!(f, "`{}` is not a universal address: ", self.text.escape_debug())?;
        match self.fault {
            Fault::Empty | Fault::NoPort => {
                f.write_str("it does not end in two numbers for the port, as in 192.0.2.7.8.1 for port 2049")
            }
            Fault::Port => f.write_str("the port is two numbers from 0 to 255, as in 192.0.2.7.8.1 for port 2049"),
            Fault::Ipv4 => f.write_str("what is before the port is not an IPv4 address"),
            Fault::Ipv6 => f.write_str("what is before the port is not an IPv6 address"),
            Fault::Scope => f.write_str("it has no room for the scope of an IPv6 address"),
            Fault::Family(netid) if netid.is_ipv4() => write!(f, "one of {netid} is an IPv4 address and port"),
            Fault::Family(netid) if netid.is_ipv6() => write!(f, "one of {netid} is an IPv6 address and port"),
            Fault::Family(netid) => write!(f, "one of {netid} is a path"),
            Fault::Path => f.write_str("a path has no zero byte in it"),
        }
    }
}

impl std::error::Error for UniversalAddressError {}

fn read(text: &str) -> Result<UniversalAddress, Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.starts_with(['/', '@']) {
        return if text.contains('\0') { Err(Fault::Path) } else { Ok(UniversalAddress::Local(text.into())) };
    }
    let mut parts = text.rsplitn(3, '.');
    let (Some(low), Some(high), Some(host)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Fault::NoPort);
    };
    let port = u16::from_be_bytes([octet(high)?, octet(low)?]);
    let ip = if host.contains('%') {
        return Err(Fault::Scope);
    } else if host.contains(':') {
        IpAddr::V6(host.parse::<Ipv6Addr>().map_err(|_| Fault::Ipv6)?)
    } else {
        IpAddr::V4(host.parse::<Ipv4Addr>().map_err(|_| Fault::Ipv4)?)
    };
    Ok(UniversalAddress::Ip(SocketAddr::new(ip, port)))
}

/// A decimal number up to 255. The standard library's own parser would also take a sign.
fn octet(text: &str) -> Result<u8, Fault> {
    if text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Port);
    }
    text.parse().map_err(|_| Fault::Port)
}
