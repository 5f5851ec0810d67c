//! A port mapper with its sockets.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{ToSocketAddrs, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::rpc::Netid;
use crate::service::{Connection, ConnectionInfo, Datagrams, Guests, Lifecycle, Registry, RegistryBuilder, Settings};
#[cfg(unix)]
use crate::transport::UnixSocket;
use crate::transport::{Peer, Sockets, Stream, tcp};
use crate::xdr::Limits;

use super::idle::Idle;
use super::journal::Journal;
use super::programs::{Programs, Rules};
use super::protocol::{PMAP_V2, RPCB_V3, RPCB_V4};
use super::sweep;
use super::table::{self, Entry, Owner, Table};

/// A port mapper that serves in the background until it is dropped or [stopped](Self::stop).
///
/// For programs that cannot count on one of the system: tests, containers, closed networks.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use onc_runtime::portmap::{Daemon, Registrar, Resolver};
///
/// let mapper = Daemon::embedded().bind("127.0.0.1:0").await?;
///
/// let registrar = Registrar::new().mapper(mapper.local_addr());          // for servers: ServerBuilder::registrar
/// let resolver = Resolver::new().with_port(mapper.local_addr().port());  // for clients: ClientBuilder::resolver
/// # let _ = (registrar, resolver);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Daemon {
    programs: Programs,
    local: Option<SocketAddr>,
    lifecycle: Lifecycle,
}

/// Sets a [`Daemon`] up.
#[derive(Debug)]
#[must_use = "nothing is bound before `bind` or `serve` is called"]
pub struct DaemonBuilder {
    table: Table,
    journal: Option<Journal>,
    rules: Rules,
    sweep: Option<Duration>,
    max_connections: usize,
    max_connections_per_peer: usize,
    idle: Duration,
    idle_local: Duration,
}

/// The largest reply: a list of as many entries as there can be, unless all of them have the longest addresses.
const MAX_RECORD: usize = 1 << 20;

/// The largest call: one to be handed on with the most arguments. rpcbind takes no more than 9000 bytes.
const MAX_CALL: usize = 16 << 10;

/// Bytes of replies that a peer has not taken, above which no further calls of it are read.
const MAX_UNSENT: usize = 64 << 10;

/// Open connections of a Unix socket: every server of the host may keep one.
#[cfg(unix)]
const MAX_LOCAL_CONNECTIONS: usize = 4096;

/// Of these, connections of one user other than root.
const MAX_CONNECTIONS_OF_USER: usize = 1024;

/// How long to wait after the system refused a connection for want of descriptors or memory.
const BREATH: Duration = Duration::from_millis(100);

/// How long connections may take to end.
const STOP: Duration = Duration::from_secs(2);

impl Daemon {
    /// A port mapper inside this program, to be set up.
    pub fn embedded() -> DaemonBuilder {
        DaemonBuilder {
            table: Table::default(),
            journal: None,
            rules: Rules::default(),
            sweep: None,
            max_connections: 256,
            max_connections_per_peer: 64,
            idle: Duration::from_secs(60),
            idle_local: Duration::from_secs(3600),
        }
    }

    /// The address that it listens at, for TCP and for UDP; of several the first. Port 0: it has Unix sockets only.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// What it answers with: its entries.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Stops serving. Replies that are under way get two seconds to leave.
    ///
    /// # Cancel safety
    ///
    /// Dropped, what is under way is cut off.
    pub async fn stop(self) {
        self.lifecycle.stop();
        // What is left is cut when this is dropped.
        let _ = timeout(STOP, self.lifecycle.drained()).await;
    }
}

impl DaemonBuilder {
    /// The entries that it begins with. Default: none but its own.
    pub fn table(mut self, table: Table) -> Self {
        self.table = table;
        self
    }

    /// Keeps the entries in a file, and begins with what it says: a port mapper that is killed and started again has lost
    /// nothing. Default: they are lost when it ends.
    ///
    /// # Errors
    ///
    /// As of [`Journal::open`].
    pub fn state(mut self, file: impl Into<PathBuf>, limits: table::Limits) -> io::Result<Self> {
        let (journal, table) = Journal::open(file, limits)?;
        self.journal = Some(journal);
        Ok(self.table(table))
    }

    /// Looks so often whether the servers of the entries are there, and removes the entries of those that are found dead twice
    /// in a row. Default: never, as rpcbind.
    ///
    /// A server is dead if its address refuses; or if the process has ended that registered it over a Unix socket, and another
    /// program answers at its address, or its transport cannot be tried. One that answers is alive, whatever became of the
    /// process: the kernel's servers are registered by programs that do not stay.
    pub fn drop_dead(mut self, every: Duration) -> Self {
        self.sweep = Some(every.max(Duration::from_millis(1)));
        self
    }

