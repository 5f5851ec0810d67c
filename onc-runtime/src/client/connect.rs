//! Finding a server and connecting to it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use crate::channel::{Connector, DatagramLink, Link};
use crate::clock;
use crate::error::{Deadline, Error, Phase, ResolveError};
use crate::portmap::Resolver;
use crate::rpc::{Interface, Netid};
#[cfg(unix)]
use crate::transport::{Name, unix};
use crate::transport::{Peer, Place, tcp, udp};

use super::builder::connect_error;
#[cfg(unix)]
use super::local;
use super::served::Served;

/// How a client finds its server, the first time and every time after.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) place: Place,
    pub(super) interface: &'static Interface,
    pub(super) datagrams: bool,
    /// The only transport that will do.
    pub(super) netid: Option<Netid>,
    pub(super) timeout: Duration,
    pub(super) max_record_size: usize,
    /// Ports below 1024 are connected from.
    pub(super) reserved_port: bool,
    pub(super) resolver: Resolver,
    pub(super) served: Served,
    /// Which port mapper told the address that was connected to last.
    pub(super) found: Mutex<Option<(SocketAddr, SocketAddr)>>,
    /// What is waited for is where the server is, and not the connection to it.
    pub(super) resolving: AtomicBool,
}

/// Makes the connections of a channel after the first.
#[derive(Debug)]
pub(super) struct Reconnect(pub(super) Arc<Plan>);

impl Connector for Reconnect {
    fn connect(&mut self) -> Pin<Box<dyn Future<Output = Result<Link, Error>> + Send>> {
        let plan = Arc::clone(&self.0);
        Box::pin(async move { plan.connect(Instant::now(), true).await })
    }

    fn phase(&self) -> Phase {
        self.0.phase()
    }

    fn asks_for(&self) -> Option<u32> {
        matches!(self.0.place, Place::Host(_)).then_some(self.0.interface.program)
    }

    fn elsewhere(&mut self) -> Pin<Box<dyn Future<Output = Option<Link>> + Send>> {
        let plan = Arc::clone(&self.0);
        Box::pin(async move { timeout(plan.timeout, plan.elsewhere()).await.ok().flatten() })
    }
}

impl Plan {
    /// Finds the server and connects to it, within one deadline counted from `start`. `again`: it may have moved since the port
    /// mapper was asked last.
    pub(super) async fn connect(&self, start: Instant, again: bool) -> Result<Link, Error> {
        clock::attach();
        let connecting = self.connect_patiently(again);
        let outcome = match start.checked_add(self.timeout) {
            Some(deadline) => clock::until(deadline, connecting).await,
            None => Some(connecting.await),
        };
        outcome.unwrap_or_else(|| Err(Error::Deadline(Deadline { after: self.timeout, phase: self.phase() })))
    }

    fn phase(&self) -> Phase {
        if self.resolving.load(Ordering::Relaxed) { Phase::Resolving } else { Phase::Connecting }
    }

    async fn connect_patiently(&self, again: bool) -> Result<Link, Error> {
        match &self.place {
            Place::Address(address) => {
                let fitting = fitting(self.netid, vec![*address], &self.place)?;
                self.open_first(&fitting).await
            }
            Place::Port(host, port) => {
                let addresses = fitting(self.netid, self.lookup(host, *port).await?, &self.place)?;
                self.open_first(&addresses).await
            }
            #[cfg(unix)]
            Place::Host(host) if self.netid == Some(Netid::Local) => {
                if !self.lookup(host, 0).await?.iter().any(|address| address.ip().is_loopback()) {
                    let elsewhere = "the Unix sockets of another host cannot be reached; `localhost` is this one";
                    return Err(connect_error(host, io::Error::new(io::ErrorKind::Unsupported, elsewhere)));
                }
                let path = local::find(host, self.interface).await?;
                self.open_unix(&path).await
            }
            Place::Host(host) => self.ask(host, again).await,
            #[cfg(unix)]
            Place::Unix(path) => self.open_unix(path).await,
            #[cfg(not(unix))]
            Place::Unix(path) => Err(connect_error(path.display(), io::ErrorKind::Unsupported.into())),
            Place::Nonsense(..) => unreachable!("`Target::place` has refused it"),
        }
    }

