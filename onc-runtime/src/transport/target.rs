//! Where a server is.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::TargetError;
use crate::rpc::UniversalAddress;

/// Where a server is, or is to be: what `connect` and `bind` take.
///
/// | text | meaning |
/// |---|---|
/// | `host`, `192.0.2.7`, `2001:db8::7` | the host; its port mapper is asked for the port. Not to be bound |
/// | `host:2049`, `192.0.2.7:2049`, `[2001:db8::7]:2049` | that port; no port mapper is asked |
/// | `192.0.2.7.8.1`, `2001:db8::7.8.1` | a universal address (RFC 5665): port 8 · 256 + 1 |
/// | `[fe80::1%eth0]:2049` | the same with the interface that a link-local address needs |
/// | `unix:/run/calc.sock` | a Unix socket |
/// | `unix:@calc` | a Unix socket in Linux's abstract namespace |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A host whose port mapper knows the port.
    Host(String),
    /// A host and port.
    Port(String, u16),
    /// An address.
    Address(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
    /// Text that means nothing.
    Nonsense(String, &'static str),
}

impl Target {
    /// The host, by its name or address; `None`: it is a Unix socket.
    ///
    /// ```
    /// let target: onc_runtime::client::Target = "[fe80::1%eth0]:2049".parse()?;
    /// assert_eq!((target.host().as_deref(), target.port()), (Some("fe80::1%eth0"), Some(2049)));
    /// # Ok::<(), onc_runtime::TargetError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Place::Host(host) | Place::Port(host, _) => Some(host.into()),
            Place::Address(SocketAddr::V6(address)) if address.scope_id() != 0 => {
                Some(format!("{}%{}", address.ip(), address.scope_id()).into())
            }
            Place::Address(address) => Some(address.ip().to_string().into()),
            Place::Unix(_) | Place::Nonsense(..) => None,
        }
    }

    /// The port, if it is not to be asked for.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match &self.0 {
            Place::Port(_, port) => Some(*port),
            Place::Address(address) => Some(address.port()),
            Place::Host(_) | Place::Unix(_) | Place::Nonsense(..) => None,
        }
    }

    /// The path of a Unix socket, or `@` and its name in the abstract namespace.
    #[must_use]
    pub fn unix_path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Unix(path) => Some(path),
            _ => None,
        }
    }

    fn parse(text: &str) -> Place {
        if let Some(path) = text.strip_prefix("unix:") {
            return Place::Unix(path.into());
        }
        if let Ok(address) = text.parse() {
            return Place::Address(address);
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        // An IPv6 address may carry a scope, `fe80::1%eth0`, which the system's resolver understands.
        if bare.parse::<IpAddr>().is_ok() || bare.split_once('%').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok()) {
            return Place::Host(bare.into());
        }
        let universal = text.parse::<UniversalAddress>().ok();
        if let Some(address) = universal.as_ref().and_then(UniversalAddress::socket_addr) {
            return Place::Address(address);
        }
        if let Some((ip, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]:"))
            && ip.split_once('%').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok())
            && let Ok(port) = port.parse()
        {
            return Place::Port(ip.into(), port);
        }
        match text.rsplit_once(':') {
            None if text.is_empty() => Place::Nonsense(text.into(), "it is empty"),
            None if text.contains(char::is_whitespace) => Place::Nonsense(text.into(), "a host's name has no spaces"),
            None => Place::Host(text.into()),
            Some((host, port)) => match port.parse() {
                Ok(port) if !host.is_empty() && !host.contains(':') => Place::Port(host.into(), port),
                Ok(_) => Place::Nonsense(text.into(), "an IPv6 address with a port is written [ADDRESS]:PORT"),
                Err(_) => Place::Nonsense(text.into(), "what follows the colon is not a port"),
            },
        }
    }

    /// The place, if the text meant one.
    pub(crate) fn place(self) -> Result<Place, TargetError> {
        match self.0 {
            Place::Nonsense(target, reason) => Err(TargetError { target, reason }),
            place => Ok(place),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    /// As [`From`], but text that means nothing is an error at once, and not only where something is to be connected.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::from(text).place().map(Self)
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        Self(Self::parse(text))
    }
}

