//! Setting a server up.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::channel;
use crate::portmap::{Policy, RegisterError, Registrar, Service};
use crate::rpc::{Interface, MAX_FRAGMENT_SIZE, Netid, UniversalAddress};
use crate::service::{
    DuplicateCache, DuplicateLimits, Flavours, Intercepted, Lifecycle, Patience, Program, Registry, RegistryBuilder,
    ServerInterceptor, Settings,
};
#[cfg(unix)]
use crate::transport::Name;
use crate::transport::{Sockets, Target};
use crate::xdr::Limits;

use super::Server;
use super::host::{ConnectionLimits, Host};

/// Sets a [`Server`] up. Every setting has a default that is good for a server that anybody can reach.
#[derive(Debug)]
#[must_use = "nothing is bound before `bind` is called"]
pub struct ServerBuilder {
    programs: RegistryBuilder,
    registrar: Registrar,
    tcp: bool,
    udp: bool,
    sockets: Sockets,
    #[cfg(unix)]
    unix: Vec<PathBuf>,
    settings: Settings,
    connections: ConnectionLimits,
    max_calls: usize,
    stop_timeout: Duration,
    duplicates: DuplicateLimits,
    duplicates_over_tcp: bool,
    callbacks: bool,
    interceptors: Interceptors,
}

/// What goes around every program, the outermost first.
#[derive(Default)]
struct Interceptors(Vec<Box<Wrap>>);

/// Puts something around a program.
type Wrap = dyn Fn(Arc<dyn Program>) -> Arc<dyn Program> + Send + Sync;