    /// Asks the host's port mapper at each of its addresses until the server is found there.
    async fn ask(&self, host: &str, again: bool) -> Result<Link, Error> {
        let mappers = fitting(self.netid, self.lookup(host, self.resolver.port()).await?, &self.place)?;
        let mut failed = None;
        for mapper in mappers {
            let error = match self.find(host, mapper, again).await {
                Ok(link) => return Ok(link),
                Err(error) => error,
            };
            failed = Some(match failed {
                Some(other) if tells(&other) >= tells(&error) => merge(other, error),
                Some(other) => merge(error, other),
                None => error,
            });
        }
        Err(failed.unwrap_or_else(|| no_address(host)))
    }

    /// Asks one port mapper and connects to the server at the address that it tells.
    async fn find(&self, host: &str, mapper: SocketAddr, again: bool) -> Result<Link, Error> {
        if again {
            match *self.found() {
                // It shows only in the answer to a datagram that nobody is there.
                Some((by, address)) if by == mapper && self.datagrams => self.refused(mapper, address),
                _ => self.forget(mapper),
            }
        }
        let address = self.resolve(host, mapper).await?;
        let error = match self.open_found(mapper, address).await {
            Ok(link) => return Ok(link),
            Err(error) => connect_error(address, error),
        };
        // The server may have gone and come back elsewhere since that was told.
        self.refused(mapper, address);
        match self.resolve(host, mapper).await {
            Ok(other) if other != address => {
                self.open_found(mapper, other).await.map_err(|error| connect_error(other, error))
            }
            _ => Err(error),
        }
    }

    /// Connects to the server if its port mapper tells another address than before.
    async fn elsewhere(&self) -> Option<Link> {
        let Place::Host(host) = &self.place else { return None };
        let (mapper, before) = (*self.found())?;
        self.forget(mapper);
        let address = self.resolve(host, mapper).await.ok().filter(|address| *address != before)?;
        self.open_found(mapper, address).await.ok()
    }

    /// The addresses of a host.
    async fn lookup(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        self.resolving.store(true, Ordering::Relaxed);
        match lookup_host((host, port)).await {
            Ok(addresses) => Ok(addresses.collect()),
            Err(source) => Err(Error::Resolve(Arc::new(ResolveError::Host { host: host.into(), source }))),
        }
    }

    /// What the port mapper tells, or told not long ago.
    async fn resolve(&self, host: &str, mapper: SocketAddr) -> Result<SocketAddr, Error> {
        self.resolving.store(true, Ordering::Relaxed);
        let Interface { program, version, .. } = *self.interface;
        let told = self.resolver.resolve(host, mapper, program, version, self.netid(mapper)).await;
        told.map_err(|error| Error::Resolve(Arc::new(error)))
    }

    fn forget(&self, mapper: SocketAddr) {
        let Interface { program, version, .. } = *self.interface;
        self.resolver.forget(mapper, program, version, self.netid(mapper));
    }

    fn refused(&self, mapper: SocketAddr, address: SocketAddr) {
        let Interface { program, version, .. } = *self.interface;
        self.resolver.refused(mapper, program, version, self.netid(mapper), address);
    }

    fn netid(&self, mapper: SocketAddr) -> Netid {
        if self.datagrams { Netid::udp(&mapper) } else { Netid::tcp(&mapper) }
    }

    async fn open_found(&self, mapper: SocketAddr, address: SocketAddr) -> io::Result<Link> {
        let link = self.open(address).await?;
        *self.found() = Some((mapper, address));
        Ok(link)
    }

