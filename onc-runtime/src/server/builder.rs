//! Setting a server up.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs, UdpSocket, lookup_host};

use crate::portmap::{Policy, RegisterError, Registrar, Service};
use crate::rpc::{Interface, Netid, UniversalAddress};
use crate::service::{
    DuplicateCache, DuplicateLimits, Flavours, Lifecycle, Program, Registry, RegistryBuilder, Settings,
};
use crate::transport::{tcp, udp};
use crate::xdr::Limits;

use super::{Addresses, Server};

/// Sets a [`Server`] up. Every setting has a default that is good for a server that anybody can reach.
#[derive(Debug)]
#[must_use = "nothing is bound before `bind` is called"]
pub struct ServerBuilder {
    programs: RegistryBuilder,
    registrar: Registrar,
    tcp: bool,
    udp: bool,
    settings: Settings,
    max_connections: usize,
    stop_timeout: Duration,
    duplicates: DuplicateLimits,
}

/// Why a server cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindError {
    /// No program was added, or no transport is left.
    NothingToServe,
    /// A program and version was added twice.
    Duplicate(&'static Interface),
    /// The address has no meaning here, or is taken.
    Bind {
        /// Which one.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The port mapper does not have it, and the policy requires that.
    Register(RegisterError),
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            programs: RegistryBuilder::default(),
            registrar: Registrar::default(),
            tcp: true,
            udp: true,
            settings: Settings {
                max_record_size: 4 << 20,
                limits: Limits::default(),
                max_calls: 1024,
                max_unsent: 4 << 20,
            },
            max_connections: 16_384,
            stop_timeout: Duration::from_secs(10),
            duplicates: DuplicateLimits { entries: 8192, bytes: 16 << 20, age: Duration::from_secs(120) },
        }
    }
}

impl ServerBuilder {
    /// Adds one version of a program: a generated `…Server::new(…)`. It takes credentials of `AUTH_NONE` and `AUTH_SYS`.
    #[expect(clippy::should_implement_trait, reason = "it adds a program, nobody adds servers")]
    pub fn add(mut self, program: impl Program) -> Self {
        self.programs.add(program);
        self
    }

    /// Adds one version of a program that takes only these flavours of credentials; a call with another one is answered
    /// `AUTH_ERROR`.
    pub fn add_with_flavours(mut self, program: impl Program, flavours: impl Into<Flavours>) -> Self {
        self.programs.add_with_flavours(program, flavours);
        self
    }

    /// Serves these programs instead of those added so far.
    pub fn programs(mut self, programs: RegistryBuilder) -> Self {
        self.programs = programs;
        self
    }

    /// Whether the port mapper has to have it. Default: [`Policy::BestEffort`].
    pub fn registration(mut self, policy: Policy) -> Self {
        self.registrar = self.registrar.policy(policy);
        self
    }

    /// Which port mapper is told, and how.
    pub fn registrar(mut self, registrar: Registrar) -> Self {
        self.registrar = registrar;
        self
    }

    /// Serves TCP. Default: true.
    pub fn tcp(mut self, tcp: bool) -> Self {
        self.tcp = tcp;
        self
    }

    /// Serves UDP. Default: true.
    pub fn udp(mut self, udp: bool) -> Self {
        self.udp = udp;
        self
    }

    /// The largest call that is read and the largest reply that is sent, in bytes without the record mark. Default: 4 MiB.
    ///
    /// A connection that announces a larger call is closed. Memory grows with what has arrived, not with what was announced,
    /// so that a higher limit costs nothing until peers use it; each connection may then hold that much.
    pub fn max_record_size(mut self, bytes: usize) -> Self {
        self.settings.max_record_size = bytes;
        self
    }

    /// How deep arguments may be nested that contain themselves. Default: 128.
    ///
    /// WARNING: decoding takes stack for each level.
    pub fn max_depth(mut self, depth: u32) -> Self {
        self.settings.limits.depth = depth;
        self
    }

    /// How many bytes of memory decoded arguments of one call may take beyond the call itself. Default: 64 MiB.
    pub fn max_decoded_size(mut self, bytes: usize) -> Self {
        self.settings.limits.memory = bytes;
        self
    }