impl From<String> for Target {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Target {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self(Place::Address(address))
    }
}

impl From<IpAddr> for Target {
    fn from(address: IpAddr) -> Self {
        Self(Place::Host(address.to_string()))
    }
}

impl From<(&str, u16)> for Target {
    fn from((host, port): (&str, u16)) -> Self {
        Self(Place::Port(host.into(), port))
    }
}

impl From<(IpAddr, u16)> for Target {
    fn from(address: (IpAddr, u16)) -> Self {
        Self(Place::Address(address.into()))
    }
}

impl From<(Ipv4Addr, u16)> for Target {
    fn from(address: (Ipv4Addr, u16)) -> Self {
        Self(Place::Address(address.into()))
    }
}

impl From<(Ipv6Addr, u16)> for Target {
    fn from(address: (Ipv6Addr, u16)) -> Self {
        Self(Place::Address(address.into()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::Port(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Port(host, port) => write!(f, "{host}:{port}"),
            Self::Address(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Nonsense(text, _) => text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        Target::from(text).0
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(place("host"), Place::Host("host".into()));
        assert_eq!(place("192.0.2.7"), Place::Host("192.0.2.7".into()));
        assert_eq!(place("2001:db8::7"), Place::Host("2001:db8::7".into()));
        assert_eq!(place("[2001:db8::7]"), Place::Host("2001:db8::7".into()));
        assert_eq!(place("fe80::1%eth0"), Place::Host("fe80::1%eth0".into()));
        assert_eq!(place("host:2049"), Place::Port("host".into(), 2049));
        assert_eq!(place("192.0.2.7:2049"), Place::Address("192.0.2.7:2049".parse().expect("address")));
        assert_eq!(place("[2001:db8::7]:2049"), Place::Address("[2001:db8::7]:2049".parse().expect("address")));
        assert_eq!(place("192.0.2.7.8.1"), Place::Address("192.0.2.7:2049".parse().expect("address")));
        assert_eq!(place("2001:db8::7.8.1"), Place::Address("[2001:db8::7]:2049".parse().expect("address")));
        assert_eq!(place("::ffff:192.0.2.7"), Place::Host("::ffff:192.0.2.7".into()), "an IPv6 address as it is");
        assert_eq!(place("[fe80::1%eth0]:2049"), Place::Port("fe80::1%eth0".into(), 2049));
        assert_eq!(place("unix:/run/x"), Place::Unix("/run/x".into()));
        assert_eq!(place("unix:@x"), Place::Unix("@x".into()));
    }

    #[test]
    fn the_parts_can_be_had() {
        let parts = |text: &str| {
            let target: Target = text.parse().expect(text);
            let unix = target.unix_path().map(|path| path.display().to_string());
            (target.host().map(Cow::into_owned), target.port(), unix)
        };
        let host = |host: &str, port| (Some(host.to_owned()), port, None);
        assert_eq!(parts("host"), host("host", None));
        assert_eq!(parts("host:2049"), host("host", Some(2049)));
        assert_eq!(parts("192.0.2.7.8.1"), host("192.0.2.7", Some(2049)));
        assert_eq!(parts("[2001:db8::7]"), host("2001:db8::7", None));
        assert_eq!(parts("[fe80::1%3]:111"), host("fe80::1%3", Some(111)));
        assert_eq!(parts("unix:@x"), (None, None, Some("@x".into())));
    }

    #[test]
    fn nonsense_says_what_to_write() {
        for text in ["", "host:port", "two words", "a:b:1"] {
            let error = text.parse::<Target>().expect_err(text);
            assert!(error.to_string().contains("HOST:PORT"), "{error}");
        }
    }
}