/// Why a server cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum BindError {
    /// No program was added.
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
            sockets: Sockets::new(),
            #[cfg(unix)]
            unix: Vec::new(),
            settings: Settings {
                max_record_size: 4 << 20,
                limits: Limits::default(),
                max_calls: 1024,
                max_unsent: 4 << 20,
            },
            connections: ConnectionLimits {
                connections: 16_384,
                connections_of_peer: 1024,
                patience: Patience { idle: Duration::from_secs(360), record: Duration::from_secs(35) },
            },
            max_calls: 16_384,
            stop_timeout: Duration::from_secs(10),
            duplicates: DuplicateLimits { entries: 8192, bytes: 16 << 20, age: Duration::from_secs(120) },
            duplicates_over_tcp: false,
            callbacks: false,
            interceptors: Interceptors::default(),
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

    /// Shows the calls of every program to an interceptor before their handlers. Of several the first is the outermost.
    ///
    /// Procedure 0 is answered without it.
    pub fn intercept(mut self, interceptor: impl ServerInterceptor) -> Self {
        let interceptor = Arc::new(interceptor);
        self.interceptors
            .0
            .push(Box::new(move |program| Arc::new(Intercepted::shared(program, Arc::clone(&interceptor)))));
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

    /// Serves these sockets too: further addresses, Unix sockets, sockets that were bound elsewhere or
    /// [handed over by systemd](Sockets::from_systemd).
    pub fn listen(mut self, sockets: Sockets) -> Self {
        self.sockets.append(sockets);
        self
    }

    /// Serves a Unix socket of this name too, which every user of this host may connect to. Its file is removed when the server
    /// stops. A name that begins with `@` is in Linux's abstract namespace.
    #[cfg(unix)]
    pub fn listen_unix(mut self, name: impl Into<PathBuf>) -> Self {
        self.unix.push(name.into());
        self
    }

    /// Whether [`bind`](Self::bind) binds TCP. Default: true.
    pub fn tcp(mut self, tcp: bool) -> Self {
        self.tcp = tcp;
        self
    }

    /// Whether [`bind`](Self::bind) binds UDP. Default: true.
    pub fn udp(mut self, udp: bool) -> Self {
        self.udp = udp;
        self
    }

    /// The largest call that is read and the largest reply that is sent, in bytes without the record mark. Default: 4 MiB.
    ///
    /// A connection that announces a larger call is closed. Memory grows with what has arrived, not with what was announced,
    /// so that a higher limit costs nothing until peers use it; each connection may then hold that much.
    /// A record is sent in one fragment, so that above 2 GiB - 1 ([`MAX_FRAGMENT_SIZE`]) this limit is that.
    pub fn max_record_size(mut self, bytes: usize) -> Self {
        self.settings.max_record_size = bytes.min(MAX_FRAGMENT_SIZE);
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

    /// Calls that run at the same time, on all connections together and over UDP. Default: 16384. Further ones wait until others
    /// have ended.
    ///
    /// What a handler answers without waiting for anything does not count: it is answered before the next call is looked at.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = calls.max(1);
        self
    }

    /// Calls of one connection that run at the same time. Default: 1024. Further ones wait, most of them in the socket.
    pub fn max_calls_per_connection(mut self, calls: usize) -> Self {
        self.settings.max_calls = calls.max(1);
        self
    }

    /// Bytes of replies that a peer has not taken. Default: 4 MiB. Above it no further calls of it are begun.
    ///
    /// Calls that run already may each add a reply to that: in all no more than `max_calls_per_connection` of the size of
    /// `max_record_size`. A peer that takes nothing for the time of
    /// [`idle_timeout`](Self::idle_timeout) loses its connection.
    pub fn max_unsent(mut self, bytes: usize) -> Self {
        self.settings.max_unsent = bytes;
        self
    }

    /// Open connections. Default: 16384. Further ones wait to be accepted.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.connections.connections = connections.clamp(1, tokio::sync::Semaphore::MAX_PERMITS);
        self
    }

    /// Open connections of one host, or of one network of IPv6 (a /64). Default: 1024. Further ones are closed at once. Those of
    /// this host itself are not counted.
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.connections.connections_of_peer = connections;
        self
    }

    /// How long a connection may be silent while no call of it runs. Default: 6 min, as of Linux's NFS server. Then it is closed;
    /// clients connect again when they need to. One whose [way back](crate::Context::client) a handler has kept is not closed.
    ///
    /// It may be closed a second later.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.connections.patience.idle = timeout;
        self
    }

    /// How long a peer may take to send a record that it has begun, or the next 512 KiB of it. Default: 35 s, as of libtirpc. Then
    /// the connection is closed.
    ///
    /// It may be closed a second later.
    pub fn record_timeout(mut self, timeout: Duration) -> Self {
        self.connections.patience.record = timeout;
        self
    }

    /// Calls that the duplicate request cache remembers, those over UDP unless told otherwise. Default: 8192. 0 switches it off.
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

    /// Whether the duplicate request cache serves TCP too. Default: false.
    ///
    /// A call comes twice over TCP only when a client repeats it over a new connection. It is known again if that comes from the
    /// same port and has the same xid: Linux's NFS client does so.
    pub fn duplicates_over_tcp(mut self, remember: bool) -> Self {
        self.duplicates_over_tcp = remember;
        self
    }

    /// Whether handlers may call the client over the connection that its call came by: [`Context::client`]. Default: false.
    ///
    /// [`Context::client`]: crate::Context::client
    pub fn callbacks(mut self, callbacks: bool) -> Self {
        self.callbacks = callbacks;
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

    /// Binds TCP and UDP to one port, 0 for any that is free, and registers every program with the port mapper: at what was bound
    /// here and, for other transports, at what was [added](Self::listen) before. A target of `unix:PATH` is a Unix socket alone.
    ///
    /// ```
    /// # mod calc { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/calc.rs")); }
    /// # struct Calculator;
    /// # impl calc::CalcV1 for Calculator {}
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use onc_runtime::Server;
    ///
    /// let builder = Server::builder().add(calc::CalcV1Server::new(Calculator));
    /// // Or "0.0.0.0:0", "[::]:0" for IPv6 and IPv4, "[fe80::7%eth0]:2049", "localhost:2049", "unix:/run/calc.sock".
    /// let server = builder.bind("127.0.0.1:0").await?;
    /// assert_ne!(server.local_addr()?.port(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The address is taken or has no meaning here, nothing was added to serve, or the port mapper refused and the policy is
    /// [`Policy::Require`].
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing stays bound; an entry of the port mapper may stay.
    pub async fn bind(mut self, address: impl Into<Target>) -> Result<Server, BindError> {
        let address = address.into();
        let text = address.to_string();
        let mut sockets = Sockets::new();
        let bound = sockets.bind_target(address, self.tcp, self.udp).await;
        bound.map_err(|source| BindError::Bind { address: text, source })?;
        sockets.append(self.sockets);
        self.sockets = sockets;
        self.build().await
    }

    /// Binds no address: only the sockets that were [added](Self::listen) are served, and streams that are
    /// [handed in](super::ServerHandle::serve_stream).
    ///
    /// # Errors
    ///
    /// As of [`bind`](Self::bind).
    ///
    /// # Cancel safety
    ///
    /// As of [`bind`](Self::bind).
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix sockets are bound here"))]
    pub async fn build(self) -> Result<Server, BindError> {
        let Self {
            mut programs,
            interceptors,
            registrar,
            mut sockets,
            settings,
            connections,
            max_calls,
            duplicates,
            ..
        } = self;
        if let Some(interface) = programs.duplicate() {
            return Err(BindError::Duplicate(interface));
        }
        for wrap in interceptors.0.iter().rev() {
            programs.wrap(wrap);
        }
        let registry = programs.build();
        if registry.interfaces().next().is_none() {
            return Err(BindError::NothingToServe);
        }
        #[cfg(unix)]
        for name in self.unix {
            let failed = |source| BindError::Bind { address: Name(&name).to_string(), source };
            sockets.bind_unix(&name).map_err(failed)?;
        }
        let addresses = sockets.addresses();
        let registration = if registrar.is_off() || addresses.is_empty() {
            None
        } else {
            Some(registrar.register(services(&registry, &addresses)).await.map_err(BindError::Register)?)
        };
        let duplicates = (duplicates.entries > 0).then(|| DuplicateCache::new(duplicates));
        let over_tcp = duplicates.clone().filter(|_| self.duplicates_over_tcp);
        let callbacks = self.callbacks.then(|| channel::Settings {
            datagrams: false,
            timeout: Duration::from_secs(25),
            max_record_size: settings.max_record_size,
            limits: settings.limits,
            max_calls: settings.max_calls,
            max_unsent: settings.max_unsent,
            idle_timeout: Duration::MAX,
            server: None,
        });
        let lifecycle = Lifecycle::with_max_calls(max_calls);
        Ok(Server {
            sockets,
            addresses,
            host: Host::new(registry, settings, lifecycle, connections, over_tcp, callbacks),
            duplicates,
            stop_timeout: self.stop_timeout,
            registration,
        })
    }
}

/// What the port mapper is told: each program and version, at each netid.
fn services(registry: &Registry, addresses: &[(Netid, UniversalAddress)]) -> Vec<Service> {
    let mut services = Vec::new();
    for interface in registry.interfaces() {
        for (netid, address) in addresses {
            // A name that only Linux knows is of no use to who reads it in the port mapper.
            if address.abstract_name().is_some() {
                continue;
            }
            services.push(Service {
                program: interface.program,
                version: interface.version,
                netid: *netid,
                address: address.clone(),
            });
        }
    }
    services
}

impl fmt::Debug for Interceptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interceptors").field(&self.0.len()).finish()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingToServe => {
                write!(f, "there is nothing to serve: `add` a program")
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
