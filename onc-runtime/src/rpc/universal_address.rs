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
    defect: Defect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
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
        if fits { Ok(address) } else { Err(UniversalAddressError::new(text, Defect::Family(netid))) }
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
        read(text).map_err(|defect| UniversalAddressError::new(text, defect))
    }
}

impl UniversalAddressError {
    fn new(text: &str, defect: Defect) -> Self {
        // A peer may have sent it: an excerpt is enough to recognise it by.
        Self { text: text.chars().take(64).collect(), defect }
    }
}

impl fmt::Display for UniversalAddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.defect == Defect::Empty {
            return f.write_str("the universal address is empty: a port mapper says so that nothing is registered");
        }
        write!(f, "`{}` is not a universal address: ", self.text.escape_debug())?;
        match self.defect {
            Defect::Empty | Defect::NoPort => {
                f.write_str("it does not end in two numbers for the port, as in 192.0.2.7.8.1 for port 2049")
            }
            Defect::Port => f.write_str("the port is two numbers from 0 to 255, as in 192.0.2.7.8.1 for port 2049"),
            Defect::Ipv4 => f.write_str("what is before the port is not an IPv4 address"),
            Defect::Ipv6 => f.write_str("what is before the port is not an IPv6 address"),
            Defect::Scope => f.write_str("it has no room for the scope of an IPv6 address"),
            Defect::Family(netid) if netid.is_ipv4() => write!(f, "one of {netid} is an IPv4 address and port"),
            Defect::Family(netid) if netid.is_ipv6() => write!(f, "one of {netid} is an IPv6 address and port"),
            Defect::Family(netid) => write!(f, "one of {netid} is a path"),
            Defect::Path => f.write_str("a path has no zero byte in it"),
        }
    }
}

impl std::error::Error for UniversalAddressError {}

fn read(text: &str) -> Result<UniversalAddress, Defect> {
    if text.is_empty() {
        return Err(Defect::Empty);
    }
    if text.starts_with(['/', '@']) {
        return if text.contains('\0') { Err(Defect::Path) } else { Ok(UniversalAddress::Local(text.into())) };
    }
    let mut parts = text.rsplitn(3, '.');
    let (Some(low), Some(high), Some(host)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Defect::NoPort);
    };
    let port = u16::from_be_bytes([octet(high)?, octet(low)?]);
    let ip = if host.contains('%') {
        return Err(Defect::Scope);
    } else if host.contains(':') {
        IpAddr::V6(host.parse::<Ipv6Addr>().map_err(|_| Defect::Ipv6)?)
    } else {
        IpAddr::V4(host.parse::<Ipv4Addr>().map_err(|_| Defect::Ipv4)?)
    };
    Ok(UniversalAddress::Ip(SocketAddr::new(ip, port)))
}

