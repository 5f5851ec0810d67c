//! From what people write to addresses.

use std::net::SocketAddr;
use std::time::Duration;

use onc_runtime::portmap::{Mapper, PORT, ProgramNames};
use onc_runtime::rpc::{Netid, UniversalAddress};

use super::Failure;

/// How long a port mapper has to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The addresses of a host, for a port, in the family that a transport wants.
pub(super) async fn addresses(host: &str, port: u16, netid: Option<Netid>) -> Result<Vec<SocketAddr>, Failure> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found = found.map_err(|error| Failure::new(format!("the host {host:?} has no address: {error}")))?;
    let fits = |address: &SocketAddr| match netid {
        Some(netid) if netid.is_ipv6() => address.is_ipv6(),
        Some(netid) if netid.is_ipv4() => address.is_ipv4(),
        _ => true,
    };
    let addresses: Vec<SocketAddr> = found.filter(fits).collect();
    if addresses.is_empty() {
        return Err(Failure::new(format!("the host {host:?} has no address that fits")));
    }
    Ok(addresses)
}

/// Where to ask: a host's port mapper, or a server itself.
pub(super) enum Place {
    /// The port mapper of this host.
    Mapper(String),
    /// The server.
    Server(SocketAddr),
}

/// Reads `HOST`, `HOST:PORT` or a universal address.
pub(super) async fn read(text: &str, netid: Netid) -> Result<Place, Failure> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(Place::Server(address));
    }
    if let Ok(UniversalAddress::Ip(address)) = text.parse() {
        return Ok(Place::Server(address));
    }
    match text.rsplit_once(':') {
        // More than one colon without brackets is an IPv6 address.
        Some((host, port)) if !host.contains(':') => {
            let port = port.parse().map_err(|_| Failure::usage(format!("{text:?}: {port:?} is no port")))?;
            Ok(Place::Server(addresses(host, port, Some(netid)).await?[0]))
        }
        _ => Ok(Place::Mapper(text.trim_start_matches('[').trim_end_matches(']').to_owned())),
    }
}

/// The addresses of the port mapper of `HOST`, or of one that is at another port than 111, `HOST:PORT`.
pub(super) async fn mappers(host: &str, netid: Option<Netid>) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    if let Some((host, port)) = host.rsplit_once(':')
        && !host.contains(':')
        && let Ok(port) = port.parse()
    {
        return addresses(host, port, netid).await;
    }
    addresses(host, PORT, netid).await
}

/// The number of a program.
pub(super) fn program(names: &ProgramNames, text: &str) -> Result<u32, Failure> {
    names.number(text).ok_or_else(|| Failure::usage(format!("{text} is unknown service")))
}

/// A version's number.
pub(super) fn version(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{text:?} is no version number")))
}

/// Connects to a host's port mapper over TCP; without a host to this one's, over its Unix socket if it has one.
pub(super) async fn mapper_of(host: Option<&str>) -> Result<Mapper, Failure> {
    let Some(host) = host else { return Ok(Mapper::of_this_host().await?) };
    let mut tried = Vec::new();
    for address in mappers(host, None).await? {
        match tokio::time::timeout(PATIENCE, Mapper::tcp(address)).await {
            Ok(Ok(mapper)) => return Ok(mapper),
            Ok(Err(error)) => tried.push(format!("{address} ({error})")),
            Err(_) => tried.push(format!("{address} (no answer within {PATIENCE:?})")),
        }
    }
    Err(Failure::new(format!("no port mapper answers on {host}; tried {}", tried.join(", "))))
}