    fn found(&self) -> MutexGuard<'_, Option<(SocketAddr, SocketAddr)>> {
        // Nothing panics while it is locked.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open_first(&self, addresses: &[SocketAddr]) -> Result<Link, Error> {
        let mut failed = None;
        for address in addresses {
            match self.open(*address).await {
                Ok(link) => return Ok(link),
                Err(error) => failed = Some(connect_error(address, error)),
            }
        }
        Err(failed.unwrap_or_else(|| no_address("the host")))
    }

    #[cfg(unix)]
    async fn open_unix(&self, path: &Path) -> Result<Link, Error> {
        self.resolving.store(false, Ordering::Relaxed);
        let stream = unix::connect(path).await.map_err(|error| connect_error(Name(path), error))?;
        let peer = unix::peer(&stream);
        Ok(self.served.link(stream, self.max_record_size, peer))
    }

    async fn open(&self, address: SocketAddr) -> io::Result<Link> {
        self.resolving.store(false, Ordering::Relaxed);
        let stream = |stream: TcpStream| self.served.link(stream, self.max_record_size, Peer::tcp(address));
        let datagrams = |socket| Link::Datagram(DatagramLink::new(socket));
        match (self.datagrams, self.reserved_port) {
            (false, false) => tcp::connect(address).await.map(stream),
            (true, false) => udp::connect(address).map(datagrams),
            #[cfg(unix)]
            (false, true) => tcp::connect_reserved(address).await.map(stream),
            #[cfg(unix)]
            (true, true) => udp::connect_reserved(address).map(datagrams),
            #[cfg(not(unix))]
            (_, true) => Err(io::Error::new(io::ErrorKind::Unsupported, "this system reserves no ports")),
        }
    }
}

/// Those of the addresses that belong to the transport which was asked for.
fn fitting(netid: Option<Netid>, addresses: Vec<SocketAddr>, place: &Place) -> Result<Vec<SocketAddr>, Error> {
    let Some(netid) = netid else { return Ok(addresses) };
    let unsupported = |what: String| Err(connect_error(place, io::Error::new(io::ErrorKind::Unsupported, what)));
    if !matches!(netid, Netid::Tcp | Netid::Tcp6 | Netid::Udp | Netid::Udp6) {
        return unsupported(format!("it is not reached by {netid}; `netid` takes tcp, tcp6, udp, udp6 and local"));
    }
    let fits = |address: &SocketAddr| address.is_ipv6() == netid.is_ipv6();
    let fitting: Vec<SocketAddr> = addresses.into_iter().filter(fits).collect();
    if fitting.is_empty() {
        let family = if netid.is_ipv6() { "IPv6" } else { "IPv4" };
        return unsupported(format!("it has no address of {family}, which {netid} is for"));
    }
    Ok(fitting)
}

fn no_address(host: &str) -> Error {
    let source = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    Error::Resolve(Arc::new(ResolveError::Host { host: host.into(), source }))
}

/// How much an error tells, when a host with several addresses fails differently at each: that a server is there but does
/// not let itself be reached tells more than that a port mapper does not know it, and that more than that none answers.
fn tells(error: &Error) -> u8 {
    match error {
        Error::Connect(_) => 3,
        Error::Resolve(error) => match **error {
            ResolveError::VersionNotRegistered { .. } => 2,
            ResolveError::NotRegistered { .. } | ResolveError::Answer { .. } => 1,
            _ => 0,
        },
        _ => 0,
    }
}

/// Where no port mapper answered at two addresses, both are named.
fn merge(error: Error, other: Error) -> Error {
    match (error, other) {
        (Error::Resolve(one), Error::Resolve(two)) => match (&*one, &*two) {
            (ResolveError::NoPortMapper { host, tried }, ResolveError::NoPortMapper { tried: also, .. }) => {
                let tried = tried.iter().chain(also).cloned().collect();
                Error::Resolve(Arc::new(ResolveError::NoPortMapper { host: host.clone(), tried }))
            }
            _ => Error::Resolve(one),
        },
        (error, _) => error,
    }
}
