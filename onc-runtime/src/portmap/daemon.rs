//! A port mapper with its sockets.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::clock;
use crate::service::{Lifecycle, Patience, RegistryBuilder};
use crate::transport::{Sockets, Target};

use super::door::Door;
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
/// let registrar = Registrar::new().mapper(mapper.local_addr()?);          // for servers: ServerBuilder::registrar
/// let resolver = Resolver::new().with_port(mapper.local_addr()?.port());  // for clients: ClientBuilder::resolver
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
    record: Duration,
}

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
            max_connections: 1024,
            max_connections_per_peer: 64,
            idle: Duration::from_secs(60),
            idle_local: Duration::from_secs(3600),
            record: Duration::from_secs(10),
        }
    }

    /// The address that it listens at, for TCP and for UDP; of several the first.
    ///
    /// # Errors
    ///
    /// It has only Unix sockets, or none at all.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let none = || io::Error::new(io::ErrorKind::AddrNotAvailable, "the port mapper is bound to no IP address");
        self.local.ok_or_else(none)
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

    /// Open connections of each of its TCP ports, of which three quarters at most are from this host. Default: 1024. Further ones
    /// wait to be accepted; from this host they are closed at once. Unix sockets have 4096, of which one user other than root
    /// has 1024 at most.
    ///
    /// Each may make the port mapper hold 16 KiB of a call that it has begun to send, and 64 KiB of replies that it does not
    /// take.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// Open connections from one other host, an IPv6 network of 64 bits counting as one. Default: 64. Further ones are closed at
    /// once.
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

    /// How long a call may take to arrive once it has begun to. Default: 10 s. Then its connection is closed.
    pub fn record_timeout(mut self, limit: Duration) -> Self {
        self.record = limit;
        self
    }

    /// Binds TCP and UDP to one port, 0 for any that is free, and serves. A target of `unix:PATH` is a Unix socket alone; what
    /// [`Sockets`] has more of is [served](Self::serve).
    ///
    /// # Errors
    ///
    /// The address is taken or has no meaning here.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn bind(self, address: impl Into<Target>) -> io::Result<Daemon> {
        let mut sockets = Sockets::new();
        sockets.bind_target(address.into(), true, true).await?;
        self.serve(sockets)
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
        clock::attach();
        let Self { table, journal, rules, sweep, max_connections, max_connections_per_peer, idle, idle_local, record } =
            self;
        let local = sockets.local_addr();
        let mut programs = Programs::new(table, rules);
        if let Some(journal) = journal {
            programs = programs.with_journal(journal);
        }
        add_itself(&programs, &sockets);
        let mut registry = RegistryBuilder::default();
        programs.add_to(&mut registry);
        let lifecycle = Lifecycle::default();
        let door = Door::new(
            registry.build(),
            lifecycle.clone(),
            max_connections,
            max_connections_per_peer,
            rules.calls_per_second,
            Patience { idle, record },
            Patience { idle: idle_local, record },
        );
        door.look_after_connections();
        if let Some(every) = sweep {
            lifecycle.spawn_until_stop(sweep::sweep(programs.clone(), every));
        }
        for socket in sockets.udp {
            let datagrams = door.datagrams(socket)?;
            lifecycle.spawn(async move {
                if let Err(error) = datagrams.run().await {
                    tracing::error!(target: "onc::portmap", %error, "a UDP socket failed; it is served no longer");
                }
            });
        }
        for listener in sockets.tcp {
            lifecycle.spawn(door.clone().accept_tcp(listener));
        }
        #[cfg(unix)]
        for socket in sockets.unix {
            lifecycle.spawn(door.clone().accept_unix(socket));
        }
        Ok(Daemon { programs, local, lifecycle })
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