    /// Tolerates padding that is not zero and bytes after the arguments. Default: false.
    ///
    /// Some old encoders leave garbage in padding.
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.settings.limits.lenient = lenient;
        self
    }

    /// Calls of one connection that run at the same time. Default: 1024. Further ones are left in the socket.
    pub fn max_calls_per_connection(mut self, calls: usize) -> Self {
        self.settings.max_calls = calls.max(1);
        self
    }

    /// Bytes of replies that a peer has not taken. Default: 4 MiB. Above it no further calls of it are read.
    pub fn max_unsent(mut self, bytes: usize) -> Self {
        self.settings.max_unsent = bytes;
        self
    }

    /// Open connections. Default: 16384. Further ones wait to be accepted.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// Calls over UDP that the duplicate request cache remembers. Default: 8192. 0 switches it off.
    ///
    /// A client that hears nothing sends its call again; the cache answers a repeat with the first reply, so that a procedure
    /// is executed once. Procedure 0 and procedures that are marked idempotent are executed again instead. When all that it
    /// remembers still run, further calls are dropped until one of them ends.
    ///
    /// WARNING: without it a procedure that is not idempotent is executed once for each datagram that arrives.
    pub fn max_duplicates(mut self, calls: usize) -> Self {
        self.duplicates.entries = calls;
        self
    }

    /// Bytes of replies that the duplicate request cache keeps. Default: 16 MiB. Above it the oldest are forgotten.
    pub fn max_duplicate_bytes(mut self, bytes: usize) -> Self {
        self.duplicates.bytes = bytes;
        self
    }

    /// How long the duplicate request cache remembers a call after it was answered or came again. Default: 120 s: twice the
    /// longest pause between two repeats of a client of this crate, and more than others wait.
    pub fn duplicate_age(mut self, age: Duration) -> Self {
        self.duplicates.age = age;
        self
    }

    /// How long running calls may take to end when the server stops. Default: 10 s. Then they are cut off.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Binds TCP and UDP to one port, 0 for any that is free, and registers every program with the port mapper.
    ///
    /// # Errors
    ///
    /// The address is taken or has no meaning here, nothing was added to serve, or the port mapper refused and the policy is
    /// [`Policy::Require`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing stays bound; an entry of the port mapper may stay.
    pub async fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> Result<Server, BindError> {
        let Self { programs, registrar, settings, max_connections, stop_timeout, duplicates, .. } = self;
        if let Some(interface) = programs.duplicate() {
            return Err(BindError::Duplicate(interface));
        }
        let registry = programs.build();
        if registry.interfaces().next().is_none() || !(self.tcp || self.udp) {
            return Err(BindError::NothingToServe);
        }
        let failed = |source| BindError::Bind { address: format!("{address:?}"), source };
        let candidates: Vec<SocketAddr> = lookup_host(&address).await.map_err(failed)?.collect();
        let (tcp, udp) = sockets(&candidates, self.tcp, self.udp).map_err(failed)?;
        let addresses = Addresses {
            tcp: tcp.as_ref().map(TcpListener::local_addr).transpose().map_err(failed)?,
            udp: udp.as_ref().map(UdpSocket::local_addr).transpose().map_err(failed)?,
        };
        let registration = if registrar.is_off() {
            None
        } else {
            Some(registrar.register(services(&registry, addresses)).await.map_err(BindError::Register)?)
        };
        Ok(Server {
            tcp,
            udp,
            addresses,
            registry,
            settings,
            max_connections,
            stop_timeout,
            duplicates: (duplicates.entries > 0).then(|| DuplicateCache::new(duplicates)),
            lifecycle: Lifecycle::default(),
            registration,
        })
    }
}

/// Binds to the first address that can be had.
fn sockets(candidates: &[SocketAddr], tcp: bool, udp: bool) -> io::Result<(Option<TcpListener>, Option<UdpSocket>)> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    for address in candidates {
        match pair(*address, tcp, udp) {
            Ok(pair) => return Ok(pair),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Binds both to the same port. A port that was chosen for one may be taken for the other: then another one is chosen.
fn pair(address: SocketAddr, tcp: bool, udp: bool) -> io::Result<(Option<TcpListener>, Option<UdpSocket>)> {
    const ATTEMPTS: usize = 32;
    if !tcp {
        return Ok((None, Some(udp::bind(address)?)));
    }
    let mut attempt = 0;
    loop {
        let listener = tcp::listen(address)?;
        if !udp {
            return Ok((Some(listener), None));
        }
        attempt += 1;
        match udp::bind(SocketAddr::new(address.ip(), listener.local_addr()?.port())) {
            Ok(socket) => return Ok((Some(listener), Some(socket))),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && address.port() == 0 && attempt < ATTEMPTS => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the port mapper is told: each program and version, at each netid that its sockets serve.
fn services(registry: &Registry, addresses: Addresses) -> Vec<Service> {
    let mut services = Vec::new();
    for interface in registry.interfaces() {
        let mut add = |netid: Netid, address: SocketAddr| {
            services.push(Service {
                program: interface.program,
                version: interface.version,
                netid,
                address: UniversalAddress::from(address),
            });
        };
        for (address, netid) in [
            (addresses.tcp, Netid::tcp as fn(&SocketAddr) -> Netid),
            (addresses.udp, Netid::udp as fn(&SocketAddr) -> Netid),
        ] {
            let Some(address) = address else { continue };
            add(netid(&address), address);
            // An IPv6 wildcard socket takes IPv4 too.
            if address.is_ipv6() && address.ip().is_unspecified() {
                let v4 = SocketAddr::from(([0, 0, 0, 0], address.port()));
                add(netid(&v4), v4);
            }
        }
    }
    services
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToServe => {
                write!(f, "there is nothing to serve: `add` a program, and leave `tcp` or `udp` switched on")
            }
            Self::Duplicate(interface) => write!(
                f,
                "{} version {} (program {}) was added twice",
                interface.program_name, interface.version, interface.program
            ),
            Self::Bind { address, source } => write!(f, "{address} cannot be bound: {source}"),
            Self::Register(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind { source, .. } => Some(source),
            Self::Register(error) => Some(error),
            _ => None,
        }
    }
}