    /// What callers on other hosts may do.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Open connections of each of its TCP ports. Default: 256. Further ones wait to be accepted. Unix sockets have 4096, of
    /// which one user other than root has 1024 at most.
    ///
    /// Each may make the port mapper hold up to 16 KiB of a call that it has begun to send.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Open connections from one other host. Default: 64. Further ones are closed at once.
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.max_connections_per_peer = connections.max(1);
        self
    }

    /// How long a connection from another host may be silent, or not take its replies. Default: 60 s. Then it is closed.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// As [`idle_timeout`](Self::idle_timeout), of connections from this host. Default: 1 h: servers keep one to notice that
    /// the port mapper ends.
    pub fn local_idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_local = limit;
        self
    }

    /// Binds TCP and UDP to one port, 0 for any that is free, and serves.
    ///
    /// # Errors
    ///
    /// The address is taken or has no meaning here.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn bind(self, address: impl ToSocketAddrs) -> io::Result<Daemon> {
        let mut failed = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
        for address in lookup_host(address).await? {
            let mut sockets = Sockets::new();
            match sockets.bind(address) {
                Ok(()) => return self.serve(sockets),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Serves these sockets.
    ///
    /// # Errors
    ///
    /// A socket does not let itself be set up.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn serve(self, sockets: Sockets) -> io::Result<Daemon> {
        let Self { table, journal, rules, sweep, max_connections, max_connections_per_peer, idle, idle_local } = self;
        let local = sockets.local_addr();
        let mut programs = Programs::new(table, rules);
        if let Some(journal) = journal {
            programs = programs.with_journal(journal);
        }
        add_itself(&programs, &sockets);
        let mut registry = RegistryBuilder::default();
        programs.add_to(&mut registry);
        let lifecycle = Lifecycle::default();
        let door = Door {
            registry: registry.build(),
            settings: Settings {
                max_record_size: MAX_RECORD,
                limits: Limits::default(),
                max_calls: 64,
                max_unsent: MAX_UNSENT,
            },
            max_connections,
            guests: Guests::new(max_connections_per_peer).max_of_user(MAX_CONNECTIONS_OF_USER),
            idle,
            idle_local,
            lifecycle: lifecycle.clone(),
        };
        if let Some(every) = sweep {
            // It has no end of its own.
            let (sweeping, stopping) = (sweep::sweep(programs.clone(), every), lifecycle.clone().stopping());
            lifecycle.spawn(async move {
                tokio::select! {
                    () = sweeping => {}
                    () = stopping => {}
                }
            });
        }
        for socket in sockets.udp {
            let datagrams = Datagrams::new(socket, door.registry.clone(), door.settings, lifecycle.clone())?;
            lifecycle.spawn(async move {
                if let Err(error) = datagrams.run().await {
                    tracing::error!(target: "onc::portmap", %error, "a UDP socket failed; it is served no longer");
                }
            });
        }
        for listener in sockets.tcp {
            lifecycle.spawn(door.clone().accept(Listener::Tcp(listener)));
        }
        #[cfg(unix)]
        for socket in sockets.unix {
            lifecycle.spawn(door.clone().accept(Listener::Unix(socket)));
        }
        Ok(Daemon { programs, local, lifecycle })
    }
}

/// What each listening socket needs.
#[derive(Clone)]
struct Door {
    registry: Registry,
    settings: Settings,
    max_connections: usize,
    guests: Guests,
    idle: Duration,
    idle_local: Duration,
    lifecycle: Lifecycle,
}

/// A listening socket.
enum Listener {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

impl Door {
    /// Serves each connection in a task of its own.
    async fn accept(self, listener: Listener) {
        let room = Arc::new(Semaphore::new(match listener {
            Listener::Tcp(_) => self.max_connections,
            #[cfg(unix)]
            Listener::Unix(_) => MAX_LOCAL_CONNECTIONS,
        }));
        let stopping = self.lifecycle.clone().stopping();
        tokio::pin!(stopping);
        loop {
            let accepted = async {
                let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((place, listener.next().await?))
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = &mut stopping => return,
            };
            match accepted {
                Ok((place, (stream, info))) => {
                    let Some(guest) = self.guests.admit(&info.peer) else {
                        tracing::debug!(target: "onc::portmap", peer = %info.peer, "too many connections: closed");
                        continue;
                    };
                    let connection = self.connection(stream, info);
                    self.lifecycle.spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(target: "onc::portmap", %error, "a connection ended");
                        }
                        drop((place, guest));
                    });
                }
                Err(error) => {
                    // Out of descriptors, or the peer was gone already: neither is a reason to stop serving.
                    tracing::debug!(target: "onc::portmap", %error, "a connection was not accepted");
                    sleep(BREATH).await;
                }
            }
        }
    }

    fn connection(&self, stream: Box<dyn Stream>, info: ConnectionInfo) -> Connection<Idle<Box<dyn Stream>>> {
        let limit = if info.peer.is_local() { self.idle_local } else { self.idle };
        let (registry, lifecycle) = (self.registry.clone(), self.lifecycle.clone());
        Connection::new(Idle::new(stream, limit), registry, Arc::new(info), self.settings, lifecycle)
            .max_call_size(MAX_CALL)
    }
}

impl Listener {
    async fn next(&self) -> io::Result<(Box<dyn Stream>, ConnectionInfo)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                tcp::set_up(&stream)?;
                let info = ConnectionInfo::new(Peer::ip(Netid::tcp(&peer), peer), stream.local_addr().ok());
                Ok((Box::new(stream), info))
            }
            #[cfg(unix)]
            Self::Unix(socket) => {
                let (stream, peer) = socket.accept().await?;
                Ok((Box::new(stream), ConnectionInfo::new(peer, None)))
            }
        }
    }
}

/// Enters the port mapper's own versions, as clients expect to find them, in the place of those of an earlier one.
fn add_itself(programs: &Programs, sockets: &Sockets) {
    for old in programs.entries().iter().filter(|entry| entry.program == super::PROGRAM) {
        programs.remove(old);
    }
    for (netid, address) in sockets.addresses() {
        for version in [RPCB_V4, RPCB_V3, PMAP_V2] {
            // Version 2 knows TCP and UDP over IPv4 only.
            if version != PMAP_V2 || netid.protocol().is_some() {
                programs.set(Entry {
                    program: super::PROGRAM,
                    version,
                    netid: netid.as_str().into(),
                    address: address.to_string().into(),
                    owner: Owner::Superuser,
                    process: None,
                });
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.lifecycle.stop();
        self.lifecycle.cut();
        // Tasks that are yet to be cut may hold it for a while.
        self.programs.close_journal();
    }
}
