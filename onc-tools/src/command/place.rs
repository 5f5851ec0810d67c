//! From what people write to addresses.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use onc_runtime::ResolveError;
use onc_runtime::client::Target;
use onc_runtime::portmap::{Mapper, PORT, Probe, ProgramNames, probe};
use onc_runtime::rpc::{Netid, UniversalAddress};
use tokio::time::timeout;

use super::Failure;

/// How long a port mapper has to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The addresses of a host, for a port, in the family that a transport wants; one at least.
pub(super) async fn addresses(host: &str, port: u16, netid: Option<Netid>) -> Result<Vec<SocketAddr>, Failure> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found = found.map_err(|error| Failure::new(format!("the host {host:?} has no address: {error}")))?;
    let fits = |address: &SocketAddr| match netid {
        Some(netid) if netid.is_ipv6() => address.is_ipv6(),
        Some(netid) if netid.is_ipv4() => address.is_ipv4(),
        _ => true,
    };
    let addresses: Vec<SocketAddr> = found.filter(fits).collect();
    match netid {
        _ if !addresses.is_empty() => Ok(addresses),
        Some(netid) => Err(Failure::new(format!("the host {host:?} has no address for {netid}"))),
        None => Err(Failure::new(format!("the host {host:?} has no address"))),
    }
}

/// Of a server's addresses the first where somebody is; if there is none, the first.
pub(super) async fn first_there(
    addresses: &[SocketAddr],
    program: u32,
    netid_of: impl Fn(&SocketAddr) -> Netid,
    limit: Duration,
) -> SocketAddr {
    // Where there is no choice, nobody is asked.
    if addresses.len() > 1 {
        for address in addresses {
            if probe(netid_of(address), &(*address).into(), program, 0, limit).await != Probe::Nobody {
                return *address;
            }
        }
    }
    addresses[0]
}

/// Where to ask: a host's port mapper, or a server itself.
pub(super) enum Place {
    /// The port mapper of this host.
    Mapper(String),
    /// The server, at one of these addresses, of which there is one at least.
    Server(Vec<SocketAddr>),
    /// The server, at a Unix socket.
    Unix(UniversalAddress),
}

/// Reads a target, as clients take it.
pub(super) async fn read(text: &str, netid: Option<Netid>) -> Result<Place, Failure> {
    let target: Target = text.parse().map_err(Failure::usage)?;
    if let Some(path) = target.unix_path() {
        return Ok(Place::Unix(UniversalAddress::Local(path.to_string_lossy().into())));
    }
    let host = target.host().unwrap_or_default();
    match target.port() {
        Some(port) => Ok(Place::Server(addresses(&host, port, netid).await?)),
        None => Ok(Place::Mapper(host.into_owned())),
    }
}

/// The addresses of the port mapper of a host, which may be at another port than 111.
pub(super) async fn mappers(text: &str, netid: Option<Netid>) -> Result<Vec<SocketAddr>, Failure> {
    let target: Target = text.parse().map_err(Failure::usage)?;
    let host = target.host().ok_or_else(|| Failure::usage(format!("a host is wanted, not {target}")))?;
    addresses(&host, target.port().unwrap_or(PORT), netid).await
}

/// Asks a host's port mapper at one address after the other, until it knows; the netid goes with the address.
pub(super) async fn ask<T>(
    host: &str,
    mappers: &[SocketAddr],
    netid_of: impl Fn(&SocketAddr) -> Netid,
    limit: Duration,
    find: impl AsyncFn(SocketAddr, Netid) -> Result<T, ResolveError>,
) -> Result<(Netid, T), ResolveError> {
    let silence = |tried| ResolveError::NoPortMapper { host: host.to_owned(), tried };
    let mut failed = silence(Vec::new());
    for mapper in mappers {
        let netid = netid_of(mapper);
        let why = match timeout(limit, find(*mapper, netid)).await {
            Ok(Ok(found)) => return Ok((netid, found)),
            Ok(Err(error)) => error,
            Err(_) => silence(vec![(format!("{netid} {mapper}"), format!("no answer within {limit:?}"))]),
        };
        failed = match (failed, why) {
            (ResolveError::NoPortMapper { mut tried, .. }, ResolveError::NoPortMapper { tried: more, .. }) => {
                tried.extend(more);
                silence(tried)
            }
            // Who answers knows more than who does not.
            (ResolveError::NoPortMapper { .. }, why) => why,
            (failed, _) => failed,
        };
    }
    Err(failed)
}

/// The number of a program.
pub(super) fn program(names: &ProgramNames, text: &str) -> Result<u32, Failure> {
    names
        .number(text)
        .ok_or_else(|| Failure::usage(format!("{text:?} is no program's number, nor a name that this host knows")))
}

/// A version's number.
pub(super) fn version(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{text:?} is no version number")))
}

/// Whether all that has been reached at these addresses is this host; nothing was reached at an address if there are none.
pub(super) fn is_this_host(seen: &[SocketAddr]) -> bool {
    seen.iter().all(|address| address.ip().is_loopback())
}

/// Connects to a host's port mapper over TCP, or to one at a Unix socket; without a host to this one's, over its Unix socket
/// if it has one.
pub(super) async fn mapper_of(host: Option<&str>) -> Result<Mapper, Failure> {
    let Some(host) = host else { return Ok(Mapper::of_this_host().await?) };
    let target: Target = host.parse().map_err(Failure::usage)?;
    if let Some(path) = target.unix_path() {
        return unix(path).await;
    }
    let mut tried = Vec::new();
    for address in mappers(host, None).await? {
        match timeout(PATIENCE, Mapper::tcp(address)).await {
            Ok(Ok(mapper)) => return Ok(mapper),
            Ok(Err(error)) => tried.push(format!("{address} ({error})")),
            Err(_) => tried.push(format!("{address} (no answer within {PATIENCE:?})")),
        }
    }
    Err(Failure::new(format!("no port mapper answers on {host}; tried {}", tried.join(", "))))
}

/// The versions of a program that are served at Unix sockets, and where: what the port mapper of a host says, which must be
/// this one.
pub(super) async fn local(host: &str, program: u32) -> Result<Vec<(u32, UniversalAddress)>, Failure> {
    if !is_this_host(&mappers(host, None).await?) {
        return Err(Failure::usage(format!("Unix sockets of another host, {host}, cannot be reached")));
    }
    let entries = Mapper::of_this_host().await?.entries().await?;
    let mut found = Vec::new();
    for entry in entries.iter().filter(|entry| entry.prog == program && entry.netid.parse() == Ok(Netid::Local)) {
        found.push((entry.vers, UniversalAddress::parse(Netid::Local, &entry.address)?));
    }
    found.sort_by_key(|(version, _)| *version);
    Ok(found)
}

#[cfg(unix)]
async fn unix(path: &Path) -> Result<Mapper, Failure> {
    let name = path.to_str().and_then(|path| path.strip_prefix('@')).map(|name| format!("\0{name}").into());
    let connected = Mapper::unix(name.unwrap_or_else(|| path.to_owned())).await;
    connected.map_err(|error| Failure::new(format!("no port mapper answers at {}: {error}", path.display())))
}

#[cfg(not(unix))]
async fn unix(_path: &Path) -> Result<Mapper, Failure> {
    Err(Failure::usage("there are no Unix sockets on this system"))
}