/// A decimal number up to 255. The standard library's own parser would also take a sign.
fn octet(text: &str) -> Result<u8, Defect> {
    if text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Defect::Port);
    }
    text.parse().map_err(|_| Defect::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> UniversalAddress {
        UniversalAddress::Ip(text.parse().expect("a socket address"))
    }

    #[test]
    fn addresses_are_written_and_read() {
        let cases = [
            ("127.0.0.1.0.111", ip("127.0.0.1:111")),
            ("0.0.0.0.0.0", ip("0.0.0.0:0")),
            ("255.255.255.255.255.255", ip("255.255.255.255:65535")),
            ("::1.0.111", ip("[::1]:111")),
            ("::.8.1", ip("[::]:2049")),
            ("2001:db8::ff00:42:8329.4.210", ip("[2001:db8::ff00:42:8329]:1234")),
            // As inet_ntop writes an IPv4 address in IPv6's clothes.
            ("::ffff:192.0.2.1.0.111", ip("[::ffff:192.0.2.1]:111")),
            ("/run/rpcbind.sock", UniversalAddress::Local("/run/rpcbind.sock".into())),
            ("/tmp/1.2.3.4.5.6", UniversalAddress::Local("/tmp/1.2.3.4.5.6".into())),
            ("@/run/rpcbind.sock", UniversalAddress::Local("@/run/rpcbind.sock".into())),
        ];
        for (text, address) in cases {
            assert_eq!(text.parse().as_ref(), Ok(&address));
            assert_eq!(address.to_string(), text);
        }
        // Other spellings of the same.
        assert_eq!("2001:DB8:0:0:0:0:0:1.008.001".parse(), Ok(ip("[2001:db8::1]:2049")));
    }

    #[test]
    fn the_scope_is_left_out() {
        let scoped = SocketAddr::V6(std::net::SocketAddrV6::new("fe80::1".parse().expect("an address"), 111, 7, 3));
        assert_eq!(UniversalAddress::from(scoped).to_string(), "fe80::1.0.111");
    }

    #[test]
    fn a_local_address_is_a_path_or_an_abstract_name() {
        let path = UniversalAddress::from_path(Path::new("/run/x.sock")).expect("an absolute path");
        assert_eq!((path.path(), path.abstract_name()), (Some(Path::new("/run/x.sock")), None));
        let name: UniversalAddress = "@x".parse().expect("an abstract name");
        assert_eq!((name.path(), name.abstract_name(), name.socket_addr()), (None, Some("x"), None));
        assert_eq!(UniversalAddress::from_path(Path::new("x.sock")), None);
    }

    #[test]
    fn what_is_no_address_says_why() {
        let cases = [
            ("", "nothing is registered"),
            ("localhost", "two numbers for the port"),
            ("1.2", "two numbers for the port"),
            ("1.2.3", "not an IPv4 address"),
            ("1.2.3.4", "not an IPv4 address"),
            ("1.2.3.4.5", "not an IPv4 address"),
            ("1.2.3.4.5.6.7", "not an IPv4 address"),
            ("1.2.3.256.0.111", "not an IPv4 address"),
            ("example.org.0.111", "not an IPv4 address"),
            (".0.111", "not an IPv4 address"),
            ("1.2.3.4.0.256", "from 0 to 255"),
            ("1.2.3.4.0.", "from 0 to 255"),
            ("1.2.3.4.0.+1", "from 0 to 255"),
            ("1.2.3.4.0.-1", "from 0 to 255"),
            ("1.2.3.4.0.0111", "from 0 to 255"),
            ("1.2.3.4.0. 1", "from 0 to 255"),
            ("::1", "two numbers for the port"),
            ("::g.0.111", "not an IPv6 address"),
            ("1:2:3:4:5:6:7.0.111", "not an IPv6 address"),
            ("fe80::1%eth0.0.111", "scope"),
            ("/run/\0/x", "zero byte"),
            ("run/x.sock.a", "from 0 to 255"),
        ];
        for (text, why) in cases {
            let error = text.parse::<UniversalAddress>().expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
        }
        let long = "1.".repeat(1 << 20).parse::<UniversalAddress>().expect_err("too long");
        assert!(long.to_string().len() < 250);
    }

    #[test]
    fn an_address_fits_its_netid() {
        let cases = [
            (Netid::Tcp, "1.2.3.4.0.111", true),
            (Netid::Udp6, "::1.0.111", true),
            (Netid::Local, "/x", true),
            (Netid::Tcp6, "1.2.3.4.0.111", false),
            (Netid::Udp, "::1.0.111", false),
            (Netid::Tcp, "/x", false),
            (Netid::Local, "1.2.3.4.0.111", false),
        ];
        for (netid, text, fits) in cases {
            let address = UniversalAddress::parse(netid, text);
            assert_eq!(address.is_ok(), fits);
            if let Err(error) = address {
                assert!(error.to_string().contains(&format!("one of {netid} is")), "{error}");
            }
        }
    }
}
